//! The visitor's log-in at a registry that denied access.

use web_sys::{HtmlInputElement, SubmitEvent};
use yew::prelude::*;

use crate::browser;
use crate::format;
use crate::login::{self, Login};

/// What [`LoginForm`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    /// The registry, as names of images begin here.
    pub(crate) registry: String,
    /// What is to be asked again.
    pub(crate) on_login: Callback<()>,
}

/// Asks for a user name and a password, where these could be sent to this server unread.
#[component]
pub(crate) fn LoginForm(props: &Props) -> Html {
    let (username, password) = (use_node_ref(), use_node_ref());
    let onsubmit = {
        let (username, password) = (username.clone(), password.clone());
        let (registry, on_login) = (props.registry.clone(), props.on_login.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let value = |input: &NodeRef| {
                let input = input.cast::<HtmlInputElement>();
                input.map(|input| input.value()).unwrap_or_default()
            };
            let login = Login {
                username: value(&username).trim().to_owned(),
                password: value(&password),
            };
            login::keep(&registry, login);
            on_login.emit(());
        })
    };
    let registry = format::visible_text(&props.registry);
    if !login::is_possible() {
        return html! {
            <p class="muted">{ format!("To log in to {registry}, open this page over HTTPS.") }</p>
        };
    }
    html! {
        <form class="login" method="post" {onsubmit} aria-labelledby="login-title">
            <h2 id="login-title">{ "Log in to " }<span class="mono">{ &registry }</span></h2>
            <label>
                { "User name" }
                <input ref={username} type="text" required=true autocomplete="off" autocapitalize="none" spellcheck="false" />
            </label>
            <label>
                { "Password or token" }
                <input ref={password} type="password" required=true autocomplete="off" />
            </label>
            <p class="muted">
                {
                    match browser::came_from_gateway() && !browser::has_config() {
                        true => format!("Sent to this server, which passes it on to {registry}."),
                        false => format!("Sent to {registry}, or to the gateway of this page, which passes it on."),
                    }
                }
                { " Kept in memory until you close or reload this page." }
            </p>
            <button type="submit" class="primary">{ "Log in" }</button>
        </form>
    }
}
