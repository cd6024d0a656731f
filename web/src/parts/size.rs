//! A size in words, with the exact bytes in its title; and why a size is not known.
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

/// Why a layer has no compressed size.
pub(crate) const UNKNOWN: &str = "Not known: the file contains the layer uncompressed, and registries compress it in different ways";

/// The same, where layers are listed and not read.
pub(crate) const UNREAD: &str =
    "Not known before the layers are read: layers are listed from their tables of contents";
