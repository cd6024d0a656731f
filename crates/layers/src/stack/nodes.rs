//! The table of paths: one node for each path that any layer mentions.

#![allow(
    clippy::indexing_slicing,
    reason = "nodes and inodes are numbers of rows that the stack itself gave out"
)]

use std::hash::BuildHasher as _;

use hashbrown::HashTable;

use super::StackError;
use crate::keyed_hash::KeyedHash;
use crate::limits::{IMAGE_ENTRIES, IMAGE_FOLDERS, IMAGE_NAME_BYTES};

/// One path of the image; the root is [`NodeId::ROOT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

impl NodeId {
    /// The root folder.
    pub const ROOT: Self = Self(0);

    pub(crate) const fn at(self) -> usize {
        self.0 as usize
    }
}

/// Every node's parent and name, and the way from (parent, name) back to it.
pub(super) struct Nodes {
    parents: Vec<NodeId>,
    name_bytes: Vec<u8>,
    name_ends: Vec<u32>,
    lookup: HashTable<NodeId>,
    hasher: KeyedHash,
}

impl Nodes {
    pub(super) fn new() -> Self {
        Self {
            parents: vec![NodeId::ROOT],
            name_bytes: Vec::new(),
            name_ends: vec![0],
            lookup: HashTable::new(),
            hasher: KeyedHash::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.parents.len()
    }

    pub(super) fn parent(&self, node: NodeId) -> NodeId {
        self.parents[node.at()]
    }

    /// The last part of the node's path; empty for the root.
    pub(super) fn name(&self, node: NodeId) -> &[u8] {
        let start = node
            .at()
            .checked_sub(1)
            .map_or(0, |before| self.name_ends[before]);
        &self.name_bytes[start as usize..self.name_ends[node.at()] as usize]
    }

    pub(super) fn find(&self, parent: NodeId, name: &[u8]) -> Option<NodeId> {
        self.find_hashed(self.hasher.hash_one((parent, name)), parent, name)
    }

    fn find_hashed(&self, hash: u64, parent: NodeId, name: &[u8]) -> Option<NodeId> {
        let same = |node: &NodeId| self.parent(*node) == parent && self.name(*node) == name;
        self.lookup.find(hash, same).copied()
    }

    /// The node for a name in a folder, made if it is new.
    pub(super) fn child(&mut self, parent: NodeId, name: &[u8]) -> Result<NodeId, StackError> {
        let hash = self.hasher.hash_one((parent, name));
        if let Some(node) = self.find_hashed(hash, parent, name) {
            return Ok(node);
        }
        let node = NodeId(self.len() as u32);
        let end = u32::try_from(self.name_bytes.len() + name.len());
        let limit = IMAGE_ENTRIES + IMAGE_FOLDERS;
        let names = self.name_bytes.len() + name.len();
        let (Ok(end), true) = (end, self.len() < limit && names <= IMAGE_NAME_BYTES) else {
            return Err(StackError::TooLarge);
        };
        self.parents.push(parent);
        self.name_bytes.extend_from_slice(name);
        self.name_ends.push(end);
        let Self {
            parents,
            name_bytes,
            name_ends,
            lookup,
            hasher,
        } = self;
        lookup.insert_unique(hash, node, |node| {
            let start = name_ends[node.at() - 1] as usize;
            let name = &name_bytes[start..name_ends[node.at()] as usize];
            hasher.hash_one((parents[node.at()], name))
        });
        Ok(node)
    }
}
