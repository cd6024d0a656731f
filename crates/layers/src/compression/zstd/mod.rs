//! zstd framing (RFC 8878), push-driven: frames and skippable frames one after the other are one stream.
//!
//! The framing is our own because the ends of blocks are the known points of a blob, because what frames and their
//! headers say is checked by one code whichever decoder has the blocks, and because a block is handed to that only when
//! it is whole.

#![allow(clippy::indexing_slicing, reason = "a header is as long as its fields")]

mod blocks;
mod decoders;
#[cfg(not(target_arch = "wasm32"))]
mod native;
mod portable;
#[cfg(test)]
mod tests;

use std::hash::Hasher as _;

use twox_hash::XxHash64;

use super::error::Stop;
use super::points::{OffsetPair, ZSTD_SPAN};
use super::{OffsetMap, Problem, Sink};
use crate::limits::ZSTD_WINDOW;
use crate::memory::{Memory, MemoryShare};
use blocks::{BLOCK_MAX, Blocks, Fault};

const MAGIC: u32 = 0xfd2f_b528;
/// Sixteen magic numbers that differ in their lowest four bits.
const SKIPPABLE: u32 = 0x184d_2a50;

/// What the bytes that are gathered are.
#[derive(Clone, Copy)]
enum Part {
    Magic,
    SkippableSize,
    Skippable {
        left: u32,
    },
    /// The byte that says which fields the header has.
    Descriptor,
    Header {
        descriptor: u8,
    },
    BlockHeader,
    /// A block with its header, and the checksum behind it if it is the frame's last.
    Block {
        last: bool,
    },
}

pub(super) struct Zstd {
    part: Part,
    gathered: Vec<u8>,
    /// How many bytes the part has.
    wanted: usize,
    blocks: Box<dyn Blocks>,
    frames: u64,
    /// The frame ends with a checksum.
    checksum: bool,
    /// XXH64 of what the frame decoded to.
    hash: XxHash64,
    /// How many bytes the frame's header says that it decodes to.
    content_size: Option<u64>,
    /// Bytes that a block may decode to, or be stored in.
    block_max: usize,
    memory: Memory,
    /// What the largest window so far takes.
    held: Option<(u64, MemoryShare)>,
    blob_offset: u64,
    /// Bytes that earlier frames decoded to, and this one so far.
    before: u64,
    decoded: u64,
    map: OffsetMap,
    /// Beginnings of frames.
    places: Vec<OffsetPair>,
}

impl Zstd {
    /// With the fastest decoder that there is here.
    pub(super) fn new(memory: Memory) -> Self {
        Self::with(decoders::fastest(), memory)
    }

    /// With the decoder that there is everywhere.
    pub(super) fn portable(memory: Memory) -> Self {
        Self::with(decoders::portable(), memory)
    }

    fn with(blocks: Box<dyn Blocks>, memory: Memory) -> Self {
        Self {
            part: Part::Magic,
            gathered: Vec::new(),
            wanted: 4,
            blocks,
            frames: 0,
            checksum: false,
            hash: XxHash64::with_seed(0),
            content_size: None,
            block_max: 0,
            memory,
            held: None,
            blob_offset: 0,
            before: 0,
            decoded: 0,
            map: OffsetMap::Known(Vec::new()),
            places: Vec::new(),
        }
    }

    /// Goes on where a frame begins.
    pub(super) fn resume(mut self, place: OffsetPair) -> Self {
        (self.blob_offset, self.before) = (place.blob, place.content);
        self
    }

    /// Where frames begin, as far as they were read.
    pub(super) fn take_points(&mut self) -> Vec<OffsetPair> {
        std::mem::take(&mut self.places)
    }

