//! The selected path: its history, which layer added it, stored it again, deleted it, how many bytes that takes, and
//! what belongs to it.

use yew::platform::spawn_local;
use yew::prelude::*;

use crate::format;
use crate::navigate::Navigate;
use crate::parts::bar::{self, Bar};
use crate::parts::copy::CopyPlace;
use crate::parts::mark;
use crate::parts::panel;
use crate::parts::size::size;
use crate::route::{ImageRoute, View};
use crate::session::{Image, Partial};
use crate::views::folder_tar::FolderTar;
use crate::views::related::RelatedPaths;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{
    EntryKind, HistoryOf, LARGEST_FILE, Mark, Metadata, OwnerNames, PathEvent, PathHistory, Row,
    command,
};

/// The identifier of what says that a file is too large.
const TOO_LARGE: &str = "too-large";

/// What [`PathDetails`] shows.
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

/// What is below its name in the panel.
#[component]
pub(crate) fn PathDetails(props: &Props) -> Html {
    let history = use_state(|| None::<Box<PathHistory>>);
    // What the last answer was about, also where that was none.
    let asked = use_state_eq(|| None::<(Vec<u8>, u32, bool)>);
    let read = (props.image.numbers.depth, props.image.finished);
    {
        let (history, asked) = (history.clone(), asked.clone());
        let key = (
            props.worker.clone(),
            props.path.clone(),
            props.layer,
            props.route.view,
            read,
        );
        use_effect_with(key, move |(worker, path, .., (depth, finished))| {
            let (depth, finished) = (*depth, *finished);
            let answer = worker.ask(HistoryOf { path: path.clone() });
            let path = path.clone();
            spawn_local(async move {
                history.set(answer.await.flatten());
                asked.set(Some((path, depth, finished)));
            });
        });
    }
    let path = &props.path;
    html! {
        <>
            <p class="copy-place">
                <CopyPlace facts={props.image.facts.clone()} route={props.route.clone()} path={path.clone()} />
            </p>
            if let Some(history) = history.as_ref().filter(|history| history.path == *path) {
                { facts(props, history) }
                { story(props, history) }
                { costs(history) }
                <RelatedPaths
                    worker={props.worker.clone()}
                    image={props.image.clone()}
                    route={props.route.clone()}
                    layer={props.layer}
                    path={history.path.clone()}
                    go={props.go.clone()}
                />
            } else if *asked == Some((path.clone(), read.0, read.1)) {
                { unknown(props, path) }
            }
        </>
    }
}

/// Why nothing is known of a path.
fn unknown(props: &Props, path: &[u8]) -> Html {
    let (image, path) = (&props.image, format::visible(path));
    let text = match image.partial() {
        None => format!("{path} does not exist in this image. The nearest folder is shown."),
        // What tables list is all that containers see.
        Some(Partial::Listed(_)) => {
            format!(
                "{path} is in no layer, as their tables of contents have it. The nearest folder is shown."
            )
        }
        Some(Partial::Loading) => format!("No layer that is read so far contains {path}."),
        Some(_) => format!("No layer that is read contains {path}. The nearest folder is shown."),
    };
    html! { <p class="absent" role="status">{ text }</p> }
}

/// Selects another path of the same tree.
pub(super) fn to_path(route: &ImageRoute, go: &Callback<Navigate>) -> Callback<Vec<u8>> {
    let route = route.clone();
    go.reform(move |path| {
        Navigate::push(ImageRoute {
            path: Some(path),
            ..route.clone()
        })
    })
}

/// What the path is at the layer that is looked at, and ways to its content.
fn facts(props: &Props, history: &PathHistory) -> Html {
    let layer = props.layer;
    let Some(row) = &history.now else {
        let text = format!("Not in the filesystem at layer {layer}.");
        return html! { <p class="absent" role="status">{ text }</p> };
    };
    let is_gone = row.mark == Some(Mark::Deleted);
    html! {
        <>
        // The tree of a filesystem also shows what was deleted on the way to it; among changes the mark says so.
        if is_gone && props.route.view == View::Stack {
            <p class="absent" role="status">{ format!("Not in the filesystem at layer {layer}.") }</p>
        }
        if props.image.facts.analysis.is_none() {
            { content(props, history, row) }
        } else if matches!(row.kind, EntryKind::File | EntryKind::Hardlink | EntryKind::Dir) {
            <p class="muted no-contents">{ "A saved analysis has no file contents to view or download." }</p>
        }
        { list(props, history, row) }
        </>
    }
}

