//! The rows of a tree: which folders are open, in which order siblings stand, what is looked for.

mod answers;
mod filter;
mod icicle;
pub(crate) mod map;
pub(crate) mod query;
mod row;
#[cfg(test)]
mod tests;
mod totals;
mod typed;

use std::cmp::Reverse;
use std::collections::HashSet;

use onionskin_core::accounts::Accounts;
use onionskin_core::ledger::Ledger;
use onionskin_core::stack::view::View;
use onionskin_core::stack::{NodeId, Stack};

use self::filter::Filter;
pub(crate) use self::filter::known_mark;
pub(crate) use self::query::{can_find, find_by};
pub(crate) use self::row::waste;
use self::totals::Totals;
pub(crate) use self::totals::WastedBelow;
pub(crate) use self::typed::row_named;
use super::protocol::{Column, FoundRow, Row, Showing, Shown, TypeAhead};
use crate::counts::number;

/// A stack and which of its layers is looked at.
#[derive(Clone, Copy)]
pub(crate) struct StackPosition<'s> {
    pub(crate) stack: &'s Stack,
    /// The layer's number in that stack.
    pub(crate) layer: usize,
    /// How much higher layers are numbered in the image: 0, but for a layer that stands alone.
    pub(crate) offset: usize,
    /// Of the stack; none of a layer that stands alone.
    pub(crate) ledger: Option<&'s Ledger>,
    /// By the same ledger.
    pub(crate) wasted: Option<&'s WastedBelow>,
    /// Whether it is known what bytes cost compressed.
    pub(crate) compressed_known: bool,
    /// Layers of the image are listed and not read.
    pub(crate) unread: bool,
    /// Names of users and groups at the layer.
    pub(crate) accounts: Option<&'s Accounts>,
}

/// A tree, flattened to the rows that its open folders show.
pub(crate) struct Listing {
    pub(crate) showing: Showing,
    view: View,
    /// Paths of each kind that are no folders.
    kinds: [u32; 5],
    lines: Vec<Line>,
    /// What is looked for: of a text that is not a query, what was looked for before.
    query: Option<Box<dyn query::Finds>>,
    /// Why the text is not a query.
    problem: Option<String>,
    filter: Option<Filter>,
    totals: Totals,
}

#[derive(Clone, Copy)]
struct Line {
    node: NodeId,
    depth: u32,
}

impl Listing {
    /// The tree that is asked for, with the folders in `open` open.
    pub(crate) fn new(at: StackPosition<'_>, showing: Showing, open: &HashSet<NodeId>) -> Self {
        let view = match showing.changes_from {
            Some(first) => {
                let first = (first as usize).saturating_sub(at.offset).max(1);
                View::changes_of(at.stack, first, at.layer)
            }
            None => View::with_deleted(at.stack, at.layer),
        };
        let mut listing = Listing {
            kinds: filter::kinds(at.stack, &view),
            showing,
            view,
            lines: Vec::new(),
            query: None,
            problem: None,
            filter: None,
            totals: Totals::default(),
        };
        listing.read_query(at);
        listing.refine(at, open);
        listing
    }

    /// The same tree under another order or filter.
    pub(crate) fn reshow(
        &mut self,
        at: StackPosition<'_>,
        showing: Showing,
        open: &HashSet<NodeId>,
    ) {
        let hides = showing.hidden == self.showing.hidden;
        let finds = showing.find == self.showing.find;
        self.showing = showing;
        let finds = finds || !self.read_query(at);
        if finds && hides {
            self.build(at, open);
        } else {
            self.refine(at, open);
        }
    }

    /// Reads what is looked for; tells whether it is a query.
    fn read_query(&mut self, at: StackPosition<'_>) -> bool {
        let read = match query::of(&self.showing.find) {
            Ok(Some(query)) if query.needs_contents() => match at.stack.listed().next() {
                None => Ok(Some(query)),
                Some(layer) => Err(format!(
                    "copies and names of owners are not known before layer {} is read",
                    layer + at.offset
                )),
            },
            read => read,
        };
        match read {
            Ok(query) => {
                self.query = query;
                self.problem = None;
            }
            Err(problem) => self.problem = Some(problem),
        }
        self.problem.is_none()
    }

    /// Whether `showing` is of the same tree, so that [`Self::reshow`] will do.
    pub(crate) fn is_of(&self, showing: &Showing) -> bool {
        let of = |showing: &Showing| (showing.layer, showing.changes_from);
        of(&self.showing) == of(showing)
    }

    fn refine(&mut self, at: StackPosition<'_>, open: &HashSet<NodeId>) {
        self.filter = Filter::new(at.stack, &self.view, self.query.as_deref(), &self.showing);
        self.totals = Totals::of(at, &self.view, self.filter.as_ref());
        self.build(at, open);
    }

    fn build(&mut self, at: StackPosition<'_>, open: &HashSet<NodeId>) {
        self.lines.clear();
        let mut lines = Vec::new();
        self.below(at, NodeId::ROOT, 0, open, &mut lines);
        self.lines = lines;
    }

