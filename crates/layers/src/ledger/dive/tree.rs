//! The trees that dive keeps of layers, and the paths that are in them.

#![allow(
    clippy::indexing_slicing,
    reason = "slots are numbers of rows that the tree itself gave out"
)]

use std::hash::BuildHasher as _;

use hashbrown::HashTable;

use super::Node;
use crate::keyed_hash::KeyedHash;
use crate::layer::{EntryId, EntryKind, LayerIndex};
use crate::stack::{NodeId, Stack};

/// What a name begins with that hides another of the layers below.
const WHITEOUT: &[u8] = b".wh.";
/// What a name begins with that dive passes over.
const OPAQUE: &[u8] = b".wh..wh..";

/// All paths that any layer names, numbered; the root is 0. Most are nodes of the stack and have their numbers.
pub(super) struct Paths<'a> {
    stack: &'a Stack,
    /// Those that are not, numbered behind its nodes: their parents and names.
    others: Vec<(u32, Box<[u8]>)>,
    lookup: HashTable<u32>,
    hasher: KeyedHash,
}

pub(super) const ROOT: u32 = NodeId::ROOT.0;

impl<'a> Paths<'a> {
    pub(super) fn of(stack: &'a Stack) -> Self {
        Self {
            stack,
            others: Vec::new(),
            lookup: HashTable::new(),
            hasher: KeyedHash::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.stack.nodes() + self.others.len()
    }

    fn other(&self, path: u32) -> Option<&(u32, Box<[u8]>)> {
        self.others
            .get((path as usize).checked_sub(self.stack.nodes())?)
    }

    pub(super) fn parent(&self, path: u32) -> u32 {
        match self.other(path) {
            Some((parent, _)) => *parent,
            None => self.stack.parent(NodeId(path)).0,
        }
    }

    fn name(&self, path: u32) -> &[u8] {
        match self.other(path) {
            Some((_, name)) => name,
            None => self.stack.name(NodeId(path)),
        }
    }

    /// The path of a name in a folder. That of no name is the folder with a slash behind it, a path of its own.
    fn child(&mut self, parent: u32, name: &[u8]) -> u32 {
        if (parent as usize) < self.stack.nodes()
            && let Some(node) = self.stack.child(NodeId(parent), name)
        {
            return node.0;
        }
        let hash = self.hasher.hash_one((parent, name));
        let same = |path: &u32| self.parent(*path) == parent && self.name(*path) == name;
        if let Some(path) = self.lookup.find(hash, same) {
            return *path;
        }
        let path = self.len() as u32;
        self.others.push((parent, name.into()));
        let Self {
            stack,
            others,
            lookup,
            hasher,
        } = self;
        lookup.insert_unique(hash, path, |path| {
            let (parent, name) = &others[*path as usize - stack.nodes()];
            hasher.hash_one((*parent, &**name))
        });
        path
    }

    /// What a path hides, if its name is a whiteout's: as it is counted, and as it is looked for.
    fn hidden(&mut self, path: u32) -> Option<Hidden> {
        let (parent, name) = (self.parent(path), self.name(path));
        let name = name.strip_prefix(WHITEOUT)?.to_vec();
        let counted = self.child(parent, &name);
        Some(Hidden {
            counted,
            looked_for: if name.is_empty() { parent } else { counted },
        })
    }

    /// A path with a slash before each name; nothing for the root.
    pub(super) fn text(&self, path: u32) -> Vec<u8> {
        let mut names = Vec::new();
        let mut up = path;
        while up != ROOT {
            names.push(self.name(up));
            up = self.parent(up);
        }
        let names = names.iter().rev();
        names.flat_map(|name| [b"/", *name].concat()).collect()
    }
}

/// Whether a layer may have a whiteout in dive's sense.
pub(super) fn hides(index: &LayerIndex) -> bool {
    let dirs = (0..index.dirs() as u32).map(crate::layer::DirId);
    let mut dirs = dirs.map(|dir| index.dir_name(dir));
    let mut entries = index.entries();
    !index.unshown().is_empty()
        || dirs.any(|name| name.starts_with(WHITEOUT))
        || entries.any(|entry| {
            index.kind(entry) == EntryKind::Whiteout || index.name(entry).starts_with(WHITEOUT)
        })
}

/// One layer's own tree.
pub(super) struct Tree {
    slots: Vec<Slot>,
    /// The slots but the root's, in the order in which dive visits them: children by name, then their folder. Where that
    /// makes no difference it is any.
    order: Vec<u32>,
    is_leaf: Vec<bool>,
    hidden: Vec<Hidden>,
    of: Vec<Option<Node>>,
}

pub(super) struct Slot {
    /// As the tar has it.
    pub(super) path: u32,
    /// The slot of the folder.
    parent: u32,
    /// What it hides, if its name is a whiteout's, by its place among all such.
    hides: u32,
    pub(super) is_dir: bool,
    pub(super) size: i64,
}

const NOTHING: u32 = u32::MAX;

/// What a whiteout hides.
#[derive(Clone, Copy)]
pub(super) struct Hidden {
    /// The path that it is counted under.
    pub(super) counted: u32,
    /// The path that has to be there: of a whiteout `.wh.` without a name, the folder that it is in.
    pub(super) looked_for: u32,
}

/// A layer's tree while the index is read.
pub(super) struct TreeReader<'i> {
    index: &'i LayerIndex,
    /// The paths of the index's folders.
    dirs: Vec<u32>,
    growing: Growing,
    /// Bytes of all headers so far, those of nodes stored twice too.
    total: u64,
    /// The next entry.
    next: u32,
    /// The next of what is not shown.
    unshown: usize,
}

