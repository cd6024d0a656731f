//! How much memory the layers of an image may take together, counted before it is taken.
//!
//! A small blob can name very many paths, and very long ones. What is counted here is what grows with them later too:
//! the tree of the image, what is listed of it, what is reported.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Problem;
use crate::limits::{
    IMAGE_ENTRIES, IMAGE_FOLDER_PATH_BYTES, IMAGE_FOLDERS, IMAGE_FOUND_BYTES, IMAGE_NAME_BYTES,
    IMAGE_PATH_BYTES,
};
use crate::memory::{Memory, MemoryShare};

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

/// What the entries of a layer are counted as.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) entries: u64,
    /// Bytes of the paths of entries.
    pub(super) paths: u64,
    /// Folders that entries are in.
    pub(super) folders: u64,
    /// Bytes of the paths of folders.
    pub(super) folder_paths: u64,
    /// Bytes of names, link targets and attributes.
    pub(super) names: u64,
    /// Bytes of what visitors found.
    pub(super) found: u64,
}

impl Room {
    /// Bytes of memory that index, tree and reports take.
    pub(super) const fn bytes(&self) -> u64 {
        let paths = self.paths.saturating_add(self.folder_paths);
        Self::bytes_of_entries(self.entries)
            .saturating_add(FOLDER.saturating_mul(self.folders))
            .saturating_add(PATHS.saturating_mul(paths))
            .saturating_add(NAMES.saturating_mul(self.names))
            .saturating_add(FOUND.saturating_mul(self.found))
    }

    /// Bytes of memory that so many entries take, without their names.
    pub(super) const fn bytes_of_entries(entries: u64) -> u64 {
        ENTRY.saturating_mul(entries)
    }
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

    /// A share of the memory, in which nothing is taken yet.
    pub(super) fn share(&self) -> MemoryShare {
        self.memory.share()
    }

    /// Counts entries that come again against the limits of the image.
    pub(super) fn count_entries(&self, entries: u64) -> Result<(), Problem> {
        count(
            &self.counts.entries,
            entries,
            "entries",
            IMAGE_ENTRIES as u64,
        )
    }

    /// Counts what a layer has against the limits of the image.
    pub(super) fn count(&self, room: &Room) -> Result<(), Problem> {
        let counts = &*self.counts;
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
            .try_for_each(|(counter, more, what, limit)| count(counter, more, what, limit))
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
    share: MemoryShare,
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
    pub(super) fn into_share(self) -> MemoryShare {
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
