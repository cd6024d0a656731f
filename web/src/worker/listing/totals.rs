//! What the rows of a tree come to: sizes, download and wasted bytes, of folders the sums of what is shown in them.

use std::collections::HashMap;

use onionskin_core::ledger::{Ledger, Wasted};
use onionskin_core::stack::view::{Mark, View};
use onionskin_core::stack::{NodeId, Stack};

use super::StackPosition;
use super::filter::{Filter, earlier_bytes};
use crate::counts::number;

/// Sums by node.
#[derive(Default)]
pub(super) struct Totals {
    size: Vec<u64>,
    download: Vec<u64>,
    /// Bytes of files that are there.
    pub(super) bytes: u64,
    /// Bytes of files that are marked as deleted.
    pub(super) deleted: u64,
}

impl Totals {
    /// Sums up the paths that are kept: all without a filter.
    pub(super) fn of(at: StackPosition<'_>, view: &View, filter: Option<&Filter>) -> Self {
        let stack = at.stack;
        let mut totals = Totals {
            size: vec![0; stack.nodes()],
            download: vec![0; stack.nodes()],
            bytes: 0,
            deleted: 0,
        };
        // Children have higher numbers than their parents.
        for node in (1..number(stack.nodes())).rev().map(NodeId) {
            let earlier = filter.and_then(|filter| filter.earlier(node));
            let Some(version) = earlier.or_else(|| view.version(node)) else {
                continue;
            };
            let bytes = match earlier {
                Some(version) => earlier_bytes(stack, view, node, version),
                None => view.sum(node).bytes,
            };
            // Of the names of a file, one has its bytes.
            if bytes > 0
                && filter.is_none_or(|filter| filter.is_kept(node))
                && let Some((layer, entry)) = stack.stored_by(version)
            {
                let cost = match at.ledger {
                    Some(ledger) => ledger.cost(stack, layer, entry),
                    None => stack.layer(layer).map_or(0, |index| index.cost(entry)),
                };
                totals.add(node, bytes, cost);
                match view.mark(node) {
                    Some(Mark::Deleted) => totals.deleted += bytes,
                    _ => totals.bytes += bytes,
                }
            }
            let (size, download) = (totals.size(node), totals.download(node));
            totals.add(stack.parent(node), size, download);
        }
        totals
    }

    fn add(&mut self, node: NodeId, size: u64, download: u64) {
        let at = node.0 as usize;
        if let (Some(sum), Some(cost)) = (self.size.get_mut(at), self.download.get_mut(at)) {
            *sum += size;
            *cost += download;
        }
    }

    pub(super) fn size(&self, node: NodeId) -> u64 {
        self.size.get(node.0 as usize).copied().unwrap_or(0)
    }

    pub(super) fn download(&self, node: NodeId) -> u64 {
        self.download.get(node.0 as usize).copied().unwrap_or(0)
    }
}

/// The wasted bytes of a stack by path, with the sums of folders.
#[derive(Default)]
pub(crate) struct WastedBelow {
    /// Only paths that have any.
    bytes: HashMap<NodeId, u64>,
}

impl WastedBelow {
    /// Sums up all that a ledger calls wasted.
    pub(crate) fn of(stack: &Stack, ledger: &Ledger) -> Self {
        let mut below = WastedBelow::default();
        for Wasted {
            added_by,
            entry,
            bytes,
            ..
        } in &ledger.wasted
        {
            let index = stack.layer(*added_by);
            let Some(mut node) = index.and_then(|index| stack.find(&index.path(*entry))) else {
                continue;
            };
            loop {
                *below.bytes.entry(node).or_default() += bytes;
                if node == NodeId::ROOT {
                    break;
                }
                node = stack.parent(node);
            }
        }
        below
    }

    pub(super) fn bytes(&self, node: NodeId) -> u64 {
        self.bytes.get(&node).copied().unwrap_or(0)
    }
}

/// The wasted bytes under the paths of a view that are kept, by node; of folders with those of what is kept in them.
pub(super) fn kept_waste(at: StackPosition<'_>, view: &View, filter: Option<&Filter>) -> Vec<u64> {
    let (stack, Some(wasted)) = (at.stack, at.wasted) else {
        return Vec::new();
    };
    let mut own = vec![0_u64; stack.nodes()];
    for (node, bytes) in &wasted.bytes {
        add(&mut own, *node, *bytes);
    }
    // What is known of a folder has that of what is in it. Children have higher numbers than their parents.
    let nodes = || (1..number(stack.nodes())).map(NodeId);
    for node in nodes() {
        let bytes = own.get(node.0 as usize).copied().unwrap_or(0);
        if let Some(above) = own.get_mut(stack.parent(node).0 as usize) {
            *above = above.saturating_sub(bytes);
        }
    }
    let mut kept = vec![0_u64; stack.nodes()];
    for node in nodes().rev() {
        let at = node.0 as usize;
        if view.contains(node) && filter.is_none_or(|filter| filter.is_kept(node)) {
            add(&mut kept, node, own.get(at).copied().unwrap_or(0));
        }
        let bytes = kept.get(at).copied().unwrap_or(0);
        add(&mut kept, stack.parent(node), bytes);
    }
    kept
}

fn add(sums: &mut [u64], node: NodeId, bytes: u64) {
    if let Some(sum) = sums.get_mut(node.0 as usize) {
        *sum += bytes;
    }
}
