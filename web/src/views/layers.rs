//! The layers on the left: what put them there, what they cost, how far they are.

use onionskin_core::manifest::history;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, ScrollIntoViewOptions, ScrollLogicalPosition};
use yew::prelude::*;

use crate::format;
use crate::navigate::Navigate;
use crate::parts::bar::{self, Bar, Progress};
use crate::parts::size::{UNKNOWN, UNREAD, size};
use crate::route::{ImageRoute, View};
use crate::session::{Image, LayerState};
use crate::worker::protocol::{Layer, LayerNumbers, command};

/// What [`Layers`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) image: Image,
    pub(crate) route: ImageRoute,
    /// The layer that is looked at.
    pub(crate) selected: u32,
    pub(crate) go: Callback<Navigate>,
}

/// The list of layers.
#[component]
pub(crate) fn Layers(props: &Props) -> Html {
    let image = &props.image;
    let most = image
        .numbers
        .layers
        .iter()
        .map(|layer| layer.stored)
        .max()
        .unwrap_or(0);
    let list = use_node_ref();
    let keys = {
        let (go, route, depth, selected) = (
            props.go.clone(),
            props.route.clone(),
            image.depth(),
            props.selected,
        );
        let list = list.clone();
        Callback::from(move |event: KeyboardEvent| {
            let layer = match event.key().as_str() {
                "ArrowDown" | "ArrowRight" => (selected + 1).min(depth),
                "ArrowUp" | "ArrowLeft" => selected.saturating_sub(1).max(1),
                "Home" => 1,
                "End" => depth,
                _ => return,
            };
            event.prevent_default();
            go.emit(Navigate::replace(at(&route, layer)));
            if let Some(item) = item(&list, layer) {
                // Focus only follows the keys; where it cannot go nothing is lost.
                let _ = item.focus();
            }
        })
    };
    {
        let list = list.clone();
        // While layers come, the list stays where the visitor has it, unless the address names one.
        let chosen = props.route.layer;
        let settled = props.image.finished.then_some(props.selected);
        use_effect_with(
            (chosen.or(settled), props.image.finished),
            move |(layer, _)| {
                if let Some(item) = layer.and_then(|layer| item(&list, layer)) {
                    let options = ScrollIntoViewOptions::new();
                    options.set_block(ScrollLogicalPosition::Nearest);
                    options.set_inline(ScrollLogicalPosition::Nearest);
                    item.scroll_into_view_with_scroll_into_view_options(&options);
                }
            },
        );
    }
    html! {
        <section class="layers" aria-label="Layers">
            <div class="layers-head">
                <h2>{ format::counted(u64::from(image.depth()), "layer") }</h2>
                { switch(props) }
            </div>
            <ol ref={list} role="listbox" aria-label="Layers" onkeydown={keys}>
                for (index, head) in image.facts.image.layers.iter().enumerate() {
                    { layer(props, index as u32 + 1, head, most) }
                }
            </ol>
        </section>
    }
}

/// Why the cost of bytes is not known.
pub(crate) fn unknown_cost(image: &Image) -> &'static str {
    match image.compressed() {
        Some(_) => UNREAD,
        None => UNKNOWN,
    }
}

/// Choosing a layer leads to its findings where findings are shown, else to its files.
pub(crate) fn at(route: &ImageRoute, layer: u32) -> ImageRoute {
    let chosen = ImageRoute {
        layer: Some(layer),
        from: route.from.filter(|_| route.view == View::Difference),
        ..route.clone()
    };
    match route.view {
        View::Waste | View::Checks => chosen.with_waste(|waste| waste.of = Some(layer)),
        View::Packages | View::Config | View::Document => chosen.in_view(View::Stack),
        View::Stack | View::Changes | View::Map | View::Content | View::Difference => chosen,
    }
}

/// The element of a layer.
fn item(list: &NodeRef, layer: u32) -> Option<HtmlElement> {
    list.cast::<Element>()?
        .children()
        .item(layer.checked_sub(1)?)?
        .dyn_into()
        .ok()
}

fn switch(props: &Props) -> Html {
    let choice = |changes: bool, word: &'static str, title: &'static str| {
        let to = props.route.of_changes(changes);
        let is_of_layers = props.route.view.shows_details();
        let is_shown = is_of_layers && props.route.is_of_changes() == changes;
        html! {
            <button
                type="button"
                aria-pressed={is_shown.to_string()}
                {title}
                onclick={props.go.reform(move |_| Navigate::push(to.clone()))}
            >
                { word }
            </button>
        }
    };
    html! {
        <div class="switch" role="group" aria-label="What the tree and the map show">
            { choice(false, "Filesystem", "The filesystem up to this layer") }
            { choice(true, "Changes", "What this layer adds, changes or deletes") }
        </div>
    }
}