/// The ways to the content: a folder is downloaded, unless it was deleted, and a file is shown.
fn content(props: &Props, history: &PathHistory, row: &Row) -> Html {
    let layer = props.layer;
    match row.kind {
        EntryKind::Dir if row.mark != Some(Mark::Deleted) => html! {
            <FolderTar
                key={format!("{layer} {}", format::visible(&history.path))}
                worker={props.worker.clone()}
                path={history.path.clone()}
                {layer}
            />
        },
        EntryKind::File | EntryKind::Hardlink => view_content(props, history),
        _ => Html::default(),
    }
}

/// Leads to the content of a file, unless that is too large to be read.
fn view_content(props: &Props, history: &PathHistory) -> Html {
    let to = ImageRoute {
        path: Some(history.path.clone()),
        // A search may have found an earlier version.
        layer: Some(history.found_in.unwrap_or(props.layer)),
        // Lines and form are those of the file that was shown before.
        ..props.route.in_view(View::Content)
    };
    let is_too_large = history.content > LARGEST_FILE;
    html! {
        <p>
            <button
                type="button"
                class="view-content"
                disabled={is_too_large}
                aria-describedby={is_too_large.then_some(TOO_LARGE)}
                onclick={props.go.reform(move |_| {
                    panel::focus();
                    Navigate::push(to.clone())
                })}
            >
                { "View content" }
                if let Some(found) = history.found_in {
                    { format!(" of layer {found}") }
                }
            </button>
            if is_too_large {
                <span class="muted" id={TOO_LARGE}>
                    { format!(
                        " The file has {}. Files of up to {} can be shown and downloaded.",
                        format::size(history.content),
                        format::size(LARGEST_FILE)
                    ) }
                </span>
            }
        </p>
    }
}

/// The facts as a list.
fn list(props: &Props, history: &PathHistory, row: &Row) -> Html {
    html! {
        <dl class="facts">
            <dt>{ "Type" }</dt>
            <dd>{ format::kind(row.kind) }</dd>
            if let Some(target) = &row.target {
                <dt>{ "Target" }</dt>
                <dd class="mono">
                    <bdi>{ format::visible(target) }</bdi>
                    if let Some(leads_to) = history.leads_to.clone() {
                        { " " }
                        <button
                            type="button"
                            class="quiet go-to"
                            title={format::visible(&leads_to)}
                            onclick={to_path(&props.route, &props.go).reform(move |_| leads_to.clone())}
                        >
                            { "Go to target" }
                        </button>
                    } else if row.kind == EntryKind::Symlink {
                        <span class="muted">{ " (does not exist in the image)" }</span>
                    }
                </dd>
            }
            if matches!(row.kind, EntryKind::File | EntryKind::Dir | EntryKind::Hardlink) {
                <dt>{ "Size" }</dt>
                <dd>
                    { size(row.size) }
                    if row.kind == EntryKind::Dir {
                        { format!(" in {}", format::counted(history.files, "file")) }
                    }
                </dd>
            }
            if let Some(download) = row.download.filter(|download| *download > 0) {
                <dt>{ "Download" }</dt>
                <dd>{ size(download) }</dd>
            }
            if row.wasted > 0 {
                <dt>{ "Wasted" }</dt>
                <dd>{ size(row.wasted) }</dd>
            }
            <dt>{ "Mode" }</dt>
            <dd class="mono">{ format::mode(row.kind, row.mode) }{ format!(" {:o}", row.mode) }</dd>
            <dt>{ "Owner" }</dt>
            <dd class="mono">
                { format::owner(row.owners()) }
                if row.owner != OwnerNames::default() {
                    <span class="muted">{ format!(" {}:{}", row.uid, row.gid) }</span>
                }
            </dd>
            if let Some(label) = &history.label {
                <dt>{ "Purpose" }</dt>
                <dd>{ label }</dd>
            }
            if let Some(mtime) = history.mtime {
                <dt>{ "Modified" }</dt>
                <dd>{ format::time(mtime) }</dd>
            }
            for (name, value) in history.attributes.iter() {
                <dt class="mono">{ format::visible_text(name) }</dt>
                <dd class="mono">{ format::visible_text(value) }</dd>
            }
        </dl>
    }
}

