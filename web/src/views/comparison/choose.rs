//! A side that is still to be chosen: tags of the same repository, the base image, a file.

use std::rc::Rc;

use onionskin_core::base::{self, Base};
use yew::platform::spawn_local;
use yew::prelude::*;

use super::{OnBase, side_title};
use crate::compare_session::CompareSession;
use crate::format;
use crate::parts::pick::Pick;
use crate::route::Route;
use crate::route::comparison::{CompareRoute, SideRoute};
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{Both, List, Names, Side};
use crate::worker::registries::repository;

/// What [`Choose`] shows.
#[derive(PartialEq, Properties)]
pub(super) struct Props {
    pub(super) registry: WorkerClient,
    pub(super) route: CompareRoute,
    pub(super) missing: Both<bool>,
    pub(super) on_base: Option<OnBase>,
    pub(super) on_file: Callback<(Side, web_sys::File)>,
}

/// Tags that are offered.
const OFFERED: usize = 60;

/// The tags of a repository, as far as its registry lists them with its first answer.
#[hook]
pub(super) fn use_tags(registry: &WorkerClient, repository: Option<&str>) -> Rc<Vec<String>> {
    let tags = use_state_eq(Rc::<Vec<String>>::default);
    {
        let (tags, registry) = (tags.clone(), registry.clone());
        use_effect_with(repository.map(str::to_owned), move |repository| {
            tags.set(Rc::default());
            if let Some(repository) = repository.clone() {
                let answer = registry.ask(Names {
                    list: List::Tags(repository),
                    query: None,
                });
                spawn_local(async move {
                    // A registry that lists none suggests none.
                    if let Some(Ok(page)) = answer.await {
                        tags.set(Rc::new(page.names));
                    }
                });
            }
        });
    }
    (*tags).clone()
}

/// What can be compared with.
#[component]
pub(super) fn Choose(props: &Props) -> Html {
    let Props {
        registry,
        route,
        missing,
        ..
    } = props;
    let known = Side::BOTH
        .into_iter()
        .find(|side| !route.sides.of(*side).is_empty());
    let known = known
        .map(|side| route.sides.of(side))
        .filter(|side| side.file.is_none());
    let name = known.map(|side| repository(&side.reference).to_owned());
    let tags = use_tags(registry, name.as_deref());
    // An image differs from itself in nothing.
    let is_other = |tag: &&String| {
        let reference = name.as_ref().map(|name| format!("{name}:{tag}"));
        known.map(|side| &side.reference) != reference.as_ref()
    };
    let tags: Vec<&String> = tags.iter().filter(is_other).collect();
    let sides = || Side::BOTH.into_iter();
    html! {
        <div class="choose">
            for side in sides().filter(|side| *missing.of(*side)) {
                <section class="file-wanted" aria-label={side_title(side)}>
                    <h2>{ format!("Choose the file of the {} image again", side.name()) }</h2>
                    <p class="mono">{ route.sides.of(side).file.as_deref().map(format::visible_text) }</p>
                    <p class="muted">{ "The link contains only the name of the file. Drop the file anywhere on this page, or choose it." }</p>
                    <div class="actions">
                        <Pick class="primary" on_file={props.on_file.reform(move |file| (side, file))}>{ "Choose the file…" }</Pick>
                    </div>
                </section>
            }
            for side in sides().filter(|side| route.sides.of(*side).is_empty()) {
                <section class="offers-of-side" aria-label={side_title(side)}>
                    <h2>{ format!("Choose the {} image", side.name()) }</h2>
                    <p class="muted">{ "Type its reference above, or drop a saved image anywhere on this page." }</p>
                    { bases(props, side) }
                    if let Some(name) = &name {
                        if !tags.is_empty() {
                            <h3>{ "Tags of " }<span class="mono">{ format::visible_text(name) }</span></h3>
                            <ul class="names">
                                for tag in tags.iter().take(OFFERED) {
                                    <li key={(*tag).clone()}>{ offer(route, side, &format!("{name}:{tag}"), tag) }</li>
                                }
                            </ul>
                            if tags.len() > OFFERED {
                                <p class="muted">{ format!("{} more. Type one above.", format::count((tags.len() - OFFERED) as u64)) }</p>
                            }
                        }
                    }
                </section>
            }
        </div>
    }
}

/// The base of the image: as it was when the image was built, where its digest is known, and as its tag has it now.
fn bases(props: &Props, side: Side) -> Html {
    let Some(on_base) = &props.on_base else {
        return Html::default();
    };
    let told = Base::told(&on_base.facts.image);
    let name = told.and_then(|base| base.reference);
    let Some(name) = name.or_else(|| on_base.audited.clone()) else {
        return Html::default();
    };
    let pinned = base::reference(&on_base.facts.image).filter(|base| base.digest().is_some());
    html! {
        <>
            <h3>{ "Base image" }</h3>
            <ul class="names">
                if let Some(pinned) = pinned {
                    <li>{ offer(&props.route, side, &pinned.familiar(), &format!("{name}, as this image was built on it")) }</li>
                    <li>{ offer(&props.route, side, &name, &format!("{name}, as it is now")) }</li>
                } else {
                    <li>{ offer(&props.route, side, &name, &name) }</li>
                }
            </ul>
        </>
    }
}

fn offer(route: &CompareRoute, side: Side, reference: &str, word: &str) -> Html {
    let to = Route::Compare(route.with(side, SideRoute::of(reference)));
    html! { <a class="mono" href={to.to_fragment()}>{ format::visible_text(word) }</a> }
}

/// Files that hold several images: which is meant.
pub(super) fn several(route: &CompareRoute, comparison: &CompareSession) -> Html {
    html! {
        <div class="choose">
            for side in Side::BOTH {
                if let Some(several) = comparison.several.of(side) {
                    <section class="offers-of-side" aria-label={side_title(side)}>
                        <h2>{ format!("The file of the {} image contains {} images", side.name(), format::count(several.len() as u64)) }</h2>
                        <ul class="names">
                            for (at, held) in several.iter().enumerate() {
                                <li>
                                    {
                                        {
                                            let image = SideRoute {
                                                reference: held.reference.clone(),
                                                ..route.sides.of(side).clone()
                                            };
                                            let to = Route::Compare(route.with(side, image));
                                            let name = held.names.first().map_or_else(
                                                || format!("Image {}, untagged", at + 1),
                                                |name| format::visible_text(name),
                                            );
                                            html! { <a class="mono" href={to.to_fragment()}>{ name }</a> }
                                        }
                                    }
                                </li>
                            }
                        </ul>
                    </section>
                }
            }
        </div>
    }
}
