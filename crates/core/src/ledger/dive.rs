//! dive's three numbers as dive counts them, faults included, so that a team's thresholds carry over.
//!
//! Read from dive's source (`dive/filetree/efficiency.go`, `dive/image/analysis.go`, commit d6c6919);
//! [`Ledger`](super::Ledger) has the numbers that hold. dive keeps a tree for each layer and lays
//! them over each other by rules of its own: a path keeps what stood below it whatever takes its
//! place, a folder that no entry announces counts as no folder, opaque whiteouts are not there, and
//! a whiteout is a node `.wh.NAME` that is met where its name sorts.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::layer::{EntryKind, LayerIndex};

/// dive's numbers for one image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dive {
    /// The least size of each path over its sizes in all layers; 1 where these are 0.
    pub efficiency: f64,
    /// Bytes of all paths that occur more than once, their last copies too.
    pub wasted_bytes: u64,
    /// Wasted bytes over the bytes of all layers but the first; not a number for 0/0.
    pub user_wasted: f64,
}

impl Dive {
    /// Counts the layers of an image, base first.
    #[must_use]
    pub fn of(layers: &[LayerIndex]) -> Self {
        let mut paths = Paths::default();
        let mut merged = Merged::default();
        let mut seen: Vec<Option<Seen>> = Vec::new();
        let mut user_size = 0_u64;
        for (at, index) in layers.iter().enumerate() {
            let (tree, size) = Tree::of(index, &mut paths);
            if at > 0 {
                user_size = user_size.saturating_add(size);
            }
            merged.make_room(paths.len());
            seen.resize(paths.len(), None);
            if at == 0 {
                // What is below the base is, to dive, a copy of the base, with nothing hidden yet.
                merged.graft(&tree, &paths, false);
            }
            visit(&tree, &merged, &mut seen);
            merged.graft(&tree, &paths, true);
        }
        let seen = || seen.iter().flatten();
        let least: i128 = seen().map(|seen| i128::from(seen.min)).sum();
        let all: i128 = seen().map(|seen| i128::from(seen.cumulative)).sum();
        let wasted_bytes = seen()
            .filter(|seen| seen.count >= 2)
            .fold(0, |sum: u64, seen| {
                sum.saturating_add(seen.cumulative.unsigned_abs())
            });
        Self {
            efficiency: if all == 0 {
                1.0
            } else {
                least as f64 / all as f64
            },
            wasted_bytes,
            user_wasted: wasted_bytes as f64 / user_size as f64,
        }
    }

    /// [`Self::user_wasted`] where it is a number.
    #[must_use]
    pub fn user_wasted_percent(&self) -> Option<f64> {
        Some(self.user_wasted).filter(|share| share.is_finite())
    }
}

/// What dive remembers of a path.
#[derive(Clone, Copy)]
struct Seen {
    /// -1 until a node of the path is counted.
    min: i64,
    cumulative: i64,
    count: u32,
}

/// Counts the leaves of a layer; `merged` is what the layers below make.
fn visit(tree: &Tree, merged: &Merged, seen: &mut [Option<Seen>]) {
    let mut sums = HashMap::new();
    for slot in tree.leaves() {
        let seen = &mut seen[slot.path as usize];
        let seen = seen.get_or_insert(Seen {
            min: -1,
            cumulative: 0,
            count: 0,
        });
        let size = match slot.what {
            What::Whiteout => match merged.nodes.get(slot.path as usize) {
                Some(node) if node.present && node.is_dir => merged.sum(slot.path, &mut sums),
                Some(node) if node.present => 0,
                // A whiteout of nothing ends the walk of its layer.
                _ => return,
            },
            What::Node { size, .. } => size,
        };
        seen.cumulative = seen.cumulative.saturating_add(size);
        seen.count += 1;
        if seen.min < 0 || size < seen.min {
            seen.min = size;
        }
    }
}

/// All paths that any layer names, numbered; the root is 0.
struct Paths<'a> {
    parents: Vec<u32>,
    names: Vec<&'a [u8]>,
    lookup: HashMap<(u32, &'a [u8]), u32>,
}

const ROOT: u32 = 0;

impl Default for Paths<'_> {
    fn default() -> Self {
        Self {
            parents: vec![ROOT],
            names: vec![b""],
            lookup: HashMap::new(),
        }
    }
}

impl<'a> Paths<'a> {
    fn len(&self) -> usize {
        self.parents.len()
    }

