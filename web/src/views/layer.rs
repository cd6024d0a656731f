//! What is known of the selected layer, while no path is selected.

use yew::platform::spawn_local;
use yew::prelude::*;

use crate::format;
use crate::navigate::Navigate;
use crate::parts::bar::{self, Bar};
use crate::parts::copy::Copy;
use crate::parts::mark;
use crate::parts::size::{UNKNOWN, UNREAD, size};
use crate::route::{ImageRoute, View};
use crate::session::{Again, Image, LayerState, TableRemark};
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{
    self, DecodedLayer, LargestFiles, LargestOf, Layer, LayerNumbers, SizedPath,
};

/// What [`LayerDetails`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) worker: WorkerClient,
    pub(crate) image: Image,
    pub(crate) route: ImageRoute,
    pub(crate) layer: u32,
    pub(crate) go: Callback<Navigate>,
    pub(crate) on_again: Callback<Again>,
}

/// Remarks shown; the others are counted.
const REMARKS: usize = 20;

/// The layer in full.
#[component]
pub(crate) fn LayerDetails(props: &Props) -> Html {
    let largest = use_largest(props);
    let image = &props.image;
    let Some(index) = props.layer.checked_sub(1).map(|index| index as usize) else {
        return Html::default();
    };
    let Some(head) = image.head(props.layer) else {
        return Html::default();
    };
    let facts = match image.layer(props.layer) {
        Some(LayerState::Decoded(facts) | LayerState::Listed(facts)) => Some(facts),
        _ => None,
    };
    html! {
        <>
            <h2>
                { format!("Layer {}", props.layer) }
                if image.base_layers().is_some_and(|base| props.layer <= base) {
                    <span class="beside">{ "from the base image" }</span>
                }
            </h2>
            { command(head) }
            { sizes(head, facts) }
            { of_table(props, head) }
            if let Some(LayerState::NotFetched(reason)) = image.layer(props.layer) {
                <section class="costs">
                    <h3>{ "Not available" }</h3>
                    <p class="muted">{ format::capital(&reason.to_string()) }{ "." }</p>
                    if let Some(url) = head.urls.first() {
                        <p class="muted">
                            { "The manifest names " }{ format::visible_text(url) }{ ", which is not contacted." }
                        </p>
                    }
                </section>
            } else if largest.is_some() {
                // What a layer wastes is known when those above it are read.
                { costs(image.numbers.layers.get(index).copied()) }
            }
            if let Some(largest) = largest.as_ref() {
                { files(props, "Largest files", &largest.stored, largest.stored.len() as u64) }
                if largest.hidden_files > 0 {
                    { files(
                        props,
                        &format!("Hides {} of lower layers", format::size(largest.hidden_bytes)),
                        &largest.hidden,
                        largest.hidden_files,
                    ) }
                }
            }
            if let Some(facts) = facts.filter(|facts| !facts.remarks.is_empty()) {
                <section class="costs">
                    <h3>{ "Warnings" }</h3>
                    <ul class="remarks-list">
                        for remark in facts.remarks.iter().take(REMARKS) {
                            <li><span class="mono">{ format::visible(&remark.path) }</span>{ format!(": {}", remark.kind) }</li>
                        }
                    </ul>
                    if facts.remarks.len() > REMARKS {
                        <p class="muted">{ format!("and {} more", facts.remarks.len() - REMARKS) }</p>
                    }
                </section>
            }
        </>
    }
}

/// That the layer is listed and not read, or what its table of contents is not.
fn of_table(props: &Props, head: &Layer) -> Html {
    let layer = props.layer;
    match (props.image.layer(layer), props.image.tables.get(&layer)) {
        (Some(LayerState::Listed(_)), _) => {
            let read = props
                .on_again
                .reform(move |_: MouseEvent| Again::Read(Some(layer)));
            let bytes = head.compressed_size.unwrap_or(0);
            html! {
                <section class="costs from-table">
                    <h3>{ "From the table of contents" }</h3>
                    <p class="muted">
                        { "The layer is not read. Its files are listed from the table of contents in its blob, which has the digest that the image names." }
                    </p>
                    <p class="muted">{ "Not known before it is read: what files cost of the download, packages, secrets, and which files are copies." }</p>
                    // While others are read, or after that was stopped, that goes on first.
                    if props.image.finished && !props.image.stopped {
                        <button type="button" class="read-layer" onclick={read}>
                            { format!("Read this layer ({})", format::size(bytes)) }
                        </button>
                    }
                </section>
            }
        }
        (_, Some(TableRemark::Unusable(reason))) => html! {
            <section class="costs from-table">
                <h3>{ "Table of contents" }</h3>
                <p class="muted">
                    { format!("It was not used: {}. The layer is read as a whole.", format::visible_text(reason)) }
                </p>
            </section>
        },
        (_, Some(TableRemark::Differs(differences))) => html! {
            <section class="costs from-table">
                <h3>{ "Differs from its table of contents" }</h3>
                <p class="muted">{ "Runtimes that use the table see other files." }</p>
                <ul class="remarks-list">
                    for one in differences.told.iter() {
                        <li><span class="mono">{ format::visible(&one.path) }</span>{ " " }{ one.what.to_string() }</li>
                    }
                </ul>
                if differences.all > differences.told.len() as u64 {
                    <p class="muted">{ format!("and {} more", format::count(differences.all - differences.told.len() as u64)) }</p>
                }
            </section>
        },
        _ => Html::default(),
    }
}

