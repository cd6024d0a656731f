//! Sparse files: which bytes of the logical file are stored (GNU tar manual, "Storing Sparse Files").

use super::header::size as header_size;
use super::segment::Segment;
use super::{BLOCK, Problem, pax};
use crate::limits::SPARSE_SEGMENTS;

const TOO_MANY: Problem = Problem::TooMuch {
    what: "parts of a sparse file",
    limit: SPARSE_SEGMENTS,
};

/// A sparse file's layout, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SparseMap {
    /// Bytes of the file, holes included.
    pub real_size: u64,
    /// What of it is stored, in rising order.
    pub segments: Vec<Segment>,
}

impl SparseMap {
    /// Checks that segments rise, fit into the file and add up to what is stored.
    pub(super) fn new(
        real_size: u64,
        segments: Vec<Segment>,
        stored: u64,
    ) -> Result<Self, Problem> {
        let mut end = 0u64;
        let mut sum = 0u64;
        for segment in &segments {
            let next = segment
                .offset
                .checked_add(segment.len)
                .filter(|next| segment.offset >= end && *next <= real_size)
                .ok_or(Problem::BadEntry("its sparse map does not fit its size"))?;
            end = next;
            sum += segment.len;
        }
        if sum != stored {
            return Err(Problem::BadEntry(
                "its sparse map does not add up to what is stored",
            ));
        }
        Ok(Self {
            real_size,
            segments,
        })
    }
}

/// The map of the old GNU format: four segments in the header, 21 in each block that follows it.
pub(super) struct OldGnuMap {
    pub(super) real_size: u64,
    pub(super) segments: Vec<Segment>,
}

impl OldGnuMap {
    /// Reads the header's part; true if blocks follow.
    pub(super) fn from_header(block: &[u8; BLOCK]) -> Result<(Self, bool), Problem> {
        let mut map = Self {
            real_size: header_size(&block[483..495])?,
            segments: Vec::new(),
        };
        map.add(&block[386..482])?;
        Ok((map, block[482] != 0))
    }

    /// Reads one more block; true if another follows.
    pub(super) fn add_block(&mut self, block: &[u8; BLOCK]) -> Result<bool, Problem> {
        self.add(&block[..504])?;
        if self.segments.len() as u64 > SPARSE_SEGMENTS {
            return Err(TOO_MANY);
        }
        Ok(block[504] != 0)
    }

    fn add(&mut self, pairs: &[u8]) -> Result<(), Problem> {
        let (pairs, _) = pairs.as_chunks::<24>();
        for pair in pairs {
            if pair[0] == 0 {
                break;
            }
            self.segments.push(Segment {
                offset: header_size(&pair[..12])?,
                len: header_size(&pair[12..])?,
            });
        }
        Ok(())
    }
}

/// The map of PAX format 1.0, in front of the data: a count and then offsets and lengths, each a
/// decimal number on a line of its own; the last block is filled up with NULs.
#[derive(Default)]
pub(super) struct MapInData {
    count: Option<u64>,
    segments: Vec<Segment>,
    /// An offset that waits for its length.
    offset: Option<u64>,
    digits: Vec<u8>,
}

impl MapInData {
    /// Takes a block; true once the map is complete.
    pub(super) fn add_block(&mut self, block: &[u8]) -> Result<bool, Problem> {
        for byte in block {
            if self.count == Some(self.segments.len() as u64) {
                break;
            }
            if *byte != b'\n' {
                self.digits.push(*byte);
                if self.digits.len() > 20 {
                    return Err(Problem::BadEntry(
                        "a line of its sparse map is not a number",
                    ));
                }
                continue;
            }
            let number = pax::size(&std::mem::take(&mut self.digits))?;
            match (self.count, self.offset.take()) {
                (None, _) if number > SPARSE_SEGMENTS => return Err(TOO_MANY),
                (None, _) => self.count = Some(number),
                (Some(_), None) => self.offset = Some(number),
                (Some(_), Some(offset)) => self.segments.push(Segment {
                    offset,
                    len: number,
                }),
            }
        }
        Ok(self.count == Some(self.segments.len() as u64))
    }

    pub(super) fn segments(self) -> Vec<Segment> {
        self.segments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(offset: u64, len: u64) -> Segment {
        Segment { offset, len }
    }

    #[test]
    fn maps_must_fit() {
        assert!(SparseMap::new(100, vec![segment(0, 10), segment(90, 10)], 20).is_ok());
        assert!(SparseMap::new(100, vec![segment(0, 0), segment(100, 0)], 0).is_ok());
        for (real, segments, stored) in [
            (100, vec![segment(0, 10), segment(95, 10)], 20),
            (100, vec![segment(50, 10), segment(0, 10)], 20),
            (100, vec![segment(0, 10), segment(5, 10)], 20),
            (100, vec![segment(0, 10)], 11),
            (100, vec![segment(u64::MAX, 10)], 10),
        ] {
            assert!(SparseMap::new(real, segments, stored).is_err());
        }
    }

    #[test]
    fn a_map_in_the_data_ends_where_its_count_says() {
        let mut map = MapInData::default();
        assert_eq!(map.add_block(b"2\n0\n5\n10"), Ok(false));
        assert_eq!(map.add_block(b"0\n7\n\0\0\0"), Ok(true));
        assert_eq!(map.segments(), vec![segment(0, 5), segment(100, 7)]);
        assert_eq!(MapInData::default().add_block(b"0\n\0"), Ok(true));
        assert!(MapInData::default().add_block(b"99999999999\n").is_err());
        assert!(MapInData::default().add_block(b"x\n").is_err());
        assert!(MapInData::default().add_block(&[b'1'; 30]).is_err());
    }
}
