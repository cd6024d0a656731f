//! The build history as a Dockerfile, with what each line costs.

use onionskin_core::base::Base;
use onionskin_core::dockerfile::{self, Line};
use yew::prelude::*;

use crate::format;
use crate::navigate::Navigate;
use crate::parts::bar::{self, Bar};
use crate::parts::copy::Copy;
use crate::parts::size::size;
use crate::route::{ImageRoute, View};
use crate::views::ImageProps;
use crate::worker::listing::number;
use crate::worker::protocol::LayerNumbers;

/// The lines, each leading to its layer.
#[component]
pub(crate) fn Dockerfile(props: &ImageProps) -> Html {
    let image = &props.image.facts.image;
    let base = Base::told(image);
    let lines = dockerfile::lines(&image.config, image.layers.len(), base.as_ref());
    if image.config.history.is_empty() {
        return html! { <p class="muted">{ "The image has no build history." }</p> };
    }
    let file = dockerfile::file(&lines, base.as_ref());
    let layers = props.image.numbers.layers.iter();
    let most = layers.map(|layer| layer.stored).max().unwrap_or(0);
    html! {
        <>
            <div class="history-head">
                <p class="muted">
                    { "Reconstructed from the build history: names of copied files, build stages and comments may be missing." }
                </p>
                <Copy text={file} what="Dockerfile" />
            </div>
            <div class="dockerfile" role="table" aria-label="Dockerfile">
                <div class="step head" role="row">
                    <span role="columnheader">{ "Layer" }</span>
                    <span role="columnheader">{ "Instruction" }</span>
                    <span role="columnheader" class="number">{ "Size" }</span>
                    <span role="columnheader" class="number">{ "Download" }</span>
                    <span role="columnheader" class="number">{ "Wasted" }</span>
                    <span role="columnheader" class="bar-head"><span class="off-screen">{ "Share" }</span></span>
                </div>
                for line in lines.iter() {
                    { view(props, line, most) }
                }
            </div>
        </>
    }
}

fn view(props: &ImageProps, line: &Line, most: u64) -> Html {
    let class = classes!(
        "step",
        line.of_base.then_some("base"),
        line.layer.is_none().then_some("empty")
    );
    let Some(layer) = line.layer else {
        return html! {
            <div {class} role="row">
                <span role="cell"></span>
                <span role="cell" class="instruction">{ text(&line.text) }</span>
                <span role="cell"></span><span role="cell"></span><span role="cell"></span><span role="cell"></span>
            </div>
        };
    };
    let at = layer.checked_sub(1);
    let numbers = at
        .and_then(|at| props.image.numbers.layers.get(at))
        .copied();
    let head = at.and_then(|at| props.image.facts.image.layers.get(at));
    let download = head.and_then(|layer| layer.compressed_size);
    let to = ImageRoute {
        layer: Some(number(layer)),
        path: None,
        ..props.route.in_view(View::Changes)
    };
    let href = crate::route::Route::Image(to.clone()).to_fragment();
    let go = props.go.clone();
    let onclick = move |event: MouseEvent| {
        if event.button() != 0 || event.ctrl_key() || event.meta_key() || event.shift_key() {
            return;
        }
        event.prevent_default();
        go.emit(Navigate::push(to.clone()));
    };
    html! {
        <div {class} role="row" data-layer={layer.to_string()}>
            <span role="cell" class="where">
                <a {href} {onclick} title={format!("Show the changes of layer {layer}")}>
                    <span class="off-screen">{ "layer " }</span>{ layer }
                </a>
            </span>
            <span role="cell" class="instruction">{ text(&line.text) }</span>
            <span role="cell" class="number">{ numbers.map(|numbers| size(numbers.stored)) }</span>
            <span role="cell" class="number">{ download.map(size) }</span>
            <span role="cell" class="number">{ numbers.map(wasted) }</span>
            <span role="cell" class="bar-cell">
                { numbers.map(|numbers| html! { <Bar parts={bar::parts(&numbers)} whole={most} /> }) }
            </span>
        </div>
    }
}

fn wasted(numbers: LayerNumbers) -> Html {
    match numbers.causes.total() {
        0 => html! { <span class="muted">{ "–" }</span> },
        bytes => size(bytes),
    }
}

/// The lines, with what could play tricks escaped.
fn text(text: &str) -> Html {
    let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
    let lines = |text: &str| {
        let lines: Vec<String> = text.split('\n').map(format::visible_text).collect();
        lines.join("\n")
    };
    if text.starts_with('#') {
        return html! { <code class="muted">{ lines(text) }</code> };
    }
    html! { <code><b>{ format::visible_text(verb) }</b>{ " " }{ lines(rest) }</code> }
}
