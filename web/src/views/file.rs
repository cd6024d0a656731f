//! A file before its image is shown: to be chosen again, being unpacked, or containing several images.

use yew::prelude::*;

use crate::format;
use crate::parts::bar::Progress;
use crate::parts::pick::Pick;
use crate::route::ImageRoute;
use crate::session::{State, Unpacking};
use crate::views::error::open_another;
use crate::worker::protocol::ArchiveImage;

/// What [`Missing`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct MissingProps {
    /// What the address calls the file.
    pub(crate) name: AttrValue,
    pub(crate) on_file: Callback<web_sys::File>,
}

/// The address names a file that the page does not have.
#[component]
pub(crate) fn Missing(props: &MissingProps) -> Html {
    html! {
        <main class="message">
            <section class="file-wanted" aria-labelledby="wanted">
                <h1 id="wanted">{ "Choose this file again" }</h1>
                <p class="mono">{ format::visible_text(&props.name) }</p>
                <p>{ "The link contains only the name of the file and the view, not the file itself. Drop the file anywhere on this page, or choose it, to open the view again." }</p>
                <div class="actions">
                    <Pick class="primary" on_file={props.on_file.clone()}>{ "Choose the file…" }</Pick>
                    { open_another() }
                </div>
            </section>
        </main>
    }
}

/// What [`Reading`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) name: AttrValue,
    pub(crate) state: State,
    pub(crate) on_choose: Callback<ImageRoute>,
}

/// A file that is being read, or that leaves a choice.
#[component]
pub(crate) fn Reading(props: &Props) -> Html {
    let name = format::visible_text(&props.name);
    if let State::Choosing(several) = &props.state {
        return html! {
            <main class="message">
                <section class="several" aria-labelledby="several">
                    <h1 id="several">{ format!("This file contains {} images", format::count(several.len() as u64)) }</h1>
                    <p class="mono">{ name }</p>
                    <ul>
                        for (at, held) in several.iter().enumerate() {
                            <li>{ choice(props, at, held) }</li>
                        }
                    </ul>
                </section>
            </main>
        };
    }
    html! {
        <main class="message">
            <div class="waiting" role="status">
                if let State::Unpacking(Unpacking { done, whole, size }) = props.state {
                    <h1>{ "Unpacking " }<span class="mono">{ name }</span></h1>
                    <Progress {done} whole={Some(whole)} label="Unpacking" />
                    <p class="muted">
                        { format!("{} of {}, {} unpacked", format::size(done), format::size(whole), format::size(size)) }
                    </p>
                } else if let State::Fetching(done, whole) = props.state {
                    <h1>{ "Downloading " }<span class="mono">{ name }</span></h1>
                    <Progress {done} {whole} label="Downloading" />
                    <p class="muted">
                        {
                            match whole {
                                Some(whole) => format!("{} of {}", format::size(done), format::size(whole)),
                                None => format::size(done),
                            }
                        }
                    </p>
                } else {
                    <div class="spinner" aria-hidden="true"></div>
                    <h1>{ "Reading " }<span class="mono">{ name }</span></h1>
                }
            </div>
        </main>
    }
}

fn choice(props: &Props, at: usize, held: &ArchiveImage) -> Html {
    let to = ImageRoute {
        reference: held.reference.clone(),
        ..ImageRoute::of_file(props.name.to_string())
    };
    let mut names = held.names.iter();
    let first = match names.next() {
        Some(name) => format::visible_text(name),
        None => format!("Image {}, untagged", at + 1),
    };
    let others: Vec<_> = names.map(|name| format::visible_text(name)).collect();
    html! {
        <button type="button" class="card" onclick={props.on_choose.reform(move |_| to.clone())}>
            <span class={classes!("title", (!held.names.is_empty()).then_some("mono"))}>{ first }</span>
            if !others.is_empty() {
                <span class="text">{ format!("also tagged {}", others.join(", ")) }</span>
            }
        </button>
    }
}
