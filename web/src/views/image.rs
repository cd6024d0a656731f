//! An image on the page: the band, the layers, what they hold, and what is selected.

use yew::prelude::*;

use crate::format;
use crate::route::{ImageRoute, View};
use crate::ruling::Ruling;
use crate::session::{Image, LayerState};
use crate::views::band::Band;
use crate::views::config::Config;
use crate::views::details::Details;
use crate::views::error::TroubleBox;
use crate::views::files::Files;
use crate::views::layers::Layers;
use crate::views::waste::Waste;
use crate::worker::client::Engine;

/// What [`ImageView`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) engine: Engine,
    pub(crate) image: Image,
    pub(crate) route: ImageRoute,
    pub(crate) go: Callback<(ImageRoute, bool)>,
    /// The rules file that the image is judged by.
    pub(crate) ruling: Option<Ruling>,
    pub(crate) on_rules: Callback<Option<Ruling>>,
    pub(crate) on_retry: Callback<()>,
}

/// The whole view of an image.
#[component]
pub(crate) fn ImageView(props: &Props) -> Html {
    let Props {
        engine,
        image,
        route,
        go,
        ..
    } = props;
    let selected = route.layer.unwrap_or_else(|| image.top());
    let content = match route.view {
        View::Waste => html! {
            <Waste
                engine={engine.clone()}
                image={image.clone()}
                route={route.clone()}
                go={go.clone()}
                ruling={props.ruling.clone()}
                on_rules={props.on_rules.clone()}
            />
        },
        View::Config => html! {
            <Config
                engine={engine.clone()}
                facts={image.facts.clone()}
                route={route.clone()}
                go={go.clone()}
            />
        },
        View::Stack | View::Changes => match image.layer(selected) {
            Some(LayerState::NotFetched(reason)) if route.view == View::Changes => html! {
                <div class="nothing">
                    <h2>{ format!("Layer {selected} is not available") }</h2>
                    <p>{ format::capital(&reason.to_string()) }{ "." }</p>
                    <p>{ "What it adds, changes or removes is not known." }</p>
                </div>
            },
            Some(LayerState::Broken(trouble)) => html! {
                <TroubleBox trouble={trouble.clone()} on_retry={props.on_retry.clone()} />
            },
            _ => html! {
                <Files
                    engine={engine.clone()}
                    image={image.clone()}
                    route={route.clone()}
                    layer={selected}
                    go={go.clone()}
                />
            },
        },
    };
    let details = route.path.clone().filter(|_| route.view.is_tree());
    let columns = classes!(
        "columns",
        details.is_some().then_some("with-details"),
        (route.view == View::Waste).then_some("without-details"),
    );
    html! {
        <main class="image">
            <Band image={image.clone()} />
            <div class={columns}>
                <Layers image={image.clone()} route={route.clone()} {selected} go={go.clone()} />
                <section class="content">
                    { tabs(props) }
                    { content }
                </section>
                // The findings tell all that there is to tell of them.
                if route.view != View::Waste {
                    <Details
                        engine={engine.clone()}
                        image={image.clone()}
                        route={route.clone()}
                        layer={selected}
                        path={details}
                        go={go.clone()}
                    />
                }
            </div>
        </main>
    }
}

fn tabs(props: &Props) -> Html {
    let findings = props.image.audit.as_ref().map(|audit| audit.findings());
    let tab = |view: View, word: &'static str, beside: Option<String>| {
        let chosen = props.route.view == view || view == View::Stack && props.route.view.is_tree();
        let to = props.route.in_view(view);
        html! {
            <button
                type="button"
                role="tab"
                aria-selected={chosen.to_string()}
                onclick={props.go.reform(move |_| (to.clone(), true))}
            >
                { word }
                if let Some(beside) = beside {
                    <span class="beside">{ beside }</span>
                }
            </button>
        }
    };
    html! {
        <div class="tabs" role="tablist" aria-label="What to see of the image">
            { tab(View::Stack, "Files", None) }
            { tab(View::Waste, "Waste", findings.filter(|count| *count > 0).map(format::count)) }
            { tab(View::Config, "Config", None) }
        </div>
    }
}
