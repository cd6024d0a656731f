//! Two trees compared path by path.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::change::{Change, FileChange, What};
use super::moved::{OneSided, paired};
use crate::layer::{ContentId, EntryId, EntryKind};
use crate::names::text;
use crate::rules::PathGlob;
use crate::stack::view::View;
use crate::stack::{NodeId, Stack};

/// What is compared, and what is left out.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Times count as differences too.
    pub times: bool,
    /// Paths that are left out.
    pub ignore: Vec<PathGlob>,
    /// Labels and annotations that builders set by themselves are left out.
    pub ignore_builder: bool,
}

impl Options {
    /// Whether a path is left out: a glob meets it, or leads to it through the links of one of both trees.
    pub(super) fn ignores(&self, path: &[u8], trees: [At<'_>; 2]) -> bool {
        let met_in = |glob: &PathGlob, (stack, layer): At<'_>| glob.meets_in(stack, layer, path);
        let mut globs = self.ignore.iter();
        globs.any(|glob| trees.into_iter().any(|tree| met_in(glob, tree)))
    }
}

/// Layers and the number of the last one whose stack is compared.
pub type At<'a> = (&'a Stack, usize);

/// The paths that differ between two trees, in byte order.
#[must_use]
pub fn trees(old: At<'_>, new: At<'_>, options: &Options) -> Vec<FileChange> {
    let (old, new) = (Tree::of(old), Tree::of(new));
    let mut walk = Walk {
        old: &old,
        new: &new,
        options,
        changes: BTreeMap::new(),
        removed: Vec::new(),
        added: Vec::new(),
        pairs: Vec::new(),
    };
    walk.folders();
    walk.hard_links();
    let Walk {
        mut changes,
        mut removed,
        mut added,
        ..
    } = walk;
    removed.sort_by(|a, b| a.path.cmp(&b.path));
    added.sort_by(|a, b| a.path.cmp(&b.path));
    let differs = |from: &[u8], to: &[u8]| match (old.find(from), new.find(to)) {
        (Some(from), Some(to)) => (differences(&from, &to, options), xattrs(&from, &to)),
        _ => Default::default(),
    };
    changes.extend(paired(removed, added, differs));
    changes.into_values().collect()
}

/// One side's tree.
struct Tree<'a> {
    stack: &'a Stack,
    view: View,
    layer: usize,
}

/// A path as one tree has it. A hard link is the file whose other name it is.
struct Facts<'a> {
    kind: EntryKind,
    size: u64,
    layer: usize,
    mode: u32,
    owner: (u64, u64),
    mtime: Option<(i64, u32)>,
    link: Option<&'a [u8]>,
    device: Option<(u32, u32)>,
    xattrs: &'a [(Vec<u8>, Vec<u8>)],
    content: Option<(u64, ContentId)>,
    /// What all names of a file have in common; None for folders.
    inode: Option<(usize, EntryId)>,
}

impl<'a> Tree<'a> {
    fn of((stack, layer): At<'a>) -> Self {
        Self {
            stack,
            view: View::stack(stack, layer),
            layer,
        }
    }

    fn find(&self, path: &[u8]) -> Option<Facts<'a>> {
        self.facts(self.stack.find(path)?)
    }

    fn facts(&self, node: NodeId) -> Option<Facts<'a>> {
        let row = self.view.row(self.stack, node)?;
        let version = self.stack.at(node, self.layer)?;
        let inode = self.stack.stored_by(version);
        let stored = inode.and_then(|(layer, entry)| Some((self.stack.layer(layer)?, entry)));
        let mut facts = Facts {
            kind: row.kind,
            size: row.logical_size(),
            layer: row.layer,
            mode: row.mode(),
            owner: row.owner(),
            mtime: row.mtime(),
            link: None,
            device: row.device(),
            xattrs: row.xattrs(),
            content: None,
            inode,
        };
        if let Some((index, entry)) = stored {
            let kind = index.kind(entry);
            // A broken link is stored by itself, and stays a link.
            facts.kind = kind;
            facts.device = index.device(entry);
            if kind != EntryKind::Hardlink {
                (facts.mode, facts.owner) = (index.mode(entry), index.owner(entry));
                facts.mtime = Some(index.mtime(entry));
                facts.xattrs = index.xattrs(entry);
            }
            let is_link = matches!(kind, EntryKind::Symlink | EntryKind::Hardlink);
            facts.link = index.link(entry).filter(|_| is_link);
            if kind == EntryKind::File {
                facts.content = Some((index.logical_size(entry), index.content(entry)));
            }
        }
        Some(facts)
    }
}

