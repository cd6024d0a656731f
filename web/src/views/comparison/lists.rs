//! Configuration, packages and layers that differ.

use std::rc::Rc;

use yew::prelude::*;

use super::path::image_of;
use crate::format;
use crate::navigate::Navigate;
use crate::parts::mark;
use crate::parts::search::search_field;
use crate::parts::size::size;
use crate::parts::tree::compared::difference;
use crate::route::comparison::CompareRoute;
use crate::route::{ImageRoute, Route, View};
use crate::worker::protocol::{ComparedLayer, ComparisonFacts, PackageChange, WastedPackageChange};

/// Packages drawn at a time.
const DRAWN: usize = 300;

/// What [`ConfigList`] shows.
#[derive(PartialEq, Properties)]
pub(super) struct ConfigProps {
    pub(super) facts: Rc<ComparisonFacts>,
}

/// The configuration, field by field.
#[component]
pub(super) fn ConfigList(props: &ConfigProps) -> Html {
    let fields = &props.facts.config;
    if fields.is_empty() {
        return html! { <div class="nothing"><p role="status">{ "The configuration is the same." }</p></div> };
    }
    html! {
        <div class="pane" tabindex="0" role="region" aria-label="Configuration">
            for field in fields.iter() {
                <section class="config-field" data-field={field.name.clone()}>
                    <h2 class="mono">{ format::visible_text(&field.name) }</h2>
                    <ul class="diff">
                        for value in field.removed.iter() {
                            <li class="gone"><span class="off-screen">{ "removed " }</span><span aria-hidden="true">{ "-" }</span><code>{ format::visible_text(value) }</code></li>
                        }
                        for value in field.added.iter() {
                            <li class="came"><span class="off-screen">{ "added " }</span><span aria-hidden="true">{ "+" }</span><code>{ format::visible_text(value) }</code></li>
                        }
                    </ul>
                </section>
            }
        </div>
    }
}

/// What [`PackageList`] shows.
#[derive(PartialEq, Properties)]
pub(super) struct PackageProps {
    pub(super) facts: Rc<ComparisonFacts>,
    pub(super) route: CompareRoute,
    pub(super) go: Callback<Navigate>,
}

/// Packages by name, with both versions and sizes; and what is wasted of each.
#[component]
pub(super) fn PackageList(props: &PackageProps) -> Html {
    let room = use_state_eq(|| DRAWN);
    let (packages, wasted) = (&props.facts.packages, &props.facts.wasted_by_package);
    if packages.is_empty() && wasted.is_empty() {
        return html! { <div class="nothing"><p role="status">{ "No package differs." }</p></div> };
    }
    let wanted = props.route.find.to_lowercase();
    let holds = |name: &str| name.to_lowercase().contains(&wanted);
    let packages = packages.iter().filter(|package| holds(&package.name));
    let found: Vec<&PackageChange> = packages.collect();
    let wasted = wasted.iter().filter(|package| holds(&package.name));
    let wasted: Vec<&WastedPackageChange> = wasted.collect();
    let typed = {
        let (go, route) = (props.go.clone(), props.route.clone());
        Callback::from(move |find| {
            go.emit(Navigate::replace(CompareRoute {
                find,
                ..route.clone()
            }));
        })
    };
    let more = {
        let room = room.clone();
        Callback::from(move |_: MouseEvent| room.set(*room + DRAWN))
    };
    html! {
        <div class="pane" tabindex="0" role="region" aria-label="Packages">
            <div class="toolbar">
                { search_field("Find packages", "find by name", &props.route.find, typed) }
                <span class="muted" role="status">{ format::counted(found.len() as u64, "package") }</span>
            </div>
            if props.facts.packages.is_empty() {
                <p>{ "No package differs." }</p>
            } else {
                <table class="compared">
                    <thead>
                        <tr>
                            <th scope="col">{ "Package" }</th>
                            <th scope="col">{ "Type" }</th>
                            <th scope="col">{ "Old version" }</th>
                            <th scope="col">{ "New version" }</th>
                            <th scope="col" class="at-right of-side">{ "Old size" }</th>
                            <th scope="col" class="at-right of-side">{ "New size" }</th>
                            <th scope="col" class="at-right">{ "Change" }</th>
                        </tr>
                    </thead>
                    <tbody>
                        for package in found.iter().take(*room) {
                            { package_row(package) }
                        }
                    </tbody>
                </table>
            }
            if !wasted.is_empty() {
                <h2>{ "Wasted by package" }</h2>
                <table class="compared">
                    <thead>
                        <tr>
                            <th scope="col">{ "Package" }</th>
                            <th scope="col">{ "Type" }</th>
                            <th scope="col" class="at-right">{ "Old" }</th>
                            <th scope="col" class="at-right">{ "New" }</th>
                            <th scope="col" class="at-right">{ "Change" }</th>
                        </tr>
                    </thead>
                    <tbody>
                        for package in wasted.iter().take(*room) {
                            { wasted_row(package) }
                        }
                    </tbody>
                </table>
            }
            if found.len().max(wasted.len()) > *room {
                <button type="button" onclick={more}>{ "Show more" }</button>
            }
        </div>
    }
}

