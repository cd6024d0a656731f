//! Two images compared: which they are, their numbers, and what differs.

mod choose;
mod figures;
mod files;
mod history;
mod lists;
mod map;
mod path;
mod sides;

use std::rc::Rc;

use yew::prelude::*;

use self::choose::Choose;
use self::figures::Figures;
use self::files::ComparedFiles;
use self::history::HistoryList;
use self::lists::{ConfigList, LayerList, PackageList};
use self::map::CompareMap;
use self::sides::Sides;
use crate::browser;
use crate::compare_session::CompareSession;
use crate::format;
use crate::navigate::Navigate;
use crate::parts::bar::Progress;
use crate::parts::panel;
use crate::route::comparison::{CompareRoute, CompareView};
use crate::share::LinkFormat;
use crate::views::both_versions::BothVersions;
use crate::views::error::ErrorBox;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{
    Both, ComparisonFacts, DifferenceForm, ImageFacts, ReadDifference, Side,
};

/// Paths of both images together from which on it is said what comparing them takes.
const MANY: u64 = 1_000_000;

/// An image that was shown, and may have a base that is known.
#[derive(Clone, PartialEq)]
pub(crate) struct OnBase {
    pub(crate) facts: Rc<ImageFacts>,
    /// What the audit knows of its name.
    pub(crate) audited: Option<String>,
}

/// What [`ComparisonView`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    /// Lists the tags of repositories.
    pub(crate) registry: WorkerClient,
    pub(crate) route: CompareRoute,
    /// None while an image is missing, and once comparing was stopped.
    pub(crate) comparison: Option<CompareSession>,
    /// The sides whose file the page does not have.
    pub(crate) missing: Both<bool>,
    /// One of the images, where the page has shown it.
    pub(crate) on_base: Option<OnBase>,
    pub(crate) go: Callback<Navigate>,
    pub(crate) on_file: Callback<(Side, web_sys::File)>,
    pub(crate) on_cancel: Callback<()>,
    pub(crate) on_again: Callback<()>,
    pub(crate) on_copy: Callback<LinkFormat>,
}

/// The whole view of a comparison.
#[component]
pub(crate) fn ComparisonView(props: &Props) -> Html {
    let Props {
        route,
        comparison,
        go,
        ..
    } = props;
    let name = |side: Side| format::visible_text(&route.sides.of(side).name());
    let title = match route.is_complete() {
        true => format!("{} compared with {}", name(Side::New), name(Side::Old)),
        false => "Compare two images".to_owned(),
    };
    let done = comparison.as_ref().and_then(|comparison| {
        let facts = comparison.done.clone()?;
        Some((comparison, facts))
    });
    let embedded = browser::is_embedded();
    html! {
        <main class={classes!("compare", embedded.then_some("embedded"))}>
            <h1 class="off-screen">{ title }</h1>
            if !embedded {
                <Sides
                    registry={props.registry.clone()}
                    route={route.clone()}
                    facts={comparison.as_ref().map(|comparison| comparison.facts.clone()).unwrap_or_default()}
                    loading={comparison.as_ref().is_some_and(CompareSession::loading)}
                    go={go.clone()}
                    on_file={props.on_file.clone()}
                    on_cancel={props.on_cancel.clone()}
                    on_copy={props.on_copy.clone()}
                />
            }
            if let Some((comparison, facts)) = done {
                <Figures worker={comparison.worker.clone()} facts={facts.clone()} />
                if embedded {
                    <div class="panel" id={panel::ID}>{ shown(comparison, &facts, route, go) }</div>
                } else {
                    <Tabs facts={facts.clone()} route={route.clone()} go={go.clone()} />
                    <div class="panel" id={panel::ID} role="tabpanel" aria-labelledby={tab_id(route.view)}>
                        { shown(comparison, &facts, route, go) }
                    </div>
                }
            } else {
                { waiting(props) }
            }
        </main>
    }
}