struct Walk<'w, 'a> {
    old: &'w Tree<'a>,
    new: &'w Tree<'a>,
    options: &'w Options,
    changes: BTreeMap<Vec<u8>, FileChange>,
    removed: Vec<OneSided>,
    added: Vec<OneSided>,
    /// Paths that both trees have and that are names of files, with the inodes of both.
    pairs: Vec<(NodeId, Inode, Inode)>,
}

type Inode = (usize, EntryId);

impl Walk<'_, '_> {
    /// Walks both trees at once: children stand in the byte order of their names.
    fn folders(&mut self) {
        let mut open = vec![(Some(NodeId::ROOT), Some(NodeId::ROOT))];
        while let Some((old, new)) = open.pop() {
            self.compare(old, new);
            let of_old = old.map_or(&[][..], |node| self.old.view.children(node));
            let of_new = new.map_or(&[][..], |node| self.new.view.children(node));
            let (mut of_old, mut of_new) = (of_old.iter().peekable(), of_new.iter().peekable());
            loop {
                let order = match (of_old.peek(), of_new.peek()) {
                    (None, None) => break,
                    (Some(_), None) => std::cmp::Ordering::Less,
                    (None, Some(_)) => std::cmp::Ordering::Greater,
                    (Some(a), Some(b)) => self.old.stack.name(**a).cmp(self.new.stack.name(**b)),
                };
                let old = of_old.next_if(|_| order.is_le()).copied();
                let new = of_new.next_if(|_| order.is_ge()).copied();
                open.push((old, new));
            }
        }
    }

    fn compare(&mut self, old: Option<NodeId>, new: Option<NodeId>) {
        let of_old = old.and_then(|node| self.old.facts(node));
        let of_new = new.and_then(|node| self.new.facts(node));
        match (old.zip(of_old), new.zip(of_new)) {
            (None, None) => {}
            (Some((node, facts)), None) => {
                let path = self.old.stack.path(node);
                if !self.is_ignored(&path) {
                    let sizes = (Some(facts.size), None);
                    self.removed
                        .push(one_sided(path, Change::Removed, sizes, &facts));
                }
            }
            (None, Some((node, facts))) => {
                let path = self.new.stack.path(node);
                if !self.is_ignored(&path) {
                    let sizes = (None, Some(facts.size));
                    self.added
                        .push(one_sided(path, Change::Added, sizes, &facts));
                }
            }
            (Some((_, old)), Some((node, new))) => {
                if let (Some(a), Some(b)) = (old.inode, new.inode)
                    && old.kind == new.kind
                {
                    self.pairs.push((node, a, b));
                }
                let what = differences(&old, &new, self.options);
                if !what.is_empty() {
                    self.changed(node, what);
                }
            }
        }
    }

    fn changed(&mut self, node: NodeId, what: Vec<What>) {
        let path = self.new.stack.path(node);
        if self.is_ignored(&path) {
            return;
        }
        let old = self.old.find(&path);
        let Some(new) = self.new.facts(node) else {
            return;
        };
        let change = FileChange {
            path: text(&path).into_owned(),
            change: Change::Changed,
            what,
            xattrs: (old.as_ref()).map_or_else(Vec::new, |old| xattrs(old, &new)),
            old_size: old.map(|old| old.size),
            new_size: Some(new.size),
            from: None,
            layer: new.layer,
        };
        self.changes.insert(path, change);
    }

