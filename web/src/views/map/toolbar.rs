//! Above the map: what is looked for, what areas and colours stand for, and the folders that lead to what is drawn.

use web_sys::HtmlSelectElement;
use yew::prelude::*;

use crate::format;
use crate::navigate::Navigate;
use crate::parts::find::Find;
use crate::route::map::Color;
use crate::views::LayerProps;
use crate::worker::protocol::{MapFacts, Measure};

pub(super) fn toolbar(props: &LayerProps, shown: &MapFacts) -> Html {
    let by = {
        let (go, route) = (props.go.clone(), props.route.clone());
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            let mut route = route.clone();
            route.map.by = Measure::of(&select.value()).unwrap_or_default();
            go.emit(Navigate::replace(route));
        })
    };
    let color = {
        let (go, route) = (props.go.clone(), props.route.clone());
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            let mut route = route.clone();
            route.map.color = Color::of(&select.value()).unwrap_or_default();
            go.emit(Navigate::replace(route));
        })
    };
    let problem = shown.problem.as_ref();
    html! {
        <div class="toolbar">
            <Find
                route={props.route.clone()}
                go={props.go.clone()}
                what="find: text, *.js, size:>10MB"
                queries=true
                problem={problem.map(|problem| AttrValue::from(format::visible_text(problem)))}
            />
            if let Some(matches) = shown.matches.filter(|_| problem.is_none()) {
                <span class="muted" role="status">{ format!("{} found", format::count(u64::from(matches))) }</span>
            }
            <label class="sort">
                <span class="muted">{ "area" }</span>
                <select name="by" onchange={by}>
                    for (measure, name, word) in Measure::NAMED {
                        <option value={name} selected={props.route.map.by == measure}>{ word }</option>
                    }
                </select>
            </label>
            <label class="sort">
                <span class="muted">{ "color" }</span>
                <select name="color" onchange={color}>
                    for (color, name, word) in Color::NAMED {
                        <option value={name} selected={props.route.map.color == color}>{ word }</option>
                    }
                </select>
            </label>
        </div>
    }
}

/// The folders from the root to the one that fills the map.
pub(in crate::views) fn crumbs(shown: &MapFacts, on_zoom: &Callback<Vec<u8>>) -> Html {
    let mut ways: Vec<Vec<u8>> = vec![b"/".to_vec()];
    let slashes = shown
        .zoom
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'/');
    ways.extend(
        slashes
            .skip(1)
            .filter_map(|(at, _)| shown.zoom.get(..at).map(<[u8]>::to_vec)),
    );
    if shown.zoom.len() > 1 {
        ways.push(shown.zoom.clone());
    }
    let last = ways.len() - 1;
    html! {
        <nav class="crumbs map-crumbs mono" aria-label="Folders of the map">
            for (at, way) in ways.into_iter().enumerate() {
                <button
                    type="button"
                    class="quiet"
                    aria-current={(at == last).then_some("location")}
                    onclick={
                        let way = way.clone();
                        on_zoom.reform(move |_: MouseEvent| way.clone())
                    }
                >
                    <bdi>{ if at == 0 { "Filesystem".to_owned() } else { format::visible(format::file_name(&way)) } }</bdi>
                </button>
            }
            <span class="muted">{ format::size(shown.total) }</span>
        </nav>
    }
}
