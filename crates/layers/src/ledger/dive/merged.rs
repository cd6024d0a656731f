//! What dive makes of the layers below, which it stacks by rules of its own.

#![allow(
    clippy::indexing_slicing,
    reason = "slots are numbers of rows that the tree itself gave out"
)]

use std::collections::HashMap;

use super::tree::{Paths, ROOT, Tree};

/// What dive makes of the layers so far.
#[derive(Default)]
pub(super) struct Merged {
    pub(super) nodes: Vec<Node>,
}

#[derive(Clone, Copy)]
pub(super) struct Node {
    pub(super) present: bool,
    pub(super) is_dir: bool,
    size: i64,
    first: u32,
    next: u32,
    before: u32,
}

const NONE: u32 = u32::MAX;

impl Merged {
    pub(super) fn make_room(&mut self, paths: usize) {
        let absent = Node {
            present: false,
            is_dir: false,
            size: 0,
            first: NONE,
            next: NONE,
            before: NONE,
        };
        self.nodes.resize(paths, absent);
        self.nodes[ROOT as usize].present = true;
    }

    /// Lays a layer over it, node by node in dive's order.
    pub(super) fn graft(&mut self, tree: &Tree, paths: &Paths<'_>, with_whiteouts: bool) {
        for (slot, hidden) in tree.nodes() {
            match hidden {
                Some(hidden) if with_whiteouts => self.remove(hidden.looked_for, paths),
                _ => {
                    self.add(slot.path, paths);
                    let node = &mut self.nodes[slot.path as usize];
                    (node.is_dir, node.size) = (slot.is_dir, slot.size);
                }
            }
        }
    }

    fn add(&mut self, path: u32, paths: &Paths<'_>) {
        let mut at = path;
        while !self.nodes[at as usize].present {
            let parent = paths.parent(at);
            let next = std::mem::replace(&mut self.nodes[parent as usize].first, at);
            self.nodes[at as usize] = Node {
                present: true,
                is_dir: false,
                size: 0,
                first: self.nodes[at as usize].first,
                next,
                before: NONE,
            };
            if let Some(next) = self.nodes.get_mut(next as usize) {
                next.before = at;
            }
            at = parent;
        }
    }

    fn remove(&mut self, path: u32, paths: &Paths<'_>) {
        let node = self.nodes[path as usize];
        if !node.present || path == ROOT {
            return;
        }
        if let Some(next) = self.nodes.get_mut(node.next as usize) {
            next.before = node.before;
        }
        match self.nodes.get_mut(node.before as usize) {
            Some(before) => before.next = node.next,
            None => self.nodes[paths.parent(path) as usize].first = node.next,
        }
        let mut open = vec![path];
        while let Some(at) = open.pop() {
            open.extend(self.children(at));
            let node = &mut self.nodes[at as usize];
            (node.present, node.first) = (false, NONE);
        }
    }

    fn children(&self, path: u32) -> impl Iterator<Item = u32> {
        let mut at = self.nodes[path as usize].first;
        std::iter::from_fn(move || {
            let node = self.nodes.get(at as usize)?;
            Some(std::mem::replace(&mut at, node.next))
        })
    }

    /// The bytes of a node and all below it; `known` are sums of this same state.
    pub(super) fn sum(&self, path: u32, known: &mut HashMap<u32, i64>) -> i64 {
        let mut order = vec![path];
        let mut at = 0;
        while let Some(&path) = order.get(at) {
            if !known.contains_key(&path) {
                order.extend(self.children(path));
            }
            at += 1;
        }
        for path in order.into_iter().rev() {
            if !known.contains_key(&path) {
                let below = self.children(path).map(|child| known.get(&child));
                let sum = below
                    .flatten()
                    .fold(self.nodes[path as usize].size, |sum, size| {
                        sum.saturating_add(*size)
                    });
                known.insert(path, sum);
            }
        }
        known.get(&path).copied().unwrap_or(0)
    }
}
