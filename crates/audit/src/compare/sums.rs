//! What the paths of one image come to: size, download and wasted bytes; of folders with all that is below them.

use serde::{Deserialize, Serialize};

use crate::layer::EntryKind;
use crate::ledger::Ledger;
use crate::stack::view::View;
use crate::stack::{NodeId, Stack};

/// What a path costs those who pull an image; of a folder with all that is below it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathCosts {
    /// Bytes of the download: what the entries that layers have of it cost in their blobs. None where the source does not
    /// tell the sizes of the blobs.
    pub download: Option<u64>,
    /// Bytes of files that layers store under this path, and that are not in the final filesystem.
    pub wasted: u64,
}

/// The paths of an image, with their sums.
///
/// Every entry counts at its own path in the layer that has it, in the final filesystem or not; a whiteout at what it hides,
/// or at the nearest folder that is known. A blob that several layers list is downloaded once, and its entries count as
/// [`Ledger::cost`] charges them. So the wasted bytes of the root are those of the ledger, to the byte. Its download is that
/// of the image but for what is no entry's: the framing of the blobs, and layers that are not available.
pub struct Sums<'a> {
    stack: &'a Stack,
    view: View,
    /// These by node.
    size: Vec<u64>,
    download: Option<Vec<u64>>,
    wasted: Vec<u64>,
}

impl<'a> Sums<'a> {
    /// Sums up all layers stacked so far. `ledger` is that of the stack; `blobs_known` says whether the source tells the
    /// sizes of the blobs.
    #[must_use]
    pub fn of(stack: &'a Stack, ledger: &Ledger, blobs_known: bool) -> Self {
        let view = View::stack(stack, stack.depth());
        let mut size = vec![0_u64; stack.nodes()];
        for node in nodes(stack) {
            let own = view.row(stack, node).map_or(0, |row| row.logical_size());
            add(&mut size, node, own);
        }
        let mut wasted = vec![0_u64; stack.nodes()];
        for file in &ledger.wasted {
            if let Some(index) = stack.layer(file.added_by) {
                let node = nearest(stack, &index.path(file.entry));
                add(&mut wasted, node, file.bytes);
            }
        }
        Self {
            size: summed(stack, size),
            download: blobs_known.then(|| summed(stack, downloads(stack, ledger))),
            wasted: summed(stack, wasted),
            stack,
            view,
        }
    }

    /// What is at a path in the final filesystem, its bytes as `ls` shows them, and the layer that made it.
    pub(super) fn at(&self, path: &[u8]) -> Option<(EntryKind, u64, usize)> {
        let node = self.stack.find(path)?;
        let row = self.view.row(self.stack, node)?;
        Some((row.kind, of(&self.size, node), row.layer))
    }

    /// What a path costs; nothing where no layer has it.
    pub(super) fn costs(&self, path: &[u8]) -> PathCosts {
        let node = self.stack.find(path);
        let sum = |sums: &Vec<u64>| node.map_or(0, |node| of(sums, node));
        PathCosts {
            download: self.download.as_ref().map(sum),
            wasted: sum(&self.wasted),
        }
    }

    /// The paths of all folders: those of the final filesystem, and those that layers have something below.
    pub(super) fn folders(&self) -> impl Iterator<Item = Vec<u8>> {
        let mut holds = vec![false; self.stack.nodes()];
        for node in nodes(self.stack).skip(1) {
            if let Some(holds) = holds.get_mut(self.stack.parent(node).0 as usize) {
                *holds = true;
            }
        }
        let is_folder = move |node: &NodeId| {
            let row = self.view.row(self.stack, *node);
            holds.get(node.0 as usize) == Some(&true)
                || row.is_some_and(|row| row.kind == EntryKind::Dir)
        };
        let folders = nodes(self.stack).filter(is_folder);
        folders.map(|node| self.stack.path(node))
    }
}

/// By node what its own entries cost.
fn downloads(stack: &Stack, ledger: &Ledger) -> Vec<u64> {
    let mut download = vec![0_u64; stack.nodes()];
    for (layer, index) in (1..).zip(stack.layers()) {
        for entry in index.entries() {
            let cost = ledger.cost(stack, layer, entry);
            if cost > 0 {
                add(&mut download, nearest(stack, &index.path(entry)), cost);
            }
        }
    }
    download
}

/// The node of a path, or that of the nearest folder above it that any layer mentions: whiteouts may hide nothing.
fn nearest(stack: &Stack, path: &[u8]) -> NodeId {
    let mut node = NodeId::ROOT;
    let names = path.split(|byte| *byte == b'/');
    for name in names.filter(|name| !name.is_empty()) {
        match stack.child(node, name) {
            Some(child) => node = child,
            None => break,
        }
    }
    node
}

fn nodes(stack: &Stack) -> impl DoubleEndedIterator<Item = NodeId> + use<> {
    (0..u32::try_from(stack.nodes()).unwrap_or(u32::MAX)).map(NodeId)
}

fn of(sums: &[u64], node: NodeId) -> u64 {
    sums.get(node.0 as usize).copied().unwrap_or(0)
}

fn add(sums: &mut [u64], node: NodeId, bytes: u64) {
    if let Some(sum) = sums.get_mut(node.0 as usize) {
        *sum = sum.saturating_add(bytes);
    }
}

/// Adds what is in folders to them.
fn summed(stack: &Stack, mut sums: Vec<u64>) -> Vec<u64> {
    // Children have higher numbers than their parents; the root is its own.
    for node in nodes(stack).rev().filter(|node| *node != NodeId::ROOT) {
        let bytes = of(&sums, node);
        add(&mut sums, stack.parent(node), bytes);
    }
    sums
}
