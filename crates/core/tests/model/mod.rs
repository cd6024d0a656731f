//! A naive, obviously right model of stacking: a map from paths to what stands there, changed entry
//! by entry in the words of the design, with no thought of speed.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used)]

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use onionskin_core::stack::Cause;

/// An entry as a test describes it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub path: String,
    pub kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    File(Vec<u8>),
    Dir,
    /// With its text.
    Symlink(String),
    Hardlink(String),
    Fifo,
    Whiteout,
    Opaque,
}

/// Symbolic links that are followed on the way to one target.
const LINKS: usize = 8;

/// What stands at a path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Thing {
    Dir,
    /// A name of the inode that this layer (from 1) stored with this entry (from 0).
    Name(usize, usize),
}

/// A regular file that died: stored by (layer, entry), why, and by which layer.
pub(crate) type Waste = (usize, usize, Cause, usize);

#[derive(Default)]
pub(crate) struct Model {
    pub layers: Vec<Vec<Entry>>,
    pub tree: BTreeMap<String, Thing>,
    pub wasted: Vec<Waste>,
    /// A hard link that stood before its target turned out to be another name of a symbolic link. Whether targets of
    /// others that waited lead through it depends on the order in which they are looked at, which no rule says.
    pub ambiguous: Cell<bool>,
}

#[derive(Clone, Debug)]
struct Own {
    thing: Thing,
    since: usize,
    /// The hard link's entry, while its target is not known.
    waits: Option<usize>,
}

/// What `ls` tells of a path: path, type, size, target of a link. The target of a link to nothing is left out.
pub(crate) type Row = (String, &'static str, u64, Option<String>);

fn below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.starts_with('/'))
}

fn parents(path: &str) -> Vec<String> {
    path.match_indices('/')
        .skip(1)
        .map(|(at, _)| path[..at].to_owned())
        .collect()
}

impl Model {
    pub(crate) fn push(&mut self, entries: &[Entry]) {
        self.layers.push(entries.to_vec());
        let layer = self.layers.len();
        let own = self.own_tree(layer, entries);
        let mut lost: Vec<(usize, usize, Cause)> = Vec::new();
        // Step 2.
        for entry in entries {
            let hidden: Vec<String> = match entry.kind {
                Kind::Whiteout => self
                    .tree
                    .keys()
                    .filter(|path| **path == entry.path || below(path, &entry.path))
                    .cloned()
                    .collect(),
                Kind::Opaque => self
                    .tree
                    .keys()
                    .filter(|path| below(path, &entry.path))
                    .cloned()
                    .collect(),
                _ => continue,
            };
            self.take(&hidden, Cause::Deleted, &mut lost);
        }
        // Step 3, in the order of the tar; parents before children.
        let mut order: Vec<(&String, &Own)> = own.iter().collect();
        order.sort_by_key(|(path, own)| (own.since, path.matches('/').count()));
        for (path, own) in order {
            match (self.tree.get(path).cloned(), &own.thing) {
                (Some(Thing::Dir), Thing::Dir) => continue,
                (Some(Thing::Dir), _) => {
                    let under: Vec<String> = self
                        .tree
                        .keys()
                        .filter(|other| below(other, path))
                        .cloned()
                        .collect();
                    self.take(&under, Cause::Deleted, &mut lost);
                }
                (Some(old), new) if old == *new => continue,
                (Some(old), new) => {
                    let equal = match (self.content(&old), self.content(new)) {
                        (Some(a), Some(b)) => a == b,
                        _ => false,
                    };
                    let cause = if equal {
                        Cause::MetadataOnly
                    } else {
                        Cause::Overwritten
                    };
                    self.take(std::slice::from_ref(path), cause, &mut lost);
                }
                (None, _) => {}
            }
            self.tree.insert(path.clone(), own.thing.clone());
        }
        // An inode lives as long as one of its names does.
        let living: BTreeSet<(usize, usize)> = self
            .tree
            .values()
            .filter_map(|thing| match thing {
                Thing::Name(layer, entry) => Some((*layer, *entry)),
                Thing::Dir => None,
            })
            .collect();
        for (at, entry) in entries.iter().enumerate() {
            let lost_later = lost.iter().any(|(l, e, _)| (*l, *e) == (layer, at));
            if matches!(entry.kind, Kind::File(_)) && !living.contains(&(layer, at)) && !lost_later
            {
                self.wasted.push((layer, at, Cause::Repeated, layer));
            }
        }
        let mut settled = BTreeSet::new();
        for (stored_by, entry, cause) in lost.into_iter().rev() {
            let is_file = matches!(self.layers[stored_by - 1][entry].kind, Kind::File(_));
            if is_file
                && !living.contains(&(stored_by, entry))
                && settled.insert((stored_by, entry))
            {
                self.wasted.push((stored_by, entry, cause, layer));
            }
        }
        self.wasted.sort();
    }

