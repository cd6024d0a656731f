//! zstd framing (RFC 8878), push-driven: frames and skippable frames one after the other are one stream.
//!
//! The blocks are decoded by ruzstd. The framing is our own because the ends of blocks are the
//! known points of a blob, and because a block is handed to the decoder only when it is whole.

#![allow(clippy::indexing_slicing, reason = "a header is as long as its fields")]

use std::io::Read as _;

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::hash::Hasher as _;
use twox_hash::XxHash64;

use super::error::Stop;
use super::{OffsetMap, Problem, Sink};
use crate::limits::ZSTD_WINDOW;
use crate::memory::{Held, Memory};

const MAGIC: u32 = 0xfd2f_b528;
/// Sixteen magic numbers that differ in their lowest four bits.
const SKIPPABLE: u32 = 0x184d_2a50;
/// No block decodes to more, nor is stored in more.
const BLOCK_MAX: usize = 128 * 1024;

/// What the decoder is told the window is, and what each frame is begun with: a run of as many zeros.
///
/// The decoder tells how much it holds beyond its window. With a full window to begin with, and the
/// same small one for every frame, that tells after each block how much it decoded to.
const FILLER: usize = BLOCK_MAX;
/// The header of a frame with a window of [`FILLER`] bytes and no checksum, which is checked here.
const TOLD: [u8; 6] = [0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3];
/// A block of [`FILLER`] zeros that is not the last.
const FILLER_BLOCK: [u8; 4] = [0x02, 0x00, 0x10, 0];

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
    decoder: FrameDecoder,
    frames: u64,
    /// The frame ends with a checksum.
    checksum: bool,
    /// XXH64 of what the frame decoded to.
    hash: XxHash64,
    /// How far back the frame's matches may reach.
    window: usize,
    memory: Memory,
    /// What the largest window so far takes.
    held: Option<(u64, Held)>,
    output: Vec<u8>,
    blob_offset: u64,
    /// Bytes that earlier frames decoded to.
    before: u64,
    /// Bytes that were taken from the decoder for this frame, [`FILLER`] first.
    taken: u64,
    map: OffsetMap,
}

impl Zstd {
    pub(super) fn new(memory: Memory) -> Self {
        Self {
            part: Part::Magic,
            gathered: Vec::new(),
            wanted: 4,
            decoder: FrameDecoder::new(),
            frames: 0,
            checksum: false,
            hash: XxHash64::with_seed(0),
            window: 0,
            memory,
            held: None,
            output: Vec::new(),
            blob_offset: 0,
            before: 0,
            taken: 0,
            map: OffsetMap::Known(Vec::new()),
        }
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
                MAGIC => self.want(Part::Descriptor, 1),
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
                if kind == 3 || size > BLOCK_MAX {
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
        // The decoder keeps what it has for a later frame too, and twice as much while it grows.
        if self.held.as_ref().is_none_or(|(held, _)| *held < window) {
            self.held = None;
            let held = self.memory.hold(3 * window);
            let held = held.map_err(|error| self.error(error.into()))?;
            self.held = Some((window, held));
        }
        self.window = window as usize;
        self.checksum = descriptor & 0x04 != 0;
        self.hash = XxHash64::with_seed(0);
        self.taken = 0;
        let one = BlockDecodingStrategy::UptoBlocks(1);
        let begun = self
            .decoder
            .reset(TOLD.as_slice())
            .and_then(|()| self.decoder.decode_blocks(FILLER_BLOCK.as_slice(), one));
        if begun.is_err() {
            return Err(self.error(Problem::Corrupt("the zstd header is damaged")));
        }
        self.want(Part::BlockHeader, 3);
        Ok(())
    }

    fn block(&mut self, last: bool, sink: Sink<'_>) -> Result<(), Stop> {
        const DAMAGED: Problem = Problem::Corrupt("the zstd data is damaged");
        let checksum = if last { self.checksum_len() } else { 0 };
        let (block, checksum) = self.gathered.split_at(self.gathered.len() - checksum);
        let one = BlockDecodingStrategy::UptoBlocks(1);
        if self.decoder.decode_blocks(block, one).is_err() {
            return Err(self.error(DAMAGED));
        }
        let told = (!checksum.is_empty()).then(|| little(checksum));
        let held = self.decoder.can_collect() + if last { 0 } else { FILLER };
        let decoded = self.before + self.taken + held as u64 - FILLER as u64;
        let end = self.blob_offset - checksum.len() as u64;
        self.map.add(end, decoded);
        // What a later block may refer to has to stay; and little at a time would only be moved about.
        let keep = if last { 0 } else { self.window.max(FILLER) };
        if last || held >= keep + BLOCK_MAX {
            self.take(held - keep, sink)?;
        }
        if !last {
            self.want(Part::BlockHeader, 3);
            return Ok(());
        }
        if told.is_some_and(|told| told != self.hash.finish() & 0xffff_ffff) {
            return Err(self.error(Problem::Corrupt(
                "the checksum at the end of a zstd frame does not fit its content",
            )));
        }
        self.frames += 1;
        self.before = decoded;
        self.want(Part::Magic, 4);
        Ok(())
    }

    /// Takes the oldest `len` bytes from the decoder and hands them on, but for the filler.
    fn take(&mut self, len: usize, sink: Sink<'_>) -> Result<(), Stop> {
        self.output.resize(len, 0);
        if !matches!(self.decoder.read(&mut self.output), Ok(read) if read == len) {
            return Err(self.error(Problem::Corrupt("the zstd data is damaged")));
        }
        let filler = (FILLER as u64).saturating_sub(self.taken).min(len as u64);
        self.taken += len as u64;
        let content = &self.output[filler as usize..];
        self.hash.write(content);
        sink(content)
    }

    fn error(&self, problem: Problem) -> Stop {
        Stop::at(self.blob_offset, problem)
    }
}

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

    /// Bytes that matches may reach back; for a frame of one segment, its whole content.
    fn window(&self, header: &[u8]) -> u64 {
        if self.window == 0 {
            let size = little(&header[self.dictionary..]);
            return if self.content_size == 2 {
                size + 256
            } else {
                size
            };
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
