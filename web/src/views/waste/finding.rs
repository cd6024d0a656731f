//! Findings with the same advice: what, which layers with their commands, what they cost, what to change.

use onionskin_core::report::format::share;
use web_sys::{Element, ScrollIntoViewOptions, ScrollLogicalPosition};
use yew::prelude::*;

use crate::counts::number;
use crate::format;
use crate::navigate::{Navigate, follows};
use crate::parts::copy::CopyPlace;
use crate::parts::size::size;
use crate::route::packages::PackagesPlace;
use crate::route::{ImageRoute, Route, View};
use crate::session::Image;
use crate::views::waste::changes::Changes;
use crate::views::waste::kinds;
use crate::worker::protocol::{Card as CardFacts, Finding, FindingName, Location};

/// What [`Card`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) image: Image,
    pub(crate) route: ImageRoute,
    pub(crate) go: Callback<Navigate>,
    /// One finding at least.
    pub(crate) card: CardFacts,
    /// Asks for more of its findings.
    pub(crate) on_more: Callback<()>,
    /// The page that it is on, from 1.
    pub(crate) page: u32,
    /// The number of its finding that is selected.
    pub(crate) selected: Option<u32>,
}

/// Layers told of a card that is not selected.
const LAYERS: usize = 3;
/// The same of paths.
const PLACES: usize = 4;

/// Findings that the same change makes go away.
#[component]
pub(crate) fn Card(props: &Props) -> Html {
    let card = use_node_ref();
    let is_selected = props.selected.is_some();
    {
        let card = card.clone();
        use_effect_with(props.selected, move |selected| {
            if let Some(card) = card.cast::<Element>().filter(|_| selected.is_some()) {
                let options = ScrollIntoViewOptions::new();
                options.set_block(ScrollLogicalPosition::Nearest);
                let place = card.query_selector(".place.selected").ok().flatten();
                place
                    .unwrap_or(card)
                    .scroll_into_view_with_scroll_into_view_options(&options);
            }
        });
    }
    let Some(finding) = props.card.findings.first() else {
        return Html::default();
    };
    let several = props.card.numbers.len() > 1;
    html! {
        <li
            ref={card}
            class={classes!(
                "finding",
                kinds::class(finding.name.kind),
                is_selected.then_some("selected"),
                (!costs(&props.card)).then_some("free"),
            )}
            aria-current={is_selected.then_some("true")}
            data-kind={finding.name.kind.name()}
        >
            <div class="lead">
                { kinds::sign(finding.name.kind) }
                { choice(props, finding) }
            </div>
            if several {
                <h4>
                    <b>{ format::counted(props.card.numbers.len() as u64, "path") }</b>{ " " }{ deed(&finding.name) }
                </h4>
            } else {
                <h4 class={place_class(props, finding)} data-kind={finding.name.kind.name()} data-bytes={finding.facts.bytes.to_string()}>
                    { path(props, finding) }{ line(finding) }{ " " }{ deed(&finding.name) }
                </h4>
            }
            { cost(props) }
            { story(props, finding) }
            if several {
                { places(props) }
            }
            if is_selected {
                { exactly(&props.card) }
            }
            if let Some(reason) = &finding.facts.ignored {
                <p class="exactly muted">{ "Ignored by the rules file: " }{ format::visible_text(reason) }</p>
            }
            <div class="advice">
                <p>{ for kinds::unbroken(&finding.facts.advice) }</p>
                <Changes lines={props.card.changes.clone()} />
            </div>
            // Opened, each of several has its own.
            if !several || !is_selected {
                <p class="copy-finding">{ copy(props, finding) }</p>
            }
            { more(props, finding) }
        </li>
    }
}

/// Takes its findings out of what the image weighs, where that changes anything.
fn choice(props: &Props, finding: &Finding) -> Html {
    if !costs(&props.card) {
        return Html::default();
    }
    let numbers = props.card.numbers.clone();
    let without = &props.route.waste.without;
    let checked = numbers.iter().all(|number| without.contains(number));
    let route = props.route.clone();
    let onchange = props.go.reform(move |_: Event| {
        let mut route = route.clone();
        let without = &mut route.waste.without;
        without.retain(|number| !numbers.contains(number));
        if !checked {
            without.extend(&numbers);
            without.sort_unstable();
        }
        Navigate::replace(route)
    });
    let label = format!("Size without {}", format::visible_text(&finding.facts.path));
    html! {
        <label class="choice" title="Show the size of the image without this">
            <input type="checkbox" {checked} {onchange} aria-label={label} />
        </label>
    }
}

