//! The map: where an image's bytes lie, folder by folder, live and wasted, in as many parts as can be seen.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::text;
use crate::layer::EntryKind;
use crate::ledger::Causes;
use crate::stack::{Cause, NodeId, Stack};

/// Parts of a map at most. More would be too small to be seen, and a million files too many to draw.
pub const PARTS: usize = 600;

/// Bytes of file content as the layers store them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MapBytes {
    /// What the final stack reaches.
    pub live: u64,
    /// What it does not, by cause.
    pub wasted: Causes,
}

impl MapBytes {
    /// Live and wasted together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.live.saturating_add(self.wasted.total())
    }

    /// Both, each part by `with`.
    fn both(self, other: Self, with: fn(u64, u64) -> u64) -> Self {
        let (a, b) = (self.wasted, other.wasted);
        Self {
            live: with(self.live, other.live),
            wasted: Causes {
                deleted: with(a.deleted, b.deleted),
                overwritten: with(a.overwritten, b.overwritten),
                metadata_only: with(a.metadata_only, b.metadata_only),
                repeated: with(a.repeated, b.repeated),
            },
        }
    }
}

/// A file, a folder, or what is too small to stand alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Map {
    /// Its path; None for all in a folder that is too small.
    pub path: Option<String>,
    /// What it holds, all below included.
    pub bytes: MapBytes,
    /// What stands in it, the largest first. Empty for a file, and where no more is told.
    pub parts: Vec<Map>,
}

impl Map {
    /// The map of all layers stacked so far. Each file counts under the path that stored it, so that the
    /// whole is what the ledger retains.
    #[must_use]
    pub fn of(stack: &Stack) -> Self {
        let sums = sums(stack);
        let children = children(stack, &sums);
        let opened = opened(&sums, &children);
        Tree {
            stack,
            sums,
            children,
            opened,
        }
        .map(NodeId::ROOT)
    }
}

/// What each node holds, itself and below.
fn sums(stack: &Stack) -> Vec<MapBytes> {
    let mut sums = vec![MapBytes::default(); stack.nodes()];
    for (number, index) in (1..).zip(stack.layers()) {
        let files = index.entries();
        for entry in files.filter(|entry| index.kind(*entry) == EntryKind::File) {
            let node = stack.find(&index.path(entry));
            let Some(sum) = node.and_then(|node| sums.get_mut(node.0 as usize)) else {
                continue;
            };
            let bytes = index.size(entry);
            let of = match stack.waste(number, entry).map(|waste| waste.cause) {
                None => &mut sum.live,
                Some(Cause::Deleted) => &mut sum.wasted.deleted,
                Some(Cause::Overwritten) => &mut sum.wasted.overwritten,
                Some(Cause::MetadataOnly) => &mut sum.wasted.metadata_only,
                Some(Cause::Repeated) => &mut sum.wasted.repeated,
            };
            *of += bytes;
        }
    }
    // Children have higher numbers than their parents.
    for at in (1..sums.len()).rev() {
        let parent = stack.parent(NodeId(at as u32)).0 as usize;
        if let (Some(below), Some(sum)) = (sums.get(at).copied(), sums.get_mut(parent)) {
            *sum = sum.both(below, u64::saturating_add);
        }
    }
    sums
}

/// The nodes with content in each folder, the largest first.
fn children(stack: &Stack, sums: &[MapBytes]) -> Vec<Vec<NodeId>> {
    let mut children = vec![Vec::new(); sums.len()];
    for (at, sum) in sums.iter().enumerate().skip(1) {
        let node = NodeId(at as u32);
        let parent = stack.parent(node).0 as usize;
        if let Some(of) = children.get_mut(parent).filter(|_| sum.total() > 0) {
            of.push(node);
        }
    }
    let bytes = |node: &NodeId| sums.get(node.0 as usize).map_or(0, MapBytes::total);
    for of in &mut children {
        of.sort_by(|a, b| {
            let size = bytes(b).cmp(&bytes(a));
            size.then_with(|| stack.name(*a).cmp(stack.name(*b)))
        });
    }
    children
}

/// How many of its children each folder shows: what is largest on the whole map comes first.
fn opened(sums: &[MapBytes], children: &[Vec<NodeId>]) -> Vec<usize> {
    let mut opened = vec![0; children.len()];
    let bytes = |node: NodeId| sums.get(node.0 as usize).map_or(0, MapBytes::total);
    let largest = |folder: usize, from: usize| {
        let next = children.get(folder).and_then(|of| of.get(from).copied())?;
        Some((bytes(next), Reverse(folder), from))
    };
    let mut waiting: BinaryHeap<_> = largest(0, 0).into_iter().collect();
    for _ in 0..PARTS {
        let Some((_, Reverse(folder), at)) = waiting.pop() else {
            break;
        };
        if let Some(shown) = opened.get_mut(folder) {
            *shown = at + 1;
        }
        waiting.extend(largest(folder, at + 1));
        let child = children.get(folder).and_then(|of| of.get(at));
        waiting.extend(child.and_then(|child| largest(child.0 as usize, 0)));
    }
    opened
}

struct Tree<'s> {
    stack: &'s Stack,
    sums: Vec<MapBytes>,
    children: Vec<Vec<NodeId>>,
    opened: Vec<usize>,
}

impl Tree<'_> {
    /// A node's part of the map. Folders nest as deep as paths are long, which the decoder bounds.
    fn map(&self, node: NodeId) -> Map {
        let at = node.0 as usize;
        let bytes = self.sums.get(at).copied().unwrap_or_default();
        let children = self.children.get(at).map_or(&[][..], Vec::as_slice);
        let shown = self.opened.get(at).copied().unwrap_or(0);
        let shown = children.iter().take(shown);
        let mut parts: Vec<Map> = shown.map(|child| self.map(*child)).collect();
        // What is too small, and what layers stored under this path before or after it was a folder.
        let rest = parts.iter().fold(bytes, |rest, part| {
            rest.both(part.bytes, u64::saturating_sub)
        });
        if rest.total() > 0 && !parts.is_empty() {
            parts.push(Map {
                path: None,
                bytes: rest,
                parts: Vec::new(),
            });
        }
        Map {
            path: Some(text(&self.stack.path(node)).into_owned()),
            bytes,
            parts,
        }
    }
}
