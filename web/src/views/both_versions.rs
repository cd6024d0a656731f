//! Two versions of a file: of two layers of an image, or of two images. Which lines differ, or what else there is to say.

use std::cell::RefCell;
use std::rc::Rc;

use gloo::timers::callback::Interval;
use web_sys::HtmlSelectElement;
use yew::platform::spawn_local;
use yew::prelude::*;

use crate::format;
use crate::parts::changed_lines::ChangedLines;
use crate::parts::crumbs::Crumbs;
use crate::parts::size::size;
use crate::views::error::ErrorBox;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{
    Both, ContentProgress, DifferenceFacts, DifferenceForm, LinesFacts, Outcome, ReadDifference,
    Side, StopContent, Unfold, UserError,
};

/// What [`BothVersions`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) worker: WorkerClient,
    pub(crate) asked: ReadDifference,
    /// The layers of both are read, so that it can be asked.
    pub(crate) ready: bool,
    pub(crate) form: DifferenceForm,
    pub(crate) on_form: Callback<DifferenceForm>,
    /// The versions of other layers.
    pub(crate) on_layers: Callback<Both<u32>>,
    pub(crate) on_back: Callback<()>,
    pub(crate) on_folder: Callback<Vec<u8>>,
}

/// Between two questions how far the layers are, in milliseconds.
const PAUSE: u32 = 200;

type Answer = Result<Box<DifferenceFacts>, UserError>;

/// Both versions.
#[component]
pub(crate) fn BothVersions(props: &Props) -> Html {
    let answer = use_state(|| None::<Answer>);
    let progress = use_state_eq(|| None::<(u64, u64)>);
    let again = use_state_eq(|| 0_u32);
    let reveal = use_state_eq(|| None::<(u32, u32)>);
    let first = use_mut_ref(|| 0_u32);
    {
        let (answer, progress, reveal) = (answer.clone(), progress.clone(), reveal.clone());
        let key = (
            props.worker.clone(),
            props.asked.clone(),
            props.ready,
            *again,
        );
        use_effect_with(key, move |(worker, asked, ready, _)| {
            answer.set(None);
            progress.set(None);
            reveal.set(None);
            let ticks = match ready {
                true => read(worker, asked, answer, progress),
                false => Ticks::default(),
            };
            let worker = worker.clone();
            move || {
                ticks.replace(None);
                worker.tell(StopContent);
            }
        });
    }
    let unfold = unfolding(&props.worker, &answer);
    let facts = match answer.as_ref() {
        Some(Ok(facts)) if facts.asked == props.asked => Some(facts),
        _ => None,
    };
    let lines = facts.and_then(|facts| match &facts.outcome {
        Outcome::Lines(lines) => Some(lines),
        _ => None,
    });
    let step = {
        let changes = lines.map(|lines| lines.layout(props.form).changes.clone());
        stepping(changes.unwrap_or_default(), &reveal, &first)
    };
    let on_key = {
        let step = step.clone();
        Callback::from(move |event: KeyboardEvent| {
            if let Some(forward) = direction(&event) {
                event.prevent_default();
                step.emit(forward);
            }
        })
    };
    let path = &props.asked.path;
    html! {
        <section class="file-content difference" aria-label="Two versions of a file" onkeydown={on_key}>
            <div class="content-head">
                <button type="button" onclick={props.on_back.reform(|_: MouseEvent| ())}>{ "Back to files" }</button>
                <div class="content-name">
                    <Crumbs path={path.clone()} on_folder={props.on_folder.clone()} />
                    <h2><bdi>{ format::visible(format::file_name(path)) }</bdi></h2>
                </div>
                if let Some(facts) = facts {
                    { versions(props, facts) }
                }
                if let Some(lines) = lines {
                    { tools(props, lines, &step, &unfold) }
                }
            </div>
            {
                match (answer.as_ref(), facts, lines) {
                    (Some(Err(problem)), ..) => html! {
                        <ErrorBox
                            problem={problem.clone()}
                            on_retry={Callback::from(move |()| again.set(*again + 1))}
                        />
                    },
                    (_, Some(facts), Some(lines)) => html! {
                        <ChangedLines
                            key={props.form.name()}
                            worker={props.worker.clone()}
                            form={props.form}
                            layout={lines.layout(props.form).clone()}
                            language={facts.language}
                            reveal={*reveal}
                            on_unfold={unfold.reform(Some)}
                            on_move={Callback::from(move |row| *first.borrow_mut() = row)}
                        />
                    },
                    (_, Some(facts), None) => said(facts),
                    _ => waiting(props, *progress),
                }
            }
        </section>
    }
}

