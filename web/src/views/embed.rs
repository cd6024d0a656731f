//! The embed view: what of the page stands around one view in a frame of another page.

use yew::prelude::*;

use crate::browser;
use crate::parts::logo::Logo;

/// What [`EmbedBar`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    /// What is shown: an image, or two that are compared.
    pub(crate) name: AttrValue,
    /// The same in the whole page; none where that does not have it.
    pub(crate) whole: Option<AttrValue>,
    pub(crate) notice: Option<&'static str>,
}

/// The line at the top: what is shown, and the way to the whole page.
#[component]
pub(crate) fn EmbedBar(props: &Props) -> Html {
    html! {
        <header class="embed-bar">
            <Logo />
            <span class="what mono" title={props.name.clone()}>{ &props.name }</span>
            <span class="notice" role="status">{ props.notice.unwrap_or_default() }</span>
            if let Some(whole) = &props.whole {
                <a href={whole} target="_blank" rel="noopener">
                    { "Open in Onionskin" }
                    <span class="off-screen">{ " (new tab)" }</span>
                </a>
            }
        </header>
    }
}

/// The address leads to no image.
#[component]
pub(crate) fn NothingToEmbed() -> Html {
    if browser::takes_hand_over() {
        return html! {
            <main class="message">
                <h1>{ "No file yet" }</h1>
                <p>{ "The page around this one can hand a file over." }</p>
            </main>
        };
    }
    html! {
        <main class="message">
            <h1>{ "No image to show" }</h1>
            <p>{ "The address of this view names no image. It is written as " }<span class="mono">{ "?embed#/image/REFERENCE" }</span>{ "." }</p>
        </main>
    }
}
