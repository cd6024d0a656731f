//! Following how an element is scrolled and how large it is, and placing the drawn rows of a long list in it.

use gloo::events::EventListener;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, HtmlElement, ResizeObserver};
use yew::prelude::*;

use crate::parts::window::Window;

/// What tells of scrolling and of a new size, until it is dropped.
pub(crate) struct Watch {
    _scrolled: EventListener,
    observer: ResizeObserver,
    _resized: Closure<dyn FnMut()>,
}

impl Watch {
    /// Begins to follow an element; None where it is not drawn.
    pub(crate) fn of(
        node: &NodeRef,
        scrolled: Callback<()>,
        resized: Callback<()>,
    ) -> Option<Self> {
        let element = node.cast::<Element>()?;
        let listener = EventListener::new(&element, "scroll", move |_| scrolled.emit(()));
        let closure = Closure::<dyn FnMut()>::new(move || resized.emit(()));
        let observer = ResizeObserver::new(closure.as_ref().unchecked_ref()).ok()?;
        observer.observe(&element);
        Some(Watch {
            _scrolled: listener,
            observer,
            _resized: closure,
        })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It would call what is gone by then.
        self.observer.disconnect();
    }
}

/// Sets a property of an element's style; a `style` attribute would be refused by the policy.
pub(crate) fn set_style(node: &NodeRef, property: &str, value: &str) {
    if let Some(element) = node.cast::<HtmlElement>() {
        // The properties exist in every browser that runs WebAssembly.
        let _ = element.style().set_property(property, value);
    }
}

/// Makes room for all rows of a list, and puts those that are drawn where they belong.
pub(crate) fn place(space: &NodeRef, rows: &NodeRef, window: &Window) {
    place_at(space, rows, window, window.offset());
}

/// The same with the first drawn row elsewhere, in pixels from the top.
pub(crate) fn place_at(space: &NodeRef, rows: &NodeRef, window: &Window, offset: f64) {
    set_style(space, "height", &format!("{}px", window.height()));
    set_style(rows, "transform", &format!("translateY({offset}px)"));
}
