//! Above the map: what is looked for and shown, what areas and colours stand for, the layout, and the folders that lead to
//! what is drawn.

use web_sys::HtmlSelectElement;
use yew::prelude::*;

use crate::format;
use crate::navigate::Navigate;
use crate::parts::chips::Chips;
use crate::parts::find::Find;
use crate::parts::range::range;
use crate::route::map::Color;
use crate::views::LayerProps;
use crate::worker::protocol::{MapFacts, MapLayout, Measure};

/// The toolbar of a map; `whole` says that it is of all layers.
pub(super) fn toolbar(props: &LayerProps, shown: &MapFacts, whole: bool) -> Html {
    let LayerProps { route, go, .. } = props;
    let problem = shown.problem.as_ref();
    html! {
        <div class="toolbar">
            <Find
                route={route.clone()}
                go={go.clone()}
                what="find: text, *.js, size:>10MB"
                queries=true
                problem={problem.map(|problem| AttrValue::from(format::visible_text(problem)))}
            />
            if let Some(matches) = shown.matches.filter(|_| problem.is_none()) {
                <span class="muted" role="status">{ format!("{} found", format::count(u64::from(matches))) }</span>
            }
            { range(route, props.layer, go) }
            { area(props) }
            { color(props) }
            { layout(props) }
            <Chips
                route={route.clone()}
                go={go.clone()}
                counts={whole.then_some(shown.kinds)}
                copies_unknown={shown.copies_unknown}
            />
        </div>
    }
}

/// The choice of what the rectangles are as large as.
fn area(props: &LayerProps) -> Html {
    let chosen = {
        let route = props.route.clone();
        props.go.reform(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            let mut route = route.clone();
            route.map.by = Measure::of(&select.value()).unwrap_or_default();
            Navigate::replace(route)
        })
    };
    html! {
        <label class="sort">
            <span class="muted">{ "area" }</span>
            <select name="by" onchange={chosen}>
                for (measure, name, word) in Measure::NAMED {
                    <option value={name} selected={props.route.map.by == measure}>{ word }</option>
                }
            </select>
        </label>
    }
}

/// The choice of what the colours mean.
fn color(props: &LayerProps) -> Html {
    let chosen = {
        let route = props.route.clone();
        props.go.reform(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            let mut route = route.clone();
            route.map.color = Color::of(&select.value()).unwrap_or_default();
            Navigate::replace(route)
        })
    };
    html! {
        <label class="sort">
            <span class="muted">{ "color" }</span>
            <select name="color" onchange={chosen}>
                for (color, name, word) in Color::NAMED {
                    <option value={name} selected={props.route.map.color == color}>{ word }</option>
                }
            </select>
        </label>
    }
}

/// The switch between the layouts.
fn layout(props: &LayerProps) -> Html {
    let choice = |layout: MapLayout, word: &'static str| {
        let mut to = props.route.clone();
        to.map.layout = layout;
        html! {
            <button
                type="button"
                aria-pressed={(props.route.map.layout == layout).to_string()}
                onclick={props.go.reform(move |_| Navigate::replace(to.clone()))}
            >
                { word }
            </button>
        }
    };
    html! {
        <div class="switch map-layout" role="group" aria-label="Layout of the map">
            for (layout, _, word) in MapLayout::NAMED {
                { choice(layout, word) }
            }
        </div>
    }
}

/// The folders from the root, which is called so, to the one that fills the map.
pub(in crate::views) fn crumbs(
    root: &'static str,
    shown: &MapFacts,
    on_zoom: &Callback<Vec<u8>>,
) -> Html {
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
                    <bdi>{ if at == 0 { root.to_owned() } else { format::visible(format::file_name(&way)) } }</bdi>
                </button>
            }
            <span class="muted">{ format::size(shown.total) }</span>
        </nav>
    }
}
