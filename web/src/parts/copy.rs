//! Buttons that put a text on the clipboard, and say so.

use yew::platform::spawn_local;
use yew::prelude::*;

use crate::browser;
use crate::format;
use crate::route::{ImageRoute, Route};
use crate::share;
use crate::worker::protocol::ImageFacts;

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
    html! { <CopyOneOf texts={vec![(props.what, props.text.clone())]} /> }
}

/// What [`CopyPlace`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct PlaceProps {
    pub(crate) facts: std::rc::Rc<ImageFacts>,
    pub(crate) route: ImageRoute,
    /// The path in the image that the Markdown names.
    #[prop_or_default]
    pub(crate) path: Option<Vec<u8>>,
    /// What the Markdown says of it.
    #[prop_or_default]
    pub(crate) note: Option<String>,
}

/// Copies the address of a place in an image, pinned to the digest: alone, or as a link in Markdown.
#[component]
pub(crate) fn CopyPlace(props: &PlaceProps) -> Html {
    let PlaceProps {
        facts,
        route,
        path,
        note,
    } = props;
    let url = share::url(&Route::Image(share::pinned(facts, route)));
    let text = share::markdown_text(&facts.reference, path.as_deref(), note.as_deref());
    let markdown = share::markdown(&text, &url);
    html! {
        <CopyOneOf
            texts={vec![("link", url), ("as Markdown", markdown)]}
            of={path.as_deref().map(format::visible)}
            is_here={route.chosen_file().is_some()}
        />
    }
}

/// What [`CopyOneOf`] shows.
#[derive(PartialEq, Properties)]
struct OneOfProps {
    /// Each with what it is.
    texts: Vec<(&'static str, String)>,
    /// What they are about, for those who do not see where the buttons stand.
    #[prop_or_default]
    of: Option<String>,
    /// They lead to a file on this computer, and to nothing elsewhere.
    #[prop_or_default]
    is_here: bool,
}

/// A button for each of several texts.
#[component]
fn CopyOneOf(props: &OneOfProps) -> Html {
    let copied = use_state_eq(|| None::<(String, bool)>);
    let button = |(what, text): &(&'static str, String)| {
        let copied = copied.clone();
        let text = text.clone();
        let copy = move |_: MouseEvent| {
            let (copied, text) = (copied.clone(), text.clone());
            spawn_local(async move {
                let done = browser::copy(&text).await;
                copied.set(Some((text, done)));
            });
        };
        let title = props.is_here.then_some(share::NOT_SHARED);
        html! {
            <button key={*what} type="button" class="quiet" disabled={props.is_here} {title} onclick={copy}>
                { format!("Copy {what}") }
                if let Some(of) = &props.of {
                    <span class="off-screen">{ format!(" of {of}") }</span>
                }
            </button>
        }
    };
    let is_shown = |text: &String| props.texts.iter().any(|(_, shown)| shown == text);
    let said = match &*copied {
        Some((text, true)) if is_shown(text) => "Copied",
        Some((text, false)) if is_shown(text) => "The browser did not allow copying",
        _ => "",
    };
    html! {
        <span class="copying">
            { for props.texts.iter().map(button) }
            <span key="said" role="status" class="muted">{ said }</span>
        </span>
    }
}
