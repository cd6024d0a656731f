//! The files of package databases that a stack has, by all the paths at which they are that: a file may have several
//! names, and links lead to others.

use std::collections::{HashMap, HashSet};

use crate::layer::{EntryId, EntryKind};
use crate::packages::{FIXED, KnownFile, Record};
use crate::stack::{NodeId, Stack};

/// A record of a layer's index, and where it stands: the layer, from 1, and the entry.
pub(super) type LayerRecord = (usize, EntryId, Record);

/// A file of a package database in a stack.
pub(super) struct Found<'r> {
    pub(super) record: &'r Record,
    /// One of its names.
    pub(super) node: NodeId,
    /// The path at which it is a file of a database. There may be links in it.
    pub(super) path: Vec<u8>,
    /// The layer that stores it.
    pub(super) layer: usize,
}

/// A link to the folder that holds the folder with the file is as far away as one can be: `node_modules` before
/// `@SCOPE/NAME/package.json`.
const FOLDERS: usize = 3;

/// What the stack at `layer` has of the records, in their order.
pub(super) fn found<'r>(stack: &Stack, layer: usize, records: &'r [LayerRecord]) -> Vec<Found<'r>> {
    let ways = Ways::of(stack, layer, records);
    let mut found = Vec::new();
    for (number, entry, record) in records {
        let Some(index) = stack.layer(*number) else {
            continue;
        };
        let read_as = KnownFile::read_as(&names(&index.path(*entry)));
        for node in ways.names.get(&(*number, *entry)).into_iter().flatten() {
            // Programs and other files may have any name.
            let is_it =
                |path: &Vec<u8>| read_as.is_none() || KnownFile::of(&names(path)) == read_as;
            let path = [stack.path(*node)].into_iter();
            let mut paths = path.chain(ways.through_links(stack, *node));
            if let Some(path) = paths.find(is_it) {
                found.push(Found {
                    record,
                    node: *node,
                    path,
                    layer: *number,
                });
            }
        }
    }
    found
}

/// What leads to files that have records.
struct Ways {
    /// The names of each.
    names: HashMap<(usize, EntryId), Vec<NodeId>>,
    /// Files and folders that a path through a link leads to, and that path. One is enough: what it leads to is the same.
    links: HashMap<NodeId, Vec<u8>>,
}

impl Ways {
    fn of(stack: &Stack, layer: usize, records: &[LayerRecord]) -> Self {
        let wanted = records.iter().map(|(number, entry, _)| (*number, *entry));
        let wanted: HashSet<(usize, EntryId)> = wanted.collect();
        let mut ways = Self {
            names: HashMap::new(),
            links: HashMap::new(),
        };
        if wanted.is_empty() {
            return ways;
        }
        for path in FIXED {
            if let Some(node) = stack.real(path, layer)
                && stack.path(node) != path
            {
                ways.links.entry(node).or_insert_with(|| path.to_vec());
            }
        }
        for node in (0..stack.nodes() as u32).map(NodeId) {
            let stored = stack.at(node, layer).and_then(|at| stack.stored_by(at));
            let Some((number, entry)) = stored else {
                continue;
            };
            if wanted.contains(&(number, entry)) {
                ways.names.entry((number, entry)).or_default().push(node);
            }
            let kind = stack.layer(number).map(|index| index.kind(entry));
            if kind == Some(EntryKind::Symlink) && may_hold(stack, node) {
                let path = stack.path(node);
                if let Some(folder) = stack.folder(&path, layer) {
                    ways.links.entry(folder).or_insert(path);
                }
            }
        }
        ways
    }

    /// Paths of a file through links to it, or to folders that it is in.
    fn through_links<'w>(
        &'w self,
        stack: &'w Stack,
        file: NodeId,
    ) -> impl Iterator<Item = Vec<u8>> + 'w {
        let mut up = file;
        let mut behind = Vec::new();
        (0..=FOLDERS).filter_map(move |_| {
            let path = self.links.get(&up).map(|path| [path, &behind[..]].concat());
            behind = [b"/", stack.name(up), &behind].concat();
            up = stack.parent(up);
            path
        })
    }
}

/// Whether the name of a link to a folder makes files in it ones of a database.
fn may_hold(stack: &Stack, link: NodeId) -> bool {
    let above = stack.parent(link);
    let path = [stack.parent(above), above, link].map(|node| stack.name(node));
    KnownFile::is_folder(&path)
}

/// The names of a path.
fn names(path: &[u8]) -> Vec<&[u8]> {
    let names = path.split(|byte| *byte == b'/');
    names.filter(|name| !name.is_empty()).collect()
}