    /// The path of a name in a folder; the folder itself for no name.
    fn child(&mut self, parent: u32, name: &'a [u8]) -> u32 {
        if name.is_empty() {
            return parent;
        }
        *self.lookup.entry((parent, name)).or_insert_with(|| {
            self.parents.push(parent);
            self.names.push(name);
            (self.parents.len() - 1) as u32
        })
    }
}

/// One layer's own tree, in the order in which dive visits it: children by name, then their folder.
struct Tree {
    slots: Vec<Slot>,
    /// The slots but the root's, in that order.
    order: Vec<u32>,
    is_leaf: Vec<bool>,
}

struct Slot {
    path: u32,
    /// The slot of the folder.
    parent: u32,
    what: What,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Whiteout,
    Node { is_dir: bool, size: i64 },
}

/// A folder that no entry announces.
const IMPLIED: What = What::Node {
    is_dir: false,
    size: 0,
};

impl Tree {
    /// The tree of a layer, and the bytes of all its headers, those of nodes stored twice too.
    fn of<'a>(index: &'a LayerIndex, paths: &mut Paths<'a>) -> (Self, u64) {
        let mut growing = Growing::default();
        let mut total = 0_u64;
        let mut dirs: Vec<u32> = Vec::with_capacity(index.dirs());
        for dir in (0..index.dirs() as u32).map(crate::layer::DirId) {
            let parent = dirs.get(index.dir_parent(dir).0 as usize);
            let parent = parent.copied().unwrap_or(ROOT);
            dirs.push(paths.child(parent, index.dir_name(dir)));
        }
        for entry in index.entries() {
            let dir = dirs[index.dir(entry).0 as usize];
            let name = index.name(entry);
            let path = paths.child(dir, name);
            let kind = index.kind(entry);
            if path == ROOT {
                continue;
            }
            match kind {
                EntryKind::Whiteout => {
                    let parent = growing.touch(dir, paths);
                    growing.slots.push(Slot {
                        path,
                        parent,
                        what: What::Whiteout,
                    });
                }
                // Only the way to an opaque whiteout stays.
                EntryKind::Opaque => drop(growing.touch(path, paths)),
                kind => {
                    let size = match kind {
                        EntryKind::File => index.logical_size(entry),
                        _ => 0,
                    };
                    total = total.saturating_add(size);
                    let at = growing.touch(path, paths) as usize;
                    growing.slots[at].what = What::Node {
                        is_dir: kind == EntryKind::Dir,
                        size: i64::try_from(size).unwrap_or(i64::MAX),
                    };
                }
            }
        }
        (growing.ordered(paths), total)
    }

    fn leaves(&self) -> impl Iterator<Item = &Slot> {
        let leaves = self.order.iter().filter(|at| self.is_leaf[**at as usize]);
        leaves.map(|at| &self.slots[*at as usize])
    }
}

/// A layer's tree while its entries are read.
struct Growing {
    slots: Vec<Slot>,
    /// For each path the slot that may be its node's; true only if that slot names the path.
    slot_of: Vec<u32>,
}

impl Default for Growing {
    fn default() -> Self {
        let root = Slot {
            path: ROOT,
            parent: 0,
            what: IMPLIED,
        };
        Self {
            slots: vec![root],
            slot_of: vec![0],
        }
    }
}

impl Growing {
    fn find(&self, path: u32) -> Option<u32> {
        let at = *self.slot_of.get(path as usize)?;
        let slot = &self.slots[at as usize];
        (slot.path == path && slot.what != What::Whiteout).then_some(at)
    }

    /// The slot of a path, made with all its parents if it is new.
    fn touch(&mut self, path: u32, paths: &Paths<'_>) -> u32 {
        let mut missing = Vec::new();
        let mut up = path;
        let mut at = loop {
            match self.find(up) {
                Some(at) => break at,
                None => missing.push(up),
            }
            up = paths.parents[up as usize];
        };
        for path in missing.into_iter().rev() {
            let slot = Slot {
                path,
                parent: at,
                what: IMPLIED,
            };
            at = self.slots.len() as u32;
            self.slots.push(slot);
            if self.slot_of.len() <= path as usize {
                self.slot_of.resize(path as usize + 1, 0);
            }
            self.slot_of[path as usize] = at;
        }
        at
    }

