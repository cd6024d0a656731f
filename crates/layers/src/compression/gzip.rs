//! gzip framing (RFC 1952), push-driven: several members are one stream, zeros may follow the last.
//!
//! The framing is our own because no library offers it with offsets: known points of the blob,
//! several members, padding, and points to go on from, over the raw inflate of zlib-rs.

#![allow(
    clippy::indexing_slicing,
    reason = "what was used and made is counted by the decompressor"
)]

mod finder;
mod resume;

use zlib_rs::{Inflate, InflateFlush, Status};

use super::error::Stop;
use super::points::GzipPoint;
use super::{OffsetMap, POINT_EVERY, Problem, Sink};
use finder::Finder;

const OUTPUT: usize = 256 * 1024;

const FHCRC: u8 = 2;
const FEXTRA: u8 = 4;
const FNAME: u8 = 8;
const FCOMMENT: u8 = 16;

/// What the next byte of the blob belongs to.
enum State {
    /// The ten fixed bytes of a member's header, of which some are here.
    Header {
        bytes: [u8; 10],
        have: usize,
    },
    /// The two bytes that say how long the extra field is.
    ExtraLength {
        flags: u8,
        low: Option<u8>,
    },
    Extra {
        flags: u8,
        left: u16,
    },
    Name {
        flags: u8,
    },
    Comment {
        flags: u8,
    },
    HeaderCrc {
        left: u8,
    },
    Deflate,
    /// CRC-32 and length of the member.
    Trailer {
        bytes: [u8; 8],
        have: usize,
    },
    /// Zeros after a member.
    Padding,
}

const START: State = State::Header {
    bytes: [0; 10],
    have: 0,
};

pub(super) struct Gzip {
    state: State,
    inflate: Inflate,
    /// What finds points, where they are wanted.
    finder: Option<Box<Finder>>,
    output: Vec<u8>,
    /// Bytes of `output` that wait to be handed on.
    filled: usize,
    members: u64,
    crc: crc32fast::Hasher,
    member_len: u32,
    blob_offset: u64,
    made: u64,
    map: OffsetMap,
}

impl Gzip {
    pub(super) fn new() -> Self {
        Self {
            state: START,
            inflate: resume::inflate(),
            finder: None,
            output: vec![0; OUTPUT],
            filled: 0,
            members: 0,
            crc: crc32fast::Hasher::new(),
            member_len: 0,
            blob_offset: 0,
            made: 0,
            map: OffsetMap::Known(Vec::new()),
        }
    }

    /// Finds points on the way.
    pub(super) fn with_points(mut self) -> Self {
        self.finder = Some(Box::default());
        self
    }

    /// Goes on from a point.
    pub(super) fn resume(point: &GzipPoint) -> Result<Self, Stop> {
        let inflate = resume::resumed(&point.window, point.bits, point.last);
        let problem = Problem::Corrupt("the deflate data cannot be continued from a checkpoint");
        Ok(Self {
            state: State::Deflate,
            inflate: inflate.ok_or_else(|| Stop::at(point.at.blob, problem))?,
            crc: crc32fast::Hasher::new_with_initial(point.crc),
            member_len: point.member_len,
            blob_offset: point.at.blob,
            made: point.at.content,
            ..Self::new()
        })
    }

    /// The points that were found.
    pub(super) fn take_points(&mut self) -> Vec<GzipPoint> {
        let finder = self.finder.take();
        finder.map_or_else(Vec::new, |finder| finder.into_points())
    }

    /// Takes more of the blob and hands what it decodes to `sink`.
    pub(super) fn push(&mut self, mut data: &[u8], sink: Sink<'_>) -> Result<(), Stop> {
        while !data.is_empty() {
            let to_point = POINT_EVERY - self.blob_offset % POINT_EVERY;
            let (now, rest) = data.split_at(data.len().min(to_point as usize));
            if let Err(error) = self.push_piece(now, sink) {
                // What was decoded before the damage is looked at first, as it is with smaller pieces.
                self.hand_on(sink)?;
                return Err(error);
            }
            if self.blob_offset.is_multiple_of(POINT_EVERY) {
                self.map.add(self.blob_offset, self.made);
            }
            data = rest;
        }
        self.hand_on(sink)
    }

    /// The blob ends here.
    pub(super) fn finish(mut self) -> Result<OffsetMap, Stop> {
        let complete = match self.state {
            State::Padding => true,
            State::Header { have, .. } => have == 0 && self.members > 0,
            _ => false,
        };
        if !complete {
            return Err(self.error(Problem::Cut));
        }
        self.map.add(self.blob_offset, self.made);
        Ok(self.map)
    }

    fn push_piece(&mut self, mut data: &[u8], sink: Sink<'_>) -> Result<(), Stop> {
        while !data.is_empty() {
            if matches!(self.state, State::Deflate) {
                data = self.inflate(data, sink)?;
                continue;
            }
            let (&byte, rest) = match data.split_first() {
                Some(split) => split,
                None => break,
            };
            data = rest;
            self.blob_offset += 1;
            self.frame_byte(byte)?;
        }
        Ok(())
    }

