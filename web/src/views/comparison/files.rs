//! The paths that differ: their tree, what of it is shown, and the one that is selected.

use std::rc::Rc;

use yew::prelude::*;

use super::path::PathDetails;
use crate::format;
use crate::navigate::Navigate;
use crate::parts::search::search_field;
use crate::parts::tree::columns::Chosen;
use crate::parts::tree::compared::sign;
use crate::parts::tree::{Expansion, Select, Tree};
use crate::route::Route;
use crate::route::comparison::CompareRoute;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{Changes, ComparisonFacts, Kinds, Showing, Shown, Sort};

/// What [`ComparedFiles`] shows, and the map of the same.
#[derive(PartialEq, Properties)]
pub(super) struct Props {
    pub(super) worker: WorkerClient,
    pub(super) facts: Rc<ComparisonFacts>,
    pub(super) route: CompareRoute,
    pub(super) go: Callback<Navigate>,
}

/// The tree with what stands above and beside it.
#[component]
pub(super) fn ComparedFiles(props: &Props) -> Html {
    let shown = use_state_eq(|| None::<Shown>);
    let drawn_columns = use_state_eq(Chosen::of_comparison);
    let on_columns = {
        let columns = drawn_columns.clone();
        Callback::from(move |chosen| columns.set(chosen))
    };
    let Props { route, go, .. } = props;
    let showing = Showing {
        layer: 0,
        changes_from: None,
        hidden: Kinds::default(),
        hidden_changes: route.hidden,
        sort: route.sort,
        find: route.find.clone(),
    };
    let select = {
        let (go, route) = (go.clone(), route.clone());
        Callback::from(move |select: Select| {
            go.emit(Navigate {
                route: Route::Compare(CompareRoute {
                    path: Some(select.path),
                    ..route.clone()
                }),
                history: select.history,
            });
        })
    };
    let sort = {
        let route = route.clone();
        go.reform(move |sort: Sort| {
            Navigate::replace(CompareRoute {
                sort,
                ..route.clone()
            })
        })
    };
    let on_shown = {
        let shown = shown.clone();
        Callback::from(move |value: Shown| shown.set(Some(value)))
    };
    if props.facts.differing() == 0 {
        return no_difference();
    }
    let columns = classes!(
        "compare-columns",
        route.path.is_some().then_some("with-details")
    );
    html! {
        <div class={columns}>
            <div class="files">
                { toolbar(&props.facts, route, go, shown.as_ref(), Html::default()) }
                <Tree
                    worker={props.worker.clone()}
                    showing={Rc::new(showing)}
                    version={(0, true)}
                    path={route.path.clone()}
                    place="comparison"
                    columns={(*drawn_columns).clone()}
                    expansion={Expansion::default()}
                    {on_columns}
                    on_select={select}
                    on_sort={sort}
                    {on_shown}
                />
                if let Some(shown) = shown.as_ref() {
                    if shown.total == 0 {
                        { nothing(route, go, shown) }
                    }
                    { foot(shown) }
                }
            </div>
            if let Some(path) = route.path.clone() {
                <PathDetails worker={props.worker.clone()} route={route.clone()} {path} go={go.clone()} />
            }
        </div>
    }
}

/// There is nothing to show.
pub(super) fn no_difference() -> Html {
    html! { <div class="nothing"><p role="status">{ "No file differs." }</p></div> }
}

/// Above the tree or the map: what is looked for, and which changes are shown.
pub(super) fn toolbar(
    facts: &ComparisonFacts,
    route: &CompareRoute,
    go: &Callback<Navigate>,
    shown: Option<&Shown>,
    more: Html,
) -> Html {
    let matches = shown.and_then(|shown| shown.matches);
    let typed = {
        let (go, route) = (go.clone(), route.clone());
        Callback::from(move |find| {
            go.emit(Navigate::replace(CompareRoute {
                find,
                ..route.clone()
            }));
        })
    };
    html! {
        <div class="toolbar">
            { search_field("Find paths", "find in paths", &route.find, typed) }
            if let Some(matches) = matches {
                <span class="muted" role="status">{ format!("{} found", format::count(u64::from(matches))) }</span>
            }
            <div class="chips" role="group" aria-label="Show or hide">
                for ((change, name), count) in Changes::NAMED.into_iter().zip(facts.counts) {
                    if count > 0 || route.hidden.contains(change) {
                        <button
                            key={name}
                            type="button"
                            class="chip"
                            data-change={name}
                            aria-pressed={(!route.hidden.contains(change)).to_string()}
                            title={format!("{} {name} paths", if route.hidden.contains(change) { "Show" } else { "Hide" })}
                            onclick={
                                let to = CompareRoute {
                                    hidden: route.hidden.toggled(change),
                                    ..route.clone()
                                };
                                go.reform(move |_| Navigate::replace(to.clone()))
                            }
                        >
                            { sign(change) }{ name }{ " " }<b>{ format::count(u64::from(count)) }</b>
                        </button>
                    }
                }
            </div>
            { more }
        </div>
    }
}

/// Why no path is shown.
pub(super) fn nothing(route: &CompareRoute, go: &Callback<Navigate>, shown: &Shown) -> Html {
    let all = CompareRoute {
        find: String::new(),
        hidden: Changes::default(),
        ..route.clone()
    };
    let (text, word) = match shown.matches {
        Some(_) => (
            "No path that is shown contains this text.",
            "Clear the search",
        ),
        None => ("All changes are hidden.", "Show all"),
    };
    html! {
        <div class="nothing">
            <p>{ text }</p>
            <button type="button" onclick={go.reform(move |_| Navigate::replace(all.clone()))}>{ word }</button>
        </div>
    }
}

fn foot(shown: &Shown) -> Html {
    let paths = format::counted(u64::from(shown.paths), "path");
    let paths = match shown.kept < shown.paths {
        true => format!(
            "{} of {paths} that differ",
            format::count(u64::from(shown.kept))
        ),
        false if shown.paths == 1 => format!("{paths} differs"),
        false => format!("{paths} differ"),
    };
    html! {
        <div class="foot">
            <span role="status">{ paths }{ " · sizes of folders are those of all files in them" }</span>
            <span class="keys" aria-hidden="true">{ "↑↓ move · → open · / search · ? keys" }</span>
        </div>
    }
}
