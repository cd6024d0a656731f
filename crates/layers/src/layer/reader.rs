//! One file's content, cut out of its layer's blob while that streams by: pushed in, handed on, without I/O.

use super::content::{ContentHasher, ContentId};
use super::{EntryId, LayerError, LayerIndex, Problem};
use crate::compression::Decompressor;
use crate::memory::Memory;
use crate::tar::{self, Piece};

/// Reads one file's content from a layer whose index is known.
///
/// ```
/// use onionskin_layers::layer::{ContentReader, EntryId, LayerIndex, Piece};
/// # fn example(index: &LayerIndex, entry: EntryId, blob: &[&[u8]]) -> Result<Vec<u8>, onionskin_layers::layer::LayerError> {
/// let mut content = Vec::new();
/// let mut keep = |piece: Piece<'_>| match piece {
///     Piece::Bytes(bytes) => content.extend_from_slice(bytes),
///     Piece::Hole(zeros) => content.resize(content.len() + zeros as usize, 0),
/// };
/// let mut reader = ContentReader::new(1, index, entry);
/// for piece in blob {
///     reader.push(piece, &mut keep)?;
/// }
/// reader.finish(&mut keep)?;
/// # Ok(content)
/// # }
/// ```
pub struct ContentReader {
    layer: usize,
    decompressor: Decompressor,
    tar: tar::Decoder,
    /// Bytes of the tar that was decoded: another one may be without end.
    size: u64,
    file: File,
}

/// The file that is wanted, and how much of it has come.
pub(super) struct File {
    /// Where its first header is in the tar.
    pub(super) start: u64,
    /// It is under way.
    is_here: bool,
    /// Stored bytes that are still to come.
    left: u64,
    position: u64,
    logical_size: u64,
    content: ContentId,
    hasher: ContentHasher,
}

impl ContentReader {
    /// A reader of the content of `entry`, a regular file of layer `layer` (from 1, for errors).
    #[must_use]
    pub fn new(layer: usize, index: &LayerIndex, entry: EntryId) -> Self {
        Self {
            layer,
            decompressor: Decompressor::of_layer(Memory::default()),
            tar: tar::Decoder::default(),
            size: index.size,
            file: File::of(index, entry),
        }
    }

    /// All stored bytes have been handed on; what comes after them in the blob need not be pushed.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.file.left == 0
    }

    /// Takes the next bytes of the blob, and gives `sink` what of the file is in them.
    ///
    /// # Errors
    /// The layer is damaged before the file's end.
    pub fn push(&mut self, data: &[u8], sink: &mut dyn FnMut(Piece<'_>)) -> Result<(), LayerError> {
        if self.is_complete() {
            return Ok(());
        }
        let Self {
            decompressor,
            tar,
            size,
            file,
            layer,
        } = self;
        decompressor
            .push(data, &mut |out| {
                if tar.offset().saturating_add(out.len() as u64) > *size {
                    return Err(LayerError::at_tar(*size, Problem::OtherContent));
                }
                tar.push(out, &mut Reading { file, sink })
                    .map_err(LayerError::of_tar)
            })
            .map_err(|error| error.of_layer(*layer))
    }

    /// No more of the blob is needed, or there is no more: hands on the hole that a sparse file may end with.
    ///
    /// # Errors
    /// The content is not the one that the index was made of.
    pub fn finish(self, sink: &mut dyn FnMut(Piece<'_>)) -> Result<(), LayerError> {
        let Self {
            mut decompressor,
            mut tar,
            size: _,
            mut file,
            layer,
        } = self;
        if file.left > 0 {
            decompressor
                .finish(&mut |out| {
                    let mut reading = Reading {
                        file: &mut file,
                        sink,
                    };
                    tar.push(out, &mut reading).map_err(LayerError::of_tar)
                })
                .map_err(|error| error.of_layer(layer))?;
        }
        file.end(sink);
        if file.was_whole() {
            return Ok(());
        }
        Err(LayerError::at_tar(tar.offset(), Problem::OtherContent).of_layer(layer))
    }
}

/// Hands on the content of the file that is wanted.
struct Reading<'r> {
    file: &'r mut File,
    sink: &'r mut dyn FnMut(Piece<'_>),
}

impl tar::Visitor for Reading<'_> {
    type Problem = Problem;

    fn entry(&mut self, entry: &tar::Entry) -> Result<(), Problem> {
        self.file.is_here = entry.start == self.file.start;
        Ok(())
    }

    fn content(&mut self, piece: Piece<'_>) {
        if self.file.is_here {
            self.file.take(piece);
            (self.sink)(piece);
        }
    }
}

impl File {
    pub(super) fn of(index: &LayerIndex, entry: EntryId) -> Self {
        Self {
            start: index.start(entry),
            is_here: false,
            left: index.size(entry),
            position: 0,
            logical_size: index.logical_size(entry),
            content: index.content(entry),
            hasher: ContentHasher::new(),
        }
    }

    /// Hands on the hole that a sparse file may end with.
    pub(super) fn end(&mut self, sink: &mut dyn FnMut(Piece<'_>)) {
        let end = self.logical_size.saturating_sub(self.position);
        if self.left == 0 && end > 0 {
            self.position += end;
            self.hasher.hole(end);
            sink(Piece::Hole(end));
        }
    }

    /// All of it has come, and it is what the index was made of.
    pub(super) fn was_whole(self) -> bool {
        self.left == 0 && self.hasher.finish() == self.content
    }

    pub(super) fn take(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Bytes(bytes) => {
                let length = bytes.len() as u64;
                self.left = self.left.saturating_sub(length);
                self.position += length;
                self.hasher.update(bytes);
            }
            Piece::Hole(length) => {
                self.position += length;
                self.hasher.hole(length);
            }
        }
    }
}
