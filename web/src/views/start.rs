//! The first thing a visitor sees: where to type a reference, and something to look at.

use yew::prelude::*;

use crate::browser;
use crate::format;
use crate::parts::logo::Logo;
use crate::parts::pick::Pick;
use crate::views::cache::CacheSection;
use crate::views::gateway::GatewaySection;
use crate::views::header::ReferenceBox;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::CatalogEntry;

/// What is told of the images that come with Onionskin.
const DEMOS: [(&str, &str, &str); 3] = [
    (
        "demo/webapp:1.0",
        "Web app with waste",
        "Caches deleted in a later layer, a recursive chown, files stored twice: wasted bytes of every cause.",
    ),
    (
        "demo/webapp:1.1",
        "The same, fixed",
        "The next release, built from a corrected Dockerfile. Compare the download size.",
    ),
    (
        "demo/hello",
        "Minimal image",
        "One program in one layer, for two platforms.",
    ),
];

/// What [`Start`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    /// The gateway's own images; none until it told.
    pub(crate) catalog: Option<Vec<CatalogEntry>>,
    pub(crate) recent: Vec<String>,
    pub(crate) worker: Option<WorkerClient>,
    pub(crate) on_open: Callback<String>,
    pub(crate) on_file: Callback<web_sys::File>,
}

/// The start of the page.
#[component]
pub(crate) fn Start(props: &Props) -> Html {
    let recent = use_state_eq(|| props.recent.clone());
    let forget = {
        let recent = recent.clone();
        Callback::from(move |reference: Option<String>| {
            browser::forget(reference.as_deref());
            recent.set(browser::recent());
        })
    };
    let from_gateway = browser::came_from_gateway();
    let cards = cards(props.catalog.as_deref().unwrap_or_default());
    html! {
        <main class="start">
            <Logo />
            <h1>{ "See what is inside a container image" }</h1>
            <p class="lead">{ "Files, layers, configuration and wasted space. Images are read in this browser; nothing is uploaded." }</p>
            <ReferenceBox on_open={props.on_open.clone()} autofocus=true />
            <p class="or-file">
                { "or drop or paste a saved image anywhere on this page, or " }
                <Pick class="quiet" on_file={props.on_file.clone()}>{ "choose a file…" }</Pick>
            </p>
            if !cards.is_empty() {
                <section aria-labelledby="demos">
                    <h2 id="demos">{ "Examples" }</h2>
                    <ul class="cards">
                        for card in cards {
                            <li>
                                <button type="button" class="card" onclick={open(props, &card.reference)}>
                                    <span class="title">{ card.title }</span>
                                    <span class="text">{ card.text }</span>
                                    <span class="mono">{ format::visible_text(&card.reference) }</span>
                                </button>
                            </li>
                        }
                    </ul>
                </section>
            }
            if from_gateway {
                <p class="or-file">
                    <a href="#/repositories">{ "List the repositories on this server" }</a>
                    { ", or type a registry's host and a slash to list its repositories: " }
                    <span class="mono">{ "registry.example.com/" }</span>
                </p>
            } else {
                <GatewaySection />
            }
            if !recent.is_empty() {
                <section aria-labelledby="recent">
                    <h2 id="recent">
                        { "Recently opened in this browser" }
                        <button type="button" class="quiet forget-all" onclick={forget.reform(|_: MouseEvent| None)}>{ "Forget all" }</button>
                    </h2>
                    <ul class="recent">
                        for reference in recent.iter() {
                            <li key={reference.clone()}>
                                <button type="button" class="quiet mono" onclick={open(props, reference)}>
                                    { format::visible_text(reference) }
                                </button>
                                <button
                                    type="button"
                                    class="quiet forget"
                                    aria-label={format!("Forget {}", format::visible_text(reference))}
                                    title="Forget"
                                    onclick={
                                        let reference = reference.clone();
                                        forget.reform(move |_: MouseEvent| Some(reference.clone()))
                                    }
                                >
                                    { "✕" }
                                </button>
                            </li>
                        }
                    </ul>
                </section>
            }
            if let Some(worker) = props.worker.clone() {
                <CacheSection {worker} />
            }
        </main>
    }
}

fn open(props: &Props, reference: &str) -> Callback<MouseEvent> {
    let reference = reference.to_owned();
    props.on_open.reform(move |_| reference.clone())
}

struct Card {
    reference: String,
    title: String,
    text: String,
}

/// The demo images that are there, then what else the gateway was given.
fn cards(catalog: &[CatalogEntry]) -> Vec<Card> {
    let mut found: Vec<Card> = catalog
        .iter()
        .flat_map(|listed| {
            listed
                .tags
                .iter()
                .map(move |tag| format!("{}:{tag}", listed.name))
        })
        .map(|reference| {
            let known = DEMOS
                .iter()
                .find(|(demo, ..)| *demo == reference || format!("{demo}:latest") == reference);
            let (title, text) = match known {
                Some((_, title, text)) => ((*title).to_owned(), (*text).to_owned()),
                None => (
                    reference
                        .rsplit('/')
                        .next()
                        .unwrap_or(&reference)
                        .to_owned(),
                    "Served by this server.".to_owned(),
                ),
            };
            Card {
                reference,
                title: format::visible_text(&title),
                text,
            }
        })
        .collect();
    let rank = |card: &Card| {
        DEMOS
            .iter()
            .position(|(demo, ..)| card.reference.starts_with(demo))
            .unwrap_or(usize::MAX)
    };
    found.sort_by_key(rank);
    found.truncate(12);
    found
}
