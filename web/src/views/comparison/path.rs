//! The selected path in both images, side by side.

use yew::platform::spawn_local;
use yew::prelude::*;

use crate::browser;
use crate::format;
use crate::navigate::Navigate;
use crate::parts::changed_lines::last_form;
use crate::parts::crumbs::Crumbs;
use crate::parts::panel;
use crate::parts::size::size;
use crate::parts::tree;
use crate::parts::tree::compared::{difference, sign, what};
use crate::route::comparison::{CompareRoute, SideRoute};
use crate::route::{ImageRoute, Route};
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{EntryKind, PathVersion, PathVersions, Side, VersionsOf};

/// What [`PathDetails`] shows.
#[derive(PartialEq, Properties)]
pub(super) struct Props {
    pub(super) worker: WorkerClient,
    pub(super) route: CompareRoute,
    pub(super) path: Vec<u8>,
    pub(super) go: Callback<Navigate>,
}

/// The panel beside the tree.
#[component]
pub(super) fn PathDetails(props: &Props) -> Html {
    // None until there is an answer; with the path that it is about.
    let versions = use_state(|| None::<(Vec<u8>, Option<Box<PathVersions>>)>);
    {
        let versions = versions.clone();
        let asked = (props.worker.clone(), props.path.clone());
        use_effect_with(asked, move |(worker, path)| {
            let (answer, path) = (worker.ask(VersionsOf { path: path.clone() }), path.clone());
            spawn_local(async move { versions.set(Some((path, answer.await.flatten()))) });
        });
    }
    let folder = {
        let route = props.route.clone();
        props.go.reform(move |path: Vec<u8>| {
            Navigate::push(CompareRoute {
                path: Some(path),
                ..route.clone()
            })
        })
    };
    let close = {
        let (route, go) = (props.route.clone(), props.go.clone());
        Callback::from(move |_: MouseEvent| {
            go.emit(Navigate::push(CompareRoute {
                path: None,
                ..route.clone()
            }));
            browser::focus(tree::ID);
        })
    };
    let known = (*versions).as_ref().filter(|(path, _)| *path == props.path);
    html! {
        <aside class="details" aria-label="Selected path">
            <button type="button" class="quiet close" aria-label="Close" title="Close" onclick={close}>{ "×" }</button>
            <Crumbs path={props.path.clone()} on_folder={folder} />
            <h2><bdi>{ format::visible(format::file_name(&props.path)) }</bdi></h2>
            {
                match known {
                    None => html! { <p class="muted" role="status">{ "Reading …" }</p> },
                    Some((_, None)) => html! { <p class="absent" role="status">{ "This path does not differ." }</p> },
                    Some((_, Some(versions))) => told(props, versions),
                }
            }
        </aside>
    }
}

fn told(props: &Props, versions: &PathVersions) -> Html {
    let row = &versions.row;
    let (old, new) = (row.old.unwrap_or(0), row.new.unwrap_or(0));
    let (before, after) = (&row.costs.old, &row.costs.new);
    html! {
        <>
            <p class="what">
                if let Some(change) = row.change {
                    { sign(change) }{ " " }{ format::capital(change.name()) }
                    if !row.what.is_empty() {
                        { format!(": {}", what(&row.what)) }
                    }
                } else {
                    { format!("{} below", format::counted(row.below.into(), "change")) }
                }
            </p>
            if old != new {
                <p>{ "Size: " }{ size(old) }{ " → " }{ size(new) }{ ", " }{ difference(old, new) }</p>
            }
            { cost("download", "Download", before.download, after.download) }
            { cost("wasted", "Wasted", Some(before.wasted), Some(after.wasted)) }
            { contents(props, versions) }
            { side(props, Side::Old, versions.old.as_ref(), row.old, versions.new.as_ref()) }
            { side(props, Side::New, versions.new.as_ref(), row.new, versions.old.as_ref()) }
        </>
    }
}

/// What the path costs of both images, where it costs anything and that is known.
fn cost(name: &'static str, title: &'static str, old: Option<u64>, new: Option<u64>) -> Html {
    let Some((old, new)) = old.zip(new).filter(|both| *both != (0, 0)) else {
        return Html::default();
    };
    html! {
        <p data-cost={name}>
            { format!("{title}: ") }{ size(old) }
            if old != new {
                { " → " }{ size(new) }{ ", " }{ difference(old, new) }
            }
        </p>
    }
}

