//! The map of a comparison: what grew, shrank, came and went, between the map of the old image and that of the new one.

use std::rc::Rc;

use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::platform::spawn_local;
use yew::prelude::*;

use super::files::{Props, no_difference, nothing, toolbar};
use super::path::PathDetails;
use crate::format;
use crate::navigate::Navigate;
use crate::parts::tree::compared::difference;
use crate::route::comparison::CompareRoute;
use crate::route::map::Color;
use crate::views::map::{Canvas, Under, called, crumbs, holder, swatch, use_under};
use crate::worker::protocol::{
    ComparedMap, ComparedMapOf, Growth, Kinds, MapFacts, MapPart, Shade, Showing,
};

/// Rows of the table that stands for the map.
const ROWS: usize = 100;

/// The map with its slider.
#[component]
pub(super) fn CompareMap(props: &Props) -> Html {
    let Props { route, go, .. } = props;
    let legend = use_node_ref();
    // In pixels; none until it is drawn.
    let size = use_state_eq(|| None::<(i32, i32)>);
    let under = use_under();
    let map = use_map(props, *size, &under);
    let slide = use_slide(route.map.slide);
    let facts = use_memo((map.clone(), *slide), |(map, slide)| {
        map.as_ref()
            .map(|map| map.between(f32::from(*slide) / 100.0))
    });
    let facts = (*facts).clone().map(Rc::new);
    let map = map.as_deref();
    let on_zoom = {
        let route = route.clone();
        go.reform(move |zoom: Vec<u8>| {
            Navigate::push(route.with_map(|map| {
                map.zoom = if zoom == b"/" { Vec::new() } else { zoom };
            }))
        })
    };
    let on_select = {
        let route = route.clone();
        go.reform(move |path: Vec<u8>| {
            Navigate::replace(CompareRoute {
                path: Some(path),
                ..route.clone()
            })
        })
    };
    let on_size = {
        let size = size.clone();
        Callback::from(move |room| size.set(Some(room)))
    };
    let on_slide = {
        let slide = slide.clone();
        Callback::from(move |at| slide.set(at))
    };
    if props.facts.differing() == 0 {
        return no_difference();
    }
    let shown = facts.clone().unwrap_or_default();
    let on_under = {
        let (under, shown) = (under.clone(), shown.clone());
        Callback::from(move |at| under.set(at, &shown.parts))
    };
    let columns = classes!(
        "compare-columns",
        route.path.is_some().then_some("with-details")
    );
    let told = under.at().and_then(|at| shown.parts.get(at));
    html! {
        <div class={columns}>
            <div class="map-view">
                { toolbar(&props.facts, route, go, map.map(|map| &map.shown), area(props)) }
                { crumbs("Filesystem", &shown, &on_zoom) }
                if let Some(map) = map {
                    { slider(props, map, *slide, &on_slide) }
                }
                <Canvas
                    {facts}
                    color={Color::default()}
                    legend={legend.clone()}
                    selected={route.path.clone()}
                    under={under.at()}
                    label="Map of what differs; arrow keys move, Enter opens, Minus goes up"
                    told_by="map-told"
                    {on_size}
                    {on_under}
                    {on_zoom}
                    {on_select}
                >
                    { empty(props, map) }
                </Canvas>
                <div class="foot map-foot">
                    <span id="map-told" role="status">{ tell(route, map, &shown, told) }</span>
                    <ul class="legend map-legend" ref={legend} aria-label="Colors">
                        for growth in Growth::ALL {
                            if growth != Growth::Same || route.map.all {
                                { named(growth) }
                            }
                        }
                    </ul>
                </div>
                { table(map) }
            </div>
            if let Some(path) = route.path.clone() {
                <PathDetails worker={props.worker.clone()} route={route.clone()} {path} go={go.clone()} />
            }
        </div>
    }
}

/// The map of what the address says, for a room of this size; the one before while the next is asked for.
#[hook]
fn use_map(props: &Props, size: Option<(i32, i32)>, under: &Under) -> Option<Rc<ComparedMap>> {
    let map = use_state(|| None::<Rc<ComparedMap>>);
    let (came, under) = (map.clone(), under.clone());
    let Props { route, .. } = props;
    let asked = size.map(|(width, height)| ComparedMapOf {
        showing: showing(route),
        zoom: route.map.zoom.clone(),
        all: route.map.all,
        width: width as f32,
        height: height as f32,
    });
    use_effect_with((props.worker.clone(), asked), move |(worker, asked)| {
        let answer = asked.clone().map(|asked| worker.ask(asked));
        spawn_local(async move {
            if let Some(answer) = answer
                && let Some(answer) = answer.await.flatten()
            {
                under.keep(answer.parts.iter().map(|part| &part.new));
                came.set(Some(Rc::new(*answer)));
            }
        });
    });
    (*map).clone()
}

/// Where the slider is; the address follows once it is let go.
#[hook]
fn use_slide(at: u8) -> UseStateHandle<u8> {
    let slide = use_state_eq(|| at);
    let moved = slide.clone();
    use_effect_with(at, move |at| moved.set(*at));
    slide
}

fn showing(route: &CompareRoute) -> Showing {
    Showing {
        layer: 0,
        changes_from: None,
        hidden: Kinds::default(),
        hidden_changes: route.hidden,
        sort: route.sort,
        find: route.find.clone(),
    }
}

