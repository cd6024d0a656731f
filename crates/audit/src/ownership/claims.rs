//! What the packages of a stack claim: files by lists, folders, and single files.

use std::collections::{BTreeSet, HashMap};

use super::found::{Found, LayerRecord, found};
use super::{NONE, Unread};
use crate::packages::{Chosen, Files, Package, Paths, Record, Release, Type};
use crate::stack::{NodeId, Stack};

/// Packages with the nodes that they claim.
pub(super) struct Claims<'r> {
    /// Packages of one type, name, version and qualifiers are one.
    pub(super) packages: Vec<Claimed<'r>>,
    pub(super) release: Option<&'r Release>,
    pub(super) unread: Vec<Unread>,
    /// Which packages were asked for.
    pub(super) chosen: Vec<&'r Chosen>,
    /// By node the package whose list it is in.
    listed: Vec<u32>,
    /// By node the package of the nearest folder.
    nearest: Vec<u32>,
    /// Files that tell whose they are.
    own: HashMap<NodeId, u32>,
}

/// A package that claims something.
pub(super) struct Claimed<'r> {
    pub(super) package: &'r Package,
    /// The layers of the files that tell of it.
    pub(super) layers: BTreeSet<usize>,
}

/// One package, and the file that tells of it.
struct PackageSource<'r> {
    package: &'r Package,
    node: NodeId,
    /// The path at which the file is one of a database.
    path: Vec<u8>,
    layer: usize,
}

/// A list of files, and the path at which it is one.
type List<'r> = (&'r Paths, Vec<u8>);

/// Which package two files tell of.
type Key<'r> = (Type, &'r str, &'r str, &'r [(String, String)]);

/// Lists of files that stand apart from their packages.
#[derive(Default)]
struct Lists<'r> {
    /// dpkg's, by what their files are called.
    dpkg: HashMap<Vec<u8>, List<'r>>,
    /// Of distroless images, by what their files are called.
    distroless: HashMap<Vec<u8>, List<'r>>,
    /// Python's, by the folder that they are in.
    python: HashMap<NodeId, List<'r>>,
    /// Where dpkg put a file instead, and for which package it did not.
    diversions: HashMap<Vec<u8>, (Vec<u8>, Vec<u8>)>,
}

impl<'r> Claims<'r> {
    /// `records` are those of the stack's layers, in their order.
    pub(super) fn of(stack: &Stack, layer: usize, records: &'r [LayerRecord]) -> Self {
        let found = found(stack, layer, records);
        let lists = Lists::of(stack, &found);
        let mut claims = Self {
            packages: Vec::new(),
            release: release(&found),
            unread: unread(&found),
            chosen: chosen(&found),
            listed: vec![NONE; stack.nodes()],
            nearest: vec![NONE; stack.nodes()],
            own: HashMap::new(),
        };
        let mut told: Vec<PackageSource<'_>> = Vec::new();
        for Found {
            record,
            node,
            path,
            layer,
        } in found
        {
            if let Record::Packages(packages) = record {
                told.extend(packages.iter().map(|package| PackageSource {
                    package,
                    node,
                    path: path.clone(),
                    layer,
                }));
            }
        }
        // Whose list is read first has the file.
        told.sort_by_cached_key(|told| {
            let package = told.package;
            let key = (
                rank(package),
                package.kind.name(),
                &package.name,
                &package.version,
            );
            (key, &package.qualifiers, told.path.clone())
        });
        let mut numbers: HashMap<Key<'_>, u32> = HashMap::new();
        let mut folders = Folders {
            stack,
            layer,
            known: HashMap::new(),
        };
        for told in told {
            claims.add(&told, &mut numbers, &lists, &mut folders);
        }
        claims.spread(stack);
        claims
    }

