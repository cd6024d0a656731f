//! The build histories of two images as Dockerfiles: the lines that differ, and a few around them.

use std::rc::Rc;

use yew::prelude::*;

use super::path::image_of;
use crate::format;
use crate::route::comparison::CompareRoute;
use crate::route::{ImageRoute, Route, View};
use crate::worker::protocol::{ComparisonFacts, HistoryLine, LineState};

/// Lines drawn at a time.
const DRAWN: usize = 500;

/// What [`HistoryList`] shows.
#[derive(PartialEq, Properties)]
pub(super) struct Props {
    pub(super) facts: Rc<ComparisonFacts>,
    pub(super) route: CompareRoute,
}

/// The lines, each leading to its layer.
#[component]
pub(super) fn HistoryList(props: &Props) -> Html {
    let room = use_state_eq(|| DRAWN);
    let changes = &props.facts.history;
    if changes.is_empty() {
        return html! { <div class="nothing"><p role="status">{ "The build history is the same." }</p></div> };
    }
    let more = {
        let room = room.clone();
        Callback::from(move |_: MouseEvent| room.set(*room + DRAWN))
    };
    let all: usize = changes.iter().map(|change| change.lines.len()).sum();
    let mut left = *room;
    let places = changes.iter().map_while(|change| {
        let lines = change.lines.get(..left.min(change.lines.len()))?;
        left -= lines.len();
        (!lines.is_empty()).then_some((change, lines))
    });
    html! {
        <div class="pane" tabindex="0" role="region" aria-label="Build history">
            <p class="muted">
                { "Dockerfiles reconstructed from the build histories: names of copied files, build stages and comments may be missing." }
            </p>
            for (change, lines) in places {
                <section class="config-field">
                    <h2>{ format!("Line {}, was line {}", change.new_line, change.old_line) }</h2>
                    <ul class="diff history-lines">
                        for one in lines.iter() {
                            { line(props, one) }
                        }
                    </ul>
                </section>
            }
            if all > *room {
                <button type="button" onclick={more}>{ "Show more" }</button>
            }
        </div>
    }
}

fn line(props: &Props, line: &HistoryLine) -> Html {
    let sides = &props.route.sides;
    let (class, word, side) = match line.change {
        LineState::Unchanged => (None, "", &sides.new),
        LineState::Removed => (Some("gone"), "removed ", &sides.old),
        LineState::Added => (Some("came"), "added ", &sides.new),
    };
    let layer = line.layer.and_then(|layer| u32::try_from(layer).ok());
    let place = layer.map(|layer| {
        let place = ImageRoute {
            layer: Some(layer),
            view: View::Changes,
            ..image_of(side)
        };
        (layer, Route::Image(place).to_fragment())
    });
    html! {
        <li {class}>
            <span class="off-screen">{ word }</span>
            <span aria-hidden="true">{ line.change.sign() }</span>
            <code>{ format::visible_text(&line.text) }</code>
            if let Some((layer, place)) = place {
                <a href={place}>{ format!("layer {layer}") }</a>
            }
        </li>
    }
}
