//! What runs in Web Workers, and what the page needs to talk to it.
//!
//! `image_worker` keeps an image and answers the page; `opening` fetches it or reads it from a
//! chosen `file`, with a `pool` of workers that each `decode` a layer. What was read is kept in a `cache`. `listing`, `path_history` and `waste` are what is asked of it, `browsing` what is asked of registries.
//! `comparison` reads two images instead of one.

mod browsing;
mod cache;
mod cards;
pub(crate) mod client;
pub(crate) mod comparison;
mod content;
mod decode;
mod document;
mod file;
mod growth;
mod image_worker;
mod largest;
pub(crate) mod listing;
mod opening;
mod packages;
mod path_history;
pub(crate) mod place;
mod pool;
mod port;
pub(crate) mod protocol;
mod user_error;
mod waste;

/// Begins to listen, as what the worker's name says it is.
pub(crate) fn start() {
    let Some(scope) = port::scope() else { return };
    if scope.name() == pool::DECODER {
        decode::serve(&scope);
    } else {
        image_worker::serve(&scope);
    }
}
