//! Notices that the page has other colours: a canvas has to be drawn again, because it has none of the style sheet's.

use std::cell::Cell;
use std::rc::Rc;

use gloo::events::EventListener;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{MutationObserver, MutationObserverInit};
use yew::prelude::*;

/// The settings of the system that the style sheets ask for.
const SETTINGS: [&str; 3] = [
    "(prefers-color-scheme: dark)",
    "(prefers-contrast: more)",
    "(forced-colors: active)",
];

/// Counts how often the page had other colours.
#[hook]
pub(super) fn use_theme() -> u32 {
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

/// What tells that the page has other colours, until it is dropped.
struct ThemeWatch {
    observer: Option<MutationObserver>,
    _seen: Closure<dyn FnMut()>,
    _system: Vec<EventListener>,
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
        let system = SETTINGS.into_iter().filter_map(|setting| {
            let query = gloo::utils::window().match_media(setting).ok()??;
            let changed = of_system.clone();
            Some(EventListener::new(&query, "change", move |_| changed()))
        });
        ThemeWatch {
            observer,
            _seen: seen,
            _system: system.collect(),
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
