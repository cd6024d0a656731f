//! A table as bytes, for another worker, and back: what was damaged on the way is an error and no panic.

use std::sync::Arc;

use super::{ContentLocation, TableOfContents};
use crate::layer::{EntryId, LayerError, LayerIndex, Problem};

impl TableOfContents {
    /// The table in a compact binary form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let parts = (self.index.to_bytes(), &self.locations);
        // Serialising into memory cannot fail.
        postcard::to_stdvec(&parts).unwrap_or_default()
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// The bytes are no table, or one that contradicts itself.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LayerError> {
        let bad = || LayerError::at_blob(0, Problem::BadIndex);
        let (index, locations): (&[u8], Vec<(EntryId, ContentLocation)>) =
            postcard::from_bytes(bytes).map_err(|_| bad())?;
        let index = LayerIndex::from_bytes(index)?;
        let is_known = |(entry, location): &(EntryId, ContentLocation)| {
            (entry.0 as usize) < index.len() && location.start < location.end
        };
        let is_sound = index.is_listed()
            && locations.iter().all(is_known)
            && locations.is_sorted_by(|(a, _), (b, _)| a < b);
        match is_sound {
            true => Ok(Self {
                index: Arc::new(index),
                locations,
            }),
            false => Err(bad()),
        }
    }
}
