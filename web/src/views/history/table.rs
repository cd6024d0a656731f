//! The numbers of the chart as a table.

use yew::prelude::*;

use super::details::{day, packages};
use super::jump;
use crate::format;
use crate::parts::size::size;
use crate::parts::tree::compared::difference;
use crate::route::Route;
use crate::route::history::HistoryRoute;
use crate::worker::protocol::TaggedImage;

/// A row for each image; the selected one is marked.
pub(super) fn table(route: &HistoryRoute, images: &[TaggedImage], chosen: usize) -> Html {
    html! {
        <div class="history-table" tabindex="0" role="region" aria-label="Images as a table">
            <table class="compared">
                <thead>
                    <tr>
                        <th scope="col">{ "Created" }</th>
                        <th scope="col">{ "Tags" }</th>
                        <th scope="col" class="at-right">{ "Download" }</th>
                        <th scope="col" class="at-right">{ "Stored" }</th>
                        <th scope="col" class="at-right">{ "Wasted" }</th>
                        <th scope="col" class="at-right">{ "Packages" }</th>
                        <th scope="col">{ "What changed most" }</th>
                        <th scope="col"><span class="off-screen">{ "Comparison" }</span></th>
                    </tr>
                </thead>
                <tbody>
                    for (at, image) in images.iter().enumerate() {
                        { row(route, image, at.checked_sub(1).and_then(|at| images.get(at)), at == chosen) }
                    }
                </tbody>
            </table>
        </div>
    }
}

fn row(
    route: &HistoryRoute,
    image: &TaggedImage,
    before: Option<&TaggedImage>,
    is_chosen: bool,
) -> Html {
    let created = image.created.as_deref().map(format::visible_text);
    let place = Route::Image(jump::place(route, image));
    html! {
        <tr
            key={image.tags.join(",")}
            class={is_chosen.then_some("chosen")}
            aria-current={is_chosen.then_some("true")}
            data-tags={format::visible_text(&image.tags.join(","))}
        >
            <td class="created">{ created.map_or("no date".to_owned(), |created| day(&created)) }</td>
            <th scope="row"><a class="mono" href={place.to_fragment()}>{ format::visible_text(&image.tags.join(", ")) }</a></th>
            { bytes(image.compressed_size, before.and_then(|image| image.compressed_size)) }
            { bytes(Some(image.stored), before.map(|image| image.stored)) }
            { bytes(Some(image.wasted), before.map(|image| image.wasted)) }
            <td class="at-right">{ format::count(image.packages) }<br />{ packages(image, before) }</td>
            <td class="what-changed">
                if let Some(before) = before {
                    { jump::cause(route, before, image) }
                }
            </td>
            <td>
                if let Some(before) = before {
                    <a
                        href={jump::comparison(route, before, image)}
                        aria-label={format!("Compare {} with {}", jump::tag(image), jump::tag(before))}
                    >
                        { "Compare" }
                    </a>
                }
            </td>
        </tr>
    }
}

fn bytes(bytes: Option<u64>, before: Option<u64>) -> Html {
    html! {
        <td class="at-right">
            if let Some(bytes) = bytes {
                { size(bytes) }
            } else {
                { "not known" }
            }
            <br />
            if let Some((old, new)) = before.zip(bytes).filter(|(old, new)| old != new) {
                { difference(old, new) }
            }
        </td>
    }
}