fn layer(props: &Props, layer: u32, head: &Layer, most: u64) -> Html {
    let selected = props.selected == layer;
    let to = at(&props.route, layer);
    let numbers = props.image.numbers.layers.get(layer as usize - 1).copied();
    let state = props.image.layer(layer);
    let base = props.image.base_layers();
    html! {
        <li
            key={layer}
            role="option"
            class={classes!(
                "layer",
                matches!(state, Some(LayerState::Broken(_))).then_some("broken"),
                (base == Some(layer)).then_some("base-end"),
            )}
            aria-selected={selected.to_string()}
            tabindex={if selected { "0" } else { "-1" }}
            title={title(head, numbers.as_ref())}
            data-layer={layer.to_string()}
            onclick={props.go.reform(move |_| Navigate::push(to.clone()))}
        >
            <span class="number">{ layer }</span>
            <span class="command">{ command_text(head) }</span>
            <span class="sizes">
                if base.is_some_and(|base| layer <= base) {
                    <span class="of-base" title="From the base image">{ "base" }</span>
                }
                if let Some(bytes) = head.compressed_size {
                    { size(bytes) }
                } else {
                    <span class="muted" title={UNKNOWN}>{ "–" }</span>
                }
            </span>
            { below(layer, head, state, numbers, most, props.image.stopped) }
        </li>
    }
}

/// The command as it is recorded, and what the layer stores.
fn title(head: &Layer, numbers: Option<&LayerNumbers>) -> String {
    let created_by = head.created_by.as_deref().unwrap_or_default();
    let stored = numbers.map(stored);
    let lines = [Some(format::visible_text(created_by)), stored];
    let lines = lines.into_iter().flatten().filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// What it means that a layer is listed.
const LISTED: &str = "The layer is not read: its table of contents lists its files";

/// How far a layer is. When all bytes are here, decoding them may still take a while.
fn receiving(done: u64, whole: Option<u64>) -> String {
    match whole {
        _ if done == 0 => "waiting".to_owned(),
        Some(whole) if done >= whole => "decoding".to_owned(),
        Some(whole) => format!("{} of {}", format::size(done), format::size(whole)),
        None => format::size(done),
    }
}

/// The command that made a layer, or words for that nothing is known of it.
fn command_text(head: &Layer) -> Html {
    let command = command(head);
    if command.is_empty() {
        html! { <span class="muted">{ "no command recorded" }</span> }
    } else {
        html! { { format::visible_text(&history::short(&command)) } }
    }
}

/// What a layer stores, and how much of it is wasted.
fn stored(numbers: &LayerNumbers) -> String {
    let stored = format::size(numbers.stored);
    match numbers.causes.total() {
        0 => format!("{stored} stored"),
        _ if numbers.live() == 0 => format!("{stored} stored, all wasted"),
        wasted => format!("{stored} stored, {} wasted", format::size(wasted)),
    }
}

fn below(
    layer: u32,
    head: &Layer,
    state: Option<&LayerState>,
    numbers: Option<LayerNumbers>,
    most: u64,
    stopped: bool,
) -> Html {
    match (state, numbers) {
        (Some(LayerState::Broken(problem)), _) => {
            html! { <span class="problem-line">{ &problem.title }</span> }
        }
        (Some(LayerState::NotFetched(reason)), _) => {
            html! { <span class="below" title={reason.to_string()}>{ "not available: " }{ reason.short() }</span> }
        }
        (Some(LayerState::Listed(_)), _) => {
            html! { <span class="below" title={LISTED}>{ "from the table of contents" }</span> }
        }
        (Some(LayerState::Receiving(_)), _) if stopped => {
            html! { <span class="below">{ "not read" }</span> }
        }
        (Some(LayerState::Receiving(done)), _) => html! {
            <>
                <Progress done={*done} whole={head.stored_size()} label={format!("Layer {layer}")} />
                <span class="off-screen">{ receiving(*done, head.stored_size()) }</span>
            </>
        },
        (_, Some(numbers)) if numbers.stored == 0 => {
            html! { <span class="below">{ "no file data" }</span> }
        }
        (_, Some(numbers)) => html! {
            <>
                <Bar parts={bar::parts(&numbers)} whole={most} />
                <span class="off-screen">{ stored(&numbers) }</span>
            </>
        },
        (Some(LayerState::Decoded(facts)), None) => html! {
            <>
                <div class="bar empty"></div>
                <span class="off-screen">{ format::size(facts.stored) }</span>
            </>
        },
        (None, None) => Html::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::Route;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn choosing_a_layer_shows_what_is_of_it() {
        for (place, chosen) in [
            ("?layer=5&from=3&view=changes", "?layer=2&view=changes"),
            (
                "?layer=5&from=3&view=diff&path=/a",
                "?layer=2&from=3&view=diff&path=/a",
            ),
            (
                "?view=waste&path=/a&kind=deleted&page=2&finding=deleted.3",
                "?layer=2&view=waste&kind=deleted&of=2",
            ),
            ("?view=checks", "?layer=2&view=checks&of=2"),
            ("?view=packages&find=lib", "?layer=2"),
            (
                "?layer=5&from=3&view=map&of=changes",
                "?layer=2&view=map&of=changes",
            ),
        ] {
            let (Route::Image(route), _) = Route::parse(&format!("#/image/a{place}")) else {
                panic!("no image")
            };
            let to = Route::Image(at(&route, 2)).to_fragment();
            assert_eq!(to, format!("#/image/a{chosen}"));
        }
    }
}
