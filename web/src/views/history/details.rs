//! One image beside the chart: its numbers with their changes, what caused most of them, and where it leads.

use yew::prelude::*;

use super::jump;
use crate::format;
use crate::parts::tree::compared::difference;
use crate::route::Route;
use crate::route::history::HistoryRoute;
use crate::worker::protocol::TaggedImage;

/// The card of an image; `before` is the one before it.
pub(super) fn card(
    route: &HistoryRoute,
    image: &TaggedImage,
    before: Option<&TaggedImage>,
) -> Html {
    let place = Route::Image(jump::place(route, image));
    let created = image.created.as_deref().map(format::visible_text);
    html! {
        <section class="history-card" aria-label="Selected image">
            <h2 class="mono">{ format::visible_text(&image.tags.join(", ")) }</h2>
            <p class="muted">
                { created.map_or("no date".to_owned(), |created| day(&created)) }
                { format!(" · {}", format::counted(image.layers as u64, "layer")) }
                if let Some(digest) = &image.digest {
                    { " · " }<span class="mono" title={digest.to_string()}>{ format::short_digest(&digest.to_string()) }</span>
                }
            </p>
            <dl class="facts">
                { row("Download", image.compressed_size, before.and_then(|image| image.compressed_size)) }
                { row("Stored", Some(image.stored), before.map(|image| image.stored)) }
                { row("Wasted", Some(image.wasted), before.map(|image| image.wasted)) }
                <dt>{ "Packages" }</dt>
                <dd>{ format::count(image.packages) }{ " " }{ packages(image, before) }</dd>
                if before.is_some() {
                    <dt title="What a pull of this image downloads if the image before is already there">{ "Update" }</dt>
                    <dd>{ image.update.map_or("not known".to_owned(), format::size) }</dd>
                }
            </dl>
            { missing(image) }
            if let Some(before) = before {
                <h3>{ "What changed most" }</h3>
                <p>{ jump::cause(route, before, image) }</p>
                if let Some(command) = image.cause.as_ref().and_then(|cause| cause.created_by.as_deref()) {
                    <p><code class="command">{ format::visible_text(command) }</code></p>
                }
            }
            <p class="actions">
                <a class="button" href={place.to_fragment()}>{ "Open image" }</a>
                if let Some(before) = before {
                    <a class="button" href={jump::comparison(route, before, image)}>{ format!("Compare with {}", jump::tag(before)) }</a>
                }
            </p>
        </section>
    }
}

fn row(name: &'static str, bytes: Option<u64>, before: Option<u64>) -> Html {
    html! {
        <>
            <dt>{ name }</dt>
            <dd title={bytes.map(format::exact)}>
                { bytes.map_or("not known".to_owned(), format::size) }
                if let Some((old, new)) = before.zip(bytes).filter(|(old, new)| old != new) {
                    { " " }{ difference(old, new) }
                }
            </dd>
        </>
    }
}

/// How many more or fewer packages there are than before; nothing where there are as many.
pub(super) fn packages(image: &TaggedImage, before: Option<&TaggedImage>) -> Html {
    let Some(before) = before else {
        return Html::default();
    };
    let (old, new) = (before.packages, image.packages);
    match new.cmp(&old) {
        std::cmp::Ordering::Equal => Html::default(),
        std::cmp::Ordering::Less => {
            html! { <span class="fewer">{ format!("-{}", format::count(old - new)) }</span> }
        }
        std::cmp::Ordering::Greater => {
            html! { <span class="more">{ format!("+{}", format::count(new - old)) }</span> }
        }
    }
}

/// The layers of which nothing is counted.
fn missing(image: &TaggedImage) -> Html {
    html! {
        for layer in image.not_fetched.iter() {
            <p class="note-line">{ format!("Layer {} is not available: {}", layer.layer, layer.reason) }</p>
        }
    }
}

/// The day of a date.
pub(super) fn day(created: &str) -> String {
    created.split('T').next().unwrap_or(created).to_owned()
}
