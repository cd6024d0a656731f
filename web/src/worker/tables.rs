//! Layers that are listed from their tables of contents, and reading them when the visitor wants that: what was read takes the
//! place of what was listed.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::LocalBoxFuture;
use onionskin_core::layer::LayerIndex;
use onionskin_core::layer::table::{TableError, TableOfContents};
use onionskin_core::source::{Layer, Source};

use super::decode;
use super::protocol::{DecodedLayer, Differences};
use super::whole::LayerResult;
use crate::counts::number;

/// Reads the table of a layer, as [`Source::table`] does.
pub type ReadTable = for<'a> fn(
    &'a Source,
    &'a Layer,
) -> LocalBoxFuture<'a, Option<Result<TableOfContents, TableError>>>;

/// Reads one. What it takes is a part of the program, because most layers have none.
pub fn read<'a>(
    source: &'a Source,
    layer: &'a Layer,
) -> LocalBoxFuture<'a, Option<Result<TableOfContents, TableError>>> {
    Box::pin(async { source.table(layer, &decode::memory()).await })
}

/// Paths that are told of which a table and its layer say different things.
const TOLD: usize = 20;

/// What came of reading listed layers.
pub(crate) struct EndedReading {
    pub(crate) came: Vec<(u32, LayerResult)>,
    /// Those that are listed still.
    pub(crate) left: Vec<(u32, DecodedLayer)>,
}

/// The tables of the layers that were not read.
#[derive(Default)]
pub(crate) struct Tables {
    known: BTreeMap<u32, Arc<TableOfContents>>,
    /// The layers that are being read because the visitor wants that, and what came of them.
    wanted: BTreeMap<u32, Option<LayerResult>>,
}

impl Tables {
    pub(crate) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Keeps the table of a layer that was not read.
    pub(crate) fn add(&mut self, layer: u32, table: Arc<TableOfContents>) {
        self.known.insert(layer, table);
    }

    /// The table by which a layer is known, if that is all.
    pub(crate) fn of(&self, layer: u32) -> Option<&Arc<TableOfContents>> {
        self.known.get(&layer)
    }

    /// Layers that were listed are being read.
    pub(crate) fn is_reading(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// Of these layers of an image, those that are listed and are to be read: one of them with all that have its blob, or all.
    pub(crate) fn want(&mut self, layers: &[Layer], one: Option<u32>) -> Vec<Layer> {
        let is_listed = |layer: &&Layer| self.known.contains_key(&number(layer.number));
        let chosen = one.and_then(|one| layers.iter().find(|layer| number(layer.number) == one));
        let is_chosen = |layer: &&Layer| {
            one.is_none() || chosen.is_some_and(|chosen| chosen.blob() == layer.blob())
        };
        let listed = layers.iter().filter(is_listed).filter(is_chosen);
        let listed: Vec<Layer> = listed.cloned().collect();
        self.wanted = listed
            .iter()
            .map(|layer| (number(layer.number), None))
            .collect();
        listed
    }

    /// Takes what came of a layer, if it was listed; gives it back otherwise.
    pub(crate) fn take(&mut self, layer: u32, came: LayerResult) -> Option<LayerResult> {
        match self.wanted.get_mut(&layer) {
            Some(place) => {
                *place = Some(came);
                None
            }
            None => Some(came),
        }
    }

    /// Reading listed layers ended: what came of them, and what is listed still.
    pub(crate) fn end(&mut self) -> EndedReading {
        let (mut came, mut left) = (Vec::new(), Vec::new());
        for (layer, what) in std::mem::take(&mut self.wanted) {
            match what {
                Some(what) => {
                    self.known.remove(&layer);
                    came.push((layer, what));
                }
                None => {
                    let table = self.of(layer);
                    left.extend(table.map(|table| (layer, DecodedLayer::of(table.index()))));
                }
            }
        }
        EndedReading { came, left }
    }

    /// Where a table and the layer that was read say different things.
    pub(crate) fn differences(&self, layer: u32, index: &LayerIndex) -> Option<Differences> {
        let all = self.of(layer)?.differences(index);
        (!all.is_empty()).then(|| Differences {
            told: all.iter().take(TOLD).cloned().collect(),
            all: all.len() as u64,
        })
    }
}
