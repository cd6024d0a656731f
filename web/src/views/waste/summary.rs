//! How much of each pull is wasted, and of which layers that is known.

use yew::prelude::*;

use crate::format;
use crate::session::{Again, Image, Partial};
use crate::views::error::again;
use crate::worker::protocol::Kind;

/// What [`Summary`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    /// Of security and configuration, instead of bytes.
    pub(crate) checks: bool,
    pub(crate) image: Image,
    pub(crate) on_again: Callback<Again>,
}

/// The headline, where its numbers come from, and what they do not cover.
#[component]
pub(crate) fn Summary(props: &Props) -> Html {
    let image = &props.image;
    html! {
        <header class="summary">
            if props.checks {
                { checks(image) }
            } else {
                { headline(image) }
                { origin(image) }
            }
            { partial(props) }
        </header>
    }
}

/// How many findings of security and configuration there are, the secrets first.
fn checks(image: &Image) -> Html {
    let Some(audit) = &image.audit else {
        return html! { <h2>{ "Security and configuration" }</h2> };
    };
    let of_secrets = audit.kinds.iter().find(|of| of.kind == Kind::Secret);
    let secrets = of_secrets.map_or(0, |of| u64::from(of.findings));
    let all = audit.findings(true);
    let text = match (secrets, all - secrets) {
        (0, 0) if image.whole() => {
            return html! {
                <>
                    <h2 class="good">{ "No findings of security or configuration" }</h2>
                    <p class="muted">{ CHECKED }</p>
                </>
            };
        }
        (0, 0) => "No findings in the layers that were read".to_owned(),
        (0, others) => format!("{} to check", format::counted(others, "finding")),
        (secrets, 0) => format::counted(secrets, "possible secret"),
        (secrets, others) => format!(
            "{}, {} to check",
            format::counted(secrets, "possible secret"),
            format::counted(others, "other finding")
        ),
    };
    html! {
        <>
            <h2>{ text }</h2>
            <p class="muted">{ CHECKED }</p>
        </>
    }
}

/// What the checks are, and what they are not.
const CHECKED: &str =
    "Found by file names and known patterns. This does not replace a full scanner.";

fn headline(image: &Image) -> Html {
    let numbers = &image.numbers;
    if numbers.depth == 0 {
        let text = match image.finished {
            true => "No layer could be analyzed",
            false => "Reading the first layer",
        };
        return html! { <h2>{ text }</h2> };
    }
    if numbers.wasted == 0 {
        // Good news only where everything is known.
        return match image.partial() {
            None => html! { <h2 class="good">{ "Nothing is wasted" }</h2> },
            Some(Partial::Loading) => html! { <h2>{ "No waste found so far" }</h2> },
            Some(_) => html! { <h2>{ "No waste found in the layers that were read" }</h2> },
        };
    }
    let (wasted, all, of) = match numbers.wasted_compressed.zip(image.compressed()) {
        Some((wasted, all)) => (wasted, all, "pull"),
        None => (numbers.wasted, numbers.stored, "image"),
    };
    let known = match image.partial() {
        None => "is wasted",
        Some(Partial::Loading) => "is wasted so far",
        Some(_) => "is wasted in the layers that were read",
    };
    let whole = match of {
        "pull" => format!(" of each {} pull {known}", format::size(all)),
        _ => format!(" of {} stored {known}", format::size(all)),
    };
    html! {
        <h2>
            <b title={format::exact(wasted)} data-bytes={wasted.to_string()}>{ format::size(wasted) }</b>
            { whole }
        </h2>
    }
}

fn origin(image: &Image) -> Html {
    let numbers = &image.numbers;
    if numbers.depth == 0 {
        return Html::default();
    }
    if numbers.wasted == 0 {
        let stored = format::size(numbers.stored);
        let text = match image.whole() {
            true => format!("All {stored} stored in the layers are used in the final filesystem."),
            false => format!("All {stored} stored in these layers are still used."),
        };
        return html! { <p class="muted">{ text }</p> };
    }
    let of_download = numbers
        .wasted_compressed
        .zip(image.compressed())
        .filter(|_| image.whole())
        .map(|(wasted, all)| format!("{} of the download. ", format::share(wasted, all)));
    html! {
        <p class="muted">
            { of_download }
            { "Uncompressed, " }
            <b title={format::exact(numbers.wasted)}>{ format::size(numbers.wasted) }</b>
            { format!(
                " of {} stored in the layers ({}) is not in the final filesystem.",
                format::size(numbers.stored),
                format::share(numbers.wasted, numbers.stored),
            ) }
        </p>
    }
}

/// What is missing from the numbers, and from the findings below them.
fn partial(props: &Props) -> Html {
    let image = &props.image;
    let (depth, all) = (image.numbers.depth, u64::from(image.depth()));
    let counted = match depth {
        0 => "Nothing is counted.".to_owned(),
        depth => format!(
            "Numbers and findings cover {} only.",
            format::layers_to(depth)
        ),
    };
    let text = match image.partial() {
        None if image.audit.is_none() => {
            return html! { <p class="muted" role="status">{ "Collecting findings …" }</p> };
        }
        None => return Html::default(),
        Some(Partial::Loading) => {
            let text = format!(
                "{} of {} read. Findings are listed when all layers are read.",
                image.read(),
                format::counted(all, "layer")
            );
            return html! { <p class="muted" role="status">{ text }</p> };
        }
        Some(Partial::Unavailable(layers)) => format!(
            "Numbers and findings do not cover {}, which {} not available.",
            format::layers(&layers),
            if layers.len() == 1 { "is" } else { "are" }
        ),
        Some(Partial::Listed(layers)) => format!(
            "Not known before the layers are read: {}.",
            format::layers(&layers)
        ),
        Some(Partial::Stopped) => format!("Loading was stopped. {counted}"),
        Some(Partial::Broken(broken)) => format!("Layer {broken} could not be read. {counted}"),
    };
    html! {
        <p class="missing">
            <span>{ text }</span>
            { again(image, &props.on_again) }
        </p>
    }
}
