//! A size in words, with the exact bytes in its title.
//!
//! Plain functions, not components: rows have many of them, and are drawn while the tree scrolls.

use yew::prelude::*;

use crate::format;

/// `31.2 MB`.
pub(crate) fn size(bytes: u64) -> Html {
    classed(bytes, "size")
}

/// [`size`] with classes of its own.
pub(crate) fn classed(bytes: u64, class: &'static str) -> Html {
    html! { <span {class} title={format::exact(bytes)}>{ format::size(bytes) }</span> }
}
