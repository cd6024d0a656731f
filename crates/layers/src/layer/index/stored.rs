//! The index as bytes, for a cache or another worker, and back: what was damaged on the way is an error and no panic.

use super::{LayerIndex, Names};
use crate::layer::entry::EntryKind;
use crate::layer::{LayerError, Problem};
use crate::limits::IMAGE_ENTRIES;

impl Names {
    /// What `get` relies on.
    fn is_sound(&self) -> bool {
        self.ends.is_sorted()
            && self
                .ends
                .last()
                .is_none_or(|end| *end as usize == self.bytes.len())
    }
}

impl LayerIndex {
    /// The index in a compact binary form, for a cache or another worker.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Serialising into memory cannot fail: no type in the index refuses.
        postcard::to_stdvec(self).unwrap_or_default()
    }

    /// Puts what [`Self::to_bytes`] gives behind what is in `bytes`: a large index is then never there twice.
    #[must_use]
    pub fn append_to(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        // Growing by doubling would take twice the memory for a moment, which a browser never gets back.
        bytes.reserve(postcard::experimental::serialized_size(self).unwrap_or(0));
        // As above.
        postcard::to_extend(self, bytes).unwrap_or_default()
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// The bytes are no index, or one that contradicts itself.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LayerError> {
        postcard::from_bytes::<Self>(bytes)
            .ok()
            .filter(Self::is_sound)
            .ok_or_else(|| LayerError::at_blob(0, Problem::BadIndex))
    }

    /// All that the methods above rely on, so that damaged bytes end in an error and not in a panic.
    fn is_sound(&self) -> bool {
        let c = &self.columns;
        let len = c.kinds.len();
        let dirs = c.dir_parents.len();
        let lengths = [
            c.dirs.len(),
            c.names.ends.len(),
            c.starts.len(),
            c.ends.len(),
            c.sizes.len(),
            c.modes.len(),
            c.owners.len(),
            c.seconds.len(),
            c.nanos.len(),
            c.contents.len(),
        ];
        lengths.iter().all(|other| *other == len)
            && len <= IMAGE_ENTRIES
            && c.dir_names.ends.len() == dirs
            && c.names.is_sound()
            && c.dir_names.is_sound()
            && c.dirs.iter().all(|dir| (*dir as usize) < dirs)
            && c.owners
                .iter()
                .all(|owner| (*owner as usize) < c.owner_table.len())
            && c.dir_parents.first() == Some(&0)
            && c.dir_parents
                .iter()
                .enumerate()
                .skip(1)
                .all(|(at, parent)| (*parent as usize) < at)
            && c.starts
                .iter()
                .zip(&c.ends)
                .all(|(start, end)| start <= end && *end <= self.size)
            && c.sizes
                .iter()
                .try_fold(0u64, |sum, size| sum.checked_add(*size))
                .is_some_and(|sum| sum <= self.size)
            // A hard link is another name of an earlier entry, which is none itself.
            && c.aliases.iter().all(|(entry, first)| {
                first < entry
                    && (*entry as usize) < len
                    && c.kinds[*entry as usize] == EntryKind::Hardlink
                    && !matches!(
                        c.kinds[*first as usize],
                        EntryKind::Hardlink | EntryKind::Dir | EntryKind::Whiteout | EntryKind::Opaque
                    )
            })
            && self.offsets.is_sound(self.blob_size)
    }
}
