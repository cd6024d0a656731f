//! Known leftovers: live files that a container does not need, by a table of places and names.

mod fix;
mod table;

use std::collections::BTreeMap;
use std::ops::Range;

pub use self::fix::Fix;
pub use self::table::{Leftover, LeftoverError, Leftovers, PathPattern};

use super::gather::{Group, MANY, MANY_TREES, gathered};
use super::live::Live;
use super::{Finding, Subject};
use crate::stack::{NodeId, Stack};
use crate::steps::{PIECE, pause};

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

/// For each node the row of the table, from 1, and the topmost path that is one of it.
pub(super) struct Marks(Vec<(u32, NodeId)>);

impl Marks {
    /// Looks up all paths, some in each step.
    pub(super) async fn of(stack: &Stack, table: &Leftovers) -> Self {
        let nodes = stack.nodes();
        let mut marks = Self(vec![(0, NodeId::ROOT); nodes]);
        for from in (1..nodes).step_by(PIECE) {
            let to = nodes.min(from + PIECE);
            marks.mark(stack, table, from as u32..to as u32);
            pause().await;
        }
        marks
    }

    /// Looks up these nodes; those before them are looked up already, and parents stand before children.
    fn mark(&mut self, stack: &Stack, table: &Leftovers, nodes: Range<u32>) {
        for node in nodes.map(NodeId) {
            let above = self.0.get(stack.parent(node).0 as usize);
            let mut mark = above.copied().unwrap_or((0, NodeId::ROOT));
            if mark.0 == 0 {
                let row = table.find(Names(stack, node));
                mark = row.map_or(mark, |row| (row as u32 + 1, node));
            }
            if let Some(place) = self.0.get_mut(node.0 as usize) {
                *place = mark;
            }
        }
    }

    /// The row of a node, and the topmost path that is one of it.
    fn get(&self, node: NodeId) -> Option<(usize, NodeId)> {
        let (row, top) = self.0.get(node.0 as usize)?;
        Some(((*row as usize).checked_sub(1)?, *top))
    }
}

/// Live files in places of the table, in no order. A file with a name elsewhere is none.
pub(super) fn of(subject: &Subject<'_>, live: &Live<'_>, marks: &Marks) -> Vec<Finding> {
    let (stack, table) = (subject.stack, subject.leftovers);
    let mut rows: BTreeMap<usize, BTreeMap<NodeId, Group>> = BTreeMap::new();
    for file in &live.files {
        let Some((row, top)) = marks.get(file.node) else {
            continue;
        };
        let excepted = |node: NodeId| {
            let row = marks.get(node).and_then(|(row, _)| table.row(row));
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
