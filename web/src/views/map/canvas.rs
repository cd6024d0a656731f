//! The canvas of a map: it is drawn, and walked by pointer, wheel and keys.

use std::rc::Rc;

use web_sys::HtmlCanvasElement;
use yew::prelude::*;

use super::input::Input;
use super::paint::{Marks, paint};
use super::room::use_room;
use super::theme::use_theme;
use crate::format;
use crate::parts::panel::use_handed_on;
use crate::route::map::Color;
use crate::worker::protocol::MapFacts;

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

/// The canvas in its frame.
#[component]
pub(crate) fn Canvas(props: &Props) -> Html {
    let frame = use_node_ref();
    let canvas = use_handed_on();
    let size = use_room(&frame, &props.on_size);
    use_painted(props, &canvas, size);
    let last_wheel = use_mut_ref(|| 0.0_f64);
    let shown = props.facts.clone().unwrap_or_default();
    let input = Rc::new(Input {
        shown: shown.clone(),
        canvas: canvas.clone(),
        selected: props.selected.clone(),
        under: props.under,
        on_under: props.on_under.clone(),
        on_zoom: props.on_zoom.clone(),
        on_select: props.on_select.clone(),
    });
    let onclick = {
        let input = input.clone();
        move |event: MouseEvent| input.click(&event)
    };
    let onmousemove = {
        let input = input.clone();
        move |event: MouseEvent| input.hover(&event)
    };
    let onwheel = {
        let input = input.clone();
        move |event: WheelEvent| input.wheel(&event, &mut last_wheel.borrow_mut())
    };
    let onkeydown = move |event: KeyboardEvent| input.key(&event);
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

/// Draws the map whenever it, its colours or its room are others.
#[hook]
fn use_painted(props: &Props, canvas: &NodeRef, size: Option<(i32, i32)>) {
    let theme = use_theme();
    let (canvas, legend) = (canvas.clone(), props.legend.clone());
    let drawn = (
        props.facts.clone(),
        props.color,
        props.selected.clone(),
        props.under,
        theme,
        size,
    );
    use_effect_with(drawn, move |(facts, color, selected, under, ..)| {
        if let (Some(canvas), Some(facts)) = (canvas.cast::<HtmlCanvasElement>(), facts) {
            let marks = Marks {
                selected: selected.as_deref(),
                under: *under,
            };
            paint(&canvas, legend.cast(), facts, *color, &marks);
        }
    });
}
