//! What can be wrong with compressed data, and where.

use super::unsupported::not_supported;
use crate::limits;
use crate::memory::OutOfMemory;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Compressed in a way that is not read.
    #[error("the data {}", not_supported(.0))]
    Unsupported(&'static str),
    /// The stream ends too early.
    #[error("the compressed data ends in the middle")]
    Cut,
    /// The stream is damaged; how.
    #[error("{0}")]
    Corrupt(&'static str),
    /// The window of a zstd frame is larger than [`limits::ZSTD_WINDOW`].
    #[error(
        "its zstd compression needs a window of {} MiB, more than the limit of {} MiB; compress it with `zstd --long={}` or less",
        .window.div_ceil(1 << 20), limits::ZSTD_WINDOW >> 20, limits::ZSTD_WINDOW.ilog2()
    )]
    Window {
        /// Bytes of the window.
        window: u64,
    },
    /// The dictionary of an xz stream is larger than [`limits::XZ_DICTIONARY`].
    #[error(
        "its xz data was compressed with a dictionary of more than {} MiB, for which there is no memory; unpack it with `unxz` first",
        limits::XZ_DICTIONARY >> 20
    )]
    Dictionary,
    /// There is no memory for the window.
    #[error("decompressing it takes more than the {limit} bytes of memory that are left")]
    Memory {
        /// Bytes of memory.
        limit: u64,
    },
}

/// Where decompression stopped, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at byte {offset}: {problem}")]
pub struct Error {
    /// Offset in the compressed data.
    pub offset: u64,
    /// What is wrong.
    pub problem: Problem,
}

impl From<OutOfMemory> for Problem {
    fn from(OutOfMemory { limit }: OutOfMemory) -> Self {
        Self::Memory { limit }
    }
}

/// Why a decoder goes no further.
pub(super) enum Stop {
    /// The sink wants no more.
    Refused,
    /// The data is at fault.
    Wrong(Error),
}

impl Stop {
    pub(super) const fn at(offset: u64, problem: Problem) -> Self {
        Self::Wrong(Error { offset, problem })
    }
}
