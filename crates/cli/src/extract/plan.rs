//! What of an image is extracted, and as what: decided from its index, before anything is read or written.

use std::collections::BTreeMap;

use onionskin_core::layer::{EntryId, EntryKind};
use onionskin_core::stack::view::View;
use onionskin_core::stack::{NodeId, Stack, Version, VersionKind};

use super::links::{self, Link};

/// Why something is left out or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Skipped {
    Device,
    LinkOutside,
    Content,
    LinkRewritten,
    Bits,
}

impl Skipped {
    pub(super) const ALL: [Self; 5] = [
        Self::Device,
        Self::LinkOutside,
        Self::Content,
        Self::LinkRewritten,
        Self::Bits,
    ];

    pub(super) const fn says(self) -> &'static str {
        match self {
            Self::Device => "skipped devices and FIFOs",
            Self::LinkOutside => "skipped symbolic links that lead out of what is extracted",
            Self::Content => "skipped hard links whose content is in a lower layer",
            Self::LinkRewritten => "made symbolic links relative",
            Self::Bits => "left out set-user-ID, set-group-ID and sticky bits of",
        }
    }
}

/// A path to write, relative to what is extracted: the names from there on, none for that itself.
pub(super) type Names = Vec<Vec<u8>>;

/// Permissions and time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Metadata {
    /// Without set-id and sticky bits.
    pub(super) mode: u32,
    /// Seconds since 1970 and nanoseconds.
    pub(super) mtime: Option<(i64, u32)>,
}

/// A regular file, with all its names.
#[derive(Debug)]
pub(super) struct FileToWrite {
    pub(super) names: Vec<Names>,
    pub(super) metadata: Metadata,
}

/// What is written.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Only what the top layer stores has content.
    alone: bool,
    /// Parents before what is in them.
    pub(super) folders: Vec<(Names, Metadata)>,
    /// By the layer and the entry that store them.
    pub(super) files: BTreeMap<(usize, EntryId), FileToWrite>,
    /// With their texts.
    pub(super) links: Vec<(Names, Vec<u8>)>,
    /// With their paths in the image.
    pub(super) skipped: Vec<(Skipped, Vec<u8>)>,
}

impl Plan {
    /// What a node of a stack and all below it become. Of a stack whose top layer stands `alone` on it, only what that
    /// layer stores has content.
    pub(super) fn of(stack: &Stack, root: NodeId, alone: bool) -> Self {
        let view = View::stack(stack, stack.depth());
        let mut plan = Self {
            alone,
            ..Self::default()
        };
        let mut waiting = vec![(root, Names::new())];
        while let Some((node, names)) = waiting.pop() {
            let Some(version) = view.version(node) else {
                continue;
            };
            match stack.stored_by(version) {
                None => {
                    let metadata = plan.metadata(stack, node, version);
                    plan.folders.push((names.clone(), metadata));
                    for child in view.children(node).iter().rev() {
                        let name = stack.name(*child).to_vec();
                        waiting.push((*child, [names.as_slice(), &[name]].concat()));
                    }
                }
                Some(stored) => plan.add(stack, &view, root, (node, version), stored, names),
            }
        }
        plan
    }

    fn add(
        &mut self,
        stack: &Stack,
        view: &View,
        root: NodeId,
        (node, version): (NodeId, Version),
        (layer, entry): (usize, EntryId),
        names: Names,
    ) {
        let Some(index) = stack.layer(layer) else {
            return;
        };
        let lower = self.alone && layer < stack.depth();
        match index.kind(entry) {
            EntryKind::File if lower => self.skip(Skipped::Content, stack, node),
            EntryKind::File => {
                let metadata = match self.files.contains_key(&(layer, entry)) {
                    true => None,
                    false => Some(self.metadata(stack, node, version)),
                };
                match (self.files.get_mut(&(layer, entry)), metadata) {
                    (Some(file), _) => file.names.push(names),
                    (None, Some(metadata)) => {
                        let file = FileToWrite {
                            names: vec![names],
                            metadata,
                        };
                        self.files.insert((layer, entry), file);
                    }
                    (None, None) => {}
                }
            }
            EntryKind::Symlink => {
                let text = index.link(entry).unwrap_or_default();
                let is_folder = |node: NodeId| {
                    let version = view.version(node);
                    version.is_some_and(|version| stack.stored_by(version).is_none())
                };
                match links::of(stack, root, node, text, &is_folder) {
                    Link::AsIs => self.links.push((names, text.to_vec())),
                    Link::Rewritten(text) => {
                        self.links.push((names, text));
                        self.skip(Skipped::LinkRewritten, stack, node);
                    }
                    Link::Outside => self.skip(Skipped::LinkOutside, stack, node),
                }
            }
            // Hard links to nothing have no content either.
            EntryKind::Hardlink => self.skip(Skipped::Content, stack, node),
            _ => self.skip(Skipped::Device, stack, node),
        }
    }

    fn skip(&mut self, why: Skipped, stack: &Stack, node: NodeId) {
        self.skipped.push((why, stack.path(node)));
    }

    fn metadata(&mut self, stack: &Stack, node: NodeId, version: Version) -> Metadata {
        let said = match (version.what, stack.stored_by(version)) {
            // What a hard link's header says is that of the file.
            (_, Some((layer, entry))) => stack.layer(layer).map(|index| (index, entry)),
            (VersionKind::Entry(entry), None) => {
                stack.layer(version.layer).map(|index| (index, entry))
            }
            _ => None,
        };
        let Some((index, entry)) = said else {
            return Metadata {
                mode: 0o755,
                mtime: None,
            };
        };
        let mode = index.mode(entry);
        if mode & 0o7000 != 0 {
            self.skip(Skipped::Bits, stack, node);
        }
        Metadata {
            mode: mode & 0o777,
            mtime: Some(index.mtime(entry)),
        }
    }

    /// There is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.folders.is_empty() && self.files.is_empty() && self.links.is_empty()
    }

    /// What the one thing is that is skipped.
    pub(super) fn what(&self) -> &'static str {
        match self.skipped.first() {
            Some((Skipped::Device, _)) => "a device or a FIFO",
            Some((Skipped::Content, _)) => "a hard link to content of a lower layer",
            _ => "a symbolic link",
        }
    }

    /// How much of what it writes.
    pub(super) fn counted(&self) -> String {
        let files: usize = self.files.values().map(|file| file.names.len()).sum();
        let of = |count: usize, what: &str| match count {
            1 => format!("1 {what}"),
            count => format!("{count} {what}s"),
        };
        let counts = [
            of(files, "file"),
            of(self.folders.len(), "folder"),
            of(self.links.len(), "symbolic link"),
        ];
        counts.join(", ")
    }

    /// Bytes of its files, each once.
    pub(super) fn bytes(&self, stack: &Stack) -> u64 {
        let size = |(layer, entry): &(usize, EntryId)| {
            stack
                .layer(*layer)
                .map_or(0, |index| index.logical_size(*entry))
        };
        self.files.keys().map(size).sum()
    }
}
