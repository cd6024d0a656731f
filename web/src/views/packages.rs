//! What each package takes of the final filesystem, and what of packages is wasted.

use std::collections::BTreeMap;

use onionskin_core::packages::{Type, Unreadable};
use yew::platform::spawn_local;
use yew::prelude::*;

use crate::format;
use crate::navigate::Navigate;
use crate::parts::search::search_field;
use crate::parts::size::size;
use crate::route::packages::{PackagesPlace, name_of};
use crate::route::{ImageRoute, Route, View};
use crate::session::{Again, Image};
use crate::views::error::again;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{
    FilesOfPackage, PackageFacts, PackageFiles, PackagesOf, PackagesReport, SizedPath,
};

/// What [`Packages`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) worker: WorkerClient,
    pub(crate) image: Image,
    pub(crate) route: ImageRoute,
    pub(crate) go: Callback<Navigate>,
    pub(crate) on_again: Callback<Again>,
}

/// Packages drawn at a time.
const DRAWN: usize = 300;
/// Files of a package that are asked for at a time.
const FILES: u32 = 100;

/// The packages.
#[component]
pub(crate) fn Packages(props: &Props) -> Html {
    let known = use_state_eq(|| None::<PackagesReport>);
    let room = use_state_eq(|| DRAWN);
    {
        let known = known.clone();
        let asked = (props.worker.clone(), props.image.finished);
        use_effect_with(asked, move |(worker, finished)| {
            known.set(None);
            if *finished {
                let answer = worker.ask(PackagesOf);
                spawn_local(async move {
                    known.set(answer.await.flatten().and_then(|report| report.read()))
                });
            }
        });
    }
    let Some(facts) = &*known else {
        let text = match props.image.finished {
            true => "Packages are being counted.",
            false => "Packages are counted once all layers are read.",
        };
        return html! { <div class="nothing"><p role="status">{ text }</p></div> };
    };
    let more = {
        let room = room.clone();
        Callback::from(move |_: MouseEvent| room.set(*room + DRAWN))
    };
    let found = found(&props.route, facts);
    html! {
        <div class="pane packages" tabindex="0" role="region" aria-label="Packages">
            { missing(props) }
            { summary(facts) }
            for unread in facts.unread.iter() {
                <p class="remark">
                    { "The package database " }<span class="mono">{ format::visible_text(&unread.path) }</span>
                    { format!(" could not be read: {}. Files of its packages are counted as belonging to none.", reason(unread.reason)) }
                </p>
            }
            if !facts.packages.is_empty() {
                { toolbar(props, facts, found.len()) }
                <table class="compared packages-table">
                    <thead>
                        <tr>
                            <th scope="col">{ "Package" }</th>
                            <th scope="col">{ "Type" }</th>
                            <th scope="col" class="at-right">{ "Size" }</th>
                            <th scope="col" class="at-right">{ "Download" }</th>
                            <th scope="col" class="at-right">{ "Files" }</th>
                            <th scope="col" class="at-right">{ "Layers" }</th>
                        </tr>
                    </thead>
                    <tbody>
                        for (at, package) in found.iter().take(*room) {
                            { row(props, *at, package) }
                        }
                    </tbody>
                </table>
                if found.is_empty() {
                    <p class="muted">{ "No package matches the search." }</p>
                }
                if found.len() > *room {
                    <button type="button" onclick={more}>{ "Show more" }</button>
                }
            }
            { wasted(props, facts) }
        </div>
    }
}

/// Why these are not the packages of the whole image.
fn missing(props: &Props) -> Html {
    let image = &props.image;
    let (depth, all) = (image.numbers.depth, image.depth());
    let not_fetched = image.not_fetched();
    html! {
        <>
            if depth < all {
                <p class="remark" role="status">
                    { format!("Only {} of {all} are counted. ", format::layers_to(depth)) }
                    { again(image, &props.on_again) }
                </p>
            }
            if !not_fetched.is_empty() {
                <p class="remark" role="status">
                    { format!("Not available: {}. Packages and files there are not counted.", format::layers(&not_fetched)) }
                </p>
            }
        </>
    }
}

fn summary(facts: &PackagesReport) -> Html {
    let (live, unowned) = (facts.live, facts.unowned);
    let owned = live.saturating_sub(unowned);
    let text = match facts.packages.len() {
        0 => format!(
            "No packages were found in the final filesystem, which has {} of file data.",
            format::size(live)
        ),
        all => format!(
            "{} contain {} of the {} in the final filesystem ({}). {} belong to no package.",
            format::counted(all as u64, "package"),
            format::size(owned),
            format::size(live),
            format::share(owned, live),
            format::size(unowned)
        ),
    };
    html! {
        <p class="packages-summary" data-live={live.to_string()} data-unowned={unowned.to_string()}>{ text }</p>
    }
}

