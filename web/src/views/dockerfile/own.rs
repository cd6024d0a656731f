//! The visitor's Dockerfile beside the image: what the layers cost that its lines made.

use onionskin_core::dockerfile::{Layered, Line, Made, Passage};
use web_sys::File;
use yew::platform::spawn_local;
use yew::prelude::*;

use super::step::{head, most, of_history, plain, row, text};
use crate::format;
use crate::own_dockerfile::OwnDockerfile;
use crate::parts::pick::Pick;
use crate::views::ImageProps;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::BesideDockerfile;

/// What [`Own`] shows.
#[derive(PartialEq, Properties)]
pub(super) struct Props {
    pub(super) worker: WorkerClient,
    pub(super) image: ImageProps,
    pub(super) file: OwnDockerfile,
    /// The build history.
    pub(super) history: Vec<Line>,
    pub(super) on_file: Callback<File>,
    pub(super) on_remove: Callback<()>,
}

/// The file, and the layers that none of its lines made.
#[component]
pub(super) fn Own(props: &Props) -> Html {
    let layered = use_state(|| None::<Result<Layered, String>>);
    {
        let layered = layered.clone();
        let key = (
            props.worker.clone(),
            props.file.clone(),
            props.image.image.facts.clone(),
        );
        use_effect_with(key, move |(worker, file, _)| {
            layered.set(None);
            if let Ok(text) = &file.text {
                let answer = worker.ask(BesideDockerfile(text.clone()));
                spawn_local(async move { layered.set(answer.await) });
            }
        });
    }
    let told = match (&props.file.text, layered.as_ref()) {
        (Err(problem), _) => problem_of(problem.clone()),
        (Ok(_), None) => {
            html! { <p class="muted" role="status">{ "Comparing with the build history …" }</p> }
        }
        (Ok(_), Some(Err(problem))) => problem_of(format!("This file {problem}.")),
        (Ok(text), Some(Ok(layered))) => shown(props, text, layered),
    };
    let on_remove = props.on_remove.reform(|_: MouseEvent| ());
    html! {
        <>
            <div class="history-head">
                <p class="muted">
                    <span class="mono">{ format::visible_text(&props.file.name) }</span>
                    { ", with the layers that its lines made. The file is not uploaded." }
                </p>
                <div class="actions">
                    <Pick on_file={props.on_file.clone()}>{ "Another file…" }</Pick>
                    <button type="button" onclick={on_remove}>{ "Show the build history" }</button>
                </div>
            </div>
            { told }
        </>
    }
}

fn problem_of(text: String) -> Html {
    html! { <p class="remark" role="alert">{ format::visible_text(&text) }</p> }
}

fn shown(props: &Props, file: &str, layered: &Layered) -> Html {
    let most = most(&props.image);
    let lines: Vec<&str> = file.lines().collect();
    let missing = |line: &&Line| {
        line.layer
            .is_some_and(|layer| layered.without_line.contains(&layer))
    };
    let missing: Vec<&Line> = props.history.iter().filter(missing).collect();
    let is_of_another = !layered
        .passages
        .iter()
        .any(|passage| matches!(passage.made, Made::Layers(..) | Made::Step));
    html! {
        <>
            if is_of_another {
                <p class="remark" role="status">{ "The build history has none of these lines. Was the image built from another Dockerfile?" }</p>
            }
            <div class="dockerfile own" role="table" aria-label="Your Dockerfile">
                { head() }
                for passage in layered.passages.iter() {
                    { view(props, &lines, passage, most) }
                }
            </div>
            if !missing.is_empty() {
                <h3>{ "Layers without a line" }</h3>
                <div class="dockerfile" role="table" aria-label="Layers without a line">
                    { head() }
                    for line in missing {
                        { of_history(&props.image, line, most) }
                    }
                </div>
            }
        </>
    }
}

fn view(props: &Props, lines: &[&str], passage: &Passage, most: u64) -> Html {
    let own = lines.get(passage.first.saturating_sub(1)..passage.last);
    let own = own.unwrap_or_default().join("\n");
    match passage.made {
        // Lines that only part others.
        Made::Nothing if own.trim().is_empty() => Html::default(),
        Made::Nothing => row(
            &props.image,
            None,
            None,
            plain(own.trim_matches('\n')),
            most,
        ),
        Made::Step => row(&props.image, None, None, text(&own), most),
        Made::Layers(first, last) => row(&props.image, Some((first, last)), None, text(&own), most),
        Made::NotFound => {
            let instruction = html! {
                <>
                    { text(&own) }
                    <span class="not-found">{ "not in the build history" }</span>
                </>
            };
            row(&props.image, None, Some("missing"), instruction, most)
        }
    }
}
