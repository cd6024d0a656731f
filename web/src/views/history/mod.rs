//! The images of a repository's tags over time: a chart, the selected image beside it, and all numbers as a table.

mod chart;
mod details;
mod form;
mod jump;
mod scale;
mod table;

use onionskin_core::limits::HISTORY_TAGS;
use onionskin_core::report::json;
use yew::prelude::*;

use self::chart::{Chart, legend};
use self::details::card;
use self::form::Form;
use self::table::table;
use crate::browser;
use crate::format;
use crate::history_session::HistorySession;
use crate::navigate::Navigate;
use crate::parts::bar::Progress;
use crate::route::history::HistoryRoute;
use crate::route::{BrowseRoute, Route};
use crate::views::error::ErrorBox;
use crate::worker::protocol::{List, TaggedImage, TagsFound, UnreadTag};

/// What [`HistoryView`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) route: HistoryRoute,
    pub(crate) session: HistorySession,
    pub(crate) go: Callback<Navigate>,
    pub(crate) on_cancel: Callback<()>,
    pub(crate) on_again: Callback<()>,
}

/// Tags that are named as not read.
const NAMED: usize = 50;

/// The view.
#[component]
pub(crate) fn HistoryView(props: &Props) -> Html {
    let Props { route, session, .. } = props;
    let platforms = session.of.as_ref().map(|of| of.platforms.clone());
    let tags = Route::Browse(BrowseRoute::of(List::Tags(route.repository.clone())));
    html! {
        <main class="history">
            <h1>{ "History " }<span class="mono">{ format!("of {}", format::visible_text(&route.repository)) }</span></h1>
            <p class="history-way"><a href={tags.to_fragment()}>{ "All tags" }</a></p>
            <Form
                route={route.clone()}
                platforms={platforms.unwrap_or_default()}
                loading={session.loading()}
                go={props.go.clone()}
                on_cancel={props.on_cancel.clone()}
            />
            if let Some(problem) = session.problem.clone() {
                <ErrorBox {problem} on_retry={props.on_again.clone()} />
            } else {
                { so_far(props) }
            }
            { unread(&session.not_read) }
            if !session.images.is_empty() {
                <Images ..ImagesProps { route: route.clone(), session: session.clone(), go: props.go.clone() } />
            }
        </main>
    }
}

/// How far it is, and what there is to do.
fn so_far(props: &Props) -> Html {
    let session = &props.session;
    if session.stopped() {
        let read = format::counted(session.images.len() as u64, "image");
        return html! {
            <p class="history-state">
                <span role="status">{ format!("Stopped: {read} read.") }</span>
                <button type="button" onclick={props.on_again.reform(|_| ())}>{ "Read again" }</button>
            </p>
        };
    }
    let Some(tags) = session.tags else {
        return html! { <p class="history-state muted" role="status">{ "Reading the list of tags …" }</p> };
    };
    if !tags.reading {
        return to_choose(props, tags);
    }
    if session.done {
        return summary(session, tags);
    }
    let (text, done, whole) = match (&session.of, &session.reading) {
        (None, _) => {
            let text = format!(
                "Reading manifests: {} of {}",
                format::count(session.opened.into()),
                format::counted(tags.matching.into(), "tag")
            );
            (
                text,
                u64::from(session.opened),
                Some(u64::from(tags.matching)),
            )
        }
        (Some(of), reading) => {
            let text = format!(
                "Reading layers: {} of {} read",
                format::count(session.images.len() as u64),
                format::counted(of.images.into(), "image")
            );
            let text = match reading {
                Some((tag, read)) => {
                    let bytes = read.all_bytes.map(|all| {
                        format!(", {} of {}", format::size(read.bytes), format::size(all))
                    });
                    let tag = format::visible_text(tag);
                    format!("{text}, now {tag}{}", bytes.unwrap_or_default())
                }
                None => text,
            };
            (text, session.images.len() as u64, Some(of.images.into()))
        }
    };
    html! {
        <div class="history-state" role="status">
            <Progress {done} {whole} label="Reading images" />
            <span class="muted">{ text }</span>
        </div>
    }
}