    /// Step 1. Links to folders change nothing, also where that is seen only at the end.
    fn own_tree(&self, layer: usize, entries: &[Entry]) -> BTreeMap<String, Own> {
        let mut refused = BTreeSet::new();
        loop {
            match self.own_tree_without(layer, entries, &refused) {
                Ok(own) => return own,
                Err(late) => refused.extend(late),
            }
        }
    }

    fn own_tree_without(
        &self,
        layer: usize,
        entries: &[Entry],
        refused: &BTreeSet<usize>,
    ) -> Result<BTreeMap<String, Own>, Vec<usize>> {
        let mut own: BTreeMap<String, Own> = BTreeMap::new();
        for (at, entry) in entries.iter().enumerate() {
            if refused.contains(&at) {
                continue;
            }
            let mut waits = None;
            let thing = match &entry.kind {
                Kind::Dir | Kind::Whiteout | Kind::Opaque => Thing::Dir,
                Kind::Hardlink(target) if !self.is_itself(&own, target, &entry.path) => {
                    match self.target(&own, target) {
                        Some((Thing::Dir, _)) => continue,
                        Some((thing, None)) => thing,
                        _ => {
                            waits = Some(at);
                            Thing::Name(layer, at)
                        }
                    }
                }
                _ => Thing::Name(layer, at),
            };
            let mut above = parents(&entry.path);
            if let Kind::Whiteout | Kind::Opaque = entry.kind {
                if let Kind::Opaque = entry.kind {
                    above.push(entry.path.clone());
                }
                // Whiteouts take nothing of their own layer.
                if above
                    .iter()
                    .any(|path| own.get(path).is_some_and(|own| own.thing != Thing::Dir))
                {
                    continue;
                }
            }
            for path in above {
                imply(&mut own, &path, at);
            }
            if let Kind::Whiteout | Kind::Opaque = entry.kind {
                continue;
            }
            match own.get(&entry.path) {
                Some(old) if old.thing == thing => continue,
                _ => {}
            }
            own.retain(|path, _| !below(path, &entry.path));
            own.insert(
                entry.path.clone(),
                Own {
                    thing,
                    since: at,
                    waits,
                },
            );
        }
        // The second look: again and again, until nothing more is found.
        loop {
            let mut changed = false;
            let mut late = Vec::new();
            for path in own.keys().cloned().collect::<Vec<_>>() {
                let Some(entry) = own.get(&path).and_then(|own| own.waits) else {
                    continue;
                };
                let Kind::Hardlink(target) = &entries[entry].kind else {
                    unreachable!()
                };
                match self.target(&own, target) {
                    Some((Thing::Dir, _)) => late.push(entry),
                    Some((thing, None)) => {
                        if self.text(&thing).is_some() {
                            self.ambiguous.set(true);
                        }
                        let place = own.get_mut(&path).unwrap();
                        (place.thing, place.waits) = (thing, None);
                        changed = true;
                    }
                    _ => {}
                }
            }
            if !late.is_empty() {
                return Err(late);
            }
            if !changed {
                return Ok(own);
            }
        }
    }

    /// What stands at a hard link's target, and whether it is a link that waits itself.
    fn target(&self, own: &BTreeMap<String, Own>, target: &str) -> Option<(Thing, Option<usize>)> {
        self.standing(own, target)
            .or_else(|| self.standing(own, &self.through_links(own, target)?))
    }

    fn is_itself(&self, own: &BTreeMap<String, Own>, target: &str, path: &str) -> bool {
        target == path
            || self.standing(own, target).is_none()
                && self.through_links(own, target).as_deref() == Some(path)
    }