fn story(props: &Props, history: &PathHistory) -> Html {
    let mut before: Option<&PathEvent> = None;
    let mut stored: Option<&PathEvent> = None;
    let mut steps = Vec::new();
    for event in &history.events {
        let is_file = matches!(event.kind, EntryKind::File | EntryKind::Hardlink);
        let has_content =
            is_file && event.mark != Mark::Deleted && props.image.facts.analysis.is_none();
        let old = stored.filter(|_| has_content);
        steps.push(step(props, history, event, before, old));
        before = Some(event);
        stored = Some(event).filter(|_| has_content).or(stored);
    }
    html! {
        <>
            <h3 class="history-head">{ "History" }</h3>
            <ol class="path-history">
                { for steps }
                if history.live {
                    <li class="live"><b>{ "In the final filesystem" }</b></li>
                }
            </ol>
        </>
    }
}

/// What a layer did. `before` is what was done before, and `old` the version that was stored before this one.
fn step(
    props: &Props,
    history: &PathHistory,
    event: &PathEvent,
    before: Option<&PathEvent>,
    old: Option<&PathEvent>,
) -> Html {
    let (_, class, _) = mark::signs(event.mark);
    let folder =
        event.kind == EntryKind::Dir && before.is_some_and(|before| before.kind == EntryKind::Dir);
    let deed = match event.mark {
        Mark::Added => "Added in",
        Mark::Modified if event.copies_unknown => "Stored again in",
        Mark::Modified => "Overwritten in",
        Mark::MetadataOnly if folder => "Metadata changed in",
        Mark::MetadataOnly => "Copied in",
        Mark::Deleted => "Deleted in",
    };
    let to = ImageRoute {
        layer: Some(event.layer),
        // What happened is of this layer alone.
        from: None,
        ..props.route.in_view(View::Changes)
    };
    let head = props.image.head(event.layer);
    html! {
        <li {class}>
            <button type="button" class="quiet" onclick={props.go.reform(move |_| Navigate::push(to.clone()))}>
                <b>{ format!("{deed} layer {}", event.layer) }</b>
            </button>
            if let Some(head) = head {
                <span class="mono muted">{ format::visible_text(&command(head)) }</span>
            }
            <span class="muted">{ what(event, before, folder) }</span>
            if let Some(old) = old {
                { compare(props, history, old.layer, event.layer) }
            }
        </li>
    }
}

/// Leads to two versions of the path, beside each other.
fn compare(props: &Props, history: &PathHistory, old: u32, new: u32) -> Html {
    let to = ImageRoute {
        path: Some(history.path.clone()),
        from: Some(old),
        layer: Some(new),
        ..props.route.in_view(View::Difference)
    };
    let on_compare = props.go.reform(move |_: MouseEvent| {
        panel::focus();
        Navigate::push(to.clone())
    });
    html! {
        <button type="button" class="quiet compare-versions" onclick={on_compare}>
            { format!("Compare with layer {old}") }
        </button>
    }
}

/// What a layer set; of what was there before and only changed in part, what it changed.
fn what(event: &PathEvent, before: Option<&PathEvent>, folder: bool) -> String {
    let owner = |event: &PathEvent| format!("{}:{}", event.uid, event.gid);
    match (event.mark, before) {
        (Mark::Deleted, _) => "still part of every pull".to_owned(),
        (Mark::MetadataOnly, Some(before)) => {
            let was = Metadata {
                mode: before.mode,
                uid: before.uid,
                gid: before.gid,
            };
            let changes = mark::metadata(was, event.mode, (event.uid, event.gid));
            match folder {
                true => changes,
                false => format!("same content; {changes}"),
            }
        }
        _ if event.kind == EntryKind::File => {
            format!(
                "{}, mode {:o}, owner {}",
                format::size(event.size),
                event.mode,
                owner(event)
            )
        }
        _ => format!(
            "{}, mode {:o}, owner {}",
            format::kind(event.kind),
            event.mode,
            owner(event)
        ),
    }
}

fn costs(history: &PathHistory) -> Html {
    let wasted = history.bytes.causes.total();
    if history.bytes.stored == 0 {
        return Html::default();
    }
    html! {
        <section class="costs">
            <h3>{ "Size" }</h3>
            <Bar class="tall" parts={bar::parts(&history.bytes)} whole={history.bytes.stored} />
            <p class="muted">
                { format!("{} stored in all layers, ", format::size(history.bytes.stored)) }
                if wasted == 0 {
                    { "all used." }
                } else {
                    { format!("{} wasted", format::size(wasted)) }
                    if history.wasted_compressed > 0 {
                        { format!(", {} of each pull", format::size(history.wasted_compressed)) }
                    }
                    { "." }
                }
            </p>
        </section>
    }
}
