//! What is kept of a tree while something is looked for.

use std::collections::HashSet;

use onionskin_core::stack::view::View;
use onionskin_core::stack::{NodeId, Stack};

/// What is kept of the tree while something is looked for.
pub(super) struct Filter {
    kept: Vec<Kept>,
    pub(super) matches: u32,
    /// Paths that match, and those that are in a folder that matches.
    pub(super) paths: u32,
    /// The highest of them, none of which is in another.
    pub(super) tops: Vec<NodeId>,
    /// Open folders: at first those that lead to a match.
    pub(super) open: HashSet<NodeId>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    No,
    Way,
    Match,
}

impl Filter {
    /// Keeps what is called so, the way to it and what is in it. With a slash, paths are compared.
    pub(super) fn new(stack: &Stack, view: &View, find: &str) -> Self {
        let mut filter = Filter {
            kept: vec![Kept::No; stack.nodes()],
            matches: 0,
            paths: 0,
            tops: Vec::new(),
            open: HashSet::new(),
        };
        let by_path = find.contains('/');
        let mut waiting = vec![(NodeId::ROOT, false)];
        while let Some((node, inside)) = waiting.pop() {
            let called = node != NodeId::ROOT
                && if by_path {
                    holds(&stack.path(node), find.as_bytes())
                } else {
                    holds(stack.name(node), find.as_bytes())
                };
            filter.matches += u32::from(called);
            if called || inside {
                filter.keep(node, Kept::Match);
                filter.paths += 1;
            }
            if called && !inside {
                filter.tops.push(node);
            }
            if called {
                filter.keep_way(stack, node);
            }
            waiting.extend(
                view.children(node)
                    .iter()
                    .map(|child| (*child, called || inside)),
            );
        }
        filter
    }

    pub(super) fn keeps(&self, node: NodeId) -> bool {
        self.kept
            .get(node.0 as usize)
            .is_some_and(|kept| *kept != Kept::No)
    }

    fn keep(&mut self, node: NodeId, how: Kept) {
        if let Some(kept) = self.kept.get_mut(node.0 as usize) {
            *kept = how;
        }
    }

    fn keep_way(&mut self, stack: &Stack, node: NodeId) {
        let mut above = stack.parent(node);
        while above != NodeId::ROOT && self.open.insert(above) {
            if !self.keeps(above) {
                self.keep(above, Kept::Way);
            }
            above = stack.parent(above);
        }
    }
}

/// Whether a name holds a text, whatever the case of its ASCII letters.
fn holds(name: &[u8], text: &[u8]) -> bool {
    name.windows(text.len().max(1))
        .any(|part| part.eq_ignore_ascii_case(text))
}
