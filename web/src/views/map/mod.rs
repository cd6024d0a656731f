//! The filesystem as a map: rectangles as large as what paths come to, in the colours of what they are.

mod legend;
mod moves;
mod paint;
mod text;
mod theme;
mod toolbar;

use std::cell::Cell;
use std::rc::Rc;

use web_sys::{Element, HtmlCanvasElement};
use yew::platform::spawn_local;
use yew::prelude::*;

use self::legend::legend_of;
use self::moves::{Toward, above, next, outermost};
use self::paint::{Marks, holder, paint, part_at};
use self::text::{empty, table, tell};
use self::theme::ThemeWatch;
use self::toolbar::{crumbs, toolbar};
use crate::format;
use crate::navigate::Navigate;
use crate::parts::watch::Watch;
use crate::route::ImageRoute;
use crate::views::LayerProps;
use crate::worker::protocol::{MapFacts, MapOf, MapPart, Showing};

/// Between two steps of the wheel, in milliseconds.
const WHEEL: f64 = 250.0;

/// The map, and what it is told by.
#[component]
pub(crate) fn Map(props: &LayerProps) -> Html {
    let frame = use_node_ref();
    let canvas = use_node_ref();
    let legend = use_node_ref();
    let facts = use_state(|| None::<Rc<MapFacts>>);
    // In pixels; none until it is drawn.
    let size = use_state_eq(|| None::<(i32, i32)>);
    // The part under the pointer or the keyboard.
    let under = use_state_eq(|| None::<usize>);
    // Counts what only the style sheet knows of: another theme.
    let theme = use_state_eq(|| 0_u32);
    let last_wheel = use_mut_ref(|| 0.0_f64);
    {
        let (frame, size) = (frame.clone(), size.clone());
        use_effect_with((), move |()| {
            let measure = {
                let frame = frame.clone();
                Callback::from(move |()| {
                    if let Some(frame) = frame.cast::<Element>() {
                        size.set(Some((frame.client_width(), frame.client_height())));
                    }
                })
            };
            measure.emit(());
            let watch = Watch::of(&frame, Callback::noop(), measure);
            move || drop(watch)
        });
    }
    {
        let theme = theme.clone();
        use_effect_with((), move |()| {
            let changes = Rc::new(Cell::new(0));
            let seen = ThemeWatch::start(move || {
                changes.set(changes.get() + 1);
                theme.set(changes.get());
            });
            move || drop(seen)
        });
    }
    {
        let (facts, under) = (facts.clone(), under.clone());
        let grown = (
            props.image.numbers.depth.min(props.layer),
            props.image.finished,
        );
        let asked = size.map(|(width, height)| MapOf {
            showing: showing(props),
            zoom: props.route.map.zoom.clone(),
            by: props.route.map.by,
            width: width as f32,
            height: height as f32,
        });
        use_effect_with(
            (props.worker.clone(), asked, grown),
            move |(worker, asked, _)| {
                let answer = asked.clone().map(|asked| worker.ask(asked));
                spawn_local(async move {
                    if let Some(answer) = answer
                        && let Some(map) = answer.await.flatten()
                    {
                        under.set(None);
                        facts.set(Some(Rc::new(*map)));
                    }
                });
            },
        );
    }
    {
        let (canvas, legend) = (canvas.clone(), legend.clone());
        let key = (
            (*facts).clone(),
            props.route.map.color,
            props.route.path.clone(),
            *under,
            *theme,
            *size,
        );
        use_effect_with(key, move |(facts, color, selected, under, ..)| {
            if let (Some(canvas), Some(facts)) = (canvas.cast::<HtmlCanvasElement>(), facts) {
                let marks = Marks {
                    selected: selected.as_deref(),
                    under: *under,
                };
                paint(&canvas, legend.cast(), facts, *color, &marks);
            }
        });
    }
    let shown = (*facts).clone().unwrap_or_default();
    let zoom_to = {
        let (go, route) = (props.go.clone(), props.route.clone());
        move |zoom: Vec<u8>| {
            let mut route = route.clone();
            route.map.zoom = if zoom == b"/" { Vec::new() } else { zoom };
            go.emit(Navigate::push(route));
        }
    };
    let choose = {
        let (go, route, zoom_to) = (props.go.clone(), props.route.clone(), zoom_to.clone());
        move |part: &MapPart| {
            if part.path.is_empty() {
                return;
            }
            if part.folder {
                zoom_to(part.path.clone());
            } else {
                go.emit(Navigate::replace(ImageRoute {
                    path: Some(part.path.clone()),
                    ..route.clone()
                }));
            }
        }
    };
    let out = {
        let (zoom_to, zoom) = (zoom_to.clone(), shown.zoom.clone());
        move || {
            if zoom.len() > 1 {
                zoom_to(above(&zoom));
            }
        }
    };
    let at_pointer = {
        let (shown, canvas) = (shown.clone(), canvas.clone());
        move |event: &MouseEvent| {
            let rect = canvas.cast::<Element>()?.get_bounding_client_rect();
            let x = f64::from(event.client_x()) - rect.left();
            let y = f64::from(event.client_y()) - rect.top();
            part_at(&shown, x as f32, y as f32)
        }
    };
    let onclick = {
        let (at_pointer, choose, shown) = (at_pointer.clone(), choose.clone(), shown.clone());
        move |event: MouseEvent| {
            if let Some(part) = at_pointer(&event).and_then(|at| shown.parts.get(at)) {
                choose(part);
            }
        }
    };
    let onmousemove = {
        let (at_pointer, under) = (at_pointer.clone(), under.clone());
        move |event: MouseEvent| under.set(at_pointer(&event))
    };
    let onmouseleave = {
        let under = under.clone();
        move |_: MouseEvent| under.set(None)
    };
    let onwheel = {
        let (at_pointer, shown, out, zoom_to) =
            (at_pointer, shown.clone(), out.clone(), zoom_to.clone());
        move |event: WheelEvent| {
            event.prevent_default();
            let now = js_sys::Date::now();
            if now - *last_wheel.borrow() < WHEEL || event.delta_y() == 0.0 {
                return;
            }
            last_wheel.replace(now);
            if event.delta_y() > 0.0 {
                return out();
            }
            let part = at_pointer(&event).and_then(|at| shown.parts.get(at));
            if let Some(folder) = part.and_then(|part| outermost(&shown, &part.path)) {
                zoom_to(folder.path.clone());
            }
        }
    };
    let onkeydown = {
        let (shown, under, choose, out) = (shown.clone(), under.clone(), choose, out.clone());
        let selected = props.route.path.clone();
        move |event: KeyboardEvent| {
            let toward = match event.key().as_str() {
                "ArrowLeft" => Some(Toward::Left),
                "ArrowRight" => Some(Toward::Right),
                "ArrowUp" => Some(Toward::Up),
                "ArrowDown" => Some(Toward::Down),
                "Enter" | "+" => {
                    if let Some(part) = under.and_then(|at| shown.parts.get(at)) {
                        choose(part);
                    }
                    None
                }
                "-" | "Backspace" => {
                    out();
                    None
                }
                _ => return,
            };
            event.prevent_default();
            if let Some(toward) = toward {
                let from = under.or_else(|| {
                    let held = holder(&shown, selected.as_deref()?)?;
                    shown.parts.iter().position(|part| std::ptr::eq(part, held))
                });
                under.set(next(&shown.parts, from, toward).or(from));
            }
        }
    };
    let told = under.and_then(|at| shown.parts.get(at));
    html! {
        <div class="map-view">
            { toolbar(props, &shown) }
            { crumbs(&shown, &zoom_to) }
            <div class="map-frame" ref={frame}>
                <canvas
                    id="map"
                    ref={canvas}
                    tabindex="0"
                    role="application"
                    aria-roledescription="map"
                    aria-label="Map of the filesystem; arrow keys move, Enter opens, Minus goes up"
                    aria-describedby="map-told"
                    data-parts={shown.parts.len().to_string()}
                    data-total={shown.total.to_string()}
                    data-zoom={format::visible(&shown.zoom)}
                    {onclick}
                    {onmousemove}
                    {onmouseleave}
                    {onwheel}
                    {onkeydown}
                ></canvas>
                if shown.missing {
                    <p class="map-empty" role="status">{ format!("Layer {} is being read.", props.layer) }</p>
                } else if facts.is_some() && shown.parts.is_empty() {
                    <p class="map-empty" role="status">{ empty(props) }</p>
                }
            </div>
            <div class="foot map-foot">
                <span id="map-told" role="status">{ tell(props, &shown, told) }</span>
                { legend_of(props.route.map.color, &legend) }
            </div>
            { table(&shown) }
        </div>
    }
}

/// What the map is of: the filesystem at the layer, as the tree would show it.
fn showing(props: &LayerProps) -> Showing {
    Showing {
        layer: props.layer,
        changes_from: None,
        hidden: props.route.hidden,
        hidden_changes: Default::default(),
        sort: props.route.sort,
        find: props.route.find.clone(),
    }
}
