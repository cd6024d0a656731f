//! One finding: what, which layers with their commands, what it costs, what to change.

use onionskin_core::report::words::share;
use web_sys::{Element, ScrollIntoViewOptions, ScrollLogicalPosition};
use yew::prelude::*;

use crate::format;
use crate::navigate::Navigate;
use crate::parts::size::size;
use crate::route::{ImageRoute, Route, View};
use crate::session::Image;
use crate::views::waste::words;
use crate::worker::protocol::{Finding, FindingName, Place};

/// What [`Card`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) image: Image,
    pub(crate) route: ImageRoute,
    pub(crate) go: Callback<Navigate>,
    pub(crate) finding: Finding,
    /// The page that it is on, from 1.
    pub(crate) page: u32,
    pub(crate) selected: bool,
}

/// Layers told of a finding that is not selected.
const LAYERS: usize = 3;

/// A finding.
#[component]
pub(crate) fn Card(props: &Props) -> Html {
    let finding = &props.finding;
    let card = use_node_ref();
    {
        let card = card.clone();
        use_effect_with(props.selected, move |selected| {
            if let Some(card) = card.cast::<Element>().filter(|_| *selected) {
                let options = ScrollIntoViewOptions::new();
                options.set_block(ScrollLogicalPosition::Nearest);
                card.scroll_into_view_with_scroll_into_view_options(&options);
            }
        });
    }
    html! {
        <li
            ref={card}
            class={classes!(
                "finding",
                words::class(finding.name.kind),
                props.selected.then_some("selected"),
                (!costs(finding)).then_some("free"),
            )}
            aria-current={props.selected.then_some("true")}
            data-kind={finding.name.kind.name()}
            data-bytes={finding.bytes.to_string()}
        >
            { words::sign(finding.name.kind) }
            <h4>
                { path(props) }
                if let Some(line) = finding.line {
                    <span class="muted">{ format!(" line {line}") }</span>
                }
                { " " }{ deed(&finding.name) }
            </h4>
            { cost(props) }
            { story(props) }
            if props.selected {
                { exactly(finding) }
            }
            if let Some(reason) = &finding.ignored {
                <p class="exactly muted">{ "Ignored by the rules file: " }{ format::visible_text(reason) }</p>
            }
            <p class="advice">{ for words::unbroken(&finding.advice) }</p>
            { more(props) }
        </li>
    }
}

/// What is wrong: what of its kind it is, where the kind has several.
fn deed(name: &FindingName) -> Html {
    let meaning = name.kind.meaning();
    match &name.rule {
        Some(rule) => html! {
            <span class="deed" title={meaning}>
                { name.kind.name() }{ " " }<code>{ format::visible_text(rule) }</code>
            </span>
        },
        None => html! { <span class="deed">{ meaning }</span> },
    }
}

/// Whether its bytes are what matters about it.
fn costs(finding: &Finding) -> bool {
    finding.bytes > 0 && !finding.name.kind.is_risk()
}

/// The numbers that are rounded elsewhere.
fn exactly(finding: &Finding) -> Html {
    if !costs(finding) {
        return Html::default();
    }
    let of_download = finding
        .compressed
        .map(|bytes| format!(", {} of each pull", format::exact(bytes)));
    html! { <p class="exactly muted">{ format::exact(finding.bytes) }{ " stored" }{ of_download }</p> }
}

/// The address of a finding in this view.
fn selected(props: &Props) -> ImageRoute {
    let mut route = props.route.with_waste(|_| {});
    if let Place::Change(_, path) = &props.finding.place {
        route.path = Some(path.clone());
    }
    route.waste.finding = Some(props.finding.name.clone());
    route
}

/// The path, as the link to its place.
fn path(props: &Props) -> Html {
    let finding = &props.finding;
    let (to, title) = match &finding.place {
        Place::Change(layer, path) => (
            ImageRoute {
                layer: Some(*layer),
                path: Some(path.clone()),
                ..props.route.in_view(View::Changes)
            },
            format!("Show in the changes of layer {layer}"),
        ),
        Place::Config => (
            props.route.in_view(View::Config),
            "Show the configuration and the build history".to_owned(),
        ),
    };
    let here = selected(props);
    let href = Route::Image(to.clone()).to_fragment();
    let go = props.go.clone();
    let onclick = move |event: MouseEvent| {
        // With a key held down or another button, the browser does what it does with links.
        if event.button() != 0 || event.ctrl_key() || event.meta_key() || event.shift_key() {
            return;
        }
        event.prevent_default();
        // On the way back this finding is where the visitor left off.
        go.emit(Navigate::replace(here.clone()));
        go.emit(Navigate::push(to.clone()));
    };
    let (folder, name) = match finding.path.rsplit_once('/') {
        Some((folder, name)) if !name.is_empty() => (format!("{folder}/"), name),
        _ => (String::new(), finding.path.as_str()),
    };
    html! {
        <a class="mono" {href} {title} {onclick}>
            <span class="muted">{ format::visible_text(&folder) }</span>{ format::visible_text(name) }
        </a>
    }
}

