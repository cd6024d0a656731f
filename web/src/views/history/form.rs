//! Which images are read: a glob for their tags, how many of the newest, and their platform.

use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use crate::navigate::Navigate;
use crate::route::history::{HistoryRoute, LIMIT};

/// What [`Form`] shows.
#[derive(PartialEq, Properties)]
pub(super) struct Props {
    pub(super) route: HistoryRoute,
    pub(super) platforms: Vec<String>,
    pub(super) loading: bool,
    pub(super) go: Callback<Navigate>,
    pub(super) on_cancel: Callback<()>,
}

/// How many images are offered to be read.
const LIMITS: [u32; 5] = [10, LIMIT, 50, 100, 500];

/// The form.
#[component]
pub(super) fn Form(props: &Props) -> Html {
    let (tags, limit) = (use_node_ref(), use_node_ref());
    {
        let tags = tags.clone();
        use_effect_with(props.route.tags.clone(), move |asked| {
            if let Some(input) = tags.cast::<HtmlInputElement>() {
                input.set_value(asked.as_deref().unwrap_or("*"));
            }
        });
    }
    let submit = {
        let (tags, limit) = (tags.clone(), limit.clone());
        let (route, go) = (props.route.clone(), props.go.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let typed = tags.cast::<HtmlInputElement>();
            let typed = typed.map(|input| input.value()).unwrap_or_default();
            let typed = match typed.trim() {
                "" => "*",
                typed => typed,
            };
            let limit = limit.cast::<HtmlSelectElement>();
            let limit = limit.and_then(|select| select.value().parse().ok());
            go.emit(Navigate::push(HistoryRoute {
                tags: Some(typed.to_owned()),
                limit: limit.unwrap_or(LIMIT),
                ..route.images()
            }));
        })
    };
    let platform = {
        let (route, go) = (props.route.clone(), props.go.clone());
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            go.emit(Navigate::push(HistoryRoute {
                platform: Some(select.value()).filter(|platform| !platform.is_empty()),
                ..route.images()
            }));
        })
    };
    let own = (!LIMITS.contains(&props.route.limit)).then_some(props.route.limit);
    html! {
        <form class="history-form" onsubmit={submit} aria-label="Images to read">
            <label>
                <span>{ "Tags" }</span>
                <span class="field">
                    <input
                        ref={tags}
                        name="tags"
                        type="text"
                        class="mono"
                        placeholder="1.*"
                        title="A glob: * is any text, ? one character, {a,b} either"
                        autocomplete="off"
                        autocapitalize="off"
                        spellcheck="false"
                    />
                </span>
            </label>
            <label>
                <span>{ "Newest" }</span>
                <select ref={limit} name="limit">
                    for images in own.into_iter().chain(LIMITS) {
                        <option value={images.to_string()} selected={props.route.limit == images}>{ format!("{images} images") }</option>
                    }
                </select>
            </label>
            if props.platforms.len() > 1 {
                <label>
                    <span>{ "Platform" }</span>
                    <select name="platform" onchange={platform}>
                        <option value="" selected={props.route.platform.is_none()}>{ "default" }</option>
                        for platform in props.platforms.iter() {
                            <option value={platform.clone()} selected={props.route.platform.as_ref() == Some(platform)}>{ platform.clone() }</option>
                        }
                    </select>
                </label>
            }
            if props.loading {
                <button key="cancel" type="button" class="cancel" onclick={props.on_cancel.reform(|_| ())}>{ "Cancel" }</button>
            } else {
                <button key="show" type="submit" class="primary">{ "Show" }</button>
            }
        </form>
    }
}
