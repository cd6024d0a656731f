//! What can be browsed: the stack at a layer, or the changes of a layer, as a tree with sums.

#![allow(
    clippy::indexing_slicing,
    reason = "nodes and inodes are numbers of rows that the stack itself gave out"
)]

mod row;

use super::inodes::InodeId;
pub use super::mark::Mark;
use super::names::Names;
use super::versions::Version;
use super::{NodeId, Stack};
pub use row::Row;
use row::row_of;

/// The tree of the stack at one layer, or of that layer's changes.
pub struct View {
    layer: usize,
    rows: Vec<Slot>,
    /// Children of all nodes one after the other, sorted by name; a node's own begin at `first`.
    children: Vec<NodeId>,
    first: Vec<u32>,
    /// Which name of a file is the file, in the stack at the layer.
    names: Names,
    /// The same in the stack below it, for what the layer took away.
    names_below: Option<Names>,
}

/// A node in the view.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    pub(super) version: Option<Version>,
    pub(super) mark: Option<Mark>,
    pub(super) sum: Sum,
}

/// What a node holds, itself and below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Bytes of file content as stored; every inode once, also where it has several names.
    pub bytes: u64,
    /// Paths that are no folders.
    pub files: u64,
    /// All paths below, folders too.
    pub paths: u64,
}

impl View {
    /// The stack at `layer`: the file system as a container would see it if that layer were the last.
    #[must_use]
    pub fn stack(stack: &Stack, layer: usize) -> Self {
        let rows = stack.all_nodes().map(|node| Slot {
            version: stack.at(node, layer),
            mark: None,
            sum: Sum::default(),
        });
        let names = Names::at(stack, layer);
        Self::build(stack, layer, rows.collect(), names, None)
    }

    /// The changes of `layer`: what it added, modified or removed against the stack below it, and the folders above.
    #[must_use]
    pub fn changes(stack: &Stack, layer: usize) -> Self {
        let rows = stack.all_nodes().map(|node| {
            let mark = stack.mark(node, layer);
            let version = match mark {
                None => None,
                Some(Mark::Deleted) => stack.at(node, layer.saturating_sub(1)),
                Some(_) => stack.at(node, layer),
            };
            Slot {
                version,
                mark,
                sum: Sum::default(),
            }
        });
        let below = Names::at(stack, layer.saturating_sub(1));
        Self::of_changes(stack, layer, rows.collect(), below)
    }

    /// The view of changed rows up to `layer`, and the folders above them.
    pub(super) fn of_changes(
        stack: &Stack,
        layer: usize,
        mut rows: Vec<Slot>,
        names_below: Names,
    ) -> Self {
        // Folders above a change are shown as the way to it. Children have higher numbers than parents.
        for at in (1..rows.len()).rev() {
            if rows[at].version.is_some() {
                let parent = stack.parent(NodeId(at as u32));
                if rows[parent.at()].version.is_none() {
                    rows[parent.at()].version = stack.last(parent, layer);
                }
            }
        }
        rows[0].version = stack.at(NodeId::ROOT, layer);
        Self::build(
            stack,
            layer,
            rows,
            Names::at(stack, layer),
            Some(names_below),
        )
    }

    /// The layer that the view is of.
    #[must_use]
    pub const fn layer(&self) -> usize {
        self.layer
    }

    /// The node is in the view.
    #[must_use]
    pub fn contains(&self, node: NodeId) -> bool {
        self.rows
            .get(node.at())
            .is_some_and(|slot| slot.version.is_some())
    }

    /// What stands in a folder, sorted by the bytes of the names.
    #[must_use]
    pub fn children(&self, node: NodeId) -> &[NodeId] {
        match (self.first.get(node.at()), self.first.get(node.at() + 1)) {
            (Some(&start), Some(&end)) => &self.children[start as usize..end as usize],
            _ => &[],
        }
    }

    /// The version of the node that the view shows, if it is in the view.
    #[must_use]
    pub fn version(&self, node: NodeId) -> Option<Version> {
        self.rows.get(node.at())?.version
    }

    /// What the node holds, itself and below; 0 of all if it is not in the view.
    #[must_use]
    pub fn sum(&self, node: NodeId) -> Sum {
        self.rows
            .get(node.at())
            .map_or_else(Sum::default, |slot| slot.sum)
    }

