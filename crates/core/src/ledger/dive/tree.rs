//! The trees that dive keeps of layers, and the paths that are in them.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::layer::{EntryId, EntryKind, LayerIndex};

/// All paths that any layer names, numbered; the root is 0.
pub(super) struct Paths<'a> {
    pub(super) parents: Vec<u32>,
    pub(super) names: Vec<&'a [u8]>,
    lookup: HashMap<(u32, &'a [u8]), u32>,
}

pub(super) const ROOT: u32 = 0;

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
    pub(super) fn len(&self) -> usize {
        self.parents.len()
    }

    /// The path of a name in a folder; the folder itself for no name.
    pub(super) fn child(&mut self, parent: u32, name: &'a [u8]) -> u32 {
        if name.is_empty() {
            return parent;
        }
        *self.lookup.entry((parent, name)).or_insert_with(|| {
            self.parents.push(parent);
            self.names.push(name);
            (self.parents.len() - 1) as u32
        })
    }

    /// A path with a slash before each name; nothing for the root.
    pub(super) fn text(&self, path: u32) -> Vec<u8> {
        let mut names = Vec::new();
        let mut up = path;
        while up != ROOT {
            names.push(self.names[up as usize]);
            up = self.parents[up as usize];
        }
        let names = names.iter().rev();
        names.flat_map(|name| [b"/", *name].concat()).collect()
    }
}

/// One layer's own tree, in the order in which dive visits it: children by name, then their folder.
pub(super) struct Tree {
    pub(super) slots: Vec<Slot>,
    /// The slots but the root's, in that order.
    pub(super) order: Vec<u32>,
    is_leaf: Vec<bool>,
}

pub(super) struct Slot {
    pub(super) path: u32,
    /// The slot of the folder.
    parent: u32,
    pub(super) what: What,
    /// The entry that it is from; None for a folder that no entry announces.
    pub(super) entry: Option<EntryId>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Whiteout,
    Node { is_dir: bool, size: i64 },
}

/// A folder that no entry announces.
pub(super) const IMPLIED: What = What::Node {
    is_dir: false,
    size: 0,
};

impl Tree {
    /// The tree of a layer, and the bytes of all its headers, those of nodes stored twice too.
    pub(super) fn of<'a>(index: &'a LayerIndex, paths: &mut Paths<'a>) -> (Self, u64) {
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
                        entry: Some(entry),
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
                    let slot = &mut growing.slots[at];
                    slot.entry = Some(entry);
                    slot.what = What::Node {
                        is_dir: kind == EntryKind::Dir,
                        size: i64::try_from(size).unwrap_or(i64::MAX),
                    };
                }
            }
        }
        (growing.ordered(paths), total)
    }

    pub(super) fn leaves(&self) -> impl Iterator<Item = &Slot> {
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
            entry: None,
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
                entry: None,
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
