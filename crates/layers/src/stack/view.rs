//! What can be browsed: the stack at a layer, or the changes of a layer, as a tree with sums.

#![allow(
    clippy::indexing_slicing,
    reason = "nodes and inodes are numbers of rows that the stack itself gave out"
)]

use std::borrow::Cow;

use super::inodes::InodeId;
use super::names::Names;
use super::versions::{Version, What};
use super::{NodeId, Stack};
use crate::layer::{EntryId, EntryKind, LayerIndex};

/// What a layer did to a path, against the stack below it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum Mark {
    /// It was not there.
    Added,
    /// It has other content, another target or another type.
    Modified,
    /// The same content was stored again, with or without other metadata; of a folder, only its metadata differs.
    MetadataOnly,
    /// It is no more.
    Deleted,
}

/// The tree of the stack at one layer, or of that layer's changes.
pub struct View {
    layer: usize,
    rows: Vec<Slot>,
    /// Children of all nodes one after the other, sorted by name; a node's own begin at `first`.
    children: Vec<NodeId>,
    first: Vec<u32>,
    /// Which name of a file is the file, in the stack at the layer.
    names: Names,
    /// The same in the stack below it, for what the layer took away.
    names_below: Option<Names>,
}

/// A node in the view.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    pub(super) version: Option<Version>,
    pub(super) mark: Option<Mark>,
    pub(super) sum: Sum,
}

/// What a node holds, itself and below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Bytes of file content as stored; every inode once, also where it has several names.
    pub bytes: u64,
    /// Paths that are no folders.
    pub files: u64,
    /// All paths below, folders too.
    pub paths: u64,
}

/// One line of the tree.
#[derive(Clone, Copy)]
pub struct Row<'s> {
    /// Which path it is.
    pub node: NodeId,
    /// What it is; a folder that no entry announces is `Dir`. Of the names of a file, device, FIFO or symbolic link one
    /// is that, and the others are `Hardlink`.
    pub kind: EntryKind,
    /// The layer that made it what it is, from 1; for deleted paths the one that had stored it.
    pub layer: usize,
    /// What was done to it, in views that mark that.
    pub mark: Option<Mark>,
    /// What it holds.
    pub sum: Sum,
    source: Option<(&'s LayerIndex, EntryId)>,
    target: Target<'s>,
}

/// Where a row's link leads.
#[derive(Clone, Copy)]
enum Target<'s> {
    /// What its entry tells.
    Told,
    /// The name that it is another one of.
    Name(&'s Stack, NodeId),
    /// A hard link to nothing, whose entry tells a path that is something else now.
    Unknown,
}

/// Mode, owner and time of a folder that no entry announces.
const IMPLIED_MODE: u32 = 0o755;

impl<'s> Row<'s> {
    /// The row of an entry as its layer tells it.
    pub fn of_entry(node: NodeId, index: &'s LayerIndex, layer: usize, entry: EntryId) -> Self {
        Self {
            node,
            kind: index.kind(entry),
            layer,
            mark: None,
            sum: Sum::default(),
            source: Some((index, entry)),
            target: Target::Told,
        }
    }

    /// Bytes of the file as a program reads it; 0 for all that is no regular file.
    #[must_use]
    pub fn logical_size(&self) -> u64 {
        match (self.kind, self.source) {
            (EntryKind::File, Some((index, entry))) => index.logical_size(entry),
            _ => 0,
        }
    }

    /// Permission bits with set-id and sticky.
    #[must_use]
    pub fn mode(&self) -> u32 {
        self.source
            .map_or(IMPLIED_MODE, |(index, entry)| index.mode(entry))
    }

    /// User and group by number.
    #[must_use]
    pub fn owner(&self) -> (u64, u64) {
        self.source
            .map_or((0, 0), |(index, entry)| index.owner(entry))
    }

    /// Time of the last change; None for a folder that no entry announces.
    #[must_use]
    pub fn mtime(&self) -> Option<(i64, u32)> {
        self.source.map(|(index, entry)| index.mtime(entry))
    }

