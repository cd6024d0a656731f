//! From the bytes of a layer's blob to its [`LayerIndex`]: digests, decompression and tar, pushed, without I/O.

mod budget;
mod checkpoints;
mod content;
mod contents;
mod elsewhere;
mod entries;
mod entry;
mod error;
mod hashing;
mod index;
mod memory;
mod path;
mod reader;
mod remark;
pub mod table;
mod visitor;

pub use crate::tar::Piece;
pub use budget::{Budget, BudgetLeft};
pub use checkpoints::{BlobPart, Checkpoints, PartReader};
pub use content::ContentId;
pub use contents::ContentsReader;
pub use elsewhere::{UnhashedDecoder, UnhashedLayer};
pub use entry::{Entry, EntryId, EntryKind, Xattrs};
pub use error::{LayerError, Problem};
pub use hashing::{HashPlan, StreamHash, StreamHasher, TakesBytes};
pub use index::{DirId, LayerIndex, Unshown};
pub use memory::MemoryBudget;
pub use reader::ContentReader;
pub use remark::{Remark, RemarkKind};
pub use visitor::{FileReader, Visitor, WholeFiles};

use std::sync::Arc;

use bytes::Bytes;

use crate::compression::points::RestartPoints;
use crate::compression::{self, Decompressor, OffsetMap};
use crate::digest::{Algorithm, Digest};
use crate::memory::Memory;
use crate::tar::{self, BLOCK};
use budget::Taken;
use entries::Entries;
use hashing::Hashing;
use visitor::Visit;

/// What the manifest and the config say of a layer; each part is checked where it is known.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// The layer's number in the image, from 1; names it in errors.
    pub layer: usize,
    /// Digest of the blob as it is stored.
    pub digest: Option<Digest>,
    /// Bytes of the blob as it is stored.
    pub size: Option<u64>,
    /// Digest of the uncompressed tar (OCI image specification, config.md, Layer DiffID).
    pub diff_id: Option<Digest>,
}

impl Expected {
    /// Checks an index that was decoded for another layer of the image with the same blob.
    ///
    /// # Errors
    /// It is not what was expected of this one.
    pub fn check(&self, index: &LayerIndex) -> Result<(), LayerError> {
        let size = index.blob_size;
        let problem = match (self.size, &self.digest, &self.diff_id) {
            (Some(expected), _, _) if expected < size => Problem::TooLong { size: expected },
            (Some(expected), _, _) if expected > size => Problem::TooShort { size: expected },
            (_, Some(expected), _) if *expected != index.digest => Problem::Digest {
                expected: expected.clone(),
                actual: index.digest.clone(),
            },
            (_, _, Some(expected)) if *expected != index.diff_id => {
                let problem = Problem::DiffId {
                    expected: expected.clone(),
                    actual: index.diff_id.clone(),
                };
                return Err(LayerError::at_tar(index.size, problem).of_layer(self.layer));
            }
            _ => return Ok(()),
        };
        Err(LayerError::at_blob(size, problem).of_layer(self.layer))
    }
}

/// Turns a layer's blob, pushed in pieces of any size, into a [`LayerIndex`].
///
/// ```
/// use onionskin_layers::layer::{Expected, LayerDecoder};
/// let mut decoder = LayerDecoder::new(Expected::default());
/// for piece in [[0u8; 512], [0u8; 512]] {
///     decoder.push(&piece)?; // an empty tar: two blocks of zeros
/// }
/// assert_eq!(decoder.finish()?.len(), 0);
/// # Ok::<(), onionskin_layers::layer::LayerError>(())
/// ```
pub struct LayerDecoder {
    expected: Expected,
    blob: Hashing,
    blob_size: u64,
    decompressor: Decompressor,
    tar: TarSide,
    /// Blob and tar are hashed by the same algorithm.
    one_algorithm: bool,
    /// The blob is stored without compression, so the tar's hash is the blob's too and is computed once.
    is_plain: bool,
    /// The blob may be something else than a tar.
    may_be_other: bool,
    /// It is: what comes is only checked.
    is_other: bool,
    /// What is needed for [`Checkpoints`] is kept on the way.
    checks: bool,
}

