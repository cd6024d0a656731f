//! What the page opens that is in no registry: files, and saved analyses.

use super::later::{Answer, Asked};
use crate::worker::saved;

/// Opens them from now on. Questions that waited for that are answered where others of their kind are.
pub fn files() -> Answer {
    saved::open_from_now_on();
    |Asked { context, request }| context.ask(request, false)
}
