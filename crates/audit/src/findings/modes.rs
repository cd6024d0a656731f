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

/// What finds set-id programs, with the kind of what it finds.
pub(super) const SETUID_RULE: (Kind, &str) = (Kind::Setid, "setuid");
/// The same for programs with the rights of their group.
pub(super) const SETGID_RULE: (Kind, &str) = (Kind::Setid, "setgid");
/// The same for what everybody may write to.
pub(super) const WRITABLE_RULE: (Kind, &str) = (Kind::Writable, "world-writable");

/// Where the paths are looked for that the image's own layers add.
struct OwnPaths<'s> {
    subject: &'s Subject<'s>,
    names: &'s Names,
    /// Layers of the base.
    base: usize,
}

impl<'s> OwnPaths<'s> {
    /// None on Windows, which has other rights than those that a tar can hold.
    fn of(subject: &'s Subject<'s>, names: &'s Names) -> Option<Self> {
        let platform = subject.config.platform.as_ref();
        if platform.is_some_and(|platform| platform.os == "windows") {
            return None;
        }
        let base = subject.base.and_then(|base| base.layers).unwrap_or(0);
        Some(Self {
            subject,
            names,
            base,
        })
    }

    fn nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.subject.stack.nodes() as u32).map(NodeId)
    }

    /// A path that is such a one, and was not in the base.
    fn added(&self, node: NodeId, is: &dyn Fn(&StackEntry) -> bool) -> Option<StackEntry> {
        let now = StackEntry::of(self.subject, node, self.subject.stack.depth())?;
        let before = || StackEntry::of(self.subject, node, self.base);
        (is(&now)
            && now.layer > self.base
            && !(self.base > 0 && before().is_some_and(|old| is(&old))))
        .then_some(now)
    }

    /// What has several names is told by the one that is the file, where that is to be told at all.
    fn told_by_another(&self, node: NodeId, is: &dyn Fn(&StackEntry) -> bool) -> bool {
        let stack = self.subject.stack;
        let version = stack.at(node, stack.depth());
        let main = version.and_then(|version| self.names.main(version));
        main.is_some_and(|main| main != node && self.added(main, is).is_some())
    }
}

/// Programs that run with the rights of their owner, in no order.
pub(super) fn setuid(subject: &Subject<'_>, names: &Names) -> Vec<Finding> {
    set_id_programs(subject, names, SETUID_RULE, SETUID)
}

/// Those that run with the rights of their group and not of their owner, in no order.
pub(super) fn setgid(subject: &Subject<'_>, names: &Names) -> Vec<Finding> {
    set_id_programs(subject, names, SETGID_RULE, SETGID)
}

fn set_id_programs(
    subject: &Subject<'_>,
    names: &Names,
    (kind, rule): (Kind, &str),
    bit: u32,
) -> Vec<Finding> {
    let Some(own) = OwnPaths::of(subject, names) else {
        return Vec::new();
    };
    let stack = subject.stack;
    let is =
        |place: &StackEntry| place.is_program(bit) && (bit == SETUID || !place.is_program(SETUID));
    let mut told = HashSet::new();
    let programs = own
        .nodes()
        .filter_map(|node| Some((node, own.added(node, &is)?)));
    let groups: Vec<Group> = programs
        .filter(|(node, _)| !own.told_by_another(*node, &is))
        .filter(|(_, place)| told.insert((place.layer, place.entry)))
        .map(|(node, place)| place.group(subject, node))
        .collect();
    let limits = (MANY_PROGRAMS, MANY_PROGRAMS);
    let groups = gathered(stack, groups, limits).into_iter();
    let finding = |group: Group| {
        let advice = set_id(bit, group.files);
        group.told(stack, kind, rule, advice)
    };
    groups.map(finding).collect()
}

/// What everybody may write to, each with the topmost folder from which everything down to it is writable, in no order.
pub(super) fn writable(subject: &Subject<'_>, names: &Names) -> Vec<Finding> {
    let Some(own) = OwnPaths::of(subject, names) else {
        return Vec::new();
    };
    let stack = subject.stack;
    // Parents stand before children.
    let mut tops: Vec<Option<NodeId>> = vec![None; stack.nodes()];
    let mut trees: BTreeMap<NodeId, Group> = BTreeMap::new();
    let mut told = HashSet::new();
    for node in own.nodes() {
        let Some(place) = own.added(node, &StackEntry::is_writable) else {
            continue;
        };
        let parent = stack.parent(node).0 as usize;
        let above = tops.get(parent).copied().flatten();
        let top = above.filter(|_| node != NodeId::ROOT).unwrap_or(node);
        if let Some(slot) = tops.get_mut(node.0 as usize) {
            *slot = Some(top);
        }
        if !own.told_by_another(node, &StackEntry::is_writable)
            && told.insert((place.layer, place.entry))
        {
            let tree = trees.entry(top).or_insert_with(|| Group::new(top));
            tree.take(place.group(subject, top));
        }
    }
    let trees = gathered(stack, trees.into_values(), (MANY, MANY_TREES)).into_iter();
    let (kind, rule) = WRITABLE_RULE;
    let finding = |tree: Group| {
        let advice = advice_of_writable(&tree);
        tree.told(stack, kind, rule, advice)
    };
    trees.map(finding).collect()
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

fn advice_of_writable(tree: &Group) -> String {
    format!(
        "Every user in the container can change it: run chmod o-w in the RUN that creates it ({}), or use COPY --chmod=755 --chown=USER",
        layers(&tree.added_by())
    )
}
