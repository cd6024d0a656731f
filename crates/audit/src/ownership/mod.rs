//! Ownership: which package each file of a stack belongs to, and what the packages take of it.

mod build;
mod claims;
mod found;
mod wasted;

pub(crate) use build::KINDS as BUILD_KINDS;
pub use build::{Build, has_build_tools};
pub use wasted::{WastedPackage, wasted};

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use self::claims::Claims;
use self::found::LayerRecord;
use crate::layer::EntryKind;
use crate::ledger::Ledger;
use crate::packages::{PackageReader, Type, Unreadable, purl};
use crate::stack::{NodeId, Stack};

/// The packages of a stack, with what is theirs. Each byte of a live regular file belongs to one package at most.
///
/// The operating system's database comes before Conda's, that before Python's lists, those before the nearest folder of
/// npm, RubyGems or Composer, and that before what a program or a jar says of itself. A file with several names belongs to
/// the owner of the first that has one, in byte order of the paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packages {
    /// Bytes of all live regular files, an inode once.
    pub live: u64,
    /// Of these, bytes that no package has.
    pub unowned: u64,
    /// The packages, the largest first, then by type, name, version and package URL.
    pub packages: Vec<Owned>,
    /// Files of package databases that are not read, by path.
    pub unread: Vec<Unread>,
    /// By node which package it belongs to; [`NONE`] where none has it.
    by_node: Vec<u32>,
}

/// A package with what is its own in a stack. Packages of one type, name, version and package URL are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owned {
    /// The package manager that it is of.
    pub kind: Type,
    /// Its name.
    pub name: String,
    /// Its version; empty where it has none.
    pub version: String,
    /// Its package URL; None where its words cannot be put into one.
    pub purl: Option<String>,
    /// Its licence in the words of its database.
    pub license: Option<String>,
    /// Stored bytes of its live files.
    pub bytes: u64,
    /// Bytes of the download that these cost.
    pub compressed: u64,
    /// Number of its live files.
    pub files: u64,
    /// The layers that store them, from 1; of a package without any, the layer that stores what tells of it.
    pub layers: Vec<usize>,
    /// Whether only builds need it; None where others do.
    pub build: Option<Build>,
}

impl Owned {
    /// By what packages are sorted.
    fn key(&self) -> (Reverse<u64>, Type, [Option<&str>; 3]) {
        let texts = [
            Some(&*self.name),
            Some(&*self.version),
            self.purl.as_deref(),
        ];
        (Reverse(self.bytes), self.kind, texts)
    }
}

/// A file of a package database that is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Its path, from the root.
    pub path: Vec<u8>,
    /// Why.
    pub reason: Unreadable,
}

/// No package.
const NONE: u32 = u32::MAX;

