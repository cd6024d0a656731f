//! What can be wrong with a layer, and where.

use std::fmt;

use bytesize::ByteSize;

use crate::compression::{self, unsupported};
use crate::digest::Digest;
use crate::limits::{UNPACKED_FREE, UNPACKED_RATIO};
use crate::memory::OutOfMemory;
use crate::tar;

/// A layer that could not be decoded: which one, at which offset, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerError {
    layer: usize,
    place: Position,
    problem: Problem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    /// Offset in the blob as it is stored.
    Blob(u64),
    /// Offset in the uncompressed tar.
    Tar(u64),
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The blob cannot be decompressed.
    #[error("{}", compressed(*.0))]
    Compression(compression::Problem),
    /// More bytes than the manifest says.
    #[error("the blob is longer than the {size} bytes in the manifest")]
    TooLong {
        /// Bytes promised.
        size: u64,
    },
    /// Fewer bytes than the manifest says.
    #[error("the blob is shorter than the {size} bytes in the manifest; the transfer was cut off")]
    TooShort {
        /// Bytes promised.
        size: u64,
    },
    /// The blob is another one than the manifest names.
    #[error("the blob's digest is {actual}, but the manifest names {expected}")]
    Digest {
        /// As in the manifest.
        expected: Digest,
        /// As computed.
        actual: Digest,
    },
    /// The uncompressed layer is another one than the config names.
    #[error("the uncompressed layer's digest is {actual}, but the image's config names {expected}")]
    DiffId {
        /// As in the config.
        expected: Digest,
        /// As computed.
        actual: Digest,
    },
    /// What should be a tar is none, or a damaged one.
    #[error(transparent)]
    Tar(#[from] tar::Problem),
    /// Larger than [`crate::limits`] allows.
    #[error("the layers up to here have more {what} than the limit of {limit}")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// It is something else than a tar, and its media type leaves that open.
    #[error("it is not a tar")]
    NotTar,
    /// The layers of the image are larger than the user allows, or than any image is.
    #[error("the layers of the image unpack to more than {} ({limit} bytes)", ByteSize::b(*.limit).display().si())]
    UnpacksTooMuch {
        /// The limit for all layers together.
        limit: u64,
    },
    /// So much from so little that it is a decompression bomb.
    #[error(
        "it unpacks to {} and more, which is beyond {UNPACKED_RATIO} times its compressed size and the {} that all \
         layers of an image may have more than that; it looks like a decompression bomb",
        ByteSize::b(*.unpacked).display().si(),
        ByteSize::b(UNPACKED_FREE).display().si()
    )]
    UnpacksTooFar {
        /// Bytes of the layer so far.
        unpacked: u64,
    },
    /// More than [`MemoryBudget`](super::MemoryBudget) has left.
    #[error(
        "the image has more files, or longer paths, than fit into the {limit} bytes of memory that are left for them; allow more memory (`ulimit -v`, or the container's limit), or use a machine with more"
    )]
    Memory {
        /// Bytes for all layers of the image.
        limit: u64,
    },
    /// Between two readings of a layer something changed.
    #[error(
        "the file changed after the layer was first read; the layer was changed in storage or in transit"
    )]
    OtherContent,
    /// A file is not the one that the layer's table of contents names.
    #[error(
        "the file's digest is {actual}, but the layer's table of contents names {expected}; the layer was changed in storage or in transit, or its table is wrong, which `--verify` tells"
    )]
    ListedContent {
        /// As in the table.
        expected: Digest,
        /// As computed.
        actual: Digest,
    },
    /// A stored index is not one.
    #[error("the stored layer index is damaged")]
    BadIndex,
}

impl From<compression::Problem> for Problem {
    fn from(problem: compression::Problem) -> Self {
        match problem {
            compression::Problem::Memory { limit } => Self::Memory { limit },
            problem => Self::Compression(problem),
        }
    }
}

impl From<OutOfMemory> for Problem {
    fn from(OutOfMemory { limit }: OutOfMemory) -> Self {
        Self::Memory { limit }
    }
}

impl From<compression::Error> for LayerError {
    fn from(error: compression::Error) -> Self {
        Self::at_blob(error.offset, error.problem.into())
    }
}

/// What is said of a layer that cannot be decompressed.
fn compressed(problem: compression::Problem) -> String {
    match problem {
        compression::Problem::Unsupported(name) => format!(
            "the layer {}; supported are gzip, zstd and uncompressed tar",
            unsupported::not_supported(name)
        ),
        compression::Problem::Cut => {
            "the compressed data ends in the middle; the layer was cut off in storage or in transit"
                .to_owned()
        }
        compression::Problem::Corrupt(what) => {
            format!("{what}; the layer is damaged where it is stored")
        }
        other => other.to_string(),
    }
}

impl LayerError {
    pub(crate) const fn at_blob(offset: u64, problem: Problem) -> Self {
        Self {
            layer: 0,
            place: Position::Blob(offset),
            problem,
        }
    }

    pub(crate) const fn at_tar(offset: u64, problem: Problem) -> Self {
        Self {
            layer: 0,
            place: Position::Tar(offset),
            problem,
        }
    }

    /// Where a tar's decoder stopped.
    pub(crate) fn of_tar<P: Into<Problem>>(error: tar::Error<P>) -> Self {
        Self::at_tar(error.offset, error.problem.into())
    }

    pub(crate) fn of_layer(mut self, layer: usize) -> Self {
        self.layer = layer;
        self
    }

    /// No tar was found at the very start.
    pub(crate) fn is_no_tar(&self) -> bool {
        self.place == Position::Tar(0)
            && !matches!(
                self.problem,
                Problem::Tar(tar::Problem::TooMuch { .. })
                    | Problem::TooMuch { .. }
                    | Problem::Memory { .. }
            )
    }

    /// The blob begins neither as a tar nor as one that is compressed in a way that is read.
    pub(crate) fn is_other_format(&self) -> bool {
        self.is_no_tar()
            || matches!(
                self.problem,
                Problem::Compression(compression::Problem::Unsupported(_))
            )
    }

    /// The layer's number, from 1; 0 where the decoder was not told.
    #[must_use]
    pub const fn layer(&self) -> usize {
        self.layer
    }

    /// Where it is wrong: `byte 12 of its tar`.
    #[must_use]
    pub fn location(&self) -> String {
        match self.place {
            Position::Blob(offset) => format!("byte {offset} of its blob"),
            Position::Tar(offset) => format!("byte {offset} of its tar"),
        }
    }

    /// What is wrong, without the place.
    #[must_use]
    pub const fn problem(&self) -> &Problem {
        &self.problem
    }
}

impl fmt::Display for LayerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.layer {
            0 => f.write_str("layer")?,
            layer => write!(f, "layer {layer}")?,
        }
        write!(f, ", at {}: {}", self.location(), self.problem)
    }
}

impl std::error::Error for LayerError {}
