//! The content of a file of a layer: read from a part of its blob where that can be, else to its end, and kept only once it
//! is verified.

mod answers;
mod folding;
mod listed;
pub(crate) mod opened;
mod parts;
pub(crate) mod read;
mod resumed;
pub(crate) mod text;

use std::cell::RefCell;
use std::rc::Rc;

use futures::future::{AbortHandle, Abortable};

use self::opened::Content;
pub(super) use self::opened::ContentOrigin;
use self::read::Layers;
use super::file::BlobWriter;
use super::image_worker::ImageWorker;
use super::protocol::{ContentFacts, ReadContent, UserError};

/// Reads until that is done or something else is asked for.
pub(super) async fn unless_stopped<T>(
    worker: &RefCell<ImageWorker>,
    round: u32,
    reading: impl Future<Output = Result<T, UserError>>,
) -> Result<T, UserError> {
    let (abort, registration) = AbortHandle::new_pair();
    {
        let reader = &mut worker.borrow_mut().reader;
        if !reader.is_at(round) {
            return Err(UserError::stopped());
        }
        reader.end_by(abort);
    }
    let read = Abortable::new(reading, registration).await;
    read.unwrap_or_else(|_| Err(UserError::stopped()))
}

/// Reads the content of a file, and tells what it is.
pub(crate) async fn read(
    worker: Rc<RefCell<ImageWorker>>,
    asked: ReadContent,
) -> Result<Box<ContentFacts>, UserError> {
    let (wanted, round) = {
        let mut worker = worker.borrow_mut();
        let round = worker.begin_reading();
        let wanted = worker
            .layers(asked.layer)?
            .wanted(&asked.path, asked.layer)?;
        (wanted, round)
    };
    let told = Rc::clone(&worker);
    let mut hear = move |received, whole| told.borrow_mut().reader.hear(round, received, whole);
    let reading = async { wanted.plan().await.read_hashed(&mut hear).await };
    let (kept, digest) = unless_stopped(&worker, round, reading).await?;
    let of = ContentOrigin {
        path: asked.path,
        digest: digest.to_string(),
        stored_in: wanted.stored.number(),
    };
    keep(&worker, round, kept, of).map(Box::new)
}

/// Keeps what was read and verified for the page, unless something else is asked for by now; tells what it is.
pub(super) fn keep(
    worker: &RefCell<ImageWorker>,
    round: u32,
    kept: BlobWriter,
    of: ContentOrigin,
) -> Result<ContentFacts, UserError> {
    let (content, facts) = Content::open(kept, of)?;
    let mut worker = worker.borrow_mut();
    if worker.reader.is_at(round) {
        worker.reader.progress = None;
        worker.content = Some(content);
    }
    Ok(facts)
}

impl ImageWorker {
    /// The layers that a layer stands on, with where they come from.
    pub(super) fn layers(&self, layer: u32) -> Result<Layers<'_>, UserError> {
        let missing = |detail: &str| UserError::of_content(detail);
        let (stack, offset) = self
            .ground_of(layer)
            .ok_or_else(|| missing("the layer is not read"))?;
        let image = self.image.as_ref().zip(self.reading.as_ref());
        let (image, reading) = image.ok_or_else(|| missing("the image is not read"))?;
        Ok(Layers {
            stack,
            offset,
            image,
            origin: &reading.source.origin,
            file: reading.source.file.as_ref(),
            tables: Some(&self.tables),
        })
    }
}
