//! Tar: bytes pushed in, events for a [`Visitor`] out; no I/O, any size of pieces.
//!
//! Sources: POSIX pax interchange format, the GNU tar manual (old GNU format, sparse files), and Go's `archive/tar` where
//! writers and readers disagree, because container engines unpack with it.

mod content;
mod decoder;
mod entry;
mod error;
mod header;
mod pax;
mod segment;
mod sparse;
mod visitor;

pub use decoder::Decoder;
pub use entry::{Entry, TarKind};
pub use error::{Error, Problem};
pub(crate) use header::wrap;
pub use segment::Segment;
pub use sparse::SparseMap;
pub use visitor::{Piece, Visitor};

/// Bytes of a header, and what every part of a tar is padded to.
pub const BLOCK: usize = 512;
