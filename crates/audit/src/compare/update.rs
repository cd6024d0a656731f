//! Update cost: what a pull of one image downloads where another one is there already.

use std::cmp::Reverse;
use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::layer::EntryKind;
use crate::names::text;
use crate::source::{Image, Layer};
use crate::stack::Stack;

/// Files that are told of each layer.
const FILES: usize = 3;

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

/// A layer that an update downloads, with the files that cost most in it.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewLayer {
    /// Its number in the new image, from 1.
    pub layer: usize,
    /// Up to three of its files: those that cost most, by compressed bytes, then by bytes, then in the order of the tar. None
    /// of a layer that is not available.
    pub files: Vec<LayerFile>,
}

/// A file that a layer stores.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LayerFile {
    /// Its path.
    pub path: String,
    /// Bytes that the layer stores of it.
    pub bytes: u64,
    /// What it costs in the layer's blob; None where the source does not tell the blob's size.
    pub compressed_bytes: Option<u64>,
}

impl LayerFile {
    /// What a list of files has for each: what it costs in the download, else its bytes.
    #[must_use]
    pub fn cost(&self) -> u64 {
        self.compressed_bytes.unwrap_or(self.bytes)
    }
}

/// The largest files of layers of an image, which are numbered from 1.
#[must_use]
pub fn largest_files(image: &Image, stack: &Stack, layers: &[usize]) -> Vec<NewLayer> {
    let of = |number: usize| {
        let index = (stack.layer(number)).filter(|_| !stack.not_fetched().contains_key(&number));
        let is_blob = (image.layers.iter())
            .any(|layer| layer.number == number && layer.compressed_size.is_some());
        let mut largest = Vec::new();
        for (index, entry) in index
            .iter()
            .flat_map(|index| index.entries().map(|entry| (*index, entry)))
        {
            if index.kind(entry) != EntryKind::File || index.size(entry) == 0 {
                continue;
            }
            let key = (
                Reverse(is_blob.then(|| index.cost(entry))),
                Reverse(index.size(entry)),
                entry,
            );
            let at = largest.partition_point(|other| *other < key);
            if at < FILES {
                largest.insert(at, key);
                largest.truncate(FILES);
            }
        }
        let files = largest.into_iter().filter_map(|(cost, bytes, entry)| {
            Some(LayerFile {
                path: text(&index?.path(entry)).into_owned(),
                bytes: bytes.0,
                compressed_bytes: cost.0,
            })
        });
        NewLayer {
            layer: number,
            files: files.collect(),
        }
    };
    layers.iter().copied().map(of).collect()
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
        let again = layer.blob().is_some_and(|blob| !counted.insert(blob));
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
