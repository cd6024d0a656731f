//! The line at the top: name, reference, platform, and what to do with them.

use std::rc::Rc;

use onionskin_core::reference::Reference;
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use crate::browser::Theme;
use crate::format;
use crate::parts::logo::Logo;
use crate::parts::pick::Pick;
use crate::route::{BrowseRoute, Route};
use crate::share::{self, LinkFormat};
use crate::worker::protocol::{ImageFacts, List};

/// What [`Header`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    /// What is open: a reference, or the name of a file.
    pub(crate) reference: AttrValue,
    /// The address at which the image is compared with another.
    pub(crate) compare: Option<AttrValue>,
    pub(crate) file: bool,
    /// The address leads to the same on other computers.
    pub(crate) shared: bool,
    /// What is open is a list of a registry, whose address is known at once and pinned to nothing.
    pub(crate) list: bool,
    pub(crate) facts: Option<Rc<ImageFacts>>,
    pub(crate) loading: bool,
    /// The start has a box of its own in its middle.
    pub(crate) start: bool,
    pub(crate) theme: Theme,
    pub(crate) notice: Option<&'static str>,
    pub(crate) on_open: Callback<String>,
    pub(crate) on_file: Callback<web_sys::File>,
    pub(crate) on_platform: Callback<String>,
    pub(crate) on_cancel: Callback<()>,
    pub(crate) on_copy: Callback<LinkFormat>,
    pub(crate) on_theme: Callback<()>,
}

/// The header.
#[component]
pub(crate) fn Header(props: &Props) -> Html {
    let (theme_label, theme_sign) = match props.theme {
        Theme::Light => ("Switch to the dark theme", "◐"),
        Theme::Dark => ("Switch to the light theme", "◑"),
    };
    html! {
        <header class={classes!("header", props.start.then_some("at-start"))}>
            <a class="name" href="#/"><Logo />{ "Onionskin" }</a>
            if !props.start {
                <ReferenceBox
                    reference={props.reference.clone()}
                    file={props.file}
                    facts={props.facts.clone()}
                    loading={props.loading}
                    on_open={props.on_open.clone()}
                    on_cancel={props.on_cancel.clone()}
                >
                    { platform(props) }
                </ReferenceBox>
                if let Some(name) = props.facts.as_ref().map(|facts| facts.name.clone()).filter(|_| !props.file) {
                    <a class="button tags" href={tags_of(name)} title="List the tags of this repository">{ "Tags" }</a>
                }
                if let Some(compare) = &props.compare {
                    <a class="button compare-with" href={compare} title="Compare with another image">{ "Compare…" }</a>
                }
                <Pick class="open-file" on_file={props.on_file.clone()}>{ "Open file…" }</Pick>
                { copy(props, LinkFormat::Url) }
                { copy(props, LinkFormat::Markdown) }
            }
            <span class="notice" role="status">{ props.notice.unwrap_or_default() }</span>
            <button
                type="button"
                class="theme"
                aria-label={theme_label}
                title={theme_label}
                onclick={props.on_theme.reform(|_| ())}
            >
                { theme_sign }
            </button>
        </header>
    }
}

/// Copies the address of the present view.
fn copy(props: &Props, format: LinkFormat) -> Html {
    let title = match (format, props.list) {
        (LinkFormat::Url, false) => "Copy a link to this view, pinned to the digest",
        (LinkFormat::Url, true) => "Copy a link to this list",
        (LinkFormat::Markdown, false) => {
            "Copy a link to this view, pinned to the digest, as Markdown"
        }
        (LinkFormat::Markdown, true) => "Copy a link to this list as Markdown",
    };
    let text = match format {
        LinkFormat::Url => html! { "Copy link" },
        LinkFormat::Markdown => html! {
            <>
                <span class="in-full">{ "Copy as " }</span>
                <span class="in-short">{ "Markdown" }</span>
                <span class="in-signs" aria-hidden="true">{ "M↓" }</span>
            </>
        },
    };
    html! {
        <button
            type="button"
            class={classes!("copy", (format == LinkFormat::Markdown).then_some("as-markdown"))}
            disabled={!props.shared || !(props.list || props.facts.is_some())}
            title={if props.shared { title } else { share::NOT_SHARED }}
            onclick={props.on_copy.reform(move |_| format)}
        >
            { text }
        </button>
    }
}

fn tags_of(name: String) -> String {
    Route::Browse(BrowseRoute::of(List::Tags(name))).to_fragment()
}

/// A choice where the index has several platforms, else a word.
fn platform(props: &Props) -> Html {
    let Some(facts) = &props.facts else {
        return Html::default();
    };
    let chosen_platform = facts.platform();
    let platforms = &facts.image.platforms;
    if platforms.len() < 2 {
        return html! { <span class="platform" title="The platform of this image">{ chosen_platform }</span> };
    }
    let chosen = props.on_platform.reform(|event: Event| {
        let select = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlSelectElement>().ok());
        select.map(|select| select.value()).unwrap_or_default()
    });
    html! {
        <select class="platform" aria-label="Platform" onchange={chosen}>
            for platform in platforms.iter().map(ToString::to_string) {
                <option value={platform.clone()} selected={platform == chosen_platform}>{ platform.clone() }</option>
            }
        </select>
    }
}

