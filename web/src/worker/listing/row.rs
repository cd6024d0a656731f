//! One row of the tree: what is told of a path in the view, and what it is sorted by.

use std::collections::HashSet;

use onionskin_core::layer::EntryKind;
use onionskin_core::stack::view;
use onionskin_core::stack::{NodeId, Stack, Version, VersionKind, Waste};

use super::filter::{earlier_row, known_mark};
use super::{Line, Listing, StackPosition};
use crate::counts::number;
use crate::worker::protocol::{Cause, Column, Metadata, OwnerNames, Row};

fn named(name: Option<&str>) -> Option<String> {
    name.map(str::to_owned)
}

impl Listing {
    /// A path as it is found: as an earlier version where only that is.
    pub(super) fn found_row<'s>(
        &self,
        at: StackPosition<'s>,
        node: NodeId,
    ) -> Option<view::Row<'s>> {
        match self.filter.as_ref().and_then(|filter| filter.earlier(node)) {
            Some(version) => earlier_row(at.stack, &self.view, node, version),
            None => self.view.row(at.stack, node),
        }
    }

    pub(super) fn told(
        &self,
        at: StackPosition<'_>,
        open: &HashSet<NodeId>,
        line: Line,
        row: view::Row<'_>,
    ) -> Option<Row> {
        let Line { node, depth } = line;
        let is_open = self.open(open).contains(&node);
        // What took the place of a folder has what was in it below.
        let has_children = self.children(node).next().is_some();
        let (uid, gid) = row.owner();
        let deleted = row.mark == Some(view::Mark::Deleted);
        let gone_in = |node| at.stack.deleted_in(node, at.layer);
        let deleted_in = deleted.then(|| gone_in(node)).flatten();
        // What went with its folder is told there.
        let with_folder = deleted_in.is_some() && gone_in(at.stack.parent(node)) == deleted_in;
        Some(Row {
            path: at.stack.path(node),
            depth,
            kind: row.kind,
            target: row.link().map(std::borrow::Cow::into_owned),
            open: has_children.then_some(is_open),
            found: self
                .filter
                .as_ref()
                .filter(|_| has_children)
                .map_or(0, |filter| filter.found(node)),
            size: self.totals.size(node),
            download: at.compressed_known.then(|| self.totals.download(node)),
            wasted: at.wasted.map_or(0, |wasted| wasted.bytes(node)),
            mode: row.mode(),
            uid,
            gid,
            owner: OwnerNames {
                user: named(at.accounts.and_then(|accounts| accounts.user(uid))),
                group: named(at.accounts.and_then(|accounts| accounts.group(gid))),
            },
            mtime: row.mtime().map(|(seconds, _)| seconds),
            layer: number(row.layer + at.offset),
            mark: known_mark(at.stack, node, row.mark),
            copies_unknown: self.is_unknown(at, &row),
            unread: at.unread,
            deleted_in: deleted_in
                .filter(|_| !with_folder)
                .map(|layer| number(layer + at.offset)),
            idle: depth == 0 && self.is_idle(at, &row),
            before: self.before(at, &row),
            fate: fate(at, &row).filter(|_| !with_folder),
            compared: None,
        })
    }

    /// Whether a folder holds nothing, and never held anything that still costs. Links, devices and empty files are something,
    /// also where a search leaves them out.
    pub(super) fn is_idle(&self, at: StackPosition<'_>, row: &view::Row<'_>) -> bool {
        let node = row.node;
        row.kind == EntryKind::Dir
            && row.mark.is_none()
            && self.view.children(node).is_empty()
            && at.wasted.is_none_or(|wasted| wasted.bytes(node) == 0)
    }

    /// Whether it is not known if what was stored again has the same content, as a layer was not read.
    fn is_unknown(&self, at: StackPosition<'_>, row: &view::Row<'_>) -> bool {
        at.stack.has_listed(row.node)
    }

    /// Mode and owner before, of what has the same content still.
    fn before(&self, at: StackPosition<'_>, row: &view::Row<'_>) -> Option<Metadata> {
        if row.mark != Some(view::Mark::MetadataOnly) || self.is_unknown(at, row) {
            return None;
        }
        let first = match self.showing.changes_from {
            Some(first) => (first as usize).saturating_sub(at.offset),
            None => row.layer,
        };
        let version = at.stack.at(row.node, first.checked_sub(1)?)?;
        let VersionKind::Entry(entry) = version.what else {
            // No entry announces the folder.
            return Some(Metadata {
                mode: 0o755,
                uid: 0,
                gid: 0,
            });
        };
        let index = at.stack.layer(version.layer)?;
        let (uid, gid) = index.owner(entry);
        Some(Metadata {
            mode: index.mode(entry),
            uid,
            gid,
        })
    }

    /// What a node is sorted by.
    pub(super) fn key(&self, at: StackPosition<'_>, node: NodeId) -> (u64, u64) {
        let row = || self.found_row(at, node);
        match self.showing.sort.column {
            Column::Name => (0, 0),
            Column::Size => (self.totals.size(node), 0),
            Column::Download => (self.totals.download(node), 0),
            Column::Wasted => (at.wasted.map_or(0, |wasted| wasted.bytes(node)), 0),
            Column::Mode => (row().map_or(0, |row| u64::from(row.mode())), 0),
            Column::Owner => row().map_or((0, 0), |row| row.owner()),
            Column::Modified => {
                let mtime = row().and_then(|row| row.mtime());
                // In the order of the times before 1970 as well.
                (
                    mtime.map_or(0, |(seconds, _)| seconds.cast_unsigned() ^ (1 << 63)),
                    0,
                )
            }
            Column::Layer => (row().map_or(0, |row| row.layer as u64), 0),
            // What only comparisons have.
            Column::Before | Column::After | Column::Change => (0, 0),
        }
    }
}

/// How the stored content of a row ends, where the final filesystem does not have it.
fn fate(at: StackPosition<'_>, row: &view::Row<'_>) -> Option<(Cause, u32)> {
    // Links and devices cost nothing, so that they go is no more than their mark says.
    if row.sum.bytes == 0 {
        return None;
    }
    if row.mark == Some(view::Mark::Deleted) && row.kind == EntryKind::Dir {
        let layer = at.stack.deleted_in(row.node, at.layer)?;
        return Some((Cause::Deleted, number(layer + at.offset)));
    }
    let mut versions = at.stack.versions(row.node);
    let version = versions.find(|version| version.layer == row.layer)?;
    let waste = waste(at.stack, version)?;
    Some((waste.cause, number(waste.hidden_by + at.offset)))
}

/// How the content of a version ends; none while a container sees it.
pub(crate) fn waste(stack: &Stack, version: Version) -> Option<Waste> {
    let (layer, entry) = stack.stored_by(version)?;
    stack.waste(layer, entry)
}
