//! Steps 2 and 3 of stacking: the layer's whiteouts, and its tree laid over what is left.

#![allow(
    clippy::indexing_slicing,
    reason = "nodes and inodes are numbers of rows that the stack itself gave out"
)]

use super::Stack;
use super::inodes::{Cause, InodeId};
use super::nodes::NodeId;
use super::own_tree::{PathNode, Whiteout};
use super::versions::Packed;
use crate::layer::LayerIndex;

const NONE: u32 = u32::MAX;

/// The nodes that exist in the stack so far, each folder's linked, so that taking a folder away
/// costs no more than what stands in it.
#[derive(Default)]
pub(super) struct Live {
    links: Vec<Links>,
}

#[derive(Clone, Copy)]
struct Links {
    first: u32,
    next: u32,
    before: u32,
}

impl Live {
    pub(super) fn make_room(&mut self, nodes: usize) {
        let empty = Links {
            first: NONE,
            next: NONE,
            before: NONE,
        };
        self.links.resize(nodes, empty);
    }

    fn hang(&mut self, parent: NodeId, node: NodeId) {
        let next = std::mem::replace(&mut self.links[parent.at()].first, node.0);
        self.links[node.at()].next = next;
        self.links[node.at()].before = NONE;
        if let Some(next) = self.links.get_mut(next as usize) {
            next.before = node.0;
        }
    }

    fn unhang(&mut self, parent: NodeId, node: NodeId) {
        let Links { next, before, .. } = self.links[node.at()];
        if let Some(next) = self.links.get_mut(next as usize) {
            next.before = before;
        }
        match self.links.get_mut(before as usize) {
            Some(before) => before.next = next,
            None => self.links[parent.at()].first = next,
        }
    }

    /// Empties a folder and tells all that stood below it.
    fn take_below(&mut self, folder: NodeId) -> Vec<NodeId> {
        let mut taken = Vec::new();
        let mut open = vec![folder];
        while let Some(folder) = open.pop() {
            let mut at = std::mem::replace(&mut self.links[folder.at()].first, NONE);
            while at != NONE {
                taken.push(NodeId(at));
                open.push(NodeId(at));
                at = self.links[at as usize].next;
            }
        }
        taken
    }
}

impl Stack {
    /// Step 2. Only what the stack below had is there yet, so nothing else can be hidden.
    pub(super) fn hide(&mut self, layer: usize, whiteouts: &[Whiteout]) {
        for whiteout in whiteouts {
            match *whiteout {
                Whiteout::Below(folder) => self.take_below(layer, folder),
                Whiteout::Path(node) => {
                    if let Some(inode) = self.live_inode(node) {
                        self.take_below(layer, node);
                        self.live.unhang(self.nodes.parent(node), node);
                        self.take(layer, node, inode);
                    }
                }
            }
        }
    }

    /// Step 3, for one path of the layer's own tree.
    pub(super) fn lay(&mut self, layer: usize, index: &LayerIndex, place: &PathNode) {
        let node = place.node;
        let Some(below) = self.live_inode(node) else {
            self.live.hang(self.nodes.parent(node), node);
            self.store(layer, place);
            return;
        };
        match (place.is_dir(index), below) {
            (true, InodeId::FOLDER) => {
                // An implied folder says nothing about the one that is there.
                if place.what != Packed::IMPLIED {
                    self.store(layer, place);
                }
            }
            (true, file) => {
                self.inodes.lose(file, Cause::Overwritten);
                self.store(layer, place);
            }
            (false, InodeId::FOLDER) => {
                self.take_below(layer, node);
                self.store(layer, place);
            }
            (false, file) if file == place.inode => {}
            (false, file) => {
                let equal = match self.content(place.inode, Some((layer, index))) {
                    Some(content) => self.content(file, Some((layer, index))) == Some(content),
                    None => false,
                };
                let cause = if equal {
                    Cause::MetadataOnly
                } else {
                    Cause::Overwritten
                };
                self.inodes.lose(file, cause);
                self.store(layer, place);
            }
        }
    }

    fn store(&mut self, layer: usize, place: &PathNode) {
        self.versions
            .set(place.node.at(), layer, place.what, place.inode);
        if place.inode != InodeId::FOLDER {
            self.inodes.gain(place.inode);
        }
    }

    /// Takes away all below a folder.
    pub(super) fn take_below(&mut self, layer: usize, folder: NodeId) {
        for node in self.live.take_below(folder) {
            if let Some(inode) = self.live_inode(node) {
                self.take(layer, node, inode);
            }
        }
    }

    fn take(&mut self, layer: usize, node: NodeId, inode: InodeId) {
        if inode != InodeId::FOLDER {
            self.inodes.lose(inode, Cause::Deleted);
        }
        self.versions
            .set(node.at(), layer, Packed::GONE, InodeId::FOLDER);
    }
}
