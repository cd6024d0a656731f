//! The coloured squares with a letter that say what a layer did to a path, and of which cause
//! bytes are dead: never the colour alone.

use yew::prelude::*;

use crate::worker::protocol::{Cause, Mark};

/// The letter, the class and the word for a mark.
pub(crate) fn signs(mark: Mark) -> (&'static str, &'static str, &'static str) {
    match mark {
        Mark::Added => ("A", "added", "added"),
        Mark::Modified => ("M", "replaced", "modified"),
        Mark::Restated => ("R", "restated", "restated: same content, stored again"),
        Mark::Deleted => ("D", "deleted", "deleted"),
    }
}

/// The letter for a cause, the same as that of the mark by which it comes.
pub(crate) fn letter(cause: Cause) -> &'static str {
    match cause {
        Cause::Deleted => "D",
        Cause::Replaced => "M",
        Cause::Restated => "R",
        Cause::Repeated => "2",
    }
}

/// What [`Sign`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) letter: &'static str,
    pub(crate) class: &'static str,
    pub(crate) word: &'static str,
}

/// A square with a letter.
#[component]
pub(crate) fn Sign(props: &Props) -> Html {
    html! {
        <span class={classes!("sign", props.class)} title={props.word}>
            <span aria-hidden="true">{ props.letter }</span>
            <span class="off-screen">{ props.word }</span>
        </span>
    }
}

/// The square of a mark.
pub(crate) fn of_mark(mark: Mark) -> Html {
    let (letter, class, word) = signs(mark);
    html! { <Sign {letter} {class} {word} /> }
}

/// The square of a cause.
pub(crate) fn of_cause(cause: Cause) -> Html {
    html! { <Sign letter={letter(cause)} class={cause.name()} word={cause.name()} /> }
}