/// What sees the uncompressed bytes.
struct TarSide {
    diff_id: Hashing,
    size: u64,
    decoder: tar::Decoder,
    entries: Entries,
    budget: Arc<Budget>,
    taken: Taken,
    /// Bytes of the blob that have come.
    blob: u64,
    /// What is pushed next, where it is stored uncompressed and need not be copied.
    shared: Option<Bytes>,
}

impl TarSide {
    fn push(&mut self, data: &[u8]) -> Result<(), LayerError> {
        self.taken
            .take(&self.budget, data.len() as u64, self.blob)
            .map_err(|problem| LayerError::at_blob(self.blob, problem))?;
        let shared = self.shared.take();
        let shared = shared.filter(|shared| shared.len() == data.len());
        self.diff_id.update(data, shared.as_ref());
        self.size += data.len() as u64;
        let pushed = self.decoder.push(data, &mut self.entries);
        pushed.map_err(LayerError::of_tar)
    }
}

impl LayerDecoder {
    /// A decoder that checks what it is told to expect.
    #[must_use]
    pub fn new(expected: Expected) -> Self {
        let by_blob = algorithm(expected.digest.as_ref());
        let by_tar = algorithm(expected.diff_id.as_ref());
        Self {
            blob: Hashing::new(by_blob),
            blob_size: 0,
            decompressor: Decompressor::of_layer(Memory::default()),
            tar: TarSide {
                diff_id: Hashing::new(by_tar),
                size: 0,
                decoder: tar::Decoder::default(),
                entries: Entries::new(MemoryBudget::default()),
                budget: Arc::default(),
                taken: Taken::default(),
                blob: 0,
                shared: None,
            },
            one_algorithm: by_blob == by_tar,
            is_plain: false,
            may_be_other: false,
            is_other: false,
            checks: false,
            expected,
        }
    }

    /// Takes what it unpacks to out of this budget, which the layers of an image share.
    #[must_use]
    pub fn within(mut self, budget: Arc<Budget>) -> Self {
        self.tar.budget = budget;
        self
    }

    /// Takes what it holds out of this memory, which the layers of an image share.
    #[must_use]
    pub fn with_memory(mut self, memory: MemoryBudget) -> Self {
        self.decompressor = Decompressor::of_layer(memory.memory());
        if self.checks {
            self.decompressor = self.decompressor.with_points();
        }
        self.tar.entries.within(memory);
        self
    }

    /// Shows what it decodes to a visitor; the index keeps what that finds.
    #[must_use]
    pub fn visit(mut self, visitor: impl Visitor) -> Self {
        self.tar.entries.visit(Box::new(Visit::new(visitor)));
        self
    }

    /// The media type leaves open what the blob is. Where it begins as no tar does, it is read to its end all the same,
    /// to check that it is the one that was expected, and then [`Problem::NotTar`] is the error.
    #[must_use]
    pub const fn may_be_other(mut self, may_be: bool) -> Self {
        self.may_be_other = may_be;
        self
    }

    /// Makes [`Checkpoints`] on the way, before anything is pushed and before [`Self::hash_beside`].
    #[must_use]
    pub fn with_checkpoints(mut self) -> Self {
        self.checks = true;
        self.decompressor = self.decompressor.with_points();
        self.blob.mark();
        self.tar.diff_id.mark();
        self
    }

    /// Hashes on threads of its own, beside the decoding: quicker where processors are idle, and a little more work.
    #[cfg(not(target_arch = "wasm32"))]
    #[must_use]
    pub fn hash_beside(mut self) -> Self {
        self.blob = self.blob.beside();
        self.tar.diff_id = self.tar.diff_id.beside();
        self
    }

