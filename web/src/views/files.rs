//! The tree of a layer.

use std::rc::Rc;

use yew::prelude::*;

use crate::format;
use crate::parts::find::Find;
use crate::parts::tree::{Select, Tree};
use crate::route::{ImageRoute, View};
use crate::session::Image;
use crate::worker::client::Engine;
use crate::worker::protocol::{Showing, Shown, Sort};

/// What [`Files`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) engine: Engine,
    pub(crate) image: Image,
    pub(crate) route: ImageRoute,
    /// The layer that is looked at.
    pub(crate) layer: u32,
    pub(crate) go: Callback<(ImageRoute, bool)>,
}

/// The files of a layer.
#[component]
pub(crate) fn Files(props: &Props) -> Html {
    let shown = use_state_eq(Shown::default);
    let showing = Showing {
        layer: props.layer,
        changes: props.route.view == View::Changes,
        sort: props.route.sort,
        find: props.route.find.clone(),
    };
    let select = {
        let (go, route) = (props.go.clone(), props.route.clone());
        Callback::from(move |select: Select| {
            go.emit((
                ImageRoute {
                    path: Some(select.path),
                    ..route.clone()
                },
                select.new_step,
            ));
        })
    };
    let sort = {
        let route = props.route.clone();
        props.go.reform(move |sort: Sort| {
            (
                ImageRoute {
                    sort,
                    ..route.clone()
                },
                false,
            )
        })
    };
    let on_shown = {
        let shown = shown.clone();
        Callback::from(move |value: Shown| shown.set(value))
    };
    // The stack changes while it grows; a tree below its top does not.
    let grown = props.image.numbers.depth.min(props.layer);
    html! {
        <div class="files" role="tabpanel" aria-label="Files">
            <div class="toolbar">
                <Find route={props.route.clone()} go={props.go.clone()} what="find a name or a path" />
                if let Some(matches) = shown.matches {
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
                on_select={select}
                on_sort={sort}
                {on_shown}
            />
            { nothing(props, &shown) }
            { foot(props, &shown) }
        </div>
    }
}

/// Why the tree is empty.
fn nothing(props: &Props, shown: &Shown) -> Html {
    if shown.missing {
        let layer = props.layer;
        let text = match (props.image.finished, layer) {
            (true, _) => format!("Layer {layer} cannot be shown: it could not be read."),
            (false, 1) => "The first layer is still being read.".to_owned(),
            (false, _) => {
                format!("Layer {layer} is still being read; those below it can be looked at.")
            }
        };
        return html! { <div class="nothing"><p>{ text }</p></div> };
    }
    if shown.matches == Some(0) {
        let clear = {
            let to = ImageRoute {
                find: String::new(),
                ..props.route.clone()
            };
            props.go.reform(move |_| (to.clone(), false))
        };
        return html! {
            <div class="nothing">
                <p>{ "Nothing here is called " }<span class="mono">{ format::visible_text(&props.route.find) }</span>{ "." }</p>
                <button type="button" onclick={clear}>{ "Show everything" }</button>
            </div>
        };
    }
    if shown.total > 0 || shown.paths > 0 {
        return Html::default();
    }
    let text = match props.route.view {
        View::Changes => "This layer changed no files.",
        _ => "There are no files at this layer.",
    };
    html! { <div class="nothing"><p>{ text }</p></div> }
}

fn foot(props: &Props, shown: &Shown) -> Html {
    if shown.missing {
        return Html::default();
    }
    let what = match (props.route.view, shown.alone) {
        (_, true) => "· this layer alone, as one below it could not be read".to_owned(),
        (View::Changes, _) => format!("changed by layer {}", props.layer),
        _ => format!("at layer {}", props.layer),
    };
    html! {
        <div class="foot">
            <span>
                { format!("{} · ", format::counted(u64::from(shown.paths), "path")) }
                <span title={format::exact(shown.bytes)}>{ format::size(shown.bytes) }</span>
                { " " }{ what }
            </span>
            <span class="keys" aria-hidden="true">{ "↑↓ walk · → open · ← close" }</span>
        </div>
    }
}
