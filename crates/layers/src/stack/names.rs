//! Which of a file's names is the file, where it has several.

#![allow(
    clippy::indexing_slicing,
    reason = "nodes and inodes are numbers of rows that the stack itself gave out"
)]

use std::collections::HashMap;

use super::inodes::InodeId;
use super::versions::{Version, VersionKind};
use super::{NodeId, Stack};
use crate::layer::EntryId;

/// For each inode of a stack at one layer the name that is the file (or device, FIFO, symbolic link): the one that stored
/// it where that is still there, else the first that is, in byte order of the paths. The other names are hard links to it,
/// so no link leads to a name that is gone or has become another file.
pub struct Names {
    /// By inode; [`NONE`] where it has no name.
    main: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Names {
    /// The names in the stack at `layer`.
    #[must_use]
    pub fn at(stack: &Stack, layer: usize) -> Self {
        let mut main = vec![NONE; stack.inodes.len()];
        let mut others = Vec::new();
        for node in (0..stack.nodes() as u32).map(NodeId) {
            let Some(version) = stack.at(node, layer) else {
                continue;
            };
            if version.inode == InodeId::FOLDER {
                continue;
            }
            let (stored_in, entry) = stack.inodes.stored_by(version.inode);
            if version.layer == stored_in && version.what == VersionKind::Entry(entry) {
                main[version.inode.0 as usize] = node.0;
            } else {
                others.push((version.inode, node));
            }
        }
        others.retain(|(inode, _)| main[inode.0 as usize] == NONE);
        // The name that stored it may have gone and have come back as a link.
        let mut stored_at: HashMap<InodeId, Option<NodeId>> = HashMap::new();
        for (inode, node) in &others {
            let stored_at = stored_at.entry(*inode).or_insert_with(|| {
                let (layer, entry) = stack.inodes.stored_by(*inode);
                stack.find(&stack.layer(layer)?.path(entry))
            });
            if *stored_at == Some(*node) {
                main[inode.0 as usize] = node.0;
            }
        }
        others.retain(|(inode, _)| main[inode.0 as usize] == NONE);
        // In one folder the names tell which is first; whole paths are compared between folders only.
        let mut first_in: HashMap<(InodeId, NodeId), NodeId> = HashMap::new();
        for (inode, node) in others {
            let first = first_in.entry((inode, stack.parent(node))).or_insert(node);
            if stack.name(node) < stack.name(*first) {
                *first = node;
            }
        }
        let mut paths: HashMap<InodeId, Vec<u8>> = HashMap::new();
        for ((inode, _), node) in first_in {
            let path = stack.path(node);
            match paths.get_mut(&inode) {
                Some(first) if *first <= path => continue,
                Some(first) => *first = path,
                None => drop(paths.insert(inode, path)),
            }
            main[inode.0 as usize] = node.0;
        }
        Self { main }
    }

    /// The name of what an entry of a layer stores; None where it has none.
    #[must_use]
    pub fn of_entry(&self, stack: &Stack, layer: usize, entry: EntryId) -> Option<NodeId> {
        let main = self.main.get(stack.inodes.of(layer, entry).0 as usize)?;
        (*main != NONE).then_some(NodeId(*main))
    }

    /// The name that is what a version is a name of; None for folders.
    #[must_use]
    pub fn main(&self, version: Version) -> Option<NodeId> {
        let main = self.main.get(version.inode.0 as usize)?;
        (*main != NONE).then_some(NodeId(*main))
    }
}
