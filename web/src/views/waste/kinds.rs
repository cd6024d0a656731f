//! What the kinds of findings and their groups are called.

use yew::prelude::*;

use crate::format;
use crate::parts::mark;
use crate::worker::protocol::{Cause, Group, Kind};

/// A group's heading and what it means.
pub(super) fn of_group(group: Group) -> (&'static str, &'static str) {
    match group {
        Group::Wasted => (
            "Wasted",
            "Deleted, overwritten or copied by later layers, and still part of every pull.",
        ),
        Group::Avoidable => (
            "Avoidable files",
            "In the final filesystem, and usually not needed. A file can be in several findings.",
        ),
        Group::Secrets => (
            "Secrets",
            "Keys, tokens and passwords, in any layer or in the configuration.",
        ),
        Group::SetId => (
            "Set-user-ID and set-group-ID programs",
            "They run with the permissions of their owner or group, regardless of who runs them.",
        ),
        Group::Writable => (
            "World-writable paths",
            "Every user in the container can write to them.",
        ),
        Group::Config => (
            "Configuration",
            "User, health check, version of the base image, ports and volumes.",
        ),
    }
}

/// What is done to bytes in the layer that hides them.
pub(super) fn of_cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Deleted => "deleted in",
        Cause::Overwritten => "overwritten in",
        Cause::MetadataOnly => "copied in",
        Cause::Repeated => "stored twice in",
    }
}

/// The square with a letter.
pub(super) fn sign(kind: Kind) -> Html {
    if let Some(cause) = kind.cause() {
        return mark::of_cause(cause);
    }
    let letter = match kind {
        Kind::Duplicate => "=",
        Kind::Leftover => "~",
        Kind::Optional => "i",
        Kind::Empty => "0",
        Kind::Secret => "!",
        Kind::Setid => "s",
        Kind::Writable => "w",
        _ => "c",
    };
    mark::sign(letter, class(kind), kind.name())
}

/// Names the colour in the style sheet.
pub(super) fn class(kind: Kind) -> &'static str {
    match kind.cause() {
        Some(cause) => cause.name(),
        None if kind == Kind::Config => "fact",
        None if kind.is_risk() => "risk",
        None => "avoidable",
    }
}

/// The longest word that lines are not broken in, in characters: longer ones would leave the card.
const UNBROKEN: usize = 40;

/// An advice, whose options are not broken at their hyphens.
pub(super) fn unbroken(advice: &str) -> Vec<Html> {
    let words = advice.split_inclusive(' ').map(|word| {
        let text = format::visible_text(word);
        if word.starts_with('-') && word.chars().count() <= UNBROKEN {
            html! { <span class="option">{ text }</span> }
        } else {
            html! { { text } }
        }
    });
    words.collect()
}
