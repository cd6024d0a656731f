//! The life of the selected path: which layer added it, stored it again, deleted it, and what
//! that costs.

use yew::platform::spawn_local;
use yew::prelude::*;

use crate::format;
use crate::parts::bar::{self, Bar};
use crate::parts::mark;
use crate::parts::size::size;
use crate::route::{ImageRoute, View};
use crate::session::Image;
use crate::views::layer::LayerDetails;
use crate::worker::client::Engine;
use crate::worker::protocol::{Answer, Ask, EntryKind, Life, LifeEvent, Mark};

/// What [`Details`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) engine: Engine,
    pub(crate) image: Image,
    pub(crate) route: ImageRoute,
    /// The layer that is looked at.
    pub(crate) layer: u32,
    pub(crate) path: Option<Vec<u8>>,
    pub(crate) go: Callback<(ImageRoute, bool)>,
}

/// The panel on the right; a sheet from below where there is little room.
#[component]
pub(crate) fn Details(props: &Props) -> Html {
    let life = use_state(|| None::<Box<Life>>);
    // The path of the last answer, also where that was none.
    let asked = use_state_eq(|| None::<Vec<u8>>);
    {
        let (life, asked, engine) = (life.clone(), asked.clone(), props.engine.clone());
        let key = (
            engine,
            props.path.clone(),
            props.layer,
            props.route.view,
            props.image.numbers.depth,
        );
        use_effect_with(key, move |(engine, path, ..)| match path {
            Some(path) => {
                let answer = engine.ask(Ask::Life { path: path.clone() });
                let path = path.clone();
                spawn_local(async move {
                    match answer.await {
                        Answer::Life(found) => life.set(Some(found)),
                        _ => life.set(None),
                    }
                    asked.set(Some(path));
                });
            }
            None => life.set(None),
        });
    }
    let Some(path) = &props.path else {
        return html! {
            <aside class="details none" aria-label="Details of the layer">
                <LayerDetails image={props.image.clone()} layer={props.layer} />
            </aside>
        };
    };
    let close = {
        let to = ImageRoute {
            path: None,
            ..props.route.clone()
        };
        props.go.reform(move |_| (to.clone(), true))
    };
    html! {
        <aside class="details" aria-label="Details">
            <button type="button" class="quiet close" aria-label="Close the details" onclick={close}>{ "✕" }</button>
            <p class="mono muted folder">{ format::visible(format::folder(path)) }</p>
            <h2>{ format::visible(format::file_name(path)) }</h2>
            if let Some(life) = life.as_ref().filter(|life| life.path == *path) {
                { facts(life) }
                { story(props, life) }
                { costs(life) }
            } else if *asked == Some(path.clone()) {
                <p class="muted">{ unknown(&props.image) }</p>
            }
        </aside>
    }
}

/// Why nothing is told of a path.
fn unknown(image: &Image) -> &'static str {
    if image.whole() {
        "No layer has this path. The nearest folder that is there is shown."
    } else if image.finished {
        "No layer that could be read has this path."
    } else {
        "No layer that is here yet has this path."
    }
}

fn facts(life: &Life) -> Html {
    let Some(row) = &life.now else {
        return html! { <p class="muted">{ "It is not there at this layer." }</p> };
    };
    html! {
        <dl class="facts">
            <dt>{ "Type" }</dt>
            <dd>{ format::kind(row.kind) }</dd>
            if let Some(target) = &row.target {
                <dt>{ "Leads to" }</dt>
                <dd class="mono">{ format::visible(target) }</dd>
            }
            if matches!(row.kind, EntryKind::File | EntryKind::Dir | EntryKind::Hardlink) {
                <dt>{ "Size" }</dt>
                <dd>
                    { size(row.size) }
                    if row.kind == EntryKind::Dir {
                        { format!(" in {}", format::counted(life.files, "file")) }
                    }
                </dd>
            }
            <dt>{ "Mode" }</dt>
            <dd class="mono">{ format::mode(row.kind, row.mode) }{ format!(" {:o}", row.mode) }</dd>
            <dt>{ "Owner" }</dt>
            <dd class="mono">{ format!("{}:{}", row.uid, row.gid) }</dd>
            if let Some(label) = &life.label {
                <dt>{ "This is" }</dt>
                <dd>{ label }</dd>
            }
            if let Some(mtime) = life.mtime {
                <dt>{ "Changed" }</dt>
                <dd>{ format::time(mtime) }</dd>
            }
            for (name, value) in life.attributes.iter() {
                <dt class="mono">{ format::visible_text(name) }</dt>
                <dd class="mono">{ format::visible_text(value) }</dd>
            }
        </dl>
    }
}