fn reason(reason: Unreadable) -> &'static str {
    match reason {
        Unreadable::Format => "its format is not supported",
        Unreadable::TooLarge => "it is larger than the limit",
        Unreadable::Damaged => "it is damaged",
    }
}

/// The packages that are seen, each with its place in the whole list.
fn found<'f>(route: &ImageRoute, facts: &'f PackagesReport) -> Vec<(u32, &'f PackageFacts)> {
    let wanted = route.find.to_lowercase();
    let is_seen = |(_, package): &(u32, &PackageFacts)| {
        let of_type = route.packages.kind.is_none_or(|kind| kind == package.kind);
        of_type && package.name.to_lowercase().contains(&wanted)
    };
    (0..).zip(&facts.packages).filter(is_seen).collect()
}

fn toolbar(props: &Props, facts: &PackagesReport, found: usize) -> Html {
    let mut types: BTreeMap<Type, (u64, u64)> = BTreeMap::new();
    for package in &facts.packages {
        let of = types.entry(package.kind).or_default();
        *of = (of.0 + package.bytes, of.1 + 1);
    }
    let mut types: Vec<_> = types.into_iter().collect();
    types.sort_by_key(|(_, (bytes, _))| std::cmp::Reverse(*bytes));
    let (go, route) = (props.go.clone(), props.route.clone());
    let typed = Callback::from(move |find| {
        go.emit(Navigate::replace(ImageRoute {
            find,
            ..route.clone()
        }));
    });
    html! {
        <div class="toolbar">
            { search_field("Find packages", "find by name", &props.route.find, typed) }
            <span class="muted" role="status">{ format::counted(found as u64, "package") }</span>
            if types.len() > 1 {
                <div class="chips" role="group" aria-label="Type of package">
                    for (kind, (bytes, count)) in types {
                        { chip(props, kind, bytes, count) }
                    }
                </div>
            }
        </div>
    }
}

fn chip(props: &Props, kind: Type, bytes: u64, count: u64) -> Html {
    let chosen = props.route.packages.kind == Some(kind);
    let to = with(&props.route, |place| {
        place.kind = (!chosen).then_some(kind);
        place.package = None;
    });
    let name = kind.name();
    html! {
        <button
            key={name}
            type="button"
            class="chip of-type"
            data-type={name}
            data-bytes={bytes.to_string()}
            aria-pressed={chosen.to_string()}
            title={format!("{} of type {name}", format::counted(count, "package"))}
            onclick={props.go.reform(move |_| Navigate::replace(to.clone()))}
        >
            { name }{ " " }<b>{ format!("{} in {}", format::size(bytes), format::count(count)) }</b>
        </button>
    }
}

fn with(route: &ImageRoute, choose: impl FnOnce(&mut PackagesPlace)) -> ImageRoute {
    let mut route = route.clone();
    choose(&mut route.packages);
    route
}

fn row(props: &Props, at: u32, package: &PackageFacts) -> Html {
    let name = name_of(package);
    let is_open = props.route.packages.package.as_deref() == Some(&*name);
    let to = with(&props.route, |place| {
        place.package = (!is_open).then(|| name.clone());
    });
    let id = format!("package-{at}");
    let layers: Vec<u32> = package.layers.iter().map(|layer| *layer as u32).collect();
    let numbers: Vec<String> = layers.iter().map(u32::to_string).collect();
    let (shown, version) = (
        format::visible_text(&package.name),
        format::visible_text(&package.version),
    );
    html! {
        <>
            <tr data-package={name} data-bytes={package.bytes.to_string()} class={is_open.then_some("open")}>
                <th scope="row">
                    <button
                        type="button"
                        class="quiet mono"
                        aria-expanded={is_open.to_string()}
                        aria-controls={is_open.then(|| id.clone())}
                        onclick={props.go.reform(move |_| Navigate::push(to.clone()))}
                    >
                        { shown }{ " " }<span class="muted">{ version }</span>
                    </button>
                </th>
                <td>{ package.kind.name() }</td>
                <td class="at-right">{ size(package.bytes) }</td>
                <td class="at-right">{ package.compressed_bytes.map_or_else(|| html! { "–" }, size) }</td>
                <td class="at-right">{ format::count(package.files) }</td>
                <td class="at-right">{ numbers.join(", ") }</td>
            </tr>
            if is_open {
                <tr class="of-package" {id}>
                    <td colspan="6">
                        { facts_of(package) }
                        <Files worker={props.worker.clone()} package={at} route={props.route.clone()} />
                    </td>
                </tr>
            }
        </>
    }
}

