//! The layers of two images as one list: which of them both have, and what each comes to.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::compare::Update;
use crate::digest::Digest;
use crate::inspection::LayerFacts;

/// What became of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerChange<'a> {
    /// Both images have it: as the old one and as the new one numbers it.
    Kept(&'a LayerFacts, &'a LayerFacts),
    /// Only the old image has it.
    Removed(&'a LayerFacts),
    /// Only the new image has it.
    Added(&'a LayerFacts),
}

/// What a layer comes to, in each image that has it.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LayerSizes {
    /// Its number in the old image, from 1. None where only the new image has it.
    pub old: Option<usize>,
    /// Its number in the new image, from 1. None where only the old image has it.
    pub new: Option<usize>,
    /// Bytes of its blob. None where the source does not tell.
    pub compressed_size: Option<u64>,
    /// Bytes of file content that it stores. None of a layer that is not available.
    pub stored: Option<u64>,
    /// Of these, what the final filesystem of the old image does not reach. None also where only the new image has the layer.
    pub old_wasted: Option<u64>,
    /// The same of the new image.
    pub new_wasted: Option<u64>,
}

impl LayerSizes {
    /// None of a layer that both images have, and of which they waste as much.
    pub(super) fn of(change: LayerChange<'_>) -> Option<Self> {
        let (old, new) = match change {
            LayerChange::Kept(old, new) if old.wasted == new.wasted => return None,
            LayerChange::Kept(old, new) => (Some(old), Some(new)),
            LayerChange::Removed(old) => (Some(old), None),
            LayerChange::Added(new) => (None, Some(new)),
        };
        let any = new.or(old);
        Some(Self {
            old: old.map(|layer| layer.layer),
            new: new.map(|layer| layer.layer),
            compressed_size: any.and_then(|layer| layer.compressed_size),
            stored: any.and_then(|layer| layer.stored),
            old_wasted: old.and_then(|layer| layer.wasted),
            new_wasted: new.and_then(|layer| layer.wasted),
        })
    }
}

/// What tells a layer from others: its blob, or its tar where one image does not know its blobs.
fn identity<'a>(
    old: &[LayerFacts],
    new: &[LayerFacts],
) -> impl Fn(&'a LayerFacts) -> Option<&'a Digest> + Copy + use<'a> {
    let blobs = |layers: &[LayerFacts]| layers.iter().all(|layer| layer.digest.is_some());
    let by_blob = blobs(old) && blobs(new);
    move |layer| match by_blob {
        true => layer.digest.as_ref(),
        false => layer.diff_id.as_ref(),
    }
}

/// The layers of the old image that the new one does not have.
pub(super) fn removed_layers<'a>(
    old: &'a [LayerFacts],
    new: &'a [LayerFacts],
) -> impl Iterator<Item = &'a LayerFacts> {
    let id = identity(old, new);
    let kept: HashSet<_> = new.iter().filter_map(id).collect();
    let is_removed = move |layer: &&'a LayerFacts| id(layer).is_none_or(|id| !kept.contains(id));
    old.iter().filter(is_removed)
}

/// The layers of both images as one list, in the order of the new one; removed layers come where they were.
pub(super) fn layer_changes<'a>(
    old: &'a [LayerFacts],
    new: &'a [LayerFacts],
    update: &Update,
) -> Vec<LayerChange<'a>> {
    let removed: HashSet<usize> = removed_layers(old, new).map(|layer| layer.layer).collect();
    let shared: HashSet<usize> = update.shared.iter().copied().collect();
    let is_removed = |layer: &&'a LayerFacts| removed.contains(&layer.layer);
    let id = identity(old, new);
    let mut rest = old.iter().peekable();
    let mut changes = Vec::new();
    for layer in new {
        while let Some(gone) = rest.next_if(is_removed) {
            changes.push(LayerChange::Removed(gone));
        }
        if !shared.contains(&layer.layer) {
            changes.push(LayerChange::Added(layer));
            continue;
        }
        // Mostly it is the next one; in another order it is elsewhere.
        let is_it = |old: &&'a LayerFacts| id(old) == id(layer);
        let before = rest.next_if(is_it);
        let elsewhere = || old.iter().find(is_it);
        if let Some(before) = before.or_else(elsewhere) {
            changes.push(LayerChange::Kept(before, layer));
        }
    }
    changes.extend(
        rest.filter(|layer| is_removed(layer))
            .map(LayerChange::Removed),
    );
    changes
}
