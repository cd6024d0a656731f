//! Groups of files with one fix, and folders that take many of them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Kind, LayerBytes, Location};
use crate::ledger::Wasted;
use crate::stack::{Cause, NodeId, Stack};

/// The layer that adds bytes, and the one that hides them, with how.
type Layers = (usize, Option<(usize, Cause)>);

/// So many findings of one sort and layer in one folder are one finding of that folder.
pub(super) const MANY: usize = 8;
/// The same for the root, which tells a reader less than any other folder.
pub(super) const MANY_TREES: usize = 64;

/// Files with one fix.
pub(super) struct Group {
    pub(super) node: NodeId,
    /// What they repeat, where that is one place.
    pub(super) kept: Option<NodeId>,
    pub(super) files: u64,
    /// Bytes, and what they cost in the blob, by the layer that adds them and the one that hides them, and how.
    pub(super) by_layer: BTreeMap<Layers, (u64, u64)>,
}

impl Group {
    pub(super) fn new(node: NodeId) -> Self {
        Self {
            node,
            kept: None,
            files: 0,
            by_layer: BTreeMap::new(),
        }
    }

    /// Adds a live file.
    pub(super) fn add(&mut self, layer: usize, bytes: u64, compressed: u64) {
        self.files += 1;
        self.count((layer, None), bytes, compressed);
    }

    /// Adds a wasted file.
    pub(super) fn lose(&mut self, wasted: &Wasted) {
        self.files += 1;
        let layers = (wasted.added_by, Some((wasted.hidden_by, wasted.cause)));
        self.count(layers, wasted.bytes, wasted.compressed);
    }

    /// Adds something without content.
    pub(super) fn touch(&mut self, layer: usize) {
        self.count((layer, None), 0, 0);
    }

    fn count(&mut self, layers: (usize, Option<(usize, Cause)>), bytes: u64, compressed: u64) {
        let sums = self.by_layer.entry(layers).or_default();
        sums.0 += bytes;
        sums.1 += compressed;
    }

    pub(super) fn take(&mut self, other: Self) {
        self.files += other.files;
        for (layers, (bytes, compressed)) in other.by_layer {
            self.count(layers, bytes, compressed);
        }
    }

    /// The layers that add it, ascending.
    pub(super) fn added_by(&self) -> Vec<usize> {
        let layers: BTreeSet<usize> = self.by_layer.keys().map(|(layer, _)| *layer).collect();
        layers.into_iter().collect()
    }

    /// Nothing of it is in the final stack.
    pub(super) fn is_wasted(&self) -> bool {
        self.by_layer
            .keys()
            .all(|(_, hidden_by)| hidden_by.is_some())
    }

    /// How the last layer that hides some of it does that.
    pub(super) fn last_cause(&self) -> Option<Cause> {
        let hidden = self.by_layer.keys().filter_map(|(_, hidden)| *hidden);
        hidden.max().map(|(_, cause)| cause)
    }

    fn hidden_by(&self) -> Vec<usize> {
        let hidden = self.by_layer.keys().filter_map(|(_, by)| *by);
        let layers: BTreeSet<usize> = hidden.map(|(layer, _)| layer).collect();
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
        let by_layer = self.by_layer.into_iter();
        let by_layer: Vec<LayerBytes> = by_layer
            .map(|((added_by, hidden), (bytes, compressed))| LayerBytes {
                added_by,
                hidden_by: hidden.map(|(layer, _)| layer),
                cause: hidden.map(|(_, cause)| cause),
                bytes,
                compressed,
            })
            .collect();
        Finding {
            kind,
            rule: None,
            location: Location::Path {
                layer: hidden_by.last().or(added_by.last()).copied().unwrap_or(0),
                path: stack.path(self.node),
            },
            line: None,
            files: self.files,
            bytes: by_layer.iter().map(|part| part.bytes).sum(),
            compressed: by_layer.iter().map(|part| part.compressed).sum(),
            added_by,
            hidden_by,
            by_layer,
            packaged: false,
            packages: Vec::new(),
            advice: String::new(),
            changes: Vec::new(),
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
