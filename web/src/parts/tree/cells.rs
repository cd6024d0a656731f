//! The cells of the tree.

use yew::prelude::*;

use crate::format;
use crate::parts::mark;
use crate::parts::size::{self, UNKNOWN, UNREAD};
use crate::worker::protocol::{Cause, EntryKind, Mark, Row};

/// Deeper rows are indented no further.
pub(super) const DEEPEST: u32 = 30;

/// The path's last name, with its mark and what there is to say of it.
pub(super) fn name(row: &Row) -> Html {
    html! {
        <>
            <span class={format!("indent d{}", row.depth.min(DEEPEST))}></span>
            <span class={classes!("twisty", row.open.map(|open| if open { "open" } else { "closed" }))} aria-hidden="true"></span>
            { sign(row) }
            <span class="label" dir="auto" title={format::visible(&row.path)}>{ format::visible(format::file_name(&row.path)) }</span>
            if row.found > 0 {
                <span class="note">{ format!("{} found", format::count(u64::from(row.found))) }</span>
            }
            { beside(row) }
        </>
    }
}

/// Bytes of the file, or of what is in the folder.
pub(super) fn size(row: &Row) -> Html {
    match row.kind {
        EntryKind::File | EntryKind::Dir | EntryKind::Hardlink => bytes(row.size),
        _ => Html::default(),
    }
}

/// What that costs of the download.
pub(super) fn download(row: &Row) -> Html {
    match (row.kind, row.download) {
        (EntryKind::File | EntryKind::Dir | EntryKind::Hardlink, Some(cost)) => bytes(cost),
        (EntryKind::File | EntryKind::Dir, None) => {
            let why = if row.unread { UNREAD } else { UNKNOWN };
            html! { <span class="size zero" title={why}>{ "–" }</span> }
        }
        _ => Html::default(),
    }
}

/// Bytes that the final filesystem does not have.
pub(super) fn wasted(row: &Row) -> Html {
    match row.wasted {
        0 => Html::default(),
        wasted => bytes(wasted),
    }
}

pub(super) fn mode(row: &Row) -> Html {
    html! { <span title={format!("{:o}", row.mode)}>{ format::mode(row.kind, row.mode) }</span> }
}

pub(super) fn owner(row: &Row) -> Html {
    let numbers = format!("{}:{}", row.uid, row.gid);
    match format::owner(row.owners()) {
        names if names == numbers => html! { { numbers } },
        names => html! { <span title={numbers}>{ names }</span> },
    }
}

/// The day; the time is its title.
pub(super) fn modified(row: &Row) -> Html {
    let Some(mtime) = row.mtime else {
        return Html::default();
    };
    let time = format::time(mtime);
    let day = time.split(' ').next().unwrap_or_default().to_owned();
    html! { <span title={time}>{ day }</span> }
}

pub(super) fn layer(row: &Row) -> Html {
    html! { { row.layer } }
}

pub(super) fn bytes(bytes: u64) -> Html {
    size::classed(bytes, if bytes == 0 { "size zero" } else { "size" })
}

/// What the layer did to it; for what is still there but goes later, what a later layer does.
fn sign(row: &Row) -> Html {
    match (row.mark, row.fate) {
        (Some(Mark::MetadataOnly), _) if row.kind == EntryKind::Dir => {
            mark::sign("C", "metadata-only", "metadata changed")
        }
        (Some(Mark::Modified), _) if row.copies_unknown => mark::stored_again("overwritten"),
        (Some(mark), _) => mark::of_mark(mark),
        (None, Some((Cause::Overwritten | Cause::MetadataOnly, _))) if row.copies_unknown => {
            mark::stored_again("overwritten later")
        }
        (None, Some((cause, _))) => {
            mark::sign(mark::letter(cause), classes_of(cause), cause.name())
        }
        (None, None) => Html::default(),
    }
}

/// In a tree of the stack, a path that goes only later has the outline of its mark.
fn classes_of(cause: Cause) -> &'static str {
    match cause {
        Cause::Deleted => "deleted later",
        Cause::Overwritten => "overwritten later",
        Cause::MetadataOnly => "metadata-only later",
        Cause::Repeated => "repeated later",
    }
}

fn beside(row: &Row) -> Html {
    let target = row.target.as_ref().map(|target| {
        let sign = if row.kind == EntryKind::Hardlink {
            " = "
        } else {
            " → "
        };
        html! { <span class="note mono">{ sign }<bdi>{ format::visible(target) }</bdi></span> }
    });
    // What cost nothing is only gone.
    let gone = row.deleted_in.filter(|_| row.fate.is_none());
    let gone = gone
        .map(|layer| html! { <span class="note">{ format!("deleted in layer {layer}") }</span> });
    let fate = row.fate.map(|(cause, layer)| {
        let text = match cause {
            Cause::Deleted => format!("deleted in layer {layer}, still downloaded"),
            Cause::Overwritten | Cause::MetadataOnly if row.copies_unknown => {
                format!("stored again in layer {layer}, still downloaded")
            }
            Cause::Overwritten => format!("overwritten in layer {layer}, still downloaded"),
            Cause::MetadataOnly => format!("copied in layer {layer}, downloaded twice"),
            Cause::Repeated => "repeated in the layer".to_owned(),
        };
        html! { <span class="note">{ text }</span> }
    });
    let changed = row
        .before
        .filter(|_| row.kind == EntryKind::Dir || row.fate.is_none());
    let changed = changed.map(|before| {
        let text = mark::metadata(before, row.mode, (row.uid, row.gid));
        html! { <span class="note">{ text }</span> }
    });
    html! { <>{ for target }{ for changed }{ for gone }{ for fate }</> }
}
