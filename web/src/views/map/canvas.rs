//! The canvas of a map: it is drawn, and walked by pointer, wheel and keys.

use std::cell::Cell;
use std::rc::Rc;

use web_sys::{Element, HtmlCanvasElement};
use yew::prelude::*;

use super::moves::{Toward, above, next, outermost};
use super::paint::{Marks, holder, paint, part_at};
use super::theme::ThemeWatch;
use crate::format;
use crate::parts::panel::use_handed_on;
use crate::parts::watch::Watch;
use crate::route::map::Color;
use crate::worker::protocol::{MapFacts, MapPart};

/// Between two steps of the wheel, in milliseconds.
const WHEEL: f64 = 250.0;

/// The identifier of the canvas, which has the keyboard's focus.
pub(crate) const ID: &str = "map";

/// What [`Canvas`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    /// None until there is an answer.
    pub(crate) facts: Option<Rc<MapFacts>>,
    pub(crate) color: Color,
    /// It has the colours.
    pub(crate) legend: NodeRef,
    pub(crate) selected: Option<Vec<u8>>,
    /// The part under the pointer or the keyboard.
    pub(crate) under: Option<usize>,
    pub(crate) label: AttrValue,
    /// The identifier of what tells the part that is meant.
    pub(crate) told_by: &'static str,
    /// The room for the map, in pixels.
    pub(crate) on_size: Callback<(i32, i32)>,
    pub(crate) on_under: Callback<Option<usize>>,
    /// A folder shall fill the map.
    pub(crate) on_zoom: Callback<Vec<u8>>,
    pub(crate) on_select: Callback<Vec<u8>>,
    /// What lies over it.
    #[prop_or_default]
    pub(crate) children: Html,
}

/// The room in a frame, in pixels, which is also told; none before it is drawn.
#[hook]
fn use_size(frame: &NodeRef, on_size: &Callback<(i32, i32)>) -> Option<(i32, i32)> {
    let size = use_state_eq(|| None::<(i32, i32)>);
    let (frame, known, on_size) = (frame.clone(), size.clone(), on_size.clone());
    use_effect_with((), move |()| {
        let measure = {
            let frame = frame.clone();
            Callback::from(move |()| {
                if let Some(frame) = frame.cast::<Element>() {
                    let room = (frame.client_width(), frame.client_height());
                    known.set(Some(room));
                    on_size.emit(room);
                }
            })
        };
        measure.emit(());
        let watch = Watch::of(&frame, Callback::noop(), measure);
        move || drop(watch)
    });
    *size
}

/// Counts what only the style sheet knows of: another theme.
#[hook]
fn use_theme() -> u32 {
    let theme = use_state_eq(|| 0_u32);
    let counted = theme.clone();
    use_effect_with((), move |()| {
        let changes = Rc::new(Cell::new(0));
        let seen = ThemeWatch::start(move || {
            changes.set(changes.get() + 1);
            counted.set(changes.get());
        });
        move || drop(seen)
    });
    *theme
}

/// The canvas in its frame.
#[component]
pub(crate) fn Canvas(props: &Props) -> Html {
    let frame = use_node_ref();
    let canvas = use_handed_on();
    let size = use_size(&frame, &props.on_size);
    let theme = use_theme();
    let last_wheel = use_mut_ref(|| 0.0_f64);
    {
        let (canvas, legend) = (canvas.clone(), props.legend.clone());
        let key = (
            props.facts.clone(),
            props.color,
            props.selected.clone(),
            props.under,
            theme,
            size,
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
    let shown = props.facts.clone().unwrap_or_default();
    let choose = {
        let (zoom, select) = (props.on_zoom.clone(), props.on_select.clone());
        move |part: &MapPart| match part.folder {
            _ if part.path.is_empty() => {}
            true => zoom.emit(part.path.clone()),
            false => select.emit(part.path.clone()),
        }
    };
    let out = {
        let (on_zoom, zoom) = (props.on_zoom.clone(), shown.zoom.clone());
        move || {
            if zoom.len() > 1 {
                on_zoom.emit(above(&zoom));
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
        let (at_pointer, under) = (at_pointer.clone(), props.on_under.clone());
        move |event: MouseEvent| under.emit(at_pointer(&event))
    };
    let onwheel = {
        let (at_pointer, shown) = (at_pointer, shown.clone());
        let (out, zoom) = (out.clone(), props.on_zoom.clone());
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
                zoom.emit(folder.path.clone());
            }
        }
    };
    let onkeydown = {
        let (shown, on_under, under) = (shown.clone(), props.on_under.clone(), props.under);
        let (selected, zoom) = (props.selected.clone(), props.on_zoom.clone());
        move |event: KeyboardEvent| {
            if event.ctrl_key() || event.alt_key() || event.meta_key() {
                return;
            }
            let toward = match event.key().as_str() {
                "ArrowLeft" => Some(Toward::Left),
                "ArrowRight" => Some(Toward::Right),
                "ArrowUp" => Some(Toward::Up),
                "ArrowDown" => Some(Toward::Down),
                "Enter" => {
                    if let Some(part) = under.and_then(|at| shown.parts.get(at)) {
                        choose(part);
                    }
                    None
                }
                // Without Shift, the key of Plus is often this.
                "+" | "=" => {
                    let part = under.and_then(|at| shown.parts.get(at));
                    let folder = match part {
                        Some(part) => outermost(&shown, &part.path),
                        None => shown.parts.iter().find(|part| part.folder),
                    };
                    if let Some(folder) = folder {
                        zoom.emit(folder.path.clone());
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
                on_under.emit(next(&shown.parts, from, toward).or(from));
            }
        }
    };
    html! {
        <div class="map-frame" ref={frame}>
            <canvas
                id={ID}
                ref={canvas}
                tabindex="0"
                role="application"
                aria-roledescription="map"
                aria-label={props.label.clone()}
                aria-describedby={props.told_by}
                data-parts={shown.parts.len().to_string()}
                data-total={shown.total.to_string()}
                data-zoom={format::visible(&shown.zoom)}
                {onclick}
                {onmousemove}
                onmouseleave={props.on_under.reform(|_| None)}
                {onwheel}
                {onkeydown}
            ></canvas>
            { props.children.clone() }
        </div>
    }
}