fn story(props: &Props, life: &Life) -> Html {
    let mut before: Option<&LifeEvent> = None;
    let mut steps = Vec::new();
    for event in &life.events {
        steps.push(step(props, event, before));
        before = Some(event);
    }
    html! {
        <ol class="life">
            { for steps }
            if life.live {
                <li class="live"><b>{ "In the container" }</b></li>
            }
        </ol>
    }
}

fn step(props: &Props, event: &LifeEvent, before: Option<&LifeEvent>) -> Html {
    let (_, class, _) = mark::signs(event.mark);
    let folder =
        event.kind == EntryKind::Dir && before.is_some_and(|before| before.kind == EntryKind::Dir);
    let deed = match event.mark {
        Mark::Added => "added it",
        Mark::Modified if folder => "changed it",
        Mark::Modified => "overwritten it",
        Mark::MetadataOnly => "stored it again",
        Mark::Deleted => "deleted it",
    };
    let to = ImageRoute {
        layer: Some(event.layer),
        view: View::Changes,
        ..props.route.clone()
    };
    let head = event
        .layer
        .checked_sub(1)
        .and_then(|index| props.image.facts.layers.get(index as usize));
    html! {
        <li {class}>
            <button type="button" class="quiet" onclick={props.go.reform(move |_| (to.clone(), true))}>
                <b>{ format!("Layer {} {deed}", event.layer) }</b>
            </button>
            if let Some(head) = head {
                <span class="mono muted">{ format::visible_text(&head.command) }</span>
            }
            <span class="muted">{ what(event, before, folder) }</span>
        </li>
    }
}

/// What a layer set; of what was there before and only changed in part, what it changed.
fn what(event: &LifeEvent, before: Option<&LifeEvent>, folder: bool) -> String {
    let owner = |event: &LifeEvent| format!("{}:{}", event.uid, event.gid);
    match (event.mark, before) {
        (Mark::Deleted, _) => "and every pull still downloads it".to_owned(),
        (Mark::MetadataOnly | Mark::Modified, Some(before))
            if folder || event.mark == Mark::MetadataOnly =>
        {
            let mut changes = Vec::new();
            if event.mark == Mark::MetadataOnly {
                changes.push("same content".to_owned());
            }
            if before.mode != event.mode {
                changes.push(format!("mode {:o} → {:o}", before.mode, event.mode));
            }
            if owner(before) != owner(event) {
                changes.push(format!("owner {} → {}", owner(before), owner(event)));
            }
            changes.join("; ")
        }
        _ if event.kind == EntryKind::File => {
            format!(
                "{}, mode {:o}, owner {}",
                format::size(event.size),
                event.mode,
                owner(event)
            )
        }
        _ => format!(
            "{}, mode {:o}, owner {}",
            format::kind(event.kind),
            event.mode,
            owner(event)
        ),
    }
}

fn costs(life: &Life) -> Html {
    let wasted = life.bytes.causes.total();
    if life.bytes.stored == 0 {
        return Html::default();
    }
    html! {
        <section class="costs">
            <h3>{ "What it costs" }</h3>
            <Bar class="tall" parts={bar::parts(&life.bytes)} whole={life.bytes.stored} />
            <p class="muted">
                { format!("{} stored in all layers, ", format::size(life.bytes.stored)) }
                if wasted == 0 {
                    { "all of it live." }
                } else {
                    { format!("{} of it wasted", format::size(wasted)) }
                    if life.wasted_compressed > 0 {
                        { format!(": {} of every download", format::size(life.wasted_compressed)) }
                    }
                    { "." }
                }
            </p>
        </section>
    }
}