/// What the tabs show.
fn shown(
    comparison: &CompareSession,
    facts: &Rc<ComparisonFacts>,
    route: &CompareRoute,
    go: &Callback<Navigate>,
) -> Html {
    let (facts, route) = (facts.clone(), route.clone());
    match route.view {
        CompareView::Files if route.difference.is_some() && route.path.is_some() => {
            contents(comparison, &route, go)
        }
        CompareView::Files => html! {
            <ComparedFiles worker={comparison.worker.clone()} {facts} {route} go={go.clone()} />
        },
        CompareView::Map => html! {
            <CompareMap worker={comparison.worker.clone()} facts={facts.clone()} route={route.clone()} go={go.clone()} />
        },
        CompareView::Config => html! { <ConfigList {facts} /> },
        CompareView::History => html! { <HistoryList {facts} {route} /> },
        CompareView::Packages => html! { <PackageList {facts} {route} go={go.clone()} /> },
        CompareView::Layers => html! { <LayerList {facts} {route} /> },
    }
}

/// Both versions of the selected path.
fn contents(comparison: &CompareSession, route: &CompareRoute, go: &Callback<Navigate>) -> Html {
    let back = CompareRoute {
        difference: None,
        ..route.clone()
    };
    let to_folder = {
        let back = back.clone();
        go.reform(move |path| {
            panel::focus();
            Navigate::push(CompareRoute {
                path: Some(path),
                ..back.clone()
            })
        })
    };
    let to_form = {
        let route = route.clone();
        go.reform(move |form: DifferenceForm| {
            browser::keep_difference_form(form.name());
            Navigate::replace(CompareRoute {
                difference: Some(form),
                ..route.clone()
            })
        })
    };
    html! {
        <BothVersions
            worker={comparison.worker.clone()}
            asked={ReadDifference {
                path: route.path.clone().unwrap_or_default(),
                layers: None,
            }}
            ready=true
            form={route.difference.unwrap_or_default()}
            on_form={to_form}
            on_layers={Callback::noop()}
            on_back={go.reform(move |()| {
                panel::focus();
                Navigate::push(back.clone())
            })}
            on_folder={to_folder}
        />
    }
}

/// What there is to say while there is no comparison.
fn waiting(props: &Props) -> Html {
    let missing = |side: Side| *props.missing.of(side);
    let Some(comparison) = &props.comparison else {
        if !props.route.is_complete() || Side::BOTH.into_iter().any(missing) {
            return html! {
                <Choose
                    registry={props.registry.clone()}
                    route={props.route.clone()}
                    missing={props.missing.clone()}
                    on_base={props.on_base.clone()}
                    on_file={props.on_file.clone()}
                />
            };
        }
        return html! {
            <div class="message">
                <p role="status">{ "Stopped: the images are not compared." }</p>
                <button type="button" class="primary" onclick={props.on_again.reform(|_| ())}>{ "Compare again" }</button>
            </div>
        };
    };
    let sides = || Side::BOTH.into_iter();
    if sides().any(|side| comparison.problems.of(side).is_some()) {
        return html! {
            <div class="compare-problems">
                for side in sides() {
                    if let Some(problem) = comparison.problems.of(side).clone() {
                        <section data-side={side.name()} aria-label={side_title(side)}>
                            <h2>{ side_title(side) }{ " " }<span class="mono muted">{ format::visible_text(&props.route.sides.of(side).name()) }</span></h2>
                            <ErrorBox {problem} on_retry={props.on_again.clone()} />
                        </section>
                    }
                }
            </div>
        };
    }
    if sides().any(|side| comparison.several.of(side).is_some()) {
        return choose::several(&props.route, comparison);
    }
    reading(comparison)
}

