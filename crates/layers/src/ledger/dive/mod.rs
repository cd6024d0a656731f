//! dive's three numbers as dive counts them, faults included, so that a team's thresholds carry over.
//!
//! Read from dive's source (`dive/filetree/efficiency.go`, `dive/image/analysis.go`, commit d6c6919);
//! [`Ledger`](super::Ledger) has the numbers that hold. dive keeps a tree for each layer and lays
//! them over each other by rules of its own: a path keeps what stood below it whatever takes its
//! place, a folder that no entry announces counts as no folder, opaque whiteouts are not there, and
//! a whiteout is a node `.wh.NAME` that is met where its name sorts.

#![allow(
    clippy::indexing_slicing,
    reason = "slots are numbers of rows that the tree itself gave out"
)]

mod merged;
mod tree;

use std::collections::HashMap;

use self::merged::Merged;
use self::tree::{Paths, Tree, TreeReader};
use crate::layer::EntryId;
use crate::stack::Stack;
use crate::steps::{PIECE, Steps, pause};

/// dive's numbers for one image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dive {
    /// The least size of each path over its sizes in all layers; 1 where these are 0.
    pub efficiency: f64,
    /// Bytes of all paths that occur more than once, their last copies too.
    pub wasted_bytes: u64,
    /// Wasted bytes over the bytes of all layers but the first; not a number for 0/0.
    pub user_wasted: f64,
}

impl Dive {
    /// Counts the layers of an image.
    #[must_use]
    pub fn of(stack: &Stack) -> Self {
        Steps::of(Self::in_steps(stack)).finish()
    }

    /// The same, as work of [`Steps`].
    pub async fn in_steps(stack: &Stack) -> Self {
        Details::count(stack, false).await.numbers
    }

    /// [`Self::user_wasted`] where it is a number.
    #[must_use]
    pub fn user_wasted_percent(&self) -> Option<f64> {
        Some(self.user_wasted).filter(|share| share.is_finite())
    }
}

/// All that dive exports of an image.
#[derive(Clone, Debug, PartialEq)]
pub struct Details {
    /// Its numbers.
    pub numbers: Dive,
    /// The layers, base first.
    pub layers: Vec<DiveLayer>,
    /// The paths that occur more than once, those with most bytes first.
    pub inefficient: Vec<Inefficient>,
}

/// What dive keeps of one layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiveLayer {
    /// Bytes of all headers, those of paths stored twice too.
    pub bytes: u64,
    /// The nodes of its tree, each after what is in it; None for a folder that no entry announces.
    pub nodes: Vec<Option<Node>>,
}

/// What a node of a layer's tree is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
    /// An entry of the layer.
    Entry(EntryId),
    /// What is no part of the image, by its place in `LayerIndex::unshown`.
    Unshown(usize),
}

/// A path that occurs more than once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inefficient {
    /// With a leading slash.
    pub path: Vec<u8>,
    /// How often.
    pub count: u32,
    /// Bytes of all its copies, the last one too.
    pub bytes: u64,
}

impl Details {
    /// Counts and lists the layers of an image.
    #[must_use]
    pub fn of(stack: &Stack) -> Self {
        Steps::of(Self::count(stack, true)).finish()
    }

    async fn count(stack: &Stack, listed: bool) -> Self {
        let mut paths = Paths::of(stack);
        let mut merged = Merged::default();
        let mut seen: Vec<Seen> = Vec::new();
        let layers = stack.layers();
        let mut listing = Vec::with_capacity(layers.len());
        let mut until_pause = PIECE;
        // What the layers below make is looked at where something is hidden.
        let last = layers.iter().rposition(|index| tree::hides(index));
        for (at, index) in layers.iter().enumerate() {
            let mut reader = TreeReader::new(index, &mut paths, listed);
            while !reader.read(&mut paths, &mut until_pause) {
                pause().await;
                until_pause = PIECE;
            }
            let (tree, bytes) = reader.finish(&mut paths);
            if index.len() > PIECE {
                pause().await;
            }
            seen.resize(paths.len(), Seen::default());
            if last.is_some_and(|last| at <= last) {
                merged.make_room(paths.len());
                if at == 0 {
                    // What is below the base is, to dive, a copy of the base, with nothing hidden yet.
                    merged.graft(&tree, &paths, false);
                }
            }
            visit(&tree, &merged, &mut seen);
            if last.is_some_and(|last| at < last) {
                merged.graft(&tree, &paths, true);
            }
            listing.push(DiveLayer {
                bytes,
                nodes: tree.listed(),
            });
        }
        let inefficient = inefficient(&seen, &paths);
        let wasted = inefficient.iter().map(|path| path.bytes);
        let user = listing.iter().skip(1).map(|layer| layer.bytes);
        let wasted_bytes = wasted.fold(0, u64::saturating_add);
        let user_size = user.fold(0, u64::saturating_add);
        let least: i128 = seen.iter().map(|seen| i128::from(seen.min)).sum();
        let all: i128 = seen.iter().map(|seen| i128::from(seen.cumulative)).sum();
        Self {
            numbers: Dive {
                efficiency: if all == 0 {
                    1.0
                } else {
                    least as f64 / all as f64
                },
                wasted_bytes,
                user_wasted: wasted_bytes as f64 / user_size as f64,
            },
            layers: listing,
            inefficient,
        }
    }
}

/// dive leaves the order of paths with equal bytes to chance; here it is that of the paths.
fn inefficient(seen: &[Seen], paths: &Paths<'_>) -> Vec<Inefficient> {
    let twice = (0..).zip(seen).filter(|(_, seen)| seen.count >= 2);
    let all = twice.map(|(path, seen)| Inefficient {
        path: paths.text(path),
        count: seen.count,
        bytes: seen.cumulative.unsigned_abs(),
    });
    let mut all: Vec<Inefficient> = all.collect();
    all.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.path.cmp(&b.path)));
    all
}

/// What dive remembers of a path.
#[derive(Clone, Copy, Default)]
struct Seen {
    /// -1 if it was met and no node of it is counted.
    min: i64,
    cumulative: i64,
    count: u32,
}

/// Counts the leaves of a layer; `merged` is what the layers below make.
fn visit(tree: &Tree, merged: &Merged, seen: &mut [Seen]) {
    let mut sums = HashMap::new();
    for (slot, hidden) in tree.leaves() {
        let counted = hidden.map_or(slot.path, |hidden| hidden.counted);
        let seen = &mut seen[counted as usize];
        if seen.count == 0 {
            seen.min = -1;
        }
        let size = match hidden {
            Some(hidden) => match merged.nodes.get(hidden.looked_for as usize) {
                Some(node) if node.present && node.is_dir => {
                    merged.sum(hidden.looked_for, &mut sums)
                }
                Some(node) if node.present => 0,
                // A whiteout of nothing ends the walk of its layer.
                _ => return,
            },
            None => slot.size,
        };
        seen.cumulative = seen.cumulative.saturating_add(size);
        seen.count += 1;
        if seen.min < 0 || size < seen.min {
            seen.min = size;
        }
    }
}
