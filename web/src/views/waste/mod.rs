//! What is wasted, avoidable or a risk in the image, and how to fix it: the findings of `onionskin audit`, in two lists.

mod changes;
mod finding;
mod kinds;
mod list;
mod rules;
mod side;
mod summary;
mod weighed;

use yew::platform::spawn_local;
use yew::prelude::*;

use crate::navigate::Navigate;
use crate::parts::panel::use_handed_on;
use crate::route::{ImageRoute, View};
use crate::rules_input::RulesInput;
use crate::session::{Again, Image};
use crate::views::waste::list::List;
use crate::views::waste::side::Side;
use crate::views::waste::summary::Summary;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{Choice, Findings, FindingsPage, FindingsQuery, Selected};

/// What [`Waste`] shows, and what is beside it.
#[derive(Clone, PartialEq, Properties)]
pub(crate) struct Props {
    /// The list of security and configuration, instead of that of bytes; what is about bytes is left out beside it.
    pub(crate) checks: bool,
    pub(crate) worker: WorkerClient,
    pub(crate) image: Image,
    pub(crate) route: ImageRoute,
    pub(crate) go: Callback<Navigate>,
    /// The rules file that the image is judged by.
    pub(crate) rules: Option<RulesInput>,
    pub(crate) on_rules: Callback<Option<RulesInput>>,
    pub(crate) on_again: Callback<Again>,
}

/// How many cards a page has.
const PAGE: u32 = 50;

/// How many findings a card tells at first, and how many more at a time.
const TOLD: u32 = 100;
const MORE: u32 = 1_000;

/// The findings, and what they come to.
#[component]
pub(crate) fn Waste(props: &Props) -> Html {
    let found = use_state(|| None::<Box<Findings>>);
    // Those of one card, once the visitor asked for more of them.
    let told = use_state_eq(|| TOLD);
    let pane = use_handed_on();
    let asked = asked(&props.route, *told);
    {
        let (found, worker) = (found.clone(), props.worker.clone());
        let key = (worker, asked, props.image.audit.clone());
        use_effect_with(key, move |(worker, asked, audit)| {
            if audit.is_none() {
                found.set(None);
                return;
            }
            let answer = worker.ask(FindingsPage(asked.clone()));
            spawn_local(async move {
                if let Some(findings) = answer.await.flatten() {
                    found.set(Some(findings));
                }
            });
        });
    }
    html! {
        <div class="waste">
            <div ref={pane} class="pane findings" tabindex="0" aria-label="Findings" role="region">
                <Summary
                    checks={props.checks}
                    image={props.image.clone()}
                    on_again={props.on_again.clone()}
                />
                <List
                    checks={props.checks}
                    image={props.image.clone()}
                    route={props.route.clone()}
                    go={props.go.clone()}
                    found={(*found).clone()}
                    on_more={Callback::from(move |()| told.set(*told + MORE))}
                />
            </div>
            <Side ..props.clone() />
        </div>
    }
}

/// The findings that an address asks for.
fn asked(route: &ImageRoute, told: u32) -> FindingsQuery {
    let waste = &route.waste;
    FindingsQuery {
        choice: Choice {
            checks: route.view == View::Checks,
            kind: waste.kind,
            layer: waste.of,
            find: route.find.clone(),
            order: waste.order,
        },
        page: waste.page.map(|page| page.saturating_sub(1)),
        rows: PAGE,
        selected: Selected {
            path: route.path.clone(),
            name: waste.finding.clone(),
        },
        told,
        without: waste.without.clone(),
    }
}
