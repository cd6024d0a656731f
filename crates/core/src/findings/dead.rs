//! Dead files gathered: a folder deleted whole, a tree re-owned by one command, a path stored again
//! by layer after layer is one finding each.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::Finding;
use crate::layer::EntryKind;
use crate::ledger::{Dead, Ledger};
use crate::stack::{Cause, NodeId, Stack, What};

/// So many findings of one cause and layer in one folder are one finding of that folder.
const MANY: usize = 8;
/// The same for the root, which tells a reader less than any other folder.
const MANY_TREES: usize = 64;
/// So many trees re-stated by one layer are one finding of the root.
const RESTATED_TREES: usize = 4;

/// Files that are dead for one reason.
struct Group {
    node: NodeId,
    files: u64,
    bytes: u64,
    compressed: u64,
    added_by: BTreeSet<usize>,
    killed_by: BTreeSet<usize>,
}

impl Group {
    fn new(node: NodeId) -> Self {
        Self {
            node,
            files: 0,
            bytes: 0,
            compressed: 0,
            added_by: BTreeSet::new(),
            killed_by: BTreeSet::new(),
        }
    }

    fn take(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.compressed += other.compressed;
        self.added_by.extend(other.added_by);
        self.killed_by.extend(other.killed_by);
    }

    fn finding(self, stack: &Stack, cause: Cause) -> Finding {
        Finding {
            kind: cause.into(),
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

/// The findings of all dead files, in no order.
pub(super) fn of(stack: &Stack, ledger: &Ledger) -> Vec<Finding> {
    let mut whiteouts: HashMap<usize, Whiteouts> = HashMap::new();
    // What one layer took of one cause, under the path that a person would name.
    let mut taken: BTreeMap<(Cause, usize), BTreeMap<NodeId, Group>> = BTreeMap::new();
    for dead in &ledger.dead {
        let Some(node) = node(stack, dead) else {
            continue;
        };
        let node = match dead.cause {
            Cause::Deleted => whiteouts
                .entry(dead.killed_by)
                .or_insert_with(|| Whiteouts::of(stack, dead.killed_by))
                .topmost(stack, node),
            _ => node,
        };
        let groups = taken.entry((dead.cause, dead.killed_by)).or_default();
        groups
            .entry(node)
            .or_insert_with(|| Group::new(node))
            .take(Group {
                node,
                files: 1,
                bytes: dead.bytes,
                compressed: dead.compressed,
                added_by: [dead.added_by].into(),
                killed_by: [dead.killed_by].into(),
            });
    }
    let mut findings = Vec::new();
    // A path that layer after layer replaces is mended once.
    let mut replaced: BTreeMap<NodeId, Group> = BTreeMap::new();
    for ((cause, _), groups) in taken {
        let limits = match cause {
            Cause::Restated => (2, RESTATED_TREES),
            _ => (MANY, MANY_TREES),
        };
        for group in gathered(stack, groups, limits) {
            if cause == Cause::Replaced {
                let node = group.node;
                let same = replaced.entry(node).or_insert_with(|| Group::new(node));
                same.take(group);
            } else {
                findings.push(group.finding(stack, cause));
            }
        }
    }
    let replaced = replaced.into_values();
    findings.extend(replaced.map(|group| group.finding(stack, Cause::Replaced)));
    findings
}

fn node(stack: &Stack, dead: &Dead) -> Option<NodeId> {
    stack.find(&stack.layer(dead.added_by)?.path(dead.entry))
}

/// Groups that meet in a folder in a number of at least `many` become one of that folder, from the
/// bottom up; in the root in a number of `many_trees`.
fn gathered(
    stack: &Stack,
    groups: BTreeMap<NodeId, Group>,
    (many, many_trees): (usize, usize),
) -> Vec<Group> {
    let mut open: BTreeMap<NodeId, Vec<Group>> = groups
        .into_iter()
        .map(|(node, group)| (node, vec![group]))
        .collect();
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