    /// Takes the next bytes of the blob.
    ///
    /// # Errors
    /// The layer is damaged, breaks a limit or is no layer; the decoder is of no use afterwards.
    pub fn push(&mut self, data: &[u8]) -> Result<(), LayerError> {
        self.push_unnamed(data, None)
            .map_err(|error| error.of_layer(self.expected.layer))
    }

    /// As [`Self::push`], for bytes that need not be copied to be hashed beside the decoding.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn push_shared(&mut self, data: &Bytes) -> Result<(), LayerError> {
        self.push_unnamed(data, Some(data))
            .map_err(|error| error.of_layer(self.expected.layer))
    }

    /// The blob is complete: checks size and digests and hands over the index.
    ///
    /// # Errors
    /// The blob was cut, or is not what was expected.
    pub fn finish(self) -> Result<LayerIndex, LayerError> {
        self.finish_with_checkpoints().map(|(index, _)| index)
    }

    /// As [`Self::finish`], with the checkpoints, where they were asked for and the blob is large enough.
    ///
    /// # Errors
    /// As [`Self::finish`].
    pub fn finish_with_checkpoints(self) -> Result<(LayerIndex, Option<Checkpoints>), LayerError> {
        let layer = self.expected.layer;
        self.finish_unnamed().map_err(|error| error.of_layer(layer))
    }

    /// Bytes of the blob taken so far.
    #[must_use]
    pub const fn blob_bytes(&self) -> u64 {
        self.blob_size
    }

    /// Entries decoded so far.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.tar.entries.len()
    }

    fn push_unnamed(&mut self, data: &[u8], shared: Option<&Bytes>) -> Result<(), LayerError> {
        self.blob_size += data.len() as u64;
        if let Some(size) = self.expected.size
            && self.blob_size > size
        {
            return Err(LayerError::at_blob(size, Problem::TooLong { size }));
        }
        self.tar.blob = self.blob_size;
        if !self.is_plain {
            self.blob.update(data, shared);
        } else if self.is_other {
            self.tar.diff_id.update(data, shared);
        }
        if self.is_other {
            return Ok(());
        }
        self.tar.shared = shared.filter(|_| self.is_plain).cloned();
        let unpacked = self.decompressor.push(data, &mut |out| self.tar.push(out));
        let unpacked = unpacked.map_err(|error| self.named(error));
        // From here on every byte of the blob reaches the tar's hash, as all before it did.
        self.is_plain |= unpacked.is_ok() && self.one_algorithm && self.decompressor.is_plain();
        self.unless_other(unpacked)
    }

    /// Where there is no tar at all, the blob may be what its first bytes resemble.
    fn named(&self, error: LayerError) -> LayerError {
        match self.decompressor.resembles() {
            Some(name) if error.is_no_tar() => unsupported(name),
            _ => error,
        }
    }

    /// No error where the blob turns out to be something else, and that may be.
    fn unless_other(&mut self, done: Result<(), LayerError>) -> Result<(), LayerError> {
        match done {
            Err(error) if self.may_be_other && error.is_other_format() => {
                self.is_other = true;
                Ok(())
            }
            done => done,
        }
    }

    fn finish_unnamed(self) -> Result<(LayerIndex, Option<Checkpoints>), LayerError> {
        let Ended {
            layer,
            blob,
            diff_id,
        } = self.end()?;
        let tar = diff_id.finish();
        let blob = (!layer.is_plain).then(|| blob.finish());
        layer.checked(blob, tar)
    }

    /// The blob is complete: decodes what is left, and checks the size.
    fn end(mut self) -> Result<Ended, LayerError> {
        if let Some(size) = self.expected.size
            && self.blob_size < size
        {
            return Err(LayerError::at_blob(
                self.blob_size,
                Problem::TooShort { size },
            ));
        }
        let points = self.decompressor.take_points();
        let mut unpacked = match self.is_other {
            true => Ok(OffsetMap::Identity),
            false => {
                let finished = self.decompressor.finish(&mut |out| self.tar.push(out));
                match self.decompressor.resembles() {
                    Some(name) if finished.is_ok() && self.tar.size < BLOCK as u64 => {
                        Err(unsupported(name))
                    }
                    _ => finished.map_err(|error| self.named(error)),
                }
            }
        };
        if let Err(error) = &unpacked
            && self.may_be_other
            && error.is_other_format()
        {
            self.is_other = true;
            unpacked = Ok(OffsetMap::Identity);
        }
        let TarSide {
            diff_id,
            decoder,
            entries,
            size,
            ..
        } = self.tar;
        let layer = EndedLayer {
            expected: self.expected,
            blob_size: self.blob_size,
            size,
            decoder,
            entries,
            points,
            unpacked,
            is_plain: self.is_plain,
            may_be_other: self.may_be_other,
            is_other: self.is_other,
            checks: self.checks,
        };
        Ok(Ended {
            layer,
            blob: self.blob,
            diff_id,
        })
    }
}

