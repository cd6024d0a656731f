//! What is kept of a tree: what a query finds, of the kinds that are not hidden.

use std::collections::{HashMap, HashSet};

use onionskin_core::layer::EntryKind;
use onionskin_core::stack::view::{self, View};
use onionskin_core::stack::{NodeId, Stack, Version};

use super::number;
use super::query::Finds;
use crate::worker::protocol::{ChangeKind, Kinds, Mark, Showing};

/// Folders that are opened of themselves, because a path in them is found: nobody reads more.
const OPENED: usize = 1_000;

/// What is kept of the tree.
pub(super) struct Filter {
    kept: Vec<Keep>,
    /// Of each path, how many are found below it and at it; empty where nothing is looked for.
    found: Vec<u32>,
    /// Paths of which an earlier version is found than the one that the view has.
    earlier: HashMap<NodeId, Version>,
    /// Paths that match what is looked for; none where nothing is.
    pub(super) matches: Option<u32>,
    /// Paths that are kept for themselves, and not as the way to others.
    pub(super) paths: u32,
    /// Folders that are open while something is looked for: at first those that lead to a match.
    pub(super) open: Option<HashSet<NodeId>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    No,
    /// On the way to something that is kept.
    Way,
    Itself,
}

impl Filter {
    /// Keeps what a query finds, of kinds that are not hidden; and the way there. None where all is kept.
    ///
    /// In the filesystem, versions of paths are found that later layers deleted or overwrote; among changes, what the view
    /// has.
    pub(super) fn new(
        stack: &Stack,
        view: &View,
        query: Option<&dyn Finds>,
        showing: &Showing,
    ) -> Option<Self> {
        let finds = query.is_some();
        if !finds && showing.hidden.is_empty() {
            return None;
        }
        let mut filter = Filter {
            kept: vec![Keep::No; stack.nodes()],
            found: Vec::new(),
            earlier: HashMap::new(),
            matches: finds.then_some(0),
            paths: 0,
            open: finds.then(HashSet::new),
        };
        let mut matches = 0;
        match query {
            Some(query) => {
                let changes = showing.changes_from.is_some();
                query.find(stack, view, changes, &mut |node, earlier| {
                    filter.set(node, Keep::Itself);
                    filter
                        .earlier
                        .extend(earlier.map(|version| (node, version)));
                    matches += 1;
                });
            }
            None => {
                for node in (1..number(stack.nodes())).map(NodeId) {
                    if view.version(node).is_some() {
                        filter.set(node, Keep::Itself);
                    }
                }
            }
        }
        filter.matches = finds.then_some(matches);
        if !showing.hidden.is_empty() {
            filter.hide(stack, view, showing.hidden);
        }
        filter.keep_ways(stack, finds);
        if finds {
            filter.open_ways(stack);
        }
        Some(filter)
    }

    /// Opens the folders on the way to what is found. What is found in a folder that is found itself is folded away.
    fn open_ways(&mut self, stack: &Stack) {
        let mut open = HashSet::new();
        for node in (1..number(stack.nodes())).map(NodeId) {
            if !self.is_kept(node) {
                continue;
            }
            let mut above = stack.parent(node);
            if self.is_kept(above) {
                continue;
            }
            while above != NodeId::ROOT && open.insert(above) {
                above = stack.parent(above);
            }
            if open.len() > OPENED {
                // With thousands of folders open, the first levels are what can be read.
                open.clear();
                break;
            }
        }
        self.open = Some(open);
    }

    /// Drops what is of hidden kinds.
    fn hide(&mut self, stack: &Stack, view: &View, hidden: Kinds) {
        for node in (1..number(stack.nodes())).map(NodeId) {
            if self.is_kept(node) && hidden.contains(ChangeKind::of(self.mark(stack, view, node))) {
                self.set(node, Keep::No);
            }
        }
    }

