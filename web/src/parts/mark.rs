//! The coloured squares with a letter that say what a layer did to a path, and of which cause
//! bytes are wasted: never the colour alone.

use yew::prelude::*;

use crate::worker::protocol::{Cause, Mark, Metadata};

/// The letter, the class and the word for a mark.
pub(crate) fn signs(mark: Mark) -> (&'static str, &'static str, &'static str) {
    match mark {
        Mark::Added => ("A", "added", "added"),
        Mark::Modified => ("M", "overwritten", "overwritten"),
        Mark::MetadataOnly => ("C", "metadata-only", "metadata-only copy"),
        Mark::Deleted => ("D", "deleted", "deleted"),
    }
}

/// The letter for a cause, the same as that of the mark by which it comes.
pub(crate) fn letter(cause: Cause) -> &'static str {
    match cause {
        Cause::Deleted => "D",
        Cause::Overwritten => "M",
        Cause::MetadataOnly => "C",
        Cause::Repeated => "2",
    }
}

/// What a part of a bar stands for: its class is that of the style sheet.
pub(crate) fn word(class: &'static str) -> &'static str {
    match class {
        "live" => "used",
        "stored-again" => STORED_AGAIN,
        class => class,
    }
}

/// What changed where the content is the same: `mode 755 → 700, owner 0:0 → 1000:1000`.
pub(crate) fn metadata(before: Metadata, mode: u32, owner: (u64, u64)) -> String {
    let mut changes = Vec::new();
    if before.mode != mode {
        changes.push(format!("mode {:o} → {mode:o}", before.mode));
    }
    if (before.uid, before.gid) != owner {
        let Metadata { uid, gid, .. } = before;
        changes.push(format!("owner {uid}:{gid} → {}:{}", owner.0, owner.1));
    }
    if changes.is_empty() {
        return "only times or attributes changed".to_owned();
    }
    changes.join(", ")
}

/// A square with a letter, and the word for those who do not see it.
pub(crate) fn sign(letter: &'static str, class: &'static str, word: &'static str) -> Html {
    html! {
        <span class={classes!("sign", class)} title={word}>
            <span aria-hidden="true">{ letter }</span>
            <span class="off-screen">{ word }</span>
        </span>
    }
}

/// The square of a mark.
pub(crate) fn of_mark(mark: Mark) -> Html {
    let (letter, class, word) = signs(mark);
    sign(letter, class, word)
}

/// The square of what was stored again, where it is not known whether with the same content, as a layer was not read.
pub(crate) fn stored_again(class: &'static str) -> Html {
    sign("M", class, STORED_AGAIN)
}

/// What overwritten files and metadata-only copies are called where they cannot be told apart.
pub(crate) const STORED_AGAIN: &str = "stored again";

/// The square of a cause.
pub(crate) fn of_cause(cause: Cause) -> Html {
    sign(letter(cause), cause.name(), cause.name())
}
