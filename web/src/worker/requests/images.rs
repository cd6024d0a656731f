//! What the page asks of images as a whole: their packages, their maps, and two of them compared.

use wasm_bindgen_futures::spawn_local;

use super::later::Asked;
use crate::worker::comparison;
use crate::worker::protocol::{Compare, Request};

/// Answers what it is asked; all else is not asked of it.
pub fn answer(Asked { context, request }: Asked) {
    match request {
        Request::MapOf(asked) => context.of_image(asked),
        Request::ComparedMapOf(asked) => context.of_image(asked),
        Request::PackagesOf(asked) => context.of_image(asked),
        Request::PackageFiles(asked) => context.of_image(asked),
        Request::Compare(asked) => {
            context.answer::<Compare>(&());
            spawn_local(comparison::run(context.worker, context.scope, asked));
        }
        Request::VersionsOf(asked) => context.of_image(asked),
        Request::ComparisonReport(asked) => context.of_image(asked),
        _ => {}
    }
}