    /// A symbolic link's text; for a hard link the path, with a leading slash, of the name that is the file. A hard link
    /// that leads to nothing, and one in a row of an entry, tell what their entry tells; None where that path is something
    /// else by now.
    #[must_use]
    pub fn link(&self) -> Option<Cow<'s, [u8]>> {
        match self.target {
            Target::Name(stack, main) => return Some(Cow::Owned(stack.path(main))),
            Target::Unknown => return None,
            Target::Told => {}
        }
        let link = self.source.and_then(|(index, entry)| index.link(entry))?;
        Some(match self.kind {
            EntryKind::Hardlink => Cow::Owned([b"/", link].concat()),
            _ => Cow::Borrowed(link),
        })
    }

    /// A device's major and minor number.
    #[must_use]
    pub fn device(&self) -> Option<(u32, u32)> {
        self.source.and_then(|(index, entry)| index.device(entry))
    }

    /// Extended attributes, sorted by name.
    #[must_use]
    pub fn xattrs(&self) -> &'s [(Vec<u8>, Vec<u8>)] {
        self.source
            .map_or(&[], |(index, entry)| index.xattrs(entry))
    }
}

impl View {
    /// The stack at `layer`: the file system as a container would see it if that layer were the last.
    #[must_use]
    pub fn stack(stack: &Stack, layer: usize) -> Self {
        let rows = stack.all_nodes().map(|node| Slot {
            version: stack.at(node, layer),
            mark: None,
            sum: Sum::default(),
        });
        let names = Names::at(stack, layer);
        Self::build(stack, layer, rows.collect(), names, None)
    }

    /// The changes of `layer`: what it added, modified or removed, and the folders above.
    #[must_use]
    pub fn changes(stack: &Stack, layer: usize) -> Self {
        let rows = stack.all_nodes().map(|node| {
            let mark = stack.mark(node, layer);
            let version = match mark {
                None => None,
                Some(Mark::Deleted) => stack.at(node, layer.saturating_sub(1)),
                Some(_) => stack.at(node, layer),
            };
            Slot {
                version,
                mark,
                sum: Sum::default(),
            }
        });
        let below = Names::at(stack, layer.saturating_sub(1));
        Self::of_changes(stack, layer, rows.collect(), below)
    }

    /// The view of changed rows up to `layer`, and the folders above them.
    pub(super) fn of_changes(
        stack: &Stack,
        layer: usize,
        mut rows: Vec<Slot>,
        names_below: Names,
    ) -> Self {
        // Folders above a change are shown as the way to it. Children have higher numbers than parents.
        for at in (1..rows.len()).rev() {
            if rows[at].version.is_some() {
                let parent = stack.parent(NodeId(at as u32));
                if rows[parent.at()].version.is_none() {
                    rows[parent.at()].version = stack.last(parent, layer);
                }
            }
        }
        rows[0].version = stack.at(NodeId::ROOT, layer);
        Self::build(
            stack,
            layer,
            rows,
            Names::at(stack, layer),
            Some(names_below),
        )
    }

    /// The layer that the view is of.
    #[must_use]
    pub const fn layer(&self) -> usize {
        self.layer
    }

    /// The node is in the view.
    #[must_use]
    pub fn contains(&self, node: NodeId) -> bool {
        self.rows
            .get(node.at())
            .is_some_and(|slot| slot.version.is_some())
    }

    /// What stands in a folder, sorted by the bytes of the names.
    #[must_use]
    pub fn children(&self, node: NodeId) -> &[NodeId] {
        match (self.first.get(node.at()), self.first.get(node.at() + 1)) {
            (Some(&start), Some(&end)) => &self.children[start as usize..end as usize],
            _ => &[],
        }
    }

    /// The version of the node that the view shows, if it is in the view.
    #[must_use]
    pub fn version(&self, node: NodeId) -> Option<Version> {
        self.rows.get(node.at())?.version
    }