fn package_row(package: &PackageChange) -> Html {
    let sign = match (&package.old, &package.new) {
        (None, _) => mark::sign("A", "added", "added"),
        (_, None) => mark::sign("D", "deleted", "removed"),
        _ if package.is_same_version() => {
            mark::sign("M", "overwritten", "same version, other size")
        }
        _ => mark::sign("M", "overwritten", "other version"),
    };
    let version = |version: &Option<String>| match version.as_deref() {
        None => "–".to_owned(),
        Some("") => "no version".to_owned(),
        Some(version) => format::visible_text(version),
    };
    let bytes = package.bytes.unsigned_abs();
    let of_side = |bytes: Option<u64>| bytes.map_or_else(|| html! { "–" }, size);
    html! {
        <tr data-package={format::visible_text(&package.name)}>
            <th scope="row">{ sign }{ " " }<span class="mono">{ format::visible_text(&package.name) }</span></th>
            <td>{ package.kind.name() }</td>
            <td class="mono">{ version(&package.old) }</td>
            <td class="mono">
                { version(&package.new) }
                if package.is_same_version() {
                    <span class="muted">{ " (same version)" }</span>
                }
            </td>
            <td class="at-right of-side">{ of_side(package.old_bytes) }</td>
            <td class="at-right of-side">{ of_side(package.new_bytes) }</td>
            <td class="at-right">
                { if package.bytes < 0 { difference(bytes, 0) } else { difference(0, bytes) } }
            </td>
        </tr>
    }
}

fn wasted_row(package: &WastedPackageChange) -> Html {
    html! {
        <tr data-wasted-package={format::visible_text(&package.name)}>
            <th scope="row" class="mono">{ format::visible_text(&package.name) }</th>
            <td>{ package.kind.name() }</td>
            <td class="at-right">{ size(package.old_bytes) }</td>
            <td class="at-right">{ size(package.new_bytes) }</td>
            <td class="at-right">{ difference(package.old_bytes, package.new_bytes) }</td>
        </tr>
    }
}

/// What [`LayerList`] shows.
#[derive(PartialEq, Properties)]
pub(super) struct LayerProps {
    pub(super) facts: Rc<ComparisonFacts>,
    pub(super) route: CompareRoute,
}

/// The layers of both images.
#[component]
pub(super) fn LayerList(props: &LayerProps) -> Html {
    html! {
        <div class="pane" tabindex="0" role="region" aria-label="Layers">
            <table class="compared layers-table">
                <thead>
                    <tr>
                        <th scope="col">{ "Layer" }</th>
                        <th scope="col" class="at-right">{ "Old" }</th>
                        <th scope="col" class="at-right">{ "New" }</th>
                        <th scope="col" class="at-right">{ "Download" }</th>
                        <th scope="col" class="at-right">{ "Stored" }</th>
                        <th scope="col" class="at-right">{ "Wasted" }</th>
                    </tr>
                </thead>
                <tbody>
                    for layer in props.facts.layers.iter() {
                        { layer_row(props, layer) }
                    }
                </tbody>
            </table>
        </div>
    }
}

fn layer_row(props: &LayerProps, layer: &ComparedLayer) -> Html {
    let (state, sign) = match (layer.old, layer.new) {
        (Some(_), Some(_)) => ("kept", mark::sign("=", "kept", "in both images")),
        (Some(_), None) => ("removed", mark::sign("D", "deleted", "removed")),
        (None, _) => ("added", mark::sign("A", "added", "added")),
    };
    let number = |number: Option<u32>| number.map_or("–".to_owned(), |number| number.to_string());
    let bytes = |bytes: Option<u64>| bytes.map_or_else(|| html! { "–" }, size);
    let sides = &props.route.sides;
    let (side, at) = match layer.new {
        Some(at) => (&sides.new, at),
        None => (&sides.old, layer.old.unwrap_or(1)),
    };
    let place = Route::Image(ImageRoute {
        layer: Some(at),
        view: View::Changes,
        ..image_of(side)
    });
    let command = match layer.command.is_empty() {
        true => "no command recorded".to_owned(),
        false => format::visible_text(&layer.command),
    };
    html! {
        <tr data-state={state}>
            <th scope="row">
                { sign }{ " " }
                <a class="mono command" href={place.to_fragment()}>{ command }</a>
                if !layer.files.is_empty() {
                    <ul class="layer-files muted" aria-label="Largest files">
                        for file in layer.files.iter() {
                            <li><span class="mono">{ format::visible_text(&file.path) }</span>{ " " }{ size(file.cost()) }</li>
                        }
                    </ul>
                }
                if let Some(reason) = layer.not_fetched {
                    <span class="muted">{ format!(" not available: {reason}") }</span>
                }
            </th>
            <td class="at-right">{ number(layer.old) }</td>
            <td class="at-right">{ number(layer.new) }</td>
            <td class="at-right">{ bytes(layer.compressed) }</td>
            <td class="at-right">{ bytes(layer.stored) }</td>
            <td class="at-right">
                { bytes(layer.wasted) }
                if let Some(was) = layer.was_wasted.filter(|was| Some(*was) != layer.wasted) {
                    <span class="muted">{ " was " }{ size(was) }</span>
                }
            </td>
        </tr>
    }
}
