//! Signatures, SBOMs and attestations of an image: those of its index, and what refers to it in the registry.

use std::collections::BTreeMap;
use std::rc::Rc;

use yew::platform::spawn_local;
use yew::prelude::*;

use crate::format;
use crate::route::ImageRoute;
use crate::views::document::address;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{
    Attestation, FindReferrers, ImageFacts, Referrer, Referrers, UserError,
};

/// The heading of all of them.
const TITLE: &str = "Signatures and attestations";

/// What [`ReferrersList`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) worker: WorkerClient,
    pub(crate) facts: Rc<ImageFacts>,
    pub(crate) route: ImageRoute,
}

/// What refers to the image, as far as it is known.
#[derive(Clone, PartialEq)]
enum ReferrersState {
    Asking,
    Referrers(Rc<Referrers>),
    UserError(UserError),
}

/// The list, asked for once it is looked at.
#[component]
pub(crate) fn ReferrersList(props: &Props) -> Html {
    let found = use_state(|| ReferrersState::Asking);
    let tries = use_state(|| 0_u32);
    {
        let found = found.clone();
        let key = (props.worker.clone(), props.facts.clone(), *tries);
        use_effect_with(key, move |(worker, facts, _)| {
            let ask = |digest| {
                worker.ask(FindReferrers {
                    reference: facts.reference.clone(),
                    digest,
                })
            };
            let (digest, pin) = (facts.digest(), facts.pin());
            // Some sign the index, some the manifest of a platform.
            let index = (pin != digest).then(|| ask(pin));
            let answer = ask(digest);
            spawn_local(async move {
                let mut all = answer.await.unwrap_or_else(|| Ok(Referrers::default()));
                if let Some(index) = index {
                    let more = index.await.unwrap_or_else(|| Ok(Referrers::default()));
                    all = all.and_then(|all| Ok(joined(all, more?)));
                }
                found.set(match all {
                    Ok(all) => ReferrersState::Referrers(Rc::new(all)),
                    Err(problem) => ReferrersState::UserError(problem),
                });
            });
        });
    }
    let again = {
        let (found, tries) = (found.clone(), tries.clone());
        Callback::from(move |_: MouseEvent| {
            found.set(ReferrersState::Asking);
            tries.set(*tries + 1);
        })
    };
    let facts = &props.facts;
    html! {
        <>
            <h2>{ TITLE }</h2>
            { of_index(&props.route, facts) }
            {
                match &*found {
                    ReferrersState::Asking => html! { <p class="muted" role="status">{ "Loading from the registry …" }</p> },
                    ReferrersState::UserError(problem) => html! {
                        <div class="inline-problem" role="alert">
                            <p>{ format!("{}: {}", problem.title, format::visible_text(&problem.detail)) }</p>
                            if problem.retry {
                                <button type="button" class="again" onclick={again}>{ "Try again" }</button>
                            }
                        </div>
                    },
                    ReferrersState::Referrers(found) if found.referrers.is_empty() => html! {
                        <p class="muted">{ "The registry lists no signatures, SBOMs or other artifacts for this image." }</p>
                    },
                    ReferrersState::Referrers(found) => html! {
                        <>
                            <ul class="things">
                                for referrer in found.referrers.iter() {
                                    { of_referrer(&props.route, referrer) }
                                }
                            </ul>
                            if found.cut {
                                <p class="muted">{ "There are more; the list is cut here." }</p>
                            }
                        </>
                    },
                }
            }
        </>
    }
}

/// Those that a saved image has beside it.
pub(crate) fn saved(route: &ImageRoute, facts: &ImageFacts) -> Html {
    if facts.attestations().next().is_none() {
        return Html::default();
    }
    html! {
        <>
            <h2>{ TITLE }</h2>
            { of_index(route, facts) }
        </>
    }
}

/// Those of the index.
fn of_index(route: &ImageRoute, facts: &ImageFacts) -> Html {
    if facts.attestations().next().is_none() {
        return Html::default();
    }
    html! {
        <ul class="things">
            for attestation in facts.attestations() {
                { of_attestation(route, attestation) }
            }
        </ul>
    }
}

fn joined(mut all: Referrers, more: Referrers) -> Referrers {
    let known = |referrer: &Referrer| all.referrers.contains(referrer);
    let new: Vec<_> = more
        .referrers
        .into_iter()
        .filter(|one| !known(one))
        .collect();
    all.referrers.extend(new);
    all.cut |= more.cut;
    all
}

fn of_attestation(route: &ImageRoute, attestation: &Attestation) -> Html {
    item(
        route,
        &attestation.digest.to_string(),
        "attestation",
        &BTreeMap::new(),
    )
}

fn of_referrer(route: &ImageRoute, referrer: &Referrer) -> Html {
    let kind = referrer.artifact_type.as_deref();
    let kind = kind
        .filter(|kind| !kind.is_empty())
        .unwrap_or("unknown type");
    item(
        route,
        &referrer.digest.to_string(),
        kind,
        &referrer.annotations,
    )
}

fn item(
    route: &ImageRoute,
    digest: &str,
    kind: &str,
    annotations: &BTreeMap<String, String>,
) -> Html {
    html! {
        <li>
            <a class="mono" href={address(route, digest)}>{ format::visible_text(kind) }</a>
            <span class="mono muted end" title={digest.to_owned()}>{ format::short_digest(digest) }</span>
            for (key, value) in annotations.iter() {
                <span class="mono muted wide">{ format!("{}: {}", format::visible_text(key), format::visible_text(value)) }</span>
            }
        </li>
    }
}
