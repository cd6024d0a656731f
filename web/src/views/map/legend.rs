//! What the colours of the map mean.

use yew::prelude::*;

use super::paint::{LAYER_COLORS, NO_PACKAGE, OTHER_PACKAGES, PACKAGE_COLORS};
use crate::format;
use crate::parts::mark;
use crate::route::map::Color;
use crate::worker::protocol::{Cause, FileType, PackagesReport};

/// How many layers a colour names.
const NAMED_LAYERS: usize = 3;

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

/// What the colours mean, of an image with so many layers. The map is drawn in the colours that these have.
pub(super) fn legend_of(
    color: Color,
    depth: u32,
    copies_unknown: bool,
    packages: Option<&PackagesReport>,
    legend: &NodeRef,
) -> Html {
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
        Color::Layer => (0..LAYER_COLORS.min(depth))
            .map(|at| swatch(format!("layer-{at}"), html! { { layers_of(at, depth) } }))
            .collect(),
        Color::Type => FileType::ALL
            .into_iter()
            .map(|kind| swatch(kind.name().to_owned(), html! { { kind.name() } }))
            .collect(),
        Color::Package => of_packages(packages),
    };
    html! { <ul class="legend map-legend" ref={legend.clone()} aria-label="Colors">{ for items }</ul> }
}

/// The layers that have this colour, the lowest of them: there are more layers than colours.
fn layers_of(at: u32, depth: u32) -> String {
    let mut layers = (at + 1..=depth).step_by(LAYER_COLORS as usize);
    let named = layers.by_ref().take(NAMED_LAYERS);
    let named: Vec<String> = named.map(|layer| layer.to_string()).collect();
    let rest = if layers.next().is_some() { ", …" } else { "" };
    named.join(", ") + rest
}

/// The largest packages by their names, the others together.
fn of_packages(packages: Option<&PackagesReport>) -> Vec<Html> {
    let listed = packages.map(|facts| facts.packages.as_slice());
    let listed = listed.unwrap_or_default();
    let named = listed.iter().take(PACKAGE_COLORS as usize);
    let named = named.enumerate().map(|(at, package)| {
        let name = format::visible_text(&package.name);
        swatch(format!("package-{at}"), html! { <bdi>{ name }</bdi> })
    });
    let others = (listed.len() > PACKAGE_COLORS as usize)
        .then(|| swatch(OTHER_PACKAGES.to_owned(), html! { { "other packages" } }));
    let none = match packages {
        Some(_) => "no package",
        None => "packages are known once all layers are read",
    };
    let none = swatch(NO_PACKAGE.to_owned(), html! { { none } });
    named.chain(others).chain([none]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_colour_names_all_layers_that_have_it() {
        for (at, depth, layers) in [
            (0, 3, "1"),
            (2, 3, "3"),
            (0, 12, "1"),
            (0, 13, "1, 13"),
            (1, 13, "2"),
            (0, 30, "1, 13, 25"),
            (11, 36, "12, 24, 36"),
            (0, 37, "1, 13, 25, …"),
        ] {
            assert_eq!(layers_of(at, depth), layers);
        }
    }
}
