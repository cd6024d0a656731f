//! The layers of an image that are not available, as reports without a list of layers name them.

use serde::{Deserialize, Serialize};

use crate::inspection::LayerFacts;
use crate::source::NotFetched;

/// A layer that is not available. What it holds is not known and is in no number.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UnavailableLayer {
    /// Its number; the base is 1.
    pub layer: usize,
    /// Why, as `layers[].notFetched` of `inspect`.
    pub reason: NotFetched,
}

impl UnavailableLayer {
    /// Those of an image with these layers.
    #[must_use]
    pub fn of(layers: &[LayerFacts]) -> Vec<Self> {
        let of = |layer: &LayerFacts| {
            Some(Self {
                layer: layer.layer,
                reason: layer.not_fetched?,
            })
        };
        layers.iter().filter_map(of).collect()
    }
}
