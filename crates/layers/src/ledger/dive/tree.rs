//! The trees that dive keeps of layers, and the paths that are in them.

#![allow(
    clippy::indexing_slicing,
    reason = "slots are numbers of rows that the tree itself gave out"
)]

use std::borrow::Cow;
use std::collections::HashMap;

use super::Node;
use crate::layer::{EntryKind, LayerIndex};

/// What a name begins with that hides another of the layers below.
const WHITEOUT: &[u8] = b".wh.";
/// What a name begins with that dive passes over.
const OPAQUE: &[u8] = b".wh..wh..";

/// All paths that any layer names, numbered; the root is 0.
pub(super) struct Paths<'a> {
    pub(super) parents: Vec<u32>,
    pub(super) names: Vec<Cow<'a, [u8]>>,
    lookup: HashMap<(u32, Cow<'a, [u8]>), u32>,
}

pub(super) const ROOT: u32 = 0;

impl Default for Paths<'_> {
    fn default() -> Self {
        Self {
            parents: vec![ROOT],
            names: vec![Cow::Borrowed(b"")],
            lookup: HashMap::new(),
        }
    }
}

impl<'a> Paths<'a> {
    pub(super) fn len(&self) -> usize {
        self.parents.len()
    }

    /// The path of a name in a folder. That of no name is the folder with a slash behind it, a path of its own.
    fn child(&mut self, parent: u32, name: impl Into<Cow<'a, [u8]>>) -> u32 {
        let name = name.into();
        if let Some(path) = self.lookup.get(&(parent, name.clone())) {
            return *path;
        }
        let path = self.parents.len() as u32;
        self.parents.push(parent);
        self.names.push(name.clone());
        self.lookup.insert((parent, name), path);
        path
    }

    /// What a path hides, if its name is a whiteout's: as it is counted, and as it is looked for.
    fn hidden(&mut self, path: u32) -> Option<Hidden> {
        let (parent, name) = (self.parents[path as usize], &self.names[path as usize]);
        let name = name.strip_prefix(WHITEOUT)?.to_vec();
        let nothing = name.is_empty();
        let counted = self.child(parent, name);
        Some(Hidden {
            counted,
            looked_for: if nothing { parent } else { counted },
        })
    }

    /// A path with a slash before each name; nothing for the root.
    pub(super) fn text(&self, path: u32) -> Vec<u8> {
        let mut names = Vec::new();
        let mut up = path;
        while up != ROOT {
            names.push(&self.names[up as usize]);
            up = self.parents[up as usize];
        }
        let names = names.iter().rev();
        names.flat_map(|name| [b"/", &***name].concat()).collect()
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
    /// As the tar has it.
    pub(super) path: u32,
    /// The slot of the folder.
    parent: u32,
    /// What it hides, if its name is a whiteout's.
    pub(super) hides: Option<Hidden>,
    pub(super) is_dir: bool,
    pub(super) size: i64,
    /// What its header is of; None for a folder that no entry announces.
    pub(super) of: Option<Node>,
}

/// What a whiteout hides.
#[derive(Clone, Copy)]
pub(super) struct Hidden {
    /// The path that it is counted under.
    pub(super) counted: u32,
    /// The path that has to be there: of a whiteout `.wh.` without a name, the folder that it is in.
    pub(super) looked_for: u32,
}

impl Tree {
    /// The tree of a layer, and the bytes of all its headers, those of nodes stored twice too.
    pub(super) fn of<'a>(index: &'a LayerIndex, paths: &mut Paths<'a>) -> (Self, u64) {
        let mut growing = Growing::default();
        let mut total = 0_u64;
        let mut dirs: Vec<u32> = Vec::with_capacity(index.dirs());
        for dir in (0..index.dirs() as u32).map(crate::layer::DirId) {
            dirs.push(match dirs.get(index.dir_parent(dir).0 as usize) {
                Some(parent) => paths.child(*parent, index.dir_name(dir)),
                None => ROOT,
            });
        }
        let mut unshown = (0..).zip(index.unshown()).peekable();
        for entry in index.entries() {
            while let Some((at, other)) = unshown.next_if(|(_, other)| other.before <= entry.0) {
                let size = if other.flag == b'5' { 0 } else { other.size };
                total = total.saturating_add(size);
                let slot = (other.flag == b'5', size, Some(Node::Unshown(at)));
                growing.add_names(paths, &other.path, slot);
            }
            let dir = dirs[index.dir(entry).0 as usize];
            let name = index.name(entry);
            let kind = index.kind(entry);
            let size = match kind {
                // The header is that of a hard link; its content is one of those that are not shown.
                _ if index.claim(entry).is_some() => 0,
                EntryKind::File | EntryKind::Whiteout | EntryKind::Opaque => {
                    index.logical_size(entry)
                }
                _ => 0,
            };
            total = total.saturating_add(size);
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
                    let path = paths.child(dir, [WHITEOUT, name].concat());
                    growing.put(path, paths, slot);
                }
                (_, name) => {
                    let path = paths.child(dir, name);
                    growing.put(path, paths, slot);
                }
            }
        }
        for (at, other) in unshown {
            let size = if other.flag == b'5' { 0 } else { other.size };
            total = total.saturating_add(size);
            let slot = (other.flag == b'5', size, Some(Node::Unshown(at)));
            growing.add_names(paths, &other.path, slot);
        }
        (growing.ordered(paths), total)
    }

    pub(super) fn leaves(&self) -> impl Iterator<Item = &Slot> {
        let leaves = self.order.iter().filter(|at| self.is_leaf[**at as usize]);
        leaves.map(|at| &self.slots[*at as usize])
    }
}

/// Whether it is a folder's, its size, and what it is of.
type Header = (bool, u64, Option<Node>);

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
            hides: None,
            is_dir: false,
            size: 0,
            of: None,
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
            up = paths.parents[up as usize];
        };
        for path in missing.into_iter().rev() {
            let slot = Slot {
                path,
                parent: at,
                hides: paths.hidden(path),
                is_dir: false,
                size: 0,
                of: None,
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

    /// Puts a header at its path, over one that is there.
    fn put(&mut self, path: u32, paths: &mut Paths<'_>, (is_dir, size, of): Header) {
        let at = self.touch(path, paths) as usize;
        if let Some(slot) = self.slots.get_mut(at) {
            (slot.is_dir, slot.of) = (is_dir, of);
            slot.size = i64::try_from(size).unwrap_or(i64::MAX);
        }
    }

    /// The same for the path of something that is not shown: names that dive passes over end it.
    fn add_names<'a>(&mut self, paths: &mut Paths<'a>, path: &'a [u8], header: Header) {
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
        let slots = self.slots;
        let mut children: Vec<u32> = (1..slots.len() as u32).collect();
        children.sort_by(|a, b| {
            let (a, b) = (&slots[*a as usize], &slots[*b as usize]);
            let by_name = || paths.names[a.path as usize].cmp(&paths.names[b.path as usize]);
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
