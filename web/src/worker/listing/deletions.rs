//! What a layer deletes, by folder: the core counts it only for folders that are deleted themselves.

use onionskin_core::stack::view::{Mark, View};
use onionskin_core::stack::{NodeId, Stack};

/// Bytes that a layer deletes below the folders that stay.
#[derive(Default)]
pub(super) struct Deletions {
    /// By node; empty for a view that is not of changes.
    below: Vec<u64>,
}

impl Deletions {
    /// Sums up a view of changes.
    pub(super) fn of(stack: &Stack, view: &View) -> Self {
        let mut below = vec![0_u64; stack.nodes()];
        // Children have higher numbers than their parents.
        for at in (1..below.len()).rev() {
            let node = NodeId(super::number(at));
            let Some(row) = view.row(stack, node) else {
                continue;
            };
            let bytes = match row.mark {
                Some(Mark::Deleted) => row.sum.bytes,
                _ => below.get(at).copied().unwrap_or(0),
            };
            let parent = stack.parent(node);
            // What is in a deleted folder is in that folder's own sum.
            let counted =
                |row: onionskin_core::stack::view::Row<'_>| row.mark == Some(Mark::Deleted);
            if !view.row(stack, parent).is_some_and(counted)
                && let Some(sum) = below.get_mut(parent.0 as usize)
            {
                *sum += bytes;
            }
        }
        Deletions { below }
    }

    /// What is deleted below a node that stays.
    pub(super) fn below(&self, node: NodeId) -> u64 {
        self.below.get(node.0 as usize).copied().unwrap_or(0)
    }
}