    /// What came of it, for the page.
    pub(crate) fn shown(&self, at: StackPosition<'_>) -> Shown {
        let paths = u32::try_from(self.view.total().paths).unwrap_or(u32::MAX);
        let filter = self.filter.as_ref();
        Shown {
            total: number(self.lines.len()),
            paths,
            kept: filter.map_or(paths, |filter| filter.paths),
            bytes: self.totals.bytes,
            deleted: self.totals.deleted,
            kinds: self.kinds,
            matches: filter.and_then(|filter| filter.matches),
            problem: self.problem.clone(),
            copies_unknown: at.stack.listed().next().is_some(),
            alone: at.offset > 0,
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
        at: StackPosition<'_>,
        open: &HashSet<NodeId>,
        from: u32,
        count: u32,
    ) -> Vec<Row> {
        let lines = self.lines.iter().skip(from as usize).take(count as usize);
        lines.filter_map(|line| self.row(at, open, *line)).collect()
    }

    /// The layer of the version of a path that the query finds, where that is an earlier one.
    pub(crate) fn found_in(&self, node: NodeId) -> Option<usize> {
        let earlier = self.filter.as_ref()?.earlier(node)?;
        Some(earlier.layer)
    }

    /// One path's row in the view, whether or not it is folded away.
    pub(crate) fn row_of(&self, at: StackPosition<'_>, node: NodeId) -> Option<Row> {
        let row = self.view.row(at.stack, node)?;
        self.told(at, &HashSet::new(), Line { node, depth: 0 }, row)
    }

    fn row(&self, at: StackPosition<'_>, open: &HashSet<NodeId>, line: Line) -> Option<Row> {
        let row = self.found_row(at, line.node)?;
        self.told(at, open, line, row)
    }

    /// Opens all folders down to a depth, and closes those below.
    pub(crate) fn expand(&mut self, at: StackPosition<'_>, open: &mut HashSet<NodeId>, depth: u32) {
        let mut opened = HashSet::new();
        let mut waiting = vec![(NodeId::ROOT, 0)];
        while let Some((folder, level)) = waiting.pop() {
            if level == depth {
                continue;
            }
            for child in self.children(folder) {
                if self.view.children(child).is_empty() {
                    continue;
                }
                opened.insert(child);
                waiting.push((child, level + 1));
            }
        }
        match self.filter.as_mut().and_then(|filter| filter.open.as_mut()) {
            Some(found) => *found = opened,
            None => *open = opened,
        }
        self.build(at, open);
    }

    /// The row of a path, which is most likely this one.
    pub(crate) fn row_number(
        &self,
        at: StackPosition<'_>,
        path: &[u8],
        likely: u32,
    ) -> Option<u32> {
        let node = at.stack.find(path)?;
        let here = self.lines.get(likely as usize);
        if here.is_some_and(|line| line.node == node) {
            return Some(likely);
        }
        let row = self.lines.iter().position(|line| line.node == node);
        row.map(number)
    }

    /// Opens or closes the folder in a row.
    pub(crate) fn toggle(
        &mut self,
        at: StackPosition<'_>,
        open: &mut HashSet<NodeId>,
        row: u32,
        to: bool,
    ) {
        let Some(line) = self.lines.get(row as usize).copied() else {
            return;
        };
        let found = self.filter.as_mut().and_then(|filter| filter.open.as_mut());
        let set = found.unwrap_or(&mut *open);
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
    pub(crate) fn seek(
        &mut self,
        at: StackPosition<'_>,
        open: &mut HashSet<NodeId>,
        path: &[u8],
    ) -> FoundRow {
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
            let found = self.filter.as_mut().and_then(|filter| filter.open.as_mut());
            opened |= found.unwrap_or(&mut *open).insert(above);
            above = at.stack.parent(above);
        }
        if opened {
            self.build(at, open);
        }
        FoundRow {
            row: self
                .lines
                .iter()
                .position(|line| line.node == node)
                .map(number),
            exact,
            total: number(self.lines.len()),
        }
    }

    /// The row whose name begins with what is typed.
    pub(crate) fn type_ahead(&self, at: StackPosition<'_>, asked: &TypeAhead) -> Option<u32> {
        row_named(asked, number(self.lines.len()), |row, begins| {
            let line = self.lines.get(row as usize);
            line.is_some_and(|line| begins(at.stack.name(line.node)))
        })
    }

    fn open<'o>(&'o self, open: &'o HashSet<NodeId>) -> &'o HashSet<NodeId> {
        let found = self.filter.as_ref().and_then(|filter| filter.open.as_ref());
        found.unwrap_or(open)
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
        at: StackPosition<'_>,
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
            // Most paths are no folders, and need not be looked up.
            let is_folder = !self.view.children(line.node).is_empty();
            if is_folder && open.contains(&line.node) {
                self.push_children(at, line.node, line.depth + 1, &mut waiting);
            }
        }
    }

    /// Puts a folder's children on the pile, the first on top.
    fn push_children(
        &self,
        at: StackPosition<'_>,
        folder: NodeId,
        depth: u32,
        pile: &mut Vec<Line>,
    ) {
        let start = pile.len();
        pile.extend(self.children(folder).map(|node| Line { node, depth }));
        let added = pile.get_mut(start..).unwrap_or_default();
        let sort = self.showing.sort;
        if sort.column != Column::Name {
            // The names are in order, and the sort keeps them so among equals.
            match sort.is_descending() {
                true => added.sort_by_cached_key(|line| Reverse(self.key(at, line.node))),
                false => added.sort_by_cached_key(|line| self.key(at, line.node)),
            }
        } else if sort.is_descending() {
            added.reverse();
        }
        if folder == NodeId::ROOT {
            added.sort_by_cached_key(|line| {
                let row = self.view.row(at.stack, line.node);
                row.is_some_and(|row| self.is_idle(at, &row))
            });
        }
        added.reverse();
    }
}
