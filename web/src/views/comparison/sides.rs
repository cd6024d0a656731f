//! Which images are compared: a field for each, with what of it counts.

use std::rc::Rc;

use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::choose::use_tags;
use super::side_title;
use crate::format;
use crate::navigate::Navigate;
use crate::parts::pick::Pick;
use crate::route::comparison::{CompareRoute, SideRoute};
use crate::share::{self, LinkFormat};
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{Both, ImageFacts, Side};

/// What [`Sides`] shows.
#[derive(PartialEq, Properties)]
pub(super) struct Props {
    pub(super) registry: WorkerClient,
    pub(super) route: CompareRoute,
    pub(super) facts: Both<Option<Rc<ImageFacts>>>,
    pub(super) loading: bool,
    pub(super) go: Callback<Navigate>,
    pub(super) on_file: Callback<(Side, web_sys::File)>,
    pub(super) on_cancel: Callback<()>,
    pub(super) on_copy: Callback<LinkFormat>,
}

/// References that a field suggests.
const SUGGESTED: usize = 100;

/// The form.
#[component]
pub(super) fn Sides(props: &Props) -> Html {
    let inputs = Both {
        old: use_node_ref(),
        new: use_node_ref(),
    };
    {
        let inputs = inputs.clone();
        use_effect_with(props.route.sides.clone(), move |sides| {
            for side in Side::BOTH {
                if let Some(input) = inputs.of(side).cast::<HtmlInputElement>() {
                    input.set_value(&sides.of(side).name());
                }
            }
        });
    }
    let submit = {
        let (inputs, route, go) = (inputs.clone(), props.route.clone(), props.go.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let mut to = route.clone();
            for side in Side::BOTH {
                let input = inputs.of(side).cast::<HtmlInputElement>();
                let typed = input.map(|input| input.value()).unwrap_or_default();
                let typed = typed.trim();
                if typed != route.sides.of(side).name() {
                    to = to.with(side, SideRoute::named(typed));
                }
            }
            if to != route {
                go.emit(Navigate::push(to));
            }
        })
    };
    let repository = [Side::New, Side::Old].into_iter().find_map(|side| {
        let side = props.route.sides.of(side);
        let named = side.file.is_none() && !side.reference.is_empty();
        named.then(|| crate::worker::registries::repository(&side.reference).to_owned())
    });
    let tags = use_tags(&props.registry, repository.as_deref());
    let swap = {
        let to = props.route.swapped();
        props
            .go
            .reform(move |_: MouseEvent| Navigate::push(to.clone()))
    };
    html! {
        <form class="sides" onsubmit={submit} aria-label="Images to compare">
            { field(props, Side::Old, &inputs.old) }
            <button type="button" class="swap" onclick={swap} title="Compare the other way round">{ "Swap" }</button>
            { field(props, Side::New, &inputs.new) }
            <datalist id="compare-tags">
                if let Some(repository) = &repository {
                    for tag in tags.iter().take(SUGGESTED) {
                        <option value={format!("{repository}:{tag}")}></option>
                    }
                }
            </datalist>
            <div class="compare-actions">
                if props.loading {
                    <button key="cancel" type="button" class="cancel" onclick={props.on_cancel.reform(|_| ())}>{ "Cancel" }</button>
                } else {
                    <button key="compare" type="submit" class="primary">{ "Compare" }</button>
                }
                { copy(props, LinkFormat::Url) }
                { copy(props, LinkFormat::Markdown) }
            </div>
        </form>
    }
}

fn copy(props: &Props, format: LinkFormat) -> Html {
    let is_file = |side: Side| props.route.sides.of(side).file.is_some();
    let known = |side: Side| props.facts.of(side).is_some();
    let file = Side::BOTH.into_iter().any(is_file);
    let (class, title, text) = match format {
        LinkFormat::Url => (
            "copy-comparison",
            "Copy a link to this comparison, pinned to the digests",
            "Copy link",
        ),
        LinkFormat::Markdown => (
            "copy-comparison-as-markdown",
            "Copy a link to this comparison, pinned to the digests, as Markdown",
            "Copy as Markdown",
        ),
    };
    html! {
        <button
            type="button"
            {class}
            title={if file { share::NOT_SHARED } else { title }}
            disabled={file || !Side::BOTH.into_iter().all(known)}
            onclick={props.on_copy.reform(move |_| format)}
        >
            { text }
        </button>
    }
}

fn field(props: &Props, side: Side, input: &NodeRef) -> Html {
    let id = format!("compare-{}", side.name());
    let on_file = props.on_file.reform(move |file| (side, file));
    html! {
        <div class="side-box" data-side={side.name()}>
            <label for={id.clone()}>{ side_title(side) }</label>
            <div class="side-line">
                <div class="field">
                    <input
                        {id}
                        ref={input.clone()}
                        type="text"
                        list="compare-tags"
                        placeholder="registry.example.com/team/app:1.0"
                        autocomplete="off"
                        autocapitalize="off"
                        spellcheck="false"
                    />
                </div>
                <Pick {on_file}>{ "File…" }<span class="off-screen">{ format!(" for the {} image", side.name()) }</span></Pick>
            </div>
            { choices(props, side) }
        </div>
    }
}

/// Platform and layers of a side, once they are known.
fn choices(props: &Props, side: Side) -> Html {
    let Some(facts) = props.facts.of(side) else {
        return html! { <div class="side-choices"></div> };
    };
    let route = props.route.sides.of(side);
    let depth = facts.image.layers.len() as u32;
    let digest = facts.digest();
    let chosen = |choose: fn(&mut SideRoute, String)| {
        let (whole, go) = (props.route.clone(), props.go.clone());
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            let mut to = whole.clone();
            choose(to.sides.of_mut(side), select.value());
            go.emit(Navigate::push(to));
        })
    };
    let on_platform = chosen(|side, value| {
        side.platform = Some(value);
        side.stack = None;
    });
    let on_stack = chosen(|side, value| side.stack = value.parse().ok());
    let platforms = &facts.image.platforms;
    html! {
        <div class="side-choices">
            if platforms.len() > 1 {
                <select class="platform" aria-label={format!("Platform of the {} image", side.name())} onchange={on_platform}>
                    for platform in platforms.iter().map(ToString::to_string) {
                        <option value={platform.clone()} selected={platform == facts.platform()}>{ platform.clone() }</option>
                    }
                </select>
            } else {
                <span class="muted">{ format::visible_text(&facts.platform()) }</span>
            }
            <select class="platform stack" aria-label={format!("Layers of the {} image", side.name())} onchange={on_stack}>
                <option value="" selected={route.stack.is_none()}>{ all_of(depth) }</option>
                for layer in 1..depth {
                    <option value={layer.to_string()} selected={route.stack == Some(layer)}>{ format::layers_to(layer) }</option>
                }
                <option value="0" selected={route.stack == Some(0)}>{ "no layers" }</option>
            </select>
            if facts.analysis.is_some() {
                <span class="muted">{ "saved analysis" }</span>
            }
            if !digest.is_empty() {
                <span class="mono muted" title={digest.clone()}>{ format::short_digest(&digest) }</span>
            }
        </div>
    }
}

/// All layers of an image.
fn all_of(depth: u32) -> String {
    let counted = format::counted(depth.into(), "layer");
    match depth {
        1 => counted,
        _ => format!("all {counted}"),
    }
}
