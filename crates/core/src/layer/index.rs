//! The layer index: the entries of one layer without their contents, in columns.
//!
//! Names stand in one buffer and numbers in columns, so that a million entries take tens of
//! megabytes. Folders that hold entries are interned: a path costs its last name only.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

use super::content::ContentId;
use super::points::Points;
use super::{LayerError, Problem};
use crate::digest::Digest;
use crate::limits::{LAYER_ENTRIES, LAYER_NAME_BYTES, LAYER_REMARKS, LAYER_SECRETS};
use crate::secrets::Spot;

/// A folder that some entry of the layer stands in; 0 is the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DirId(pub u32);

impl DirId {
    /// The image's root folder.
    pub const ROOT: Self = Self(0);
}

/// An entry of the layer, counted from 0 in the order of the tar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EntryId(pub u32);

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A folder.
    Dir,
    /// A symbolic link.
    Symlink,
    /// Another name of a file.
    Hardlink,
    /// A character device.
    Char,
    /// A block device.
    Block,
    /// A FIFO.
    Fifo,
    /// Hides its path in lower layers.
    Whiteout,
    /// Hides all that lower layers have in the folder at its path.
    Opaque,
}

impl EntryKind {
    /// The name used in JSON and on screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Dir => "dir",
            Self::Symlink => "symlink",
            Self::Hardlink => "hardlink",
            Self::Char => "char",
            Self::Block => "block",
            Self::Fifo => "fifo",
            Self::Whiteout => "whiteout",
            Self::Opaque => "opaque",
        }
    }

    /// Whiteouts of both sorts, which are instructions and no content.
    #[must_use]
    pub const fn hides(self) -> bool {
        matches!(self, Self::Whiteout | Self::Opaque)
    }
}

/// Something odd in a layer that did not stop its decoding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// Offset in the uncompressed tar.
    pub offset: u64,
    /// What is odd.
    pub kind: RemarkKind,
    /// The path in the image, with a leading slash.
    pub path: Vec<u8>,
}

/// What can be odd in a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RemarkKind {
    /// A tar entry of this type is not shown.
    UnknownType(u8),
    /// A whiteout of nothing that can have a name.
    BareWhiteout,
    /// Something other than zeros follows the tar's end.
    DataAfterEnd,
    /// A hard link to a folder, which no file system allows.
    LinkToFolder,
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

    /// What `get` relies on.
    fn is_sound(&self) -> bool {
        self.ends.is_sorted()
            && self
                .ends
                .last()
                .is_none_or(|end| *end as usize == self.bytes.len())
    }
}

impl std::fmt::Display for RemarkKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownType(flag) => write!(
                f,
                "a tar entry of type {:?}, which is no part of a file system, is not shown",
                char::from(*flag)
            ),
            Self::BareWhiteout => f.write_str("a whiteout without a name hides nothing"),
            Self::DataAfterEnd => {
                f.write_str("data follows the end of the tar; no container sees it")
            }
            Self::LinkToFolder => {
                f.write_str("a hard link to a folder, which no file system allows, is left out")
            }
        }
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
    points: Points,
    columns: Columns,
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
    secrets: Vec<(u32, Spot)>,
    remarks: Vec<Remark>,
}

/// Extended attributes, sorted by name.
pub type Xattrs = Vec<(Vec<u8>, Vec<u8>)>;

fn beside<T>(column: &[(u32, T)], entry: EntryId) -> Option<&T> {
    let at = column.binary_search_by_key(&entry.0, |row| row.0).ok()?;
    Some(&column[at].1)
}

impl LayerIndex {
    /// The index of no bytes: what stands in the place of a layer that was not read.
    pub(crate) fn nothing() -> Self {
        let none = Digest::sha256(b"");
        IndexBuilder::new().complete(none.clone(), 0, none, 0, Points::Every)
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
        let mut names = vec![self.name(entry)];
        let mut dir = self.dir(entry);
        while dir != DirId::ROOT {
            names.push(self.dir_name(dir));
            dir = self.dir_parent(dir);
        }
        names.reverse();
        [b"/", names.join(&b'/').as_slice()].concat()
    }

