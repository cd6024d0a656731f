//! What the image would weigh without the findings that were chosen.

use yew::prelude::*;

use crate::format;
use crate::navigate::Navigate;
use crate::route::ImageRoute;
use crate::session::Image;
use crate::worker::protocol::Weighed;

/// What [`WithoutBar`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) image: Image,
    pub(crate) route: ImageRoute,
    pub(crate) go: Callback<Navigate>,
    pub(crate) without: Weighed,
}

/// A line with the two sizes, while anything is chosen.
#[component]
pub(crate) fn WithoutBar(props: &Props) -> Html {
    let Weighed {
        findings,
        bytes,
        compressed,
        exact,
    } = props.without;
    if findings == 0 {
        return Html::default();
    }
    let least = if exact { "" } else { "at least " };
    let size = |name: &'static str, all: u64, gone: u64| {
        let left = all.saturating_sub(gone);
        html! {
            <span class="weight" data-name={name} data-bytes={left.to_string()} title={format::exact(left)}>
                { name }{ " " }<span class="muted">{ format!("{} → ", format::size(all)) }{ least }</span>
                <b>{ format::size(left) }</b>
            </span>
        }
    };
    let download = props.image.compressed().zip(compressed);
    let clear = props.route.clone();
    html! {
        <div class="without" role="status">
            <span>{ format!("Without {}:", format::counted(u64::from(findings), "finding")) }</span>
            { size("Size", props.image.numbers.stored, bytes) }
            { download.map(|(all, gone)| size("Download", all, gone)) }
            <button
                type="button"
                class="quiet"
                onclick={props.go.reform(move |_| {
                    let mut route = clear.clone();
                    route.waste.without.clear();
                    Navigate::replace(route)
                })}
            >
                { "Clear" }
            </button>
        </div>
    }
}
