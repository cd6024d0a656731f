//! Bars of parts beside each other. Their widths are attributes of SVG, which the page's
//! Content-Security-Policy leaves free where it forbids `style`.

use yew::prelude::*;

use crate::worker::protocol::{Cause, LayerNumbers};

/// One part of a bar.
#[derive(Clone, PartialEq)]
pub(crate) struct Part {
    /// Names the colour in the style sheet.
    pub(crate) class: &'static str,
    pub(crate) bytes: u64,
}

/// The class of what overwrote files, or copied them, which is not known.
const STORED_AGAIN: &str = "stored-again";

/// Live bytes, then the wasted ones by cause.
pub(crate) fn parts(numbers: &LayerNumbers) -> Vec<Part> {
    let live = Part {
        class: "live",
        bytes: numbers.live(),
    };
    let wasted = Cause::ALL.iter().map(|cause| {
        let (class, bytes) = match cause {
            Cause::Overwritten if numbers.copies_unknown => (
                STORED_AGAIN,
                numbers.causes.overwritten + numbers.causes.metadata_only,
            ),
            Cause::MetadataOnly if numbers.copies_unknown => (STORED_AGAIN, 0),
            cause => (cause.name(), numbers.causes[*cause]),
        };
        Part { class, bytes }
    });
    std::iter::once(live)
        .chain(wasted)
        .filter(|part| part.bytes > 0)
        .collect()
}

/// What [`Bar`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) parts: Vec<Part>,
    /// What the whole width stands for, in bytes.
    pub(crate) whole: u64,
    /// What it says to those who do not see it; without it, the figures stand beside the bar.
    #[prop_or_default]
    pub(crate) label: Option<AttrValue>,
    #[prop_or_default]
    pub(crate) class: Classes,
}

const WIDTH: f64 = 1000.0;
/// Parts that are there are seen, however small their share.
const LEAST: f64 = 6.0;
const GAP: f64 = 3.0;

/// A bar of parts.
#[component]
pub(crate) fn Bar(props: &Props) -> Html {
    let scale = WIDTH / props.whole.max(1) as f64;
    let mut at = 0.0;
    let drawn: Vec<_> = props
        .parts
        .iter()
        .map(|part| {
            let width = (part.bytes as f64 * scale).max(LEAST);
            let from = at;
            at += width + GAP;
            (part.class, from, width)
        })
        .collect();
    // The least widths may have added up to more than there is.
    let shrink = if at - GAP > WIDTH {
        WIDTH / (at - GAP)
    } else {
        1.0
    };
    html! {
        <svg
            class={classes!("bar", props.class.clone())}
            viewBox="0 0 1000 10"
            preserveAspectRatio="none"
            role={props.label.as_ref().map(|_| "img")}
            aria-label={props.label.clone()}
            aria-hidden={props.label.is_none().then_some("true")}
        >
            for (class, from, width) in drawn {
                <rect
                    class={class}
                    x={format!("{:.1}", from * shrink)}
                    width={format!("{:.1}", width * shrink)}
                    y="0"
                    height="10"
                />
            }
        </svg>
    }
}

/// What [`Progress`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct ProgressProps {
    pub(crate) done: u64,
    /// Unknown where the source does not tell.
    pub(crate) whole: Option<u64>,
    pub(crate) label: AttrValue,
}

/// How far a download is.
#[component]
pub(crate) fn Progress(props: &ProgressProps) -> Html {
    let share = props
        .whole
        .map(|whole| props.done as f64 / whole.max(1) as f64);
    let percent = share.map(|share| format!("{:.0}", (share * 100.0).min(100.0)));
    html! {
        <svg
            class={classes!("bar", "progress", share.is_none().then_some("unknown"))}
            viewBox="0 0 1000 10"
            preserveAspectRatio="none"
            role="progressbar"
            aria-label={props.label.clone()}
            aria-valuemin="0"
            aria-valuemax="100"
            aria-valuenow={percent}
        >
            <rect class="track" x="0" y="0" width="1000" height="10" />
            <rect
                class="done"
                x="0"
                y="0"
                width={format!("{:.1}", (share.unwrap_or(1.0) * WIDTH).min(WIDTH))}
                height="10"
            />
        </svg>
    }
}