impl<'i> TreeReader<'i> {
    /// Begins to read a layer. If its tree is to be listed, it has dive's order and tells what its nodes are of.
    pub(super) fn new(index: &'i LayerIndex, paths: &mut Paths<'_>, listed: bool) -> Self {
        let mut dirs: Vec<u32> = Vec::with_capacity(index.dirs());
        for dir in (0..index.dirs() as u32).map(crate::layer::DirId) {
            dirs.push(match dirs.get(index.dir_parent(dir).0 as usize) {
                Some(parent) => paths.child(*parent, index.dir_name(dir)),
                None => ROOT,
            });
        }
        Self {
            index,
            dirs,
            growing: Growing::new(listed),
            total: 0,
            next: 0,
            unshown: 0,
        }
    }

    /// Reads on, at most so many entries, which are taken off; tells whether all are read.
    pub(super) fn read(&mut self, paths: &mut Paths<'_>, most: &mut usize) -> bool {
        while (self.next as usize) < self.index.len() {
            if *most == 0 {
                return false;
            }
            *most -= 1;
            let entry = EntryId(self.next);
            self.next += 1;
            self.add_unshown(paths, entry.0);
            self.add(paths, entry);
        }
        true
    }

    /// The tree, and the bytes of all its headers, those of nodes stored twice too.
    pub(super) fn finish(mut self, paths: &mut Paths<'_>) -> (Tree, u64) {
        self.add_unshown(paths, u32::MAX);
        (self.growing.ordered(paths), self.total)
    }

    fn add(&mut self, paths: &mut Paths<'_>, entry: EntryId) {
        let (index, growing) = (self.index, &mut self.growing);
        let dir = self.dirs[index.dir(entry).0 as usize];
        let name = index.name(entry);
        let kind = index.kind(entry);
        let size = match kind {
            // The header is that of a hard link; its content is one of those that are not shown.
            _ if index.claim(entry).is_some() => 0,
            EntryKind::File | EntryKind::Whiteout | EntryKind::Opaque => index.logical_size(entry),
            _ => 0,
        };
        self.total = self.total.saturating_add(size);
        let slot = (kind == EntryKind::Dir, size, Some(Node::Entry(entry)));
        match (kind, name) {
            // Only the way to an opaque whiteout stays.
            (EntryKind::Opaque, b"") => {}
            (EntryKind::Opaque, name) => {
                let path = paths.child(dir, name);
                growing.touch(path, paths);
            }
            (_, b"") => {}
            (EntryKind::Whiteout, name) => {
                let path = paths.child(dir, &[WHITEOUT, name].concat());
                growing.put(path, paths, slot);
            }
            (_, name) => {
                let path = paths.child(dir, name);
                growing.put(path, paths, slot);
            }
        }
    }

    /// Adds what is not shown and stands before an entry.
    fn add_unshown(&mut self, paths: &mut Paths<'_>, entry: u32) {
        while let Some(other) = self.index.unshown().get(self.unshown)
            && other.before <= entry
        {
            let size = if other.flag == b'5' { 0 } else { other.size };
            self.total = self.total.saturating_add(size);
            let node = Some(Node::Unshown(self.unshown));
            self.growing
                .add_names(paths, &other.path, (other.flag == b'5', size, node));
            self.unshown += 1;
        }
    }
}

impl Tree {
    /// Its nodes in dive's order, each with what it hides.
    pub(super) fn nodes(&self) -> impl Iterator<Item = (&Slot, Option<Hidden>)> {
        self.order.iter().map(|at| self.node(*at))
    }

    /// Those of them that nothing is in.
    pub(super) fn leaves(&self) -> impl Iterator<Item = (&Slot, Option<Hidden>)> {
        let leaves = self.order.iter().filter(|at| self.is_leaf[**at as usize]);
        leaves.map(|at| self.node(*at))
    }

    fn node(&self, at: u32) -> (&Slot, Option<Hidden>) {
        let slot = &self.slots[at as usize];
        (slot, self.hidden.get(slot.hides as usize).copied())
    }

