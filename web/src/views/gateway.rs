//! The gateway that the visitor names, where the page came from a host that is none.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::browser;
use crate::worker::registry_access;

/// Says what a page without a gateway can open, and takes the address of one. The page is loaded again with it.
#[component]
pub(crate) fn GatewaySection() -> Html {
    let input = use_node_ref();
    let wrong = use_state_eq(|| false);
    let named = browser::gateway();
    let onsubmit = {
        let (input, wrong) = (input.clone(), wrong.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let value = input.cast::<HtmlInputElement>().map(|input| input.value());
            let value = value.unwrap_or_default();
            let root = registry_access::root(&value);
            match root {
                None if !value.trim().is_empty() => wrong.set(true),
                root => {
                    browser::keep_gateway(&root.unwrap_or_default());
                    browser::reload();
                }
            }
        })
    };
    html! {
        <section class="gateway" aria-labelledby="gateway">
            <h2 id="gateway">{ "Gateway" }</h2>
            <p>
                { "This page is on a web server that is no Onionskin gateway. It opens saved images and analyses. Images in registries open through a gateway that allows this page, or directly from registries that send CORS headers." }
            </p>
            <form {onsubmit}>
                <label for="gateway-address">{ "Address of a gateway" }</label>
                <input
                    id="gateway-address"
                    ref={input}
                    type="text"
                    inputmode="url"
                    placeholder="https://onionskin.example.com/"
                    value={named.unwrap_or_default()}
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    aria-invalid={wrong.then_some("true")}
                    aria-describedby="gateway-problem"
                />
                <button type="submit">{ "Use" }</button>
            </form>
            <p id="gateway-problem" role="status">
                if *wrong {
                    { "A gateway has an address that begins with https://, or with http:// on this computer." }
                }
            </p>
        </section>
    }
}
