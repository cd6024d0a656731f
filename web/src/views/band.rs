//! The band with the numbers: what is downloaded, what the container has, what is wasted.

use yew::prelude::*;

use crate::format;
use crate::parts::bar::{self, Bar};
use crate::parts::mark;
use crate::parts::size::{UNKNOWN, UNREAD};
use crate::session::{Again, Image, Partial, TableRemark};
use crate::views::error::again;
use crate::views::layers::unknown_cost;
use crate::worker::protocol::{Cause, Differences, LayerNumbers};

const WASTED_DOWNLOAD: &str = "Wasted download";

/// What [`Band`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) image: Image,
    pub(crate) on_again: Callback<Again>,
}

/// Characters of the name of a program that are shown.
const PROGRAM_MOST: usize = 60;

/// Says that an image is known by its saved analysis only; nothing for one that is read itself.
pub(crate) fn of_analysis(image: &Image) -> Html {
    let Some(program) = &image.facts.analysis else {
        return Html::default();
    };
    let program: String = program.chars().take(PROGRAM_MOST).collect();
    let written = match program.trim() {
        "" => String::new(),
        program => format!(" written by {}", format::visible_text(program)),
    };
    html! {
        <p class="of-analysis">
            <b>{ "Saved analysis" }</b>
            { written }
            { ", without file contents. It is undamaged, but only the image itself proves what is in it." }
        </p>
    }
}

/// Names the layers that have something else than their tables of contents list.
pub(crate) fn of_tables(image: &Image) -> Html {
    let differ = image
        .tables
        .iter()
        .filter_map(|(layer, remark)| match remark {
            TableRemark::Differs(differences) => Some((*layer, differences)),
            TableRemark::Unusable(_) => None,
        });
    html! {
        for (layer, differences) in differ {
            <p class="of-analysis differs" role="status">
                <b>{ format!("Layer {layer} and its table of contents differ. ") }</b>
                { "Runtimes that use the table see other files: " }
                { unlike(differences, IN_A_LINE) }{ "." }
            </p>
        }
    }
}

/// Paths that are named where a line has room for a few.
const IN_A_LINE: usize = 3;

/// The first paths of which a table and its layer say different things.
fn unlike(differences: &Differences, most: usize) -> String {
    let told = differences.told.iter().take(most);
    let told = told.map(|one| format!("{} {}", format::visible(&one.path), one.what));
    let mut told: Vec<String> = told.collect();
    let more = differences.all.saturating_sub(told.len() as u64);
    if more > 0 {
        told.push(format!("and {} more", format::count(more)));
    }
    told.join(", ")
}

/// The band. It is as high while layers come as when all are here.
#[component]
pub(crate) fn Band(props: &Props) -> Html {
    let image = &props.image;
    let numbers = &*image.numbers;
    let known = numbers.depth > 0;
    let whole = LayerNumbers {
        stored: numbers.stored,
        causes: numbers.causes,
        copies_unknown: numbers.copies_unknown,
    };
    let share = |text: String| Some(text).filter(|_| known);
    html! {
        <section class={classes!("band", (!image.whole()).then_some("partial"))} aria-label="Sizes">
            <dl class="figures">
                { download(image) }
                { figure("Stored in layers", known.then_some(numbers.stored), None) }
                { figure(
                    "Final filesystem",
                    known.then_some(numbers.live),
                    share(format!(", {}", format::counted(numbers.paths, "path"))),
                ) }
                { figure(
                    "Wasted",
                    known.then_some(numbers.wasted),
                    share(format!(", {}", format::share(numbers.wasted, numbers.stored))),
                ) }
                { wasted_download(image) }
            </dl>
            <div class="split">
                <div class="bar-line">
                    if known {
                        <Bar class="tall" parts={bar::parts(&whole)} whole={numbers.stored} />
                    } else {
                        <div class="bar tall empty"></div>
                    }
                    { state(props) }
                </div>
                { legend(&whole, known) }
            </div>
        </section>
    }
}

fn figure(label: &str, bytes: Option<u64>, beside: Option<String>) -> Html {
    html! {
        <div class={classes!("figure", (label == WASTED_DOWNLOAD).then_some("of-download"))}>
            <dt>{ label }</dt>
            if let Some(bytes) = bytes {
                <dd title={format::exact(bytes)} data-bytes={bytes.to_string()}>
                    <b>{ format::size_parts(bytes).0 }</b>
                    <span>{ " " }{ format::size_parts(bytes).1 }{ beside }</span>
                </dd>
            } else {
                <dd><b class="unknown">{ "–" }</b>{ beside }</dd>
            }
        </div>
    }
}