    fn ordered(self, paths: &Paths<'_>) -> Tree {
        let slots = self.slots;
        let mut children: Vec<u32> = (1..slots.len() as u32).collect();
        children.sort_by(|a, b| {
            let (a, b) = (&slots[*a as usize], &slots[*b as usize]);
            let by_name = || {
                by_name(
                    (a.what, paths.names[a.path as usize]),
                    (b.what, paths.names[b.path as usize]),
                )
            };
            a.parent.cmp(&b.parent).then_with(by_name)
        });
        children.dedup_by_key(|at| {
            let slot = &slots[*at as usize];
            (slot.path, slot.what == What::Whiteout)
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
        let mut is_leaf = vec![true; slots.len()];
        for at in &children {
            is_leaf[slots[*at as usize].parent as usize] = false;
        }
        Tree {
            slots,
            order,
            is_leaf,
        }
    }
}

/// By the name that the tar has, which for whiteouts begins with `.wh.`.
fn by_name((a, name_a): (What, &[u8]), (b, name_b): (What, &[u8])) -> Ordering {
    let prefix = |what| match what {
        What::Whiteout => &b".wh."[..],
        What::Node { .. } => b"",
    };
    match (prefix(a), prefix(b)) {
        (a, b) if a == b => name_a.cmp(name_b),
        (a, b) => a.iter().chain(name_a).cmp(b.iter().chain(name_b)),
    }
}

/// What dive makes of the layers so far.
#[derive(Default)]
struct Merged {
    nodes: Vec<Node>,
}

#[derive(Clone, Copy)]
struct Node {
    present: bool,
    is_dir: bool,
    size: i64,
    first: u32,
    next: u32,
    before: u32,
}

const NONE: u32 = u32::MAX;

impl Merged {
    fn make_room(&mut self, paths: usize) {
        let absent = Node {
            present: false,
            is_dir: false,
            size: 0,
            first: NONE,
            next: NONE,
            before: NONE,
        };
        self.nodes.resize(paths, absent);
        self.nodes[ROOT as usize].present = true;
    }

    /// Lays a layer over it, node by node in dive's order.
    fn graft(&mut self, tree: &Tree, paths: &Paths<'_>, with_whiteouts: bool) {
        for slot in tree.order.iter().map(|at| &tree.slots[*at as usize]) {
            match slot.what {
                What::Whiteout if with_whiteouts => self.remove(slot.path, paths),
                What::Whiteout => {}
                What::Node { is_dir, size } => {
                    self.add(slot.path, paths);
                    let node = &mut self.nodes[slot.path as usize];
                    (node.is_dir, node.size) = (is_dir, size);
                }
            }
        }
    }

    fn add(&mut self, path: u32, paths: &Paths<'_>) {
        let mut at = path;
        while !self.nodes[at as usize].present {
            let parent = paths.parents[at as usize];
            let next = std::mem::replace(&mut self.nodes[parent as usize].first, at);
            self.nodes[at as usize] = Node {
                present: true,
                is_dir: false,
                size: 0,
                first: self.nodes[at as usize].first,
                next,
                before: NONE,
            };
            if let Some(next) = self.nodes.get_mut(next as usize) {
                next.before = at;
            }
            at = parent;
        }
    }

    fn remove(&mut self, path: u32, paths: &Paths<'_>) {
        let node = self.nodes[path as usize];
        if !node.present {
            return;
        }
        if let Some(next) = self.nodes.get_mut(node.next as usize) {
            next.before = node.before;
        }
        match self.nodes.get_mut(node.before as usize) {
            Some(before) => before.next = node.next,
            None => self.nodes[paths.parents[path as usize] as usize].first = node.next,
        }
        let mut open = vec![path];
        while let Some(at) = open.pop() {
            open.extend(self.children(at));
            let node = &mut self.nodes[at as usize];
            (node.present, node.first) = (false, NONE);
        }
    }

    fn children(&self, path: u32) -> impl Iterator<Item = u32> {
        let mut at = self.nodes[path as usize].first;
        std::iter::from_fn(move || {
            let node = self.nodes.get(at as usize)?;
            Some(std::mem::replace(&mut at, node.next))
        })
    }

    /// The bytes of a node and all below it; `known` are sums of this same state.
    fn sum(&self, path: u32, known: &mut HashMap<u32, i64>) -> i64 {
        let mut order = vec![path];
        let mut at = 0;
        while let Some(&path) = order.get(at) {
            if !known.contains_key(&path) {
                order.extend(self.children(path));
            }
            at += 1;
        }
        for path in order.into_iter().rev() {
            if !known.contains_key(&path) {
                let below = self.children(path).map(|child| known.get(&child));
                let sum = below
                    .flatten()
                    .fold(self.nodes[path as usize].size, |sum, size| {
                        sum.saturating_add(*size)
                    });
                known.insert(path, sum);
            }
        }
        known.get(&path).copied().unwrap_or(0)
    }
}
