//! The filesystem, or what layers changed, as a map: rectangles as large as what paths come to, in the colours of what they are.

mod canvas;
mod input;
mod legend;
mod moves;
mod paint;
mod room;
mod text;
mod theme;
mod toolbar;
mod under;

use std::rc::Rc;

use yew::platform::spawn_local;
use yew::prelude::*;

pub(in crate::views) use self::canvas::Canvas;
pub(crate) use self::canvas::ID;
pub(in crate::views) use self::legend::swatch;
pub(in crate::views) use self::paint::{called, holder};
pub(in crate::views) use self::toolbar::crumbs;
pub(in crate::views) use self::under::{Under, use_under};

use self::legend::legend_of;
use self::text::{empty, table, tell};
use self::toolbar::toolbar;
use crate::navigate::Navigate;
use crate::route::ImageRoute;
use crate::route::map::Color;
use crate::views::LayerProps;
use crate::worker::protocol::{MapFacts, MapOf, PackagesOf, PackagesReport};

/// The map, and what it is told by.
#[component]
pub(crate) fn Map(props: &LayerProps) -> Html {
    let legend = use_node_ref();
    // In pixels; none until it is drawn.
    let size = use_state_eq(|| None::<(i32, i32)>);
    let under = use_under();
    let packages = use_packages(props);
    let answer = use_answer(props, *size, &under, packages.is_some());
    let facts = answer.as_ref().map(|answer| answer.facts.clone());
    let shown = facts.clone().unwrap_or_default();
    let on_zoom = {
        let (go, route) = (props.go.clone(), props.route.clone());
        Callback::from(move |zoom: Vec<u8>| {
            let mut route = route.clone();
            route.map.zoom = if zoom == b"/" { Vec::new() } else { zoom };
            go.emit(Navigate::push(route));
        })
    };
    let on_select = {
        let (go, route) = (props.go.clone(), props.route.clone());
        Callback::from(move |path: Vec<u8>| {
            go.emit(Navigate::replace(ImageRoute {
                path: Some(path),
                ..route.clone()
            }));
        })
    };
    let on_size = {
        let size = size.clone();
        Callback::from(move |room| size.set(Some(room)))
    };
    let on_under = {
        let (under, shown) = (under.clone(), shown.clone());
        Callback::from(move |at| under.set(at, &shown.parts))
    };
    let told = under.at().and_then(|at| shown.parts.get(at));
    let (of, root) = match props.route.map.changes {
        true => ("changes", "Changes"),
        false => ("filesystem", "Filesystem"),
    };
    html! {
        <div class="map-view">
            { toolbar(props, &shown, answer.as_ref().is_some_and(|answer| answer.whole)) }
            { crumbs(root, &shown, &on_zoom) }
            <Canvas
                facts={facts.clone()}
                color={props.route.map.color}
                legend={legend.clone()}
                selected={props.route.path.clone()}
                under={under.at()}
                label={format!("Map of the {of}; arrow keys move, Enter and Plus open, Minus goes up")}
                told_by="map-told"
                {on_size}
                {on_under}
                {on_zoom}
                {on_select}
            >
                if facts.is_some() && (shown.missing || shown.parts.is_empty()) {
                    <p class="map-empty" role="status">{ empty(props, &shown) }</p>
                }
            </Canvas>
            <div class="foot map-foot">
                <span id="map-told" role="status">{ tell(props, &shown, told, packages.as_deref()) }</span>
                { legend_of(props.route.map.color, props.image.depth(), props.image.numbers.copies_unknown, packages.as_deref(), &legend) }
            </div>
            { table(&shown) }
        </div>
    }
}

/// A map that came.
#[derive(Clone)]
struct Answer {
    facts: Rc<MapFacts>,
    /// It is of all layers.
    whole: bool,
}

/// The map of what the address says, for a room of this size; the one before while the next is asked for. It is asked for
/// again once packages are known.
#[hook]
fn use_answer(
    props: &LayerProps,
    size: Option<(i32, i32)>,
    under: &Under,
    has_packages: bool,
) -> Option<Answer> {
    let answer = use_state(|| None::<Answer>);
    let (came, under) = (answer.clone(), under.clone());
    let whole = props.image.finished;
    let grown = props.image.numbers.depth.min(props.layer);
    let asked = size.map(|(width, height)| MapOf {
        showing: props.route.showing(props.layer),
        zoom: props.route.map.zoom.clone(),
        by: props.route.map.by,
        layout: props.route.map.layout,
        width: width as f32,
        height: height as f32,
    });
    use_effect_with(
        (props.worker.clone(), asked, grown, whole, has_packages),
        move |(worker, asked, ..)| {
            let answer = asked.clone().map(|asked| worker.ask(asked));
            spawn_local(async move {
                if let Some(answer) = answer
                    && let Some(map) = answer.await.flatten()
                {
                    under.keep(map.parts.iter());
                    came.set(Some(Answer {
                        facts: Rc::new(*map),
                        whole,
                    }));
                }
            });
        },
    );
    (*answer).clone()
}

/// The packages of the image, once they are known, where the colours are theirs. The worker then tells of each part the
/// package that has it.
#[hook]
fn use_packages(props: &LayerProps) -> Option<Rc<PackagesReport>> {
    let packages = use_state_eq(|| None::<Rc<PackagesReport>>);
    {
        let packages = packages.clone();
        let is_wanted = props.route.map.color == Color::Package;
        let read = (props.image.numbers.depth, props.image.finished);
        use_effect_with(
            (props.worker.clone(), is_wanted, read),
            move |(worker, is_wanted, _)| {
                let answer = is_wanted.then(|| worker.ask(PackagesOf));
                spawn_local(async move {
                    let answer = match answer {
                        Some(answer) => answer.await.flatten(),
                        None => None,
                    };
                    packages.set(answer.and_then(|facts| facts.read()).map(Rc::new));
                });
            },
        );
    }
    (*packages).clone()
}