    /// Where the entry begins in the uncompressed tar.
    #[must_use]
    pub fn start(&self, entry: EntryId) -> u64 {
        self.columns.starts[entry.0 as usize]
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

    /// What looks like a secret in the layer's files, in their order; at most [`LAYER_SECRETS`] of it.
    pub fn secrets(&self) -> impl Iterator<Item = (EntryId, Spot)> + '_ {
        let secrets = self.columns.secrets.iter();
        secrets.map(|(entry, spot)| (EntryId(*entry), *spot))
    }

    /// Bytes of the blob that the entry costs, from its first extension header to its padding's end.
    #[must_use]
    pub fn cost(&self, entry: EntryId) -> u64 {
        let at = entry.0 as usize;
        let end = self.points.blob_offset(self.columns.ends[at]);
        end - self.points.blob_offset(self.columns.starts[at])
    }

    /// Bytes of content of all regular-file entries.
    #[must_use]
    pub fn retained(&self) -> u64 {
        self.columns.sizes.iter().sum()
    }

    /// Bytes of the tar that are no file content.
    #[must_use]
    pub fn overhead(&self) -> u64 {
        self.size - self.retained()
    }

    /// What was odd; at most [`LAYER_REMARKS`] of it.
    #[must_use]
    pub fn remarks(&self) -> &[Remark] {
        &self.columns.remarks
    }

    /// The index in a compact binary form, for a cache or another worker.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Serialising into memory cannot fail: no type in the index refuses.
        postcard::to_stdvec(self).unwrap_or_default()
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
            && len <= LAYER_ENTRIES
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
            && c.secrets.iter().all(|(entry, _)| (*entry as usize) < len)
            && c.secrets.len() <= LAYER_SECRETS
            && self.points.is_sound(self.blob_size)
    }
}

/// What the decoder knows of an entry when its headers are read.
pub(super) struct NewEntry {
    pub(super) kind: EntryKind,
    /// The path's names; none for the root.
    pub(super) parts: Vec<Vec<u8>>,
    pub(super) start: u64,
    pub(super) size: u64,
    pub(super) logical_size: Option<u64>,
    pub(super) mode: u32,
    pub(super) uid: u64,
    pub(super) gid: u64,
    pub(super) mtime: (i64, u32),
    pub(super) link: Option<Vec<u8>>,
    pub(super) device: Option<(u32, u32)>,
    pub(super) xattrs: Xattrs,
}

/// Gathers entries into columns.
pub(super) struct IndexBuilder {
    columns: Columns,
    dir_lookup: HashTable<u32>,
    owner_lookup: HashMap<(u64, u64), u32>,
    /// A keyed hash, so that an image cannot easily choose names that collide.
    hasher: RandomState,
    name_bytes: usize,
}

