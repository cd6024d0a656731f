//! Groups of files that are mended together, and folders that take many of them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Kind};
use crate::stack::{NodeId, Stack};

/// So many findings of one sort and layer in one folder are one finding of that folder.
pub(super) const MANY: usize = 8;
/// The same for the root, which tells a reader less than any other folder.
pub(super) const MANY_TREES: usize = 64;

/// Files that are to be mended together.
pub(super) struct Group {
    pub(super) node: NodeId,
    /// What they repeat, where that is one place.
    pub(super) kept: Option<NodeId>,
    pub(super) files: u64,
    pub(super) bytes: u64,
    pub(super) compressed: u64,
    pub(super) added_by: BTreeSet<usize>,
    pub(super) killed_by: BTreeSet<usize>,
}

impl Group {
    pub(super) fn new(node: NodeId) -> Self {
        Self {
            node,
            kept: None,
            files: 0,
            bytes: 0,
            compressed: 0,
            added_by: BTreeSet::new(),
            killed_by: BTreeSet::new(),
        }
    }

    pub(super) fn take(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.compressed += other.compressed;
        self.added_by.extend(other.added_by);
        self.killed_by.extend(other.killed_by);
    }

    pub(super) fn finding(self, stack: &Stack, kind: Kind) -> Finding {
        Finding {
            kind,
            rule: None,
            path: stack.path(self.node),
            files: self.files,
            bytes: self.bytes,
            compressed: self.compressed,
            added_by: self.added_by.into_iter().collect(),
            killed_by: self.killed_by.into_iter().collect(),
            advice: String::new(),
        }
    }
}

/// Groups that meet in a folder in a number of at least `many` become one of that folder, from the
/// bottom up; in the root in a number of `many_trees`.
pub(super) fn gathered(
    stack: &Stack,
    groups: impl IntoIterator<Item = Group>,
    (many, many_trees): (usize, usize),
) -> Vec<Group> {
    let mut open: BTreeMap<NodeId, Vec<Group>> = BTreeMap::new();
    for group in groups {
        open.entry(group.node).or_default().push(group);
    }
    // Children have higher numbers than their parents, so the highest has all of its own.
    while let Some((node, mut groups)) = open.pop_last() {
        let limit = if node == NodeId::ROOT {
            many_trees
        } else {
            many
        };
        if groups.len() >= limit {
            let mut one = Group::new(node);
            groups.into_iter().for_each(|group| one.take(group));
            groups = vec![one];
        }
        if node == NodeId::ROOT {
            return groups;
        }
        let above = open.entry(stack.parent(node)).or_default();
        above.append(&mut groups);
    }
    Vec::new()
}
