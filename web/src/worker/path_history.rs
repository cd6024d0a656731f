//! The history of one path: what each layer did to it, and what its bytes cost.

use onionskin_core::layer::{EntryKind, LayerIndex};
use onionskin_core::ledger::Wasted;
use onionskin_core::report::labels::Label;
use onionskin_core::report::{text, xattrs};
use onionskin_core::stack::view::View;
use onionskin_core::stack::{NodeId, Version, VersionKind};

use super::image_worker::ImageWorker;
use super::listing::{Listing, StackPosition, known_mark};
use super::protocol::{Answers, Cause, Causes, HistoryOf, LayerNumbers, PathEvent, PathHistory};
use crate::counts::number;

/// A path's history, seen from the layer of a listing. `wasted` is all that is wasted in the stack, and
/// `top` the stack's last layer as a tree, where that is known; `os` is what the image runs on.
fn of(
    at: StackPosition<'_>,
    listing: &Listing,
    top: Option<&View>,
    wasted: &[Wasted],
    path: &[u8],
    os: Option<&str>,
) -> Option<PathHistory> {
    let stack = at.stack;
    // A link is meant itself; else links on the way are followed.
    let named = stack.find(path);
    let node = named.or_else(|| stack.look_up(path, at.layer).ok())?;
    let path = &stack.path(node);
    let now = listing.row_of(at, node);
    let row = listing.view().row(stack, node);
    let mut versions: Vec<_> = stack
        .versions(node)
        .filter(|version| version.layer > 0)
        .collect();
    versions.reverse();
    let events = versions
        .iter()
        .filter_map(|version| event(at, node, *version));
    let mut bytes = LayerNumbers::default();
    let mut wasted_compressed = 0;
    // A layer that stands alone is not in the ledger.
    if at.offset == 0 {
        for wasted in wasted {
            let stored = stack
                .layer(wasted.added_by)
                .is_some_and(|index| is_below(index, wasted, path));
            if stored {
                *of_cause(&mut bytes.causes, wasted.cause) += wasted.bytes;
                wasted_compressed += wasted.compressed;
            }
        }
        let live = top
            .and_then(|top| top.row(stack, node))
            .map_or(0, |row| row.sum.bytes);
        bytes.stored = live + bytes.causes.total();
        bytes.copies_unknown = stack.listed().next().is_some()
            && bytes.causes.overwritten + bytes.causes.metadata_only > 0;
    }
    let is_dir = now.as_ref().is_some_and(|row| row.kind == EntryKind::Dir);
    let label = now.as_ref().and_then(|_| Label::of(path, is_dir, os));
    let attributes = row.as_ref().map_or(&[][..], |row| row.xattrs());
    let version = stack.last(node, listing.found_in(node).unwrap_or(at.layer));
    let content = version.and_then(|version| stack.stored_by(version));
    Some(PathHistory {
        label: label.map(|label| label.text().to_owned()),
        attributes: attributes
            .iter()
            .map(|(name, value)| (text(name).into_owned(), xattrs::value(name, value)))
            .collect(),
        path: path.to_vec(),
        found_in: listing
            .found_in(node)
            .map(|layer| number(layer + at.offset)),
        leads_to: row
            .filter(|row| row.kind == EntryKind::Symlink)
            .and_then(|_| stack.resolve(path, at.layer).ok())
            .map(|node| stack.path(node)),
        content: content
            .and_then(|(layer, entry)| Some(stack.layer(layer)?.logical_size(entry)))
            .unwrap_or(0),
        files: row.map_or(0, |row| row.sum.files),
        mtime: row.and_then(|row| row.mtime()).map(|(seconds, _)| seconds),
        now,
        events: events.collect(),
        live: at.offset == 0 && stack.at(node, stack.depth()).is_some(),
        bytes,
        wasted_compressed,
    })
}

/// Whether an entry is stored under a path, or below it.
fn is_below(index: &LayerIndex, wasted: &Wasted, path: &[u8]) -> bool {
    let entry = index.path(wasted.entry);
    let rest = entry.strip_prefix(path);
    rest.is_some_and(|rest| path == b"/" || rest.is_empty() || rest.first() == Some(&b'/'))
}

fn of_cause(causes: &mut Causes, cause: Cause) -> &mut u64 {
    match cause {
        Cause::Deleted => &mut causes.deleted,
        Cause::Overwritten => &mut causes.overwritten,
        Cause::MetadataOnly => &mut causes.metadata_only,
        Cause::Repeated => &mut causes.repeated,
    }
}

/// What a version tells, unless nothing of it can be seen.
fn event(at: StackPosition<'_>, node: NodeId, version: Version) -> Option<PathEvent> {
    let mark = known_mark(at.stack, node, at.stack.mark(node, version.layer))?;
    let (mut kind, mut size, mut mode, mut owner) = (EntryKind::Dir, 0, 0o755, (0, 0));
    if let (VersionKind::Entry(entry), Some(index)) = (version.what, at.stack.layer(version.layer))
    {
        (kind, mode, owner) = (index.kind(entry), index.mode(entry), index.owner(entry));
        size = at
            .stack
            .stored_by(version)
            .and_then(|(layer, entry)| at.stack.layer(layer).map(|index| index.size(entry)))
            .unwrap_or(0);
    }
    Some(PathEvent {
        layer: number(version.layer + at.offset),
        mark,
        copies_unknown: at.stack.has_listed(node),
        kind,
        size,
        mode,
        uid: owner.0,
        gid: owner.1,
    })
}

impl Answers<HistoryOf> for ImageWorker {
    fn answer(&mut self, HistoryOf { path }: HistoryOf) -> Option<Box<PathHistory>> {
        self.path_history(&path).map(Box::new)
    }
}

impl ImageWorker {
    fn path_history(&mut self, path: &[u8]) -> Option<PathHistory> {
        if self.top.is_none() && self.finished {
            let stack = &self.main.stack;
            self.top = Some(View::stack(stack, stack.depth()));
        }
        let (top, wasted) = (self.top.take(), std::mem::take(&mut self.largest));
        let os = self.os.clone();
        let history = self.listed().and_then(|(listing, _, at)| {
            of(at, listing, top.as_ref(), &wasted, path, os.as_deref())
        });
        (self.top, self.largest) = (top, wasted);
        history
    }
}
