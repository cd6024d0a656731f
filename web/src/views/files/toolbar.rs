//! What stands above the tree: search, chips for the kinds of changes, the range of layers, folders, columns.

use wasm_bindgen::JsCast;
use web_sys::{Element, FocusEvent, HtmlElement, HtmlSelectElement, Node};
use yew::prelude::*;

use crate::browser;
use crate::format;
use crate::navigate::Navigate;
use crate::parts::chips::Chips;
use crate::parts::find::Find;
use crate::parts::range::range;
use crate::parts::tree::columns::{COLUMNS, Chosen};
use crate::route::ImageRoute;
use crate::worker::protocol::{Column, Shown};

/// What [`Toolbar`] shows.
#[derive(PartialEq, Properties)]
pub(super) struct Props {
    pub(super) route: ImageRoute,
    pub(super) layer: u32,
    pub(super) shown: Option<Shown>,
    /// That is of all layers.
    pub(super) whole: bool,
    pub(super) columns: Chosen,
    pub(super) go: Callback<Navigate>,
    pub(super) on_columns: Callback<Chosen>,
    /// Opens folders down to a depth.
    pub(super) on_expand: Callback<u32>,
}

/// The choices of levels that are opened.
const DEPTHS: [(u32, &str); 5] = [
    (0, "Collapse all"),
    (1, "1 level"),
    (2, "2 levels"),
    (3, "3 levels"),
    (u32::MAX, "Expand all"),
];

/// The toolbar.
#[component]
pub(super) fn Toolbar(props: &Props) -> Html {
    let matches = props.shown.as_ref().and_then(|shown| shown.matches);
    let matches = matches.filter(|_| problem(props).is_none());
    html! {
        <div class="toolbar">
            <Find
                route={props.route.clone()}
                go={props.go.clone()}
                what="find: text, *.js, size:>10MB"
                queries=true
                problem={problem(props)}
            />
            if let Some(matches) = matches {
                <span class="muted" role="status">
                    { format!("{} found", format::count(u64::from(matches))) }
                </span>
            }
            { range(&props.route, props.layer, &props.go) }
            <div class="tools">
                { folders(props) }
                { columns(props) }
            </div>
            <Chips
                route={props.route.clone()}
                go={props.go.clone()}
                counts={props.shown.as_ref().filter(|_| props.whole).map(|shown| shown.kinds)}
                copies_unknown={props.shown.as_ref().is_some_and(|shown| shown.copies_unknown)}
            />
        </div>
    }
}

/// Why what is looked for is not a query.
fn problem(props: &Props) -> Option<AttrValue> {
    let problem = props.shown.as_ref()?.problem.as_ref()?;
    Some(format::visible_text(problem).into())
}

fn folders(props: &Props) -> Html {
    let expand = props.on_expand.clone();
    let chosen = Callback::from(move |event: Event| {
        let select: HtmlSelectElement = event.target_unchecked_into();
        let depth = select.value().parse();
        // The same may be chosen again.
        select.set_selected_index(0);
        if let Ok(depth) = depth {
            expand.emit(depth);
        }
    });
    html! {
        <select class="expand" aria-label="Expand folders" onchange={chosen}>
            <option value="" selected=true>{ "Folders" }</option>
            for (depth, word) in DEPTHS {
                <option value={depth.to_string()}>{ word }</option>
            }
        </select>
    }
}

/// The menu that an event is in.
fn menu_of(event: &web_sys::Event) -> Option<Element> {
    let target = event.target()?.dyn_into::<Element>().ok()?;
    target.closest(".menu").ok()?
}

/// Closes the menu that the keyboard leaves.
fn leave_menu(event: &FocusEvent) {
    let to = event.related_target();
    let to = to.and_then(|to| to.dyn_into::<Node>().ok());
    if let Some(menu) = menu_of(event).filter(|menu| !menu.contains(to.as_ref())) {
        // It closes; where that fails it stays open.
        let _ = menu.remove_attribute("open");
    }
}

/// Escape closes an open menu, and the keyboard goes back to what opened it.
fn close_menu(event: &KeyboardEvent) {
    let menu = menu_of(event).filter(|menu| menu.has_attribute("open"));
    let Some(menu) = menu.filter(|_| event.key() == "Escape") else {
        return;
    };
    // It closes nothing else.
    event.prevent_default();
    let summary = menu.query_selector("summary").ok().flatten();
    if let Some(summary) = summary.and_then(|summary| summary.dyn_into::<HtmlElement>().ok()) {
        browser::focus_in_place(&summary);
    }
    // It closes; where that fails it stays open.
    let _ = menu.remove_attribute("open");
}

fn columns(props: &Props) -> Html {
    let choice = |column: Column, title: &'static str| {
        let (chosen, on_columns) = (props.columns.clone(), props.on_columns.clone());
        let is_shown = chosen.has(column);
        html! {
            <label>
                <input
                    type="checkbox"
                    checked={is_shown}
                    onchange={move |_: Event| on_columns.emit(chosen.toggle(column))}
                />
                { title }
            </label>
        }
    };
    html! {
        <details
            class="menu"
            onfocusout={Callback::from(|event: FocusEvent| leave_menu(&event))}
            onkeydown={Callback::from(|event: KeyboardEvent| close_menu(&event))}
        >
            <summary class="button">{ "Columns" }</summary>
            <div class="menu-box" tabindex="-1">
                for spec in COLUMNS.iter().filter(|spec| spec.column != Column::Name) {
                    { choice(spec.column, spec.title) }
                }
                if props.columns.has_widths() {
                    <button
                        type="button"
                        class="quiet usual-widths"
                        onclick={
                            let chosen = props.columns.clone();
                            props.on_columns.reform(move |_: MouseEvent| chosen.without_widths())
                        }
                    >
                        { "Usual widths" }
                    </button>
                }
            </div>
        </details>
    }
}
