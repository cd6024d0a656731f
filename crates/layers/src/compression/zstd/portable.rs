//! Blocks decoded by zrip, which is Rust without `unsafe`.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use zrip::FrameDecoder;

use super::blocks::{BLOCK_MAX, Blocks, Fault, header};
use super::little;
use crate::compression::Sink;

/// What the decoder holds beside its window: its tables, and a block before and after it is decoded.
const BESIDE: u64 = 1 << 20;

pub(super) struct Portable {
    /// It reads from `input`, and takes no more of it than one block for each read that fits a block.
    decoder: FrameDecoder<Input>,
    input: Input,
    output: Vec<u8>,
}

impl Portable {
    pub(super) fn new() -> Self {
        let input = Input::default();
        Self {
            decoder: FrameDecoder::new(input.clone()),
            input,
            output: vec![0; BLOCK_MAX],
        }
    }
}

impl Blocks for Portable {
    /// It keeps two windows and a block, and has them twice while that grows for the last time.
    fn memory(&self, window: u64) -> u64 {
        4 * window + BESIDE
    }

    fn begin(&mut self, window: u64) -> Result<(), Fault> {
        self.input.set(&header(window));
        self.decoder.reset(self.input.clone());
        Ok(())
    }

    fn decode(&mut self, block: &[u8], _: bool, sink: Sink<'_>) -> Result<u64, Fault> {
        // The decoder would wait for another one.
        if is_empty(block).ok_or(Fault::Damaged)? {
            return Ok(0);
        }
        self.input.add(block);
        let read = self.decoder.read(&mut self.output);
        let content = read.ok().and_then(|read| self.output.get(..read));
        let content = content.ok_or(Fault::Damaged)?;
        // Such a decoder would hand on what it did not read.
        if !self.input.is_read() {
            return Err(Fault::Damaged);
        }
        sink(content)?;
        Ok(content.len() as u64)
    }
}

/// What the decoder may read: the header of a frame, and one block. Behind it there seems to be no more.
#[derive(Clone, Default)]
struct Input(Arc<Mutex<Unread>>);

#[derive(Default)]
struct Unread {
    bytes: Vec<u8>,
    read: usize,
}

impl Input {
    fn with<T>(&self, act: impl FnOnce(&mut Unread) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Drops what was not read.
    fn set(&self, bytes: &[u8]) {
        self.with(|unread| {
            unread.bytes.clear();
            unread.read = 0;
            unread.bytes.extend_from_slice(bytes);
        });
    }

    /// Puts bytes behind those that were not read.
    fn add(&self, bytes: &[u8]) {
        self.with(|unread| {
            unread.bytes.drain(..unread.read);
            unread.read = 0;
            unread.bytes.extend_from_slice(bytes);
        });
    }

    fn is_read(&self) -> bool {
        self.with(|unread| unread.read == unread.bytes.len())
    }
}

impl Read for Input {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.with(|unread| {
            let mut rest = unread.bytes.get(unread.read..).unwrap_or_default();
            let read = rest.read(into)?;
            unread.read += read;
            Ok(read)
        })
    }
}

/// Whether a block decodes to nothing; nothing where it breaks a rule that the decoder does not look at.
fn is_empty(block: &[u8]) -> Option<bool> {
    let (header, content) = block.split_at_checked(3)?;
    let header = little(header);
    if header >> 1 & 3 != 2 {
        return Some(header >> 3 == 0);
    }
    // The header of the literals has their sizes behind four bits (RFC 8878, 3.1.1.3.1.1).
    let first = *content.first()?;
    let (len, stored, regenerated) = match (first & 3, first >> 2 & 3) {
        (kind @ (0 | 1), format) => {
            let (len, bits) = [(1, 3), (2, 4), (1, 3), (3, 4)]
                .get(usize::from(format))
                .copied()?;
            let regenerated = little(content.get(..len)?) >> bits;
            // A run of one byte stores that byte only.
            (len, if kind == 0 { regenerated } else { 1 }, regenerated)
        }
        (_, format) => {
            let (len, bits) = [(3, 10), (3, 10), (4, 14), (5, 18)]
                .get(usize::from(format))
                .copied()?;
            let sizes = little(content.get(..len)?) >> 4;
            (len, sizes >> bits, sizes & ((1 << bits) - 1))
        }
    };
    let sequences = content.get(len.checked_add(usize::try_from(stored).ok()?)?..)?;
    // How many there are, and where the modes of their tables stand (3.1.1.3.2.1).
    let (count, modes) = match *sequences.first()? {
        few @ ..=127 => (u64::from(few), 1),
        some @ 128..=254 => (
            (u64::from(some) - 128) << 8 | u64::from(*sequences.get(1)?),
            2,
        ),
        255 => (little(sequences.get(1..3)?) + 0x7f00, 3),
    };
    if count == 0 {
        // Nothing stands behind them; and a table that nothing is decoded by would be lost with the block.
        let is_whole = sequences.len() == modes && (regenerated > 0 || first & 3 < 2);
        return is_whole.then_some(regenerated == 0);
    }
    // Two bits behind the modes of the tables "must be all-zeroes" (3.1.1.3.2.1).
    (sequences.get(modes)? & 3 == 0).then_some(false)
}
