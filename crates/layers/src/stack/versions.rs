//! The history of a path: what it was from which layer on.

#![allow(
    clippy::indexing_slicing,
    reason = "nodes and inodes are numbers of rows that the stack itself gave out"
)]

use super::inodes::InodeId;
use crate::layer::{EntryId, EntryKind, LayerIndex};

/// What a path is from some layer on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionKind {
    /// What this entry of the layer says.
    Entry(EntryId),
    /// A folder that has no entry, but that a path stands in: mode 755 and owner 0:0, as engines create it.
    Implied,
    /// Nothing: a whiteout took it, or something in a parent's place.
    Gone,
}

/// What a path is from `layer` on, until its next version.
#[derive(Clone, Copy, Debug)]
pub struct Version {
    /// The layer that made it so, from 1.
    pub layer: usize,
    /// What it is.
    pub what: VersionKind,
    pub(super) inode: InodeId,
}

/// A [`VersionKind`] in four bytes: there is one for every path of every layer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Packed(u32);

impl Packed {
    pub(super) const IMPLIED: Self = Self(u32::MAX - 1);
    pub(super) const GONE: Self = Self(u32::MAX);

    /// The number of an entry is below the limit of entries, far from the two above.
    pub(super) const fn entry(entry: EntryId) -> Self {
        Self(entry.0)
    }

    pub(super) const fn what(self) -> VersionKind {
        match self {
            Self::IMPLIED => VersionKind::Implied,
            Self::GONE => VersionKind::Gone,
            Self(entry) => VersionKind::Entry(EntryId(entry)),
        }
    }

    pub(super) fn is_dir(self, index: &LayerIndex) -> bool {
        match self.what() {
            VersionKind::Entry(entry) => index.kind(entry) == EntryKind::Dir,
            VersionKind::Implied => true,
            VersionKind::Gone => false,
        }
    }
}

const NONE: u32 = u32::MAX;

/// All versions of all nodes, each node's own linked from the latest to the first.
#[derive(Default)]
pub(super) struct Versions {
    rows: Vec<Row>,
    latest: Vec<u32>,
}

struct Row {
    layer: u32,
    what: Packed,
    inode: InodeId,
    before: u32,
}

impl Row {
    fn version(&self) -> Version {
        Version {
            layer: self.layer as usize,
            what: self.what.what(),
            inode: self.inode,
        }
    }
}

impl Versions {
    pub(super) fn make_room(&mut self, nodes: usize) {
        self.latest.resize(nodes, NONE);
    }

    /// The node's versions, the latest first.
    pub(super) fn of(&self, node: usize) -> impl Iterator<Item = Version> + '_ {
        let mut at = self.latest.get(node).copied().unwrap_or(NONE);
        std::iter::from_fn(move || {
            let row = self.rows.get(at as usize)?;
            at = row.before;
            Some(row.version())
        })
    }

    /// The node at the end of layer `layer`, if it exists there.
    pub(super) fn at(&self, node: usize, layer: usize) -> Option<Version> {
        self.of(node)
            .find(|version| version.layer <= layer)
            .filter(|version| version.what != VersionKind::Gone)
    }

    /// Sets what the node is from `layer` on; one version for each layer is kept.
    pub(super) fn set(&mut self, node: usize, layer: usize, what: Packed, inode: InodeId) {
        let latest = self.latest[node];
        let layer = layer as u32;
        if let Some(row) = self.rows.get_mut(latest as usize)
            && row.layer == layer
        {
            (row.what, row.inode) = (what, inode);
            return;
        }
        self.latest[node] = self.rows.len() as u32;
        self.rows.push(Row {
            layer,
            what,
            inode,
            before: latest,
        });
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }
}
