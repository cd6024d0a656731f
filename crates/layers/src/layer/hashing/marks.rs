//! The states of a hash at regular places of what it hashes: with them, a part is proved to belong to the whole.
//!
//! A part is right if it leads from the state before it to the state behind it. To find another one is as hard as to
//! find another whole with the same digest.

use crate::digest::{Digest, HashState, Hasher};

/// Bytes between two marks.
pub(in crate::layer) const MARK_EVERY: u64 = if cfg!(test) { 16 << 10 } else { 256 << 10 };

/// A hasher that notes its states.
#[derive(Clone)]
pub(in crate::layer) struct Marking {
    hasher: Hasher,
    position: u64,
    /// The state at each multiple of [`MARK_EVERY`], without the first; None where nobody wants them.
    marks: Option<Vec<HashState>>,
}

impl Marking {
    pub(super) const fn new(hasher: Hasher) -> Self {
        Self {
            hasher,
            position: 0,
            marks: None,
        }
    }

    /// Notes states from here on: before anything is hashed.
    pub(super) fn mark(&mut self) {
        self.marks = Some(Vec::new());
    }

    pub(super) fn update(&mut self, mut data: &[u8]) {
        let Some(marks) = &mut self.marks else {
            return self.hasher.update(data);
        };
        while !data.is_empty() {
            let to_mark = MARK_EVERY - self.position % MARK_EVERY;
            let now =
                usize::try_from(to_mark).map_or(data.len(), |to_mark| to_mark.min(data.len()));
            let (now, rest) = data.split_at(now);
            self.hasher.update(now);
            self.position += now.len() as u64;
            if self.position.is_multiple_of(MARK_EVERY) {
                marks.push(self.hasher.state());
            }
            data = rest;
        }
    }

    pub(super) fn finish(self) -> (Digest, Vec<HashState>) {
        (self.hasher.finish(), self.marks.unwrap_or_default())
    }
}
