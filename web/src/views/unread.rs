//! What stands in place of a view that needs layers to be read, while some are only listed from their tables of contents.

use yew::prelude::*;

use crate::format;
use crate::route::View;
use crate::session::{Again, Image};
use crate::views::error::again;

/// Why the view shows nothing yet, and the button that reads the layers.
pub(crate) fn unread(image: &Image, view: View, on_again: &Callback<Again>) -> Html {
    let listed = image.listed();
    let (title, what) = match view {
        View::Packages => (
            "Packages are not known yet",
            "Packages are found in the contents of files.",
        ),
        View::Checks => (
            "Checks are not known yet",
            "Secrets and other risks are found in the contents of files.",
        ),
        View::Map => (
            "This map needs all layers",
            "What files cost of the download, and why they are wasted, is known when layers are read.",
        ),
        _ => (
            "Waste is not known yet",
            "It needs all layers: what files cost of the download, and which of them are copies, is known when layers are read.",
        ),
    };
    let are = if listed.len() == 1 {
        "is listed from its table of contents"
    } else {
        "are listed from their tables of contents"
    };
    html! {
        <div class="nothing unread">
            <h2>{ title }</h2>
            <p>{ what }{ " " }{ format!("{} {are}.", format::capital(&format::layers(&listed))) }</p>
            { again(image, on_again) }
        </div>
    }
}
