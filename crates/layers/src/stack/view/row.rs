//! One line of a tree: what an entry tells of a path, or nothing for a folder that no entry announces.

use std::borrow::Cow;

use super::Sum;
use crate::layer::{EntryId, EntryKind, LayerIndex};
use crate::stack::inodes::InodeId;
use crate::stack::mark::{IMPLIED_MODE, Mark};
use crate::stack::names::Names;
use crate::stack::versions::{Version, VersionKind};
use crate::stack::{NodeId, Stack};

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

/// A node's line in one of its versions, by which name of each file is the file, and by what is there at a layer.
pub(super) fn row_of<'s>(
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
        (VersionKind::Entry(_), Some(main)) if main == node => {
            let (layer, entry) = stack.inodes.stored_by(version.inode);
            Some((stack.layer(layer)?, entry))
        }
        (VersionKind::Entry(entry), _) => Some((stack.layer(version.layer)?, entry)),
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