fn facts_of(package: &PackageFacts) -> Html {
    html! {
        <dl class="facts">
            if let Some(purl) = &package.purl {
                <dt>{ "Package URL" }</dt>
                <dd class="mono">{ format::visible_text(purl) }</dd>
            }
            if let Some(license) = &package.license {
                <dt>{ "License" }</dt>
                <dd>{ format::visible_text(license) }</dd>
            }
        </dl>
    }
}

/// What [`Files`] shows.
#[derive(PartialEq, Properties)]
struct FilesProps {
    worker: WorkerClient,
    package: u32,
    route: ImageRoute,
}

/// The largest files of a package, each leading to its place in the tree.
#[component]
fn Files(props: &FilesProps) -> Html {
    let files = use_state_eq(|| None::<FilesOfPackage>);
    let count = use_state_eq(|| FILES);
    {
        let files = files.clone();
        let asked = (props.worker.clone(), props.package, *count);
        use_effect_with(asked, move |(worker, package, count)| {
            let answer = worker.ask(PackageFiles {
                package: *package,
                count: *count,
            });
            spawn_local(async move { files.set(answer.await.map(|files| *files)) });
        });
    }
    let Some(known) = &*files else {
        return html! { <p class="muted" role="status">{ "Reading …" }</p> };
    };
    if known.files.is_empty() {
        return html! {
            <p class="muted">{ "None of its files is in the final filesystem, or they belong to another package." }</p>
        };
    }
    let more = {
        let count = count.clone();
        Callback::from(move |_: MouseEvent| count.set(*count * 10))
    };
    html! {
        <>
            <ul class="package-files">
                for file in known.files.iter() {
                    <li>{ file_of(&props.route, file) }</li>
                }
            </ul>
            if (known.files.len() as u32) < known.all {
                <button type="button" onclick={more}>
                    { format!("Show more of {}", format::counted(known.all.into(), "file")) }
                </button>
            }
        </>
    }
}

fn file_of(route: &ImageRoute, file: &SizedPath) -> Html {
    let to = Route::Image(ImageRoute {
        path: Some(file.path.clone()),
        layer: None,
        from: None,
        ..route.in_view(View::Stack)
    });
    html! {
        <>
            <a class="mono" href={to.to_fragment()}>{ format::visible(&file.path) }</a>
            { size(file.bytes) }
        </>
    }
}

fn wasted(props: &Props, facts: &PackagesReport) -> Html {
    let kind = props.route.packages.kind;
    let seen = facts.wasted.iter();
    let seen: Vec<_> = seen
        .filter(|package| kind.is_none_or(|kind| kind == package.kind))
        .collect();
    if seen.is_empty() {
        return Html::default();
    }
    let numbers = |layers: &[usize]| {
        let numbers: Vec<String> = layers.iter().map(usize::to_string).collect();
        numbers.join(", ")
    };
    html! {
        <section aria-labelledby="wasted-packages">
            <h2 id="wasted-packages">{ "Wasted by package" }</h2>
            <p class="muted">{ "Files of packages that a later layer deleted or stored again, and that every pull still downloads." }</p>
            <table class="compared packages-table">
                <thead>
                    <tr>
                        <th scope="col">{ "Package" }</th>
                        <th scope="col">{ "Type" }</th>
                        <th scope="col" class="at-right">{ "Wasted" }</th>
                        <th scope="col" class="at-right">{ "Download" }</th>
                        <th scope="col" class="at-right">{ "Added in" }</th>
                        <th scope="col" class="at-right">{ "Hidden in" }</th>
                    </tr>
                </thead>
                <tbody>
                    for package in seen.into_iter().take(DRAWN) {
                        <tr data-wasted={format::visible_text(&package.name)} data-bytes={package.bytes.to_string()}>
                            <th scope="row" class="mono">
                                { format::visible_text(&package.name) }{ " " }
                                <span class="muted">{ format::visible_text(&package.version) }</span>
                            </th>
                            <td>{ package.kind.name() }</td>
                            <td class="at-right">{ size(package.bytes) }</td>
                            <td class="at-right">{ package.compressed_bytes.map_or_else(|| html! { "–" }, size) }</td>
                            <td class="at-right">{ numbers(&package.added_by) }</td>
                            <td class="at-right">{ numbers(&package.hidden_by) }</td>
                        </tr>
                    }
                </tbody>
            </table>
        </section>
    }
}
