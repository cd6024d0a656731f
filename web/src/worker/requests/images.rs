//! What the page asks of images as a whole: their packages, their maps, and two of them compared.

use wasm_bindgen_futures::spawn_local;

use super::later::Asked;
use crate::worker::comparison;
use crate::worker::protocol::{Compare, Request};

/// Answers what it is asked; all else is not asked of it.
pub fn answer(Asked { asker, request }: Asked) {
    match request {
        Request::MapOf(asked) => asker.of_image(asked),
        Request::ComparedMapOf(asked) => asker.of_image(asked),
        Request::PackagesOf(asked) => asker.of_image(asked),
        Request::PackageFiles(asked) => asker.of_image(asked),
        Request::Compare(asked) => {
            asker.answer::<Compare>(&());
            spawn_local(comparison::run(asker.worker, asker.scope, asked));
        }
        Request::VersionsOf(asked) => asker.of_image(asked),
        Request::ComparisonReport(asked) => asker.of_image(asked),
        _ => {}
    }
}
