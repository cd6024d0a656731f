//! The heads of the columns, which also sort.

use yew::prelude::*;

use super::Props;
use super::columns::Spec;

/// The row of heads.
pub(super) fn head(props: &Props, columns: &[&'static Spec]) -> Html {
    html! {
        <div class="row heads" role="row" aria-rowindex="1">
            for spec in columns.iter() {
                { cell(props, spec) }
            }
        </div>
    }
}

fn cell(props: &Props, spec: &Spec) -> Html {
    let sort = props.showing.sort;
    let (sorted, column) = (sort.column == spec.column, spec.column);
    let (aria, arrow) = match (sorted, sort.is_descending()) {
        (false, _) => ("none", ""),
        (true, true) => ("descending", " ↓"),
        (true, false) => ("ascending", " ↑"),
    };
    html! {
        <span role="columnheader" class={spec.class()} data-column={spec.column.name()} aria-sort={aria}>
            <button
                type="button"
                class="quiet"
                title={format!("Sort by {}", column.name())}
                onclick={props.on_sort.reform(move |_| sort.clicked(column))}
            >
                { spec.title }<span aria-hidden="true">{ arrow }</span>
            </button>
        </span>
    }
}