fn named(growth: Growth) -> Html {
    let (sign, name, word) = growth.told();
    swatch(name.to_owned(), html! { { format!("{sign} {word}") } })
}

/// The choice of what has a rectangle.
fn area(props: &Props) -> Html {
    let chosen = {
        let route = props.route.clone();
        props.go.reform(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            Navigate::replace(route.with_map(|map| map.all = select.value() == "all"))
        })
    };
    html! {
        <label class="sort">
            <span class="muted">{ "area" }</span>
            <select name="area" onchange={chosen}>
                <option value="changed" selected={!props.route.map.all}>{ "files that differ" }</option>
                <option value="all" selected={props.route.map.all}>{ "all files" }</option>
            </select>
        </label>
    }
}

/// The way from the old image to the new one.
fn slider(props: &Props, map: &ComparedMap, slide: u8, on_slide: &Callback<u8>) -> Html {
    let value = move |event: &Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        input.value().parse::<u8>().unwrap_or(slide).min(100)
    };
    let keep = {
        let route = props.route.clone();
        props
            .go
            .reform(move |slide: u8| Navigate::replace(route.with_map(|map| map.slide = slide)))
    };
    let end = |at: u8, word: &'static str, bytes: u64| {
        html! {
            <button type="button" class="quiet" aria-pressed={(slide == at).to_string()} onclick={keep.reform(move |_| at)}>
                { word }{ " " }<b title={format::exact(bytes)}>{ format::size(bytes) }</b>
            </button>
        }
    };
    let text = match slide {
        0 => "old image".to_owned(),
        100 => "new image".to_owned(),
        slide => format!("{slide} % of the way to the new image"),
    };
    html! {
        <div class="map-slider">
            { end(0, "Old image", map.old) }
            <input
                type="range"
                name="slide"
                min="0"
                max="100"
                value={slide.to_string()}
                aria-label="From the old image to the new image"
                aria-valuetext={text}
                oninput={on_slide.reform(move |event: InputEvent| value(&event))}
                onchange={keep.reform(move |event: Event| value(&event))}
            />
            { end(100, "New image", map.new) }
            <span>{ difference(map.old, map.new) }</span>
        </div>
    }
}

/// Why nothing is drawn.
fn empty(props: &Props, map: Option<&ComparedMap>) -> Html {
    let Some(map) = map.filter(|map| map.old == 0 && map.new == 0) else {
        return Html::default();
    };
    if map.shown.total == 0 {
        return nothing(&props.route, &props.go, &map.shown);
    }
    html! { <p class="map-empty" role="status">{ "No file that is shown has any content." }</p> }
}

/// The part that is meant, in words.
fn tell(
    route: &CompareRoute,
    map: Option<&ComparedMap>,
    shown: &MapFacts,
    part: Option<&MapPart>,
) -> String {
    let selected = route.path.as_deref();
    let held = || holder(shown, selected?);
    match (part.or_else(held), map) {
        (Some(part), _) => {
            let name = match part.path.is_empty() {
                true => called(part),
                false => format::visible(&part.path),
            };
            format!("{name}: {}", change(part))
        }
        (None, Some(map)) => format!(
            "{} → {} in {}",
            format::size(map.old),
            format::size(map.new),
            format::visible(&map.zoom)
        ),
        (None, None) => String::new(),
    }
}

/// What became of a part, in words.
fn change(part: &MapPart) -> String {
    let Shade::Compared { growth, old, new } = part.shade else {
        return String::new();
    };
    let (_, _, word) = growth.told();
    match growth {
        Growth::Added | Growth::Removed => format!("{word}, {}", format::change(old, new)),
        Growth::Even | Growth::Same => format!("{word}, {}", format::size(new)),
        Growth::Grown | Growth::Shrunk => format!(
            "{word}, {} → {}, {}",
            format::size(old),
            format::size(new),
            format::change(old, new)
        ),
    }
}

/// The parts of the first level, for those who do not see the map.
fn table(map: Option<&ComparedMap>) -> Html {
    let Some(map) = map else {
        return Html::default();
    };
    let parts = map.parts.iter().map(|part| &part.new);
    let bytes = |part: &MapPart| match part.shade {
        Shade::Compared { old, new, .. } => (old, new),
        Shade::Stored { .. } => (0, 0),
    };
    html! {
        <table class="off-screen" id="map-table">
            <caption>{ format!("What differs in {}", format::visible(&map.zoom)) }</caption>
            <thead>
                <tr>
                    <th scope="col">{ "Name" }</th>
                    <th scope="col">{ "Change" }</th>
                    <th scope="col">{ "Old bytes" }</th>
                    <th scope="col">{ "New bytes" }</th>
                </tr>
            </thead>
            <tbody>
                for part in parts.filter(|part| part.depth == 0).take(ROWS) {
                    <tr>
                        <th scope="row">{ if part.path.is_empty() { called(part) } else { format::visible(&part.path) } }</th>
                        <td>{ change(part) }</td>
                        <td>{ format::exact(bytes(part).0) }</td>
                        <td>{ format::exact(bytes(part).1) }</td>
                    </tr>
                }
            </tbody>
        </table>
    }
}
