//! Sparse members of an outer tar: which bytes of the file are stored, and where (GNU tar manual, "Storing Sparse
//! Files"). `tar --sparse` writes them for layers with long runs of zeros.

use tar::{GnuExtSparseHeader, GnuSparseHeader, Header};

use crate::limits;
use crate::source::image::Run;

/// The parts of a sparse file, as its map has them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Map {
    /// Bytes of the file, holes included.
    pub(super) size: u64,
    /// Place in the file and length of each part, in the order in which they are stored.
    parts: Vec<(u64, u64)>,
}

impl Map {
    /// The map of the old GNU format, of which the header has the first four parts; whether blocks with more follow.
    pub(super) fn of_header(header: &Header) -> Option<(Self, bool)> {
        let gnu = header.as_gnu()?;
        let mut map = Self {
            size: gnu.real_size().ok()?,
            parts: Vec::new(),
        };
        map.add(&gnu.sparse)?;
        Some((map, gnu.is_extended()))
    }

    /// Takes a block that follows such a header; whether another follows.
    pub(super) fn add_block(&mut self, block: &[u8]) -> Option<bool> {
        let mut more = GnuExtSparseHeader::new();
        if block.len() != more.as_bytes().len() {
            return None;
        }
        more.as_mut_bytes().copy_from_slice(block);
        self.add(more.sparse())?;
        Some(more.is_extended())
    }

    fn add(&mut self, parts: &[GnuSparseHeader]) -> Option<()> {
        for part in parts.iter().take_while(|part| !part.is_empty()) {
            self.push(part.offset().ok()?, part.length().ok()?)?;
        }
        Some(())
    }

    /// The next part.
    fn push(&mut self, at: u64, size: u64) -> Option<()> {
        self.parts.push((at, size));
        (self.parts.len() <= limits::SPARSE_RUNS).then_some(())
    }

    /// The map of PAX format 0.1: `at,size,at,size`.
    pub(super) fn of_list(size: u64, list: &[u8]) -> Option<Self> {
        let list = std::str::from_utf8(list).ok()?;
        let numbers = list.split(',').filter(|_| !list.is_empty());
        let numbers: Option<Vec<u64>> = numbers.map(|number| number.parse().ok()).collect();
        Self::of_numbers(size, &numbers?)
    }

    /// A map of places and lengths in turn, as PAX format 0.0 has them in records.
    pub(super) fn of_numbers(size: u64, numbers: &[u64]) -> Option<Self> {
        let mut map = Self {
            size,
            parts: Vec::new(),
        };
        let (pairs, rest) = numbers.as_chunks::<2>();
        rest.is_empty().then_some(())?;
        for [at, size] in pairs {
            map.push(*at, *size)?;
        }
        Some(map)
    }

    /// Where the parts lie, which are stored one after the other from `offset` on and have `stored` bytes together.
    pub(super) fn runs(self, offset: u64, stored: u64) -> Option<(u64, Vec<Run>)> {
        let (mut end, mut sum) = (0_u64, 0_u64);
        let mut runs = Vec::new();
        for (at, size) in self.parts {
            let run = Run {
                at,
                offset: offset.checked_add(sum)?,
                size,
            };
            let next = at.checked_add(size)?;
            if at < end || next > self.size {
                return None;
            }
            end = next;
            sum = sum.checked_add(size)?;
            if size > 0 {
                runs.push(run);
            }
        }
        // Zeros cost nothing to store, and as much as other bytes to read.
        let fits = self.size <= limits::TEMPORARY_BYTES.max(stored);
        (sum == stored && fits).then_some((self.size, runs))
    }
}

/// The map of PAX format 1.0, in front of the content: a count, then places and lengths, each a number on a line; the
/// last block is filled up with NULs.
#[derive(Default)]
pub(super) struct MapInContent {
    count: Option<u64>,
    numbers: Vec<u64>,
    digits: Vec<u8>,
}

impl MapInContent {
    /// Takes a block; whether the map is complete.
    pub(super) fn add_block(&mut self, block: &[u8]) -> Option<bool> {
        for byte in block {
            if self.is_complete() {
                break;
            }
            if *byte != b'\n' {
                self.digits.push(*byte);
                (self.digits.len() <= 20).then_some(())?;
                continue;
            }
            let digits = std::mem::take(&mut self.digits);
            let number: u64 = std::str::from_utf8(&digits).ok()?.parse().ok()?;
            match self.count {
                None if number > limits::SPARSE_RUNS as u64 => return None,
                None => self.count = Some(number),
                Some(_) => self.numbers.push(number),
            }
        }
        Some(self.is_complete())
    }

    fn is_complete(&self) -> bool {
        self.count
            .is_some_and(|count| self.numbers.len() as u64 == 2 * count)
    }

    pub(super) fn map(self, size: u64) -> Option<Map> {
        Map::of_numbers(size, &self.numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_must_fit_their_file() {
        let runs = |size, parts: &[u64], stored| Map::of_numbers(size, parts)?.runs(512, stored);
        let run = |at, offset, size| Run { at, offset, size };
        assert_eq!(
            runs(100, &[0, 10, 50, 5, 100, 0], 15),
            Some((100, vec![run(0, 512, 10), run(50, 522, 5)]))
        );
        for (size, parts, stored) in [
            (100, &[0, 10][..], 11),
            (100, &[0, 10, 5, 10], 20),
            (100, &[50, 10, 0, 10], 20),
            (100, &[95, 10], 10),
            (100, &[u64::MAX, 10], 10),
            (100, &[0], 0),
            (u64::MAX, &[0, 10], 10),
        ] {
            assert_eq!(runs(size, parts, stored), None, "{parts:?}");
        }
        assert_eq!(
            Map::of_list(9, b"1,2,4,1"),
            Map::of_numbers(9, &[1, 2, 4, 1])
        );
        assert_eq!(Map::of_list(9, b"1,x"), None);
    }

    #[test]
    fn a_map_in_the_content_ends_where_its_count_says() {
        let mut map = MapInContent::default();
        assert_eq!(map.add_block(b"2\n0\n5\n10"), Some(false));
        assert_eq!(map.add_block(b"0\n7\n\0\0\0"), Some(true));
        assert_eq!(map.map(200), Map::of_numbers(200, &[0, 5, 100, 7]));
        assert_eq!(MapInContent::default().add_block(b"99999999999\n"), None);
        assert_eq!(MapInContent::default().add_block(b"x\n"), None);
        assert_eq!(MapInContent::default().add_block(&[b'1'; 30]), None);
    }
}
