//! The chart: a bar for what each image stores, of which a part is wasted, a line for its download, and its packages below.
//! Positions are attributes of SVG, which the policy leaves free where it forbids `style`.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{Element, SvgElement};
use yew::prelude::*;

use super::jump;
use super::scale::{Columns, LETTER, Panel, fitting, lines};
use crate::format;
use crate::parts::watch::Watch;
use crate::worker::protocol::{CauseKind, TaggedImage};

/// What [`Chart`] shows.
#[derive(PartialEq, Properties)]
pub(super) struct Props {
    pub(super) images: Rc<Vec<TaggedImage>>,
    /// The place of the selected one.
    pub(super) chosen: usize,
    pub(super) on_choose: Callback<usize>,
    /// The one under the pointer.
    pub(super) on_under: Callback<Option<usize>>,
}

/// The room for what jumps are called, above the bars.
const TOP: f64 = 44.0;
const BYTES: f64 = 190.0;
/// Between both parts: the name of the lower one is there.
const GAP: f64 = 34.0;
const PACKAGES: f64 = 56.0;
/// Below: the names of the columns.
const NAMES: f64 = 24.0;
/// The numbers at the left.
const LEFT: f64 = 68.0;
/// The least width of a column that has a jump's path above it.
const PATHS: f64 = 96.0;
/// The same for how large it is.
const AMOUNTS: f64 = 62.0;

/// A part of a bar that is lower is not drawn.
const SEEN: f64 = 0.75;

/// The identifier of an image in the chart.
fn id(at: usize) -> String {
    format!("history-image-{at}")
}

/// The chart.
#[component]
pub(super) fn Chart(props: &Props) -> Html {
    let frame = use_node_ref();
    // In pixels; none until it is drawn.
    let width = use_state_eq(|| None::<i32>);
    {
        let (frame, width) = (frame.clone(), width.clone());
        use_effect_with((), move |()| {
            let measure = {
                let frame = frame.clone();
                Callback::from(move |()| {
                    if let Some(frame) = frame.cast::<Element>() {
                        width.set(Some(frame.client_width()));
                    }
                })
            };
            measure.emit(());
            let watch = Watch::of(&frame, Callback::noop(), measure);
            move || drop(watch)
        });
    }
    html! {
        <div class="history-frame" ref={frame}>
            if let Some(width) = *width {
                { draw(props, f64::from(width)) }
            }
        </div>
    }
}

fn draw(props: &Props, width: f64) -> Html {
    let images = &props.images;
    let columns = Columns::of(width, LEFT, images.len());
    let most = |of: fn(&TaggedImage) -> u64| images.iter().map(of).max().unwrap_or(0);
    let marks = lines(most(|image| {
        image.stored.max(image.compressed_size.unwrap_or(0))
    }));
    let counts = lines(most(|image| image.packages));
    let bytes = Panel {
        top: TOP,
        height: BYTES,
        most: marks.last().copied().unwrap_or(1),
    };
    let packages = Panel {
        top: bytes.bottom() + GAP,
        height: PACKAGES,
        most: counts.last().copied().unwrap_or(1),
    };
    let height = packages.bottom() + NAMES;
    let end = columns.end().max(width);
    let keys = {
        let (count, chosen, choose) = (images.len(), props.chosen, props.on_choose.clone());
        Callback::from(move |event: KeyboardEvent| {
            let last = count.saturating_sub(1);
            let to = match event.key().as_str() {
                "ArrowLeft" | "ArrowUp" => chosen.saturating_sub(1),
                "ArrowRight" | "ArrowDown" => (chosen + 1).min(last),
                "Home" => 0,
                "End" => last,
                _ => return,
            };
            event.prevent_default();
            choose.emit(to);
            focus(to);
        })
    };
    html! {
        <svg
            class="history-chart"
            width={end.to_string()}
            height={height.to_string()}
            viewBox={format!("0 0 {end} {height}")}
            role="radiogroup"
            aria-label="Images, oldest first: size, download, waste and packages"
            onkeydown={keys}
            onmouseleave={props.on_under.reform(|_| None)}
        >
            <defs>
                <pattern id="history-wasted" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                    <rect class="wasted-ground" width="6" height="6" />
                    <rect class="wasted-stripe" width="3" height="6" />
                </pattern>
            </defs>
            { grid(&bytes, &marks, format::size, end) }
            { grid(&packages, &counts, format::count, end) }
            <text class="panel-name" x={(LEFT + 4.0).to_string()} y={(packages.top - 10.0).to_string()} aria-hidden="true">{ "Packages" }</text>
            for at in 0..images.len() {
                { column(props, at, &columns, (bytes, packages), height) }
            }
            { downloads(images, &columns, &bytes) }
            <g class="jumps" aria-hidden="true">
                for at in 1..images.len() {
                    { jump_of(images, at, &columns, &bytes) }
                }
            </g>
        </svg>
    }
}

/// Puts the keyboard on an image.
fn focus(at: usize) {
    let element = gloo::utils::document().get_element_by_id(&id(at));
    if let Some(element) = element.and_then(|element| element.dyn_into::<SvgElement>().ok()) {
        // Where it cannot go, the focus stays where it is.
        let _ = element.focus();
    }
}

/// Lines with their numbers.
fn grid(panel: &Panel, marks: &[u64], told: fn(u64) -> String, end: f64) -> Html {
    html! {
        <g class="grid" aria-hidden="true">
            for mark in marks.iter() {
                {
                    {
                        let y = panel.y(*mark).round() + 0.5;
                        html! {
                            <>
                                <line x1={LEFT.to_string()} x2={end.to_string()} y1={y.to_string()} y2={y.to_string()} />
                                <text x={(LEFT - 8.0).to_string()} y={(y + 4.0).to_string()} text-anchor="end">{ told(*mark) }</text>
                            </>
                        }
                    }
                }
            }
        </g>
    }
}

