//! The files of the final stack, each once, with all of its names.

use super::gather::Group;
use crate::layer::{EntryId, EntryKind};
use crate::ledger::Ledger;
use crate::stack::{Names, NodeId, Stack};

/// The files with content that the final stack reaches, in the order of layers and tars.
pub(super) struct Live<'a> {
    pub(super) files: Vec<File>,
    /// The names of all of them: those of one are neighbours.
    names: Vec<NodeId>,
    stack: &'a Stack,
    ledger: &'a Ledger,
}

/// One of them. An image may have millions, so it is small.
pub(super) struct File {
    layer: u32,
    pub(super) entry: EntryId,
    /// The name that is the file; the others are its hard links.
    pub(super) node: NodeId,
    names: (u32, u32),
}

impl File {
    pub(super) const fn layer(&self) -> usize {
        self.layer as usize
    }
}

impl<'a> Live<'a> {
    pub(super) fn of(stack: &'a Stack, ledger: &'a Ledger, main: &Names) -> Self {
        let mut rows: Vec<(u32, EntryId, NodeId)> = Vec::new();
        for node in (1..stack.nodes() as u32).map(NodeId) {
            let version = stack.at(node, stack.depth());
            let stored_by = version.and_then(|version| stack.stored_by(version));
            let Some((layer, entry)) = stored_by else {
                continue;
            };
            let has_content = stack
                .layer(layer)
                .is_some_and(|index| index.kind(entry) == EntryKind::File && index.size(entry) > 0);
            if has_content {
                rows.push((layer as u32, entry, node));
            }
        }
        rows.sort_unstable();
        let mut files = Vec::new();
        let mut start = 0;
        for names in rows.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let end = start + names.len() as u32;
            if let Some((layer, entry, _)) = names.first().copied()
                && let Some(node) = main.of_entry(stack, layer as usize, entry)
            {
                files.push(File {
                    layer,
                    entry,
                    node,
                    names: (start, end),
                });
            }
            start = end;
        }
        Self {
            files,
            names: rows.into_iter().map(|(_, _, node)| node).collect(),
            stack,
            ledger,
        }
    }

    /// All names of a file.
    pub(super) fn names(&self, file: &File) -> &[NodeId] {
        let (start, end) = file.names;
        let names = self.names.get(start as usize..end as usize);
        names.unwrap_or_default()
    }

    /// The file as a group that goes by this name.
    pub(super) fn group(&self, file: &File, node: NodeId) -> Group {
        let (stack, layer) = (self.stack, file.layer());
        let bytes = stack.layer(layer).map_or(0, |index| index.size(file.entry));
        let mut group = Group::new(node);
        group.add(layer, bytes, self.ledger.cost(stack, layer, file.entry));
        group
    }
}