impl IndexBuilder {
    pub(super) fn new() -> Self {
        let mut columns = Columns::default();
        columns.dir_parents.push(0);
        columns.dir_names.push(b"");
        Self {
            columns,
            dir_lookup: HashTable::new(),
            owner_lookup: HashMap::new(),
            hasher: RandomState::new(),
            name_bytes: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.columns.kinds.len()
    }

    pub(super) fn push(&mut self, new: NewEntry) -> Result<EntryId, Problem> {
        let at = self.len();
        if at >= LAYER_ENTRIES {
            return Err(Problem::TooMuch {
                what: "entries",
                limit: LAYER_ENTRIES as u64,
            });
        }
        let entry = at as u32;
        let (name, parents) = match new.parts.split_last() {
            Some((name, parents)) => (name.as_slice(), parents),
            None => (&b""[..], &[][..]),
        };
        let mut dir = 0;
        for part in parents {
            dir = self.intern(dir, part)?;
        }
        self.count_bytes(name.len())?;
        let c = &mut self.columns;
        c.kinds.push(new.kind);
        c.dirs.push(dir);
        c.names.push(name);
        c.starts.push(new.start);
        c.ends.push(new.start);
        c.sizes.push(new.size);
        c.modes.push(new.mode as u16);
        let owner = *self
            .owner_lookup
            .entry((new.uid, new.gid))
            .or_insert_with(|| {
                c.owner_table.push((new.uid, new.gid));
                (c.owner_table.len() - 1) as u32
            });
        c.owners.push(owner);
        c.seconds.push(new.mtime.0);
        c.nanos.push(new.mtime.1);
        c.contents.push(ContentId::default());
        if let Some(size) = new.logical_size {
            c.logical_sizes.push((entry, size));
        }
        if let Some(device) = new.device {
            c.devices.push((entry, device));
        }
        if let Some(link) = new.link {
            self.count_bytes(link.len() + 32)?;
            self.columns.links.push((entry, link));
        }
        if !new.xattrs.is_empty() {
            self.count_bytes(new.xattrs.iter().map(|(k, v)| k.len() + v.len() + 64).sum())?;
            self.columns.xattrs.push((entry, new.xattrs));
        }
        Ok(EntryId(entry))
    }

    pub(super) fn set_content(&mut self, entry: EntryId, content: ContentId) {
        self.columns.contents[entry.0 as usize] = content;
    }

    pub(super) fn set_end(&mut self, entry: EntryId, end: u64) {
        self.columns.ends[entry.0 as usize] = end;
    }

    /// The files of few layers hold secrets; of one that holds too many, the first are enough.
    pub(super) fn set_secrets(&mut self, entry: EntryId, spots: Vec<Spot>) {
        let room = LAYER_SECRETS.saturating_sub(self.columns.secrets.len());
        let spots = spots.into_iter().take(room);
        let rows = spots.map(|spot| (entry.0, spot));
        self.columns.secrets.extend(rows);
    }

    pub(super) fn remark(&mut self, offset: u64, kind: RemarkKind, parts: &[&[u8]]) {
        if self.columns.remarks.len() < LAYER_REMARKS {
            self.columns.remarks.push(Remark {
                offset,
                kind,
                path: [b"/", parts.join(&b'/').as_slice()].concat(),
            });
        }
    }

    pub(super) fn complete(
        self,
        digest: Digest,
        blob_size: u64,
        diff_id: Digest,
        size: u64,
        points: Points,
    ) -> LayerIndex {
        LayerIndex {
            digest,
            blob_size,
            diff_id,
            size,
            points,
            columns: self.columns,
        }
    }

    fn intern(&mut self, parent: u32, name: &[u8]) -> Result<u32, Problem> {
        let c = &self.columns;
        let hash = self.hasher.hash_one((parent, name));
        let found = self.dir_lookup.find(hash, |dir| {
            c.dir_parents[*dir as usize] == parent && c.dir_names.get(*dir as usize) == name
        });
        if let Some(dir) = found {
            return Ok(*dir);
        }
        self.count_bytes(name.len() + 8)?;
        let c = &mut self.columns;
        let dir = c.dir_parents.len() as u32;
        c.dir_parents.push(parent);
        c.dir_names.push(name);
        self.dir_lookup.insert_unique(hash, dir, |dir| {
            let at = *dir as usize;
            self.hasher
                .hash_one((c.dir_parents[at], c.dir_names.get(at)))
        });
        Ok(dir)
    }

    fn count_bytes(&mut self, more: usize) -> Result<(), Problem> {
        self.name_bytes += more;
        if self.name_bytes > LAYER_NAME_BYTES {
            return Err(Problem::TooMuch {
                what: "bytes of names, links and attributes",
                limit: LAYER_NAME_BYTES as u64,
            });
        }
        Ok(())
    }
}