fn place_class(props: &Props, finding: &Finding) -> Classes {
    let selected = props.selected == Some(finding.number);
    classes!("place", selected.then_some("selected"))
}

/// The paths of several findings, each with what it takes.
fn places(props: &Props) -> Html {
    let all = props.card.numbers.len();
    let told = &props.card.findings;
    let shown = match props.selected {
        Some(_) => told.len(),
        None if all <= PLACES => all,
        None => PLACES - 1,
    };
    html! {
        <ul class="places">
            for finding in told.iter().take(shown) {
                <li
                    class={place_class(props, finding)}
                    data-kind={finding.name.kind.name()}
                    data-bytes={finding.facts.bytes.to_string()}
                >
                    <span>{ path(props, finding) }{ line(finding) }</span>
                    if props.selected.is_some() {
                        { copy(props, finding) }
                    }
                    if finding.facts.bytes > 0 {
                        { size(finding.facts.bytes) }
                    }
                </li>
            }
            if shown < all {
                <li class="muted">
                    { format!("and {} more", format::counted((all - shown) as u64, "path")) }
                    if props.selected.is_some() {
                        <button type="button" class="quiet" onclick={props.on_more.reform(|_: MouseEvent| ())}>{ "Show more" }</button>
                    }
                </li>
            }
        </ul>
    }
}

