//! The numbers of both images with their changes, and what an update costs.

use std::rc::Rc;

use yew::platform::spawn_local;
use yew::prelude::*;

use crate::browser;
use crate::format;
use crate::parts::tree::compared::difference;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{Both, ComparedLayer, ComparisonFacts, ComparisonReport, ReportForm};

/// What [`Figures`] shows.
#[derive(PartialEq, Properties)]
pub(super) struct Props {
    pub(super) worker: WorkerClient,
    pub(super) facts: Rc<ComparisonFacts>,
}

/// Layers that are named.
const NAMED: usize = 12;

/// The band of figures.
#[component]
pub(super) fn Figures(props: &Props) -> Html {
    let facts = &props.facts;
    html! {
        <section class="compare-band" aria-label="Sizes">
            <dl class="figures">
                for number in facts.numbers.iter() {
                    { bytes(&number.name, number.old, number.new) }
                }
                { counted("Files", &facts.files) }
                { counted("Packages", &facts.packages_of) }
                { update(facts) }
            </dl>
            <div class="compare-report">
                { save(props, ReportForm::Json, "diff.json", "application/json", "Save as JSON") }
                { save(props, ReportForm::Html, "diff.html", "text/html", "Save as HTML") }
            </div>
            for note in facts.notes.iter() {
                <p class="note-line" role="status">{ format::visible_text(note) }</p>
            }
        </section>
    }
}

/// Whether only one of the images has a layer.
pub(super) fn is_of_one_side(layer: &ComparedLayer) -> bool {
    layer.old.is_none() || layer.new.is_none()
}

fn bytes(name: &str, old: Option<u64>, new: Option<u64>) -> Html {
    let told = |bytes: Option<u64>| bytes.map_or("not known".to_owned(), format::size);
    let attribute = |bytes: Option<u64>| bytes.map(|bytes| bytes.to_string());
    html! {
        <div class="figure" data-figure={name.to_owned()} data-old={attribute(old)} data-new={attribute(new)}>
            <dt>{ name.to_owned() }</dt>
            <dd title={new.map(format::exact)}><b>{ told(new) }</b></dd>
            <dd>
                <span title={old.map(format::exact)}>{ "was " }{ told(old) }</span>
                if let Some((old, new)) = old.zip(new).filter(|(old, new)| old != new) {
                    { ", " }{ difference(old, new) }
                }
            </dd>
        </div>
    }
}

fn counted(name: &'static str, both: &Both<u64>) -> Html {
    let (old, new) = (both.old, both.new);
    let change = match new.cmp(&old) {
        std::cmp::Ordering::Less => Some(("shrunk", format!("-{}", format::count(old - new)))),
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => Some(("grown", format!("+{}", format::count(new - old)))),
    };
    html! {
        <div class="figure" data-figure={name} data-old={old.to_string()} data-new={new.to_string()}>
            <dt>{ name }</dt>
            <dd><b>{ format::count(new) }</b></dd>
            <dd>
                { "was " }{ format::count(old) }
                if let Some((class, change)) = change {
                    { ", " }<span {class}>{ change }</span>
                }
            </dd>
        </div>
    }
}

/// What a pull of the new image downloads where the old one is there.
fn update(facts: &ComparisonFacts) -> Html {
    let new = facts.update_layers();
    let all = facts
        .layers
        .iter()
        .filter(|layer| layer.new.is_some())
        .count();
    let named = match new.len() {
        0 => "no new layer".to_owned(),
        count if count > NAMED => format!("{count} of {}", format::counted(all as u64, "layer")),
        _ => format!("{} of {all}", format::layers(&new)),
    };
    html! {
        <div class="figure update" data-figure="Update" data-new={facts.update.map(|bytes| bytes.to_string())}>
            <dt title="What a pull of the new image downloads if the old image is already there">{ "Update" }</dt>
            <dd title={facts.update.map(format::exact)}>
                <b>{ facts.update.map_or("not known".to_owned(), format::size) }</b>
            </dd>
            <dd>{ named }</dd>
        </div>
    }
}

fn save(
    props: &Props,
    form: ReportForm,
    name: &'static str,
    media_type: &'static str,
    word: &'static str,
) -> Html {
    let worker = props.worker.clone();
    let save = move |_: MouseEvent| {
        let answer = worker.ask(ComparisonReport(form));
        spawn_local(async move {
            if let Some(text) = answer.await.flatten() {
                browser::save(name, media_type, &text);
            }
        });
    };
    html! { <button type="button" class="quiet" onclick={save}>{ word }</button> }
}
