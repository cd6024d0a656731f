//! How much memory the layers of an image may take together, counted before it is taken.
//!
//! A small blob can name very many paths, and very long ones. What is counted here is what grows with them later too:
//! the tree of the image, what is listed of it, what is reported.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::index::room::Room;
use super::{LayerError, LayerIndex, Problem};
use crate::limits::{
    IMAGE_ENTRIES, IMAGE_FOLDER_PATH_BYTES, IMAGE_FOLDERS, IMAGE_FOUND_BYTES, IMAGE_NAME_BYTES,
    IMAGE_PATH_BYTES,
};
use crate::memory::{Memory, Share};

/// Bytes that one entry takes at most in index, tree and reports, without its names. Measured: a list as JSON takes most.
const ENTRY: u64 = 1000;
/// Bytes that a folder takes that entries are in.
const FOLDER: u64 = 1000;
/// How often the bytes of a path are held: in a list, in its text, and while that grows.
const PATHS: u64 = 3;
/// How often the bytes of a name are held: in the index, in the tree, and while these grow.
const NAMES: u64 = 2;
/// How often the bytes of what visitors find are held: as they are stored, and while they are read.
const FOUND: u64 = 3;

/// What the layers of one image have taken so far. A clone is the same budget, so that decoders on several threads share
/// it. The memory of a layer is given back with its index.
#[derive(Clone, Debug, Default)]
pub struct MemoryBudget {
    memory: Memory,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    entries: AtomicU64,
    folders: AtomicU64,
    name_bytes: AtomicU64,
    path_bytes: AtomicU64,
    folder_path_bytes: AtomicU64,
    found_bytes: AtomicU64,
}

impl MemoryBudget {
    /// A budget of so many bytes of memory; without a number only the limits of [`crate::limits`] hold.
    #[must_use]
    pub fn new(memory: Option<u64>) -> Self {
        Self::of(Memory::new(memory))
    }

    /// A budget of this memory, which images that are held at once share.
    #[must_use]
    pub fn of(memory: Memory) -> Self {
        Self {
            memory,
            counts: Arc::default(),
        }
    }

    /// The bytes alone, without what they are counted by.
    pub(super) fn memory(&self) -> Memory {
        self.memory.clone()
    }

    /// What a layer of the image takes.
    pub(super) fn layer(self) -> LayerMemory {
        let share = self.memory.share();
        LayerMemory {
            counts: self.counts,
            share,
        }
    }

    /// Layer `layer` lists a blob that was decoded for another one. They share the index, but what tree and reports hold
    /// of its entries comes again.
    ///
    /// # Errors
    /// There is no room for them.
    pub fn repeat(&self, layer: usize, index: &LayerIndex) -> Result<(), LayerError> {
        let entries = index.len() as u64;
        let limit = IMAGE_ENTRIES as u64;
        count(&self.counts.entries, entries, "entries", limit)
            .and_then(|()| Ok(index.memory.take(ENTRY.saturating_mul(entries))?))
            .map_err(|problem| LayerError::at_blob(index.blob_size, problem).of_layer(layer))
    }

    /// Layer `layer` was decoded earlier, and its index kept: what decoding it would have taken is taken now.
    ///
    /// # Errors
    /// There is no room for it.
    pub fn kept(&self, layer: usize, index: &mut LayerIndex) -> Result<(), LayerError> {
        index.memory = self.memory.share();
        let taken = self.counted(index).and_then(|room| {
            let paths = room.paths.saturating_add(room.folder_paths);
            let bytes = (ENTRY.saturating_mul(room.entries))
                .saturating_add(FOLDER.saturating_mul(room.folders))
                .saturating_add(PATHS.saturating_mul(paths))
                .saturating_add(NAMES.saturating_mul(room.names))
                .saturating_add(FOUND.saturating_mul(room.found));
            Ok(index.memory.take(bytes)?)
        });
        taken.map_err(|problem| LayerError::at_blob(index.blob_size, problem).of_layer(layer))
    }

