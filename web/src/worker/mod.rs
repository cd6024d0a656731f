//! What runs in Web Workers, and what the page needs to talk to it.
//!
//! `requests` hands each question of the page to what answers it, at once or by a part of the program that is fetched first;
//! most of them are about what `image_worker` keeps, an image.
//! `opening` fetches that, by the `registry_access` that the page has, or reads it from a chosen `file` or a saved `analysis` (both are `saved`, a part of the program; an analysis is a `kept_file` for reloads), with a `pool` of workers that each `decode` a layer; what was
//! read is kept in a `cache`, what was only listed in `tables`, and what helps to read files of a layer again in `checkpoints`. `listing`, `path_history`, `related`, `audit` and `packages` answer for the image, `content` and
//! `document` for one file or document of it, `browsing` for registries. `comparison` reads two images instead of one,
//! and `history` those of a repository's tags. `image_worker` knows only what they keep of the image (`owned_files`,
//! `other_image`), never what answers.

mod analysis;
mod audit;
mod browsing;
mod cache;
mod cards;
mod checkpoints;
pub(crate) mod client;
pub(crate) mod comparison;
mod content;
mod decode;
mod difference;
mod dockerfile;
mod document;
mod file;
mod folder;
mod growth;
mod hashing;
mod history;
mod image_worker;
mod kept_file;
mod largest;
pub(crate) mod listing;
mod opening;
mod origin;
mod other_image;
mod owned_files;
mod packages;
mod path_history;
mod pool;
pub(crate) mod port;
pub(crate) mod protocol;
mod reader;
pub(crate) mod registries;
pub(crate) mod registry_access;
mod related;
pub(crate) mod requests;
mod saved;
mod saved_reader;
pub(crate) mod tables;
mod user_error;
mod waste;
mod whole;

use self::requests::later::WorkerParts;

/// Begins to listen, as what the worker's name says it is.
pub(crate) fn start(parts: &WorkerParts) {
    let Some(scope) = port::scope() else { return };
    requests::later::use_parts(parts);
    match &*scope.name() {
        pool::DECODER => decode::serve(&scope),
        hashing::HASHER => hashing::serve(&scope),
        _ => requests::serve(&scope),
    }
}
