//! Update cost: what a pull of one image downloads where another one is there already.

use std::collections::HashSet;

use crate::digest::Digest;
use crate::source::{Image, Layer};

/// What a pull of NEW costs whoever has OLD.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// Bytes of NEW's blobs that OLD does not list, each blob once; None where the size of one is not known.
    pub bytes: Option<u64>,
    /// The layers of NEW, from 1, that OLD lists too.
    pub shared: Vec<usize>,
    /// The layers of NEW, from 1, that are downloaded.
    pub new: Vec<usize>,
}

/// The cost of NEW for whoever has OLD. Layers are the same where their blobs are; engines' archives, which know no
/// blobs, are compared by diff ID.
#[must_use]
pub fn update(old: &Image, new: &Image) -> Update {
    let blobs: HashSet<&Digest> = (old.layers.iter())
        .filter_map(|layer| layer.digest.as_ref())
        .collect();
    let diff_ids: HashSet<&Digest> = (old.layers.iter())
        .filter_map(|layer| layer.diff_id.as_ref())
        .collect();
    let all_blobs_known = |image: &Image| image.layers.iter().all(|layer| layer.digest.is_some());
    let by_blob = all_blobs_known(old) && all_blobs_known(new);
    let has = |layer: &Layer| match by_blob {
        true => layer.digest.as_ref().is_some_and(|id| blobs.contains(id)),
        false => layer
            .diff_id
            .as_ref()
            .is_some_and(|id| diff_ids.contains(id)),
    };
    let (mut shared, mut fetched) = (Vec::new(), Vec::new());
    let mut bytes = Some(0_u64);
    let mut counted = HashSet::new();
    for layer in &new.layers {
        if has(layer) {
            shared.push(layer.number);
            continue;
        }
        fetched.push(layer.number);
        let again = layer.digest.as_ref().is_some_and(|id| !counted.insert(id));
        if !again {
            bytes = bytes
                .zip(layer.compressed_size)
                .and_then(|(sum, size)| sum.checked_add(size));
        }
    }
    Update {
        bytes,
        shared,
        new: fetched,
    }
}