    /// What was done to the node, if anything.
    #[must_use]
    pub fn mark(&self, node: NodeId) -> Option<Mark> {
        self.rows.get(node.at())?.mark
    }

    /// The node's line, if it is in the view.
    #[must_use]
    pub fn row<'s>(&self, stack: &'s Stack, node: NodeId) -> Option<Row<'s>> {
        let slot = self.rows.get(node.at())?;
        let version = slot.version?;
        let (names, layer) = match (slot.mark, &self.names_below) {
            (Some(Mark::Deleted), Some(below)) => (below, self.layer.saturating_sub(1)),
            _ => (&self.names, self.layer),
        };
        let mut row = row_of(stack, node, version, (names, layer))?;
        (row.mark, row.sum) = (slot.mark, slot.sum);
        Some(row)
    }

    /// The node's line as it was in one of its versions, without a mark and sums. Of a file that is in the view under
    /// another name, the line is a hard link to that.
    #[must_use]
    pub fn row_at<'s>(&self, stack: &'s Stack, node: NodeId, version: Version) -> Option<Row<'s>> {
        row_of(stack, node, version, (&self.names, version.layer))
    }

    /// What the whole view holds.
    #[must_use]
    pub fn total(&self) -> Sum {
        self.rows[0].sum
    }

    pub(super) fn build(
        stack: &Stack,
        layer: usize,
        mut rows: Vec<Slot>,
        names: Names,
        names_below: Option<Names>,
    ) -> Self {
        count_files(stack, &mut rows, &names);
        // Children have higher numbers than their parents, so one pass backwards sums up whole trees.
        for at in (1..rows.len()).rev() {
            if rows[at].version.is_none() {
                continue;
            }
            let parent = stack.parent(NodeId(at as u32)).at();
            let below = rows[at].sum;
            // What is gone counts for the folder that went with it, not for those that stay.
            let gone = rows[at].mark == Some(Mark::Deleted);
            let sum = &mut rows[parent].sum;
            sum.paths += below.paths + 1;
            if !gone || rows[parent].mark == Some(Mark::Deleted) {
                let sum = &mut rows[parent].sum;
                sum.bytes += below.bytes;
                sum.files += below.files;
            }
        }
        let mut first = vec![0u32; rows.len() + 1];
        let shown = |at: &usize| rows[*at].version.is_some();
        for at in (1..rows.len()).filter(shown) {
            first[stack.parent(NodeId(at as u32)).at() + 1] += 1;
        }
        for at in 1..first.len() {
            first[at] += first[at - 1];
        }
        let mut next = first.clone();
        let mut children = vec![NodeId::ROOT; first.last().map_or(0, |end| *end as usize)];
        for at in (1..rows.len()).filter(shown) {
            let place = &mut next[stack.parent(NodeId(at as u32)).at()];
            children[*place as usize] = NodeId(at as u32);
            *place += 1;
        }
        for folder in 0..rows.len() {
            let range = first[folder] as usize..first[folder + 1] as usize;
            children[range].sort_unstable_by(|a, b| stack.name(*a).cmp(stack.name(*b)));
        }
        Self {
            layer,
            rows,
            children,
            first,
            names,
            names_below,
        }
    }
}

/// Gives every inode's bytes to one of its names: the one that is the file, else the first that there is.
fn count_files(stack: &Stack, rows: &mut [Slot], names: &Names) {
    let mut counted = vec![false; stack.inodes.len()];
    for main_names in [true, false] {
        for (at, slot) in (0..).zip(rows.iter_mut()) {
            let Some(version) = slot
                .version
                .filter(|version| version.inode != InodeId::FOLDER)
            else {
                continue;
            };
            let (layer, entry) = stack.inodes.stored_by(version.inode);
            if (names.main(version) == Some(NodeId(at))) != main_names {
                continue;
            }
            slot.sum.files = 1;
            let counted = &mut counted[version.inode.0 as usize];
            if let (false, Some(index)) = (*counted, stack.layer(layer)) {
                *counted = true;
                slot.sum.bytes = index.size(entry);
            }
        }
    }
}

impl Stack {
    pub(super) fn all_nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes() as u32).map(NodeId)
    }
}
