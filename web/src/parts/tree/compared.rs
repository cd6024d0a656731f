//! The cells of a tree that compares two images.

use yew::prelude::*;

use super::cells::{DEEPEST, bytes};
use crate::format;
use crate::parts::mark;
use crate::worker::protocol::{Change, ComparedRow, EntryKind, Row, What};

/// The path's last name, with the sign of its change and what differs.
pub(super) fn name(row: &Row) -> Html {
    let Some(compared) = &row.compared else {
        return Html::default();
    };
    let folder = if row.kind == EntryKind::Dir { "/" } else { "" };
    html! {
        <>
            <span class={format!("indent d{}", row.depth.min(DEEPEST))}></span>
            <span class={classes!("twisty", row.open.map(|open| if open { "open" } else { "closed" }))} aria-hidden="true"></span>
            if let Some(change) = compared.change {
                { sign(change) }
            }
            <span class="label" title={format::visible(&row.path)}>
                <bdi>{ format::visible(format::file_name(&row.path)) }</bdi>{ folder }
            </span>
            { note(compared) }
        </>
    }
}

/// The letter that `git diff --name-status` has for a change.
pub(crate) fn sign(change: Change) -> Html {
    let (letter, class) = match change {
        Change::Added => ("A", "added"),
        Change::Removed => ("D", "deleted"),
        Change::Changed => ("M", "overwritten"),
        Change::Moved => ("R", "metadata-only"),
    };
    mark::sign(letter, class, change.name())
}

/// What differs, in words: `content, mode`.
pub(crate) fn what(what: &[What]) -> String {
    let names: Vec<&str> = what.iter().map(|what| what.name()).collect();
    names.join(", ")
}

fn note(compared: &ComparedRow) -> Html {
    let from = compared.from.as_ref();
    let from = from.map(|from| format!("moved from {}", format::visible(from)));
    let what = (!compared.what.is_empty()).then(|| what(&compared.what));
    let below = u64::from(compared.below);
    let below = (below > 0).then(|| format!("{} below", format::counted(below, "change")));
    let notes: Vec<String> = [from, what, below].into_iter().flatten().collect();
    if notes.is_empty() {
        return Html::default();
    }
    html! { <span class="note">{ notes.join(", ") }</span> }
}

/// Bytes in the old image.
pub(super) fn before(row: &Row) -> Html {
    size(row, |compared| compared.old)
}

/// Bytes in the new image.
pub(super) fn after(row: &Row) -> Html {
    size(row, |compared| compared.new)
}

/// The difference of both.
pub(super) fn change(row: &Row) -> Html {
    let compared = row.compared.as_ref();
    let sizes = compared.map(|compared| (compared.old.unwrap_or(0), compared.new.unwrap_or(0)));
    let Some((old, new)) = sizes.filter(|(old, new)| old != new) else {
        return Html::default();
    };
    difference(old, new)
}

/// By how much its download grew or shrank.
pub(super) fn download(row: &Row) -> Html {
    let costs = row.compared.as_ref().map(|compared| &compared.costs);
    let both = costs.and_then(|costs| costs.old.download.zip(costs.new.download));
    both.filter(|(old, new)| old != new)
        .map_or_else(Html::default, |(old, new)| difference(old, new))
}

/// The same of its wasted bytes.
pub(super) fn wasted(row: &Row) -> Html {
    let costs = row.compared.as_ref().map(|compared| &compared.costs);
    let both = costs.map(|costs| (costs.old.wasted, costs.new.wasted));
    both.filter(|(old, new)| old != new)
        .map_or_else(Html::default, |(old, new)| difference(old, new))
}

/// `+1.2 MB`, exact in its title.
pub(crate) fn difference(old: u64, new: u64) -> Html {
    let class = match old.cmp(&new) {
        std::cmp::Ordering::Less => "grown",
        std::cmp::Ordering::Equal => "zero",
        std::cmp::Ordering::Greater => "shrunk",
    };
    let exact = format!("{} → {}", format::exact(old), format::exact(new));
    html! { <span class={class} title={exact}>{ format::change(old, new) }</span> }
}

fn size(row: &Row, of: impl Fn(&ComparedRow) -> Option<u64>) -> Html {
    match row.compared.as_deref().and_then(of) {
        Some(size) => bytes(size),
        None => Html::default(),
    }
}
