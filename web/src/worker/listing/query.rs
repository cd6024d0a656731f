//! What is looked for in a tree. Reading queries takes tables and automata that most visitors never need, so they are a part
//! of the program that arrives with the first query.

use std::cell::Cell;

use crate::counts::number;
use onionskin_core::find::Query;
use onionskin_core::stack::view::View;
use onionskin_core::stack::{NodeId, Stack, Version};

/// A query.
pub(crate) trait Finds {
    /// See [`Query::needs_contents`].
    fn needs_contents(&self) -> bool;

    /// Tells which paths of a view are found. In the filesystem these are also versions of paths that later layers deleted or
    /// overwrote, told where they are not what the view has; among changes, what the view has.
    fn find(
        &self,
        stack: &Stack,
        view: &View,
        changes: bool,
        found: &mut dyn FnMut(NodeId, Option<Version>),
    );
}

/// Reads a query; none where it asks for nothing.
pub(crate) type ReadQuery = fn(&str) -> Result<Option<Box<dyn Finds>>, String>;

thread_local! {
    static READ: Cell<Option<ReadQuery>> = const { Cell::new(FIRST) };
}

/// Tests link all there is.
#[cfg(test)]
const FIRST: Option<ReadQuery> = Some(read);
#[cfg(not(test))]
const FIRST: Option<ReadQuery> = None;

/// Whether queries can be read.
pub(crate) fn can_find() -> bool {
    READ.get().is_some()
}

/// Reads queries by this from now on.
pub(crate) fn find_by(read: ReadQuery) {
    READ.set(Some(read));
}

/// The query that a text is; none where it asks for nothing.
pub(super) fn of(text: &str) -> Result<Option<Box<dyn Finds>>, String> {
    match READ.get() {
        Some(read) if !text.is_empty() => read(text),
        _ => Ok(None),
    }
}

/// Reads a query.
pub(crate) fn read(text: &str) -> Result<Option<Box<dyn Finds>>, String> {
    let query: Query = text.parse().map_err(|error| format!("{error}"))?;
    Ok((!query.is_empty()).then(|| Box::new(query) as Box<dyn Finds>))
}

impl Finds for Query {
    fn needs_contents(&self) -> bool {
        self.needs_contents()
    }

    fn find(
        &self,
        stack: &Stack,
        view: &View,
        changes: bool,
        found: &mut dyn FnMut(NodeId, Option<Version>),
    ) {
        let search = self.search(stack);
        for node in (1..number(stack.nodes())).map(NodeId) {
            let Some(shown) = view.version(node) else {
                continue;
            };
            if changes {
                if search.is_found(view, node) {
                    found(node, None);
                }
            } else if let Some(version) = search.versions(view, node).next() {
                found(
                    node,
                    Some(version).filter(|version| version.layer != shown.layer),
                );
            }
        }
    }
}
