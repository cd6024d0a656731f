//! Beside the findings: rule results, wasted bytes by layer, dive's numbers, the report.

use yew::platform::spawn_local;
use yew::prelude::*;

use crate::browser;
use crate::format;
use crate::navigate::Navigate;
use crate::parts::bar::{self, Bar};
use crate::parts::size::size;
use crate::session::Image;
use crate::views::waste::Props;
use crate::views::waste::rules::RulesBox;
use crate::worker::protocol::{LayerNumbers, Report, ReportForm};

/// The column beside the findings.
#[component]
pub(crate) fn Side(props: &Props) -> Html {
    html! {
        <aside class="side" aria-label="Rules, layers and report">
            <RulesBox
                image={props.image.clone()}
                rules={props.rules.clone()}
                on_rules={props.on_rules.clone()}
            />
            if !props.checks {
                { by_layer(props) }
                { base(&props.image) }
                { dive(&props.image) }
            }
            { report(props) }
        </aside>
    }
}

fn by_layer(props: &Props) -> Html {
    let layers = &props.image.numbers.layers;
    let wasted = |numbers: &LayerNumbers| LayerNumbers {
        stored: numbers.causes.total(),
        ..*numbers
    };
    let mut shipping: Vec<(u32, LayerNumbers)> = (1..)
        .zip(layers.iter().map(wasted))
        .filter(|(_, wasted)| wasted.stored > 0)
        .collect();
    shipping.sort_by_key(|(layer, wasted)| (std::cmp::Reverse(wasted.stored), *layer));
    let most = shipping.first().map_or(0, |(_, wasted)| wasted.stored);
    if most == 0 {
        return Html::default();
    }
    html! {
        <section class="by-layer" aria-labelledby="by-layer">
            <h3 id="by-layer">{ "Wasted bytes by layer" }</h3>
            <ol>
                for (layer, wasted) in shipping {
                    { of_layer(props, layer, &wasted, most) }
                }
            </ol>
        </section>
    }
}

fn of_layer(props: &Props, layer: u32, wasted: &LayerNumbers, most: u64) -> Html {
    let chosen = props.route.waste.of == Some(layer);
    let of = (!chosen).then_some(layer);
    let to = props.route.with_waste(|waste| waste.of = of);
    let causes: Vec<_> = bar::parts(wasted)
        .into_iter()
        .map(|part| format!("{} {}", part.class, format::size(part.bytes)))
        .collect();
    html! {
        <li key={layer}>
            <button
                type="button"
                class="quiet"
                aria-pressed={chosen.to_string()}
                title={format!("Show only findings of layer {layer}: {}", causes.join(", "))}
                onclick={props.go.reform(move |_| Navigate::replace(to.clone()))}
            >
                <span class="number"><span class="off-screen">{ "layer " }</span>{ layer }</span>
                <Bar parts={bar::parts(wasted)} whole={most} />
                { size(wasted.stored) }
            </button>
        </li>
    }
}

fn base(image: &Image) -> Html {
    let Some(base) = image.audit.as_ref().and_then(|audit| audit.base.clone()) else {
        return Html::default();
    };
    let layers = match base.layers {
        Some(0) | None => "Its layers are not known.".to_owned(),
        Some(1) => "Layer 1 is from the base image.".to_owned(),
        Some(layers) => format!("Layers 1 to {layers} are from the base image."),
    };
    html! {
        <section class="base" aria-labelledby="base">
            <h3 id="base">{ "Base image" }</h3>
            if let Some(reference) = &base.reference {
                <p class="mono">{ format::visible_text(reference) }</p>
            }
            <p class="muted">{ layers }</p>
        </section>
    }
}

fn dive(image: &Image) -> Html {
    let Some(dive) = image.audit.as_ref().map(|audit| audit.dive) else {
        return Html::default();
    };
    html! {
        <section class="dive" aria-labelledby="dive">
            <h3 id="dive">{ "dive’s numbers, for comparison" }</h3>
            <dl class="facts">
                <dt>{ "efficiency" }</dt>
                <dd>{ format::fraction(dive.efficiency) }</dd>
                <dt>{ "wasted" }</dt>
                <dd title={format::exact(dive.wasted_bytes)} data-bytes={dive.wasted_bytes.to_string()}>{ format::size(dive.wasted_bytes) }</dd>
                <dt>{ "user wasted" }</dt>
                <dd>
                    { dive.user_wasted_percent.map_or_else(|| "not defined".to_owned(), format::fraction) }
                </dd>
            </dl>
            <p class="muted">{ "dive does not count folders deleted as a whole, and counts copies that are still used." }</p>
        </section>
    }
}

fn report(props: &Props) -> Html {
    let Image {
        audit, comparing, ..
    } = &props.image;
    if !props.image.settled() || audit.is_none() || comparing.is_some() {
        return Html::default();
    }
    let save = |form, name: &'static str, media_type: &'static str| {
        let worker = props.worker.clone();
        move |_| {
            let answer = worker.ask(Report(form));
            spawn_local(async move {
                if let Some(text) = answer.await.flatten() {
                    browser::save(name, media_type, &text);
                }
            });
        }
    };
    // Until they are judged, it would have the verdict by other rules.
    let judging = props
        .rules
        .as_ref()
        .is_some_and(|rules| !rules.judged && rules.problem.is_none());
    let json = save(ReportForm::Json, "audit.json", "application/json");
    let html = save(ReportForm::Html, "audit.html", "text/html");
    html! {
        <section class="report" aria-labelledby="report">
            <h3 id="report">{ "Report" }</h3>
            <p class="muted">
                { "The same report as " }<code>{ "onionskin audit" }</code>
                { " writes, with links to this page: JSON, or an HTML page that opens offline." }
            </p>
            <div class="actions">
                <button type="button" disabled={judging} onclick={json}>{ "Save as JSON" }</button>
                <button type="button" disabled={judging} onclick={html}>{ "Save as HTML" }</button>
            </div>
        </section>
    }
}
