//! The files of the final stack, each once, with all of its names.

use std::collections::HashMap;

use super::gather::Group;
use crate::layer::{EntryId, EntryKind};
use crate::ledger::Ledger;
use crate::stack::{Names, NodeId, Stack};

/// The files with content that the final stack reaches, in the order of layers and tars.
pub(super) struct Live {
    pub(super) files: Vec<File>,
}

/// One of them.
pub(super) struct File {
    pub(super) layer: usize,
    pub(super) entry: EntryId,
    pub(super) bytes: u64,
    pub(super) compressed: u64,
    /// At least one; the first is the file, the others are its hard links.
    pub(super) names: Vec<NodeId>,
}

impl File {
    pub(super) fn group(&self, node: NodeId) -> Group {
        let mut group = Group::new(node);
        group.add(self.layer, self.bytes, self.compressed);
        group
    }
}

impl Live {
    pub(super) fn of(stack: &Stack, ledger: &Ledger, main: &Names) -> Self {
        let mut names: HashMap<(usize, EntryId), Vec<NodeId>> = HashMap::new();
        for node in (1..stack.nodes() as u32).map(NodeId) {
            let version = stack.at(node, stack.depth());
            if let Some(inode) = version.and_then(|version| stack.stored_by(version)) {
                names.entry(inode).or_default().push(node);
            }
        }
        let files = names.into_iter().filter_map(|((layer, entry), mut names)| {
            let index = stack.layer(layer)?;
            let first = main.of_entry(stack, layer, entry)?;
            if let Some(at) = names.iter().position(|name| *name == first) {
                names.swap(0, at);
            }
            let bytes = index.size(entry);
            (index.kind(entry) == EntryKind::File && bytes > 0).then(|| File {
                layer,
                entry,
                bytes,
                compressed: ledger.cost(stack, layer, entry),
                names,
            })
        });
        let mut files: Vec<File> = files.collect();
        files.sort_unstable_by_key(|file| (file.layer, file.entry));
        Self { files }
    }
}
