//! Wasted files gathered: a folder deleted whole, a tree re-owned by one command, a path stored again
//! by layer after layer is one finding each.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::gather::{Group, MANY, MANY_TREES, gathered};
use super::leftovers::Names;
use super::{Finding, Kind, Leftovers, Subject, advice};
use crate::layer::EntryKind;
use crate::ledger::{Ledger, Wasted};
use crate::stack::{Cause, NodeId, Stack, VersionKind};

/// So many trees stored again by one layer are one finding of the root.
const METADATA_ONLY_TREES: usize = 4;

/// The findings of all wasted files, in no order.
pub(super) fn of(subject: &Subject<'_>) -> Vec<Finding> {
    let mut findings = gathered_waste(subject.stack, subject.ledger, subject.leftovers);
    for finding in &mut findings {
        finding.advice = advice::of(finding, subject.commands, subject.leftovers);
    }
    findings
}

fn gathered_waste(stack: &Stack, ledger: &Ledger, leftovers: &Leftovers) -> Vec<Finding> {
    let mut places = Places::of(stack, leftovers);
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
    // A path that layer after layer replaces has one fix.
    let mut overwritten: BTreeMap<NodeId, Group> = BTreeMap::new();
    for ((cause, _), groups) in taken {
        let limits = match cause {
            Cause::MetadataOnly => (2, METADATA_ONLY_TREES),
            _ => (MANY, MANY_TREES),
        };
        let groups = match cause {
            Cause::Deleted => places.joined(groups),
            _ => groups,
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

/// The known places of leftovers, such as `/var/lib/apt/lists`, that paths are below.
struct Places<'s> {
    stack: &'s Stack,
    leftovers: &'s Leftovers,
    /// What was looked up already.
    known: HashMap<NodeId, Option<NodeId>>,
}

impl<'s> Places<'s> {
    fn of(stack: &'s Stack, leftovers: &'s Leftovers) -> Self {
        Self {
            stack,
            leftovers,
            known: HashMap::new(),
        }
    }

    /// The same groups, but for those below one place: a command that empties it is one finding, also where it deletes
    /// two files.
    fn joined(&mut self, groups: BTreeMap<NodeId, Group>) -> BTreeMap<NodeId, Group> {
        let mut below: HashMap<NodeId, usize> = HashMap::new();
        for node in groups.keys() {
            if let Some(place) = self.above(*node) {
                *below.entry(place).or_default() += 1;
            }
        }
        let mut joined: BTreeMap<NodeId, Group> = BTreeMap::new();
        for (node, group) in groups {
            let place = self.above(node);
            let place = place.filter(|place| below.get(place).is_some_and(|many| *many > 1));
            let node = place.unwrap_or(node);
            let one = joined.entry(node).or_insert_with(|| Group::new(node));
            one.take(group);
        }
        joined
    }

    /// The topmost place that a path is at or below.
    fn above(&mut self, node: NodeId) -> Option<NodeId> {
        let mut way = Vec::new();
        let mut at = node;
        while at != NodeId::ROOT && !self.known.contains_key(&at) {
            way.push(at);
            at = self.stack.parent(at);
        }
        let mut place = self.known.get(&at).copied().flatten();
        for at in way.into_iter().rev() {
            place = place.or_else(|| {
                let names = || Names(self.stack, at);
                let row = self.leftovers.row(self.leftovers.find(names())?)?;
                (!row.excepts(names())).then_some(at)
            });
            self.known.insert(at, place);
        }
        place
    }
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
            VersionKind::Entry(entry) => stack
                .layer(version.layer)
                .is_some_and(|index| index.kind(entry) != EntryKind::Dir),
            _ => false,
        })
    }
}
