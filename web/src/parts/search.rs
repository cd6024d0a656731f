//! The field in a toolbar that narrows a list as one types.

use web_sys::HtmlInputElement;
use yew::prelude::*;

/// The field: `label` says what it searches to who does not see it, and `on_text` hears each change.
pub(crate) fn search_field(
    label: &'static str,
    placeholder: &'static str,
    text: &str,
    on_text: Callback<String>,
) -> Html {
    let typed = on_text.reform(|event: InputEvent| {
        let input: HtmlInputElement = event.target_unchecked_into();
        input.value()
    });
    html! {
        <div class="field find">
            <input
                type="search"
                aria-label={label}
                {placeholder}
                autocomplete="off"
                spellcheck="false"
                value={text.to_owned()}
                oninput={typed}
            />
        </div>
    }
}
