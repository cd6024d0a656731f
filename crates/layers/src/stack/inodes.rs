//! Inodes: what files are, apart from their names. One lives as long as one of its names does.

#![allow(
    clippy::indexing_slicing,
    reason = "nodes and inodes are numbers of rows that the stack itself gave out"
)]

use serde::{Deserialize, Serialize};

use crate::layer::EntryId;
use crate::limits::IMAGE_ENTRIES;

/// Why bytes are wasted.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Hidden by a whiteout, or by something other than a folder in the place of a parent folder.
    Deleted,
    /// The same path stored again with other content or as something else.
    Overwritten,
    /// The same path stored again with the same content.
    MetadataOnly,
    /// Lost to a later entry of its own layer.
    Repeated,
}

impl Cause {
    /// All causes, in the order in which they are shown.
    pub const ALL: [Self; 4] = [
        Self::Deleted,
        Self::Overwritten,
        Self::MetadataOnly,
        Self::Repeated,
    ];

    /// The name used in JSON and on screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Overwritten => "overwritten",
            Self::MetadataOnly => "metadata-only",
            Self::Repeated => "repeated",
        }
    }
}

/// One entry of one layer that is no folder, seen as an inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct InodeId(pub(super) u32);

impl InodeId {
    /// Folders, which have none.
    pub(super) const FOLDER: Self = Self(u32::MAX);
}

/// Why an inode is not in the final stack: what became of its last name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waste {
    /// What took its last name.
    pub cause: Cause,
    /// The layer that took it, from 1.
    pub hidden_by: usize,
}

/// All inodes: layer by layer one place for each entry, so that an entry's inode is known by its number.
pub(super) struct Inodes {
    /// Where each layer's entries begin.
    bases: Vec<u32>,
    names: Vec<u32>,
    /// The cause of the last loss; of meaning once all names are gone.
    causes: Vec<Cause>,
    /// The layer that took the last name; 0 while the inode lives.
    hiders: Vec<u32>,
    /// Those that lost a name in the layer under way.
    touched: Vec<InodeId>,
}

impl Inodes {
    pub(super) fn new() -> Self {
        Self {
            bases: Vec::new(),
            names: Vec::new(),
            causes: Vec::new(),
            hiders: Vec::new(),
            touched: Vec::new(),
        }
    }

    /// Makes room for a layer; None if there are too many entries in all.
    pub(super) fn add_layer(&mut self, entries: usize) -> Option<()> {
        let base = self.names.len();
        let len = base
            .checked_add(entries)
            .filter(|len| *len <= IMAGE_ENTRIES)?;
        self.bases.push(base as u32);
        self.names.resize(len, 0);
        self.causes.resize(len, Cause::Repeated);
        self.hiders.resize(len, 0);
        Some(())
    }

    /// The inode that an entry of layer `layer` (from 1) stores.
    pub(super) fn of(&self, layer: usize, entry: EntryId) -> InodeId {
        InodeId(self.bases[layer - 1] + entry.0)
    }

    /// The layer (from 1) and the entry that store an inode.
    pub(super) fn stored_by(&self, inode: InodeId) -> (usize, EntryId) {
        let layer = self.bases.partition_point(|base| *base <= inode.0);
        (layer, EntryId(inode.0 - self.bases[layer - 1]))
    }

    pub(super) fn gain(&mut self, inode: InodeId) {
        self.names[inode.0 as usize] += 1;
    }

    pub(super) fn lose(&mut self, inode: InodeId, cause: Cause) {
        self.names[inode.0 as usize] -= 1;
        self.causes[inode.0 as usize] = cause;
        self.touched.push(inode);
    }

    /// Layer `layer` is complete: what has no name left is wasted, and this layer did it.
    pub(super) fn end_layer(&mut self, layer: usize) {
        for inode in std::mem::take(&mut self.touched) {
            let at = inode.0 as usize;
            if self.names[at] == 0 {
                self.hiders[at] = layer as u32;
            }
        }
        // The layer's own entries that found no place at all: the cause set at the start holds.
        for at in self.bases[layer - 1] as usize..self.names.len() {
            if self.names[at] == 0 {
                self.hiders[at] = layer as u32;
            }
        }
    }

    pub(super) fn waste(&self, inode: InodeId) -> Option<Waste> {
        let at = inode.0 as usize;
        match self.hiders[at] {
            0 => None,
            hider => Some(Waste {
                cause: self.causes[at],
                hidden_by: hider as usize,
            }),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }
}
