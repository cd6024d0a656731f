//! What entries cost of a download in which each blob comes once, however often the image lists it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::digest::Digest;
use crate::layer::EntryId;
use crate::stack::Stack;

/// For each layer how its blob is paid for. An entry of a blob that several layers list is charged to one of them: the
/// first where it is live, else the first of all. So it is wasted download only where it is wasted in every one.
pub(super) struct Costs {
    /// By layer, from the base; None for a blob that is listed once.
    shared: Vec<Option<Arc<Shared>>>,
}

struct Shared {
    /// The first layer that lists the blob, from 1.
    first: usize,
    /// By entry the layer that it is charged to.
    payers: Vec<u32>,
}

impl Costs {
    pub(super) fn of(stack: &Stack) -> Self {
        let mut places: BTreeMap<&Digest, Vec<usize>> = BTreeMap::new();
        for (layer, index) in (1..).zip(stack.layers()) {
            // What was not read stands as a blob of nothing.
            if !stack.not_fetched().contains_key(&layer) {
                places.entry(&index.digest).or_default().push(layer);
            }
        }
        let mut shared: Vec<Option<Arc<Shared>>> = vec![None; stack.depth()];
        for layers in places.into_values().filter(|layers| layers.len() > 1) {
            let of_blob = Arc::new(Shared::of(stack, &layers));
            for layer in layers {
                if let Some(place) = shared.get_mut(layer - 1) {
                    *place = Some(Arc::clone(&of_blob));
                }
            }
        }
        Self { shared }
    }

    fn shared(&self, layer: usize) -> Option<&Shared> {
        self.shared.get(layer.checked_sub(1)?)?.as_deref()
    }

    /// Bytes of the download that an entry of a layer costs.
    pub(super) fn entry(&self, stack: &Stack, layer: usize, entry: EntryId) -> u64 {
        let payer = self
            .shared(layer)
            .and_then(|shared| shared.payers.get(entry.0 as usize));
        match payer {
            Some(payer) if *payer as usize != layer => 0,
            _ => stack.layer(layer).map_or(0, |index| index.cost(entry)),
        }
    }

    /// Bytes of the download that a layer is: of its blob where it is the first to list it, else none.
    pub(super) fn layer(&self, stack: &Stack, layer: usize) -> u64 {
        match self.shared(layer) {
            Some(shared) if shared.first != layer => 0,
            _ => stack.layer(layer).map_or(0, |index| index.blob_size),
        }
    }
}

impl Shared {
    fn of(stack: &Stack, layers: &[usize]) -> Self {
        let first = layers.first().copied().unwrap_or_default();
        let index = stack.layer(first);
        let mut payers = vec![first as u32; index.map_or(0, |index| index.len())];
        let mut open: Vec<EntryId> = index
            .into_iter()
            .flat_map(|index| index.entries())
            .collect();
        for layer in layers {
            open.retain(|entry| {
                let wasted = stack.waste(*layer, *entry).is_some();
                if !wasted && let Some(payer) = payers.get_mut(entry.0 as usize) {
                    *payer = *layer as u32;
                }
                wasted
            });
        }
        Self { first, payers }
    }
}
