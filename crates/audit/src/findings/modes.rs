//! Set-id programs, and what everybody may write to, of the final stack.
//!
//! Where the base is known, only what the image's own layers add: what the base has is fixed there.

use std::collections::{BTreeMap, HashSet};

use super::advice::layers;
use super::gather::{Group, MANY, MANY_TREES, gathered};
use super::{Finding, Kind, Subject};
use crate::layer::{EntryId, EntryKind};
use crate::stack::{Names, NodeId, VersionKind};

const SETUID: u32 = 0o4000;
const SETGID: u32 = 0o2000;
const STICKY: u32 = 0o1000;
const EXECUTABLE: u32 = 0o111;
const WRITABLE: u32 = 0o002;

/// So many set-id programs in one folder are told as one: below it a reader wants every name.
const MANY_PROGRAMS: usize = 64;

/// A path as the stack at a layer has it.
struct StackEntry {
    layer: usize,
    entry: EntryId,
    kind: EntryKind,
    mode: u32,
}

impl StackEntry {
    /// None for what no entry announces. A hard link is the file that it names.
    fn of(subject: &Subject<'_>, node: NodeId, depth: usize) -> Option<Self> {
        let stack = subject.stack;
        let version = stack.at(node, depth)?;
        let VersionKind::Entry(own) = version.what else {
            return None;
        };
        let (layer, entry) = stack.stored_by(version).unwrap_or((version.layer, own));
        let index = stack.layer(layer)?;
        Some(Self {
            layer,
            entry,
            kind: index.kind(entry),
            mode: index.mode(entry),
        })
    }

    fn is_program(&self, bit: u32) -> bool {
        self.kind == EntryKind::File && self.mode & bit != 0 && self.mode & EXECUTABLE != 0
    }

    /// In a sticky folder everybody removes only what is theirs.
    fn is_writable(&self) -> bool {
        match self.kind {
            EntryKind::File => self.mode & WRITABLE != 0,
            EntryKind::Dir => self.mode & WRITABLE != 0 && self.mode & STICKY == 0,
            _ => false,
        }
    }

    fn group(&self, subject: &Subject<'_>, top: NodeId) -> Group {
        let (stack, ledger) = (subject.stack, subject.ledger);
        let mut group = Group::new(top);
        match self.kind {
            EntryKind::File => {
                let bytes = stack
                    .layer(self.layer)
                    .map_or(0, |index| index.size(self.entry));
                let compressed = ledger.cost(stack, self.layer, self.entry);
                group.add(self.layer, bytes, compressed);
            }
            _ => group.touch(self.layer),
        }
        group
    }
}

const SETUID_RULE: &str = "setuid";
const SETGID_RULE: &str = "setgid";
const WRITABLE_RULE: &str = "world-writable";
/// All that is looked for, each with the kind of what it finds.
pub(super) const RULES: [(Kind, &str); 3] = [
    (Kind::Setid, SETUID_RULE),
    (Kind::Setid, SETGID_RULE),
    (Kind::Writable, WRITABLE_RULE),
];

/// In no order.
pub(super) fn of(subject: &Subject<'_>, names: &Names) -> Vec<Finding> {
    let stack = subject.stack;
    let platform = subject.config.platform.as_ref();
    // Windows has other rights than those that a tar can hold.
    if platform.is_some_and(|platform| platform.os == "windows") {
        return Vec::new();
    }
    let base = subject.base.and_then(|base| base.layers).unwrap_or(0);
    let added = |node: NodeId, is: &dyn Fn(&StackEntry) -> bool| {
        let now = StackEntry::of(subject, node, stack.depth())?;
        let before = || StackEntry::of(subject, node, base);
        (is(&now) && now.layer > base && !(base > 0 && before().is_some_and(|old| is(&old))))
            .then_some(now)
    };
    // What has several names is told by the one that is the file, where that is to be told at all.
    let told_by_another = |node: NodeId, is: &dyn Fn(&StackEntry) -> bool| {
        let version = stack.at(node, stack.depth());
        let main = version.and_then(|version| names.main(version));
        main.is_some_and(|main| main != node && added(main, is).is_some())
    };
    let nodes = || (0..stack.nodes() as u32).map(NodeId);
    let mut findings = Vec::new();
    for (rule, bit) in [(SETUID_RULE, SETUID), (SETGID_RULE, SETGID)] {
        let is = |place: &StackEntry| {
            place.is_program(bit) && (bit == SETUID || !place.is_program(SETUID))
        };
        let mut told = HashSet::new();
        let programs = nodes().filter_map(|node| Some((node, added(node, &is)?)));
        let groups: Vec<Group> = programs
            .filter(|(node, _)| !told_by_another(*node, &is))
            .filter(|(_, place)| told.insert((place.layer, place.entry)))
            .map(|(node, place)| place.group(subject, node))
            .collect();
        let limits = (MANY_PROGRAMS, MANY_PROGRAMS);
        findings.extend(gathered(stack, groups, limits).into_iter().map(|group| {
            let advice = set_id(bit, group.files);
            group.told(stack, Kind::Setid, rule, advice)
        }));
    }
    // Each with the topmost folder from which everything down to it is writable; parents stand first.
    let mut tops: Vec<Option<NodeId>> = vec![None; stack.nodes()];
    let mut trees: BTreeMap<NodeId, Group> = BTreeMap::new();
    let mut told = HashSet::new();
    for node in nodes() {
        let Some(place) = added(node, &StackEntry::is_writable) else {
            continue;
        };
        let parent = stack.parent(node).0 as usize;
        let above = tops.get(parent).copied().flatten();
        let top = above.filter(|_| node != NodeId::ROOT).unwrap_or(node);
        if let Some(slot) = tops.get_mut(node.0 as usize) {
            *slot = Some(top);
        }
        if !told_by_another(node, &StackEntry::is_writable)
            && told.insert((place.layer, place.entry))
        {
            let tree = trees.entry(top).or_insert_with(|| Group::new(top));
            tree.take(place.group(subject, top));
        }
    }
    let trees = gathered(stack, trees.into_values(), (MANY, MANY_TREES)).into_iter();
    findings.extend(trees.map(|tree| {
        let advice = writable(&tree);
        tree.told(stack, Kind::Writable, WRITABLE_RULE, advice)
    }));
    findings
}

fn set_id(bit: u32, programs: u64) -> String {
    let (whose, flag) = match bit {
        SETUID => ("owner", "u-s"),
        _ => ("group", "g-s"),
    };
    let (what, whom) = match programs {
        1 => ("Runs".to_owned(), "it"),
        many => (format!("{many} programs here run"), "them"),
    };
    format!(
        "{what} with the permissions of its {whose}, regardless of who runs {whom}: remove it, or run chmod {flag} in the RUN that installs it; containers with no-new-privileges ignore the bit"
    )
}

fn writable(tree: &Group) -> String {
    format!(
        "Every user in the container can change it: run chmod o-w in the RUN that creates it ({}), or use COPY --chmod=755 --chown=USER",
        layers(&tree.added_by())
    )
}