    /// Takes more of the blob and hands what it decodes to `sink`.
    pub(super) fn push(&mut self, mut data: &[u8], sink: Sink<'_>) -> Result<(), Stop> {
        while !data.is_empty() {
            if let Part::Skippable { left } = self.part {
                let skipped = data.len().min(left as usize);
                data = &data[skipped..];
                self.blob_offset += skipped as u64;
                self.skip(left - skipped as u32);
                continue;
            }
            let missing = (self.wanted - self.gathered.len()).min(data.len());
            let (now, rest) = data.split_at(missing);
            self.gathered.extend_from_slice(now);
            self.blob_offset += missing as u64;
            data = rest;
            if self.gathered.len() == self.wanted {
                self.complete(sink)?;
            }
        }
        Ok(())
    }

    /// The blob ends here.
    pub(super) fn finish(self) -> Result<OffsetMap, Stop> {
        let between = matches!(self.part, Part::Magic) && self.gathered.is_empty();
        if between && self.frames > 0 {
            return Ok(self.map);
        }
        Err(self.error(Problem::Cut))
    }

    fn want(&mut self, part: Part, wanted: usize) {
        self.part = part;
        self.wanted = wanted;
        self.gathered.clear();
    }

    fn skip(&mut self, left: u32) {
        if left > 0 {
            self.want(Part::Skippable { left }, 0);
        } else {
            self.want(Part::Magic, 4);
        }
    }

    /// A part is here whole.
    fn complete(&mut self, sink: Sink<'_>) -> Result<(), Stop> {
        match self.part {
            Part::Magic => match little(&self.gathered) as u32 {
                MAGIC => {
                    let place = OffsetPair {
                        blob: self.blob_offset.saturating_sub(4),
                        content: self.before,
                    };
                    let last = self.places.last().map_or(0, |last| last.blob);
                    if place.blob >= last + ZSTD_SPAN {
                        self.places.push(place);
                    }
                    self.want(Part::Descriptor, 1);
                }
                magic if magic & !0xf == SKIPPABLE => self.want(Part::SkippableSize, 4),
                _ => {
                    return Err(self.error(Problem::Corrupt(
                        "what follows a zstd frame is not another one",
                    )));
                }
            },
            Part::SkippableSize => {
                // Nothing but skippable frames is a stream too: it holds nothing.
                self.frames += 1;
                self.skip(little(&self.gathered) as u32);
            }
            Part::Skippable { .. } => {}
            Part::Descriptor => {
                let descriptor = self.gathered.first().copied().unwrap_or(0);
                if descriptor & 0x08 != 0 {
                    return Err(self.error(Problem::Corrupt(
                        "the zstd header sets a bit that must not be set",
                    )));
                }
                let fields = Fields::of(descriptor);
                self.want(Part::Header { descriptor }, fields.len());
                if fields.len() == 0 {
                    self.header(descriptor)?;
                }
            }
            Part::Header { descriptor } => self.header(descriptor)?,
            Part::BlockHeader => {
                let header = little(&self.gathered);
                let (last, kind, size) = (header & 1 == 1, header >> 1 & 3, (header >> 3) as usize);
                if kind == 3 || size > self.block_max {
                    return Err(self.error(Problem::Corrupt(
                        "a zstd block is of a type or size that does not exist",
                    )));
                }
                // A run of one byte stores that byte only.
                let stored = if kind == 1 { 1 } else { size };
                self.part = Part::Block { last };
                self.wanted = 3 + stored + if last { self.checksum_len() } else { 0 };
                if self.wanted == self.gathered.len() {
                    self.block(last, sink)?;
                }
            }
            Part::Block { last } => self.block(last, sink)?,
        }
        Ok(())
    }

    fn checksum_len(&self) -> usize {
        if self.checksum { 4 } else { 0 }
    }

