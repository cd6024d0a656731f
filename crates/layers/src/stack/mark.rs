//! What a layer did to a path: added, modified, stored again with other metadata, or deleted.

use super::inodes::InodeId;
use super::versions::{Version, VersionKind};
use super::{NodeId, Stack};
use crate::layer::EntryKind;

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

/// Mode, owner and time of a folder that no entry announces.
pub(super) const IMPLIED_MODE: u32 = 0o755;

impl Stack {
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
            let VersionKind::Entry(entry) = version.what else {
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
