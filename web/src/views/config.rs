//! The configuration that a container starts with, and the build history.

use std::rc::Rc;

use onionskin_core::inspection::{self, HistoryStep};
use onionskin_core::manifest::config::Healthcheck;
use onionskin_core::manifest::history;
use yew::prelude::*;

use crate::format;
use crate::navigate::Navigate;
use crate::route::{ImageRoute, View};
use crate::views::referrers::ReferrersList;
use crate::worker::client::WorkerClient;
use crate::worker::listing::number;
use crate::worker::protocol::ImageFacts;

/// What [`Config`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) engine: WorkerClient,
    pub(crate) facts: Rc<ImageFacts>,
    pub(crate) route: ImageRoute,
    pub(crate) go: Callback<Navigate>,
}

/// Comments that builders leave on every step.
const NOISE: [&str; 2] = ["", "buildkit.dockerfile.v0"];

/// The configuration.
#[component]
pub(crate) fn Config(props: &Props) -> Html {
    let image = &props.facts.image;
    let config = &image.config;
    let env = config.env.iter().map(|entry| {
        let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
        (name, value)
    });
    let labels = config.labels.iter();
    let labels = labels.map(|(name, value)| (name.as_str(), value.as_str()));
    html! {
        <div class="pane config" tabindex="0" role="region" aria-label="Configuration">
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
            { build_history(props) }
            <h2>{ "Image" }</h2>
            <dl class="facts">
                { fact("Digest", Some(&props.facts.digest())) }
                { fact("Platform", Some(&props.facts.platform())) }
                { fact("Created", config.created.as_deref()) }
                { fact("Author", config.author.as_deref()) }
            </dl>
            if props.route.file.is_none() {
                <ReferrersList engine={props.engine.clone()} facts={props.facts.clone()} />
            }
        </div>
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

fn build_history(props: &Props) -> Html {
    let image = &props.facts.image;
    let steps = inspection::steps(&image.config, image.layers.len());
    if steps.is_empty() {
        return html! { <p class="muted">{ "The image has no build history." }</p> };
    }
    html! {
        <ol class="history">
            for step in steps.iter() {
                <li>{ view_step(props, step) }</li>
            }
        </ol>
    }
}

fn view_step(props: &Props, step: &HistoryStep) -> Html {
    let created_by = step.created_by.as_deref().unwrap_or_default();
    let command = history::clean(created_by);
    let text = html! {
        <>
            <span class="command" title={format::visible_text(created_by)}>
                if command.is_empty() {
                    <span class="muted">{ "no command recorded" }</span>
                } else {
                    { format::visible_text(&command) }
                }
            </span>
            if let Some(comment) = step.comment.as_deref().filter(|comment| !NOISE.contains(comment)) {
                <span class="comment">{ format::visible_text(comment) }</span>
            }
        </>
    };
    let Some(layer) = step.layer.map(number) else {
        return html! { <div class="step empty"><span class="where">{ "no layer" }</span>{ text }</div> };
    };
    let to = ImageRoute {
        layer: Some(layer),
        view: View::Changes,
        path: None,
        ..props.route.clone()
    };
    html! {
        <button
            type="button"
            class="step"
            title={format!("Show the changes of layer {layer}")}
            onclick={props.go.reform(move |_| Navigate::push(to.clone()))}
        >
            <span class="where">{ format!("layer {layer}") }</span>
            { text }
        </button>
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
