//! The tree of a layer.

use std::rc::Rc;

use yew::prelude::*;

use crate::format;
use crate::navigate::Navigate;
use crate::parts::find::Find;
use crate::parts::tree::{Select, Tree};
use crate::route::{ImageRoute, Route, View};
use crate::session::{Again, Image, LayerState};
use crate::views::error::again;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{Showing, Shown, Sort};

/// What [`Files`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) engine: WorkerClient,
    pub(crate) image: Image,
    pub(crate) route: ImageRoute,
    /// The layer that is looked at.
    pub(crate) layer: u32,
    pub(crate) go: Callback<Navigate>,
    pub(crate) on_again: Callback<Again>,
}

/// The files of a layer.
#[component]
pub(crate) fn Files(props: &Props) -> Html {
    // None until the engine answers.
    let shown = use_state_eq(|| None::<Shown>);
    let showing = Showing {
        layer: props.layer,
        changes: props.route.view == View::Changes,
        sort: props.route.sort,
        find: props.route.find.clone(),
    };
    let select = {
        let (go, route) = (props.go.clone(), props.route.clone());
        Callback::from(move |select: Select| {
            go.emit(Navigate {
                route: Route::Image(ImageRoute {
                    path: Some(select.path),
                    ..route.clone()
                }),
                history: select.history,
            });
        })
    };
    let sort = {
        let route = props.route.clone();
        props.go.reform(move |sort: Sort| {
            Navigate::replace(ImageRoute {
                sort,
                ..route.clone()
            })
        })
    };
    let on_shown = {
        let shown = shown.clone();
        Callback::from(move |value: Shown| shown.set(Some(value)))
    };
    // The stack changes while it grows; a tree below its top does not.
    let grown = props.image.numbers.depth.min(props.layer);
    html! {
        <div class="files">
            <div class="toolbar">
                <Find route={props.route.clone()} go={props.go.clone()} what="search names and paths" />
                if let Some(matches) = shown.as_ref().and_then(|shown| shown.matches) {
                    <span class="muted" role="status">
                        { format!("{} found", format::count(u64::from(matches))) }
                    </span>
                }
            </div>
            <Tree
                engine={props.engine.clone()}
                showing={Rc::new(showing)}
                version={(grown, props.image.finished)}
                path={props.route.path.clone()}
                place={props.route.place()}
                on_select={select}
                on_sort={sort}
                {on_shown}
            />
            if let Some(shown) = shown.as_ref() {
                { nothing(props, shown) }
                { foot(props, shown) }
            }
        </div>
    }
}

/// Why the tree is empty.
fn nothing(props: &Props, shown: &Shown) -> Html {
    if shown.missing {
        return html! {
            <div class="nothing">
                <p role="status">{ unread(&props.image, props.layer) }</p>
                if props.image.stopped {
                    { again(&props.image, &props.on_again) }
                }
            </div>
        };
    }
    if shown.matches == Some(0) {
        let clear = {
            let to = ImageRoute {
                find: String::new(),
                ..props.route.clone()
            };
            props.go.reform(move |_| Navigate::replace(to.clone()))
        };
        return html! {
            <div class="nothing">
                <p>{ "No name or path contains " }<span class="mono">{ format::visible_text(&props.route.find) }</span>{ "." }</p>
                <button type="button" onclick={clear}>{ "Clear the search" }</button>
            </div>
        };
    }
    if shown.total > 0 || shown.paths > 0 {
        return Html::default();
    }
    let text = match props.route.view {
        View::Changes => "This layer changes no files.",
        _ => "The filesystem is empty at this layer.",
    };
    html! { <div class="nothing"><p>{ text }</p></div> }
}

/// Why a layer has no tree yet. That it could not be read is said elsewhere.
fn unread(image: &Image, layer: u32) -> String {
    let blocked = image.broken().filter(|broken| *broken < layer);
    match (image.layer(layer), blocked) {
        (Some(LayerState::Receiving(_)), _) if image.stopped => {
            format!("Layer {layer} is not read: loading was stopped.")
        }
        (Some(LayerState::Receiving(_)), _) => format!("Layer {layer} is being read."),
        (Some(LayerState::NotFetched(_)), Some(broken)) => {
            format!("Layer {layer} is not available, and layer {broken} could not be read.")
        }
        _ => format!("Layer {layer} is read. The tree is being built."),
    }
}

fn foot(props: &Props, shown: &Shown) -> Html {
    if shown.missing {
        return Html::default();
    }
    let what = match (props.route.view, shown.alone) {
        (_, true) => format!(
            "in layer {} alone, as a layer below it is not read",
            props.layer
        ),
        (View::Changes, _) => format!("changed by layer {}", props.layer),
        _ => format!("at layer {}", props.layer),
    };
    let paths = format::counted(u64::from(shown.paths), "path");
    let paths = match shown.matches {
        Some(_) => format!("{} of {paths}", format::count(u64::from(shown.kept))),
        None => paths,
    };
    html! {
        <div class="foot">
            <span role="status">
                { paths }{ " " }{ what }{ " · " }
                if shown.deleted == 0 || shown.bytes > 0 {
                    <span title={format::exact(shown.bytes)}>{ format::size(shown.bytes) }</span>
                }
                if shown.deleted > 0 {
                    { if shown.bytes > 0 { " stored, " } else { "" } }
                    <span title={format::exact(shown.deleted)}>{ format::size(shown.deleted) }</span>
                    { " deleted" }
                }
            </span>
            <span class="keys" aria-hidden="true">{ "↑↓ move · → open · ← close · Esc close details" }</span>
        </div>
    }
}