/// The largest files of the layer, once all layers are read: what is shown with them then comes at once, and nothing moves.
#[hook]
fn use_largest(props: &Props) -> Option<LargestFiles> {
    let largest = use_state_eq(|| None);
    {
        let largest = largest.clone();
        let key = (props.worker.clone(), props.layer, props.image.finished);
        use_effect_with(key, move |(worker, layer, finished)| {
            if *finished {
                let answer = worker.ask(LargestOf { layer: *layer });
                spawn_local(async move { largest.set(Some(answer.await.unwrap_or_default())) });
            } else {
                largest.set(None);
            }
        });
    }
    (*largest).clone()
}

/// Files that lead to where they are among the changes of the layer.
fn files(props: &Props, title: &str, files: &[SizedPath], all: u64) -> Html {
    if files.is_empty() {
        return Html::default();
    }
    let more = all.saturating_sub(files.len() as u64);
    html! {
        <section class="costs">
            <h3>{ title }</h3>
            <ul class="sized-files">
                for file in files.iter() {
                    <li>{ sized_file(props, file) }</li>
                }
            </ul>
            if more > 0 {
                <p class="muted">{ format!("and {} more", format::counted(more, "file")) }</p>
            }
        </section>
    }
}

fn sized_file(props: &Props, file: &SizedPath) -> Html {
    let to = ImageRoute {
        layer: Some(props.layer),
        path: Some(file.path.clone()),
        ..props.route.in_view(View::Changes)
    };
    let path = format::visible(&file.path);
    html! {
        <button
            type="button"
            class={classes!("quiet", file.wasted.then_some("gone"))}
            title={path.clone()}
            onclick={props.go.reform(move |_| Navigate::push(to.clone()))}
        >
            <span class="mono">{ path }</span>{ size(file.bytes) }
        </button>
    }
}

fn command(head: &Layer) -> Html {
    let command = protocol::command(head);
    if command.is_empty() {
        return html! { <p class="muted">{ "No command is recorded for this layer." }</p> };
    }
    // Commands of several lines (here-documents) keep them.
    let lines: Vec<_> = command.lines().map(format::visible_text).collect();
    html! { <pre class="mono command" tabindex="0" role="region" aria-label="Command">{ lines.join("\n") }</pre> }
}

fn sizes(head: &Layer, facts: Option<&DecodedLayer>) -> Html {
    html! {
        <dl class="facts">
            <dt>{ "Download" }</dt>
            if let Some(compressed) = head.compressed_size {
                <dd>{ size(compressed) }</dd>
            } else {
                <dd class="muted" title={UNKNOWN}>{ "not known" }</dd>
            }
            if let Some(facts) = facts {
                <dt>{ "Unpacked" }</dt>
                <dd>
                    if let Some(bytes) = facts.size {
                        { size(bytes) }
                    } else {
                        <span class="unknown" title={UNREAD}>{ "–" }</span>
                    }
                    { format!(" in {}", entries(facts.entries)) }
                </dd>
            }
            <dt>{ "Digest" }</dt>
            if let Some(digest) = head.digest.as_ref().map(ToString::to_string) {
                <dd class="mono" title={digest.clone()}>
                    { format::short_digest(&digest) }{ " " }<Copy text={digest.clone()} what="digest" />
                </dd>
            } else {
                <dd class="muted">{ "not known" }</dd>
            }
            if let Some(media_type) = &head.media_type {
                <dt>{ "Type" }</dt>
                <dd class="mono">{ format::visible_text(media_type) }</dd>
            }
        </dl>
    }
}

fn entries(count: u64) -> String {
    if count == 1 {
        "1 entry".to_owned()
    } else {
        format!("{} entries", format::count(count))
    }
}

fn costs(numbers: Option<LayerNumbers>) -> Html {
    let Some(numbers) = numbers.filter(|numbers| numbers.stored > 0) else {
        return Html::default();
    };
    html! {
        <section class="costs">
            <h3>{ "Contents" }</h3>
            <Bar class="tall" parts={bar::parts(&numbers)} whole={numbers.stored} />
            <dl class="facts shares">
                for part in bar::parts(&numbers) {
                    <dt><span class={classes!("dot", part.class)} aria-hidden="true"></span>{ mark::word(part.class) }</dt>
                    <dd>{ size(part.bytes) }{ format!(", {}", format::share(part.bytes, numbers.stored)) }</dd>
                }
            </dl>
        </section>
    }
}