fn download(image: &Image) -> Html {
    let Some(compressed) = image.compressed() else {
        return not_known("Download", UNKNOWN);
    };
    figure("Download", Some(compressed), None)
}

fn wasted_download(image: &Image) -> Html {
    if image.compressed().is_none() || !image.listed().is_empty() {
        return not_known(WASTED_DOWNLOAD, unknown_cost(image));
    }
    let bytes = image.numbers.wasted_compressed;
    let share = bytes
        .zip(image.compressed().filter(|_| image.whole()))
        .map(|(wasted, all)| format!(", {}", format::share(wasted, all)));
    figure(
        WASTED_DOWNLOAD,
        bytes.filter(|_| image.numbers.depth > 0),
        share,
    )
}

/// A size that is not known, for this reason.
fn not_known(label: &str, why: &'static str) -> Html {
    html! {
        <div class={classes!("figure", (label == WASTED_DOWNLOAD).then_some("of-download"))}>
            <dt>{ label }</dt>
            <dd title={why}><b class="unknown">{ "–" }</b>{ " not known" }</dd>
        </div>
    }
}

fn legend(numbers: &LayerNumbers, known: bool) -> Html {
    let live = ("live", "in the final filesystem", Some(numbers.live()));
    let causes = Cause::ALL.map(|cause| {
        let compares = matches!(cause, Cause::Overwritten | Cause::MetadataOnly);
        let bytes = Some(numbers.causes[cause]).filter(|_| !(compares && numbers.copies_unknown));
        (cause.name(), meaning(cause), bytes)
    });
    html! {
        <ul class="legend">
            for (class, meaning, bytes) in std::iter::once(live).chain(causes) {
                <li
                    class={(bytes == Some(0)).then_some("zero")}
                    title={bytes.map_or_else(
                        || format!("{meaning}. {UNREAD}"),
                        |bytes| format!("{meaning}: {}", format::exact(bytes)),
                    )}
                    data-cause={class}
                    data-bytes={bytes.filter(|_| known).map(|bytes| bytes.to_string())}
                >
                    <span class={classes!("dot", class)} aria-hidden="true"></span>
                    { mark::word(class) }{ " " }<b>{ bytes.filter(|_| known).map_or_else(|| "–".to_owned(), format::size) }</b>
                </li>
            }
        </ul>
    }
}

/// What a cause means, in a few words.
pub(crate) fn meaning(cause: Cause) -> &'static str {
    match cause {
        Cause::Deleted => "deleted by a later layer",
        Cause::Overwritten => "overwritten by a later layer with other content",
        Cause::MetadataOnly => "stored again by a later layer with the same content",
        Cause::Repeated => "stored twice within one layer",
    }
}

/// How much of the image the numbers are of, and what can be done about the rest.
fn state(props: &Props) -> Html {
    let image = &props.image;
    let (depth, all) = (image.numbers.depth, u64::from(image.depth()));
    let layers = format::counted(all, "layer");
    let counted = match depth {
        0 => "No layer is counted.".to_owned(),
        1 => "Only layer 1 is counted.".to_owned(),
        depth => format!("Only layers 1 to {depth} are counted."),
    };
    let (class, text) = match image.partial() {
        None => return Html::default(),
        Some(Partial::Loading) => (None, loading(image, &layers)),
        Some(Partial::Stopped) => (
            Some("missing"),
            format!("Stopped: {} of {layers} read.", image.read()),
        ),
        Some(Partial::Broken(broken)) => (
            Some("missing"),
            format!("Layer {broken} could not be read. {counted}"),
        ),
        Some(Partial::Unavailable(missing)) => (
            Some("missing"),
            format!("Not counted: {}, not available.", format::layers(&missing)),
        ),
        Some(Partial::Listed(listed)) => (Some("of-tables"), from_tables(&listed, image.depth())),
    };
    html! {
        <p class={classes!("state", class)} role="status">
            <span>{ text }</span>
            { again(image, &props.on_again) }
        </p>
    }
}

/// Which layers are listed and not read.
fn from_tables(listed: &[u32], all: u32) -> String {
    match listed {
        [one] => format!("Layer {one} is listed from the table of contents."),
        some if some.len() as u64 == u64::from(all) => {
            "All layers are listed from their tables of contents.".to_owned()
        }
        some => format!(
            "{} of {} are listed from their tables of contents.",
            some.len(),
            format::counted(u64::from(all), "layer")
        ),
    }
}

/// How far the layers are.
fn loading(image: &Image, layers: &str) -> String {
    let read = format!("{} of {layers} read", image.read());
    match image.compressed() {
        Some(all) => format!(
            "{read}, {} of {}",
            format::size(image.received()),
            format::size(all)
        ),
        None => read,
    }
}
