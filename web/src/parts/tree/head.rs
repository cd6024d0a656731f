//! The heads of the columns, which also sort.

use yew::prelude::*;

use super::Props;
use crate::worker::protocol::Sort;

/// The row of heads.
pub(super) fn head(props: &Props) -> Html {
    let sort = |order: Sort, word: &'static str| {
        let sorted = props.showing.sort == order;
        let (aria, arrow) = match order {
            Sort::Name => ("ascending", " ↑"),
            Sort::Size => ("descending", " ↓"),
        };
        html! {
            <span role="columnheader" class={classes!("head", word.to_lowercase())} aria-sort={if sorted { aria } else { "none" }}>
                <button type="button" class="quiet" title={format!("Sort by {}", word.to_lowercase())} onclick={props.on_sort.reform(move |_| order)}>
                    { word }<span aria-hidden="true">{ if sorted { arrow } else { "" } }</span>
                </button>
            </span>
        }
    };
    html! {
        <div class="row heads" role="row" aria-rowindex="1">
            { sort(Sort::Name, "Name") }
            { sort(Sort::Size, "Size") }
            <span role="columnheader" class="head mode">{ "Mode" }</span>
            <span role="columnheader" class="head owner">{ "Owner" }</span>
            <span role="columnheader" class="head layer-cell">{ "Layer" }</span>
        </div>
    }
}
