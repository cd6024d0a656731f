//! In the place of what failed: what was tried, what to do, and another try.

use yew::prelude::*;

use crate::format;
use crate::route::{BrowseRoute, Route};
use crate::worker::protocol::{List, Trouble};

/// What [`Failed`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) reference: AttrValue,
    /// None while the image is still being asked for.
    pub(crate) trouble: Option<Trouble>,
    pub(crate) on_retry: Callback<()>,
    /// The repository, if it is in one.
    #[prop_or_default]
    pub(crate) tags: Option<String>,
}

/// An image that is not there, or not yet.
#[component]
pub(crate) fn Failed(props: &Props) -> Html {
    let reference = format::visible_text(&props.reference);
    html! {
        <main class="message">
            if let Some(trouble) = &props.trouble {
                <TroubleBox trouble={trouble.clone()} on_retry={props.on_retry.clone()} {reference} tags={props.tags.clone()} />
            } else {
                <div class="waiting" role="status">
                    <div class="spinner" aria-hidden="true"></div>
                    <p>{ "Asking for " }<span class="mono">{ reference }</span></p>
                </div>
            }
        </main>
    }
}

/// What [`TroubleBox`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct BoxProps {
    pub(crate) trouble: Trouble,
    #[prop_or_default]
    pub(crate) reference: AttrValue,
    pub(crate) on_retry: Callback<()>,
    #[prop_or_default]
    pub(crate) tags: Option<String>,
}

/// A trouble in full.
#[component]
pub(crate) fn TroubleBox(props: &BoxProps) -> Html {
    let trouble = &props.trouble;
    html! {
        <div class="trouble" role="alert">
            <h2>{ &trouble.title }</h2>
            if !props.reference.is_empty() {
                <p class="mono">{ &props.reference }</p>
            }
            <p>{ format::visible_text(&trouble.detail) }</p>
            if !trouble.advice.is_empty() {
                <p class="advice">{ &trouble.advice }</p>
            }
            <div class="actions">
                if trouble.retry {
                    <button type="button" class="primary" onclick={props.on_retry.reform(|_| ())}>{ "Try again" }</button>
                }
                if let Some(name) = props.tags.clone().filter(|_| trouble.missing) {
                    <a class="button" href={Route::Browse(BrowseRoute::of(List::Tags(name))).to_fragment()}>{ "Its tags" }</a>
                }
                <a class="button" href="#/">{ "Other images" }</a>
            </div>
        </div>
    }
}
