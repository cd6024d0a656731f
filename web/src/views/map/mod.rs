//! The filesystem as a map: rectangles as large as what paths come to, in the colours of what they are.

mod paint;

use std::cell::Cell;
use std::rc::Rc;

use gloo::events::EventListener;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{
    Element, HtmlCanvasElement, HtmlSelectElement, MutationObserver, MutationObserverInit,
};
use yew::platform::spawn_local;
use yew::prelude::*;

use self::paint::{LAYER_COLORS, Marks, holder, paint, part_at};
use crate::format;
use crate::navigate::Navigate;
use crate::parts::find::Find;
use crate::parts::mark;
use crate::parts::watch::Watch;
use crate::route::ImageRoute;
use crate::route::map::Color;
use crate::session::Image;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{Cause, FileType, MapFacts, MapOf, MapPart, Measure, Showing};

/// What [`Map`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) engine: WorkerClient,
    pub(crate) image: Image,
    pub(crate) route: ImageRoute,
    /// The layer that is looked at.
    pub(crate) layer: u32,
    pub(crate) go: Callback<Navigate>,
}

/// Between two steps of the wheel, in milliseconds.
const WHEEL: f64 = 250.0;
/// Rows of the table that stands for the map.
const ROWS: usize = 100;

/// Where a key of the keyboard leads.
#[derive(Clone, Copy, PartialEq)]
enum Toward {
    Left,
    Right,
    Up,
    Down,
}

/// The map, and what it is told by.
#[component]
pub(crate) fn Map(props: &Props) -> Html {
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
            (props.engine.clone(), asked, grown),
            move |(engine, asked, _)| {
                let answer = asked.clone().map(|asked| engine.ask(asked));
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
fn showing(props: &Props) -> Showing {
    Showing {
        layer: props.layer,
        changes_from: None,
        hidden: props.route.hidden,
        hidden_changes: Default::default(),
        sort: props.route.sort,
        find: props.route.find.clone(),
    }
}

fn toolbar(props: &Props, shown: &MapFacts) -> Html {
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
fn crumbs(shown: &MapFacts, zoom_to: &(impl Fn(Vec<u8>) + Clone + 'static)) -> Html {
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
                        let (way, zoom_to) = (way.clone(), zoom_to.clone());
                        move |_: MouseEvent| zoom_to(way.clone())
                    }
                >
                    { if at == 0 { "Filesystem".to_owned() } else { format::visible(format::file_name(&way)) } }
                </button>
            }
            <span class="muted">{ format::size(shown.total) }</span>
        </nav>
    }
}

/// Why nothing is drawn.
fn empty(props: &Props) -> &'static str {
    match props.route.map.by {
        _ if !props.route.find.is_empty() => "Nothing matches the search.",
        Measure::Wasted => "Nothing in this folder is wasted.",
        Measure::Size | Measure::Download => "No file in this folder has any content.",
    }
}

/// The part that is meant, in words.
fn tell(props: &Props, shown: &MapFacts, part: Option<&MapPart>) -> String {
    let selected = props.route.path.as_deref();
    let Some(part) = part.or_else(|| holder(shown, selected?)) else {
        return format!(
            "{} in {}",
            format::size(shown.total),
            format::visible(&shown.zoom)
        );
    };
    let name = match part.path.is_empty() {
        true => "smaller files".to_owned(),
        false => format::visible(&part.path),
    };
    let share = format::share(part.value, shown.total.max(1));
    let cause = part.cause.map_or("in the final filesystem", Cause::name);
    let cause = match part.folder {
        true => String::new(),
        false => format!(", layer {}, {cause}", part.layer),
    };
    format!("{name}: {}, {share}{cause}", format::size(part.value))
}

/// What the colours mean. The map is drawn in the colours that these have.
fn legend_of(color: Color, legend: &NodeRef) -> Html {
    let swatch = |name: String, word: Html| {
        html! {
            <li>
                <span class={classes!("swatch", format!("of-{name}"))} data-color={name.clone()} aria-hidden="true"></span>
                { word }
            </li>
        }
    };
    let items: Vec<Html> = match color {
        Color::Cause => {
            let causes = Cause::ALL.into_iter().map(|cause| {
                let word = format!("{} {}", mark::letter(cause), cause.name());
                swatch(cause.name().to_owned(), html! { { word } })
            });
            let live = swatch("live".to_owned(), html! { { "used" } });
            std::iter::once(live).chain(causes).collect()
        }
        Color::Layer => (0..LAYER_COLORS)
            .map(|at| swatch(format!("layer-{at}"), html! { { at + 1 } }))
            .collect(),
        Color::Type => FileType::ALL
            .into_iter()
            .map(|kind| swatch(kind.name().to_owned(), html! { { kind.name() } }))
            .collect(),
    };
    html! { <ul class="legend map-legend" ref={legend.clone()} aria-label="Colors">{ for items }</ul> }
}

