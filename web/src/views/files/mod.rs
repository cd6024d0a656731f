//! The tree of a layer.

mod toolbar;

use std::rc::Rc;

use yew::prelude::*;

use crate::format;
use crate::navigate::Navigate;
use crate::parts::tree::columns::Chosen;
use crate::parts::tree::{Expansion, Select, Tree};
use crate::route::{ImageRoute, Route, View};
use crate::session::{Again, Image, LayerState};
use crate::views::error::again;
use crate::views::files::toolbar::Toolbar;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{Kinds, Shown, Sort};

/// What [`Files`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) worker: WorkerClient,
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
    // None until the image worker answers.
    let shown = use_state_eq(|| None::<Shown>);
    // Whether that is of all layers.
    let whole = use_state_eq(|| false);
    let columns = use_state_eq(Chosen::remembered);
    let on_columns = {
        let columns = columns.clone();
        Callback::from(move |chosen| columns.set(chosen))
    };
    let expansion = use_state_eq(Expansion::default);
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
        let (shown, whole) = (shown.clone(), whole.clone());
        let finished = props.image.finished;
        Callback::from(move |value: Shown| {
            shown.set(Some(value));
            whole.set(finished);
        })
    };
    // The stack changes while it grows; a tree below its top does not.
    let grown = props.image.numbers.depth.min(props.layer);
    html! {
        <div class="files">
            <Toolbar
                route={props.route.clone()}
                layer={props.layer}
                shown={(*shown).clone()}
                whole={*whole}
                columns={(*columns).clone()}
                go={props.go.clone()}
                on_columns={on_columns.clone()}
                on_expand={
                    let expansion = expansion.clone();
                    Callback::from(move |depth| {
                        let number = expansion.number + 1;
                        expansion.set(Expansion { number, depth });
                    })
                }
            />
            <Tree
                worker={props.worker.clone()}
                showing={Rc::new(props.route.showing(props.layer))}
                version={(grown, props.image.finished)}
                path={props.route.path.clone()}
                place={props.route.place()}
                columns={(*columns).clone()}
                expansion={*expansion}
                {on_columns}
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
    if shown.matches == Some(0) && shown.problem.is_none() {
        let clear = {
            let to = ImageRoute {
                find: String::new(),
                ..props.route.clone()
            };
            props.go.reform(move |_| Navigate::replace(to.clone()))
        };
        return html! {
            <div class="nothing">
                <p>{ "Nothing matches " }<span class="mono">{ format::visible_text(&props.route.find) }</span>{ "." }</p>
                <button type="button" onclick={clear}>{ "Clear the search" }</button>
            </div>
        };
    }
    if shown.total > 0 {
        return Html::default();
    }
    if !props.route.hidden.is_empty() && shown.paths > 0 {
        let all = ImageRoute {
            hidden: Kinds::default(),
            ..props.route.clone()
        };
        let show = props.go.reform(move |_| Navigate::replace(all.clone()));
        return html! {
            <div class="nothing">
                <p>{ "All files are hidden." }</p>
                <button type="button" onclick={show}>{ "Show all" }</button>
            </div>
        };
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
            "in layer {} only, because a layer below it is not read",
            props.layer
        ),
        (View::Changes, _) => match props.route.from {
            Some(first) => format!("changed by layers {first} to {}", props.layer),
            None => format!("changed by layer {}", props.layer),
        },
        _ => format!("at layer {}", props.layer),
    };
    let paths = format::counted(u64::from(shown.paths), "path");
    let paths = match shown.kept < shown.paths {
        true => format!("{} of {paths}", format::count(u64::from(shown.kept))),
        false => paths,
    };
    html! {
        <div class="foot">
            <span role="status">
                { paths }{ " " }{ what }{ " · " }
                if shown.deleted == 0 || shown.bytes > 0 {
                    <span title={format::exact(shown.bytes)}>{ format::size(shown.bytes) }</span>
                }
                if shown.deleted > 0 {
                    { if shown.bytes > 0 { ", " } else { "" } }
                    <span title={format::exact(shown.deleted)}>{ format::size(shown.deleted) }</span>
                    { " deleted" }
                }
            </span>
            <span class="keys" aria-hidden="true">{ "↑↓ move · → open · / search · [ ] layer · ? keys" }</span>
        </div>
    }
}
