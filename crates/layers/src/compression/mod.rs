//! Compression: which one a file has, by its first bytes, and undoing it, pushed in and pushed out, without I/O.
//!
//! While a stream is decompressed, an [`OffsetMap`] is made of it: which bytes of it hold which of its content; and where
//! that is wanted, points from which on it can be decompressed again.

mod bzip2;
mod decompressor;
mod error;
mod format;
mod gzip;
mod offset_map;
pub(crate) mod points;
#[cfg(test)]
mod tests;
pub mod unsupported;
mod xz;
mod zstd;

pub use decompressor::Decompressor;
pub use error::{Error, Problem};
pub use format::{Format, START};
pub use offset_map::{OffsetMap, POINT_EVERY};

use error::Stop;

/// Takes decompressed bytes.
type Sink<'s> = &'s mut dyn FnMut(&[u8]) -> Result<(), Stop>;
