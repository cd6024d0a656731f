//! Groups of files that are mended together, and folders that take many of them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Kind, Shipped};
use crate::ledger::Wasted;
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
    /// Bytes, and what they cost in the blob, by the layer that ships them and the one that hid them.
    pub(super) shipped: BTreeMap<(usize, Option<usize>), (u64, u64)>,
}

impl Group {
    pub(super) fn new(node: NodeId) -> Self {
        Self {
            node,
            kept: None,
            files: 0,
            shipped: BTreeMap::new(),
        }
    }

    /// Adds a live file.
    pub(super) fn add(&mut self, layer: usize, bytes: u64, compressed: u64) {
        self.files += 1;
        self.ship((layer, None), bytes, compressed);
    }

    /// Adds a wasted file.
    pub(super) fn lose(&mut self, wasted: &Wasted) {
        self.files += 1;
        let layers = (wasted.added_by, Some(wasted.hidden_by));
        self.ship(layers, wasted.bytes, wasted.compressed);
    }

    /// Adds something without content.
    pub(super) fn touch(&mut self, layer: usize) {
        self.ship((layer, None), 0, 0);
    }

    fn ship(&mut self, layers: (usize, Option<usize>), bytes: u64, compressed: u64) {
        let shipped = self.shipped.entry(layers).or_default();
        shipped.0 += bytes;
        shipped.1 += compressed;
    }

    pub(super) fn take(&mut self, other: Self) {
        self.files += other.files;
        for (layers, (bytes, compressed)) in other.shipped {
            self.ship(layers, bytes, compressed);
        }
    }

    /// The layers that ship it, ascending.
    pub(super) fn added_by(&self) -> Vec<usize> {
        let layers: BTreeSet<usize> = self.shipped.keys().map(|(layer, _)| *layer).collect();
        layers.into_iter().collect()
    }

    /// Nothing of it is in the final stack.
    pub(super) fn is_wasted(&self) -> bool {
        self.shipped
            .keys()
            .all(|(_, hidden_by)| hidden_by.is_some())
    }

    fn hidden_by(&self) -> Vec<usize> {
        let layers: BTreeSet<usize> = self.shipped.keys().filter_map(|(_, by)| *by).collect();
        layers.into_iter().collect()
    }

    /// What a rule of its kind found.
    pub(super) fn told(self, stack: &Stack, kind: Kind, rule: &str, advice: String) -> Finding {
        Finding {
            rule: Some(rule.to_owned()),
            advice,
            ..self.finding(stack, kind)
        }
    }

    pub(super) fn finding(self, stack: &Stack, kind: Kind) -> Finding {
        let (added_by, hidden_by) = (self.added_by(), self.hidden_by());
        let shipped = self.shipped.into_iter();
        let shipped: Vec<Shipped> = shipped
            .map(|((layer, hidden_by), (bytes, compressed))| Shipped {
                layer,
                hidden_by,
                bytes,
                compressed,
            })
            .collect();
        Finding {
            kind,
            rule: None,
            path: stack.path(self.node),
            line: None,
            files: self.files,
            bytes: shipped.iter().map(|part| part.bytes).sum(),
            compressed: shipped.iter().map(|part| part.compressed).sum(),
            added_by,
            hidden_by,
            shipped,
            packaged: false,
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
