//! An image on the page: the band, the layers, what they hold, and what is selected.

use std::rc::Rc;

use yew::prelude::*;

use crate::browser;
use crate::format;
use crate::navigate::Navigate;
use crate::own_dockerfile::OwnDockerfile;
use crate::parts::panel;
use crate::route::{ImageRoute, View};
use crate::rules_input::RulesInput;
use crate::session::{Again, Image, LayerState};
use crate::views::band::{Band, of_analysis, of_tables};
use crate::views::details::Details;
use crate::views::error::ErrorBox;
use crate::views::files::Files;
use crate::views::later::{View as Later, later};
use crate::views::layers::Layers;
use crate::views::unread::unread;
use crate::views::{ImageProps, LayerProps, config, content, document, packages, versions, waste};
use crate::worker::client::WorkerClient;
use crate::worker::protocol::Measure;

/// What [`ImageView`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) worker: WorkerClient,
    pub(crate) image: Image,
    pub(crate) route: ImageRoute,
    pub(crate) go: Callback<Navigate>,
    /// The rules file that the image is judged by.
    pub(crate) rules: Option<RulesInput>,
    pub(crate) on_rules: Callback<Option<RulesInput>>,
    /// The Dockerfile that is shown beside the image.
    pub(crate) dockerfile: Option<OwnDockerfile>,
    pub(crate) on_dockerfile: Callback<Option<OwnDockerfile>>,
    pub(crate) on_again: Callback<Again>,
    /// Closes the details.
    pub(crate) on_close: Callback<()>,
}

/// The whole view of an image.
#[component]
pub(crate) fn ImageView(props: &Props) -> Html {
    let Props {
        worker,
        image,
        route,
        go,
        on_again,
        ..
    } = props;
    let selected = route.layer.unwrap_or_else(|| image.top());
    let details = route.path.clone().filter(|_| route.view.shows_details());
    let columns = classes!(
        "columns",
        details.is_some().then_some("with-details"),
        has_no_details(route.view).then_some("without-details"),
    );
    let embedded = browser::is_embedded();
    let tab = tab_of(route.view);
    html! {
        <main class={classes!("image", embedded.then_some("embedded"))}>
            <h1 class="off-screen">{ format!("Image {}", format::visible_text(route.called())) }</h1>
            { of_analysis(image) }
            { of_tables(image) }
            <Band image={image.clone()} on_again={on_again.clone()} />
            <div class={columns}>
                if !embedded {
                    <Layers image={image.clone()} route={route.clone()} {selected} go={go.clone()} />
                }
                <section class="content">
                    if embedded {
                        <div class="panel" id={panel::ID}>{ content(props, selected) }</div>
                    } else {
                        <Tabs image={image.clone()} route={route.clone()} go={go.clone()} />
                        <div class="panel" id={panel::ID} role="tabpanel" aria-labelledby={tab.id}>
                            { content(props, selected) }
                        </div>
                    }
                </section>
                if !has_no_details(route.view) {
                    <Details
                        worker={worker.clone()}
                        image={image.clone()}
                        route={route.clone()}
                        layer={selected}
                        path={details}
                        go={go.clone()}
                        on_again={on_again.clone()}
                        on_close={props.on_close.clone()}
                    />
                }
            </div>
        </main>
    }
}

/// Whether a view says all that there is to say of what it shows.
fn has_no_details(view: View) -> bool {
    view.is_of_findings()
        || matches!(
            view,
            View::Packages | View::Content | View::Difference | View::Document
        )
}

fn content(props: &Props, selected: u32) -> Html {
    let Props {
        worker,
        image,
        route,
        go,
        on_again,
        ..
    } = props;
    match route.view {
        View::Waste | View::Checks | View::Packages if !image.listed().is_empty() => {
            unread(image, route.view, on_again)
        }
        View::Map if route.map.by != Measure::Size && !image.listed().is_empty() => {
            unread(image, route.view, on_again)
        }
        View::Waste | View::Checks => later(Later::Waste(Rc::new(waste::Props {
            checks: route.view == View::Checks,
            worker: worker.clone(),
            image: image.clone(),
            route: route.clone(),
            go: go.clone(),
            rules: props.rules.clone(),
            on_rules: props.on_rules.clone(),
            on_again: on_again.clone(),
        }))),
        View::Map => later(Later::Map(Rc::new(LayerProps {
            worker: worker.clone(),
            image: image.clone(),
            route: route.clone(),
            layer: selected,
            go: go.clone(),
        }))),
        View::Packages => later(Later::Packages(Rc::new(packages::Props {
            worker: worker.clone(),
            image: image.clone(),
            route: route.clone(),
            go: go.clone(),
            on_again: on_again.clone(),
        }))),
        View::Config => later(Later::Config(Rc::new(config::Props {
            worker: worker.clone(),
            image: image.clone(),
            route: route.clone(),
            go: go.clone(),
            dockerfile: props.dockerfile.clone(),
            on_dockerfile: props.on_dockerfile.clone(),
        }))),
        View::Content | View::Difference => match &route.path {
            Some(path) => of_file(props, selected, path),
            None => names_none("The link names no file. Choose one in Files."),
        },
        View::Document => match &route.document {
            Some(name) => later(Later::Document(Rc::new(document::Props {
                worker: worker.clone(),
                image: image.clone(),
                route: route.clone(),
                name: name.clone(),
                go: go.clone(),
            }))),
            None => names_none("The link names no document. Choose one in Config."),
        },
        View::Stack | View::Changes => tree(props, selected),
    }
}

