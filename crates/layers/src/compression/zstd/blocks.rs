//! What a decoder of the blocks of zstd frames does.

use super::MAGIC;
use crate::compression::Sink;
use crate::compression::error::Stop;

/// No block decodes to more, nor is stored in more.
pub(super) const BLOCK_MAX: usize = 128 * 1024;

/// A decoder of blocks. Frames, their checksums and what lies between them are not its concern.
pub(super) trait Blocks: Send {
    /// Bytes that it holds for a frame with this window.
    fn memory(&self, window: u64) -> u64;

    /// A frame begins, whose matches reach back so far at most.
    fn begin(&mut self, window: u64) -> Result<(), Fault>;

    /// Decodes a block, which stands behind its header, and hands on what it need not keep; of the frame's last block that
    /// is all. Tells how many bytes the block decoded to.
    fn decode(&mut self, block: &[u8], last: bool, sink: Sink<'_>) -> Result<u64, Fault>;
}

/// Why no more is decoded.
pub(super) enum Fault {
    /// The data is damaged.
    Damaged,
    /// The sink wants no more.
    Stop(Stop),
}

impl From<Stop> for Fault {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// A frame's header for a decoder, which says nothing but the window, so that all else is checked in one place.
pub(super) fn header(window: u64) -> [u8; 6] {
    let [a, b, c, d] = MAGIC.to_le_bytes();
    [a, b, c, d, 0, descriptor(window)]
}

/// The byte that describes the smallest window of at least so many bytes (RFC 8878, 3.1.1.1.2).
fn descriptor(window: u64) -> u8 {
    let bytes = |descriptor: u8| {
        let base = 1 << (10 + (descriptor >> 3));
        base + base / 8 * u64::from(descriptor & 7)
    };
    let mut all = 0..=u8::MAX;
    all.find(|descriptor| bytes(*descriptor) >= window)
        .unwrap_or(u8::MAX)
}