/// Why nothing is read yet.
fn to_choose(props: &Props, tags: TagsFound) -> Html {
    let glob = props.route.tags.as_deref().map(format::visible_text);
    let matching = format::counted(tags.matching.into(), "tag");
    let can_read = (1..=HISTORY_TAGS).contains(&(tags.matching as usize));
    let text = match glob {
        _ if tags.all == 0 => "This repository has no tags.".to_owned(),
        Some(glob) if tags.matching == 0 => format!("No tag matches {glob}."),
        Some(glob) => format!(
            "{matching} match {glob}; at most {HISTORY_TAGS} are read. Choose fewer with a longer pattern, such as 1.*."
        ),
        None => format!(
            "This repository has {matching}. The manifest of each tag that matches is requested, and registries limit requests. Choose tags with a pattern, such as 1.*."
        ),
    };
    let all = HistoryRoute {
        tags: Some("*".to_owned()),
        ..props.route.images()
    };
    html! {
        <div class="nothing">
            <p role="status">{ text }</p>
            if can_read {
                <button type="button" onclick={props.go.reform(move |_| Navigate::push(all.clone()))}>
                    { format!("Read all {matching}") }
                </button>
            }
        </div>
    }
}

fn summary(session: &HistorySession, tags: TagsFound) -> Html {
    let read: usize = session.images.iter().map(|image| image.tags.len()).sum();
    let text = format!(
        "{} with {} of {}",
        format::counted(session.images.len() as u64, "image"),
        format::count(read as u64),
        format::counted(tags.matching.into(), "tag")
    );
    let save = {
        let session = session.clone();
        move |_: MouseEvent| {
            // A report that can be shown can be written.
            if let Some(text) = session
                .report()
                .and_then(|report| json::pretty(&report).ok())
            {
                browser::save("history.json", "application/json", &format!("{text}\n"));
            }
        }
    };
    html! {
        <p class="history-state">
            <span class="muted" role="status">{ text }</span>
            <button type="button" class="quiet save" onclick={save}>{ "Save as JSON" }</button>
        </p>
    }
}

fn unread(tags: &[UnreadTag]) -> Html {
    if tags.is_empty() {
        return Html::default();
    }
    let more = tags.len().saturating_sub(NAMED);
    html! {
        <details class="history-unread">
            <summary>{ format!("{} could not be read", format::counted(tags.len() as u64, "tag")) }</summary>
            <ul>
                for unread in tags.iter().take(NAMED) {
                    <li><span class="mono">{ format::visible_text(&unread.tag) }</span>{ " " }{ format::visible_text(&unread.error) }</li>
                }
            </ul>
            if more > 0 {
                <p class="muted">{ format!("and {more} more") }</p>
            }
        </details>
    }
}

/// What [`Images`] shows.
#[derive(Clone, PartialEq, Properties)]
struct ImagesProps {
    route: HistoryRoute,
    session: HistorySession,
    go: Callback<Navigate>,
}

/// The chart, the image that is selected or under the pointer, and the table.
#[component]
fn Images(props: &ImagesProps) -> Html {
    let under = use_state_eq(|| None::<usize>);
    let ImagesProps { route, session, go } = props;
    let images = &session.images;
    let at = route.at.as_ref();
    let is_at = |image: &TaggedImage| at.is_some_and(|at| image.tags.contains(at));
    let chosen = images.iter().position(is_at);
    let chosen = chosen.unwrap_or(images.len().saturating_sub(1));
    let choose = {
        let (images, route) = (images.clone(), route.clone());
        go.reform(move |at: usize| {
            let tag = images.get(at).and_then(|image| image.tags.first());
            Navigate::replace(HistoryRoute {
                at: tag.cloned(),
                ..route.clone()
            })
        })
    };
    let on_under = {
        let under = under.clone();
        Callback::from(move |at| under.set(at))
    };
    let shown = under.filter(|at| *at < images.len()).unwrap_or(chosen);
    let before = shown.checked_sub(1).and_then(|at| images.get(at));
    html! {
        <>
            <section class="history-columns" aria-label="Chart">
                <div>
                    { legend() }
                    <Chart images={images.clone()} {chosen} on_choose={choose} {on_under} />
                </div>
                if let Some(image) = images.get(shown) {
                    { card(route, image, before) }
                }
            </section>
            { table(route, images, chosen) }
        </>
    }
}
