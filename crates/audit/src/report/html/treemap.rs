//! The map as nested boxes: each as large as the bytes in it, folders around what they hold.

use maud::{Markup, html};

use crate::report::Visible;
use crate::report::format::size;
use crate::report::map::{Map, MapBytes};
use crate::report::squarify::{Rect, squarify};
use crate::stack::Cause;

/// The room that boxes are laid out for, in pixels. Where the page is narrower they become so too.
const WIDTH: f64 = 1040.0;
const HEIGHT: f64 = 560.0;
/// Pixels that a folder's name takes, and the edge around what it holds.
const NAME: f64 = 17.0;
const EDGE: f64 = 2.0;
/// A folder smaller than this is told as a whole.
const LEAST: (f64, f64) = (56.0, 44.0);

/// The whole map.
pub(super) fn treemap(map: &Map) -> Markup {
    html! {
        div.map role="img" aria-label="Map of used and wasted bytes by folder; the findings below list the wasted bytes as text" {
            (inside(map, WIDTH, HEIGHT))
        }
    }
}

/// What a folder holds, in a room of this size.
fn inside(map: &Map, width: f64, height: f64) -> Markup {
    let room = Rect {
        x: 0.0,
        y: 0.0,
        width,
        height,
    };
    let sizes: Vec<u64> = map.parts.iter().map(|part| part.bytes.total()).collect();
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    // All that is small together may be more than any of the others.
    order.sort_by_key(|at| std::cmp::Reverse(sizes.get(*at).copied()));
    let sorted: Vec<u64> = order
        .iter()
        .filter_map(|at| sizes.get(*at).copied())
        .collect();
    let rects = squarify(&sorted, room);
    let parts = order.iter().filter_map(|at| map.parts.get(*at));
    html! {
        @for (part, rect) in parts.zip(rects) {
            (boxed(part, map, &rect, &room))
        }
    }
}

fn boxed(part: &Map, folder: &Map, rect: &Rect, room: &Rect) -> Markup {
    let path = part.path.as_deref();
    let title = match path {
        Some(path) => path.to_owned(),
        None => format!("other things in {}", folder.path.as_deref().unwrap_or("/")),
    };
    let title = format!("{}\n{}", Visible(&title), told(&part.bytes));
    let name = path.map_or("…", name);
    let large = rect.width >= LEAST.0 && rect.height >= LEAST.1;
    html! {
        @if large && !part.parts.is_empty() {
            div.folder style=(style(rect, room)) title=(title) {
                b { (Visible(name)) " " span { (size(part.bytes.total())) } }
                div { (inside(part, rect.width - 2.0 * EDGE, rect.height - NAME - EDGE)) }
            }
        } @else {
            div.leaf style=(style(rect, room)) title=(title) {
                (states(&part.bytes, rect))
                @if large { b { (Visible(name)) br; span { (size(part.bytes.total())) } } }
            }
        }
    }
}

/// What is live and what is wasted of a box, as parts of it.
fn states(bytes: &MapBytes, rect: &Rect) -> Markup {
    let wasted = Cause::ALL.map(|cause| (cause.name(), bytes.wasted[cause]));
    let mut states: Vec<(&str, u64)> = wasted.into_iter().filter(|(_, bytes)| *bytes > 0).collect();
    states.push(("live", bytes.live));
    states.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    let sizes: Vec<u64> = states.iter().map(|(_, bytes)| *bytes).collect();
    let room = Rect {
        x: 0.0,
        y: 0.0,
        ..*rect
    };
    let rects = squarify(&sizes, room);
    html! {
        @for ((state, bytes), part) in states.iter().zip(rects) {
            @if *bytes > 0 { i class=(state) style=(style(&part, &room)) {} }
        }
    }
}

/// `used 1.0 MB, deleted 20.0 kB`.
fn told(bytes: &MapBytes) -> String {
    let wasted = Cause::ALL.map(|cause| (cause.name(), bytes.wasted[cause]));
    let all = [("used", bytes.live)].into_iter().chain(wasted);
    let there = all.filter(|(_, bytes)| *bytes > 0);
    let words: Vec<String> = there
        .map(|(name, bytes)| format!("{name} {}", size(bytes)))
        .collect();
    words.join(", ")
}

fn style(rect: &Rect, room: &Rect) -> String {
    let of = |part: f64, whole: f64| {
        if whole > 0.0 {
            part / whole * 100.0
        } else {
            0.0
        }
    };
    format!(
        "left:{:.3}%;top:{:.3}%;width:{:.3}%;height:{:.3}%",
        of(rect.x, room.width),
        of(rect.y, room.height),
        of(rect.width, room.width),
        of(rect.height, room.height)
    )
}

/// The last part of a path.
fn name(path: &str) -> &str {
    path.rsplit('/')
        .next()
        .filter(|name| !name.is_empty())
        .unwrap_or(path)
}