    /// What the node holds, if it is in the view.
    #[must_use]
    pub fn sum(&self, node: NodeId) -> Sum {
        self.rows
            .get(node.at())
            .map_or_else(Sum::default, |slot| slot.sum)
    }

    /// What was done to the node, if anything.
    #[must_use]
    pub fn mark(&self, node: NodeId) -> Option<Mark> {
        self.rows.get(node.at())?.mark
    }

    /// The node's line, if it is in the view.
    #[must_use]
    pub fn row<'s>(&self, stack: &'s Stack, node: NodeId) -> Option<Row<'s>> {
        let slot = self.rows.get(node.at())?;
        let version = slot.version?;
        let (names, layer) = match (slot.mark, &self.names_below) {
            (Some(Mark::Deleted), Some(below)) => (below, self.layer.saturating_sub(1)),
            _ => (&self.names, self.layer),
        };
        Some(Row {
            mark: slot.mark,
            sum: slot.sum,
            ..row_of(stack, node, version, (names, layer))?
        })
    }

    /// The node's line as it was in one of its versions, without a mark and sums. Of a file that is in the view under
    /// another name, the line is a hard link to that.
    #[must_use]
    pub fn row_at<'s>(&self, stack: &'s Stack, node: NodeId, version: Version) -> Option<Row<'s>> {
        row_of(stack, node, version, (&self.names, version.layer))
    }

    /// What the whole view holds.
    #[must_use]
    pub fn total(&self) -> Sum {
        self.rows[0].sum
    }

    pub(super) fn build(
        stack: &Stack,
        layer: usize,
        mut rows: Vec<Slot>,
        names: Names,
        names_below: Option<Names>,
    ) -> Self {
        count_files(stack, &mut rows, &names);
        // Children have higher numbers than their parents, so one pass backwards sums up whole trees.
        for at in (1..rows.len()).rev() {
            if rows[at].version.is_none() {
                continue;
            }
            let parent = stack.parent(NodeId(at as u32)).at();
            let below = rows[at].sum;
            // What is gone counts for the folder that went with it, not for those that stay.
            let gone = rows[at].mark == Some(Mark::Deleted);
            let sum = &mut rows[parent].sum;
            sum.paths += below.paths + 1;
            if !gone || rows[parent].mark == Some(Mark::Deleted) {
                let sum = &mut rows[parent].sum;
                sum.bytes += below.bytes;
                sum.files += below.files;
            }
        }
        let mut first = vec![0u32; rows.len() + 1];
        let shown = |at: &usize| rows[*at].version.is_some();
        for at in (1..rows.len()).filter(shown) {
            first[stack.parent(NodeId(at as u32)).at() + 1] += 1;
        }
        for at in 1..first.len() {
            first[at] += first[at - 1];
        }
        let mut next = first.clone();
        let mut children = vec![NodeId::ROOT; first.last().map_or(0, |end| *end as usize)];
        for at in (1..rows.len()).filter(shown) {
            let place = &mut next[stack.parent(NodeId(at as u32)).at()];
            children[*place as usize] = NodeId(at as u32);
            *place += 1;
        }
        for folder in 0..rows.len() {
            let range = first[folder] as usize..first[folder + 1] as usize;
            children[range].sort_unstable_by(|a, b| stack.name(*a).cmp(stack.name(*b)));
        }
        Self {
            layer,
            rows,
            children,
            first,
            names,
            names_below,
        }
    }
}

