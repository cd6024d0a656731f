//! A query over the paths of a stack.

use super::Query;
use super::path::PathTest;
use super::version::Candidate;
use crate::accounts::Accounts;
use crate::stack::view::{Mark, View};
use crate::stack::{NodeId, Stack, Version, VersionKind};

/// A query and the paths of a stack that meet what it asks of paths.
pub struct Search<'a> {
    query: &'a Query,
    stack: &'a Stack,
    /// By node.
    paths: Vec<bool>,
    /// Of the last layer, where the query names some.
    accounts: Accounts,
}

impl Query {
    /// Looks through the paths of all layers of a stack.
    #[must_use]
    pub fn search<'a>(&'a self, stack: &'a Stack) -> Search<'a> {
        let mut paths = vec![true; stack.nodes()];
        // The root has no name to look for.
        if let Some(root) = paths.first_mut() {
            *root = false;
        }
        let (of_path, of_name): (Vec<_>, Vec<_>) =
            self.paths.iter().partition(|(test, _)| test.is_of_path());
        for (test, negated) in of_name {
            match test {
                PathTest::Name(_) => in_names(stack, test, *negated, &mut paths),
                _ => last_names(stack, test, *negated, &mut paths),
            }
        }
        if !of_path.is_empty() {
            whole_paths(stack, &of_path, &mut paths);
        }
        let mut tests = self.versions.iter();
        let accounts = match tests.any(|(test, _)| test.names_accounts()) {
            true => Accounts::at(stack, stack.depth()),
            false => Accounts::default(),
        };
        Search {
            accounts,
            query: self,
            stack,
            paths,
        }
    }
}

/// A text without a slash is in a path where it is in one of its names.
fn in_names(stack: &Stack, test: &PathTest, negated: bool, paths: &mut [bool]) {
    let mut held = vec![false; paths.len()];
    for node in nodes(stack) {
        // Parents have lower numbers than their children.
        let above = held
            .get(stack.parent(node).0 as usize)
            .copied()
            .unwrap_or(false);
        let holds = above || test.meets_name(stack.name(node));
        if let (Some(held), Some(path)) = (
            held.get_mut(node.0 as usize),
            paths.get_mut(node.0 as usize),
        ) {
            *held = holds;
            *path &= holds != negated;
        }
    }
}

fn last_names(stack: &Stack, test: &PathTest, negated: bool, paths: &mut [bool]) {
    for (node, path) in nodes(stack).zip(paths.iter_mut().skip(1)) {
        *path = *path && test.meets_name(stack.name(node)) != negated;
    }
}

fn whole_paths(stack: &Stack, tests: &[&(PathTest, bool)], paths: &mut [bool]) {
    // Neighbours mostly stand in one folder, whose path is written once.
    let (mut folder, mut path, mut end) = (NodeId::ROOT, b"/".to_vec(), 1);
    for (node, met) in nodes(stack).zip(paths.iter_mut().skip(1)) {
        if !*met {
            continue;
        }
        let parent = stack.parent(node);
        if parent != folder {
            folder = parent;
            path = stack.path(parent);
            if parent != NodeId::ROOT {
                path.push(b'/');
            }
            end = path.len();
        }
        path.truncate(end);
        path.extend_from_slice(stack.name(node));
        *met = tests
            .iter()
            .all(|(test, negated)| test.meets_path(&path) != *negated);
    }
}

fn nodes(stack: &Stack) -> impl Iterator<Item = NodeId> + use<> {
    (1..u32::try_from(stack.nodes()).unwrap_or(u32::MAX)).map(NodeId)
}

impl Search<'_> {
    /// The versions of a path that are found, the latest first, of layers up to that of `view`, which is of the same
    /// stack. What stood at a path before it was deleted or overwritten is found as well. Of a folder it is one: layers
    /// announce the folders on the way to what they store.
    pub fn versions<'v>(
        &'v self,
        view: &'v View,
        node: NodeId,
    ) -> impl Iterator<Item = Version> + use<'v> {
        let path = self.paths.get(node.0 as usize).copied().unwrap_or(false);
        let versions = path.then(|| self.stack.versions(node));
        let mut folder = false;
        versions.into_iter().flatten().filter(move |version| {
            let is_folder = self.stack.stored_by(*version).is_none();
            let found = version.layer <= view.layer()
                && version.what != VersionKind::Gone
                && !(is_folder && folder)
                && self.meets(view, node, *version);
            folder |= found && is_folder;
            found
        })
    }

    fn meets(&self, view: &View, node: NodeId, version: Version) -> bool {
        let Self { query, stack, .. } = *self;
        if query.versions.is_empty() {
            return true;
        }
        let Some(row) = view.row_at(stack, node, version) else {
            return false;
        };
        // Marks compare two versions: only where they are asked for.
        let has_mark = |mark| match mark {
            Mark::Deleted => stack.at(node, view.layer()).is_none(),
            mark => stack.mark(node, version.layer) == Some(mark),
        };
        self.all(&Candidate {
            stack,
            row: &row,
            has_mark: &has_mark,
            accounts: &self.accounts,
        })
    }

    /// Whether the row of a view is found, with the mark that it has there.
    #[must_use]
    pub fn is_found(&self, view: &View, node: NodeId) -> bool {
        let path = self.paths.get(node.0 as usize).copied().unwrap_or(false);
        path && view.row(self.stack, node).is_some_and(|row| {
            self.all(&Candidate {
                stack: self.stack,
                row: &row,
                has_mark: &|mark| row.mark == Some(mark),
                accounts: &self.accounts,
            })
        })
    }

    fn all(&self, candidate: &Candidate<'_>) -> bool {
        let mut tests = self.query.versions.iter();
        tests.all(|(test, negated)| test.meets(candidate) != *negated)
    }
}