    fn standing(&self, own: &BTreeMap<String, Own>, path: &str) -> Option<(Thing, Option<usize>)> {
        own.get(path)
            .map(|own| (own.thing.clone(), own.waits))
            .or_else(|| self.tree.get(path).map(|thing| (thing.clone(), None)))
    }

    /// The path that a kernel finds: symbolic links among its folders are followed, the last name is taken as it is.
    fn through_links(&self, own: &BTreeMap<String, Own>, path: &str) -> Option<String> {
        let mut left: VecDeque<String> = path.split('/').map(str::to_owned).collect();
        let mut at = String::new();
        let mut links = 0;
        while let Some(name) = left.pop_front() {
            match name.as_str() {
                "" | "." => continue,
                ".." => {
                    at.truncate(at.rfind('/').unwrap_or(0));
                    continue;
                }
                _ => {}
            }
            let below = format!("{at}/{name}");
            let is_last = left.iter().all(|name| name.is_empty() || name == ".");
            if is_last {
                return Some(below);
            }
            let standing = self.standing(own, &below).map(|(thing, _)| thing);
            let text = standing.and_then(|thing| self.text(&thing));
            let Some(text) = text else {
                // Whether it can have anything in it shows where the last name is looked up.
                at = below;
                continue;
            };
            links += 1;
            if links > LINKS {
                return None;
            }
            if text.starts_with('/') {
                at.clear();
            }
            for name in text.split('/').rev() {
                left.push_front(name.to_owned());
            }
        }
        Some(at)
    }

    fn take(&mut self, paths: &[String], cause: Cause, lost: &mut Vec<(usize, usize, Cause)>) {
        for path in paths {
            if let Some(Thing::Name(layer, entry)) = self.tree.remove(path) {
                lost.push((layer, entry, cause));
            }
        }
    }

    /// The rows of a tree in byte order of the paths. Of the names of an inode one is the file (or FIFO, or symbolic
    /// link): the one that stored it where that is still there, else the first. The others are hard links to it.
    pub(crate) fn rows(&self, tree: &BTreeMap<String, Thing>) -> Vec<Row> {
        let main = |thing: &Thing| match thing {
            Thing::Dir => None,
            Thing::Name(layer, entry) => {
                let stored = &self.layers[layer - 1][*entry].path;
                let mut names = tree.iter().filter(|(_, other)| *other == thing);
                let first = names.next().map(|(path, _)| path.clone());
                match tree.get(stored) == Some(thing) {
                    true => Some(stored.clone()),
                    false => first,
                }
            }
        };
        let row = |(path, thing): (&String, &Thing)| {
            let Thing::Name(layer, entry) = thing else {
                return (path.clone(), "dir", 0, None);
            };
            let kind = &self.layers[layer - 1][*entry].kind;
            let main = main(thing).unwrap();
            match kind {
                Kind::Hardlink(_) => (path.clone(), "hardlink", 0, None),
                _ if main != *path => (path.clone(), "hardlink", 0, Some(main)),
                Kind::File(content) => (path.clone(), "file", content.len() as u64, None),
                Kind::Symlink(text) => (path.clone(), "symlink", 0, Some(text.clone())),
                Kind::Fifo => (path.clone(), "fifo", 0, None),
                _ => unreachable!("neither a folder nor a whiteout is an inode"),
            }
        };
        tree.iter().map(row).collect()
    }

    /// A symbolic link's text.
    fn text(&self, thing: &Thing) -> Option<String> {
        match thing {
            Thing::Name(layer, entry) => match &self.layers[layer - 1][*entry].kind {
                Kind::Symlink(text) => Some(text.clone()),
                _ => None,
            },
            Thing::Dir => None,
        }
    }

    fn content(&self, thing: &Thing) -> Option<&Vec<u8>> {
        match thing {
            Thing::Name(layer, entry) => match &self.layers[layer - 1][*entry].kind {
                Kind::File(content) => Some(content),
                _ => None,
            },
            Thing::Dir => None,
        }
    }
}

fn imply(own: &mut BTreeMap<String, Own>, path: &str, at: usize) {
    let is_dir = own.get(path).is_some_and(|own| own.thing == Thing::Dir);
    if !is_dir {
        let place = Own {
            thing: Thing::Dir,
            since: at,
            waits: None,
        };
        own.insert(path.to_owned(), place);
    }
}