/// An image.
fn column(
    props: &Props,
    at: usize,
    columns: &Columns,
    (bytes, packages): (Panel, Panel),
    height: f64,
) -> Html {
    let Some(image) = props.images.get(at) else {
        return Html::default();
    };
    let before = at.checked_sub(1).and_then(|at| props.images.get(at));
    let is_chosen = at == props.chosen;
    let (start, middle, bar) = (columns.start(at), columns.middle(at), columns.bar());
    let x = middle - bar / 2.0;
    let block = |class: &'static str, y: f64, length: f64| {
        html! {
            if length >= SEEN {
                <rect {class} x={x.to_string()} y={y.to_string()} width={bar.to_string()} height={length.to_string()} />
            }
        }
    };
    let live = bytes.length(image.live);
    let wasted = bytes.length(image.wasted);
    // What is beside it is seen as another part.
    let apart = if wasted > 3.0 && live > 3.0 { 1.0 } else { 0.0 };
    html! {
        <g
            key={at}
            id={id(at)}
            class={classes!("column", is_chosen.then_some("chosen"))}
            role="radio"
            aria-checked={is_chosen.to_string()}
            aria-label={jump::told(image, before)}
            tabindex={if is_chosen { "0" } else { "-1" }}
            data-tag={image.tags.first().map(|tag| format::visible_text(tag))}
            onclick={props.on_choose.reform(move |_| at)}
            onmouseenter={props.on_under.reform(move |_| Some(at))}
        >
            <rect class="ground" x={start.to_string()} y="1" width={columns.width.to_string()} height={(height - 2.0).to_string()} rx="6" />
            { block("live", bytes.bottom() - live, live) }
            { block("wasted", bytes.bottom() - live - wasted, wasted - apart) }
            { block("packages", packages.y(image.packages), packages.length(image.packages)) }
            if columns.is_named(at) {
                { name_of(image, at, columns, height) }
            }
        </g>
    }
}

/// The tag below a column; that of the last one ends where the chart does.
fn name_of(image: &TaggedImage, at: usize, columns: &Columns, height: f64) -> Html {
    let name = fitting(&jump::tag(image), columns.characters());
    let wide = name.chars().count() as f64 * LETTER > columns.width;
    let (x, anchor) = match wide && columns.start(at) + columns.width >= columns.end() - 1.0 {
        true => (columns.end(), "end"),
        false => (columns.middle(at), "middle"),
    };
    html! {
        <text class="name" x={x.to_string()} y={(height - 7.0).to_string()} text-anchor={anchor} aria-hidden="true">{ name }</text>
    }
}

/// What is above a bar that is much larger or smaller than the one before.
fn jump_of(images: &[TaggedImage], at: usize, columns: &Columns, bytes: &Panel) -> Html {
    let before = at.checked_sub(1).and_then(|at| images.get(at));
    let both = before.zip(images.get(at));
    let Some((before, image)) = both.filter(|(before, image)| jump::is_one(before, image)) else {
        return Html::default();
    };
    let (class, arrow) = match image.stored < before.stored {
        true => ("shrunk", "▼"),
        false => ("grown", "▲"),
    };
    let amount = match columns.width >= AMOUNTS {
        true => format!("{arrow} {}", format::change(before.stored, image.stored)),
        false => arrow.to_owned(),
    };
    let cause = image.cause.as_ref().filter(|_| columns.width >= PATHS);
    let path = cause.map(|cause| {
        let word = match cause.kind {
            CauseKind::Wasted => "wasted ",
            _ => "",
        };
        let room = columns.characters().saturating_sub(word.len());
        let path = fitting(&format::visible_text(&cause.path), room);
        format!("{word}{path}")
    });
    let x = columns.middle(at).to_string();
    let top = bytes.y(image.stored.max(image.compressed_size.unwrap_or(0)));
    let lift = if path.is_some() { 24.0 } else { 10.0 };
    html! {
        <g {class}>
            <text class="amount" x={x.clone()} y={(top - lift).to_string()} text-anchor="middle">{ amount }</text>
            if let Some(path) = path {
                <text class="path" {x} y={(top - 10.0).to_string()} text-anchor="middle">{ path }</text>
            }
        </g>
    }
}

/// The line of the downloads, with gaps where one is not known.
fn downloads(images: &[TaggedImage], columns: &Columns, bytes: &Panel) -> Html {
    let places: Vec<Option<(f64, f64)>> = (images.iter().enumerate())
        .map(|(at, image)| Some((columns.middle(at), bytes.y(image.compressed_size?))))
        .collect();
    let runs = places.split(Option::is_none).filter(|run| run.len() > 1);
    let lines: Vec<String> = runs
        .map(|run| {
            let places = run.iter().flatten();
            places
                .map(|(x, y)| format!("{x:.1},{y:.1}"))
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    html! {
        <g class="download" aria-hidden="true">
            for points in lines {
                <polyline {points} />
            }
            for (x, y) in places.into_iter().flatten() {
                <circle cx={x.to_string()} cy={y.to_string()} r="4" />
            }
        </g>
    }
}

/// What the colours mean.
pub(super) fn legend() -> Html {
    html! {
        <ul class="legend history-legend" aria-label="Colors">
            <li><span class="swatch of-live" aria-hidden="true"></span>{ "used" }</li>
            <li><span class="swatch of-wasted" aria-hidden="true"></span>{ "wasted" }</li>
            <li><span class="swatch of-download" aria-hidden="true"></span>{ "download" }</li>
            <li class="muted">{ "a bar is what an image stores; ▲ ▼ a large change" }</li>
        </ul>
    }
}
