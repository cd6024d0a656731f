//! The content of a file of any layer, deleted ones too: text with numbered lines, JSON, images, bytes. Nothing of it is
//! shown before its layer is verified, and all of it is text to the browser.

use std::cell::RefCell;
use std::rc::Rc;

use gloo::timers::callback::Interval;
use yew::platform::spawn_local;
use yew::prelude::*;

use crate::format;
use crate::navigate::Navigate;
use crate::parts::copy::Copy;
use crate::parts::crumbs::Crumbs;
use crate::parts::lines::{Lines, WIDTH};
use crate::parts::panel;
use crate::parts::size::size;
use crate::route::ImageRoute;
use crate::session::Image;
use crate::views::error::ErrorBox;
use crate::views::parts::PartsOf;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{
    ContentFacts, ContentForm, ContentProgress, LONGEST_TEXT, Language, ReadContent, StopContent,
    UserError,
};

/// What [`Content`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) worker: WorkerClient,
    pub(crate) image: Image,
    pub(crate) route: ImageRoute,
    /// The layer that is looked at.
    pub(crate) layer: u32,
    pub(crate) path: Vec<u8>,
    pub(crate) go: Callback<Navigate>,
}

/// Between two questions how far the layer is, in milliseconds.
const PAUSE: u32 = 200;

type Answer = Result<Box<ContentFacts>, UserError>;

/// The content.
#[component]
pub(crate) fn Content(props: &Props) -> Html {
    let content = use_state(|| None::<Answer>);
    let progress = use_state_eq(|| None::<(u64, u64)>);
    let again = use_state_eq(|| 0_u32);
    let there = props.image.numbers.depth >= props.layer || props.image.finished;
    {
        let (content, progress, worker) = (content.clone(), progress.clone(), props.worker.clone());
        let key = (
            worker.clone(),
            props.path.clone(),
            props.layer,
            there,
            *again,
        );
        use_effect_with(key, move |(worker, path, layer, there, _)| {
            content.set(None);
            progress.set(None);
            let ticks = Rc::new(RefCell::new(None::<Interval>));
            if *there {
                let read = worker.ask(ReadContent {
                    path: path.clone(),
                    layer: *layer,
                });
                let told = worker.clone();
                let ticking = Interval::new(PAUSE, move || {
                    let (progress, answer) = (progress.clone(), told.ask(ContentProgress));
                    spawn_local(async move { progress.set(answer.await.flatten()) });
                });
                ticks.replace(Some(ticking));
                let (done, ticks) = (content.clone(), Rc::clone(&ticks));
                spawn_local(async move {
                    if let Some(answer) = read.await {
                        done.set(Some(answer));
                    }
                    ticks.replace(None);
                });
            }
            let worker = worker.clone();
            move || {
                ticks.replace(None);
                worker.tell(StopContent);
            }
        });
    }
    let back = props.route.back_to_files();
    let to_folder = {
        let back = back.clone();
        props.go.reform(move |path| {
            panel::focus();
            Navigate::push(ImageRoute {
                path: Some(path),
                ..back.clone()
            })
        })
    };
    let on_back = props.go.reform(move |_: MouseEvent| {
        panel::focus();
        Navigate::push(back.clone())
    });
    let facts = match content.as_ref() {
        Some(Ok(facts)) if facts.path == props.path => Some(facts),
        _ => None,
    };
    html! {
        <section class="file-content" aria-label="Content of a file">
            <div class="content-head">
                <button type="button" onclick={on_back}>{ "Back to files" }</button>
                <div class="content-name">
                    <Crumbs path={props.path.clone()} on_folder={to_folder} />
                    <h2><bdi>{ format::visible(format::file_name(&props.path)) }</bdi></h2>
                </div>
                if let Some(facts) = facts {
                    { forms(props, facts) }
                }
            </div>
            {
                match content.as_ref() {
                    Some(Err(problem)) => html! {
                        <ErrorBox
                            problem={problem.clone()}
                            on_retry={Callback::from(move |()| again.set(*again + 1))}
                        />
                    },
                    _ => match facts {
                        Some(facts) => shown(props, facts),
                        None => waiting(props, there, *progress),
                    },
                }
            }
        </section>
    }
}

/// Until the layer is read and verified.
fn waiting(props: &Props, there: bool, progress: Option<(u64, u64)>) -> Html {
    let text = match progress {
        _ if !there => format!("Layer {} is being read.", props.layer),
        Some((received, whole)) => format!(
            "Reading the layer: {} of {}. The content is shown once it is verified.",
            format::size(received),
            format::size(whole)
        ),
        None => "Reading the layer. The content is shown once it is verified.".to_owned(),
    };
    html! {
        <div class="nothing">
            <p role="status">{ text }</p>
            if let Some((received, whole)) = progress {
                <progress value={received.to_string()} max={whole.max(1).to_string()} aria-label="Read" />
            }
            if there {
                <button
                    type="button"
                    class="cancel-content"
                    onclick={
                        let worker = props.worker.clone();
                        move |_: MouseEvent| worker.tell(StopContent)
                    }
                >
                    { "Cancel" }
                </button>
            }
        </div>
    }
}

