//! A row of a Dockerfile: an instruction with what its layers cost, leading to them.

use onionskin_core::dockerfile::Line;
use yew::prelude::*;

use crate::counts::number;
use crate::format;
use crate::navigate::{Navigate, follows};
use crate::parts::bar::{self, Bar};
use crate::parts::size::size;
use crate::route::{ImageRoute, Route, View};
use crate::views::ImageProps;
use crate::worker::protocol::LayerNumbers;

/// The first and the last of some layers, from 1.
pub(super) type Layers = (usize, usize);

/// The heads of the columns.
pub(super) fn head() -> Html {
    html! {
        <div class="step head" role="row">
            <span role="columnheader">{ "Layer" }</span>
            <span role="columnheader">{ "Instruction" }</span>
            <span role="columnheader" class="number">{ "Size" }</span>
            <span role="columnheader" class="number">{ "Download" }</span>
            <span role="columnheader" class="number">{ "Wasted" }</span>
            <span role="columnheader" class="bar-head"><span class="off-screen">{ "Share" }</span></span>
        </div>
    }
}

/// Stored bytes of the largest layer, which fills a bar.
pub(super) fn most(props: &ImageProps) -> u64 {
    let layers = props.image.numbers.layers.iter();
    layers.map(|layer| layer.stored).max().unwrap_or(0)
}

/// A row. Where it has no layer, the instruction has its room.
pub(super) fn row(
    props: &ImageProps,
    layers: Option<Layers>,
    class: Option<&'static str>,
    instruction: Html,
    most: u64,
) -> Html {
    let class = classes!("step", class, layers.is_none().then_some("empty"));
    let Some((first, last)) = layers else {
        return html! {
            <div {class} role="row">
                <span role="cell"></span>
                <span role="cell" class="instruction">{ instruction }</span>
                <span role="cell"></span><span role="cell"></span><span role="cell"></span><span role="cell"></span>
            </div>
        };
    };
    let range = first.saturating_sub(1)..last;
    let numbers = props.image.numbers.layers.get(range.clone()).map(sum);
    let heads = props.image.facts.image.layers.get(range);
    let download = heads.and_then(|heads| {
        let sizes = heads.iter().map(|layer| layer.compressed_size);
        sizes.sum::<Option<u64>>()
    });
    let view = match first == last {
        true => View::Changes,
        false => View::Stack,
    };
    let to = ImageRoute {
        layer: Some(number(last)),
        path: None,
        ..props.route.in_view(view)
    };
    let (named, title) = match first == last {
        true => (
            last.to_string(),
            format!("Show the changes of layer {last}"),
        ),
        false => (
            format!("{first}–{last}"),
            format!("Show the files of layers {first} to {last}"),
        ),
    };
    let href = Route::Image(to.clone()).to_fragment();
    let go = props.go.clone();
    let onclick = move |event: MouseEvent| {
        if follows(&event) {
            go.emit(Navigate::push(to.clone()));
        }
    };
    html! {
        <div {class} role="row" data-layer={last.to_string()}>
            <span role="cell" class="where">
                <a {href} {onclick} {title}>
                    <span class="off-screen">{ "layer " }</span>{ named }
                </a>
            </span>
            <span role="cell" class="instruction">{ instruction }</span>
            <span role="cell" class="number">{ numbers.map(|numbers| size(numbers.stored)) }</span>
            <span role="cell" class="number">{ download.map(size) }</span>
            <span role="cell" class="number">{ numbers.map(wasted) }</span>
            <span role="cell" class="bar-cell">
                { numbers.map(|numbers| html! { <Bar parts={bar::parts(&numbers)} whole={most.max(numbers.stored)} /> }) }
            </span>
        </div>
    }
}

/// A row of the build history.
pub(super) fn of_history(props: &ImageProps, line: &Line, most: u64) -> Html {
    let layers = line.layer.map(|layer| (layer, layer));
    row(
        props,
        layers,
        line.of_base.then_some("base"),
        text(&line.text),
        most,
    )
}

fn sum(layers: &[LayerNumbers]) -> LayerNumbers {
    let mut sum = LayerNumbers::default();
    for layer in layers {
        sum.stored += layer.stored;
        sum.causes += layer.causes;
        sum.copies_unknown |= layer.copies_unknown;
    }
    sum
}

fn wasted(numbers: LayerNumbers) -> Html {
    match numbers.causes.total() {
        0 => html! { <span class="muted">{ "–" }</span> },
        bytes => size(bytes),
    }
}

/// The lines, with what could play tricks escaped.
pub(super) fn text(text: &str) -> Html {
    let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
    if text.starts_with('#') {
        return plain(text);
    }
    html! { <code><b>{ format::visible_text(verb) }</b>{ " " }{ lines(rest) }</code> }
}

/// Lines that made nothing.
pub(super) fn plain(text: &str) -> Html {
    html! { <code class="muted">{ lines(text) }</code> }
}

fn lines(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(format::visible_text).collect();
    lines.join("\n")
}