/// A layer whose blob is complete, with what hashes it.
struct Ended {
    layer: EndedLayer,
    blob: Hashing,
    diff_id: Hashing,
}

/// A layer whose blob is complete.
struct EndedLayer {
    expected: Expected,
    blob_size: u64,
    /// Bytes of the tar.
    size: u64,
    decoder: tar::Decoder,
    entries: Entries,
    points: RestartPoints,
    unpacked: Result<OffsetMap, LayerError>,
    is_plain: bool,
    may_be_other: bool,
    is_other: bool,
    checks: bool,
}

impl EndedLayer {
    /// Checks the digests, and what the end of the tar shows; `blob` is not asked where it is stored without compression.
    fn checked(
        mut self,
        blob: Option<StreamHash>,
        tar: StreamHash,
    ) -> Result<(LayerIndex, Option<Checkpoints>), LayerError> {
        let diff_id = tar.digest.clone();
        // A wrong digest explains every other problem that the end of the blob may show.
        let StreamHash { digest, marks } = blob.filter(|_| !self.is_plain).unwrap_or(tar);
        if let Some(expected) = self.expected.digest
            && expected != digest
        {
            return Err(LayerError::at_blob(
                self.blob_size,
                Problem::Digest {
                    expected,
                    actual: digest,
                },
            ));
        }
        let offsets = self.unpacked?;
        if self.is_other {
            return Err(LayerError::at_blob(0, Problem::NotTar));
        }
        let size = self.size;
        let finished = self.decoder.finish(&mut self.entries);
        let entries_of = |()| {
            let index = self.entries.finish();
            index.map_err(|problem| LayerError::at_tar(size, problem))
        };
        let index = match finished.map_err(LayerError::of_tar).and_then(entries_of) {
            // A few zeros are no header, and no layer either.
            _ if self.may_be_other && (1..BLOCK as u64).contains(&size) => {
                return Err(LayerError::at_blob(0, Problem::NotTar));
            }
            // Images of file systems may begin with zeros, as an empty tar does.
            Ok(index) if self.may_be_other && index.is_only_an_end() => {
                return Err(LayerError::at_blob(0, Problem::NotTar));
            }
            index => index?,
        };
        if let Some(expected) = self.expected.diff_id
            && expected != diff_id
        {
            return Err(LayerError::at_tar(
                size,
                Problem::DiffId {
                    expected,
                    actual: diff_id,
                },
            ));
        }
        let checkpoints = match self.checks {
            true => Checkpoints::of(&digest, self.blob_size, marks, self.points),
            false => None,
        };
        let index = index.complete(digest, self.blob_size, diff_id, size, offsets);
        Ok((index, checkpoints))
    }
}

/// What is hashed by, where this digest is expected.
fn algorithm(expected: Option<&Digest>) -> Algorithm {
    expected.map_or(Algorithm::Sha256, Digest::algorithm)
}

const fn unsupported(name: &'static str) -> LayerError {
    let problem = compression::Problem::Unsupported(name);
    LayerError::at_blob(0, Problem::Compression(problem))
}