    /// Keeps the folders above all that is kept, and counts that.
    fn keep_ways(&mut self, stack: &Stack, finds: bool) {
        if finds {
            self.found = vec![0; stack.nodes()];
        }
        for node in (1..number(stack.nodes())).rev().map(NodeId) {
            let kept = u32::from(self.is_kept(node));
            self.paths += kept;
            let parent = stack.parent(node);
            if self.keeps(node) && parent != NodeId::ROOT && !self.keeps(parent) {
                self.set(parent, Keep::Way);
            }
            if finds {
                let below = self.found(node) + kept;
                for (node, more) in [(node, kept), (parent, below)] {
                    if let Some(found) = self.found.get_mut(node.0 as usize) {
                        *found += more;
                    }
                }
            }
        }
    }

    /// How many paths are found at a node and below it.
    pub(super) fn found(&self, node: NodeId) -> u32 {
        let found = self.found.get(node.0 as usize);
        found.copied().unwrap_or(0)
    }

    /// The version of a path that is found, where it is not the one that the view has.
    pub(super) fn earlier(&self, node: NodeId) -> Option<Version> {
        self.earlier.get(&node).copied()
    }

    /// The mark of what is kept of a path.
    fn mark(&self, stack: &Stack, view: &View, node: NodeId) -> Option<Mark> {
        let mark = match self.earlier(node) {
            Some(version) => earlier_mark(stack, view, node, version),
            None => view.mark(node),
        };
        known_mark(stack, node, mark)
    }

    /// Whether the tree shows the node.
    pub(super) fn keeps(&self, node: NodeId) -> bool {
        self.kept(node) != Keep::No
    }

    /// Whether the node is shown for itself.
    pub(super) fn is_kept(&self, node: NodeId) -> bool {
        self.kept(node) == Keep::Itself
    }

    fn kept(&self, node: NodeId) -> Keep {
        let kept = self.kept.get(node.0 as usize);
        kept.copied().unwrap_or(Keep::No)
    }

    fn set(&mut self, node: NodeId, how: Keep) {
        if let Some(kept) = self.kept.get_mut(node.0 as usize) {
            *kept = how;
        }
    }
}

/// A mark, as far as it is known: where a layer was not read, what was stored again may be a copy or not, and goes with what
/// was overwritten.
pub(crate) fn known_mark(stack: &Stack, node: NodeId, mark: Option<Mark>) -> Option<Mark> {
    match mark {
        Some(Mark::MetadataOnly) if stack.has_listed(node) => Some(Mark::Modified),
        mark => mark,
    }
}

/// How many paths that are no folders a view has of each kind.
pub(super) fn kinds(stack: &Stack, view: &View) -> [u32; 5] {
    let mut counts = [0; 5];
    for node in (1..number(stack.nodes())).map(NodeId) {
        let version = view.version(node);
        if version.is_some_and(|version| stack.stored_by(version).is_some())
            && let Some(count) =
                counts.get_mut(ChangeKind::of(known_mark(stack, node, view.mark(node))) as usize)
        {
            *count += 1;
        }
    }
    counts
}

/// The row of an earlier version than the one that the view has, with the mark that it would have there.
pub(super) fn earlier_row<'s>(
    stack: &'s Stack,
    view: &View,
    node: NodeId,
    version: Version,
) -> Option<view::Row<'s>> {
    let mut row = view.row_at(stack, node, version)?;
    row.mark = earlier_mark(stack, view, node, version);
    row.sum.bytes = earlier_bytes(stack, view, node, version);
    Some(row)
}

fn earlier_mark(stack: &Stack, view: &View, node: NodeId, version: Version) -> Option<Mark> {
    match view.mark(node) {
        Some(Mark::Deleted) => Some(Mark::Deleted),
        _ if stack.stored_by(version).is_none() => None,
        _ => stack
            .mark(node, version.layer)
            .filter(|mark| *mark != Mark::Added),
    }
}

/// Bytes that an earlier version of a path stores.
pub(super) fn earlier_bytes(stack: &Stack, view: &View, node: NodeId, version: Version) -> u64 {
    let row = view.row_at(stack, node, version);
    match row.filter(|row| row.kind == EntryKind::File) {
        Some(_) => stack
            .stored_by(version)
            .and_then(|(layer, entry)| Some(stack.layer(layer)?.size(entry)))
            .unwrap_or(0),
        None => 0,
    }
}