/// The forms of a content, with the words for them.
const FORMS: [(ContentForm, &str); 5] = [
    (ContentForm::Text, "Text"),
    (ContentForm::Json, "JSON"),
    (ContentForm::Image, "Image"),
    (ContentForm::Parts, "Contents"),
    (ContentForm::Hex, "Bytes"),
];

/// How it can be shown, what it is, and how to save it.
fn forms(props: &Props, facts: &ContentFacts) -> Html {
    let chosen = form(props, facts);
    html! {
        <div class="content-tools">
            <span class="muted">{ size(facts.size) }{ format!(", stored in layer {}", facts.stored_in) }</span>
            <span class="mono muted" title={facts.digest.clone()}>
                { format::short_digest(&facts.digest) }{ " " }<Copy text={facts.digest.clone()} what="digest" />
            </span>
            <div class="switch" role="group" aria-label="Show as">
                for (form, word) in FORMS {
                    if has(facts, form) {
                        <button
                            key={word}
                            type="button"
                            aria-pressed={(form == chosen).to_string()}
                            onclick={
                                let to = ImageRoute {
                                    form: Some(form),
                                    lines: None,
                                    ..props.route.clone()
                                };
                                props.go.reform(move |_| Navigate::replace(to.clone()))
                            }
                        >
                            { word }
                        </button>
                    } else if form == ContentForm::Json && is_large_json(facts) {
                        <button key={word} type="button" disabled=true title={json_limit()}>{ word }</button>
                    }
                }
            </div>
            <a class="button" href={facts.download.clone()} download={name(&props.path)}>{ "Download" }</a>
        </div>
    }
}

/// Whether a content can be shown in a form.
fn has(facts: &ContentFacts, form: ContentForm) -> bool {
    match form {
        ContentForm::Text | ContentForm::Hex => true,
        ContentForm::Json => facts.json_lines.is_some(),
        ContentForm::Image => facts.image.is_some(),
        ContentForm::Parts => facts.parts,
    }
}

/// Whether the text is only the start of the content.
fn is_cut(facts: &ContentFacts) -> bool {
    facts.text < facts.size
}

/// JSON is laid out as a whole, or not.
fn is_large_json(facts: &ContentFacts) -> bool {
    facts.language == Some(Language::JSON) && is_cut(facts)
}

fn json_limit() -> String {
    let most = format::size(LONGEST_TEXT);
    format!("JSON of up to {most} is laid out with a line for each value.")
}

/// How much of a content its text is, where that is not all.
pub(super) fn cut(facts: &ContentFacts) -> Html {
    if !is_cut(facts) {
        return Html::default();
    }
    html! {
        <p class="content-cut muted" role="status">
            { format!("The first {} of {} as text.", format::size(facts.text), format::size(facts.size)) }
            if is_large_json(facts) {
                { " " }{ json_limit() }
            }
        </p>
    }
}

/// What the browser is asked to call the file: browsers take only safe names.
fn name(path: &[u8]) -> String {
    format::visible(format::file_name(path))
}

/// The form that the address wants, where the content has it.
fn form(props: &Props, facts: &ContentFacts) -> ContentForm {
    let wanted = props.route.form.filter(|form| has(facts, *form));
    wanted.unwrap_or(facts.form)
}

fn shown(props: &Props, facts: &ContentFacts) -> Html {
    if facts.size == 0 {
        return html! { <div class="nothing"><p>{ "The file is empty." }</p></div> };
    }
    let form = form(props, facts);
    if let (ContentForm::Image, Some(url)) = (form, &facts.image) {
        let alt = format!("Content of {}", format::visible(&props.path));
        return html! { <div class="picture" tabindex="0" role="region" aria-label="Image"><img src={url.clone()} {alt} /></div> };
    }
    if form == ContentForm::Parts {
        return html! { <PartsOf worker={props.worker.clone()} path={props.path.clone()} /> };
    }
    let total = match form {
        ContentForm::Json => facts.json_lines.unwrap_or_default(),
        ContentForm::Hex => u32::try_from(facts.size.div_ceil(WIDTH)).unwrap_or(u32::MAX),
        _ => facts.lines,
    };
    let route = props.route.clone();
    html! {
        <>
            if form == ContentForm::Text {
                { cut(facts) }
            }
            <Lines
                worker={props.worker.clone()}
                {form}
                {total}
                path={props.path.clone()}
                language={facts.language}
                chosen={props.route.lines}
                on_choose={props.go.reform(move |lines| {
                    Navigate::replace(ImageRoute {
                        lines: Some(lines),
                        ..route.clone()
                    })
                })}
            />
        </>
    }
}