/// What a file has, or two versions of it.
fn of_file(props: &Props, selected: u32, path: &[u8]) -> Html {
    let (worker, image) = (props.worker.clone(), props.image.clone());
    let (route, go) = (props.route.clone(), props.go.clone());
    let (layer, path) = (selected, path.to_owned());
    match route.view {
        View::Difference => later(Later::Versions(Rc::new(versions::Props {
            worker,
            image,
            route,
            layer,
            path,
            go,
        }))),
        _ => later(Later::Content(Rc::new(content::Props {
            worker,
            image,
            route,
            layer,
            path,
            go,
        }))),
    }
}

/// The tree of the filesystem at a layer or of its changes, or why there is none.
fn tree(props: &Props, selected: u32) -> Html {
    let Props {
        worker,
        image,
        route,
        go,
        on_again,
        ..
    } = props;
    match image.layer(selected) {
        Some(LayerState::NotFetched(reason)) if route.view == View::Changes => html! {
            <div class="nothing">
                <h2>{ format!("Layer {selected} is not available") }</h2>
                <p>{ format::capital(&reason.to_string()) }{ "." }</p>
                <p>{ "What it adds, changes or deletes is not known." }</p>
            </div>
        },
        Some(LayerState::Broken(problem)) => html! {
            <ErrorBox problem={problem.clone()} on_retry={on_again.reform(|()| Again::Retry)} />
        },
        _ => html! {
            <Files
                worker={worker.clone()}
                image={image.clone()}
                route={route.clone()}
                layer={selected}
                go={go.clone()}
                on_again={on_again.clone()}
            />
        },
    }
}

/// Shown where a link says what kind of thing to show, but not which.
fn names_none(text: &str) -> Html {
    html! { <div class="nothing"><p>{ text }</p></div> }
}

/// One of the tabs.
struct Tab {
    view: View,
    id: &'static str,
    word: &'static str,
}

const TABS: [Tab; 6] = [
    Tab {
        view: View::Stack,
        id: "tab-files",
        word: "Files",
    },
    Tab {
        view: View::Waste,
        id: "tab-waste",
        word: "Waste",
    },
    Tab {
        view: View::Checks,
        id: "tab-checks",
        word: "Checks",
    },
    Tab {
        view: View::Packages,
        id: "tab-packages",
        word: "Packages",
    },
    Tab {
        view: View::Map,
        id: "tab-map",
        word: "Map",
    },
    Tab {
        view: View::Config,
        id: "tab-config",
        word: "Config",
    },
];

/// The tab of a view: both trees have the same, and a document is the configuration's.
fn tab_of(view: View) -> &'static Tab {
    let view = match view {
        View::Document => View::Config,
        view => view,
    };
    let own = TABS.iter().find(|tab| tab.view == view);
    let [files, ..] = &TABS;
    own.unwrap_or(files)
}

/// The tabs, walked by the arrow keys as the ARIA practices have it.
#[component]
fn Tabs(props: &ImageProps) -> Html {
    let chosen = tab_of(props.route.view);
    let keys = {
        let (go, route, at) = (props.go.clone(), props.route.clone(), chosen.view);
        Callback::from(move |event: KeyboardEvent| {
            let last = TABS.len() - 1;
            let at = TABS.iter().position(|tab| tab.view == at).unwrap_or(0);
            let to = match event.key().as_str() {
                "ArrowRight" if at == last => 0,
                "ArrowRight" => at + 1,
                "ArrowLeft" if at == 0 => last,
                "ArrowLeft" => at - 1,
                "Home" => 0,
                "End" => last,
                _ => return,
            };
            if let Some(tab) = TABS.get(to) {
                event.prevent_default();
                go.emit(Navigate::replace(route.in_tab(tab.view)));
                browser::focus(tab.id);
            }
        })
    };
    let audit = props.image.audit.as_ref();
    let findings = |view: View| {
        let audit = audit.filter(|_| view.is_of_findings())?;
        Some(audit.findings(view == View::Checks)).filter(|count| *count > 0)
    };
    let partial = audit.is_some() && !props.image.whole();
    html! {
        <div class="tabs" role="tablist" aria-label="Views of the image" onkeydown={keys}>
            for tab in TABS.iter() {
                <button
                    key={tab.id}
                    type="button"
                    role="tab"
                    id={tab.id}
                    aria-controls={panel::ID}
                    aria-selected={(tab.view == chosen.view).to_string()}
                    tabindex={if tab.view == chosen.view { "0" } else { "-1" }}
                    onclick={
                        let to = props.route.in_tab(tab.view);
                        props.go.reform(move |_| Navigate::push(to.clone()))
                    }
                >
                    { tab.word }
                    if let Some(count) = findings(tab.view) {
                        <span class="beside">{ format::count(count) }{ if partial { ", partial" } else { "" } }</span>
                    }
                </button>
            }
        </div>
    }
}
