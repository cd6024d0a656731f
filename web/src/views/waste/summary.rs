//! The sentence that a visitor came for.

use yew::prelude::*;

use crate::format;
use crate::session::Image;

/// What [`Summary`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) image: Image,
}

/// The sentence, and where its numbers come from.
#[component]
pub(crate) fn Summary(props: &Props) -> Html {
    let image = &props.image;
    let numbers = &*image.numbers;
    if numbers.depth == 0 {
        let text = match image.broken() {
            Some(layer) => {
                format!("Layer {layer} could not be read, so nothing can be said of waste.")
            }
            None => "Nothing is counted before the first layer is read.".to_owned(),
        };
        return html! { <p class="nothing">{ text }</p> };
    }
    html! {
        <header class="summary">
            { headline(image) }
            { origin(image) }
            { partial(image) }
        </header>
    }
}

fn headline(image: &Image) -> Html {
    let numbers = &image.numbers;
    if numbers.wasted == 0 {
        let text = if image.settled() {
            "Nothing is wasted"
        } else {
            "Nothing is wasted so far"
        };
        return html! { <h2 class="good">{ text }</h2> };
    }
    let (bytes, verb) = match numbers.wasted_compressed {
        Some(bytes) => (bytes, "download"),
        None => (numbers.wasted, "store"),
    };
    let who = match (image.settled(), image.broken()) {
        (true, _) => "You",
        (false, Some(_)) => "Of what could be read, you",
        (false, None) => "So far you",
    };
    html! {
        <h2>
            { format!("{who} {verb} ") }
            <b title={format::exact(bytes)} data-bytes={bytes.to_string()}>{ format::size(bytes) }</b>
            { " to never see it" }
        </h2>
    }
}

fn origin(image: &Image) -> Html {
    let numbers = &image.numbers;
    if numbers.wasted == 0 {
        return html! {
            <p class="muted">{ "The container can reach every byte that these layers store." }</p>
        };
    }
    let of_download = numbers
        .wasted_compressed
        .zip(image.compressed())
        .filter(|_| image.whole())
        .map(|(wasted, all)| {
            format!(
                "{} of the {} that every pull downloads. ",
                format::share(wasted, all),
                format::size(all)
            )
        });
    html! {
        <p class="muted">
            { of_download }
            { "The layers store " }{ format::size(numbers.stored) }
            { " of files; no container sees " }
            <b title={format::exact(numbers.wasted)}>{ format::size(numbers.wasted) }</b>
            { format!(" of them, {}.", format::share(numbers.wasted, numbers.stored)) }
        </p>
    }
}

/// What is missing from the numbers, and from the findings below them.
fn partial(image: &Image) -> Html {
    let (depth, all) = (image.numbers.depth, image.depth());
    if image.settled() && image.audit.is_none() {
        return html! { <p class="muted" role="status">{ "Gathering the findings …" }</p> };
    }
    if image.whole() {
        return Html::default();
    }
    if image.settled() {
        return html! {
            <p class="missing">
                { format!("Without {}: not available, and not counted.", numbered(&image.not_fetched())) }
            </p>
        };
    }
    match image.broken() {
        Some(broken) => html! {
            <p class="missing">
                { format!("Only of {}: layer {broken} could not be read.", layers_to(depth)) }
                { " What the layers above it hide or bring is not in here." }
            </p>
        },
        None => html! {
            <p class="muted" role="status">
                { format!("{depth} of {} read. The findings are gathered when all are.", format::counted(u64::from(all), "layer")) }
            </p>
        },
    }
}

fn layers_to(depth: u32) -> String {
    match depth {
        1 => "layer 1".to_owned(),
        depth => format!("layers 1 to {depth}"),
    }
}

fn numbered(layers: &[u32]) -> String {
    let word = if layers.len() == 1 { "layer" } else { "layers" };
    let numbers: Vec<_> = layers.iter().map(u32::to_string).collect();
    format!("{word} {}", numbers.join(", "))
}
