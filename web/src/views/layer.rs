//! What is known of the selected layer, while no path is selected.

use yew::prelude::*;

use crate::format;
use crate::parts::bar::{self, Bar};
use crate::parts::mark;
use crate::parts::size::size;
use crate::session::{Image, LayerState};
use crate::views::layers::UNKNOWN;
use crate::worker::protocol;
use crate::worker::protocol::{Layer, LayerFacts, LayerNumbers};

/// What [`LayerDetails`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) image: Image,
    pub(crate) layer: u32,
}

/// Remarks shown; the others are counted.
const REMARKS: usize = 20;

/// The layer in full.
#[component]
pub(crate) fn LayerDetails(props: &Props) -> Html {
    let image = &props.image;
    let Some(index) = props.layer.checked_sub(1).map(|index| index as usize) else {
        return Html::default();
    };
    let Some(head) = image.head(props.layer) else {
        return Html::default();
    };
    let facts = match image.layer(props.layer) {
        Some(LayerState::Decoded(facts)) => Some(facts),
        _ => None,
    };
    html! {
        <>
            <h2>{ format!("Layer {}", props.layer) }</h2>
            { command(head) }
            { sizes(head, facts) }
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
            } else {
                { costs(image.numbers.layers.get(index).copied()) }
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

fn command(head: &Layer) -> Html {
    let command = protocol::command(head);
    if command.is_empty() {
        return html! { <p class="muted">{ "No command is recorded for this layer." }</p> };
    }
    // Commands of several lines (here-documents) keep them.
    let lines: Vec<_> = command.lines().map(format::visible_text).collect();
    html! { <pre class="mono command" tabindex="0" role="region" aria-label="Command">{ lines.join("\n") }</pre> }
}

fn sizes(head: &Layer, facts: Option<&LayerFacts>) -> Html {
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
                <dd>{ size(facts.size) }{ format!(" in {}", entries(facts.entries)) }</dd>
            }
            <dt>{ "Digest" }</dt>
            if let Some(digest) = head.digest.as_ref().map(ToString::to_string) {
                <dd class="mono" title={digest.clone()}>{ format::short_digest(&digest) }</dd>
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