/// A node's line in one of its versions, by which name of each file is the file, and by what is there at a layer.
fn row_of<'s>(
    stack: &'s Stack,
    node: NodeId,
    version: Version,
    (names, layer): (&Names, usize),
) -> Option<Row<'s>> {
    let main = names
        .main(version)
        .filter(|_| version.inode != InodeId::FOLDER);
    let source = match (version.what, main) {
        // This name is the file, whichever name stored it.
        (What::Entry(_), Some(main)) if main == node => {
            let (layer, entry) = stack.inodes.stored_by(version.inode);
            Some((stack.layer(layer)?, entry))
        }
        (What::Entry(entry), _) => Some((stack.layer(version.layer)?, entry)),
        _ => None,
    };
    let main = main.filter(|main| *main != node);
    let kind = match (source, main) {
        (Some(_), Some(_)) => EntryKind::Hardlink,
        (Some((index, entry)), None) => index.kind(entry),
        (None, _) => EntryKind::Dir,
    };
    let target = match (source, main) {
        (_, Some(main)) => Target::Name(stack, main),
        (Some((index, entry)), None) if kind == EntryKind::Hardlink => {
            match stack.leads_to_nothing(index.link(entry).unwrap_or_default(), layer) {
                true => Target::Told,
                false => Target::Unknown,
            }
        }
        _ => Target::Told,
    };
    Some(Row {
        node,
        kind,
        layer: version.layer,
        mark: None,
        sum: Sum::default(),
        source,
        target,
    })
}

/// Gives every inode's bytes to one of its names: the one that is the file, else the first that there is.
fn count_files(stack: &Stack, rows: &mut [Slot], names: &Names) {
    let mut counted = vec![false; stack.inodes.len()];
    for main_names in [true, false] {
        for (at, slot) in (0..).zip(rows.iter_mut()) {
            let Some(version) = slot
                .version
                .filter(|version| version.inode != InodeId::FOLDER)
            else {
                continue;
            };
            let (layer, entry) = stack.inodes.stored_by(version.inode);
            if (names.main(version) == Some(NodeId(at))) != main_names {
                continue;
            }
            slot.sum.files = 1;
            let counted = &mut counted[version.inode.0 as usize];
            if let (false, Some(index)) = (*counted, stack.layer(layer)) {
                *counted = true;
                slot.sum.bytes = index.size(entry);
            }
        }
    }
}

impl Stack {
    pub(super) fn all_nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes() as u32).map(NodeId)
    }

    /// What `layer` did to a node; None if nothing that can be seen.
    #[must_use]
    pub fn mark(&self, node: NodeId, layer: usize) -> Option<Mark> {
        let touched = self
            .versions(node)
            .find(|version| version.layer <= layer)
            .is_some_and(|version| version.layer == layer);
        if !touched || layer == 0 {
            return None;
        }
        let (before, after) = (self.at(node, layer - 1), self.at(node, layer));
        match (before, after) {
            (None, None) => None,
            (None, Some(_)) => Some(Mark::Added),
            (Some(_), None) => Some(Mark::Deleted),
            (Some(before), Some(after)) => self.change(before, after),
        }
    }

    pub(super) fn change(&self, before: Version, after: Version) -> Option<Mark> {
        let facts = |version: Version| {
            let What::Entry(entry) = version.what else {
                return None;
            };
            self.layer(version.layer).map(|index| (index, entry))
        };
        let is_dir = |version: Version| version.inode == InodeId::FOLDER;
        if is_dir(before) && is_dir(after) {
            // Tars announce the folders on the way to a change; only what differs is a change.
            let said = |version| {
                facts(version).map_or((IMPLIED_MODE, (0, 0), &[][..]), |(index, entry)| {
                    (index.mode(entry), index.owner(entry), index.xattrs(entry))
                })
            };
            return (said(before) != said(after)).then_some(Mark::MetadataOnly);
        }
        let file = |version: Version| {
            (!is_dir(version))
                .then(|| self.content(version.inode, None))
                .flatten()
        };
        // What links and devices are is said by their entries.
        let special = |version: Version| {
            let (index, entry) = facts(version).filter(|_| !is_dir(version))?;
            let kind = index.kind(entry);
            let is_special = !matches!(kind, EntryKind::File | EntryKind::Hardlink);
            is_special.then(|| (kind, index.link(entry), index.device(entry)))
        };
        let same_file = file(before).is_some_and(|before| file(after) == Some(before));
        let same_special = special(before).is_some_and(|before| special(after) == Some(before));
        Some(match same_file || same_special {
            true => Mark::MetadataOnly,
            false => Mark::Modified,
        })
    }
}
