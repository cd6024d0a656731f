//! The chips above the tree and the map, one for each kind of change: they count its paths, and show or hide them.

use yew::prelude::*;

use crate::format;
use crate::navigate::Navigate;
use crate::parts::mark;
use crate::route::ImageRoute;
use crate::worker::protocol::ChangeKind;

/// What [`Chips`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) route: ImageRoute,
    pub(crate) go: Callback<Navigate>,
    /// Paths by [`ChangeKind`]. None until they are of all layers: kinds would come in between others, which would move.
    pub(crate) counts: Option<[u32; 5]>,
    /// Overwritten files may be metadata-only copies, as a layer was not read.
    pub(crate) copies_unknown: bool,
}

/// The chips; the address has what they hide.
#[component]
pub(crate) fn Chips(props: &Props) -> Html {
    // One that was there stays: the focus may be on it.
    let drawn = use_mut_ref(Vec::<ChangeKind>::new);
    let is_drawn = |counts: &[u32; 5], kind: ChangeKind| {
        let count = counts.get(kind as usize).copied().unwrap_or_default();
        let is_of_use = count > 0 || props.route.hidden.contains(kind);
        let mut drawn = drawn.borrow_mut();
        if is_of_use && !drawn.contains(&kind) {
            drawn.push(kind);
        }
        drawn.contains(&kind)
    };
    html! {
        <div class="chips" role="group" aria-label="Show or hide">
            if let Some(counts) = props.counts {
                for (kind, name) in ChangeKind::NAMED.into_iter().rev().filter(|(kind, _)| is_drawn(&counts, *kind)) {
                    { chip(props, &counts, kind, name) }
                }
            }
        </div>
    }
}

/// Shows paths of a kind, or hides them.
fn chip(props: &Props, counts: &[u32; 5], kind: ChangeKind, name: &'static str) -> Html {
    let hidden = props.route.hidden.contains(kind);
    let count = counts.get(kind as usize).copied().unwrap_or_default();
    let to = ImageRoute {
        hidden: props.route.hidden.toggled(kind),
        ..props.route.clone()
    };
    let verb = if hidden { "Show" } else { "Hide" };
    let word = match kind {
        ChangeKind::Modified if props.copies_unknown => mark::STORED_AGAIN,
        _ => name,
    };
    html! {
        <button
            key={name}
            type="button"
            class="chip"
            aria-pressed={(!hidden).to_string()}
            title={format!("{verb} {word} files")}
            data-kind={name}
            onclick={props.go.reform(move |_| Navigate::replace(to.clone()))}
        >
            if let Some(mark) = kind.mark() {
                { mark::of_mark(mark) }
            }
            { word }{ " " }<b>{ format::count(u64::from(count)) }</b>
        </button>
    }
}