/// The parts of the first level, for those who do not see the map.
fn table(shown: &MapFacts) -> Html {
    let parts = shown.parts.iter().filter(|part| part.depth == 0);
    html! {
        <table class="off-screen" id="map-table">
            <caption>{ format!("What is in {}", format::visible(&shown.zoom)) }</caption>
            <thead>
                <tr><th scope="col">{ "Name" }</th><th scope="col">{ "Bytes" }</th><th scope="col">{ "Share" }</th></tr>
            </thead>
            <tbody>
                for part in parts.take(ROWS) {
                    <tr>
                        <th scope="row">
                            { if part.path.is_empty() { "smaller files".to_owned() } else { format::visible(&part.path) } }
                        </th>
                        <td>{ format::exact(part.value) }</td>
                        <td>{ format::share(part.value, shown.total.max(1)) }</td>
                    </tr>
                }
            </tbody>
        </table>
    }
}

/// The folder above a path.
fn above(path: &[u8]) -> Vec<u8> {
    let slash = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    path.get(..slash.max(1)).unwrap_or(b"/").to_vec()
}

/// The part of the first level that a path is in.
fn outermost<'f>(shown: &'f MapFacts, path: &[u8]) -> Option<&'f MapPart> {
    let mut parts = shown
        .parts
        .iter()
        .filter(|part| part.depth == 0 && part.folder);
    parts.find(|part| {
        let rest = path.strip_prefix(part.path.as_slice());
        rest.is_some_and(|rest| rest.is_empty() || rest.first() == Some(&b'/'))
    })
}

/// The nearest part in a direction that is no opened folder; without a part to start from, the first.
fn next(parts: &[MapPart], from: Option<usize>, toward: Toward) -> Option<usize> {
    let closed = parts.iter().enumerate().filter(|(_, part)| !part.open);
    let Some(start) = from.and_then(|from| parts.get(from)) else {
        return closed.map(|(at, _)| at).next();
    };
    let middle = |part: &MapPart| (part.x + part.width / 2.0, part.y + part.height / 2.0);
    let (x, y) = middle(start);
    let away = |part: &MapPart| {
        let (to_x, to_y) = middle(part);
        let (ahead, beside) = match toward {
            Toward::Left => (x - to_x, y - to_y),
            Toward::Right => (to_x - x, y - to_y),
            Toward::Up => (y - to_y, x - to_x),
            Toward::Down => (to_y - y, x - to_x),
        };
        (ahead > 0.5).then(|| ahead + 2.0 * beside.abs())
    };
    let distances = closed.filter_map(|(at, part)| Some((at, away(part)?)));
    let nearest = distances.min_by(|(_, a), (_, b)| a.total_cmp(b));
    nearest.map(|(at, _)| at)
}

/// What tells that the page has other colours, until it is dropped.
struct ThemeWatch {
    observer: Option<MutationObserver>,
    _seen: Closure<dyn FnMut()>,
    _system: Option<EventListener>,
}

impl ThemeWatch {
    fn start(changed: impl Fn() + Clone + 'static) -> Self {
        let of_system = changed.clone();
        let seen = Closure::<dyn FnMut()>::new(changed);
        let observer = MutationObserver::new(seen.as_ref().unchecked_ref()).ok();
        let root = gloo::utils::document().document_element();
        if let (Some(observer), Some(root)) = (&observer, root) {
            let options = MutationObserverInit::new();
            options.set_attributes(true);
            // The root can always be observed.
            let _ = observer.observe_with_options(&root, &options);
        }
        let dark = gloo::utils::window().match_media("(prefers-color-scheme: dark)");
        let system = dark
            .ok()
            .flatten()
            .map(|query| EventListener::new(&query, "change", move |_| of_system()));
        ThemeWatch {
            observer,
            _seen: seen,
            _system: system,
        }
    }
}

impl Drop for ThemeWatch {
    fn drop(&mut self) {
        if let Some(observer) = &self.observer {
            observer.disconnect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn keys_lead_to_the_nearest_part() {
        let part = |x: f32, y: f32, open| MapPart {
            path: b"/a".to_vec(),
            depth: 0,
            x,
            y,
            width: 10.0,
            height: 10.0,
            value: 1,
            folder: open,
            open,
            cause: None,
            layer: 1,
            kind: FileType::Other,
        };
        let parts = [
            part(0.0, 0.0, true),
            part(0.0, 0.0, false),
            part(20.0, 0.0, false),
            part(20.0, 20.0, false),
        ];
        assert_eq!(next(&parts, None, Toward::Left), Some(1));
        assert_eq!(next(&parts, Some(1), Toward::Right), Some(2));
        assert_eq!(next(&parts, Some(2), Toward::Down), Some(3));
        assert_eq!(next(&parts, Some(3), Toward::Up), Some(2));
        assert_eq!(next(&parts, Some(1), Toward::Left), None);
    }

    #[test]
    fn the_folder_above_ends_at_the_root() {
        assert_eq!(above(b"/usr/lib"), b"/usr");
        assert_eq!(above(b"/usr"), b"/");
        assert_eq!(above(b"/"), b"/");
    }
}
