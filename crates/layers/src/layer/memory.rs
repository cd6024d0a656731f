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
/// How often a byte of a path, a link target or an attribute is held: in a list, in its text, and while that grows.
const LISTED: u64 = 3;
/// Bytes that are held so of one that JSON has a backslash before: one in the list, two in the text, and as it grows.
const LISTED_QUOTED: u64 = 5;
/// Bytes that are held so of one that may be `\uNNNN` in JSON: one in the list, six in the text, and as it grows.
const LISTED_CONTROL: u64 = 13;
/// Bytes that are held so of one that may be `\xNN`: four in the list, five in JSON, and as it grows.
const LISTED_ESCAPED: u64 = 14;
/// How often the bytes of a name are held: in the index, in the tree, and while these grow.
const NAMES: u64 = 2;
/// Bytes that a link target takes in the index beside its own.
pub(super) const LINK: usize = 32;
/// Bytes that an attribute takes in the index beside its own.
pub(super) const ATTRIBUTE: usize = 64;
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
    /// Bytes of memory that lists take of paths, link targets and attributes.
    pub(super) listed: u64,
    /// Bytes of names, link targets and attributes.
    pub(super) names: u64,
    /// Bytes of what visitors found.
    pub(super) found: u64,
}

impl Room {
    /// Adds an entry with this path.
    pub(super) fn entry(&mut self, path: TextLength) {
        self.entries += 1;
        self.paths = self.paths.saturating_add(path.bytes);
        self.list(path);
    }

    /// Adds what lists take of a text.
    pub(super) fn list(&mut self, text: TextLength) {
        self.listed = self.listed.saturating_add(text.listed);
    }

    /// Bytes of memory that index, tree and reports take.
    pub(super) const fn bytes(&self) -> u64 {
        Self::bytes_of_entries(self.entries)
            .saturating_add(FOLDER.saturating_mul(self.folders))
            .saturating_add(self.listed)
            .saturating_add(NAMES.saturating_mul(self.names))
            .saturating_add(FOUND.saturating_mul(self.found))
    }

    /// Bytes of memory that so many entries take, without their names.
    pub(super) const fn bytes_of_entries(entries: u64) -> u64 {
        ENTRY.saturating_mul(entries)
    }
}

/// How long a text from an image is, and how long where it is listed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TextLength {
    /// Its own bytes.
    pub(super) bytes: u64,
    /// Bytes of memory that a list takes of it, with its escapes: as text
    /// ([`names::text`](crate::names::text)) and as JSON.
    pub(super) listed: u64,
}

impl TextLength {
    /// Of a name, a link target or a part of an attribute. That all of it is UTF-8 says nothing: a path in which
    /// another name is not has every byte from 0x80 up escaped.
    pub(super) fn of(text: &[u8]) -> Self {
        Self {
            bytes: text.len() as u64,
            listed: text.iter().map(|byte| listed(*byte)).sum(),
        }
    }

    /// Of what has this name in the folder that has this path.
    pub(super) fn join(self, name: &[u8]) -> Self {
        let name = Self::of(name);
        Self {
            bytes: self.bytes.saturating_add(1 + name.bytes),
            listed: self.listed.saturating_add(LISTED + name.listed),
        }
    }
}

const fn listed(byte: u8) -> u64 {
    match byte {
        0x80..=0xff => LISTED_ESCAPED,
        // The second of two such marks may begin a command to a pipeline.
        0..0x20 | 0x7f | b'#' | b':' => LISTED_CONTROL,
        b'"' | b'\\' => LISTED_QUOTED,
        _ => LISTED,
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
    /// An entry with this path.
    pub(super) fn entry(&self, path: TextLength) -> Result<(), Problem> {
        let counts = &*self.counts;
        count(&counts.entries, 1, "entries", IMAGE_ENTRIES as u64)?;
        let limit = IMAGE_PATH_BYTES;
        count(&counts.path_bytes, path.bytes, "bytes of paths", limit)?;
        self.take(ENTRY.saturating_add(path.listed))
    }

    /// A folder that entries are in, with this path.
    pub(super) fn folder(&self, path: TextLength) -> Result<(), Problem> {
        let counts = &*self.counts;
        count(&counts.folders, 1, "folders", IMAGE_FOLDERS as u64)?;
        let limit = IMAGE_FOLDER_PATH_BYTES;
        let what = "bytes of paths of folders";
        count(&counts.folder_path_bytes, path.bytes, what, limit)?;
        self.take(FOLDER.saturating_add(path.listed))
    }

    /// A link target.
    pub(super) fn link(&self, target: &[u8]) -> Result<(), Problem> {
        self.names(target.len() + LINK)?;
        self.take(TextLength::of(target).listed)
    }

    /// The extended attributes of an entry.
    pub(super) fn attributes(&self, attributes: &[(Vec<u8>, Vec<u8>)]) -> Result<(), Problem> {
        attributes.iter().try_for_each(|(name, value)| {
            self.names(name.len() + value.len() + ATTRIBUTE)?;
            self.take(TextLength::of(name).listed + TextLength::of(value).listed)
        })
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
