//! The room that the page has for a map.

use web_sys::Element;
use yew::prelude::*;

use crate::parts::watch::Watch;

/// The room in a frame, in pixels, which is also told; none before it is drawn.
#[hook]
pub(super) fn use_room(frame: &NodeRef, on_size: &Callback<(i32, i32)>) -> Option<(i32, i32)> {
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