/// Leads to the content of both, where both are files.
fn contents(props: &Props, versions: &PathVersions) -> Html {
    let is_file = |version: &Option<PathVersion>| {
        let kind = version.as_ref().map(|version| version.kind);
        matches!(kind, Some(EntryKind::File | EntryKind::Hardlink))
    };
    if !is_file(&versions.old) || !is_file(&versions.new) {
        return Html::default();
    }
    let to = CompareRoute {
        difference: Some(last_form()),
        ..props.route.clone()
    };
    let on_compare = props.go.reform(move |_: MouseEvent| {
        panel::focus();
        Navigate::push(to.clone())
    });
    html! {
        <p>
            <button type="button" class="compare-contents" onclick={on_compare}>
                { "Compare contents" }
            </button>
        </p>
    }
}

fn side(
    props: &Props,
    side: Side,
    version: Option<&PathVersion>,
    bytes: Option<u64>,
    other: Option<&PathVersion>,
) -> Html {
    let title = match side {
        Side::Old => "In the old image",
        Side::New => "In the new image",
    };
    let Some(version) = version else {
        return html! {
            <section class="version" data-side={side.name()}>
                <h3>{ title }</h3>
                <p class="muted">{ "Not in this image." }</p>
            </section>
        };
    };
    let differs = |of: fn(&PathVersion) -> String| {
        let other = other.map(of);
        let differs = other.is_some_and(|other| other != of(version));
        differs.then_some("differs")
    };
    let mode = |version: &PathVersion| format::mode(version.kind, version.mode);
    let owner = |version: &PathVersion| format!("{}:{}", version.uid, version.gid);
    let kind = |version: &PathVersion| format::kind(version.kind).to_owned();
    let target = |version: &PathVersion| {
        let target = version.target.as_deref();
        target.map(format::visible).unwrap_or_default()
    };
    let route = props.route.sides.of(side);
    html! {
        <section class="version" data-side={side.name()}>
            <h3>{ title }</h3>
            <dl class="facts">
                if version.path != props.path {
                    <dt>{ "Path" }</dt>
                    <dd class="mono differs">{ format::visible(&version.path) }</dd>
                }
                <dt>{ "Type" }</dt>
                <dd class={differs(kind)}>{ kind(version) }</dd>
                <dt>{ "Size" }</dt>
                <dd>{ size(bytes.unwrap_or(0)) }</dd>
                if version.target.is_some() {
                    <dt>{ "Target" }</dt>
                    <dd class={classes!("mono", differs(target))}>{ target(version) }</dd>
                }
                <dt>{ "Mode" }</dt>
                <dd class={classes!("mono", differs(mode))}>{ mode(version) }</dd>
                <dt>{ "Owner" }</dt>
                <dd class={classes!("mono", differs(owner))}>{ owner(version) }</dd>
                if let Some(mtime) = version.mtime {
                    <dt>{ "Modified" }</dt>
                    <dd>{ format::time(mtime) }</dd>
                }
                for (name, value) in version.xattrs.iter() {
                    <dt>{ format::visible_text(name) }</dt>
                    <dd class="mono differs">{ format::visible_text(value) }</dd>
                }
                if version.more_xattrs > 0 {
                    <dt>{ "Attributes" }</dt>
                    <dd>{ format!("and {} more", format::count(version.more_xattrs.into())) }</dd>
                }
                <dt>{ "Layer" }</dt>
                <dd>{ version.layer }</dd>
            </dl>
            <p><a href={place(route, version).to_fragment()}>{ "Show in this image" }</a></p>
        </section>
    }
}

/// Where an image shows a version of a path.
fn place(side: &SideRoute, version: &PathVersion) -> Route {
    Route::Image(ImageRoute {
        layer: side.stack,
        path: Some(version.path.clone()),
        ..image_of(side)
    })
}

/// The image of a side.
pub(super) fn image_of(side: &SideRoute) -> ImageRoute {
    ImageRoute {
        reference: side.reference.clone(),
        file: side.file.clone(),
        platform: side.platform.clone(),
        ..ImageRoute::default()
    }
}
