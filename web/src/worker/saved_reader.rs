//! What reads images that are in no registry, once that part of the program is here.

use std::cell::Cell;
use std::pin::Pin;

use onionskin_core::layer::LayerIndex;
use onionskin_core::platform::Platform;
use onionskin_core::source::{Layer, Source};
use web_sys::{Blob, DedicatedWorkerGlobalScope};

use super::origin::{Missing, Opened};
use super::protocol::{Subject, UserError};

type Later<T> = Pin<Box<dyn Future<Output = T>>>;
/// What comes of opening one.
type Opening = Later<Result<Option<Opened>, UserError>>;

/// The image that is wanted.
pub(super) struct SavedImage {
    pub(super) subject: Subject,
    /// The file that it is in, where the visitor gave one.
    pub(super) file: Option<Blob>,
    /// The ticket of that file, where it was kept.
    pub(super) kept: Option<String>,
    pub(super) platform: Option<Platform>,
}

/// What there is to do with such an image.
#[derive(Clone, Copy)]
pub(crate) struct SavedImageReader {
    /// Opens it; none where there is a choice to make first, or no image.
    pub(super) open: fn(DedicatedWorkerGlobalScope, SavedImage) -> Opening,
    /// Where the bytes are of layers in the file of this name.
    pub(super) source: fn(&str, &Blob) -> Result<Source, UserError>,
    /// The index of a layer, from a saved analysis.
    pub(super) layer: fn(Blob, Layer) -> Later<Result<LayerIndex, Missing>>,
    /// A document of the image in the file of this name, by its digest, or by its name one at the top.
    pub(super) document: fn((String, Blob), String) -> Later<Document>,
}

/// The bytes of a document, verified where a digest names it.
type Document = Result<Vec<u8>, UserError>;

thread_local! {
    static READER: Cell<Option<SavedImageReader>> = const { Cell::new(None) };
}

/// What opens them, once that is here.
pub(super) fn reader() -> Option<SavedImageReader> {
    READER.get()
}

/// Opens them by this from now on.
pub(super) fn use_reader(reader: SavedImageReader) {
    READER.set(Some(reader));
}
