//! What is beside a file in a stack: its other names, and files with the same content.

use super::inodes::InodeId;
use super::{NodeId, Stack};
use crate::layer::EntryId;

/// Paths beside a file, each in the order of the nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alike {
    /// Other names of the same inode: hard links.
    pub links: Vec<NodeId>,
    /// All names of other files with the same content.
    pub copies: Vec<NodeId>,
}

impl Stack {
    /// What is beside the file that `node` is in the stack at `layer`. A file without content has no copies, and files of
    /// layers that were not read are none.
    ///
    /// Looks once at each entry and at each node.
    #[must_use]
    pub fn alike(&self, node: NodeId, layer: usize) -> Alike {
        let mut alike = Alike::default();
        let inode_at = |node| {
            let inode = self.at(node, layer)?.inode;
            (inode != InodeId::FOLDER).then_some(inode)
        };
        let Some(inode) = inode_at(node) else {
            return alike;
        };
        let copies = self.copies_of(inode, layer);
        let is_copy = |inode: InodeId| copies.get(inode.0 as usize) == Some(&true);
        for other in (0..self.nodes() as u32).map(NodeId) {
            match inode_at(other) {
                Some(same) if same == inode && other != node => alike.links.push(other),
                Some(other_inode) if is_copy(other_inode) => alike.copies.push(other),
                _ => {}
            }
        }
        alike
    }

    /// Which inodes of the layers up to `layer` have the same content as this one; empty where none can be told.
    fn copies_of(&self, inode: InodeId, layer: usize) -> Vec<bool> {
        let (stored_in, _) = self.inodes.stored_by(inode);
        let is_listed = |layer| self.layer(layer).is_none_or(|index| index.is_listed());
        let content = self.content(inode, None);
        let Some(content) = content.filter(|(size, _)| *size > 0 && !is_listed(stored_in)) else {
            return Vec::new();
        };
        let mut copies = vec![false; self.inodes.len()];
        for (number, index) in (1..=layer).zip(&self.layers) {
            if index.is_listed() {
                continue;
            }
            // Of a million entries few pass the first test.
            let equal = |entry: &EntryId| index.content(*entry) == content.1;
            for entry in index.entries().filter(equal) {
                let other = self.inodes.of(number, entry);
                let is_copy = other != inode && self.content(other, None) == Some(content);
                if let Some(copy) = copies.get_mut(other.0 as usize) {
                    *copy = is_copy;
                }
            }
        }
        copies
    }
}