/// Shows a fold of the lines that both have, or all of them.
fn unfolding(
    worker: &WorkerClient,
    answer: &UseStateHandle<Option<Answer>>,
) -> Callback<Option<u32>> {
    let (worker, answer) = (worker.clone(), answer.clone());
    Callback::from(move |fold: Option<u32>| {
        let (answer, unfolded) = (answer.clone(), worker.ask(Unfold(fold)));
        spawn_local(async move {
            if let (Some(Some(lines)), Some(Ok(facts))) = (unfolded.await, answer.as_ref()) {
                let mut facts = facts.clone();
                facts.outcome = Outcome::Lines(*lines);
                answer.set(Some(Ok(facts)));
            }
        });
    })
}

/// Brings the change after the first row in view into view, or the one before it.
fn stepping(
    changes: Vec<u32>,
    reveal: &UseStateHandle<Option<(u32, u32)>>,
    first: &Rc<RefCell<u32>>,
) -> Callback<bool> {
    let (reveal, first) = (reveal.clone(), Rc::clone(first));
    Callback::from(move |forward: bool| {
        let here = *first.borrow();
        // The one that was stepped to last may stand below the first row, at the end of all.
        let last = reveal.map_or(here, |(row, _)| row.max(here));
        if let Some(to) = next(&changes, last, forward) {
            reveal.set(Some((to, reveal.map_or(0, |(_, wish)| wish + 1))));
        }
    })
}

/// Asks how far the layers are, until it is dropped.
type Ticks = Rc<RefCell<Option<Interval>>>;

/// Asks for both versions, and meanwhile how far their layers are.
fn read(
    worker: &WorkerClient,
    asked: &ReadDifference,
    answer: UseStateHandle<Option<Answer>>,
    progress: UseStateHandle<Option<(u64, u64)>>,
) -> Ticks {
    let read = worker.ask(asked.clone());
    let told = worker.clone();
    let ticking = Interval::new(PAUSE, move || {
        let (progress, answer) = (progress.clone(), told.ask(ContentProgress));
        spawn_local(async move { progress.set(answer.await.flatten()) });
    });
    let ticks = Ticks::new(RefCell::new(Some(ticking)));
    let ticked = Rc::clone(&ticks);
    spawn_local(async move {
        if let Some(read) = read.await {
            answer.set(Some(read));
        }
        ticked.replace(None);
    });
    ticks
}

/// The change after this row, or before it.
fn next(changes: &[u32], row: u32, forward: bool) -> Option<u32> {
    let found = match forward {
        true => changes.iter().find(|change| **change > row),
        false => changes.iter().rev().find(|change| **change < row),
    };
    found.copied()
}

/// Whether a key steps to the next change, or to the one before.
fn direction(event: &KeyboardEvent) -> Option<bool> {
    let with_others = event.ctrl_key() || event.alt_key() || event.meta_key();
    match event.key().as_str() {
        "n" if !with_others => Some(true),
        "p" if !with_others => Some(false),
        _ => None,
    }
}

/// Until both layers are read and verified.
fn waiting(props: &Props, progress: Option<(u64, u64)>) -> Html {
    let text = match progress {
        _ if !props.ready => "The layers are being read.".to_owned(),
        Some((received, whole)) => format!(
            "Reading both versions: {} of {}. They are shown once they are verified.",
            format::size(received),
            format::size(whole)
        ),
        None => "Reading both versions. They are shown once they are verified.".to_owned(),
    };
    let worker = props.worker.clone();
    html! {
        <div class="nothing">
            <p role="status">{ text }</p>
            if let Some((received, whole)) = progress {
                <progress value={received.to_string()} max={whole.max(1).to_string()} aria-label="Read" />
            }
            if props.ready {
                <button type="button" class="cancel-content" onclick={move |_: MouseEvent| worker.tell(StopContent)}>{ "Cancel" }</button>
            }
        </div>
    }
}

