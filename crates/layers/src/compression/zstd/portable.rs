//! Blocks decoded by ruzstd, which is Rust.

use std::io::Read as _;

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::blocks::{BLOCK_MAX, Blocks, Fault};
use super::little;
use crate::compression::Sink;

/// The header of a frame with a window of 128 KiB, as large as a block can be. How much stays for later blocks is decided
/// here.
const FRAME: [u8; 6] = [0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3];

pub(super) struct Portable {
    decoder: FrameDecoder,
    /// How far back the frame's matches may reach.
    window: usize,
    /// Bytes of the frame that the decoder holds.
    held: usize,
    output: Vec<u8>,
}

impl Portable {
    pub(super) fn new() -> Self {
        Self {
            decoder: FrameDecoder::new(),
            window: 0,
            held: 0,
            output: Vec::new(),
        }
    }

    /// Decodes a block as if it were the last of its frame: only then does the decoder tell all that it holds. It takes
    /// more blocks all the same.
    fn decode_one(&mut self, block: &[u8]) -> Result<(), Fault> {
        let (first, rest) = block.split_first().ok_or(Fault::Damaged)?;
        let first = [first | 1];
        let one = BlockDecodingStrategy::UptoBlocks(1);
        let decoded = self.decoder.decode_blocks(first.chain(rest), one);
        decoded.map(drop).map_err(|_| Fault::Damaged)
    }

    /// Takes the oldest `len` bytes from the decoder and hands them on.
    fn take(&mut self, len: usize, sink: Sink<'_>) -> Result<(), Fault> {
        self.output.resize(len, 0);
        if !matches!(self.decoder.read(&mut self.output), Ok(read) if read == len) {
            return Err(Fault::Damaged);
        }
        self.held -= len;
        Ok(sink(&self.output)?)
    }
}

impl Blocks for Portable {
    /// It keeps what it has for a later frame too, and twice as much while it grows.
    fn memory(&self, window: u64) -> u64 {
        3 * window
    }

    fn begin(&mut self, window: u64) -> Result<(), Fault> {
        self.window = window as usize;
        self.held = 0;
        let begun = self.decoder.reset(FRAME.as_slice());
        begun.map_err(|_| Fault::Damaged)
    }

    fn decode(&mut self, block: &[u8], last: bool, sink: Sink<'_>) -> Result<u64, Fault> {
        if sets_reserved_bits(block) {
            return Err(Fault::Damaged);
        }
        self.decode_one(block)?;
        let held = self.decoder.can_collect();
        let new = held.checked_sub(self.held).ok_or(Fault::Damaged)?;
        self.held = held;
        // What a later block may refer to has to stay; and little at a time would only be moved about.
        let keep = if last { 0 } else { self.window.max(BLOCK_MAX) };
        if last || held >= keep + BLOCK_MAX {
            self.take(held.saturating_sub(keep), sink)?;
        }
        Ok(new as u64)
    }
}

/// Whether a block sets the two bits behind the modes of its tables, which "must be all-zeroes" (RFC 8878, 3.1.1.3.2.1).
/// The decoder does not look at them.
fn sets_reserved_bits(block: &[u8]) -> bool {
    modes(block).is_some_and(|modes| modes & 3 != 0)
}

/// The byte with the modes of the tables, in a compressed block that has sequences.
fn modes(block: &[u8]) -> Option<u8> {
    let (header, content) = block.split_at_checked(3)?;
    if little(header) >> 1 & 3 != 2 {
        return None;
    }
    // The header of the literals has their sizes behind four bits (3.1.1.3.1.1).
    let first = *content.first()?;
    let (len, literals) = match (first & 3, first >> 2 & 3) {
        (kind @ (0 | 1), format) => {
            let (len, bits) = [(1, 3), (2, 4), (1, 3), (3, 4)][usize::from(format)];
            let regenerated = little(content.get(..len)?) >> bits;
            // A run of one byte stores that byte only.
            (len, if kind == 0 { regenerated } else { 1 })
        }
        (_, format) => {
            let (len, bits) = [(3, 10), (3, 10), (4, 14), (5, 18)][usize::from(format)];
            (len, little(content.get(..len)?) >> (4 + bits))
        }
    };
    let sequences = content.get(len + usize::try_from(literals).ok()?..)?;
    match sequences.first()? {
        0 => None,
        1..=127 => sequences.get(1).copied(),
        128..=254 => sequences.get(2).copied(),
        255 => sequences.get(3).copied(),
    }
}
