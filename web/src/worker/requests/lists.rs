//! What the page asks of registries beside images: their lists, what refers to an image, and all images of a repository.

use wasm_bindgen_futures::spawn_local;

use super::later::Asked;
use crate::worker::protocol::{AboutTag, Catalog, FindReferrers, Names, ReadHistory, Request};
use crate::worker::{browsing, history};

/// Answers what it is asked; all else is not asked of it.
pub fn answer(Asked { context, request }: Asked) {
    match request {
        Request::Catalog(Catalog) => context.answer_later::<Catalog>(browsing::catalog()),
        Request::Names(asked) => context.answer_later::<Names>(browsing::names(asked)),
        Request::AboutTag(asked) => context.answer_later::<AboutTag>(browsing::about_tag(asked)),
        Request::FindReferrers(asked) => {
            context.answer_later::<FindReferrers>(browsing::referrers(asked));
        }
        Request::ReadHistory(asked) => {
            context.answer::<ReadHistory>(&());
            spawn_local(history::run(context.scope, asked));
        }
        _ => {}
    }
}
