//! The identity of a file's content: equal for equal bytes, however they were stored.
//!
//! A hole of a sparse file and the same zeros written out must compare equal, and a hole of
//! terabytes must cost nothing. So content is cut into blocks by logical offset, and blocks of
//! zeros are hashed as their position only.

#![allow(
    clippy::indexing_slicing,
    reason = "ranges lie in the data and in a block"
)]

use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_128;

const BLOCK: u64 = 4096;
const ZEROS: [u8; BLOCK as usize] = [0; BLOCK as usize];

/// A 128-bit fingerprint of a file's logical content and its length (XXH3, not a defence against
/// forgery: an image that forges one only mislabels its own `overwritten` bytes as `metadata_only`).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct ContentId(pub u128);

/// Computes a [`ContentId`] from pieces of any size.
pub(crate) struct ContentHasher {
    written: XxHash3_128,
    gaps: Option<XxHash3_128>,
    /// Logical bytes seen.
    position: u64,
    /// Where the current run of zero blocks began, if one is under way.
    gap: Option<u64>,
    /// The current block has a byte other than zero, so its bytes are being hashed.
    dirty: bool,
}

impl ContentHasher {
    pub(crate) fn new() -> Self {
        Self {
            written: XxHash3_128::new(),
            gaps: None,
            position: 0,
            gap: None,
            dirty: false,
        }
    }

    /// Takes bytes that are stored.
    pub(crate) fn update(&mut self, data: &[u8]) {
        let mut at = 0;
        // Neighbouring blocks go to the hash in one call.
        let mut run = 0..0;
        while at < data.len() {
            let room = (BLOCK - self.position % BLOCK) as usize;
            let end = data.len().min(at + room);
            if self.dirty || data[at..end].iter().any(|byte| *byte != 0) {
                let zeros = self.position % BLOCK;
                if !self.dirty && (self.gap.is_some() || zeros > 0) {
                    self.written.write(&data[run]);
                    run = at..at;
                    self.close_gap(zeros);
                } else if run.is_empty() {
                    run = at..at;
                }
                self.dirty = true;
                run.end = end;
            }
            self.advance((end - at) as u64);
            at = end;
        }
        self.written.write(&data[run]);
    }

    /// Takes a hole of `len` bytes.
    pub(crate) fn hole(&mut self, len: u64) {
        let mut left = len;
        if self.dirty {
            let rest = (BLOCK - self.position % BLOCK).min(left);
            self.written.write(&ZEROS[..rest as usize]);
            self.advance(rest);
            left -= rest;
        }
        if left == 0 {
            return;
        }
        let start = self.position - self.position % BLOCK;
        self.position += left;
        if self.position / BLOCK > start / BLOCK && self.gap.is_none() {
            self.gap = Some(start / BLOCK);
        }
    }

    pub(crate) fn finish(self) -> ContentId {
        let mut all = XxHash3_128::new();
        all.write(&self.written.finish_128().to_le_bytes());
        if let Some(gaps) = self.gaps {
            all.write(&gaps.finish_128().to_le_bytes());
        }
        all.write(&self.position.to_le_bytes());
        ContentId(all.finish_128())
    }

    /// Moves on within one block, and closes the block at its end.
    fn advance(&mut self, len: u64) {
        self.position += len;
        if self.position.is_multiple_of(BLOCK) {
            if !self.dirty && self.gap.is_none() {
                self.gap = Some(self.position / BLOCK - 1);
            }
            self.dirty = false;
        }
    }

    /// Ends a run of zero blocks, and writes the zeros with which the current block began.
    fn close_gap(&mut self, zeros: u64) {
        if let Some(start) = self.gap.take() {
            let gaps = self.gaps.get_or_insert_with(XxHash3_128::new);
            gaps.write(&start.to_le_bytes());
            gaps.write(&(self.position / BLOCK).to_le_bytes());
        }
        self.written.write(&ZEROS[..zeros as usize]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(data: &[u8]) -> ContentId {
        let mut hasher = ContentHasher::new();
        hasher.update(data);
        hasher.finish()
    }

    /// Runs of zeros and of other bytes, as (length, value).
    fn runs() -> impl Strategy<Value = Vec<(usize, u8)>> {
        prop::collection::vec((0usize..9000, prop_oneof![Just(0u8), 1u8..4]), 0..8)
    }

    proptest! {
        #[test]
        fn pieces_and_holes_do_not_show(runs in runs(), cut in 1usize..5000) {
            let data: Vec<u8> = runs.iter().flat_map(|(len, value)| vec![*value; *len]).collect();
            let expected = whole(&data);
            let mut cuts = ContentHasher::new();
            data.chunks(cut).for_each(|piece| cuts.update(piece));
            prop_assert_eq!(cuts.finish(), expected);
            let mut holes = ContentHasher::new();
            for (len, value) in &runs {
                match value {
                    0 => holes.hole(*len as u64),
                    value => holes.update(&vec![*value; *len]),
                }
            }
            prop_assert_eq!(holes.finish(), expected);
        }

        #[test]
        fn other_content_has_another_identity(runs in runs(), at in 0usize..60000) {
            let mut data: Vec<u8> = runs.iter().flat_map(|(len, value)| vec![*value; *len]).collect();
            let expected = whole(&data);
            let longer = [&data[..], &[0]].concat();
            prop_assert_ne!(whole(&longer), expected);
            if !data.is_empty() {
                let at = at % data.len();
                data[at] ^= 1;
                prop_assert_ne!(whole(&data), expected);
            }
        }
    }

    #[test]
    fn zeros_moved_elsewhere_are_other_content() {
        let block = [7u8; BLOCK as usize];
        let early = [&ZEROS[..], &ZEROS, &block, &block].concat();
        let late = [&block[..], &ZEROS, &ZEROS, &block].concat();
        let apart = [&ZEROS[..], &block, &ZEROS, &block].concat();
        assert_ne!(whole(&early), whole(&late));
        assert_ne!(whole(&early), whole(&apart));
    }

    #[test]
    fn a_huge_hole_costs_nothing() {
        let mut hasher = ContentHasher::new();
        hasher.hole(u64::MAX / 4);
        hasher.update(b"end");
        hasher.finish();
    }
}
