//! The findings that were chosen, a page at a time, in their groups.

use web_sys::{Element, HtmlSelectElement};
use yew::prelude::*;

use crate::format;
use crate::navigate::Navigate;
use crate::parts::find::Find;
use crate::route::ImageRoute;
use crate::route::waste::{ORDERS, order};
use crate::session::Image;
use crate::views::waste::finding::Card;
use crate::views::waste::kinds;
use crate::views::waste::weighed::WithoutBar;
use crate::worker::protocol::{AuditFacts, Card as CardFacts, Findings, Group, Kind, OfKind};

/// What [`List`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    /// The list of security and configuration, instead of that of bytes.
    pub(crate) checks: bool,
    pub(crate) image: Image,
    pub(crate) route: ImageRoute,
    pub(crate) go: Callback<Navigate>,
    /// None until the image worker told.
    pub(crate) found: Option<Box<Findings>>,
    /// Asks for more of the findings of each card.
    pub(crate) on_more: Callback<()>,
}

/// What chooses, and what was chosen.
#[component]
pub(crate) fn List(props: &Props) -> Html {
    let top = use_node_ref();
    {
        let top = top.clone();
        let found = props.found.as_ref();
        let from = found.map(|found| found.from);
        // A selected finding shows itself.
        let selected = found.is_some_and(|found| found.selected.is_some());
        let last = use_mut_ref(|| None::<u32>);
        use_effect_with((from, selected), move |(from, selected)| {
            let before = last.replace(*from);
            // Another page is read from its top.
            if before.is_some()
                && before != *from
                && !selected
                && let Some(top) = top.cast::<Element>()
            {
                top.scroll_into_view();
            }
        });
    }
    let Some(audit) = props
        .image
        .audit
        .clone()
        .filter(|audit| audit.findings(props.checks) > 0)
    else {
        return Html::default();
    };
    html! {
        <>
            <div ref={top}></div>
            { tools(props, &audit) }
            if let Some(found) = &props.found {
                <p class="off-screen" role="status">{ format::counted(u64::from(found.total), "finding") }</p>
                { absent(props, found) }
                { findings(props, found) }
                { pages(props, found) }
                <WithoutBar
                    image={props.image.clone()}
                    route={props.route.clone()}
                    go={props.go.clone()}
                    without={found.without}
                />
            }
        </>
    }
}

fn tools(props: &Props, audit: &AuditFacts) -> Html {
    let route = &props.route;
    let all = audit.findings(props.checks);
    let sorted = {
        let (go, route) = (props.go.clone(), route.clone());
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            let order = order(&select.value()).unwrap_or_default();
            go.emit(Navigate::replace(
                route.with_waste(|waste| waste.order = order),
            ));
        })
    };
    html! {
        <div class="tools">
            <div class="tools-line">
                <Find route={route.with_waste(|_| {})} go={props.go.clone()} what="search paths, commands, advice" />
                <label class="sort">
                    <span class="muted">{ "sort by" }</span>
                    <select onchange={sorted}>
                        for (order, name, word) in ORDERS {
                            <option value={name} selected={route.waste.order == order}>{ word }</option>
                        }
                    </select>
                </label>
            </div>
            <div class="chips" role="group" aria-label="Filter by kind">
                { chip(props, None, all) }
                for of in audit.kinds_of(props.checks) {
                    { chip(props, Some(of), u64::from(of.findings)) }
                }
                if let Some(layer) = route.waste.of {
                    { only_layer(props, layer) }
                }
            </div>
        </div>
    }
}

fn chip(props: &Props, of: Option<&OfKind>, findings: u64) -> Html {
    let kind = of.map(|of| of.kind);
    let to = props.route.with_waste(|waste| waste.kind = kind);
    let title = of.map(|of| format!("{}: {}", of.kind.meaning(), format::exact(of.bytes)));
    html! {
        <button
            type="button"
            class="chip"
            aria-pressed={(props.route.waste.kind == kind).to_string()}
            {title}
            data-kind={kind.map(Kind::name)}
            onclick={props.go.reform(move |_| Navigate::replace(to.clone()))}
        >
            if let Some(kind) = kind {
                <span class={classes!("dot", kinds::class(kind))} aria-hidden="true"></span>
            }
            { kind.map_or("all", Kind::name) }{ " " }<b>{ format::count(findings) }</b>
        </button>
    }
}

