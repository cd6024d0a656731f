//! What stands above the tree: search, chips for the kinds of changes, the range of layers, folders, columns.

use wasm_bindgen::JsCast;
use web_sys::{Element, FocusEvent, HtmlElement, HtmlSelectElement, Node};
use yew::prelude::*;

use crate::browser;
use crate::format;
use crate::navigate::Navigate;
use crate::parts::find::Find;
use crate::parts::mark;
use crate::parts::tree::columns::{COLUMNS, Chosen};
use crate::route::{ImageRoute, View};
use crate::worker::protocol::{ChangeKind, Column, Shown};

/// What [`Toolbar`] shows.
#[derive(PartialEq, Properties)]
pub(super) struct Props {
    pub(super) route: ImageRoute,
    pub(super) layer: u32,
    pub(super) shown: Option<Shown>,
    /// That is of all layers: until then kinds come in between others, which would move.
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
            { range(props) }
            <div class="tools">
                { folders(props) }
                { columns(props) }
            </div>
            <div class="chips" role="group" aria-label="Show or hide">
                if props.whole {
                    for (kind, name) in ChangeKind::NAMED.into_iter().rev() {
                        { chip(props, kind, name) }
                    }
                }
            </div>
        </div>
    }
}

/// Why what is looked for is not a query.
fn problem(props: &Props) -> Option<AttrValue> {
    let problem = props.shown.as_ref()?.problem.as_ref()?;
    Some(format::visible_text(problem).into())
}

/// The first of the layers whose changes are shown together.
fn range(props: &Props) -> Html {
    if props.route.view != View::Changes || props.layer < 2 {
        return Html::default();
    }
    let first = props.route.from.unwrap_or(props.layer);
    let chosen = {
        let (route, layer) = (props.route.clone(), props.layer);
        props.go.reform(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            let from = select.value().parse().ok();
            Navigate::replace(ImageRoute {
                from: from.filter(|from| *from < layer),
                ..route.clone()
            })
        })
    };
    html! {
        <label class="range">
            <span class="muted">{ "layers" }</span>
            <select onchange={chosen} aria-label="First layer of the changes">
                for layer in 1..=props.layer {
                    <option value={layer.to_string()} selected={layer == first}>{ layer }</option>
                }
            </select>
            <span class="muted">{ format!("to {}", props.layer) }</span>
        </label>
    }
}

/// Shows paths of a kind, or hides them.
fn chip(props: &Props, kind: ChangeKind, name: &'static str) -> Html {
    let hidden = props.route.hidden.contains(kind);
    let count = props
        .shown
        .as_ref()
        .and_then(|shown| shown.kinds.get(kind as usize).copied())
        .unwrap_or_default();
    if count == 0 && !hidden {
        return Html::default();
    }
    let to = ImageRoute {
        hidden: props.route.hidden.toggled(kind),
        ..props.route.clone()
    };
    let verb = if hidden { "Show" } else { "Hide" };
    let unknown = (props.shown.as_ref()).is_some_and(|shown| shown.copies_unknown);
    let word = match kind {
        ChangeKind::Modified if unknown => mark::STORED_AGAIN,
        _ => name,
    };
    html! {
        <button
            key={name}
            type="button"
            class="chip"
            aria-pressed={(!hidden).to_string()}
            title={format!("{verb} {word} files")}
            data-kind={name}
            onclick={props.go.reform(move |_| Navigate::replace(to.clone()))}
        >
            if let Some(mark) = kind.mark() {
                { mark::of_mark(mark) }
            }
            { word }{ " " }<b>{ format::count(u64::from(count)) }</b>
        </button>
    }
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
