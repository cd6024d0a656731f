//! What the colours of the map mean.

use yew::prelude::*;

use super::paint::LAYER_COLORS;
use crate::parts::mark;
use crate::route::map::Color;
use crate::worker::protocol::{Cause, FileType};

/// A colour by its name, and what it means.
pub(in crate::views) fn swatch(name: String, word: Html) -> Html {
    html! {
        <li>
            <span class={classes!("swatch", format!("of-{name}"))} data-color={name.clone()} aria-hidden="true"></span>
            { word }
        </li>
    }
}

/// The name of a cause; of one that may be another, what is known.
pub(super) fn called(cause: Cause, copies_unknown: bool) -> &'static str {
    match cause {
        Cause::Overwritten if copies_unknown => mark::STORED_AGAIN,
        cause => cause.name(),
    }
}

/// What the colours mean. The map is drawn in the colours that these have.
pub(super) fn legend_of(color: Color, copies_unknown: bool, legend: &NodeRef) -> Html {
    let items: Vec<Html> = match color {
        Color::Cause => {
            let causes = Cause::ALL.into_iter();
            let causes = causes.filter(|cause| !(copies_unknown && *cause == Cause::MetadataOnly));
            let causes = causes.map(|cause| {
                let word = format!("{} {}", mark::letter(cause), called(cause, copies_unknown));
                swatch(cause.name().to_owned(), html! { { word } })
            });
            let live = swatch("live".to_owned(), html! { { "used" } });
            std::iter::once(live).chain(causes).collect()
        }
        Color::Layer => (0..LAYER_COLORS)
            .map(|at| swatch(format!("layer-{at}"), html! { { at + 1 } }))
            .collect(),
        Color::Type => FileType::ALL
            .into_iter()
            .map(|kind| swatch(kind.name().to_owned(), html! { { kind.name() } }))
            .collect(),
    };
    html! { <ul class="legend map-legend" ref={legend.clone()} aria-label="Colors">{ for items }</ul> }
}
