//! A button that lets the visitor choose a file.

use wasm_bindgen::JsCast;
use web_sys::{File, HtmlInputElement};
use yew::prelude::*;

/// What [`Pick`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    #[prop_or_default]
    pub(crate) class: Classes,
    pub(crate) on_file: Callback<File>,
    /// What stands on it.
    pub(crate) children: Html,
}

/// The button.
#[component]
pub(crate) fn Pick(props: &Props) -> Html {
    let chosen = props.on_file.clone();
    let onchange = Callback::from(move |event: Event| {
        let input = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        let Some(input) = input else { return };
        let file = input.files().and_then(|files| files.get(0));
        // Else choosing the same file once more would be no change.
        input.set_value("");
        if let Some(file) = file {
            chosen.emit(file);
        }
    });
    html! {
        <label class={classes!("button", "pick", props.class.clone())}>
            <input type="file" class="off-screen" {onchange} />
            { props.children.clone() }
        </label>
    }
}