    /// Decodes from `data` until it is used up or the member's deflate stream ends; returns the rest.
    fn inflate<'d>(&mut self, mut data: &'d [u8], sink: Sink<'_>) -> Result<&'d [u8], Stop> {
        loop {
            if self.filled == self.output.len() {
                self.hand_on(sink)?;
            }
            let flush = match &self.finder {
                Some(finder) if finder.wants_end_of_block() => InflateFlush::Block,
                _ => InflateFlush::NoFlush,
            };
            let before = (self.inflate.total_in(), self.inflate.total_out());
            let room = &mut self.output[self.filled..];
            let status = self.inflate.decompress(data, room, flush);
            let used = (self.inflate.total_in() - before.0) as usize;
            let made = (self.inflate.total_out() - before.1) as usize;
            let new = &self.output[self.filled..self.filled + made];
            self.crc.update(new);
            self.member_len = self.member_len.wrapping_add(made as u32);
            self.filled += made;
            self.made += made as u64;
            self.blob_offset += used as u64;
            if let Some(finder) = &mut self.finder {
                finder.take(&data[..used], new, self.blob_offset);
            }
            data = &data[used..];
            let status =
                status.map_err(|_| self.error(Problem::Corrupt("the deflate data is damaged")))?;
            if matches!(status, Status::StreamEnd) {
                if let Some(finder) = &mut self.finder {
                    finder.end_of_member();
                }
                self.state = State::Trailer {
                    bytes: [0; 8],
                    have: 0,
                };
                return Ok(data);
            }
            // With room left in the output, everything decodable has been decoded.
            if data.is_empty() && self.filled < self.output.len() {
                return Ok(data);
            }
            if used == 0 && made == 0 && self.filled < self.output.len() {
                return Err(self.error(Problem::Corrupt("the deflate data makes no progress")));
            }
            // It stopped for no other reason.
            if matches!(flush, InflateFlush::Block)
                && self.filled < self.output.len()
                && let (Some(finder), Some(next)) = (&mut self.finder, data.first())
            {
                let crc = self.crc.clone().finalize();
                finder.end_of_block(*next, self.made, crc, self.member_len);
            }
        }
    }

    fn hand_on(&mut self, sink: Sink<'_>) -> Result<(), Stop> {
        let filled = std::mem::take(&mut self.filled);
        if filled > 0 {
            sink(&self.output[..filled])?;
        }
        Ok(())
    }

    /// Takes one byte of header, trailer or padding.
    fn frame_byte(&mut self, byte: u8) -> Result<(), Stop> {
        match &mut self.state {
            State::Header { bytes, have } => {
                if *have == 0 && byte == 0 && self.members > 0 {
                    self.state = State::Padding;
                    return Ok(());
                }
                bytes[*have] = byte;
                *have += 1;
                let (bytes, have) = (*bytes, *have);
                if bytes[..have.min(2)] != [0x1f, 0x8b][..have.min(2)] {
                    return Err(self.error(Problem::Corrupt(
                        "what follows a gzip member is neither another one nor zeros",
                    )));
                }
                if have == 10 {
                    if bytes[2] != 8 || bytes[3] & 0xe0 != 0 {
                        return Err(self.error(Problem::Corrupt(
                            "the gzip header asks for a method or flag that does not exist",
                        )));
                    }
                    self.next_field(bytes[3]);
                }
            }
            State::ExtraLength { flags, low } => match *low {
                None => *low = Some(byte),
                Some(low) => {
                    let (flags, left) = (*flags, u16::from_le_bytes([low, byte]));
                    self.state = State::Extra { flags, left };
                    if left == 0 {
                        self.next_field(flags & !FEXTRA);
                    }
                }
            },
            State::Extra { flags, left } => {
                *left -= 1;
                if *left == 0 {
                    let flags = *flags & !FEXTRA;
                    self.next_field(flags);
                }
            }
            State::Name { flags } => {
                if byte == 0 {
                    let flags = *flags & !FNAME;
                    self.next_field(flags);
                }
            }
            State::Comment { flags } => {
                if byte == 0 {
                    let flags = *flags & !FCOMMENT;
                    self.next_field(flags);
                }
            }
            State::HeaderCrc { left } => {
                *left -= 1;
                if *left == 0 {
                    self.next_field(0);
                }
            }
            State::Trailer { bytes, have } => {
                bytes[*have] = byte;
                *have += 1;
                if *have == 8 {
                    let [c0, c1, c2, c3, l0, l1, l2, l3] = *bytes;
                    let crc = std::mem::take(&mut self.crc).finalize();
                    if u32::from_le_bytes([c0, c1, c2, c3]) != crc
                        || u32::from_le_bytes([l0, l1, l2, l3]) != self.member_len
                    {
                        return Err(self.error(Problem::Corrupt(
                            "the checksum or length at the end of a gzip member does not fit its content",
                        )));
                    }
                    self.member_len = 0;
                    self.members += 1;
                    self.state = START;
                }
            }
            State::Padding => {
                if byte != 0 {
                    return Err(self.error(Problem::Corrupt(
                        "something other than zeros stands in the padding after the gzip data",
                    )));
                }
            }
            State::Deflate => {}
        }
        Ok(())
    }

    /// The header's next optional field that `flags` announces, else the data.
    fn next_field(&mut self, flags: u8) {
        self.state = if flags & FEXTRA != 0 {
            State::ExtraLength { flags, low: None }
        } else if flags & FNAME != 0 {
            State::Name { flags }
        } else if flags & FCOMMENT != 0 {
            State::Comment { flags }
        } else if flags & FHCRC != 0 {
            State::HeaderCrc { left: 2 }
        } else {
            self.inflate.reset(false);
            State::Deflate
        };
    }

    fn error(&self, problem: Problem) -> Stop {
        Stop::at(self.blob_offset, problem)
    }
}