impl Packages {
    /// The packages of the stack at `layer`. `ledger` is that of the stack.
    #[must_use]
    pub fn of(stack: &Stack, layer: usize, ledger: &Ledger) -> Self {
        let records = records(stack, layer);
        let claims = Claims::of(stack, layer, &records);
        let build = build::of(&claims);
        let mut found: Vec<Owned> = (claims.packages.iter().zip(build))
            .map(|(claimed, build)| Owned {
                kind: claimed.package.kind,
                name: claimed.package.name.clone(),
                version: claimed.package.version.clone(),
                purl: purl(claimed.package, claims.release),
                license: claimed.package.license.clone(),
                bytes: 0,
                compressed: 0,
                files: 0,
                layers: Vec::new(),
                build,
            })
            .collect();
        let mut layers: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); found.len()];
        let mut by_node = vec![NONE; stack.nodes()];
        let (mut live, mut owned) = (0, 0);
        for names in inodes(stack, layer) {
            let Some((stored_in, entry)) = names
                .first()
                .and_then(|node| stack.stored_by(stack.at(*node, layer)?))
            else {
                continue;
            };
            let Some(index) = stack.layer(stored_in) else {
                continue;
            };
            let bytes = index.size(entry);
            live += bytes;
            let Some(owner) = first_owner(stack, &claims, &names) else {
                continue;
            };
            for node in &names {
                if let Some(place) = by_node.get_mut(node.0 as usize) {
                    *place = owner;
                }
            }
            owned += bytes;
            if let (Some(package), Some(layers)) = (
                found.get_mut(owner as usize),
                layers.get_mut(owner as usize),
            ) {
                package.bytes += bytes;
                package.compressed += ledger.cost(stack, stored_in, entry);
                package.files += 1;
                layers.insert(stored_in);
            }
        }
        for ((package, layers), claimed) in found.iter_mut().zip(layers).zip(&claims.packages) {
            package.layers = match layers.is_empty() {
                true => claimed.layers.iter().copied().collect(),
                false => layers.into_iter().collect(),
            };
        }
        let unread = claims.unread;
        let mut packages = Self {
            live,
            unowned: live - owned,
            packages: found,
            unread,
            by_node,
        };
        packages.sort();
        packages
    }

    /// Which of [`Self::packages`] the file at a node belongs to.
    #[must_use]
    pub fn owner(&self, node: NodeId) -> Option<usize> {
        let owner = self.by_node.get(node.0 as usize)?;
        (*owner != NONE).then_some(*owner as usize)
    }

    /// The largest first.
    fn sort(&mut self) {
        let found = std::mem::take(&mut self.packages);
        let mut numbered: Vec<(usize, Owned)> = found.into_iter().enumerate().collect();
        numbered.sort_by(|(_, a), (_, b)| a.key().cmp(&b.key()));
        let mut places = vec![NONE; numbered.len()];
        for (place, (was, _)) in (0..).zip(&numbered) {
            if let Some(of) = places.get_mut(*was) {
                *of = place;
            }
        }
        self.packages = numbered.into_iter().map(|(_, package)| package).collect();
        for owner in &mut self.by_node {
            *owner = places.get(*owner as usize).copied().unwrap_or(NONE);
        }
    }
}

/// What the package databases of the layers up to `layer` say.
fn records(stack: &Stack, layer: usize) -> Vec<LayerRecord> {
    let mut records = Vec::new();
    for (number, index) in (1..).zip(stack.layers()).take(layer) {
        let of_layer = index.found::<PackageReader>().unwrap_or_default();
        records.extend((of_layer.into_iter()).map(|(entry, record)| (number, entry, record)));
    }
    records
}

/// The regular files of a stack, each with all of its names.
fn inodes(stack: &Stack, layer: usize) -> impl Iterator<Item = Vec<NodeId>> {
    let mut single: Vec<NodeId> = Vec::new();
    let mut first: HashMap<(usize, u32), NodeId> = HashMap::new();
    let mut several: BTreeMap<(usize, u32), Vec<NodeId>> = BTreeMap::new();
    for node in (0..stack.nodes() as u32).map(NodeId) {
        let stored = stack
            .at(node, layer)
            .and_then(|version| stack.stored_by(version));
        let Some((stored_in, entry)) = stored else {
            continue;
        };
        let is_file = stack
            .layer(stored_in)
            .is_some_and(|index| index.kind(entry) == EntryKind::File);
        if !is_file {
            continue;
        }
        let inode = (stored_in, entry.0);
        match first.get(&inode) {
            Some(other) => several
                .entry(inode)
                .or_insert_with(|| vec![*other])
                .push(node),
            None => drop(first.insert(inode, node)),
        }
    }
    for (inode, node) in first {
        if !several.contains_key(&inode) {
            single.push(node);
        }
    }
    // In the order of the tree, so that sums come about in one order.
    single.sort_unstable();
    single
        .into_iter()
        .map(|node| vec![node])
        .chain(several.into_values())
}

/// The owner of the first name that has one, in byte order.
fn first_owner(stack: &Stack, claims: &Claims<'_>, names: &[NodeId]) -> Option<u32> {
    let mut owned = names
        .iter()
        .filter_map(|node| Some((*node, claims.owner(*node)?)));
    let first = owned.next()?;
    let Some(second) = owned.next() else {
        return Some(first.1);
    };
    let rest = [second].into_iter().chain(owned);
    let (mut least, mut owner) = (stack.path(first.0), first.1);
    for (node, other) in rest {
        let path = stack.path(node);
        if path < least {
            (least, owner) = (path, other);
        }
    }
    Some(owner)
}
