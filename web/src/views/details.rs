//! The panel on the right: the layer that is looked at, or the path that is selected.

use std::rc::Rc;

use yew::prelude::*;

use super::path;
use crate::format;
use crate::navigate::Navigate;
use crate::parts::crumbs::Crumbs;
use crate::route::ImageRoute;
use crate::session::{Again, Image};
use crate::views::later::{View, later};
use crate::views::layer::LayerDetails;
use crate::worker::client::WorkerClient;

/// What [`Details`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) worker: WorkerClient,
    pub(crate) image: Image,
    pub(crate) route: ImageRoute,
    /// The layer that is looked at.
    pub(crate) layer: u32,
    pub(crate) path: Option<Vec<u8>>,
    pub(crate) go: Callback<Navigate>,
    pub(crate) on_again: Callback<Again>,
    pub(crate) on_close: Callback<()>,
}

/// The panel on the right; a sheet from below where there is little room.
#[component]
pub(crate) fn Details(props: &Props) -> Html {
    let Some(path) = &props.path else {
        return html! {
            <aside class="details none" tabindex="0" aria-label="Details of the layer">
                <LayerDetails
                    worker={props.worker.clone()}
                    image={props.image.clone()}
                    route={props.route.clone()}
                    layer={props.layer}
                    go={props.go.clone()}
                    on_again={props.on_again.clone()}
                />
            </aside>
        };
    };
    let close = props.on_close.reform(|_: MouseEvent| ());
    let of_path = path::Props {
        worker: props.worker.clone(),
        image: props.image.clone(),
        route: props.route.clone(),
        layer: props.layer,
        path: path.clone(),
        go: props.go.clone(),
    };
    html! {
        <aside class="details" tabindex="0" aria-label="Details of the path">
            <button type="button" class="quiet close" aria-label="Close details" title="Close (Esc)" onclick={close}>{ "✕" }</button>
            <Crumbs path={path.clone()} on_folder={path::to_path(&props.route, &props.go)} />
            <h2><bdi>{ format::visible(format::file_name(path)) }</bdi></h2>
            { later(View::Path(Rc::new(of_path))) }
        </aside>
    }
}