    /// What its nodes are of, in dive's order, where it is to be listed; None for a folder that no entry announces.
    pub(super) fn listed(&self) -> Vec<Option<Node>> {
        let of = |at: &u32| self.of.get(*at as usize).copied().flatten();
        match self.of.is_empty() {
            true => Vec::new(),
            false => self.order.iter().map(of).collect(),
        }
    }
}

/// Whether it is a folder's, its size, and what it is of.
type Header = (bool, u64, Option<Node>);

/// A layer's tree while its entries are read.
struct Growing {
    slots: Vec<Slot>,
    hidden: Vec<Hidden>,
    /// What each slot's header is of, where that is to be told.
    of: Option<Vec<Option<Node>>>,
    /// For each path the slot that may be its node's; true only if that slot names the path.
    slot_of: Vec<u32>,
}

impl Growing {
    fn new(listed: bool) -> Self {
        let root = Slot {
            path: ROOT,
            parent: 0,
            hides: NOTHING,
            is_dir: false,
            size: 0,
        };
        Self {
            slots: vec![root],
            hidden: Vec::new(),
            of: listed.then(|| vec![None]),
            slot_of: vec![0],
        }
    }

    fn find(&self, path: u32) -> Option<u32> {
        let at = *self.slot_of.get(path as usize)?;
        let slot = &self.slots[at as usize];
        (slot.path == path).then_some(at)
    }

    /// The slot of a path, made with all its parents if it is new.
    fn touch(&mut self, path: u32, paths: &mut Paths<'_>) -> u32 {
        let mut missing = Vec::new();
        let mut up = path;
        let mut at = loop {
            match self.find(up) {
                Some(at) => break at,
                None => missing.push(up),
            }
            up = paths.parent(up);
        };
        for path in missing.into_iter().rev() {
            let hides = paths.hidden(path).map(|hidden| {
                self.hidden.push(hidden);
                self.hidden.len() as u32 - 1
            });
            let slot = Slot {
                path,
                parent: at,
                hides: hides.unwrap_or(NOTHING),
                is_dir: false,
                size: 0,
            };
            at = self.slots.len() as u32;
            self.slots.push(slot);
            if let Some(of) = &mut self.of {
                of.push(None);
            }
            if self.slot_of.len() <= path as usize {
                self.slot_of.resize(path as usize + 1, 0);
            }
            self.slot_of[path as usize] = at;
        }
        at
    }

    /// Puts a header at its path, over one that is there.
    fn put(&mut self, path: u32, paths: &mut Paths<'_>, (is_dir, size, of): Header) {
        let at = self.touch(path, paths) as usize;
        if let Some(slot) = self.slots.get_mut(at) {
            slot.is_dir = is_dir;
            slot.size = i64::try_from(size).unwrap_or(i64::MAX);
        }
        if let Some(place) = self.of.as_mut().and_then(|all| all.get_mut(at)) {
            *place = of;
        }
    }

    /// The same for the path of something that is not shown: names that dive passes over end it.
    fn add_names(&mut self, paths: &mut Paths<'_>, path: &[u8], header: Header) {
        let mut at = ROOT;
        for name in path.split(|byte| *byte == b'/') {
            if name.starts_with(OPAQUE) {
                self.touch(at, paths);
                return;
            }
            at = paths.child(at, name);
        }
        self.put(at, paths, header);
    }

    fn ordered(self, paths: &Paths<'_>) -> Tree {
        let Self {
            slots, hidden, of, ..
        } = self;
        let mut is_leaf = vec![true; slots.len()];
        for slot in slots.iter().skip(1) {
            is_leaf[slot.parent as usize] = false;
        }
        // Only a whiteout counts by what was met before it.
        let order = match of.is_none() && hidden.is_empty() {
            true => (1..slots.len() as u32).collect(),
            false => order(&slots, paths),
        };
        Tree {
            slots,
            order,
            is_leaf,
            hidden,
            of: of.unwrap_or_default(),
        }
    }
}

fn order(slots: &[Slot], paths: &Paths<'_>) -> Vec<u32> {
    let mut children: Vec<u32> = (1..slots.len() as u32).collect();
    children.sort_by(|a, b| {
        let (a, b) = (&slots[*a as usize], &slots[*b as usize]);
        let by_name = || paths.name(a.path).cmp(paths.name(b.path));
        a.parent.cmp(&b.parent).then_with(by_name)
    });
    let children_of = |at: u32| {
        let parent = |child: &u32| slots[*child as usize].parent;
        let start = children.partition_point(|child| parent(child) < at);
        let rest = &children[start..];
        &rest[..rest.partition_point(|child| parent(child) == at)]
    };
    // Folders before what is in them and the last name first: the other way round it is dive's.
    let mut order = Vec::with_capacity(children.len());
    let mut open = vec![0];
    while let Some(at) = open.pop() {
        order.push(at);
        open.extend_from_slice(children_of(at));
    }
    order.remove(0);
    order.reverse();
    order
}
