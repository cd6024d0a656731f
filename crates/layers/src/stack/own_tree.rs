//! Step 1 of stacking: a layer's entries applied to each other in the order of the tar.
//!
//! What a later entry takes away from an earlier one is lost to `repeated`; whatever is left is
//! laid over the stack below in step 3.

#![allow(
    clippy::indexing_slicing,
    reason = "nodes and inodes are numbers of rows that the stack itself gave out"
)]

use std::collections::BTreeSet;

use super::Stack;
use super::StackError;
use super::inodes::InodeId;
use super::nodes::NodeId;
use super::target::Target;
use super::versions::Packed;
use crate::layer::{DirId, EntryId, EntryKind, LayerIndex, RemarkKind};

const NONE: u32 = u32::MAX;

/// A layer's own tree and its whiteouts.
pub(super) struct OwnTree {
    pub(super) places: Vec<PathNode>,
    /// For each node the place that may belong to it; true only if that place names the node.
    place_of: Vec<u32>,
    pub(super) whiteouts: Vec<Whiteout>,
    /// Hard links that were seen to name folders where they stand.
    refused: Vec<EntryId>,
    /// A hard link led to nothing at its place in the tar.
    pub(super) waited: bool,
}

/// How often a tree is built again because links turned out to be refused. Each time at least one
/// more is, so only a layer made to be slow needs many.
const ROUNDS: usize = 8;

/// Something that the layer hides from the stack below.
pub(super) enum Whiteout {
    /// The path and all below it.
    Path(NodeId),
    /// All below the path.
    Below(NodeId),
}

/// One path that the layer mentions.
pub(super) struct PathNode {
    pub(super) node: NodeId,
    /// False once a later entry took it away.
    pub(super) present: bool,
    pub(super) what: Packed,
    pub(super) inode: InodeId,
    /// The entry with which it came to be.
    pub(super) since: EntryId,
    /// A hard link whose target is not known yet.
    pub(super) pending: bool,
    /// Places, linked: the first child's, and the neighbours'.
    first: u32,
    next: u32,
    before: u32,
}

impl PathNode {
    pub(super) fn is_dir(&self, index: &LayerIndex) -> bool {
        self.what.is_dir(index)
    }
}

impl OwnTree {
    /// Applies all entries of `index`, which is to become layer `layer` of `stack`.
    pub(super) fn build(
        stack: &mut Stack,
        index: &LayerIndex,
        layer: usize,
    ) -> Result<Self, StackError> {
        let mut dirs = vec![NodeId::ROOT];
        for dir in (1..index.dirs() as u32).map(DirId) {
            let parent = dirs[index.dir_parent(dir).0 as usize];
            dirs.push(stack.nodes.child(parent, index.dir_name(dir))?);
        }
        // A link to a folder changes nothing; where the folder comes later in the tar, this is known
        // only at the end, and the tree is built again without the link.
        let mut late = BTreeSet::new();
        let mut own = Self::build_without(&late, stack, index, layer, &dirs)?;
        for round in 1.. {
            let refused = own.second_look(stack, index, layer);
            own.waited |= !late.is_empty();
            late.extend(refused.iter().copied());
            if refused.is_empty() || round == ROUNDS {
                break;
            }
            own = Self::build_without(&late, stack, index, layer, &dirs)?;
        }
        own.imply_for_whiteouts(stack, index, &dirs);
        own.refused.extend(late);
        for entry in &own.refused {
            stack.remark(layer, index, *entry, RemarkKind::LinkToFolder);
        }
        Ok(own)
    }

    fn build_without(
        refused: &BTreeSet<EntryId>,
        stack: &mut Stack,
        index: &LayerIndex,
        layer: usize,
        dirs: &[NodeId],
    ) -> Result<Self, StackError> {
        let mut own = Self {
            places: Vec::with_capacity(index.len() + dirs.len()),
            place_of: vec![0; stack.nodes.len()],
            whiteouts: Vec::new(),
            refused: Vec::new(),
            waited: false,
        };
        own.add(NodeId::ROOT, Packed::IMPLIED, InodeId::FOLDER, EntryId(0));
        for entry in index.entries().filter(|entry| !refused.contains(entry)) {
            let dir = dirs[index.dir(entry).0 as usize];
            let name = index.name(entry);
            if index.kind(entry) == EntryKind::Whiteout {
                own.whiteouts
                    .extend(stack.nodes.find(dir, name).map(Whiteout::Path));
                continue;
            }
            let node = match name {
                b"" => NodeId::ROOT,
                name => stack.nodes.child(dir, name)?,
            };
            own.apply(stack, index, layer, entry, node);
        }
        Ok(own)
    }

    /// What is left, in the order in which it came to be; parents before children.
    pub(super) fn into_places(self) -> Vec<PathNode> {
        let mut places = self.places;
        places.retain(|place| place.present);
        if !places.is_sorted_by_key(|place| place.since) {
            // Stable: a parent's place is older than its children's, so it stays before them.
            places.sort_by_key(|place| place.since);
        }
        places
    }

    fn apply(
        &mut self,
        stack: &Stack,
        index: &LayerIndex,
        layer: usize,
        entry: EntryId,
        node: NodeId,
    ) {
        let inode = stack.inodes.of(layer, entry);
        match index.kind(entry) {
            EntryKind::Opaque => self.whiteouts.push(Whiteout::Below(node)),
            EntryKind::Dir => self.put(stack, index, node, entry, InodeId::FOLDER),
            // Whatever stands at the root, the root stays a folder.
            _ if node == NodeId::ROOT => {}
            EntryKind::Hardlink => match self.target(stack, index, layer, entry, node) {
                Target::Inode(inode) => self.put(stack, index, node, entry, inode),
                Target::Dir => self.refused.push(entry),
                Target::Nothing | Target::Itself | Target::Pending(_) => {
                    self.waited = true;
                    self.put(stack, index, node, entry, inode);
                    if let Some(place) = self.place_mut(node) {
                        place.pending = true;
                    }
                }
            },
            _ => self.put(stack, index, node, entry, inode),
        }
    }

