//! Blocks decoded by ruzstd, which is Rust.

use std::io::Read as _;

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::blocks::{BLOCK_MAX, Blocks, Fault};
use crate::compression::Sink;

/// What the decoder is told the window is, and what each frame is begun with: a run of as many zeros.
///
/// The decoder tells how much it holds beyond its window. With a full window to begin with, and the
/// same small one for every frame, that tells after each block how much it decoded to.
const FILLER: usize = BLOCK_MAX;
/// The header of a frame with a window of [`FILLER`] bytes.
const TOLD: [u8; 6] = [0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3];
/// A block of [`FILLER`] zeros that is not the last.
const FILLER_BLOCK: [u8; 4] = [0x02, 0x00, 0x10, 0];

pub(super) struct Portable {
    decoder: FrameDecoder,
    /// How far back the frame's matches may reach.
    window: usize,
    /// Bytes of the frame that were decoded, and those that were taken from the decoder, [`FILLER`] first.
    decoded: u64,
    taken: u64,
    output: Vec<u8>,
}

impl Portable {
    pub(super) fn new() -> Self {
        Self {
            decoder: FrameDecoder::new(),
            window: 0,
            decoded: 0,
            taken: 0,
            output: Vec::new(),
        }
    }

    fn decode_one(&mut self, block: &[u8]) -> Result<(), Fault> {
        let one = BlockDecodingStrategy::UptoBlocks(1);
        let decoded = self.decoder.decode_blocks(block, one);
        decoded.map(drop).map_err(|_| Fault::Damaged)
    }

    /// Takes the oldest `len` bytes from the decoder and hands them on, but for the filler.
    fn take(&mut self, len: usize, sink: Sink<'_>) -> Result<(), Fault> {
        self.output.resize(len, 0);
        if !matches!(self.decoder.read(&mut self.output), Ok(read) if read == len) {
            return Err(Fault::Damaged);
        }
        let filler = (FILLER as u64).saturating_sub(self.taken).min(len as u64);
        self.taken += len as u64;
        let content = self.output.get(filler as usize..);
        Ok(sink(content.unwrap_or_default())?)
    }
}

impl Blocks for Portable {
    /// It keeps what it has for a later frame too, and twice as much while it grows.
    fn memory(&self, window: u64) -> u64 {
        3 * window
    }

    fn begin(&mut self, window: u64) -> Result<(), Fault> {
        self.window = window as usize;
        self.decoded = 0;
        self.taken = 0;
        let begun = self.decoder.reset(TOLD.as_slice());
        begun.map_err(|_| Fault::Damaged)?;
        self.decode_one(&FILLER_BLOCK)
    }

    fn decode(&mut self, block: &[u8], last: bool, sink: Sink<'_>) -> Result<u64, Fault> {
        self.decode_one(block)?;
        let held = self.decoder.can_collect() + if last { 0 } else { FILLER };
        let decoded = (self.taken + held as u64).saturating_sub(FILLER as u64);
        let new = decoded.saturating_sub(self.decoded);
        self.decoded = decoded;
        // What a later block may refer to has to stay; and little at a time would only be moved about.
        let keep = if last { 0 } else { self.window.max(FILLER) };
        if last || held >= keep + BLOCK_MAX {
            self.take(held.saturating_sub(keep), sink)?;
        }
        Ok(new)
    }
}
