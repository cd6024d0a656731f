//! The heads of the columns, which also sort, and have the lines that resize.

use yew::prelude::*;

use super::Props;
use super::columns::Spec;
use super::separator::Separator;
use crate::worker::protocol::Column;

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
    let on_width = {
        let columns = props.columns.clone();
        props
            .on_columns
            .reform(move |width| columns.widened(column, width))
    };
    html! {
        <span role="columnheader" class={spec.class()} data-column={spec.column.name()} aria-sort={aria}>
            if column != Column::Name {
                <Separator title={spec.title} width={props.columns.width(spec) as u32} {on_width} />
            }
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