    /// The package that a node belongs to by its path.
    pub(super) fn owner(&self, node: NodeId) -> Option<u32> {
        let of = |claims: &[u32]| {
            claims
                .get(node.0 as usize)
                .copied()
                .filter(|at| *at != NONE)
        };
        of(&self.listed)
            .or_else(|| of(&self.nearest))
            .or_else(|| self.own.get(&node).copied())
    }

    fn add(
        &mut self,
        told: &PackageSource<'r>,
        numbers: &mut HashMap<Key<'r>, u32>,
        lists: &Lists<'r>,
        folders: &mut Folders<'_>,
    ) {
        let package = told.package;
        // A Debian package that contains a Python one is the Debian one.
        let holder = self.listed.get(told.node.0 as usize).copied();
        let holder = holder.and_then(|holder| self.packages.get(holder as usize));
        if holder.is_some_and(|holder| {
            rank(holder.package) <= CONDA && rank(package) > rank(holder.package)
        }) {
            return;
        }
        let next = self.packages.len() as u32;
        let number = *numbers.entry(key(package)).or_insert(next);
        if number == next {
            self.packages.push(Claimed {
                package,
                layers: BTreeSet::new(),
            });
        }
        if let Some(claimed) = self.packages.get_mut(number as usize) {
            claimed.layers.insert(told.layer);
        }
        match &package.files {
            Files::None => {}
            Files::Elsewhere => {
                if let Some((paths, file)) = lists.of_package(folders.stack, told) {
                    for path in paths.iter(file) {
                        let path = lists.diverted(&path, package).unwrap_or(&path);
                        self.list(path, number, folders);
                    }
                }
            }
            Files::Listed(paths) => {
                for path in paths.iter(&told.path) {
                    self.list(&path, number, folders);
                }
            }
            Files::Folders(paths) => {
                for path in paths.iter(&told.path) {
                    // Nobody installs a package as the root.
                    let folder = folders.folder(&path).filter(|node| *node != NodeId::ROOT);
                    if let Some(place) =
                        folder.and_then(|node| self.nearest.get_mut(node.0 as usize))
                        && *place == NONE
                    {
                        *place = number;
                    }
                }
            }
            Files::Itself => {
                self.own.entry(told.node).or_insert(number);
            }
        }
    }

    fn list(&mut self, path: &[u8], number: u32, folders: &mut Folders<'_>) {
        if let Some(place) = folders
            .file(path)
            .and_then(|node| self.listed.get_mut(node.0 as usize))
            && *place == NONE
        {
            *place = number;
        }
    }

    /// What is in a package's folder is its own. Nodes have higher numbers than the folders that they are in.
    fn spread(&mut self, stack: &Stack) {
        for at in 1..self.nearest.len() {
            let above = self
                .nearest
                .get(stack.parent(NodeId(at as u32)).0 as usize)
                .copied();
            if let (Some(place), Some(above)) = (self.nearest.get_mut(at), above)
                && *place == NONE
            {
                *place = above;
            }
        }
    }
}

const CONDA: u8 = 1;

/// Packages of lower ranks have a file before others do.
const fn rank(package: &Package) -> u8 {
    match package.kind {
        kind if kind.is_system() => 0,
        Type::Conda => CONDA,
        Type::Pypi => 2,
        Type::Npm | Type::Gem | Type::Composer => 3,
        _ => 4,
    }
}

fn key(package: &Package) -> Key<'_> {
    (
        package.kind,
        &package.name,
        &package.version,
        &package.qualifiers,
    )
}

/// What the distribution is; of two files the one in `/etc` counts, which is what programs read.
fn release<'r>(found: &[Found<'r>]) -> Option<&'r Release> {
    let releases = found.iter().filter_map(|found| match found.record {
        Record::Release(release) => Some((&found.path, release)),
        _ => None,
    });
    releases
        .min_by_key(|(path, _)| *path)
        .map(|(_, release)| release)
}

fn chosen<'r>(found: &[Found<'r>]) -> Vec<&'r Chosen> {
    let chosen = found.iter().filter_map(|found| match found.record {
        Record::Chosen(chosen) => Some(chosen),
        _ => None,
    });
    chosen.collect()
}