fn only_layer(props: &Props, layer: u32) -> Html {
    let to = props.route.with_waste(|waste| waste.of = None);
    html! {
        <button
            type="button"
            class="chip"
            aria-pressed="true"
            title="Show the findings of all layers"
            onclick={props.go.reform(move |_| Navigate::replace(to.clone()))}
        >
            { format!("layer {layer} ") }<span aria-hidden="true">{ "✕" }</span>
        </button>
    }
}

fn findings(props: &Props, found: &Findings) -> Html {
    if found.total == 0 {
        let to = ImageRoute {
            find: String::new(),
            ..props.route.with_waste(|waste| {
                waste.kind = None;
                waste.of = None;
            })
        };
        return html! {
            <div class="nothing" role="status">
                <p>{ "No finding matches." }</p>
                <button type="button" onclick={props.go.reform(move |_| Navigate::replace(to.clone()))}>{ "Show all findings" }</button>
            </div>
        };
    }
    let groups = found.cards.chunk_by(|a, b| group_of(a) == group_of(b));
    let mut at = found.from;
    let groups = groups.map(|rows| {
        let from = at;
        at += rows.len() as u32;
        group(props, found, from, rows)
    });
    html! { { for groups } }
}

/// The group of the findings of a card, which are of one kind.
fn group_of(card: &CardFacts) -> Option<Group> {
    let first = card.findings.first();
    first.map(|finding| Group::of(finding.name.kind))
}

/// Says so where the address names a finding that there is not.
fn absent(props: &Props, found: &Findings) -> Html {
    let named = props.route.waste.finding.is_some() || props.route.path.is_some();
    if !named || found.selected.is_some() {
        return Html::default();
    }
    let of = match &props.route.path {
        Some(path) => format!(" of {}", format::visible(path)),
        None => String::new(),
    };
    let text = format!("The link points to a finding{of} that this list does not contain.");
    html! { <p class="absent" role="status">{ text }</p> }
}

/// Says of findings that there may be more, or less.
fn partial_mark() -> Html {
    html! { <span class="partial-mark" title="Not all layers were read">{ "partial" }</span> }
}

fn group(props: &Props, found: &Findings, from: u32, rows: &[CardFacts]) -> Html {
    let Some(group) = rows.first().and_then(group_of) else {
        return Html::default();
    };
    let (heading, meaning) = kinds::of_group(group);
    let chosen = found.groups.iter().find(|(other, _)| *other == group);
    let count = chosen.map_or(rows.len() as u64, |(_, count)| u64::from(*count));
    let partial = !props.image.whole();
    let id = format!("group-{group:?}");
    html! {
        <section class="group" aria-labelledby={id.clone()} key={id.clone()}>
            <h3 {id}>{ heading }<span class="beside">{ format::count(count) }</span>{ if partial { partial_mark() } else { Html::default() } }</h3>
            <p class="muted">{ meaning }</p>
            <ol class="cards-of-findings">
                for (at, row) in (from..).zip(rows) {
                    <Card
                        key={at}
                        image={props.image.clone()}
                        route={props.route.clone()}
                        go={props.go.clone()}
                        card={row.clone()}
                        on_more={props.on_more.clone()}
                        page={found.from / super::PAGE + 1}
                        selected={found.selected.filter(|(card, _)| *card == at).map(|(_, number)| number)}
                    />
                }
            </ol>
        </section>
    }
}

fn pages(props: &Props, found: &Findings) -> Html {
    let shown = found.cards.len() as u32;
    if shown >= found.all {
        return Html::default();
    }
    let page = found.from / super::PAGE + 1;
    let last = found.all.div_ceil(super::PAGE);
    let turn = |to: u32, word: &'static str| {
        let there = (1..=last).contains(&to);
        let to = props.route.with_waste(|waste| waste.page = Some(to));
        html! {
            <button type="button" disabled={!there} onclick={props.go.reform(move |_| Navigate::push(to.clone()))}>{ word }</button>
        }
    };
    html! {
        <nav class="pages" aria-label="Pages of findings">
            { turn(page.saturating_sub(1), "Previous") }
            <span class="muted">
                { format!(
                    "{} to {} of {}",
                    format::count(u64::from(found.from) + 1),
                    format::count(u64::from(found.from + shown)),
                    format::count(u64::from(found.all)),
                ) }
            </span>
            { turn(page + 1, "Next") }
        </nav>
    }
}
