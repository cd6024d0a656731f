//! A notice while a part of a worker's program could not be fetched, and another try.

use yew::prelude::*;

use crate::worker::client;

/// The notice; nothing while no part is missing.
#[component]
pub(crate) fn MissingParts() -> Html {
    let missing = use_state_eq(client::are_parts_missing);
    {
        let missing = missing.clone();
        use_effect_with((), move |()| {
            client::watch_parts(Some(Callback::from(move |is_missing| {
                missing.set(is_missing);
            })));
            || client::watch_parts(None)
        });
    }
    if !*missing {
        return Html::default();
    }
    html! {
        <div class="remarks missing-part" role="alert">
            <p>{ "A file of Onionskin could not be fetched from where this page comes from. Check the connection, then try again. If that does not help, reload the page." }</p>
            <button type="button" onclick={|_| client::fetch_parts_again()}>{ "Try again" }</button>
        </div>
    }
}