    fn header(&mut self, descriptor: u8) -> Result<(), Stop> {
        let fields = Fields::of(descriptor);
        let window = fields.window(&self.gathered);
        if window > ZSTD_WINDOW {
            return Err(self.error(Problem::Window { window }));
        }
        if fields.dictionary(&self.gathered) != 0 {
            return Err(self.error(Problem::Corrupt(
                "the zstd data needs a dictionary, which no layer has",
            )));
        }
        // Decoders keep what they have for a later frame too.
        if self.held.as_ref().is_none_or(|(held, _)| *held < window) {
            self.held = None;
            let share = self.memory.share();
            let taken = share.take(self.blocks.memory(window));
            taken.map_err(|error| self.error(error.into()))?;
            self.held = Some((window, share));
        }
        self.checksum = descriptor & CHECKSUM != 0;
        self.hash = XxHash64::with_seed(0);
        self.content_size = fields.content_size(&self.gathered);
        self.block_max = BLOCK_MAX.min(window as usize);
        self.decoded = 0;
        if self.blocks.begin(window).is_err() {
            return Err(self.error(Problem::Corrupt("the zstd header is damaged")));
        }
        self.want(Part::BlockHeader, 3);
        Ok(())
    }

    fn block(&mut self, last: bool, sink: Sink<'_>) -> Result<(), Stop> {
        const DAMAGED: Problem = Problem::Corrupt("the zstd data is damaged");
        let checksum = if last { self.checksum_len() } else { 0 };
        let (block, checksum) = self.gathered.split_at(self.gathered.len() - checksum);
        let (hash, has_checksum) = (&mut self.hash, self.checksum);
        let new = self.blocks.decode(block, last, &mut |content| {
            if has_checksum {
                hash.write(content);
            }
            sink(content)
        });
        let new = match new {
            Ok(new) if new <= self.block_max as u64 => new,
            Ok(_) | Err(Fault::Damaged) => return Err(self.error(DAMAGED)),
            Err(Fault::Stop(stop)) => return Err(stop),
        };
        self.decoded += new;
        let end = self.blob_offset - checksum.len() as u64;
        self.map.add(end, self.before + self.decoded);
        if !last {
            self.want(Part::BlockHeader, 3);
            return Ok(());
        }
        if self.content_size.is_some_and(|size| size != self.decoded) {
            return Err(self.error(Problem::Corrupt(
                "a zstd frame does not decode to as many bytes as its header says",
            )));
        }
        let told = (!checksum.is_empty()).then(|| little(checksum));
        if told.is_some_and(|told| told != self.hash.finish() & 0xffff_ffff) {
            return Err(self.error(Problem::Corrupt(
                "the checksum at the end of a zstd frame does not fit its content",
            )));
        }
        self.frames += 1;
        self.before += self.decoded;
        self.want(Part::Magic, 4);
        Ok(())
    }

    fn error(&self, problem: Problem) -> Stop {
        Stop::at(self.blob_offset, problem)
    }
}

/// The bit of a frame's descriptor that announces a checksum.
const CHECKSUM: u8 = 0x04;

/// Which fields follow a frame's descriptor, by their lengths in bytes.
struct Fields {
    window: usize,
    dictionary: usize,
    content_size: usize,
}

impl Fields {
    const fn of(descriptor: u8) -> Self {
        let single_segment = descriptor & 0x20 != 0;
        Self {
            window: if single_segment { 0 } else { 1 },
            dictionary: [0, 1, 2, 4][(descriptor & 3) as usize],
            content_size: match descriptor >> 6 {
                0 => single_segment as usize,
                1 => 2,
                2 => 4,
                _ => 8,
            },
        }
    }

    const fn len(&self) -> usize {
        self.window + self.dictionary + self.content_size
    }

    fn dictionary(&self, header: &[u8]) -> u64 {
        little(&header[self.window..self.window + self.dictionary])
    }

    /// Bytes that the frame decodes to, if the header says so.
    fn content_size(&self, header: &[u8]) -> Option<u64> {
        let size = little(&header[self.window + self.dictionary..]);
        match self.content_size {
            0 => None,
            2 => Some(size + 256),
            _ => Some(size),
        }
    }

    /// Bytes that matches may reach back; for a frame of one segment, its whole content.
    fn window(&self, header: &[u8]) -> u64 {
        if self.window == 0 {
            return self.content_size(header).unwrap_or(0);
        }
        let exponent = u64::from(header[0] >> 3);
        let base = 1 << (10 + exponent);
        base + base / 8 * u64::from(header[0] & 7)
    }
}

/// A number of at most eight bytes, the lowest first.
fn little(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}
