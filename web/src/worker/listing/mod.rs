//! The rows of a tree: which folders are open, in which order siblings stand, what is looked for.

mod deletions;
mod filter;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use onionskin_core::layer::EntryKind;
use onionskin_core::stack::view::{self, View};
use onionskin_core::stack::{NodeId, Stack, Version, Waste, What};

use self::deletions::Deletions;
use self::filter::Filter;
use super::protocol::{Cause, Found, Metadata, Row, Showing, Shown, Sort};

/// A stack and which of its layers is looked at.
#[derive(Clone, Copy)]
pub(crate) struct At<'s> {
    pub(crate) stack: &'s Stack,
    /// The layer's number in that stack.
    pub(crate) layer: usize,
    /// How much higher layers are numbered in the image: 0, but for a layer that stands alone.
    pub(crate) offset: usize,
}

/// A tree, flattened to the rows that its open folders show.
pub(crate) struct Listing {
    pub(crate) showing: Showing,
    view: View,
    deletions: Deletions,
    lines: Vec<Line>,
    filter: Option<Filter>,
}

#[derive(Clone, Copy)]
struct Line {
    node: NodeId,
    depth: u32,
}

impl Listing {
    /// The tree that is asked for, with the folders in `open` open.
    pub(crate) fn new(at: At<'_>, showing: Showing, open: &HashSet<NodeId>) -> Self {
        let view = if showing.changes {
            View::changes(at.stack, at.layer)
        } else {
            View::stack(at.stack, at.layer)
        };
        let deletions = match showing.changes {
            true => Deletions::of(at.stack, &view),
            false => Deletions::default(),
        };
        let mut listing = Listing {
            showing,
            view,
            deletions,
            lines: Vec::new(),
            filter: None,
        };
        listing.refine(at, open);
        listing
    }

    /// The same tree under another order or filter.
    pub(crate) fn reshow(&mut self, at: At<'_>, showing: Showing, open: &HashSet<NodeId>) {
        let same = self.showing.find == showing.find;
        self.showing = showing;
        if same {
            self.build(at, open);
        } else {
            self.refine(at, open);
        }
    }

    /// Whether `showing` is of the same tree, so that [`Self::reshow`] will do.
    pub(crate) fn is_of(&self, showing: &Showing) -> bool {
        (self.showing.layer, self.showing.changes) == (showing.layer, showing.changes)
    }

    fn refine(&mut self, at: At<'_>, open: &HashSet<NodeId>) {
        self.filter = (!self.showing.find.is_empty())
            .then(|| Filter::new(at.stack, &self.view, &self.showing.find));
        self.build(at, open);
    }

    fn build(&mut self, at: At<'_>, open: &HashSet<NodeId>) {
        self.lines.clear();
        let mut lines = Vec::new();
        self.below(at, NodeId::ROOT, 0, open, &mut lines);
        self.lines = lines;
    }

    /// What came of it, for the page.
    pub(crate) fn shown(&self, at: At<'_>, alone: bool) -> Shown {
        let total = self.view.total();
        let paths = u32::try_from(total.paths).unwrap_or(u32::MAX);
        let (mut kept, mut bytes) = (paths, total.bytes);
        let mut deleted = self.deletions.below(NodeId::ROOT);
        if let Some(filter) = &self.filter {
            (kept, bytes, deleted) = (filter.paths, 0, 0);
            for row in filter
                .tops
                .iter()
                .filter_map(|top| self.view.row(at.stack, *top))
            {
                match row.mark {
                    Some(view::Mark::Deleted) => deleted += row.sum.bytes,
                    _ => bytes += row.sum.bytes,
                }
                deleted += self.deletions.below(row.node);
            }
        }
        Shown {
            total: number(self.lines.len()),
            paths,
            kept,
            bytes,
            deleted,
            matches: self.filter.as_ref().map(|filter| filter.matches),
            alone,
            missing: false,
        }
    }

    /// The view that is listed.
    pub(crate) fn view(&self) -> &View {
        &self.view
    }

    /// Rows from `from` on, at most `count`.
    pub(crate) fn rows(
        &self,
        at: At<'_>,
        open: &HashSet<NodeId>,
        from: u32,
        count: u32,
    ) -> Vec<Row> {
        let lines = self.lines.iter().skip(from as usize).take(count as usize);
        lines.filter_map(|line| self.row(at, open, *line)).collect()
    }

    /// One path's row, whether or not it is folded away.
    pub(crate) fn row_of(&self, at: At<'_>, node: NodeId) -> Option<Row> {
        self.row(at, &HashSet::new(), Line { node, depth: 0 })
    }

    fn row(&self, at: At<'_>, open: &HashSet<NodeId>, line: Line) -> Option<Row> {
        let row = self.view.row(at.stack, line.node)?;
        let is_open = self.open(open).contains(&line.node);
        let has_children = row.kind == EntryKind::Dir && self.children(line.node).next().is_some();
        let (uid, gid) = row.owner();
        Some(Row {
            path: at.stack.path(line.node),
            depth: line.depth,
            kind: row.kind,
            target: row.link().map(std::borrow::Cow::into_owned),
            open: has_children.then_some(is_open),
            size: self.size(&row),
            mode: row.mode(),
            uid,
            gid,
            layer: number(row.layer + at.offset),
            mark: row.mark,
            before: self.before(at, &row),
            fate: self.fate(at, &row),
        })
    }

    /// Bytes of the files in a row or below it, also of those that the layer deletes.
    fn size(&self, row: &view::Row<'_>) -> u64 {
        row.sum.bytes + self.deletions.below(row.node)
    }

