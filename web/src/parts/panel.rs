//! The panel that the tabs show, and how the keyboard's focus gets from what leaves it to what comes.

use gloo::events::EventListener;
use web_sys::HtmlElement;
use yew::prelude::*;

use crate::browser;

/// The identifier of the panel.
pub(crate) const ID: &str = "panel";

/// Puts the keyboard on the panel, which stays while what it shows is replaced.
pub(crate) fn focus() {
    let Some(panel) = gloo::utils::document().get_element_by_id(ID) else {
        return;
    };
    // Only for as long as it has the keyboard: a click into the panel is for what scrolls in it.
    if panel.set_attribute("tabindex", "-1").is_err() {
        return;
    }
    browser::focus(ID);
    let left = panel.clone();
    let on_blur = EventListener::once(&panel, "blur", move |_| {
        // What is not there needs not go.
        let _ = left.remove_attribute("tabindex");
    });
    on_blur.forget();
}

/// Hands the keyboard on from the panel to what it shows. Whatever else has it keeps it.
pub(crate) fn hand_on(to: &NodeRef) {
    let active = gloo::utils::document().active_element();
    if active.is_some_and(|active| active.id() == ID)
        && let Some(to) = to.cast::<HtmlElement>()
    {
        // Where it cannot go, it stays on the panel.
        let _ = to.focus();
    }
}

/// An element to which the panel hands the keyboard on once it is drawn.
#[hook]
pub(crate) fn use_handed_on() -> NodeRef {
    let element = use_node_ref();
    {
        let element = element.clone();
        use_effect_with((), move |()| hand_on(&element));
    }
    element
}
