//! An entry: its number in the layer, its kind, and what its headers say.

use serde::{Deserialize, Serialize};

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

/// Extended attributes, sorted by name.
pub type Xattrs = Vec<(Vec<u8>, Vec<u8>)>;

/// An entry of a layer, as a [`Visitor`](super::Visitor) sees it.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'e> {
    /// What it is.
    pub kind: EntryKind,
    /// The names of its path, from the root's folder on; for whiteouts of what they hide, and none for the root itself.
    pub names: &'e [&'e [u8]],
    /// Bytes of file content stored in the tar; 0 for all but regular files.
    pub size: u64,
    /// Bytes of the file as a program reads it.
    pub logical_size: u64,
    /// A symbolic link's text; a hard link's target as a path in the image without leading slash.
    pub link: Option<&'e [u8]>,
}

/// What is known of an entry, but for its path, when its headers are read.
pub(super) struct NewEntry {
    pub(super) kind: EntryKind,
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

/// Where something that is under way is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryTarget {
    /// As an entry.
    Entry(EntryId),
    /// Aside, until a hard link gives it a path; counted from 0.
    Aside(u32),
}
