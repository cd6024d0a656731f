//! Known leftovers: live files that a container does not need, by a table of places and names.

mod fix;
mod table;

use std::collections::BTreeMap;

pub use self::fix::Fix;
pub use self::table::{Leftover, LeftoverError, Leftovers, PathPattern};

use super::Finding;
use super::gather::{Group, MANY, MANY_TREES, gathered};
use super::live::Live;
use crate::stack::{NodeId, Stack};

/// The names of a node's path, the last first.
#[derive(Clone)]
pub(super) struct Names<'s>(pub(super) &'s Stack, pub(super) NodeId);

impl<'s> Iterator for Names<'s> {
    type Item = &'s [u8];

    fn next(&mut self) -> Option<&'s [u8]> {
        let Self(stack, node) = *self;
        if node == NodeId::ROOT {
            return None;
        }
        self.1 = stack.parent(node);
        Some(stack.name(node))
    }
}

/// Live files in places of the table, in no order. A file with a name elsewhere is none.
pub(super) fn of(stack: &Stack, live: &Live<'_>, table: &Leftovers) -> Vec<Finding> {
    // For each node the row, from 1, and the topmost path that is one of it; parents stand before children.
    let mut marks: Vec<(u32, NodeId)> = vec![(0, NodeId::ROOT); stack.nodes()];
    for node in (1..stack.nodes() as u32).map(NodeId) {
        let above = marks.get(stack.parent(node).0 as usize);
        let mut mark = above.copied().unwrap_or((0, NodeId::ROOT));
        if mark.0 == 0 {
            let row = table.find(Names(stack, node));
            mark = row.map_or(mark, |row| (row as u32 + 1, node));
        }
        if let Some(place) = marks.get_mut(node.0 as usize) {
            *place = mark;
        }
    }
    let mark = |node: NodeId| {
        let (row, top) = marks.get(node.0 as usize)?;
        Some(((*row as usize).checked_sub(1)?, *top))
    };
    let mut rows: BTreeMap<usize, BTreeMap<NodeId, Group>> = BTreeMap::new();
    for file in &live.files {
        let Some((row, top)) = mark(file.node) else {
            continue;
        };
        let excepted = |node: NodeId| {
            let row = mark(node).and_then(|(row, _)| table.row(row));
            row.is_none_or(|row| row.excepts(Names(stack, node)))
        };
        if !live.names(file).iter().any(|node| excepted(*node)) {
            let groups = rows.entry(row).or_default();
            let group = groups.entry(top).or_insert_with(|| Group::new(top));
            group.take(live.group(file, top));
        }
    }
    let mut findings = Vec::new();
    for (row, groups) in rows {
        for group in gathered(stack, groups.into_values(), (MANY, MANY_TREES)) {
            let Some(row) = table.row(row) else {
                continue;
            };
            findings.push(group.told(stack, row.kind(), &row.id, row.told()));
        }
    }
    findings
}
