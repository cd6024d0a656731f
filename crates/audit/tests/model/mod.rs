//! A naive, obviously right model of stacking: a map from paths to what stands there, changed entry
//! by entry in the words of the design, with no thought of speed.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use onionskin_layers::limits::LINKS;
use onionskin_layers::stack::Cause;

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
}

type OwnTree = BTreeMap<String, Own>;

#[derive(Clone, Debug)]
struct Own {
    thing: Thing,
    since: usize,
    /// The hard link's entry, while its target is not known.
    waits: Option<usize>,
}

/// What is at the end of a path.
enum Found {
    Thing(Thing),
    Nothing,
    /// A link whose own target is not known is there, or on the way; or the link that asks itself.
    Waits,
}

/// What `ls` tells of a path: path, type, size, target of a link. A link to nothing has the target that its entry tells,
/// unless something is there by now.
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
    fn own_tree(&self, layer: usize, entries: &[Entry]) -> OwnTree {
        let mut refused = BTreeSet::new();
        let mut own = loop {
            match self.own_tree_without(layer, entries, &refused) {
                Ok(own) => break own,
                Err(late) => refused.extend(late),
            }
        };
        // What whiteouts are in becomes folders when the tree is laid over the stack, where the layer has nothing else.
        for (at, entry) in entries.iter().enumerate() {
            let mut folders = parents(&entry.path);
            match entry.kind {
                Kind::Whiteout => {}
                Kind::Opaque => folders.push(entry.path.clone()),
                _ => continue,
            }
            let is_dir = |path| own.get(path).is_none_or(|own| own.thing == Thing::Dir);
            if folders.iter().all(is_dir) {
                folders.iter().for_each(|path| imply(&mut own, path, at));
            }
        }
        own
    }

    fn own_tree_without(
        &self,
        layer: usize,
        entries: &[Entry],
        refused: &BTreeSet<usize>,
    ) -> Result<OwnTree, Vec<usize>> {
        let mut own = OwnTree::new();
        for (at, entry) in entries.iter().enumerate() {
            if refused.contains(&at) {
                continue;
            }
            let mut waits = None;
            let thing = match &entry.kind {
                Kind::Whiteout | Kind::Opaque => continue,
                Kind::Dir => Thing::Dir,
                Kind::Hardlink(target) => match self.target(&own, target, &entry.path, false) {
                    Found::Thing(Thing::Dir) => continue,
                    Found::Thing(thing) => thing,
                    Found::Nothing | Found::Waits => {
                        waits = Some(at);
                        Thing::Name(layer, at)
                    }
                },
                _ => Thing::Name(layer, at),
            };
            for path in parents(&entry.path) {
                imply(&mut own, &path, at);
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
        // The second look: again and again, until nothing more is found. Then what still waits is no folder, and behind it
        // is what the stack below has.
        let mut is_last = false;
        loop {
            match self.look(&mut own, entries, false) {
                (true, _) => continue,
                (false, to_folders) if !to_folders.is_empty() => return Err(to_folders),
                (false, _) if is_last => return Ok(own),
                (false, _) => is_last = true,
            }
            match self.look(&mut own, entries, true) {
                (_, to_folders) if !to_folders.is_empty() => return Err(to_folders),
                _ => {}
            }
        }
    }

    /// Looks at what waits; `broken` says that what waits is no folder. Tells whether anything was found, and which links
    /// lead to folders.
    fn look(&self, own: &mut OwnTree, entries: &[Entry], broken: bool) -> (bool, Vec<usize>) {
        let waiting: Vec<(String, usize)> = (own.iter())
            .filter_map(|(path, own)| Some((path.clone(), own.waits?)))
            .collect();
        let before = own.clone();
        let (mut changed, mut to_folders) = (false, Vec::new());
        for (path, entry) in waiting {
            let Kind::Hardlink(target) = &entries[entry].kind else {
                unreachable!()
            };
            let seen = if broken { &before } else { &*own };
            match self.target(seen, target, &path, broken) {
                Found::Thing(Thing::Dir) => to_folders.push(entry),
                Found::Thing(thing) => {
                    let place = own.get_mut(&path).unwrap();
                    (place.thing, place.waits) = (thing, None);
                    changed = true;
                }
                Found::Nothing | Found::Waits => {}
            }
        }
        (changed, to_folders)
    }

    /// A hard link resolves in the layer's own tree over the stack, else in the stack as it was before the layer.
    fn target(&self, own: &OwnTree, target: &str, link: &str, broken: bool) -> Found {
        match self.walk(own, target, link, broken) {
            Found::Nothing => self.walk(&OwnTree::new(), target, link, broken),
            found => found,
        }
    }

    /// The way of a kernel: folder by folder, symbolic links among them followed, the last name taken as it is. Engines
    /// take `..` out of the target before that.
    fn walk(&self, own: &OwnTree, target: &str, link: &str, broken: bool) -> Found {
        let at = |path: &str| match (own.get(path), self.tree.get(path)) {
            (Some(own), _) if own.waits.is_some() => Found::Waits,
            (Some(Own { thing, .. }), _) | (None, Some(thing)) => Found::Thing(thing.clone()),
            (None, None) => Found::Nothing,
        };
        let mut folders: Vec<String> = names(&cleaned(target));
        let Some(last) = folders.pop() else {
            return Found::Thing(Thing::Dir);
        };
        folders.reverse();
        let (mut folder, mut links) = (String::new(), 0);
        while let Some(name) = folders.pop() {
            if name == ".." {
                folder.truncate(folder.rfind('/').unwrap_or(0));
                continue;
            }
            let below = format!("{folder}/{name}");
            let text = match at(&below) {
                Found::Thing(Thing::Dir) => {
                    folder = below;
                    continue;
                }
                Found::Thing(thing) => self.text(&thing),
                Found::Nothing => None,
                Found::Waits if broken => None,
                Found::Waits => return Found::Waits,
            };
            let Some(text) = text.filter(|_| links < LINKS) else {
                return Found::Nothing;
            };
            links += 1;
            if text.starts_with('/') {
                folder.clear();
            }
            folders.extend(names(&text).into_iter().rev());
        }
        match format!("{folder}/{last}") {
            path if path == link => Found::Waits,
            path => at(&path),
        }
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
        let told = |target: &str| {
            let at_last = Model {
                layers: self.layers.clone(),
                tree: tree.clone(),
                wasted: Vec::new(),
            };
            let is_link = |layer: usize, entry: usize| {
                matches!(self.layers[layer - 1][entry].kind, Kind::Hardlink(_))
            };
            let is_nothing = match at_last.walk(&OwnTree::new(), target, "", false) {
                Found::Thing(Thing::Name(layer, entry)) => is_link(layer, entry),
                Found::Thing(Thing::Dir) => false,
                Found::Nothing | Found::Waits => true,
            };
            is_nothing.then(|| format!("/{}", cleaned(target)))
        };
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
                _ if main != *path => (path.clone(), "hardlink", 0, Some(main)),
                Kind::Hardlink(target) => (path.clone(), "hardlink", 0, told(target)),
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

fn names(path: &str) -> Vec<String> {
    let names = path.split('/').filter(|name| !matches!(*name, "" | "."));
    names.map(str::to_owned).collect()
}

/// A path without `..`, as its words say.
fn cleaned(path: &str) -> String {
    let mut cleaned = Vec::new();
    for name in names(path) {
        match name.as_str() {
            ".." => drop(cleaned.pop()),
            _ => cleaned.push(name),
        }
    }
    cleaned.join("/")
}

fn imply(own: &mut OwnTree, path: &str, at: usize) {
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
