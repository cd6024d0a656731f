//! The paths whose bytes every pull downloads and no container sees, the largest first.

use yew::platform::spawn_local;
use yew::prelude::*;

use crate::format;
use crate::parts::mark;
use crate::parts::size::size;
use crate::route::{ImageRoute, View};
use crate::session::Image;
use crate::views::band::meaning;
use crate::worker::client::Engine;
use crate::worker::protocol::{Answer, Ask, Cause, DeadPath};

/// What [`Waste`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) engine: Engine,
    pub(crate) image: Image,
    pub(crate) route: ImageRoute,
    pub(crate) go: Callback<(ImageRoute, bool)>,
}

/// How many rows come at once.
const PAGE: u32 = 100;

/// The list of dead paths.
#[component]
pub(crate) fn Waste(props: &Props) -> Html {
    let cause = use_state_eq(|| None::<Cause>);
    let wanted = use_state_eq(|| PAGE);
    let found = use_state(|| None::<(u32, Vec<DeadPath>)>);
    {
        let (found, engine) = (found.clone(), props.engine.clone());
        let key = (
            engine.clone(),
            *cause,
            *wanted,
            props.image.numbers.depth,
            props.image.numbers.dead,
        );
        use_effect_with(key, move |(engine, cause, wanted, ..)| {
            let answer = engine.ask(Ask::Waste {
                cause: *cause,
                from: 0,
                count: *wanted,
            });
            spawn_local(async move {
                if let Answer::Waste { total, dead } = answer.await {
                    found.set(Some((total, dead)));
                }
            });
        });
    }
    let chips = {
        let choose = |choice: Option<Cause>, word: &'static str, bytes: u64| {
            let (cause, wanted) = (cause.clone(), wanted.clone());
            let pressed = *cause == choice;
            html! {
                <button
                    type="button"
                    class={classes!("chip", choice.map(Cause::name))}
                    aria-pressed={pressed.to_string()}
                    title={choice.map(meaning)}
                    disabled={bytes == 0}
                    onclick={Callback::from(move |_| { cause.set(choice); wanted.set(PAGE); })}
                >
                    { word }{ " " }<span class="beside">{ format::size(bytes) }</span>
                </button>
            }
        };
        let causes = props.image.numbers.causes;
        html! {
            <div class="chips" role="group" aria-label="Only of one cause">
                { choose(None, "all", causes.total()) }
                { for Cause::ALL.map(|cause| choose(Some(cause), cause.name(), causes[cause])) }
            </div>
        }
    };
    html! {
        <div class="pane waste" tabindex="0" role="tabpanel" aria-label="Waste">
            { list(props, found.as_ref(), chips, wanted) }
        </div>
    }
}

fn list(
    props: &Props,
    found: Option<&(u32, Vec<DeadPath>)>,
    chips: Html,
    wanted: UseStateHandle<u32>,
) -> Html {
    let image = &props.image;
    if image.numbers.depth == 0 {
        let text = match image.broken() {
            Some(layer) => {
                format!("Layer {layer} could not be read, so nothing can be said of waste.")
            }
            None => "Nothing is counted before the first layer is read.".to_owned(),
        };
        return html! { <p class="nothing">{ text }</p> };
    }
    if image.numbers.dead == 0 {
        return html! {
            <div class="nothing good">
                <h2>{ if image.whole() { "Nothing is wasted" } else { "Nothing is wasted so far" } }</h2>
                <p>{ "The container can reach every byte that these layers store." }</p>
            </div>
        };
    }
    let Some((total, dead)) = found else {
        return chips;
    };
    let more = u64::from(*total).saturating_sub(dead.len() as u64);
    let next = Callback::from(move |_| wanted.set(*wanted + PAGE));
    html! {
        <>
            { chips }
            <ol class="dead-paths">
                for dead in dead.iter() {
                    <li>{ entry(props, dead) }</li>
                }
            </ol>
            if more > 0 {
                <button type="button" class="more" onclick={next}>
                    { format!("Show more of {} others", format::count(more)) }
                </button>
            }
        </>
    }
}

fn entry(props: &Props, dead: &DeadPath) -> Html {
    let to = ImageRoute {
        layer: Some(dead.added_by),
        view: View::Changes,
        path: Some(dead.path.clone()),
        find: String::new(),
        ..props.route.clone()
    };
    let adder = command_of(&props.image, dead.added_by);
    let killer = command_of(&props.image, dead.killed_by);
    let deed = match dead.cause {
        Cause::Deleted => "deleted by",
        Cause::Replaced => "replaced by",
        Cause::Restated => "stored again, with the same content, by",
        Cause::Repeated => "stored again within",
    };
    html! {
        <button
            type="button"
            class="dead-path"
            data-cause={dead.cause.name()}
            title="Shows it in the layer that added it"
            onclick={props.go.reform(move |_| (to.clone(), true))}
        >
            { mark::of_cause(dead.cause) }
            <span class="path">
                <span class="muted">{ format::visible(format::folder(&dead.path)) }</span>
                <b>{ format::visible(format::file_name(&dead.path)) }</b>
            </span>
            <span class="cost">
                { size(dead.bytes) }
                if let Some(compressed) = dead.compressed {
                    <span class="pull" title={format::exact(compressed)}>
                        { format!("{} of every download", format::size(compressed)) }
                    </span>
                }
            </span>
            <span class="story">
                { format!("added by layer {} ", dead.added_by) }<code>{ adder }</code>
                { format!(", {deed} layer {} ", dead.killed_by) }
                if dead.cause != Cause::Repeated {
                    <code>{ killer }</code>
                }
            </span>
        </button>
    }
}

fn command_of(image: &Image, layer: u32) -> String {
    let head = layer
        .checked_sub(1)
        .and_then(|index| image.facts.layers.get(index as usize));
    head.map(|head| format::visible_text(&head.command))
        .unwrap_or_default()
}