fn line(finding: &Finding) -> Html {
    let Some(line) = finding.facts.line else {
        return Html::default();
    };
    html! { <span class="muted">{ format!(" line {line}") }</span> }
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
fn costs(card: &CardFacts) -> bool {
    let kind = card.findings.first().map(|finding| finding.name.kind);
    card.bytes > 0 && kind.is_some_and(|kind| !kind.is_risk())
}

/// The numbers that are rounded elsewhere.
fn exactly(card: &CardFacts) -> Html {
    if !costs(card) {
        return Html::default();
    }
    let of_download = card
        .compressed
        .map(|bytes| format!(", {} of each pull", format::exact(bytes)));
    html! { <p class="exactly muted">{ format::exact(card.bytes) }{ " stored" }{ of_download }</p> }
}

/// The address of a finding in this view.
fn selected(props: &Props, finding: &Finding) -> ImageRoute {
    let mut route = props.route.with_waste(|_| {});
    if let Some((_, path)) = finding.location.in_layer() {
        route.path = Some(path.to_vec());
    }
    route.waste.finding = Some(finding.name.clone());
    route
}

/// Copies the address of a finding in this view.
fn copy(props: &Props, finding: &Finding) -> Html {
    let kind = finding.name.kind;
    let rule = finding.name.rule.as_deref();
    let mut note = [Some(kind.name()), rule]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ");
    if finding.facts.bytes > 0 && !kind.is_risk() {
        note += &format!(", {}", format::size(finding.facts.bytes));
    }
    let path = match finding.location.in_layer() {
        Some((_, path)) => path,
        None => finding.facts.path.as_bytes(),
    };
    html! {
        <CopyPlace
            facts={props.image.facts.clone()}
            route={selected(props, finding)}
            path={path.to_vec()}
            {note}
        />
    }
}

/// The path, as the link to its place.
fn path(props: &Props, finding: &Finding) -> Html {
    let (to, title) = match &finding.location {
        Location::Path { layer, path } => (
            ImageRoute {
                layer: Some(number(*layer)),
                path: Some(path.clone()),
                ..props.route.in_view(View::Changes)
            },
            format!("Show in the changes of layer {layer}"),
        ),
        Location::Packages { kind, .. } => (
            ImageRoute {
                // What was looked for in the findings is no name of a package.
                find: String::new(),
                packages: PackagesPlace {
                    kind: Some(*kind),
                    package: None,
                },
                ..props.route.in_view(View::Packages)
            },
            "Show the packages".to_owned(),
        ),
        Location::Config(_) => (
            props.route.in_view(View::Config),
            "Show the configuration and the build history".to_owned(),
        ),
    };
    let here = selected(props, finding);
    let href = Route::Image(to.clone()).to_fragment();
    let go = props.go.clone();
    let onclick = move |event: MouseEvent| {
        if !follows(&event) {
            return;
        }
        // On the way back this finding is where the visitor left off.
        go.emit(Navigate::replace(here.clone()));
        go.emit(Navigate::push(to.clone()));
    };
    let (folder, name) = match finding.facts.path.rsplit_once('/') {
        Some((folder, name)) if !name.is_empty() => (format!("{folder}/"), name),
        _ => (String::new(), finding.facts.path.as_str()),
    };
    html! {
        <a class="mono" {href} {title} {onclick}>
            <span class="muted">{ format::visible_text(&folder) }</span><bdi>{ format::visible_text(name) }</bdi>
        </a>
    }
}

fn cost(props: &Props) -> Html {
    let card = &props.card;
    if !costs(card) {
        return Html::default();
    }
    let of_download = card.compressed.map(|compressed| {
        let of_all = props.image.compressed().filter(|all| *all > 0);
        let share = of_all.map(|all| format!(", {}", share(compressed, all)));
        html! {
            <span class="pull" title={format::exact(compressed)}>
                { format::size(compressed) }{ " of each pull" }{ share }
            </span>
        }
    });
    html! { <div class="cost">{ size(card.bytes) }{ of_download }</div> }
}

/// The layers that add the bytes and those that hide them, each told once.
fn layers(card: &CardFacts, finding: &Finding) -> Vec<(u32, &'static str)> {
    let hides = finding
        .name
        .kind
        .cause()
        .map_or("hidden in", kinds::of_cause);
    let adds = "added in";
    let mut layers: Vec<(u32, &'static str)> = Vec::new();
    let added = card.added_by.iter().map(|layer| (*layer, adds));
    let hidden = card.hidden_by.iter().map(|layer| (*layer, hides));
    for (layer, deed) in added.chain(hidden) {
        match layers.iter_mut().find(|(other, _)| *other == layer) {
            // A layer that replaces what another added, and is overwritten itself.
            Some(told) => told.1 = deed,
            None => layers.push((layer, deed)),
        }
    }
    layers.sort_unstable();
    layers
}

fn story(props: &Props, finding: &Finding) -> Html {
    let layers = layers(&props.card, finding);
    let all = layers.len();
    let shown = if props.selected.is_some() || all <= LAYERS {
        all
    } else {
        LAYERS - 1
    };
    if all == 0 {
        return Html::default();
    }
    html! {
        <ul class={classes!("story", props.selected.map(|_| "whole"))}>
            for (layer, deed) in layers.into_iter().take(shown) {
                <li>
                    <span class="muted">
                        { deed }{ " " }{ at_layer(props, finding, layer) }{ of_base(&props.image, layer) }{ " " }
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
fn at_layer(props: &Props, finding: &Finding, layer: u32) -> Html {
    let text = format!("layer {layer}");
    let Some((_, path)) = finding.location.in_layer() else {
        return html! { { text } };
    };
    if props.selected.is_none() {
        return html! { { text } };
    }
    let to = ImageRoute {
        layer: Some(layer),
        path: Some(path.to_vec()),
        ..props.route.in_view(View::Changes)
    };
    let href = Route::Image(to).to_fragment();
    html! { <a {href} title={format!("Show in the changes of layer {layer}")}>{ text }</a> }
}

/// Says so of a layer that came with the base image.
fn of_base(image: &Image, layer: u32) -> &'static str {
    match image.base_layers() {
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
fn more(props: &Props, finding: &Finding) -> Html {
    let is_selected = props.selected.is_some();
    let to = if is_selected {
        let page = Some(props.page).filter(|page| *page > 1);
        props.route.with_waste(|waste| waste.page = page)
    } else {
        selected(props, finding)
    };
    html! {
        <button
            type="button"
            class="quiet more"
            aria-expanded={is_selected.to_string()}
            onclick={props.go.reform(move |_| Navigate::replace(to.clone()))}
        >
            { if is_selected { "Less" } else { "More" } }
            <span class="off-screen">{ format!(" of {}", format::visible_text(&finding.facts.path)) }</span>
        </button>
    }
}