fn unread(found: &[Found<'_>]) -> Vec<Unread> {
    let unread = found.iter().filter_map(|found| match found.record {
        Record::Unreadable(reason) => Some(Unread {
            path: found.path.clone(),
            reason: *reason,
        }),
        _ => None,
    });
    let mut unread: Vec<Unread> = unread.collect();
    unread.sort_by(|a, b| a.path.cmp(&b.path));
    unread
}

/// The last two names of a path.
fn last_names(path: &[u8]) -> (&[u8], &[u8]) {
    let mut names = path.rsplit(|byte| *byte == b'/');
    let name = names.next().unwrap_or_default();
    (names.next().unwrap_or_default(), name)
}

impl<'r> Lists<'r> {
    fn of(stack: &Stack, found: &[Found<'r>]) -> Self {
        let mut lists = Self::default();
        for Found {
            record, node, path, ..
        } in found
        {
            match record {
                Record::Files(paths) => {
                    let list = (paths, path.clone());
                    let (_, name) = last_names(path);
                    if let Some(name) = name.strip_suffix(b".list") {
                        lists.dpkg.insert(name.to_vec(), list);
                    } else if let Some(name) = name.strip_suffix(b".md5sums") {
                        lists.distroless.insert(name.to_vec(), list);
                    } else {
                        lists.python.insert(stack.parent(*node), list);
                    }
                }
                Record::Diversions(paths) => {
                    let texts: Vec<&[u8]> = paths.texts().collect();
                    for three in texts.chunks_exact(3) {
                        if let [from, to, by] = three {
                            lists
                                .diversions
                                .insert(from.to_vec(), (to.to_vec(), by.to_vec()));
                        }
                    }
                }
                _ => {}
            }
        }
        lists
    }

    fn of_package(&self, stack: &Stack, told: &PackageSource<'_>) -> Option<&List<'r>> {
        let package = told.package;
        if package.kind != Type::Deb {
            return self.python.get(&stack.parent(told.node));
        }
        let (folder, file) = last_names(&told.path);
        if folder == b"status.d" {
            return self.distroless.get(file);
        }
        let name = package.name.as_bytes();
        let arch = package.qualifiers.iter().find(|(key, _)| key == "arch");
        // Packages that can be installed for several architectures have it in their lists' names.
        let with_arch = arch.map(|(_, arch)| [name, b":", arch.as_bytes()].concat());
        let with_arch = with_arch.and_then(|name| self.dpkg.get(&name));
        with_arch.or_else(|| self.dpkg.get(name))
    }

    /// Where a package's file is that dpkg put elsewhere.
    fn diverted(&self, path: &[u8], package: &Package) -> Option<&[u8]> {
        let (to, by) = self.diversions.get(path)?;
        let is_diverted = package.kind == Type::Deb && by != package.name.as_bytes();
        is_diverted.then_some(to.as_slice())
    }
}

/// Finds the files of lists, whose paths go through folders that are links (`/bin` of Debian is `/usr/bin`).
struct Folders<'s> {
    stack: &'s Stack,
    layer: usize,
    known: HashMap<Vec<u8>, Option<NodeId>>,
}

impl Folders<'_> {
    fn folder(&mut self, path: &[u8]) -> Option<NodeId> {
        if let Some(known) = self.known.get(path) {
            return *known;
        }
        let node = self.stack.folder(path, self.layer);
        self.known.insert(path.to_vec(), node);
        node
    }

    /// What is at a path; a link there is not followed.
    fn file(&mut self, path: &[u8]) -> Option<NodeId> {
        let slash = path.iter().rposition(|byte| *byte == b'/')?;
        let (folder, name) = path.split_at(slash);
        let folder = self.folder(folder)?;
        self.stack.child(folder, name.get(1..)?)
    }
}
