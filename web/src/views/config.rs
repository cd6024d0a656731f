//! The configuration that a container starts with, and the build history.

use onionskin_core::digest::Digest;
use onionskin_core::manifest::config::Healthcheck;
use yew::prelude::*;

use crate::format;
use crate::navigate::Navigate;
use crate::own_dockerfile::OwnDockerfile;
use crate::parts::panel::use_handed_on;
use crate::route::ImageRoute;
use crate::session::Image;
use crate::views::ImageProps;
use crate::views::dockerfile::Dockerfile;
use crate::views::document::address;
use crate::views::referrers::{self, ReferrersList};
use crate::worker::client::WorkerClient;

/// What [`Config`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) worker: WorkerClient,
    pub(crate) image: Image,
    pub(crate) route: ImageRoute,
    pub(crate) go: Callback<Navigate>,
    /// The visitor's Dockerfile.
    pub(crate) dockerfile: Option<OwnDockerfile>,
    pub(crate) on_dockerfile: Callback<Option<OwnDockerfile>>,
}

/// The configuration.
#[component]
pub(crate) fn Config(props: &Props) -> Html {
    let pane = use_handed_on();
    let facts = &props.image.facts;
    let image = &facts.image;
    let config = &image.config;
    let env = config.env.iter().map(|entry| {
        let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
        (name, value)
    });
    let labels = config.labels.iter();
    let labels = labels.map(|(name, value)| (name.as_str(), value.as_str()));
    html! {
        <div ref={pane} class="pane config" tabindex="0" role="region" aria-label="Configuration">
            { for image.remarks.iter().map(|remark| html! { <p class="remark">{ format::visible_text(remark) }</p> }) }
            <h2>{ "Runtime configuration" }</h2>
            <dl class="facts">
                { command("Entrypoint", config.entrypoint.as_deref()) }
                { command("Command", config.cmd.as_deref()) }
                { fact("User", config.user.as_deref().filter(|user| !user.is_empty()).or(Some("root (not set)"))) }
                { fact("Working directory", config.working_dir.as_deref().filter(|dir| !dir.is_empty()).or(Some("/"))) }
                { list("Exposed ports", &config.exposed_ports) }
                { list("Volumes", &config.volumes) }
                { fact("Health check", config.healthcheck.as_ref().map(healthcheck).as_deref()) }
                { fact("Stop signal", config.stop_signal.as_deref()) }
            </dl>
            { table("Environment", env.collect()) }
            { table("Labels", labels.collect()) }
            <h2>{ "Build history" }</h2>
            <Dockerfile
                worker={props.worker.clone()}
                image={ImageProps {
                    image: props.image.clone(),
                    route: props.route.clone(),
                    go: props.go.clone(),
                }}
                own={props.dockerfile.clone()}
                on_own={props.on_dockerfile.clone()}
            />
            <h2>{ "Image" }</h2>
            <dl class="facts">
                { fact("Digest", Some(&facts.digest())) }
                { fact("Platform", Some(&facts.platform())) }
                { fact("Created", config.created.as_deref()) }
                { fact("Author", config.author.as_deref()) }
            </dl>
            <h2>{ "Documents" }</h2>
            { documents(props) }
            if props.route.file.is_none() {
                <ReferrersList
                    route={props.route.clone()} worker={props.worker.clone()} facts={facts.clone()} />
            } else if facts.analysis.is_none() {
                { referrers::saved(&props.route, facts) }
            }
        </div>
    }
}

/// Links to the documents of the image: those at the top of its file by their names, all others by their digests. A saved
/// analysis has its configuration.
fn documents(props: &Props) -> Html {
    let facts = &props.image.facts;
    let image = &facts.image;
    let has_all = facts.analysis.is_none();
    let kept = |digest: &Option<Digest>| digest.clone().filter(|_| has_all);
    let documents = [
        ("Index", kept(&image.index_digest)),
        ("Manifest", kept(&image.digest)),
        ("Configuration", Some(image.config_digest.clone())),
    ];
    html! {
        <ul class="things documents">
            for name in &facts.top_documents {
                <li>
                    <a href={address(&props.route, name)}>{ name.clone() }</a>
                    <span class="muted end">{ "of the file" }</span>
                </li>
            }
            for (name, digest) in documents.into_iter().filter_map(|(name, digest)| Some((name, digest?))) {
                <li>
                    <a href={address(&props.route, &digest.to_string())}>{ name }</a>
                    <span class="mono muted end" title={digest.to_string()}>{ format::short_digest(&digest.to_string()) }</span>
                </li>
            }
        </ul>
    }
}

fn fact(name: &str, value: Option<&str>) -> Html {
    let Some(value) = value.filter(|value| !value.is_empty()) else {
        return Html::default();
    };
    html! { <><dt>{ name }</dt><dd class="mono">{ format::visible_text(value) }</dd></> }
}

fn command(name: &str, words: Option<&[String]>) -> Html {
    let Some(words) = words.filter(|words| !words.is_empty()) else {
        return Html::default();
    };
    let text: Vec<_> = words.iter().map(|word| quoted(word)).collect();
    fact(name, Some(&text.join(" ")))
}

/// A word as a shell would want it, so that words with spaces are told apart.
fn quoted(word: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "-_./:=@%+,".contains(char);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

fn list(name: &str, values: &[String]) -> Html {
    fact(name, Some(&values.join("  ")))
}

fn table(title: &str, rows: Vec<(&str, &str)>) -> Html {
    if rows.is_empty() {
        return Html::default();
    }
    html! {
        <>
            <h2>{ title }</h2>
            <dl class="facts wide">
                for (name, value) in rows {
                    <dt class="mono">{ format::visible_text(name) }</dt>
                    <dd class="mono">{ format::visible_text(value) }</dd>
                }
            </dl>
        </>
    }
}

/// The command, and how often it runs; the configuration counts in nanoseconds.
fn healthcheck(check: &Healthcheck) -> String {
    let mut text = match check.test.split_first() {
        Some((kind, _)) if kind == "NONE" => "none".to_owned(),
        Some((kind, words)) if kind == "CMD" || kind == "CMD-SHELL" => words.join(" "),
        _ => check.test.join(" "),
    };
    let times = [
        ("every", check.interval),
        ("within", check.timeout),
        ("after", check.start_period),
    ];
    for (word, nanoseconds) in times {
        if let Some(nanoseconds) = nanoseconds.filter(|time| *time > 0) {
            text.push_str(&format!(", {word} {} s", nanoseconds as f64 / 1e9));
        }
    }
    if let Some(retries) = check.retries.filter(|retries| *retries > 0) {
        text.push_str(&format!(", {retries} retries"));
    }
    text
}