fn cost(props: &Props) -> Html {
    let finding = &props.finding;
    if !costs(finding) {
        return Html::default();
    }
    let of_download = finding.compressed.map(|compressed| {
        let of_all = props.image.compressed().filter(|all| *all > 0);
        let share = of_all.map(|all| format!(", {}", share(compressed, all)));
        html! {
            <span class="pull" title={format::exact(compressed)}>
                { format::size(compressed) }{ " of each pull" }{ share }
            </span>
        }
    });
    html! { <div class="cost">{ size(finding.bytes) }{ of_download }</div> }
}

/// The layers that ship the bytes and those that hide them, each told once.
fn layers(finding: &Finding) -> Vec<(u32, &'static str)> {
    let hides = finding
        .name
        .kind
        .cause()
        .map_or("hidden in", words::of_cause);
    let ships = "added in";
    let mut layers: Vec<(u32, &'static str)> = Vec::new();
    let adds = finding.added_by.iter().map(|layer| (*layer, ships));
    let hides = finding.hidden_by.iter().map(|layer| (*layer, hides));
    for (layer, deed) in adds.chain(hides) {
        match layers.iter_mut().find(|(other, _)| *other == layer) {
            // A layer that replaces what another shipped, and is overwritten itself.
            Some(told) => told.1 = deed,
            None => layers.push((layer, deed)),
        }
    }
    layers.sort_unstable();
    layers
}

fn story(props: &Props) -> Html {
    let layers = layers(&props.finding);
    let all = layers.len();
    let shown = if props.selected || all <= LAYERS {
        all
    } else {
        LAYERS - 1
    };
    if all == 0 {
        return Html::default();
    }
    html! {
        <ul class={classes!("story", props.selected.then_some("whole"))}>
            for (layer, deed) in layers.into_iter().take(shown) {
                <li>
                    <span class="muted">
                        { deed }{ " " }{ at_layer(props, layer) }{ of_base(&props.image, layer) }{ " " }
                    </span>
                    <code>{ command(&props.image, layer) }</code>
                </li>
            }
            if shown < all {
                <li class="muted">{ format!("and {} more", format::counted((all - shown) as u64, "layer")) }</li>
            }
        </ul>
    }
}

/// A layer's number; of a selected finding the link to what that layer did to its path.
fn at_layer(props: &Props, layer: u32) -> Html {
    let text = format!("layer {layer}");
    let Place::Change(_, path) = &props.finding.place else {
        return html! { { text } };
    };
    if !props.selected {
        return html! { { text } };
    }
    let to = ImageRoute {
        layer: Some(layer),
        path: Some(path.clone()),
        ..props.route.in_view(View::Changes)
    };
    let href = Route::Image(to).to_fragment();
    html! { <a {href} title={format!("Show in the changes of layer {layer}")}>{ text }</a> }
}

/// Says so of a layer that came with the base image.
fn of_base(image: &Image, layer: u32) -> &'static str {
    let base = image.audit.as_ref().and_then(|audit| audit.base.as_ref());
    match base.and_then(|base| base.layers) {
        Some(layers) if layer <= layers => " (base image)",
        _ => "",
    }
}

fn command(image: &Image, layer: u32) -> String {
    let audit = image.audit.as_ref();
    let command = audit
        .zip(layer.checked_sub(1))
        .and_then(|(audit, index)| audit.commands.get(index as usize));
    command.map_or_else(String::new, |command| format::visible_text(command))
}

/// Opens the finding, or closes it.
fn more(props: &Props) -> Html {
    let to = if props.selected {
        let page = Some(props.page).filter(|page| *page > 1);
        props.route.with_waste(|waste| waste.page = page)
    } else {
        selected(props)
    };
    html! {
        <button
            type="button"
            class="quiet more"
            aria-expanded={props.selected.to_string()}
            onclick={props.go.reform(move |_| Navigate::replace(to.clone()))}
        >
            { if props.selected { "Less" } else { "More" } }
            <span class="off-screen">{ format!(" of {}", format::visible_text(&props.finding.path)) }</span>
        </button>
    }
}
