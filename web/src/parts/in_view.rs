//! Which of some elements are in view.

use js_sys::Array;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry};
use yew::Callback;

/// Tells which elements came into view and which left it, until it is dropped.
pub(crate) struct InView {
    observer: IntersectionObserver,
    _told: Closure<dyn FnMut(Array)>,
}

impl InView {
    /// `told` gets the elements that came, with true, and those that left. None where the browser has no such thing.
    pub(crate) fn new(told: Callback<Vec<(Element, bool)>>) -> Option<Self> {
        let closure = Closure::<dyn FnMut(Array)>::new(move |entries: Array| {
            let entries = entries.iter().filter_map(|entry| {
                let entry = entry.dyn_into::<IntersectionObserverEntry>().ok()?;
                Some((entry.target(), entry.is_intersecting()))
            });
            told.emit(entries.collect());
        });
        let observer = IntersectionObserver::new(closure.as_ref().unchecked_ref()).ok()?;
        Some(InView {
            observer,
            _told: closure,
        })
    }

    /// Follows an element too; one that is followed already stays so.
    pub(crate) fn follow(&self, element: &Element) {
        self.observer.observe(element);
    }
}

impl Drop for InView {
    fn drop(&mut self) {
        // It would call what is gone by then.
        self.observer.disconnect();
    }
}
