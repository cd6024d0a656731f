//! Two versions of a file, of two layers of an image.

use yew::prelude::*;

use crate::browser;
use crate::navigate::Navigate;
use crate::parts::changed_lines::last_form;
use crate::parts::panel;
use crate::route::ImageRoute;
use crate::session::Image;
use crate::views::both_versions::BothVersions;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{Both, DifferenceForm, ReadDifference};

/// What [`Versions`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) worker: WorkerClient,
    pub(crate) image: Image,
    pub(crate) route: ImageRoute,
    /// The layer of the new version.
    pub(crate) layer: u32,
    pub(crate) path: Vec<u8>,
    pub(crate) go: Callback<Navigate>,
}

/// The two versions that the address names.
#[component]
pub(crate) fn Versions(props: &Props) -> Html {
    let Props {
        image,
        route,
        layer,
        path,
        go,
        ..
    } = props;
    let old = route.from.unwrap_or(1);
    let back = route.back_to_files();
    let to_folder = {
        let back = back.clone();
        go.reform(move |path| {
            panel::focus();
            Navigate::push(ImageRoute {
                path: Some(path),
                ..back.clone()
            })
        })
    };
    let to_form = {
        let route = route.clone();
        go.reform(move |form: DifferenceForm| {
            browser::keep_difference_form(form.name());
            Navigate::replace(ImageRoute {
                difference: Some(form),
                ..route.clone()
            })
        })
    };
    let to_layers = {
        let route = route.clone();
        go.reform(move |layers: Both<u32>| {
            Navigate::replace(ImageRoute {
                from: Some(layers.old),
                layer: Some(layers.new),
                ..route.clone()
            })
        })
    };
    html! {
        <BothVersions
            worker={props.worker.clone()}
            asked={ReadDifference {
                path: path.clone(),
                layers: Some(Both { old, new: *layer }),
            }}
            ready={image.numbers.depth >= old.max(*layer) || image.finished}
            form={route.difference.unwrap_or_else(last_form)}
            on_form={to_form}
            on_layers={to_layers}
            on_back={go.reform(move |()| {
                panel::focus();
                Navigate::push(back.clone())
            })}
            on_folder={to_folder}
        />
    }
}
