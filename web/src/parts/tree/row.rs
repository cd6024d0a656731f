//! One row of the tree, as it is drawn.

use std::rc::Rc;

use yew::prelude::*;

use super::columns::Columns;
use crate::worker::protocol::{Mark, Row};

/// What [`TreeRow`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) index: u32,
    /// None while the row is asked for.
    pub(crate) row: Option<Rc<Row>>,
    /// The keyboard is here.
    pub(crate) active: bool,
    /// The address names its path.
    pub(crate) selected: bool,
    /// Changes when other columns are drawn.
    pub(crate) columns: Rc<Columns>,
}

/// The identifier of a row's element.
pub(crate) fn element_id(index: u32) -> String {
    format!("row-{index}")
}

/// A row of the tree.
#[component]
pub(crate) fn TreeRow(props: &Props) -> Html {
    let Some(row) = &props.row else {
        return html! { <div class="row pending" role="row" aria-rowindex={(props.index + 2).to_string()}><span role="gridcell"></span></div> };
    };
    let deleted = row.mark == Some(Mark::Deleted);
    let class = classes!(
        "row",
        props.active.then_some("active"),
        props.selected.then_some("selected"),
        deleted.then_some("gone"),
        row.idle.then_some("idle"),
    );
    html! {
        <div
            {class}
            role="row"
            id={element_id(props.index)}
            data-row={props.index.to_string()}
            aria-rowindex={(props.index + 2).to_string()}
            aria-level={(row.depth + 1).to_string()}
            aria-expanded={row.open.map(|open| open.to_string())}
            aria-selected={props.selected.to_string()}
        >
            for spec in props.columns.iter() {
                <span role="gridcell" class={spec.class()} data-column={spec.column.name()}>{ (spec.cell)(row) }</span>
            }
        </div>
    }
}
