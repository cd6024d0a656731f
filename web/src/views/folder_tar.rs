//! A folder to be saved as a tar: begun, under way, done.

use gloo::timers::callback::Interval;
use std::cell::RefCell;
use std::rc::Rc;
use web_sys::HtmlElement;
use yew::platform::spawn_local;
use yew::prelude::*;

use crate::format;
use crate::parts::size::size;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{ContentProgress, FolderFacts, ReadFolder, StopContent, UserError};

/// What [`FolderTar`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) worker: WorkerClient,
    pub(crate) path: Vec<u8>,
    /// The layer whose filesystem is meant.
    pub(crate) layer: u32,
}

/// Between two questions how far the layers are, in milliseconds.
const PAUSE: u32 = 200;

/// How far the tar is.
#[derive(Clone, PartialEq)]
enum State {
    None,
    Reading(Option<(u64, u64)>),
    Done(Box<FolderFacts>),
    Failed(UserError),
}

/// The button, and what came of it.
#[component]
pub(crate) fn FolderTar(props: &Props) -> Html {
    let state = use_state_eq(|| State::None);
    let link = use_node_ref();
    let ticks = use_mut_ref(|| None::<Interval>);
    {
        // Whoever looks at something else wants no tar of this.
        let (worker, ticks) = (props.worker.clone(), Rc::clone(&ticks));
        use_effect_with((), move |()| {
            move || {
                if ticks.take().is_some() {
                    worker.tell(StopContent);
                }
            }
        });
    }
    {
        let link = link.clone();
        let url = match &*state {
            State::Done(facts) => Some(facts.url.clone()),
            _ => None,
        };
        use_effect_with(url, move |url| {
            if let (Some(_), Some(link)) = (url, link.cast::<HtmlElement>()) {
                link.click();
            }
        });
    }
    let begin = {
        let (worker, state, ticks) = (props.worker.clone(), state.clone(), Rc::clone(&ticks));
        let asked = ReadFolder {
            path: props.path.clone(),
            layer: props.layer,
        };
        Callback::from(move |_: MouseEvent| {
            state.set(State::Reading(None));
            let answer = worker.ask(asked.clone());
            ticks.replace(Some(ticking(&worker, &state, &ticks)));
            let (state, ticks) = (state.clone(), Rc::clone(&ticks));
            spawn_local(async move {
                let answer = answer.await;
                ticks.replace(None);
                state.set(match answer {
                    Some(Ok(facts)) => State::Done(facts),
                    Some(Err(problem)) => State::Failed(problem),
                    None => State::None,
                });
            });
        })
    };
    let cancel = {
        let (worker, state) = (props.worker.clone(), state.clone());
        Callback::from(move |_: MouseEvent| {
            worker.tell(StopContent);
            state.set(State::None);
        })
    };
    let name = match format::file_name(&props.path) {
        b"" => "root.tar".to_owned(),
        name => format!("{}.tar", format::visible(name)),
    };
    let button = html! {
        <button type="button" class="folder-tar" onclick={begin}>{ "Download as tar" }</button>
    };
    html! {
        <div class="folder-download">
            {
                match &*state {
                    State::None => button,
                    State::Reading(progress) => reading(*progress, cancel),
                    State::Done(facts) => done(facts, &name, &link),
                    State::Failed(problem) => html! {
                        <>
                            <p role="alert">{ format::visible_text(&problem.detail) }</p>
                            { button }
                        </>
                    },
                }
            }
        </div>
    }
}

/// How much of the layers was read.
fn reading(progress: Option<(u64, u64)>, cancel: Callback<MouseEvent>) -> Html {
    let text = match progress {
        Some((received, whole)) => format!(
            "Reading {} of {}",
            format::size(received),
            format::size(whole)
        ),
        None => "Reading the layers".to_owned(),
    };
    html! {
        <>
            <p role="status" class="muted">{ text }</p>
            if let Some((received, whole)) = progress {
                <progress value={received.to_string()} max={whole.max(1).to_string()} aria-label="Read" />
            }
            <button type="button" class="cancel-tar" onclick={cancel}>{ "Cancel" }</button>
        </>
    }
}

/// The link to the tar, and what is in it.
fn done(facts: &FolderFacts, name: &str, link: &NodeRef) -> Html {
    html! {
        <>
            <a class="button" ref={link.clone()} href={facts.url.clone()} download={name.to_owned()}>{ format!("Save {name}") }</a>
            <p class="muted" role="status">
                { size(facts.size) }
                { format!(", {}", format::counted(facts.paths, "path")) }
                if facts.skipped > 0 {
                    { format!(", {} skipped", format::counted(facts.skipped, "broken hard link")) }
                }
            </p>
        </>
    }
}

/// Asks how far the layers are.
fn ticking(
    worker: &WorkerClient,
    state: &UseStateHandle<State>,
    ticks: &Rc<RefCell<Option<Interval>>>,
) -> Interval {
    let (worker, state, ticks) = (worker.clone(), state.clone(), Rc::clone(ticks));
    Interval::new(PAUSE, move || {
        let (state, ticks, answer) = (
            state.clone(),
            Rc::clone(&ticks),
            worker.ask(ContentProgress),
        );
        spawn_local(async move {
            // The tar may have come while this was asked.
            if let Some(progress @ Some(_)) = answer.await
                && ticks.borrow().is_some()
            {
                state.set(State::Reading(progress));
            }
        });
    })
}