/// What [`ReferenceBox`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct BoxProps {
    #[prop_or_default]
    pub(crate) reference: AttrValue,
    /// That is the name of a file.
    #[prop_or_default]
    pub(crate) file: bool,
    #[prop_or_default]
    pub(crate) facts: Option<Rc<ImageFacts>>,
    #[prop_or_default]
    pub(crate) loading: bool,
    #[prop_or_default]
    pub(crate) autofocus: bool,
    pub(crate) on_open: Callback<String>,
    #[prop_or_default]
    pub(crate) on_cancel: Callback<()>,
    #[prop_or_default]
    pub(crate) children: Html,
}

/// Where a reference is typed. While nobody types, its parts are told apart.
#[component]
pub(crate) fn ReferenceBox(props: &BoxProps) -> Html {
    let input = use_node_ref();
    {
        let input = input.clone();
        let autofocus = props.autofocus;
        use_effect_with(props.reference.clone(), move |reference| {
            if let Some(input) = input.cast::<HtmlInputElement>() {
                input.set_value(reference);
                if autofocus {
                    // A browser that refuses leaves the focus where it is.
                    let _ = input.focus();
                }
            }
        });
    }
    let submit = {
        let (input, open) = (input.clone(), props.on_open.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(input) = input.cast::<HtmlInputElement>() else {
                return;
            };
            let reference = input.value().trim().to_owned();
            if !reference.is_empty() {
                let _ = input.blur();
                open.emit(reference);
            }
        })
    };
    let restore = {
        let (input, reference) = (input.clone(), props.reference.clone());
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape"
                && let Some(input) = input.cast::<HtmlInputElement>()
            {
                // It closes nothing else.
                event.prevent_default();
                input.set_value(&reference);
            }
        })
    };
    html! {
        <form class="reference" role="search" onsubmit={submit}>
            <div class="field">
                <input
                    ref={input}
                    type="text"
                    name="reference"
                    aria-label="Image reference"
                    placeholder="nginx:1.27 or registry.example.com/team/app@sha256:…"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    onkeydown={restore}
                />
                if props.file {
                    { pretty_file(&props.reference, props.facts.as_deref()) }
                } else {
                    { pretty(&props.reference, props.facts.as_deref()) }
                }
            </div>
            { props.children.clone() }
            if props.loading {
                <button key="cancel" type="button" class="cancel" onclick={props.on_cancel.reform(|_| ())}>
                    { "Cancel" }
                </button>
            } else {
                <button key="open" type="submit" class="primary">{ "Open" }</button>
            }
        </form>
    }
}

/// The name of a file, and what the image in it is called.
fn pretty_file(name: &str, facts: Option<&ImageFacts>) -> Html {
    html! {
        <div class="pretty" aria-hidden="true">
            <span class="muted">{ "file\u{a0}" }</span>
            <span class="main">{ format::visible_text(name) }</span>
            if let Some(facts) = facts {
                <span class="digest" title={format::visible_text(&facts.reference)}>
                    { format::visible_text(&format::familiar(&facts.reference)) }
                </span>
            }
        </div>
    }
}

/// The reference with its registry and digest held back, laid over the box.
fn pretty(reference: &str, facts: Option<&ImageFacts>) -> Html {
    if reference.is_empty() {
        return Html::default();
    }
    let (registry, rest, digest) = parts(reference);
    let digest = digest.or_else(|| facts.map(ImageFacts::digest));
    html! {
        <div class="pretty" aria-hidden="true">
            <span class="muted">{ format::visible_text(registry) }</span>
            <span class="main">{ format::visible_text(rest) }</span>
            if let Some(digest) = digest {
                <span class="digest" title={digest.clone()}>{ format::short_digest(&digest) }</span>
            }
        </div>
    }
}

/// The parts of a reference as it is written: the registry with its slash, where it is named; repository and tag; the digest,
/// where it has one. What is no reference is one part.
fn parts(reference: &str) -> (&str, &str, Option<String>) {
    let Ok(read) = reference.parse::<Reference>() else {
        return ("", reference, None);
    };
    let digest = read.digest().map(ToString::to_string);
    let named = digest
        .as_ref()
        .and_then(|digest| reference.strip_suffix(digest.as_str())?.strip_suffix('@'));
    let named = named.unwrap_or(reference);
    let rest = named
        .strip_prefix(read.domain())
        .and_then(|rest| rest.strip_prefix('/'));
    let rest = rest.unwrap_or(named);
    let registry = named.strip_suffix(rest).unwrap_or_default();
    (registry, rest, digest)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn references_are_shown_as_they_are_written() {
        let digest = format!("sha256:{}", "0".repeat(64));
        let pinned = format!("registry.example.com:5000/team/app:1.0@{digest}");
        for (reference, registry, rest, digest) in [
            ("nginx:1.27", "", "nginx:1.27", None),
            ("demo/webapp:1.0", "", "demo/webapp:1.0", None),
            (
                "docker.io/library/nginx",
                "docker.io/",
                "library/nginx",
                None,
            ),
            (
                &*pinned,
                "registry.example.com:5000/",
                "team/app:1.0",
                Some(digest),
            ),
            ("no reference", "", "no reference", None),
        ] {
            assert_eq!(parts(reference), (registry, rest, digest));
        }
    }
}
