//! Signatures, SBOMs and attestations of an image: those of its index, and what refers to it in the registry.

use std::rc::Rc;

use yew::platform::spawn_local;
use yew::prelude::*;

use crate::format;
use crate::route::{ImageRoute, Route};
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{ImageFacts, Referrer as Thing, Request, Response, UserError};

/// What [`Referrer`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) engine: WorkerClient,
    pub(crate) facts: Rc<ImageFacts>,
}

/// What refers to the image, as far as it is known.
#[derive(Clone, PartialEq)]
enum Found {
    Asking,
    Things { things: Rc<Vec<Thing>>, cut: bool },
    UserError(UserError),
}

/// The list, asked for once it is looked at.
#[component]
pub(crate) fn Referrer(props: &Props) -> Html {
    let found = use_state(|| Found::Asking);
    let tries = use_state(|| 0_u32);
    {
        let found = found.clone();
        let key = (props.engine.clone(), props.facts.clone(), *tries);
        use_effect_with(key, move |(engine, facts, _)| {
            let answer = engine.ask(Request::Referrers {
                reference: facts.reference.clone(),
                digest: facts.digest.clone(),
            });
            let index = (facts.pin != facts.digest).then(|| {
                engine.ask(Request::Referrers {
                    reference: facts.reference.clone(),
                    digest: facts.pin.clone(),
                })
            });
            spawn_local(async move {
                let mut all = taken(answer.await);
                // Some sign the index, some the manifest of a platform.
                if let Some(index) = index {
                    all = joined(all, taken(index.await));
                }
                found.set(all);
            });
        });
    }
    let again = {
        let (found, tries) = (found.clone(), tries.clone());
        Callback::from(move |_: MouseEvent| {
            found.set(Found::Asking);
            tries.set(*tries + 1);
        })
    };
    let facts = &props.facts;
    html! {
        <>
            <h2>{ "Signatures and attestations" }</h2>
            if !facts.attestations.is_empty() {
                <ul class="things">
                    for thing in facts.attestations.iter() {
                        { item(&facts.name, thing) }
                    }
                </ul>
            }
            {
                match &*found {
                    Found::Asking => html! { <p class="muted" role="status">{ "Loading from the registry …" }</p> },
                    Found::UserError(problem) => html! {
                        <div class="inline-problem" role="alert">
                            <p>{ format!("{}: {}", problem.title, format::visible_text(&problem.detail)) }</p>
                            if problem.retry {
                                <button type="button" class="again" onclick={again}>{ "Try again" }</button>
                            }
                        </div>
                    },
                    Found::Things { things, .. } if things.is_empty() => html! {
                        <p class="muted">{ "The registry lists no signatures, SBOMs or other artifacts for this image." }</p>
                    },
                    Found::Things { things, cut } => html! {
                        <>
                            <ul class="things">
                                for thing in things.iter() {
                                    { item(&facts.name, thing) }
                                }
                            </ul>
                            if *cut {
                                <p class="muted">{ "There are more; the list is cut here." }</p>
                            }
                        </>
                    },
                }
            }
        </>
    }
}

fn taken(answer: Response) -> Found {
    match answer {
        Response::Referrers { referrers, cut } => Found::Things {
            things: Rc::new(referrers),
            cut,
        },
        Response::UserError(problem) => Found::UserError(problem),
        _ => Found::Things {
            things: Rc::default(),
            cut: false,
        },
    }
}

fn joined(one: Found, other: Found) -> Found {
    match (one, other) {
        (
            Found::Things { things, cut },
            Found::Things {
                things: more,
                cut: more_cut,
            },
        ) => {
            let more = more.iter().filter(|thing| !things.contains(thing)).cloned();
            let things = things.iter().cloned().chain(more).collect();
            Found::Things {
                things: Rc::new(things),
                cut: cut || more_cut,
            }
        }
        (Found::UserError(problem), _) | (_, Found::UserError(problem)) => {
            Found::UserError(problem)
        }
        (found, _) => found,
    }
}

fn item(name: &str, thing: &Thing) -> Html {
    let to = Route::Image(ImageRoute::of(format!("{name}@{}", thing.digest)));
    let kind = if thing.artifact_type.is_empty() {
        "unknown type".to_owned()
    } else {
        format::visible_text(&thing.artifact_type)
    };
    html! {
        <li>
            <a class="mono" href={to.to_fragment()}>{ kind }</a>
            <span class="mono muted end" title={thing.digest.clone()}>{ format::short_digest(&thing.digest) }</span>
            for (key, value) in thing.annotations.iter() {
                <span class="mono muted wide">{ format!("{}: {}", format::visible_text(key), format::visible_text(value)) }</span>
            }
        </li>
    }
}
