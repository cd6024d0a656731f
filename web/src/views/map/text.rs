//! The map as text: the part that is meant, why nothing is drawn, and a table for those who do not see it.

use yew::prelude::*;

use super::legend::called;
use super::paint::holder;
use crate::format;
use crate::session::LayerState;
use crate::views::LayerProps;
use crate::worker::protocol::{MapFacts, MapPart, Measure, PackagesReport, Shade};

/// Rows of the table that stands for the map.
const ROWS: usize = 100;

/// Why nothing is drawn.
pub(super) fn empty(props: &LayerProps, shown: &MapFacts) -> String {
    let LayerProps {
        image,
        route,
        layer,
        ..
    } = props;
    if shown.missing {
        return format!("Layer {layer} is being read.");
    }
    if let (true, Some(LayerState::NotFetched(reason))) = (route.map.changes, image.layer(*layer)) {
        return format!("Layer {layer} is not available: {reason}.");
    }
    let text = match route.map.by {
        _ if !route.find.is_empty() => "Nothing matches the search.",
        _ if !route.hidden.is_empty() => "No file that is shown in this folder has any content.",
        Measure::Wasted => "Nothing in this folder is wasted.",
        Measure::Size | Measure::Download => "No file in this folder has any content.",
    };
    text.to_owned()
}

/// The part that is meant, in words.
pub(super) fn tell(
    props: &LayerProps,
    shown: &MapFacts,
    part: Option<&MapPart>,
    packages: Option<&PackagesReport>,
) -> String {
    let selected = props.route.path.as_deref();
    let Some(part) = part.or_else(|| holder(shown, selected?)) else {
        return format!(
            "{} in {}",
            format::size(shown.total),
            format::visible(&shown.zoom)
        );
    };
    let name = match part.path.is_empty() {
        true => "smaller files".to_owned(),
        false => format::visible(&part.path),
    };
    let share = format::share(part.value, shown.total.max(1));
    let cause = match part.shade {
        Shade::Stored { cause, layer, .. } if !part.folder => {
            let unknown = props.image.numbers.copies_unknown;
            let cause = cause.map_or("in the final filesystem", |cause| called(cause, unknown));
            format!(", layer {layer}, {cause}")
        }
        _ => String::new(),
    };
    let package = match (packages, part.shade) {
        (Some(packages), Shade::Stored { package, .. }) if !part.folder => {
            let package = package.and_then(|at| packages.packages.get(at as usize));
            package.map_or(", of no package".to_owned(), |package| {
                let of = format!(", of {} {}", package.name, package.version);
                format::visible_text(&of)
            })
        }
        _ => String::new(),
    };
    format!(
        "{name}: {}, {share}{cause}{package}",
        format::size(part.value)
    )
}

/// The parts of the first level, for those who do not see the map.
pub(super) fn table(shown: &MapFacts) -> Html {
    let parts = shown.parts.iter().filter(|part| part.depth == 0);
    html! {
        <table class="off-screen" id="map-table">
            <caption>{ format!("What is in {}", format::visible(&shown.zoom)) }</caption>
            <thead>
                <tr><th scope="col">{ "Name" }</th><th scope="col">{ "Bytes" }</th><th scope="col">{ "Share" }</th></tr>
            </thead>
            <tbody>
                for part in parts.take(ROWS) {
                    <tr>
                        <th scope="row">
                            { if part.path.is_empty() { "smaller files".to_owned() } else { format::visible(&part.path) } }
                        </th>
                        <td>{ format::exact(part.value) }</td>
                        <td>{ format::share(part.value, shown.total.max(1)) }</td>
                    </tr>
                }
            </tbody>
        </table>
    }
}
