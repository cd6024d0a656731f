//! What the page looks for in a tree: queries, which most visitors never write.

use super::later::{Answer, Asked};
use crate::worker::listing;

/// Makes the tree find from now on. Questions that waited for that are answered where others of their kind are.
pub fn find() -> Answer {
    listing::find_by(listing::query::read);
    |Asked { context, request }| context.ask(request, true)
}