    /// Names that share a file in one tree and not in the other. Of the names that both trees have, the first in byte
    /// order stands for the file, so that only those names change that went from one file to another.
    fn hard_links(&mut self) {
        let count = |inodes: &mut dyn Iterator<Item = Inode>| {
            let mut count: HashMap<Inode, usize> = HashMap::new();
            for inode in inodes {
                *count.entry(inode).or_default() += 1;
            }
            count
        };
        let of_old = count(&mut self.pairs.iter().map(|pair| pair.1));
        let of_new = count(&mut self.pairs.iter().map(|pair| pair.2));
        let several =
            |count: &HashMap<Inode, usize>, inode| count.get(&inode).is_some_and(|n| *n > 1);
        let mut pairs: Vec<(Vec<u8>, NodeId, Inode, Inode)> = (self.pairs.iter())
            .filter(|(_, old, new)| several(&of_old, *old) || several(&of_new, *new))
            .map(|(node, old, new)| (self.new.stack.path(*node), *node, *old, *new))
            .collect();
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        let (mut first_old, mut first_new) = (HashMap::new(), HashMap::new());
        for (path, node, old, new) in pairs {
            let a = *first_old.entry(old).or_insert(node);
            let b = *first_new.entry(new).or_insert(node);
            if a == b {
                continue;
            }
            match self.changes.get_mut(&path) {
                Some(change) => {
                    change.what.push(What::LinkTarget);
                    change.what.sort_unstable();
                    change.what.dedup();
                }
                None => self.changed(node, vec![What::LinkTarget]),
            }
        }
    }

    fn is_ignored(&self, path: &[u8]) -> bool {
        let trees = [self.old, self.new].map(|tree| (tree.stack, tree.layer));
        self.options.ignores(path, trees)
    }
}

fn one_sided(
    path: Vec<u8>,
    change: Change,
    (old_size, new_size): (Option<u64>, Option<u64>),
    facts: &Facts<'_>,
) -> OneSided {
    OneSided {
        change: FileChange {
            path: text(&path).into_owned(),
            change,
            what: Vec::new(),
            xattrs: Vec::new(),
            old_size,
            new_size,
            from: None,
            layer: facts.layer,
        },
        path,
        content: facts.content.filter(|(size, _)| *size > 0),
    }
}

/// The names of the extended attributes that only one of two versions has, or that differ; in byte order.
fn xattrs(old: &Facts<'_>, new: &Facts<'_>) -> Vec<String> {
    if old.xattrs == new.xattrs {
        return Vec::new();
    }
    let of = |facts: &Facts<'_>| -> BTreeSet<(Vec<u8>, Vec<u8>)> {
        facts.xattrs.iter().cloned().collect()
    };
    let (old, new) = (of(old), of(new));
    let mut names: Vec<&Vec<u8>> = old
        .symmetric_difference(&new)
        .map(|(name, _)| name)
        .collect();
    // In order, so that equal ones are neighbours.
    names.dedup();
    names
        .into_iter()
        .map(|name| text(name).into_owned())
        .collect()
}

/// What differs between two versions of a path.
fn differences(old: &Facts<'_>, new: &Facts<'_>, options: &Options) -> Vec<What> {
    let same_kind = old.kind == new.kind;
    let checks = [
        (
            What::Content,
            same_kind && (old.content != new.content || old.device != new.device),
        ),
        (What::Type, !same_kind),
        (What::Mode, old.mode != new.mode),
        (What::Owner, old.owner != new.owner),
        (What::LinkTarget, same_kind && old.link != new.link),
        (What::Xattrs, old.xattrs != new.xattrs),
        (What::Mtime, options.times && old.mtime != new.mtime),
    ];
    checks
        .into_iter()
        .filter(|(_, differs)| *differs)
        .map(|(what, _)| what)
        .collect()
}
