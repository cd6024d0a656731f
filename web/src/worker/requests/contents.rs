//! What the page asks of the contents of files and folders, and of documents.

use std::rc::Rc;

use super::later::Asked;
use crate::worker::protocol::{ReadContent, ReadDifference, ReadDocument, ReadFolder, Request};
use crate::worker::{content, difference, document, folder};

/// Answers what it is asked; all else is not asked of it.
pub fn answer(Asked { context, request }: Asked) {
    match request {
        Request::ReadContent(asked) => {
            let read = content::read(Rc::clone(&context.worker), asked);
            context.answer_later::<ReadContent>(read);
        }
        Request::ReadFolder(asked) => {
            let read = folder::read(Rc::clone(&context.worker), asked);
            context.answer_later::<ReadFolder>(read);
        }
        Request::ReadDifference(asked) => {
            let read = difference::read(Rc::clone(&context.worker), asked);
            context.answer_later::<ReadDifference>(read);
        }
        Request::ReadDocument(asked) => {
            let read = document::read(Rc::clone(&context.worker), asked);
            context.answer_later::<ReadDocument>(read);
        }
        Request::Unfold(asked) => context.of_image(asked),
        Request::DifferenceRows(asked) => context.of_image(asked),
        Request::StopContent(asked) => context.of_image(asked),
        Request::ContentProgress(asked) => context.of_image(asked),
        Request::ContentLines(asked) => context.of_image(asked),
        Request::TextLines(asked) => context.of_image(asked),
        Request::FoldLines(asked) => context.of_image(asked),
        Request::ContentBytes(asked) => context.of_image(asked),
        Request::ContentParts(asked) => context.of_image(asked),
        _ => {}
    }
}
