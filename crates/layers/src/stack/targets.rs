//! Where hard links lead: at their place in the tar, and at a second look when all of the layer is known.

#![allow(
    clippy::indexing_slicing,
    reason = "nodes and inodes are numbers of rows that the stack itself gave out"
)]

use super::Stack;
use super::inodes::InodeId;
use super::nodes::NodeId;
use super::own_tree::OwnTree;
use super::target::Target;
use super::versions::VersionKind;
use crate::layer::{EntryId, LayerIndex};
use crate::limits::LINKS;

impl OwnTree {
    /// What a hard link's target is now: in the layer's own tree over the stack below, else in the stack below as it was
    /// before the layer. `node` is the link's own path.
    pub(super) fn target(
        &self,
        stack: &Stack,
        index: &LayerIndex,
        layer: usize,
        entry: EntryId,
        node: NodeId,
    ) -> Target {
        if let Some(first) = index.alias(entry) {
            return Target::Inode(stack.inodes.of(layer, first));
        }
        let tree = Tree {
            stack,
            index,
            own: Some(self),
            are_known: false,
        };
        tree.target(entry, node)
    }

    /// Resolves links whose targets came later in the tar, and tells which of them lead to folders; the rest is broken
    /// and stays as it is. The order in which links are looked at does not matter: a walk that ends somewhere met no
    /// link that is still to be resolved, and so ends there always.
    pub(super) fn second_look(
        &mut self,
        stack: &Stack,
        index: &LayerIndex,
        layer: usize,
    ) -> Vec<EntryId> {
        let to_folders = self.resolve_pending(stack, index, layer);
        if !to_folders.is_empty() {
            return to_folders;
        }
        // A link to nothing is no folder, so behind it is what the stack below has. All that wait now are looked at
        // before any of them changes.
        let tree = Tree {
            stack,
            index,
            own: Some(self),
            are_known: true,
        };
        let pending = (0..).zip(&self.places).filter_map(|(at, place)| {
            let VersionKind::Entry(entry) = place.what.what() else {
                return None;
            };
            let waits = place.present && place.pending;
            waits.then(|| (at, entry, tree.target(entry, place.node)))
        });
        let mut to_folders = Vec::new();
        for (at, entry, target) in pending.collect::<Vec<(usize, _, _)>>() {
            match target {
                Target::Inode(inode) => {
                    let place = &mut self.places[at];
                    (place.inode, place.pending) = (inode, false);
                }
                Target::Dir => to_folders.push(entry),
                Target::Nothing | Target::Itself | Target::Pending(_) => {}
            }
        }
        match to_folders.is_empty() {
            true => self.resolve_pending(stack, index, layer),
            false => to_folders,
        }
    }

    fn resolve_pending(&mut self, stack: &Stack, index: &LayerIndex, layer: usize) -> Vec<EntryId> {
        let mut to_folders = Vec::new();
        let mut seen = vec![false; self.places.len()];
        for start in 0..self.places.len() {
            if seen[start] {
                continue;
            }
            // A link that another one has to wait for is looked at first.
            let mut chain = vec![start];
            while let Some(&at) = chain.last() {
                let place = &self.places[at];
                let (true, true, VersionKind::Entry(entry)) =
                    (place.present, place.pending, place.what.what())
                else {
                    break;
                };
                seen[at] = true;
                match self.target(stack, index, layer, entry, place.node) {
                    // One that was seen and still waits, waits for nothing, or for a link that waits for it.
                    Target::Pending(next) if !seen[next as usize] => {
                        chain.push(next as usize);
                        continue;
                    }
                    Target::Inode(inode) => {
                        let place = &mut self.places[at];
                        (place.inode, place.pending) = (inode, false);
                    }
                    Target::Dir => to_folders.push(entry),
                    Target::Nothing | Target::Itself | Target::Pending(_) => {}
                }
                chain.pop();
            }
        }
        to_folders
    }
}

/// The layer's own tree over the stack below it, or that stack alone.
#[derive(Clone, Copy)]
struct Tree<'t> {
    stack: &'t Stack,
    index: &'t LayerIndex,
    own: Option<&'t OwnTree>,
    /// What is still waiting for its target on the way to another one leads to nothing.
    are_known: bool,
}

impl<'t> Tree<'t> {
    /// What the target of the link at `node` is.
    fn target(self, entry: EntryId, node: NodeId) -> Target {
        let path = self.index.link(entry).unwrap_or_default();
        match self.walk(path, node) {
            Target::Nothing => Tree { own: None, ..self }.walk(path, node),
            found => found,
        }
    }

    /// Follows a path as link(2) does: folder by folder, symbolic links among them too; the last name is taken as it is.
    /// Source: path_resolution(7).
    fn walk(self, path: &'t [u8], link: NodeId) -> Target {
        let nodes = &self.stack.nodes;
        let mut names: Vec<&[u8]> = reversed(path).collect();
        let mut folder = NodeId::ROOT;
        let mut links = 0;
        while let Some(name) = names.pop() {
            if name == b".." {
                folder = nodes.parent(folder);
                continue;
            }
            let Some(node) = nodes.find(folder, name) else {
                return Target::Nothing;
            };
            if names.is_empty() {
                return match node == link {
                    true => Target::Itself,
                    false => self.at(node),
                };
            }
            let inode = match self.at(node) {
                Target::Dir => {
                    folder = node;
                    continue;
                }
                Target::Inode(inode) => inode,
                Target::Pending(_) if self.are_known => return Target::Nothing,
                other => return other,
            };
            let text = self.stack.symlink(inode, Some(self.index));
            let Some(text) = text.filter(|_| links < LINKS) else {
                return Target::Nothing;
            };
            links += 1;
            if text.starts_with(b"/") {
                folder = NodeId::ROOT;
            }
            names.extend(reversed(text));
        }
        Target::Dir
    }

    fn at(self, node: NodeId) -> Target {
        if let Some((own, at)) = self.own.and_then(|own| Some((own, own.find(node)?))) {
            let place = &own.places[at as usize];
            return match place {
                place if place.is_dir(self.index) => Target::Dir,
                place if place.pending => Target::Pending(at),
                place => Target::Inode(place.inode),
            };
        }
        match self.stack.live_inode(node) {
            None => Target::Nothing,
            Some(InodeId::FOLDER) => Target::Dir,
            Some(inode) => Target::Inode(inode),
        }
    }
}

/// The names of a path, the last one first.
fn reversed(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let names = path.rsplit(|byte| *byte == b'/');
    names.filter(|name| !matches!(*name, b"" | b"."))
}