fn reading(comparison: &CompareSession) -> Html {
    let unpacking = Side::BOTH
        .into_iter()
        .find_map(|side| Some((side, (*comparison.unpacked.of(side))?)));
    let (text, done, whole) = match (comparison.progress, unpacking) {
        (Some(progress), _) => {
            let layers = format!(
                "{} of {} read",
                format::count(progress.layers.into()),
                format::counted(progress.all_layers.into(), "layer")
            );
            let bytes = progress.all_bytes.map(|all| {
                format!(
                    ", {} of {}",
                    format::size(progress.bytes),
                    format::size(all)
                )
            });
            let text = format!("{layers}{}", bytes.unwrap_or_default());
            (text, progress.bytes, progress.all_bytes)
        }
        (None, Some((side, (done, whole)))) => {
            let text = format!(
                "Unpacking the {} image: {} of {}",
                side.name(),
                format::size(done),
                format::size(whole)
            );
            (text, done, Some(whole))
        }
        (None, None) => ("Opening both images".to_owned(), 0, None),
    };
    let text = match comparison.comparing {
        Some(paths) => format!("Comparing {}", format::counted(paths, "path")),
        None => text,
    };
    let many = comparison.comparing.is_some_and(|paths| paths > MANY);
    html! {
        <div class="message">
            <div class="waiting" role="status">
                <h2>{ "Comparing" }</h2>
                <Progress {done} {whole} label="Comparing" />
                <p class="muted">{ text }</p>
                if many {
                    <p class="muted">
                        { "This can take more memory than the browser gives to a page; the command " }
                        <code>{ "onionskin diff" }</code>
                        { " compares larger images." }
                    </p>
                }
            </div>
        </div>
    }
}

/// The name of a side, as a heading.
fn side_title(side: Side) -> &'static str {
    match side {
        Side::Old => "Old image",
        Side::New => "New image",
    }
}

fn tab_id(view: CompareView) -> String {
    format!("tab-{}", view.name())
}

/// What [`Tabs`] shows.
#[derive(PartialEq, Properties)]
struct TabsProps {
    facts: Rc<ComparisonFacts>,
    route: CompareRoute,
    go: Callback<Navigate>,
}

/// The tabs, walked by the arrow keys as the ARIA practices have it.
#[component]
fn Tabs(props: &TabsProps) -> Html {
    let views = CompareView::NAMED;
    let keys = {
        let (go, route) = (props.go.clone(), props.route.clone());
        Callback::from(move |event: KeyboardEvent| {
            let last = views.len() - 1;
            let at = views.iter().position(|(view, _)| *view == route.view);
            let at = at.unwrap_or(0);
            let to = match event.key().as_str() {
                "ArrowRight" if at == last => 0,
                "ArrowRight" => at + 1,
                "ArrowLeft" if at == 0 => last,
                "ArrowLeft" => at - 1,
                "Home" => 0,
                "End" => last,
                _ => return,
            };
            if let Some((view, _)) = views.get(to) {
                event.prevent_default();
                go.emit(Navigate::replace(route.in_view(*view)));
                browser::focus(&tab_id(*view));
            }
        })
    };
    let facts = &props.facts;
    let count = |view: CompareView| match view {
        CompareView::Files => Some(u64::from(facts.differing())),
        // It shows the same files.
        CompareView::Map => None,
        CompareView::Config => Some(facts.config.len() as u64),
        CompareView::History => Some(facts.differing_lines()),
        CompareView::Packages => Some(facts.packages.len() as u64),
        CompareView::Layers => {
            let differ = |layer: &&_| figures::is_of_one_side(layer);
            Some(facts.layers.iter().filter(differ).count() as u64)
        }
    };
    html! {
        <div class="tabs" role="tablist" aria-label="What differs" onkeydown={keys}>
            for (view, name) in views {
                <button
                    key={name}
                    type="button"
                    role="tab"
                    id={tab_id(view)}
                    aria-controls={panel::ID}
                    aria-selected={(view == props.route.view).to_string()}
                    tabindex={if view == props.route.view { "0" } else { "-1" }}
                    onclick={
                        let to = props.route.in_view(view);
                        props.go.reform(move |_| Navigate::push(to.clone()))
                    }
                >
                    { format::capital(name) }
                    if let Some(count) = count(view) {
                        <span class="beside">{ format::count(count) }</span>
                    }
                </button>
            }
        </div>
    }
}
