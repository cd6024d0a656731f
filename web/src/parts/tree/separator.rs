//! The line before a column by which it is made wider or narrower, with the mouse or the keyboard. What the column takes,
//! the names give.

use web_sys::HtmlElement;
use yew::prelude::*;

use super::widths::{LEAST, MOST};

/// By how much a key moves it, in pixels.
const STEP: u32 = 8;

/// What [`Separator`] shows.
#[derive(PartialEq, Properties)]
pub(super) struct Props {
    /// The column's title.
    pub(super) title: &'static str,
    /// Its width, in pixels.
    pub(super) width: u32,
    /// Another width; none for the usual one.
    pub(super) on_width: Callback<Option<u32>>,
}

/// The separator.
#[component]
pub(super) fn Separator(props: &Props) -> Html {
    let line = use_node_ref();
    // Where the pointer took it, and how wide the column was then.
    let taken = use_mut_ref(|| None::<(i32, u32)>);
    let width = props.width;
    let onpointerdown = {
        let (line, taken) = (line.clone(), taken.clone());
        move |event: PointerEvent| {
            // No text is to be selected on the way.
            event.prevent_default();
            if let Some(line) = line.cast::<HtmlElement>() {
                // Without the capture it moves only as long as the pointer is on it; without the focus keys do nothing.
                let _ = line.set_pointer_capture(event.pointer_id());
                let _ = line.focus();
            }
            taken.replace(Some((event.client_x(), width)));
        }
    };
    let onpointermove = {
        let (taken, on_width) = (taken.clone(), props.on_width.clone());
        move |event: PointerEvent| {
            let Some((from, width)) = *taken.borrow() else {
                return;
            };
            let wider = from.saturating_sub(event.client_x());
            on_width.emit(Some(width.saturating_add_signed(wider).clamp(LEAST, MOST)));
        }
    };
    let let_go = move |_: PointerEvent| {
        taken.replace(None);
    };
    let on_width = props.on_width.clone();
    let onkeydown = move |event: KeyboardEvent| {
        if event.ctrl_key() || event.alt_key() || event.meta_key() {
            return;
        }
        let width = match event.key().as_str() {
            "ArrowLeft" => Some(width.saturating_add(STEP).min(MOST)),
            "ArrowRight" => Some(width.saturating_sub(STEP).max(LEAST)),
            "Home" => Some(LEAST),
            "End" => Some(MOST),
            "Enter" => None,
            _ => return,
        };
        event.prevent_default();
        on_width.emit(width);
    };
    html! {
        <span
            class="separator"
            ref={line}
            role="separator"
            tabindex="0"
            aria-orientation="vertical"
            aria-label={format!("Width of {}", props.title)}
            aria-valuemin={LEAST.to_string()}
            aria-valuemax={MOST.to_string()}
            aria-valuenow={width.to_string()}
            aria-valuetext={format!("{width} pixels")}
            title="Drag, or use the arrow keys; Enter or a double click sets the usual width"
            {onpointerdown}
            {onpointermove}
            onpointerup={let_go.clone()}
            onpointercancel={let_go}
            ondblclick={props.on_width.reform(|_: MouseEvent| None)}
            {onkeydown}
        ></span>
    }
}
