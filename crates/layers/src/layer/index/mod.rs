//! The layer index: the entries of one layer without their contents, in columns.
//!
//! Names stand in one buffer and numbers in columns, so that a million entries take tens of
//! megabytes. Folders that hold entries are interned: a path costs its last name only.

#![allow(
    clippy::indexing_slicing,
    reason = "entries are numbers of rows that the index itself gave out; `from_bytes` checks those of others"
)]

mod aside;
mod builder;
mod room;
mod stored;

use serde::{Deserialize, Serialize};

pub(super) use builder::IndexBuilder;

use super::content::ContentId;
use super::entry::{EntryId, EntryKind, Xattrs};
use super::remark::Remark;
use super::visitor::{Findings, Visitor};
use crate::compression::OffsetMap;
use crate::digest::Digest;
use crate::layer::memory::MemoryBudget;
use crate::memory::MemoryShare;

/// A folder that some entry of the layer stands in; 0 is the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DirId(pub u32);

impl DirId {
    /// The image's root folder.
    pub const ROOT: Self = Self(0);
}

/// Byte strings one after the other in one buffer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Names {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Names {
    fn push(&mut self, name: &[u8]) {
        self.bytes.extend_from_slice(name);
        // The limit on name bytes keeps offsets below u32.
        self.ends.push(self.bytes.len() as u32);
    }

    fn get(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start as usize..self.ends[at] as usize]
    }
}

/// The entries of one layer, and what the layer is as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerIndex {
    /// Digest of the blob as it was read.
    pub digest: Digest,
    /// Bytes of the blob as it was read.
    pub blob_size: u64,
    /// Digest of the uncompressed tar.
    pub diff_id: Digest,
    /// Bytes of the uncompressed tar.
    pub size: u64,
    offsets: OffsetMap,
    columns: Columns,
    /// What visitors found.
    findings: Vec<Findings>,
    /// Memory that is counted as taken while this is held.
    #[serde(skip)]
    memory: MemoryShare,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Columns {
    dir_parents: Vec<u32>,
    dir_names: Names,
    kinds: Vec<EntryKind>,
    dirs: Vec<u32>,
    names: Names,
    starts: Vec<u64>,
    ends: Vec<u64>,
    sizes: Vec<u64>,
    modes: Vec<u16>,
    owners: Vec<u32>,
    owner_table: Vec<(u64, u64)>,
    seconds: Vec<i64>,
    nanos: Vec<u32>,
    contents: Vec<ContentId>,
    // What few entries have stands beside the columns, sorted by entry.
    links: Vec<(u32, Vec<u8>)>,
    logical_sizes: Vec<(u32, u64)>,
    devices: Vec<(u32, (u32, u32))>,
    xattrs: Vec<(u32, Xattrs)>,
    remarks: Vec<Remark>,
    /// Hard links that are other names of an earlier entry, whatever is at its path since.
    aliases: Vec<(u32, u32)>,
    /// Entries whose content is stored where nothing is shown, and which of `unshown` that is.
    claims: Vec<(u32, u32)>,
    unshown: Vec<Unshown>,
}

/// A tar entry that is no part of the image: of an unknown type, or under a name that is reserved for whiteouts. Only
/// what counts a layer as dive does needs to know of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unshown {
    /// How many entries stand before it.
    pub before: u32,
    /// Its path as the tar has it, without a leading slash.
    pub path: Vec<u8>,
    /// The type that its header tells.
    pub flag: u8,
    /// Bytes of data that its header tells.
    pub size: u64,
    /// Permission bits with set-id and sticky.
    pub mode: u32,
    /// User and group by number.
    pub owner: (u64, u64),
}

fn beside<T>(column: &[(u32, T)], entry: EntryId) -> Option<&T> {
    let at = column.binary_search_by_key(&entry.0, |row| row.0).ok()?;
    Some(&column[at].1)
}

/// An entry's path with a leading slash.
fn path_of(columns: &Columns, entry: EntryId) -> Vec<u8> {
    let mut names = vec![columns.names.get(entry.0 as usize)];
    let mut dir = columns.dirs[entry.0 as usize];
    while dir != DirId::ROOT.0 {
        names.push(columns.dir_names.get(dir as usize));
        dir = columns.dir_parents[dir as usize];
    }
    names.reverse();
    [b"/", names.join(&b'/').as_slice()].concat()
}

impl LayerIndex {
    /// The index of no bytes: what stands in the place of a layer that was not read.
    pub(crate) fn nothing() -> Self {
        let none = Digest::sha256(b"");
        IndexBuilder::new(MemoryBudget::default()).complete(
            none.clone(),
            0,
            none,
            0,
            OffsetMap::Identity,
        )
    }

    /// It is what the layer's table of contents lists, and not what was read of the layer. Then digests and the size of the
    /// blob are those that were expected, the size of the tar is that of the contents, entries have no place in it, and there
    /// is no cost, overhead or finding. Contents compare only with those of other tables.
    #[must_use]
    pub const fn is_listed(&self) -> bool {
        matches!(self.offsets, OffsetMap::Unread)
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.columns.kinds.len()
    }

    /// The layer has no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All entries in the order of the tar.
    pub fn entries(&self) -> impl Iterator<Item = EntryId> + use<> {
        (0..self.len() as u32).map(EntryId)
    }

    /// Number of interned folders, the root among them.
    #[must_use]
    pub fn dirs(&self) -> usize {
        self.columns.dir_parents.len()
    }

    /// The folder that holds this one; the root is its own parent.
    #[must_use]
    pub fn dir_parent(&self, dir: DirId) -> DirId {
        DirId(self.columns.dir_parents[dir.0 as usize])
    }

