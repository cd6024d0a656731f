//! Trees of more than one moment: a stack with what was deleted on the way to it, and what several layers changed.

use super::names::Names;
use super::versions::{Version, VersionKind};
use super::view::{Mark, Slot, Sum, View};
use super::{Cause, NodeId, Stack};

impl View {
    /// The stack at `layer`, and with it the paths that layers up to it had and that are no more, marked as deleted.
    /// Files that the layer which made them what they are overwrote, or stored again with the same content, are marked
    /// so; folders are not.
    #[must_use]
    pub fn with_deleted(stack: &Stack, layer: usize) -> Self {
        let rows = stack.all_nodes().map(|node| {
            let mark = match stack.at(node, layer) {
                Some(version) if stack.stored_by(version).is_some() => stack
                    .mark(node, version.layer)
                    .filter(|mark| *mark != Mark::Added),
                Some(_) => None,
                None => Some(Mark::Deleted),
            };
            Slot {
                version: stack.last(node, layer),
                mark,
                sum: Sum::default(),
            }
        });
        let names = Names::at(stack, layer);
        Self::build(stack, layer, rows.collect(), names, None)
    }

    /// What the layers from `first` to `last` changed together, against the stack below `first`. What one of them added
    /// and another deleted is marked as deleted.
    #[must_use]
    pub fn changes_of(stack: &Stack, first: usize, last: usize) -> Self {
        let below = first.saturating_sub(1);
        let rows = stack.all_nodes().map(|node| {
            let mark = stack.mark_of(node, first, last);
            Slot {
                version: mark.and_then(|_| stack.last(node, last)),
                mark,
                sum: Sum::default(),
            }
        });
        Self::of_changes(stack, last, rows.collect(), Names::at(stack, below))
    }
}

impl Stack {
    /// What a node was when it was last there, up to `layer`; None if it never was.
    #[must_use]
    pub fn last(&self, node: NodeId, layer: usize) -> Option<Version> {
        self.versions(node)
            .find(|version| version.layer <= layer && version.what != VersionKind::Gone)
    }

    /// The layer that deleted a node which is not in the stack at `layer`, and was in one below it.
    #[must_use]
    pub fn deleted_in(&self, node: NodeId, layer: usize) -> Option<usize> {
        let mut deleted = None;
        for version in self.versions(node).filter(|version| version.layer <= layer) {
            match version.what {
                VersionKind::Gone => deleted = Some(version.layer),
                _ => return deleted,
            }
        }
        None
    }

    /// The layer that hid a version of a node in the stack at `layer`, and how: what stands at the path since is
    /// something else, or nothing. None where it is still there; folders over a folder only change its metadata.
    #[must_use]
    pub fn hidden(&self, node: NodeId, version: Version, layer: usize) -> Option<(usize, Cause)> {
        let is_folder = |version: &Version| {
            version.what != VersionKind::Gone && self.stored_by(*version).is_none()
        };
        let later = |other: &Version| {
            (version.layer + 1..=layer).contains(&other.layer)
                && !(is_folder(&version) && is_folder(other))
        };
        // The latest comes first.
        let next = self.versions(node).filter(later).last()?;
        let cause = match next.what {
            VersionKind::Gone => Cause::Deleted,
            _ => match self.change(version, next)? {
                Mark::MetadataOnly => Cause::MetadataOnly,
                _ => Cause::Overwritten,
            },
        };
        Some((next.layer, cause))
    }

    /// What the layers from `first` to `last` did to a node together; None if nothing that can be seen.
    fn mark_of(&self, node: NodeId, first: usize, last: usize) -> Option<Mark> {
        let mut touching = self
            .versions(node)
            .filter(|version| (first..=last).contains(&version.layer));
        let latest = touching.next()?;
        let before = self.at(node, first.saturating_sub(1));
        match (before, self.at(node, last)) {
            // In and out again.
            (None, None) => {
                let was_there = latest.what != VersionKind::Gone
                    || touching.any(|version| version.what != VersionKind::Gone);
                was_there.then_some(Mark::Deleted)
            }
            (None, Some(_)) => Some(Mark::Added),
            (Some(_), None) => Some(Mark::Deleted),
            (Some(before), Some(after)) => self.change(before, after),
        }
    }
}
