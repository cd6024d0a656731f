//! Live files with the same content as another one elsewhere, tree by tree.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::gather::{Group, MANY, MANY_TREES, gathered};
use super::live::{File, Live};
use super::{Finding, Kind};
use crate::layer::ContentId;
use crate::stack::{NodeId, Stack};

/// Files that are there more than once, in no order; of equal files the one whose path comes first
/// is the one to keep.
pub(super) fn of(stack: &Stack, live: &Live<'_>) -> Vec<Finding> {
    let mut equal: Vec<(u64, ContentId, u32)> = Vec::with_capacity(live.files.len());
    for (at, file) in (0..).zip(&live.files) {
        if let Some(index) = stack.layer(file.layer()) {
            let (size, content) = (index.logical_size(file.entry), index.content(file.entry));
            equal.push((size, content, at));
        }
    }
    equal.sort_unstable();
    let equal = equal.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1));
    // What is kept and what repeats it, without the names that both end in: copied trees are one.
    let mut trees: BTreeMap<(NodeId, NodeId), Group> = BTreeMap::new();
    for files in equal.filter(|files| files.len() > 1) {
        let mut places: Vec<(Vec<u8>, NodeId, &File)> = files
            .iter()
            .filter_map(|(_, _, at)| {
                let file = live.files.get(*at as usize)?;
                Some((stack.path(file.node), file.node, file))
            })
            .collect();
        places.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let Some(((_, kept, _), copies)) = places.split_first() else {
            continue;
        };
        for (_, copy, file) in copies {
            let group = |kept, copy| Group {
                kept: Some(kept),
                ..live.group(file, copy)
            };
            match trees.entry(differing(stack, *kept, *copy)) {
                // A file alone is no tree, and goes by its own name.
                Entry::Vacant(vacant) => {
                    vacant.insert(group(*kept, *copy));
                }
                Entry::Occupied(mut occupied) => {
                    let (kept, copy) = *occupied.key();
                    let tree = occupied.get_mut();
                    (tree.kept, tree.node) = (Some(kept), copy);
                    tree.take(group(kept, copy));
                }
            }
        }
    }
    let groups = gathered(stack, trees.into_values(), (MANY, MANY_TREES)).into_iter();
    let finding = |group: Group| {
        let advice = advice(stack, group.kept);
        Finding {
            advice,
            ..group.finding(stack, Kind::Duplicate)
        }
    };
    groups.map(finding).collect()
}

/// Both without the names that they end in alike, as long as they stay two trees beside each other: a tree is no
/// copy of one inside it.
fn differing(stack: &Stack, mut a: NodeId, mut b: NodeId) -> (NodeId, NodeId) {
    let both = above_both(stack, a, b);
    while stack.name(a) == stack.name(b) {
        let (above_a, above_b) = (stack.parent(a), stack.parent(b));
        if above_a <= both || above_b <= both {
            break;
        }
        (a, b) = (above_a, above_b);
    }
    (a, b)
}

/// The lowest folder that holds both.
fn above_both(stack: &Stack, mut a: NodeId, mut b: NodeId) -> NodeId {
    // Children have higher numbers than their parents.
    while a != b {
        match a > b {
            true => a = stack.parent(a),
            false => b = stack.parent(b),
        }
    }
    a
}

/// Where many copies were gathered in one folder, what they repeat is no one place.
fn advice(stack: &Stack, kept: Option<NodeId>) -> String {
    let how = "store it once and create links to it in the same step, or copy only what is used";
    match kept {
        Some(kept) => {
            let path = stack.path(kept);
            format!(
                "The same content is at {}: {how}",
                String::from_utf8_lossy(&path)
            )
        }
        None => format!("The same content is at other paths too: {how}"),
    }
}
