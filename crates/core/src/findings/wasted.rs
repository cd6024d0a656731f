//! Wasted files gathered: a folder deleted whole, a tree re-owned by one command, a path stored again
//! by layer after layer is one finding each.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::gather::{Group, MANY, MANY_TREES, gathered};
use super::{Finding, Kind};
use crate::layer::EntryKind;
use crate::ledger::{Ledger, Wasted};
use crate::stack::{Cause, NodeId, Stack, What};

/// So many trees re-stated by one layer are one finding of the root.
const METADATA_ONLY_TREES: usize = 4;

/// The findings of all wasted files, in no order.
pub(super) fn of(stack: &Stack, ledger: &Ledger) -> Vec<Finding> {
    let mut whiteouts: HashMap<usize, Whiteouts> = HashMap::new();
    // What one layer took of one cause, under the path that a person would name.
    let mut taken: BTreeMap<(Cause, usize), BTreeMap<NodeId, Group>> = BTreeMap::new();
    for wasted in &ledger.wasted {
        let Some(node) = node(stack, wasted) else {
            continue;
        };
        let node = match wasted.cause {
            Cause::Deleted => whiteouts
                .entry(wasted.hidden_by)
                .or_insert_with(|| Whiteouts::of(stack, wasted.hidden_by))
                .topmost(stack, node),
            _ => node,
        };
        let groups = taken.entry((wasted.cause, wasted.hidden_by)).or_default();
        let group = groups.entry(node).or_insert_with(|| Group::new(node));
        group.lose(wasted);
    }
    let mut findings = Vec::new();
    // A path that layer after layer replaces is mended once.
    let mut overwritten: BTreeMap<NodeId, Group> = BTreeMap::new();
    for ((cause, _), groups) in taken {
        let limits = match cause {
            Cause::MetadataOnly => (2, METADATA_ONLY_TREES),
            _ => (MANY, MANY_TREES),
        };
        for group in gathered(stack, groups.into_values(), limits) {
            if cause == Cause::Overwritten {
                let node = group.node;
                let same = overwritten.entry(node).or_insert_with(|| Group::new(node));
                same.take(group);
            } else {
                findings.push(group.finding(stack, cause.into()));
            }
        }
    }
    let overwritten = overwritten.into_values();
    findings.extend(overwritten.map(|group| group.finding(stack, Kind::Overwritten)));
    findings
}

fn node(stack: &Stack, wasted: &Wasted) -> Option<NodeId> {
    stack.find(&stack.layer(wasted.added_by)?.path(wasted.entry))
}

/// What one layer hides of those below it, at one stroke each.
struct Whiteouts {
    layer: usize,
    paths: HashSet<NodeId>,
    /// Folders whose contents are hidden.
    opaque: HashSet<NodeId>,
}

impl Whiteouts {
    fn of(stack: &Stack, layer: usize) -> Self {
        let mut whiteouts = Self {
            layer,
            paths: HashSet::new(),
            opaque: HashSet::new(),
        };
        let Some(index) = stack.layer(layer) else {
            return whiteouts;
        };
        for entry in index.entries().filter(|entry| index.kind(*entry).hides()) {
            if let Some(node) = stack.find(&index.path(entry)) {
                match index.kind(entry) {
                    EntryKind::Opaque => whiteouts.opaque.insert(node),
                    _ => whiteouts.paths.insert(node),
                };
            }
        }
        whiteouts
    }

    /// The largest folder that went with `file` at one stroke, or the file itself.
    fn topmost(&self, stack: &Stack, file: NodeId) -> NodeId {
        let mut topmost = file;
        let mut at = file;
        while at != NodeId::ROOT {
            let parent = stack.parent(at);
            if self.paths.contains(&at) || (at != file && self.is_no_folder(stack, at)) {
                topmost = at;
            }
            if self.opaque.contains(&parent) {
                topmost = parent;
            }
            at = parent;
        }
        topmost
    }

    fn is_no_folder(&self, stack: &Stack, node: NodeId) -> bool {
        let version = stack.at(node, self.layer);
        version.is_some_and(|version| match version.what {
            What::Entry(entry) => stack
                .layer(version.layer)
                .is_some_and(|index| index.kind(entry) != EntryKind::Dir),
            _ => false,
        })
    }
}
