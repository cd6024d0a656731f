//! What an image is beside the one before, in words, and the links to what caused it.

use onionskin_core::report::bytes;
use yew::prelude::*;

use crate::format;
use crate::parts::mark;
use crate::parts::tree::compared::{difference, sign};
use crate::route::comparison::{CompareRoute, SideRoute};
use crate::route::history::HistoryRoute;
use crate::route::{ImageRoute, Route, View};
use crate::worker::protocol::{CauseKind, Change, JumpCause, TaggedImage};

/// A change of this share of what is stored is marked in the chart, in per cent.
const MARKED: u64 = 1;

/// Whether an image is much larger or smaller than the one before.
pub(super) fn is_one(before: &TaggedImage, image: &TaggedImage) -> bool {
    let change = before.stored.abs_diff(image.stored);
    change > 0 && u128::from(change) * 100 >= u128::from(before.stored) * u128::from(MARKED)
}

/// All that the chart shows of an image, for those who do not see it.
pub(super) fn told(image: &TaggedImage, before: Option<&TaggedImage>) -> String {
    let download = image
        .compressed_size
        .map_or("download not known".to_owned(), |bytes| {
            format!("download {}", format::size(bytes))
        });
    let changed = before.map(|before| {
        let change = format::change(before.stored, image.stored);
        format!("stored {change} against {}", tag(before))
    });
    let cause = image.cause.as_ref().map(ToString::to_string);
    let parts = [
        format::visible_text(&image.tags.join(", ")),
        format!(
            "{download}, {} stored, {} wasted, {}",
            format::size(image.stored),
            format::size(image.wasted),
            format::counted(image.packages, "package")
        ),
    ];
    let parts = parts.into_iter().chain(changed).chain(cause);
    let parts: Vec<String> = parts.map(|part| format::visible_text(&part)).collect();
    parts.join(". ")
}

/// The tag that an image goes by.
pub(super) fn tag(image: &TaggedImage) -> String {
    format::visible_text(image.tags.first().map_or("", String::as_str))
}

/// An image as a side of a comparison.
fn side(route: &HistoryRoute, image: &TaggedImage) -> SideRoute {
    SideRoute {
        platform: route.platform.clone(),
        ..SideRoute::of(reference(route, image))
    }
}

fn reference(route: &HistoryRoute, image: &TaggedImage) -> String {
    let tag = image.tags.first().map_or("", String::as_str);
    let name = crate::worker::registries::repository(&route.repository);
    format!("{name}:{tag}")
}

/// Where an image is shown.
pub(super) fn place(route: &HistoryRoute, image: &TaggedImage) -> ImageRoute {
    ImageRoute {
        platform: route.platform.clone(),
        ..ImageRoute::of(reference(route, image))
    }
}

/// Where it is compared with the one before.
pub(super) fn comparison(
    route: &HistoryRoute,
    before: &TaggedImage,
    image: &TaggedImage,
) -> String {
    let route = CompareRoute::of(side(route, before), side(route, image));
    Route::Compare(route).to_fragment()
}

/// What changed most, with a link to its path among the changes of its layer.
pub(super) fn cause(route: &HistoryRoute, before: &TaggedImage, image: &TaggedImage) -> Html {
    let Some(cause) = &image.cause else {
        return html! { <span class="muted">{ "Nothing in the filesystem" }</span> };
    };
    // What is removed was in the image before.
    let of = match cause.kind {
        CauseKind::Removed => before,
        _ => image,
    };
    let path = bytes(&cause.path).into_owned();
    let to = Route::Image(ImageRoute {
        layer: u32::try_from(cause.layer).ok(),
        view: View::Changes,
        path: Some(path).filter(|path| path != b"/"),
        ..place(route, of)
    });
    let size = cause.bytes.unsigned_abs();
    let change = match cause.bytes < 0 {
        true => difference(size, 0),
        false => difference(0, size),
    };
    let (start, layer) = words(cause);
    html! {
        <span class="cause">
            { signed(cause.kind) }
            { " " }{ start }
            <a class="mono" href={to.to_fragment()}>{ format::visible_text(&cause.path) }</a>
            { format!(" {layer} {}, ", cause.layer) }{ change }
        </span>
    }
}

/// What stands before the path, and before the layer's number.
fn words(cause: &JumpCause) -> (&'static str, &'static str) {
    match cause.kind {
        CauseKind::Added => ("", "added in layer"),
        CauseKind::Removed => ("", "removed; it was in layer"),
        CauseKind::Changed => ("", "changed in layer"),
        CauseKind::Moved => ("", "moved in layer"),
        CauseKind::Wasted => ("wasted, most by ", "of layer"),
    }
}

fn signed(kind: CauseKind) -> Html {
    match kind {
        CauseKind::Added => sign(Change::Added),
        CauseKind::Removed => sign(Change::Removed),
        CauseKind::Changed => sign(Change::Changed),
        CauseKind::Moved => sign(Change::Moved),
        CauseKind::Wasted => mark::sign("W", "loss", "wasted"),
    }
}
