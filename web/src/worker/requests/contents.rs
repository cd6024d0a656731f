//! What the page asks of the contents of files and folders, and of documents.

use std::rc::Rc;

use super::later::Asked;
use crate::worker::protocol::{ReadContent, ReadDifference, ReadDocument, ReadFolder, Request};
use crate::worker::{content, difference, document, folder};

/// Answers what it is asked; all else is not asked of it.
pub fn answer(Asked { asker, request }: Asked) {
    match request {
        Request::ReadContent(asked) => {
            let read = content::read(Rc::clone(&asker.worker), asked);
            asker.answer_later::<ReadContent>(read);
        }
        Request::ReadFolder(asked) => {
            let read = folder::read(Rc::clone(&asker.worker), asked);
            asker.answer_later::<ReadFolder>(read);
        }
        Request::ReadDifference(asked) => {
            let read = difference::read(Rc::clone(&asker.worker), asked);
            asker.answer_later::<ReadDifference>(read);
        }
        Request::ReadDocument(asked) => {
            let read = document::read(Rc::clone(&asker.worker), asked);
            asker.answer_later::<ReadDocument>(read);
        }
        Request::Unfold(asked) => asker.of_image(asked),
        Request::DifferenceRows(asked) => asker.of_image(asked),
        Request::StopContent(asked) => asker.of_image(asked),
        Request::ContentProgress(asked) => asker.of_image(asked),
        Request::ContentLines(asked) => asker.of_image(asked),
        Request::TextLines(asked) => asker.of_image(asked),
        Request::FoldLines(asked) => asker.of_image(asked),
        Request::ContentBytes(asked) => asker.of_image(asked),
        Request::ContentParts(asked) => asker.of_image(asked),
        _ => {}
    }
}