/// What there is to say where no lines are shown.
fn said(facts: &DifferenceFacts) -> Html {
    let Both { old, new } = &facts.sizes;
    let sizes = format!("{} and {}", format::size(*old), format::size(*new));
    let bytes = |bytes: u64| format::counted(bytes, "byte");
    let (title, text) = match &facts.outcome {
        Outcome::Equal => (
            "Same content",
            format!("Both versions have the same {}.", bytes(*old)),
        ),
        Outcome::Binary => (
            "Binary file",
            format!("The versions differ: {} and {}.", bytes(*old), bytes(*new)),
        ),
        Outcome::TooLarge(most) => (
            "Too large to compare",
            format!(
                "The versions have {sizes}. Files of up to {} are compared.",
                format::size(*most)
            ),
        ),
        Outcome::TooManyLines(most) => (
            "Too many lines to compare",
            format!(
                "The versions have {sizes}, and differ in more than {} lines.",
                format::count(*most)
            ),
        ),
        Outcome::Lines(_) => return Html::default(),
    };
    html! {
        <div class="nothing">
            <h2>{ title }</h2>
            <p role="status">{ text }</p>
        </div>
    }
}

/// Which versions are compared.
fn versions(props: &Props, facts: &DifferenceFacts) -> Html {
    let side = |side: Side| {
        let layer = *facts.layers.of(side);
        if facts.versions.is_empty() {
            let text = format!("{} image, layer {layer}", format::capital(side.name()));
            return html! { <span>{ text }</span> };
        }
        let (layers, on_layers) = (facts.layers.clone(), props.on_layers.clone());
        let chosen = Callback::from(move |event: Event| {
            let select = event.target_dyn_into::<HtmlSelectElement>();
            let layer = select.and_then(|select| select.value().parse().ok());
            if let Some(layer) = layer {
                let mut layers = layers.clone();
                *layers.of_mut(side) = layer;
                on_layers.emit(layers);
            }
        });
        html! {
            <select aria-label={format!("{} version", format::capital(side.name()))} onchange={chosen}>
                for version in facts.versions.iter() {
                    <option value={version.to_string()} selected={*version == layer}>{ format!("Layer {version}") }</option>
                }
            </select>
        }
    };
    html! {
        <div class="versions">
            { side(Side::Old) }
            <span class="muted">{ size(facts.sizes.old) }</span>
            <span aria-label="to">{ "→" }</span>
            { side(Side::New) }
            <span class="muted">{ size(facts.sizes.new) }</span>
        </div>
    }
}

/// How many lines differ, how they are shown, and the ways among them.
fn tools(
    props: &Props,
    lines: &LinesFacts,
    step: &Callback<bool>,
    unfold: &Callback<Option<u32>>,
) -> Html {
    let words = [
        (DifferenceForm::Unified, "Unified"),
        (DifferenceForm::Split, "Split"),
    ];
    html! {
        <div class="content-tools">
            <span role="status" aria-label={format!("{} added, {} removed", format::counted(lines.added.into(), "line"), format::counted(lines.removed.into(), "line"))}>
                <b class="plus">{ format!("+{}", format::count(lines.added.into())) }</b>
                { " " }
                <b class="minus">{ format!("−{}", format::count(lines.removed.into())) }</b>
            </span>
            <button type="button" title="Previous change (p)" onclick={step.reform(|_: MouseEvent| false)}>{ "Previous" }</button>
            <button type="button" title="Next change (n)" onclick={step.reform(|_: MouseEvent| true)}>{ "Next" }</button>
            <button type="button" onclick={unfold.reform(|_: MouseEvent| None)}>{ "Show all lines" }</button>
            <div class="switch" role="group" aria-label="Show as">
                for (form, word) in words {
                    <button
                        key={word}
                        type="button"
                        aria-pressed={(form == props.form).to_string()}
                        onclick={props.on_form.reform(move |_: MouseEvent| form)}
                    >
                        { word }
                    </button>
                }
            </div>
        </div>
    }
}