    /// Mode and owner before the layer, of what has the same content still.
    fn before(&self, at: At<'_>, row: &view::Row<'_>) -> Option<Metadata> {
        if row.mark != Some(view::Mark::MetadataOnly) {
            return None;
        }
        let version = at.stack.at(row.node, at.layer.checked_sub(1)?)?;
        let What::Entry(entry) = version.what else {
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

    /// How the stored content of a row ends, where the final filesystem does not have it.
    fn fate(&self, at: At<'_>, row: &view::Row<'_>) -> Option<(Cause, u32)> {
        // Links and devices cost nothing, so that they go is no more than their mark says.
        if row.sum.bytes == 0 {
            return None;
        }
        let deleted = row.mark == Some(view::Mark::Deleted);
        if deleted && row.kind == EntryKind::Dir {
            return Some((Cause::Deleted, number(at.layer + at.offset)));
        }
        let then = at.layer - usize::from(deleted);
        let version = at.stack.at(row.node, then)?;
        let waste = waste(at.stack, version)?;
        Some((waste.cause, number(waste.hidden_by + at.offset)))
    }

    /// Opens or closes the folder in a row.
    pub(crate) fn toggle(&mut self, at: At<'_>, open: &mut HashSet<NodeId>, row: u32, to: bool) {
        let Some(line) = self.lines.get(row as usize).copied() else {
            return;
        };
        let set = match &mut self.filter {
            Some(filter) => &mut filter.open,
            None => &mut *open,
        };
        let changed = if to {
            set.insert(line.node)
        } else {
            set.remove(&line.node)
        };
        if !changed {
            return;
        }
        let after = row as usize + 1;
        if to {
            let mut below = Vec::new();
            self.below(at, line.node, line.depth + 1, open, &mut below);
            self.lines.splice(after..after, below);
        } else {
            let deeper = self
                .lines
                .iter()
                .skip(after)
                .take_while(|below| below.depth > line.depth)
                .count();
            self.lines.drain(after..after + deeper);
        }
    }

    /// The row of the folder that holds a row.
    pub(crate) fn parent(&self, row: u32) -> Option<u32> {
        let depth = self.lines.get(row as usize)?.depth;
        let above = self.lines.get(..row as usize)?;
        above
            .iter()
            .rposition(|line| line.depth < depth)
            .map(number)
    }

    /// The row of a path, or of the nearest folder above it; opens what is on the way.
    pub(crate) fn seek(&mut self, at: At<'_>, open: &mut HashSet<NodeId>, path: &[u8]) -> Found {
        let mut exact = true;
        let mut names = path;
        let node = loop {
            // A link that is shown is meant itself; else links on the way are followed.
            let shown = at.stack.find(names).filter(|node| self.keeps(*node));
            let followed = || {
                let node = at.stack.look_up(names, at.layer).ok();
                node.filter(|node| self.keeps(*node))
            };
            match shown.or_else(followed) {
                Some(node) => break node,
                None => exact = false,
            }
            let slash = names.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
            if slash == 0 {
                break NodeId::ROOT;
            }
            names = names.get(..slash).unwrap_or_default();
        };
        // Of what is not there, the nearest folder is shown with what it has.
        let mut above = if exact { at.stack.parent(node) } else { node };
        let mut opened = false;
        while above != NodeId::ROOT {
            let set = match &mut self.filter {
                Some(filter) => &mut filter.open,
                None => &mut *open,
            };
            opened |= set.insert(above);
            above = at.stack.parent(above);
        }
        if opened {
            self.build(at, open);
        }
        Found {
            row: self
                .lines
                .iter()
                .position(|line| line.node == node)
                .map(number),
            exact,
            total: number(self.lines.len()),
        }
    }

    fn open<'o>(&'o self, open: &'o HashSet<NodeId>) -> &'o HashSet<NodeId> {
        self.filter.as_ref().map_or(open, |filter| &filter.open)
    }

    fn keeps(&self, node: NodeId) -> bool {
        self.view.contains(node) && self.filter.as_ref().is_none_or(|filter| filter.keeps(node))
    }

    fn children(&self, node: NodeId) -> impl Iterator<Item = NodeId> {
        self.view
            .children(node)
            .iter()
            .copied()
            .filter(|child| self.keeps(*child))
    }

    /// Adds the rows below a folder, as far as folders are open.
    fn below(
        &self,
        at: At<'_>,
        folder: NodeId,
        depth: u32,
        open: &HashSet<NodeId>,
        lines: &mut Vec<Line>,
    ) {
        let open = self.open(open);
        let mut waiting: Vec<Line> = Vec::new();
        self.push_children(at, folder, depth, &mut waiting);
        while let Some(line) = waiting.pop() {
            lines.push(line);
            if open.contains(&line.node) {
                self.push_children(at, line.node, line.depth + 1, &mut waiting);
            }
        }
    }

    /// Puts a folder's children on the pile, the first on top.
    fn push_children(&self, at: At<'_>, folder: NodeId, depth: u32, pile: &mut Vec<Line>) {
        let start = pile.len();
        pile.extend(self.children(folder).map(|node| Line { node, depth }));
        let added = pile.get_mut(start..).unwrap_or_default();
        if self.showing.sort == Sort::Size {
            let row = |node| self.view.row(at.stack, node);
            let bytes = |node| row(node).map_or(0, |row| self.size(&row));
            // The names are in order, and the sort keeps them so among equals.
            added.sort_by_cached_key(|line| std::cmp::Reverse(bytes(line.node)));
        }
        added.reverse();
    }
}

/// How the content of a version ends; none while a container sees it.
pub(crate) fn waste(stack: &Stack, version: Version) -> Option<Waste> {
    let (layer, entry) = stack.stored_by(version)?;
    stack.waste(layer, entry)
}

/// Counts of rows and layers fit: nodes are numbered with 32 bits.
pub(crate) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
