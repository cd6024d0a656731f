//! A button that puts a text on the clipboard, and says so.

use yew::platform::spawn_local;
use yew::prelude::*;

use crate::browser;

/// What [`Copy`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) text: String,
    /// What the text is.
    pub(crate) what: &'static str,
}

/// The button.
#[component]
pub(crate) fn Copy(props: &Props) -> Html {
    let copied = use_state_eq(|| None::<(String, bool)>);
    let copy = {
        let (copied, text) = (copied.clone(), props.text.clone());
        Callback::from(move |_: MouseEvent| {
            let (copied, text) = (copied.clone(), text.clone());
            spawn_local(async move {
                let done = browser::copy(&text).await;
                copied.set(Some((text, done)));
            });
        })
    };
    let said = match &*copied {
        Some((text, true)) if *text == props.text => "Copied",
        Some((text, false)) if *text == props.text => "The browser did not allow copying",
        _ => "",
    };
    html! {
        <span class="copying">
            <button type="button" class="quiet" onclick={copy}>{ format!("Copy {}", props.what) }</button>
            <span role="status" class="muted">{ said }</span>
        </span>
    }
}