    /// Layer `layer` was decoded for another image that is held meanwhile. It counts in this one as well, and what tree and
    /// reports hold of its entries comes again.
    ///
    /// # Errors
    /// There is no room for it.
    pub fn shared(&self, layer: usize, index: &LayerIndex) -> Result<(), LayerError> {
        self.counted(index)
            .and_then(|room| Ok(index.memory.take(ENTRY.saturating_mul(room.entries))?))
            .map_err(|problem| LayerError::at_blob(index.blob_size, problem).of_layer(layer))
    }

    /// Counts what an index has against the limits of the image.
    fn counted(&self, index: &LayerIndex) -> Result<Room, Problem> {
        let (counts, room) = (&*self.counts, index.room());
        let all = [
            (
                &counts.entries,
                room.entries,
                "entries",
                IMAGE_ENTRIES as u64,
            ),
            (
                &counts.path_bytes,
                room.paths,
                "bytes of paths",
                IMAGE_PATH_BYTES,
            ),
            (
                &counts.folders,
                room.folders,
                "folders",
                IMAGE_FOLDERS as u64,
            ),
            (
                &counts.folder_path_bytes,
                room.folder_paths,
                "bytes of paths of folders",
                IMAGE_FOLDER_PATH_BYTES,
            ),
            (
                &counts.name_bytes,
                room.names,
                "bytes of names, links and attributes",
                IMAGE_NAME_BYTES as u64,
            ),
            (
                &counts.found_bytes,
                room.found,
                "bytes of package data and findings",
                IMAGE_FOUND_BYTES,
            ),
        ];
        all.into_iter()
            .try_for_each(|(counter, more, what, limit)| count(counter, more, what, limit))?;
        Ok(room)
    }

    /// Whether so many bytes of memory are left.
    #[must_use]
    pub fn has(&self, bytes: u64) -> bool {
        self.memory.has(bytes)
    }
}

/// What one layer takes of its image's budget.
pub(super) struct LayerMemory {
    counts: Arc<Counts>,
    share: Share,
}

impl LayerMemory {
    /// An entry with a path of so many bytes.
    pub(super) fn entry(&self, path: usize) -> Result<(), Problem> {
        let (counts, path) = (&*self.counts, path as u64);
        count(&counts.entries, 1, "entries", IMAGE_ENTRIES as u64)?;
        let limit = IMAGE_PATH_BYTES;
        count(&counts.path_bytes, path, "bytes of paths", limit)?;
        self.take(ENTRY + PATHS * path)
    }

    /// A folder that entries are in, with a path of so many bytes.
    pub(super) fn folder(&self, path: usize) -> Result<(), Problem> {
        let (counts, path) = (&*self.counts, path as u64);
        count(&counts.folders, 1, "folders", IMAGE_FOLDERS as u64)?;
        let limit = IMAGE_FOLDER_PATH_BYTES;
        let what = "bytes of paths of folders";
        count(&counts.folder_path_bytes, path, what, limit)?;
        self.take(FOLDER + PATHS * path)
    }

    /// Bytes of names, link targets and attributes.
    pub(super) fn names(&self, bytes: usize) -> Result<(), Problem> {
        let what = "bytes of names, links and attributes";
        let limit = IMAGE_NAME_BYTES as u64;
        count(&self.counts.name_bytes, bytes as u64, what, limit)?;
        self.take(NAMES * bytes as u64)
    }

    /// Bytes of what visitors found in a layer.
    pub(super) fn found(&self, bytes: usize) -> Result<(), Problem> {
        let what = "bytes of package data and findings";
        let limit = IMAGE_FOUND_BYTES;
        count(&self.counts.found_bytes, bytes as u64, what, limit)?;
        self.take(FOUND * bytes as u64)
    }

    /// What was taken, for the index that holds it.
    pub(super) fn into_share(self) -> Share {
        self.share
    }

    fn take(&self, bytes: u64) -> Result<(), Problem> {
        Ok(self.share.take(bytes)?)
    }
}

fn count(counter: &AtomicU64, more: u64, what: &'static str, limit: u64) -> Result<(), Problem> {
    let before = counter.fetch_add(more, Ordering::Relaxed);
    if before.saturating_add(more) > limit {
        return Err(Problem::TooMuch { what, limit });
    }
    Ok(())
}
