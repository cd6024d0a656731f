//! The content of a file, from the part of the blob that a table names for it: pushed in, handed on, without I/O.

use std::ops::Range;

use super::{ContentLocation, TableOfContents};
use crate::compression::{self, Decompressor};
use crate::digest::Hasher;
use crate::layer::{EntryId, LayerError, Problem};
use crate::memory::Memory;
use crate::tar::Piece;

impl TableOfContents {
    /// A reader of the content of a file of layer `layer` (from 1, for errors); None where the table does not tell where it
    /// is, or not its digest. A file without a byte has no content to read.
    #[must_use]
    pub fn reader(&self, layer: usize, entry: EntryId) -> Option<ListedReader> {
        let location = self.location(entry)?.clone();
        Some(ListedReader {
            layer,
            decompressor: Decompressor::of_layer(Memory::default()),
            file: File {
                skip: location.skip,
                left: self.index.size(entry),
                hasher: Hasher::new(location.digest.algorithm()),
            },
            location,
        })
    }
}

/// Reads a file from the part of the blob that its table names.
pub struct ListedReader {
    layer: usize,
    location: ContentLocation,
    decompressor: Decompressor,
    file: File,
}

/// How much of the file has come.
struct File {
    /// Bytes that come before it.
    skip: u64,
    left: u64,
    hasher: Hasher,
}

/// Why no more is decompressed.
enum Stop {
    /// All has come.
    Whole,
    Wrong(compression::Error),
}

impl From<compression::Error> for Stop {
    fn from(error: compression::Error) -> Self {
        Self::Wrong(error)
    }
}

impl ListedReader {
    /// The part of the blob that has the file.
    #[must_use]
    pub const fn part(&self) -> Range<u64> {
        self.location.start..self.location.end
    }

    /// Bytes that the part unpacks to, as far as they are wanted.
    #[must_use]
    pub const fn unpacked(&self) -> u64 {
        self.location.skip.saturating_add(self.file.left)
    }

    /// Takes the next bytes of the part, and gives `sink` what of the file is in them. Nothing that was given counts before
    /// [`Self::finish`].
    ///
    /// # Errors
    /// They cannot be decompressed.
    pub fn push(&mut self, data: &[u8], sink: &mut dyn FnMut(Piece<'_>)) -> Result<(), LayerError> {
        if self.file.left == 0 {
            return Ok(());
        }
        let Self {
            decompressor, file, ..
        } = self;
        let pushed = decompressor.push(data, &mut |out| file.take(out, sink));
        self.told(pushed)
    }

    /// All of the part has come.
    ///
    /// # Errors
    /// The content is not the one that the table names.
    pub fn finish(mut self, sink: &mut dyn FnMut(Piece<'_>)) -> Result<(), LayerError> {
        if self.file.left > 0 {
            let Self {
                decompressor, file, ..
            } = &mut self;
            let finished = decompressor.finish(&mut |out| file.take(out, sink));
            self.told(finished.map(drop))?;
        }
        let Self {
            layer,
            location,
            file,
            ..
        } = self;
        let actual = file.hasher.finish();
        if actual == location.digest {
            return Ok(());
        }
        let problem = Problem::ListedContent {
            expected: location.digest,
            actual,
        };
        Err(LayerError::at_blob(location.start, problem).of_layer(layer))
    }

    fn told(&self, done: Result<(), Stop>) -> Result<(), LayerError> {
        match done {
            Ok(()) | Err(Stop::Whole) => Ok(()),
            Err(Stop::Wrong(error)) => {
                let offset = self.location.start.saturating_add(error.offset);
                let problem = error.problem.into();
                Err(LayerError::at_blob(offset, problem).of_layer(self.layer))
            }
        }
    }
}

impl File {
    fn take(&mut self, out: &[u8], sink: &mut dyn FnMut(Piece<'_>)) -> Result<(), Stop> {
        let skipped = self.skip.min(out.len() as u64);
        self.skip -= skipped;
        let out = out.get(skipped as usize..).unwrap_or_default();
        let taken = usize::try_from(self.left).map_or(out.len(), |left| left.min(out.len()));
        let out = out.get(..taken).unwrap_or_default();
        self.left -= taken as u64;
        if !out.is_empty() {
            self.hasher.update(out);
            sink(Piece::Bytes(out));
        }
        match self.left {
            0 => Err(Stop::Whole),
            _ => Ok(()),
        }
    }
}
