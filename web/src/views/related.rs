//! What belongs to the selected path: hard links, files with the same content, and findings on it or on a folder above it,
//! each with a link.

use yew::platform::spawn_local;
use yew::prelude::*;

use crate::format;
use crate::navigate::{Navigate, follows};
use crate::parts::size::size;
use crate::route::{ImageRoute, Route, View};
use crate::session::Image;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{FindingOnPath, OtherPaths, Related, RelatedTo};

/// What [`RelatedPaths`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) worker: WorkerClient,
    pub(crate) image: Image,
    pub(crate) route: ImageRoute,
    /// The layer that is looked at.
    pub(crate) layer: u32,
    pub(crate) path: Vec<u8>,
    pub(crate) go: Callback<Navigate>,
}

/// The lists, as far as there is something in them.
#[component]
pub(crate) fn RelatedPaths(props: &Props) -> Html {
    let related = use_state_eq(|| None::<(Vec<u8>, Box<Related>)>);
    {
        let related = related.clone();
        let Props { image, route, .. } = props;
        let key = (
            props.worker.clone(),
            props.path.clone(),
            (props.layer, route.view, route.from),
            (image.numbers.depth, image.finished),
            image.audit.clone(),
        );
        use_effect_with(key, move |(worker, path, ..)| {
            let answer = worker.ask(RelatedTo { path: path.clone() });
            let path = path.clone();
            spawn_local(async move {
                let answer = answer.await.flatten();
                related.set(answer.map(|related| (path, related)));
            });
        });
    }
    let Some((path, related)) = &*related else {
        return Html::default();
    };
    if *path != props.path {
        return Html::default();
    }
    html! {
        <>
            { others(props, "Hard links", "The same file under other paths.", &related.links) }
            { others(props, "Same content", "Other files that hold the same.", &related.copies) }
            { findings(props, related) }
        </>
    }
}

/// A link to a place of the image.
fn link(props: &Props, to: ImageRoute, class: &'static str, text: Html) -> Html {
    let href = Route::Image(to.clone()).to_fragment();
    let go = props.go.clone();
    let onclick = move |event: MouseEvent| {
        if follows(&event) {
            go.emit(Navigate::push(to.clone()));
        }
    };
    html! { <a {class} {href} {onclick}>{ text }</a> }
}

fn more(all: u32, told: usize, what: &str) -> Html {
    let rest = u64::from(all).saturating_sub(told as u64);
    if rest == 0 {
        return Html::default();
    }
    html! { <p class="muted">{ format!("and {} more", format::counted(rest, what)) }</p> }
}

fn others(props: &Props, title: &str, meaning: &str, paths: &OtherPaths) -> Html {
    if paths.told.is_empty() {
        return Html::default();
    }
    let to = |path: &Vec<u8>| ImageRoute {
        path: Some(path.clone()),
        ..props.route.clone()
    };
    html! {
        <section class="costs related">
            <h3>{ title }<span class="beside">{ format::count(u64::from(paths.all)) }</span></h3>
            <p class="muted">{ meaning }</p>
            <ul>
                for path in paths.told.iter() {
                    <li>{ link(props, to(path), "mono", html! { { format::visible(path) } }) }</li>
                }
            </ul>
            { more(paths.all, paths.told.len(), "path") }
        </section>
    }
}

fn findings(props: &Props, related: &Related) -> Html {
    if related.findings.is_empty() {
        return Html::default();
    }
    let partial = !props.image.whole();
    html! {
        <section class="costs related on-path">
            <h3>
                { "Findings" }
                <span class="beside">{ format::count(u64::from(related.all_findings)) }{ if partial { ", partial" } else { "" } }</span>
            </h3>
            <ul>
                for finding in related.findings.iter() {
                    { self::finding(props, finding) }
                }
            </ul>
            { more(related.all_findings, related.findings.len(), "finding") }
        </section>
    }
}

fn finding(props: &Props, finding: &FindingOnPath) -> Html {
    let kind = finding.name.kind;
    let mut to = ImageRoute {
        path: Some(finding.folder.as_ref().unwrap_or(&props.path).clone()),
        ..props.route.in_view(View::findings(kind.is_risk()))
    };
    to.waste.finding = Some(finding.name.clone());
    let name = html! {
        <>
            { kind.name() }
            if let Some(rule) = &finding.name.rule {
                { " " }{ format::visible_text(rule) }
            }
        </>
    };
    html! {
        <li>
            { link(props, to, "finding-link", name) }
            if finding.bytes > 0 && !kind.is_risk() {
                { " " }{ size(finding.bytes) }
            }
            if let Some(folder) = &finding.folder {
                <span class="muted of-folder">{ " in " }<bdi class="mono">{ format::visible(folder) }</bdi></span>
            }
            <p class="muted">{ format::visible_text(&finding.advice) }</p>
        </li>
    }
}