    /// Puts an entry at its path; what stood there or in its way is taken off.
    fn put(
        &mut self,
        stack: &Stack,
        index: &LayerIndex,
        node: NodeId,
        entry: EntryId,
        inode: InodeId,
    ) {
        let what = Packed::entry(entry);
        if node != NodeId::ROOT {
            self.imply(stack, index, stack.nodes.parent(node), entry);
        }
        if let Some(at) = self.find(node) {
            if self.places[at as usize].is_dir(index) {
                if what.is_dir(index) {
                    self.places[at as usize].what = what;
                    return;
                }
                self.remove_below(at);
            } else if self.places[at as usize].inode == inode {
                // A link that names the inode already there changes nothing.
                return;
            }
            self.remove(stack, at);
        }
        self.add(node, what, inode, entry);
        self.hang(stack, node);
    }

    /// Makes folders of what whiteouts stand in, unless the layer itself has a file there: umoci writes such whiteouts
    /// where a file took a folder's place. They are not there for the layer's own links.
    fn imply_for_whiteouts(&mut self, stack: &Stack, index: &LayerIndex, dirs: &[NodeId]) {
        for entry in index.entries().filter(|entry| index.kind(*entry).hides()) {
            let dir = dirs[index.dir(entry).0 as usize];
            let folder = match (index.kind(entry), index.name(entry)) {
                (EntryKind::Opaque, name) if !name.is_empty() => stack.nodes.find(dir, name),
                _ => Some(dir),
            };
            let Some(folder) = folder else { continue };
            let mut up = folder;
            // The nearest parent that the layer mentions decides; the root is one.
            let at = loop {
                match self.find(up) {
                    Some(at) => break at,
                    None => up = stack.nodes.parent(up),
                }
            };
            if self.places[at as usize].is_dir(index) {
                self.imply(stack, index, folder, entry);
            }
        }
    }

    /// Makes sure that `node` and its parents are folders.
    fn imply(&mut self, stack: &Stack, index: &LayerIndex, node: NodeId, entry: EntryId) {
        let mut missing = Vec::new();
        let mut up = node;
        // Above a folder that is present everything is a folder that is present; so is the root.
        while !self
            .find(up)
            .is_some_and(|at| self.places[at as usize].is_dir(index))
        {
            missing.push(up);
            up = stack.nodes.parent(up);
        }
        for node in missing.into_iter().rev() {
            if let Some(at) = self.find(node) {
                self.remove(stack, at);
            }
            self.add(node, Packed::IMPLIED, InodeId::FOLDER, entry);
            self.hang(stack, node);
        }
    }

    pub(super) fn find(&self, node: NodeId) -> Option<u32> {
        let at = *self.place_of.get(node.at())?;
        let place = self.places.get(at as usize)?;
        (place.node == node && place.present).then_some(at)
    }

    fn place_mut(&mut self, node: NodeId) -> Option<&mut PathNode> {
        let at = self.find(node)?;
        self.places.get_mut(at as usize)
    }

    /// Makes a place, or the node's earlier one anew: so parents keep standing before children.
    fn add(&mut self, node: NodeId, what: Packed, inode: InodeId, since: EntryId) {
        if self.place_of.len() <= node.at() {
            self.place_of.resize(node.at() + 1, 0);
        }
        let place = PathNode {
            node,
            present: true,
            what,
            inode,
            since,
            pending: false,
            first: NONE,
            next: NONE,
            before: NONE,
        };
        let earlier = self.place_of[node.at()];
        match self.places.get_mut(earlier as usize) {
            Some(old) if old.node == node => *old = place,
            _ => {
                self.place_of[node.at()] = self.places.len() as u32;
                self.places.push(place);
            }
        }
    }

    /// Hangs a new place under its parent.
    fn hang(&mut self, stack: &Stack, node: NodeId) {
        let at = self.place_of[node.at()];
        let parent = self.place_of[stack.nodes.parent(node).at()];
        let next = std::mem::replace(&mut self.places[parent as usize].first, at);
        let place = &mut self.places[at as usize];
        (place.next, place.before) = (next, NONE);
        if let Some(next) = self.places.get_mut(next as usize) {
            next.before = at;
        }
    }

    /// Takes one place off; what hung below it is the caller's business.
    fn remove(&mut self, stack: &Stack, at: u32) {
        let place = &mut self.places[at as usize];
        place.present = false;
        let (node, next, before) = (place.node, place.next, place.before);
        if let Some(next) = self.places.get_mut(next as usize) {
            next.before = before;
        }
        if let Some(before) = self.places.get_mut(before as usize) {
            before.next = next;
        } else {
            let parent = self.place_of[stack.nodes.parent(node).at()];
            self.places[parent as usize].first = next;
        }
    }

    fn remove_below(&mut self, at: u32) {
        let mut open = vec![std::mem::replace(&mut self.places[at as usize].first, NONE)];
        while let Some(mut at) = open.pop() {
            while let Some(place) = self.places.get_mut(at as usize) {
                place.present = false;
                open.push(std::mem::replace(&mut place.first, NONE));
                at = place.next;
            }
        }
    }
}