    /// A folder's own name; empty for the root.
    #[must_use]
    pub fn dir_name(&self, dir: DirId) -> &[u8] {
        self.columns.dir_names.get(dir.0 as usize)
    }

    /// What the entry is.
    #[must_use]
    pub fn kind(&self, entry: EntryId) -> EntryKind {
        self.columns.kinds[entry.0 as usize]
    }

    /// The folder that the entry's path stands in.
    #[must_use]
    pub fn dir(&self, entry: EntryId) -> DirId {
        DirId(self.columns.dirs[entry.0 as usize])
    }

    /// The last name of the entry's path, for whiteouts of what they hide; empty for the root.
    #[must_use]
    pub fn name(&self, entry: EntryId) -> &[u8] {
        self.columns.names.get(entry.0 as usize)
    }

    /// The entry's path in the image with a leading slash; for whiteouts what they hide.
    #[must_use]
    pub fn path(&self, entry: EntryId) -> Vec<u8> {
        path_of(&self.columns, entry)
    }

    /// The earlier entry that a hard link is another name of, where the layer itself says so and not its target's path.
    #[must_use]
    pub fn alias(&self, entry: EntryId) -> Option<EntryId> {
        beside(&self.columns.aliases, entry).copied().map(EntryId)
    }

    /// What of the tar is no part of the image, in its order.
    #[must_use]
    pub fn unshown(&self) -> &[Unshown] {
        &self.columns.unshown
    }

    /// Where the content of an entry is stored whose own header is a hard link to what is not shown.
    #[must_use]
    pub fn claim(&self, entry: EntryId) -> Option<&Unshown> {
        let at = beside(&self.columns.claims, entry)?;
        self.columns.unshown.get(*at as usize)
    }

    /// Where the entry begins in the uncompressed tar.
    #[must_use]
    pub fn start(&self, entry: EntryId) -> u64 {
        self.columns.starts[entry.0 as usize]
    }

    /// Where the entry ends in the uncompressed tar, padding included.
    pub(in crate::layer) fn end(&self, entry: EntryId) -> u64 {
        self.columns.ends[entry.0 as usize]
    }

    /// Bytes of the blob that are enough to decode so many bytes of the tar.
    pub(in crate::layer) fn blob_end(&self, content: u64) -> u64 {
        self.offsets.blob_end(content)
    }

    /// Bytes of file content stored in the tar; 0 for all but regular files.
    #[must_use]
    pub fn size(&self, entry: EntryId) -> u64 {
        self.columns.sizes[entry.0 as usize]
    }

    /// Bytes of the file as a program reads it: larger than what is stored if it is sparse.
    #[must_use]
    pub fn logical_size(&self, entry: EntryId) -> u64 {
        beside(&self.columns.logical_sizes, entry)
            .copied()
            .unwrap_or_else(|| self.size(entry))
    }

    /// Permission bits with set-id and sticky.
    #[must_use]
    pub fn mode(&self, entry: EntryId) -> u32 {
        u32::from(self.columns.modes[entry.0 as usize])
    }

    /// User and group by number.
    #[must_use]
    pub fn owner(&self, entry: EntryId) -> (u64, u64) {
        self.columns.owner_table[self.columns.owners[entry.0 as usize] as usize]
    }

    /// Time of the last change: seconds since 1970 and nanoseconds after them.
    #[must_use]
    pub fn mtime(&self, entry: EntryId) -> (i64, u32) {
        let at = entry.0 as usize;
        (self.columns.seconds[at], self.columns.nanos[at])
    }

    /// The identity of a regular file's content.
    #[must_use]
    pub fn content(&self, entry: EntryId) -> ContentId {
        self.columns.contents[entry.0 as usize]
    }

    /// A symbolic link's text; a hard link's target as a path in the image without leading slash.
    #[must_use]
    pub fn link(&self, entry: EntryId) -> Option<&[u8]> {
        beside(&self.columns.links, entry).map(Vec::as_slice)
    }

    /// A device's major and minor number.
    #[must_use]
    pub fn device(&self, entry: EntryId) -> Option<(u32, u32)> {
        beside(&self.columns.devices, entry).copied()
    }

    /// Extended attributes, sorted by name.
    #[must_use]
    pub fn xattrs(&self, entry: EntryId) -> &[(Vec<u8>, Vec<u8>)] {
        beside(&self.columns.xattrs, entry).map_or(&[], Vec::as_slice)
    }

    /// What a visitor found, sorted by entry; None where the layer was decoded without it.
    #[must_use]
    pub fn found<V: Visitor>(&self) -> Option<Vec<(EntryId, V::Found)>> {
        let mut all = self.findings.iter();
        let rows = all.find(|findings| findings.name == V::NAME)?.read::<V>()?;
        // A stored index may have been damaged.
        let known = |(entry, _): &(EntryId, V::Found)| (entry.0 as usize) < self.len();
        rows.iter().all(known).then_some(rows)
    }

    /// Bytes of the blob that the entry costs, from its first extension header to its padding's end; 0 where that is not known
    /// ([`Self::is_listed`]).
    #[must_use]
    pub fn cost(&self, entry: EntryId) -> u64 {
        let at = entry.0 as usize;
        let end = self.offsets.blob_offset(self.columns.ends[at]);
        end - self.offsets.blob_offset(self.columns.starts[at])
    }

    /// Bytes of content of all regular-file entries.
    #[must_use]
    pub fn stored(&self) -> u64 {
        self.columns.sizes.iter().sum()
    }

    /// Bytes of the tar that are no file content.
    #[must_use]
    pub fn overhead(&self) -> u64 {
        self.size - self.stored()
    }

    /// What was odd; at most [`LAYER_REMARKS`](crate::limits::LAYER_REMARKS) of it.
    #[must_use]
    pub fn remarks(&self) -> &[Remark] {
        &self.columns.remarks
    }
}
