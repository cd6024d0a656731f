//! Errors in the place of what failed: what failed, why, what to do, and another try.

use yew::prelude::*;

use crate::browser;
use crate::format;
use crate::route::{BrowseRoute, Route};
use crate::session::{Again, Image, LayerState, Partial};
use crate::views::login::LoginForm;
use crate::worker::protocol::{List, UserError};

/// What [`Failed`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) reference: AttrValue,
    /// None while the image is still being asked for.
    pub(crate) problem: Option<UserError>,
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
            if let Some(problem) = &props.problem {
                <ErrorBox alone=true problem={problem.clone()} on_retry={props.on_retry.clone()} {reference} tags={props.tags.clone()} />
            } else {
                <div class="waiting" role="status">
                    <div class="spinner" aria-hidden="true"></div>
                    <h1>{ "Opening " }<span class="mono">{ reference }</span></h1>
                </div>
            }
        </main>
    }
}

/// What [`ErrorBox`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct BoxProps {
    pub(crate) problem: UserError,
    #[prop_or_default]
    pub(crate) reference: AttrValue,
    pub(crate) on_retry: Callback<()>,
    #[prop_or_default]
    pub(crate) tags: Option<String>,
    /// Nothing else is shown.
    #[prop_or_default]
    pub(crate) alone: bool,
}

/// An error in full.
#[component]
pub(crate) fn ErrorBox(props: &BoxProps) -> Html {
    let problem = &props.problem;
    let detail = format::visible_text(&problem.detail);
    let title = format::visible_text(&problem.title);
    // A page around it cannot be told from this one, so no password is asked for.
    let embedded = browser::is_embedded();
    html! {
        <div class="problem" role="alert">
            if props.alone {
                <h1>{ title }</h1>
            } else {
                <h2>{ title }</h2>
            }
            if !props.reference.is_empty() && !detail.contains(&*props.reference) {
                <p class="mono">{ &props.reference }</p>
            }
            <p>{ detail }</p>
            if !problem.advice.is_empty() {
                <p class="advice">{ &problem.advice }</p>
            }
            if embedded && problem.login.is_some() {
                <p class="advice">{ "Open the image in Onionskin to log in to the registry." }</p>
            } else if let Some(registry) = problem.login.clone() {
                <LoginForm {registry} on_login={props.on_retry.clone()} />
            }
            <div class="actions">
                if problem.retry {
                    // Where there is a form, that is the likelier way on.
                    <button type="button" class={classes!(problem.login.is_none().then_some("primary"))} onclick={props.on_retry.reform(|_| ())}>{ "Try again" }</button>
                }
                if let Some(name) = props.tags.clone().filter(|_| problem.missing && !embedded) {
                    <a class="button" href={Route::Browse(BrowseRoute::of(List::Tags(name))).to_fragment()}>{ "List the tags" }</a>
                }
                { open_another() }
            </div>
        </div>
    }
}

/// The way to the start of the page, which an embed view does not have.
pub(crate) fn open_another() -> Html {
    match browser::is_embedded() {
        true => Html::default(),
        false => html! { <a class="button" href="#/">{ "Open another image" }</a> },
    }
}

/// The button that reads what is missing of an image; nothing where that cannot help.
pub(crate) fn again(image: &Image, on_again: &Callback<Again>) -> Html {
    let partial = image.partial();
    if let Some(Partial::Broken(layer)) = partial
        && let Some(LayerState::Broken(problem)) = image.layer(layer)
        && !problem.retry
    {
        return Html::default();
    }
    let Some(again) = partial.and_then(|partial| partial.again()) else {
        return Html::default();
    };
    let word = match again {
        Again::Retry => "Try again".to_owned(),
        Again::Continue => "Continue".to_owned(),
        Again::Read(_) => read_layers(image),
    };
    html! {
        <button type="button" class="again" onclick={on_again.reform(move |_| again)}>{ word }</button>
    }
}

/// What the button says that reads all layers that are listed.
fn read_layers(image: &Image) -> String {
    let listed = image.listed();
    let what = match listed.as_slice() {
        [_] => "layer",
        _ => "layers",
    };
    format!(
        "Read the {what} ({})",
        format::size(image.bytes_of(&listed))
    )
}
