//! The band with the numbers: what is downloaded, what the container has, what it never sees.

use yew::prelude::*;

use crate::format;
use crate::parts::bar::{self, Bar};
use crate::session::Image;
use crate::views::layers::UNKNOWN;
use crate::worker::protocol::{Cause, LayerNumbers, Numbers};

/// What [`Band`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) image: Image,
}

/// The band.
#[component]
pub(crate) fn Band(props: &Props) -> Html {
    let image = &props.image;
    let numbers = &*image.numbers;
    let nothing = numbers.depth == 0;
    let whole = LayerNumbers {
        stored: numbers.stored,
        causes: numbers.causes,
    };
    html! {
        <section class={classes!("band", (!image.whole()).then_some("partial"))} aria-label="The numbers">
            <dl class="figures">
                { download(image) }
                { figure("In the layers", (!nothing).then_some(numbers.stored), Html::default()) }
                { figure(
                    "In the container",
                    (!nothing).then_some(numbers.live),
                    if nothing {
                    Html::default()
                } else {
                    html! { format!(", {}", format::counted(numbers.paths, "path")) }
                },
                ) }
                { never_seen(numbers, nothing) }
            </dl>
            <div class="split">
                if nothing {
                    <div class="bar empty"></div>
                } else {
                    <Bar class="tall" parts={bar::parts(&whole)} whole={numbers.stored} />
                }
                if !nothing {
                    { legend(&whole) }
                }
                { state(image) }
            </div>
        </section>
    }
}

fn figure(label: &str, bytes: Option<u64>, beside: Html) -> Html {
    html! {
        <div class="figure">
            <dt>{ label }</dt>
            if let Some(bytes) = bytes {
                <dd title={format::exact(bytes)} data-bytes={bytes.to_string()}>
                    <b>{ format::size_parts(bytes).0 }</b>
                    <span>{ " " }{ format::size_parts(bytes).1 }{ beside }</span>
                </dd>
            } else {
                <dd><b class="faint">{ "–" }</b>{ beside }</dd>
            }
        </div>
    }
}

fn download(image: &Image) -> Html {
    let Some(compressed) = image.compressed() else {
        let unknown = html! { <span class="muted" title={UNKNOWN}>{ " not known" }</span> };
        return figure("Download", None, unknown);
    };
    let so_far = if image.finished {
        Html::default()
    } else {
        html! { <span class="so-far">{ format!(", {} here", format::size(image.received())) }</span> }
    };
    figure("Download", Some(compressed), so_far)
}

fn never_seen(numbers: &Numbers, nothing: bool) -> Html {
    let of_download = numbers
        .wasted_compressed
        .filter(|_| numbers.wasted > 0)
        .map(|bytes| {
            html! {
                <div class="figure of-download">
                    <dt>{ "Of every download" }</dt>
                    <dd title={format::exact(bytes)} data-bytes={bytes.to_string()}>
                        <b>{ format::size_parts(bytes).0 }</b>
                        <span>{ " " }{ format::size_parts(bytes).1 }{ " never seen" }</span>
                    </dd>
                </div>
            }
        });
    html! {
        <>
            { figure(
                "Never seen",
                (!nothing).then_some(numbers.wasted),
                if nothing {
                    Html::default()
                } else {
                    html! { format!(" wasted, {}", format::share(numbers.wasted, numbers.stored)) }
                },
            ) }
            { for of_download }
        </>
    }
}

fn legend(numbers: &LayerNumbers) -> Html {
    let live = ("live", "still reachable in the container", numbers.live());
    let causes = Cause::ALL.map(|cause| (cause.name(), meaning(cause), numbers.causes[cause]));
    html! {
        <ul class="legend">
            for (word, meaning, bytes) in std::iter::once(live).chain(causes) {
                <li class={(bytes == 0).then_some("zero")} title={format!("{meaning}: {}", format::exact(bytes))} data-cause={word} data-bytes={bytes.to_string()}>
                    <span class={classes!("dot", word)} aria-hidden="true"></span>
                    { word }{ " " }<b>{ format::size(bytes) }</b>
                </li>
            }
        </ul>
    }
}

/// What a cause means, in a few words.
pub(crate) fn meaning(cause: Cause) -> &'static str {
    match cause {
        Cause::Deleted => "removed by a later layer",
        Cause::Overwritten => "overwritten by a later layer with other content",
        Cause::MetadataOnly => "stored again by a later layer with the same content",
        Cause::Repeated => "stored twice within one layer",
    }
}

/// Says so where the numbers are not those of the whole image.
fn state(image: &Image) -> Html {
    let (depth, all) = (image.numbers.depth, image.depth());
    if image.whole() {
        return Html::default();
    }
    let missing = image.not_fetched();
    if image.finished && image.broken().is_none() && !missing.is_empty() {
        let numbers: Vec<_> = missing.iter().map(u32::to_string).collect();
        let (layers, are) = match missing.len() {
            1 => ("layer", "is"),
            _ => ("layers", "are"),
        };
        let text = format!(
            "Without {layers} {}, which {are} not available.",
            numbers.join(", ")
        );
        return html! { <p class="state missing" role="status">{ text }</p> };
    }
    let text = match (image.broken(), depth) {
        (Some(broken), 0) => {
            format!("Layer {broken} could not be read, so the numbers are missing.")
        }
        (Some(broken), 1) => format!(
            "Only of layer 1: layer {broken} could not be read, so those of the image are missing."
        ),
        (Some(broken), depth) => {
            format!(
                "Only of layers 1 to {depth}: layer {broken} could not be read, so those of the image are missing."
            )
        }
        (None, depth) => format!(
            "Counting: {depth} of {} read.",
            format::counted(u64::from(all), "layer")
        ),
    };
    let class = image.broken().map(|_| "missing");
    html! { <p class={classes!("state", class)} role="status">{ text }</p> }
}
