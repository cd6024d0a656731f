//! What is kept of a tree: what is looked for, of the kinds that are not hidden.

use std::collections::HashSet;

use onionskin_core::stack::view::View;
use onionskin_core::stack::{NodeId, Stack};

use super::number;
use crate::worker::protocol::{ChangeKind, Kinds, Showing};

/// What is kept of the tree.
pub(super) struct Filter {
    kept: Vec<Kept>,
    /// Paths that match what is looked for; none where nothing is.
    pub(super) matches: Option<u32>,
    /// Paths that are kept for themselves, and not as the way to others.
    pub(super) paths: u32,
    /// Folders that are open while something is looked for: at first those that lead to a match.
    pub(super) open: Option<HashSet<NodeId>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    No,
    /// On the way to something that is kept.
    Way,
    Itself,
}

impl Filter {
    /// Keeps what is called so, and what is in it, of kinds that are not hidden; and the way there. With a slash, paths
    /// are compared. None where all is kept.
    pub(super) fn new(stack: &Stack, view: &View, showing: &Showing) -> Option<Self> {
        if showing.find.is_empty() && showing.hidden.is_empty() {
            return None;
        }
        let find = (!showing.find.is_empty()).then_some(showing.find.as_bytes());
        let mut filter = Filter {
            kept: vec![Kept::No; stack.nodes()],
            matches: find.map(|_| 0),
            paths: 0,
            open: find.map(|_| HashSet::new()),
        };
        let mut called = Vec::new();
        // Parents have lower numbers than their children. What is in something that is called so is kept with it.
        for node in (1..number(stack.nodes())).map(NodeId) {
            if !view.contains(node) {
                continue;
            }
            let is_called = find.is_none_or(|find| is_called(stack, node, find));
            if is_called && find.is_some() {
                called.push(node);
            }
            if is_called || filter.is_kept(stack.parent(node)) {
                filter.set(node, Kept::Itself);
            }
        }
        filter.matches = find.map(|_| number(called.len()));
        if !showing.hidden.is_empty() {
            filter.hide(stack, view, showing.hidden);
        }
        filter.keep_ways(stack);
        if let Some(open) = &mut filter.open {
            for node in called {
                let mut above = stack.parent(node);
                while above != NodeId::ROOT && open.insert(above) {
                    above = stack.parent(above);
                }
            }
        }
        Some(filter)
    }

    /// Drops what is of hidden kinds.
    fn hide(&mut self, stack: &Stack, view: &View, hidden: Kinds) {
        for node in (1..number(stack.nodes())).map(NodeId) {
            if self.is_kept(node) && hidden.contains(ChangeKind::of(view.mark(node))) {
                self.set(node, Kept::No);
            }
        }
    }

    /// Keeps the folders above all that is kept, and counts that.
    fn keep_ways(&mut self, stack: &Stack) {
        for node in (1..number(stack.nodes())).rev().map(NodeId) {
            self.paths += u32::from(self.is_kept(node));
            let parent = stack.parent(node);
            if self.keeps(node) && parent != NodeId::ROOT && !self.keeps(parent) {
                self.set(parent, Kept::Way);
            }
        }
    }

    /// Whether the tree shows the node.
    pub(super) fn keeps(&self, node: NodeId) -> bool {
        self.kept(node) != Kept::No
    }

    /// Whether the node is shown for itself.
    pub(super) fn is_kept(&self, node: NodeId) -> bool {
        self.kept(node) == Kept::Itself
    }

    fn kept(&self, node: NodeId) -> Kept {
        let kept = self.kept.get(node.0 as usize);
        kept.copied().unwrap_or(Kept::No)
    }

    fn set(&mut self, node: NodeId, how: Kept) {
        if let Some(kept) = self.kept.get_mut(node.0 as usize) {
            *kept = how;
        }
    }
}

/// How many paths that are no folders a view has of each kind.
pub(super) fn kinds(stack: &Stack, view: &View) -> [u32; 5] {
    let mut counts = [0; 5];
    for node in (1..number(stack.nodes())).map(NodeId) {
        let version = view.version(node);
        if version.is_some_and(|version| stack.stored_by(version).is_some())
            && let Some(count) = counts.get_mut(ChangeKind::of(view.mark(node)) as usize)
        {
            *count += 1;
        }
    }
    counts
}

fn is_called(stack: &Stack, node: NodeId, find: &[u8]) -> bool {
    match find.contains(&b'/') {
        true => holds(&stack.path(node), find),
        false => holds(stack.name(node), find),
    }
}

/// Whether a name holds a text, whatever the case of its ASCII letters.
fn holds(name: &[u8], text: &[u8]) -> bool {
    name.windows(text.len().max(1))
        .any(|part| part.eq_ignore_ascii_case(text))
}
