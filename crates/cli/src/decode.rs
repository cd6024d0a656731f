//! Layers decoded natively: several at once, each on a thread of its own while its bytes still come.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use anyhow::{Context as _, bail, ensure};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use onionskin_core::analysis::{Analysis, IndexLocation};
use onionskin_core::digest::{Digest, Hasher};
use onionskin_core::layer::{Budget, LayerIndex, MemoryBudget, Problem};
use onionskin_core::source::{BlobId, BlobStream, Layer, NotFetched, SourceError};
use onionskin_core::visitors;
use tokio::sync::mpsc;

use crate::cache::{Cache, HELD};
use crate::limits::limit_error;
use crate::memory;
use crate::progress::{LayerProgress, Progress};
use crate::tables::TablesOf;

/// Chunks that may wait between the network and the decoder.
const WAITING_CHUNKS: usize = 16;

/// Layers in work at once, at most: what one registry bears well.
const AT_ONCE: usize = 6;

/// Bytes of a layer's blob from which on it is hashed beside its decoding: smaller ones are done before that pays.
const LARGE: u64 = 4 << 20;

/// What became of a layer.
#[derive(Clone)]
pub(crate) enum Decoded {
    /// It was read. Layers with the same blob share what it holds.
    Read(Arc<LayerIndex>),
    /// It is not available, for this reason.
    NotFetched(NotFetched),
}

/// Where indexes of earlier runs are.
#[derive(Clone, Copy)]
pub(crate) struct LayerCache<'a> {
    pub(crate) cache: &'a Cache,
    /// The bytes are at hand, and are hashed to see that they are what they are said to be. A registry has to give the blob
    /// of a digest, and no other.
    pub(crate) hash: bool,
    /// Those that were read for another image, by the digests of their blobs.
    pub(crate) known: &'a KnownLayers<'a>,
}

/// The index of a blob that was read for another image.
pub(crate) type KnownLayers<'a> = dyn Fn(&Digest) -> Option<Arc<LayerIndex>> + 'a;

/// The indexes of `layers`, in their order; `open` starts the transfer of one. A blob that several of them list is
/// fetched and decoded once, and not at all where its index is in the cache or was read for another image, or its table of
/// contents is enough.
///
/// # Errors
/// That of the layer that fails first; the others are given up then.
pub(crate) async fn decode<'a, Opened>(
    layers: &'a [Layer],
    progress: &'a Progress,
    budget: &'a Arc<Budget>,
    cache: LayerCache<'a>,
    tables: Option<TablesOf<'a>>,
    open: impl Fn(&'a Layer) -> Opened,
) -> anyhow::Result<Vec<Decoded>>
where
    Opened: Future<Output = Result<BlobStream, SourceError>>,
{
    let at_once = processors().clamp(2, AT_ONCE);
    let memory = &memory::budget();
    let (blobs, places) = blobs(layers);
    let open = &open;
    // The largest first, so that none of them is left to the end when all others are done.
    let mut queue: Vec<(usize, &Layer)> = blobs.iter().copied().enumerate().collect();
    queue.sort_by_key(|(_, layer)| Reverse(layer.stored_size()));
    let mut decoded: Vec<(usize, Decoded)> = stream::iter(queue)
        .map(|(place, layer)| async move {
            let bar = || progress.layer(layer.number, layer.compressed_size);
            if let Some(mut index) = cache.index(layer, memory, open, bar).await {
                budget.kept(layer.number, &index).map_err(limit_error)?;
                match Arc::get_mut(&mut index) {
                    Some(own) => memory.kept(layer.number, own)?,
                    None => memory.shared(layer.number, &index)?,
                }
                return Ok((place, Decoded::Read(index)));
            }
            if let Some(tables) = tables
                && let Some(index) = tables.list(layer, memory).await
            {
                return Ok((place, Decoded::Read(index)));
            }
            let blob = match open(layer).await {
                Err(SourceError::NotFetched { reason, .. }) => {
                    return Ok((place, Decoded::NotFetched(reason)));
                }
                blob => blob.map_err(|error| of_layer(layer, error))?,
            };
            let decoded = decode_one(
                layer,
                blob,
                Arc::clone(budget),
                memory.clone(),
                &bar(),
                cache,
            )
            .await?;
            if let Decoded::Read(index) = &decoded {
                cache.cache.keep_layer(index).await;
            }
            anyhow::Ok((place, decoded))
        })
        .buffer_unordered(at_once)
        .try_collect()
        .await?;
    decoded.sort_by_key(|(place, _)| *place);
    let mut seen = 0;
    let of_layer = |(layer, place): (&Layer, usize)| {
        let (_, decoded) = decoded.get(place).context("a layer was not decoded")?;
        if let Decoded::Read(index) = decoded {
            layer.expected().check(index)?;
            if place < seen {
                memory.repeat(layer.number, index)?;
            }
        }
        seen = seen.max(place + 1);
        Ok(decoded.clone())
    };
    layers.iter().zip(places).map(of_layer).collect()
}

/// The indexes of `layers` in a saved analysis, in their order; one that several of them share is read once.
///
/// # Errors
/// A part of it is damaged, or is not what the image names.
pub(crate) async fn analyzed(
    layers: &[Layer],
    analysis: &Analysis,
    budget: &Budget,
) -> anyhow::Result<Vec<Decoded>> {
    let memory = memory::budget();
    let mut known: HashMap<usize, Arc<LayerIndex>> = HashMap::new();
    let mut decoded = Vec::with_capacity(layers.len());
    for layer in layers {
        let section = match analysis.place(layer.number) {
            Some(IndexLocation::Section(section)) => section,
            Some(IndexLocation::NotFetched(reason)) => {
                decoded.push(Decoded::NotFetched(reason));
                continue;
            }
            None => bail!("there is no layer {}", layer.number),
        };
        let index = match known.get(&section) {
            Some(index) => {
                layer.expected().check(index)?;
                memory.repeat(layer.number, index)?;
                Arc::clone(index)
            }
            None => {
                ensure!(
                    memory.has(analysis.size(section).saturating_mul(HELD)),
                    "there is not enough memory for layer {}",
                    layer.number
                );
                let mut index = analysis.index(section, layer, budget).await?;
                memory.kept(layer.number, &mut index)?;
                let index = Arc::new(index);
                known.insert(section, Arc::clone(&index));
                index
            }
        };
        decoded.push(Decoded::Read(index));
    }
    Ok(decoded)
}

fn processors() -> usize {
    thread::available_parallelism().map_or(2, NonZeroUsize::get)
}

/// The first layer of each blob, and for each layer the place of its blob among them.
fn blobs(layers: &[Layer]) -> (Vec<&Layer>, Vec<usize>) {
    let mut blobs = Vec::new();
    let mut known: HashMap<BlobId, usize> = HashMap::new();
    let mut places = Vec::with_capacity(layers.len());
    for layer in layers {
        let next = blobs.len();
        // Media types may differ: as one of them a blob is not even fetched.
        let blob = layer.blob().filter(|_| layer.not_readable().is_none());
        let place = blob.map_or(next, |blob| *known.entry(blob).or_insert(next));
        if place == next {
            blobs.push(layer);
        }
        places.push(place);
    }
    (blobs, places)
}

/// An error of a layer's transfer. That a host is not reached, say, does not name the layer.
fn of_layer(layer: &Layer, error: SourceError) -> anyhow::Error {
    match error.names_what() {
        true => error.into(),
        false => anyhow::Error::new(error).context(name(layer)),
    }
}

fn name(layer: &Layer) -> String {
    format!("layer {}", layer.number)
}

impl<'a> LayerCache<'a> {
    /// The index of a layer, if it is kept or known and the layer is what is expected; decoding says what is wrong otherwise.
    /// What another image says of a blob with this digest is no proof of what this one says of it, or holds.
    async fn index<Opened>(
        self,
        layer: &'a Layer,
        memory: &MemoryBudget,
        open: &impl Fn(&'a Layer) -> Opened,
        bar: impl FnOnce() -> LayerProgress,
    ) -> Option<Arc<LayerIndex>>
    where
        Opened: Future<Output = Result<BlobStream, SourceError>>,
    {
        let digest = layer.kept_as()?;
        let index = match (self.known)(digest) {
            Some(known) => known,
            None => Arc::new(self.cache.layer(digest, memory).await?),
        };
        layer.expected().check(&index).ok()?;
        if self.hash {
            let mut hasher = Hasher::new(digest.algorithm());
            let hash = |mut chunks: Chunks| {
                while let Some(chunk) = chunks.blocking_recv() {
                    hasher.update(&chunk);
                }
                hasher.finish()
            };
            let blob = open(layer).await.ok()?;
            let found = streamed(layer, blob, &bar(), hash).await.ok()?;
            (found == *digest).then_some(())?;
        }
        Some(index)
    }
}

/// What comes of a blob, chunk by chunk.
type Chunks = mpsc::Receiver<bytes::Bytes>;

/// Gives a blob to `work`, on a thread of its own, while its bytes come.
async fn streamed<T: Send + 'static>(
    layer: &Layer,
    mut blob: BlobStream,
    bar: &LayerProgress,
    work: impl FnOnce(Chunks) -> T + Send + 'static,
) -> anyhow::Result<T> {
    let (sender, receiver) = mpsc::channel(WAITING_CHUNKS);
    let working = tokio::task::spawn_blocking(move || work(receiver));
    let failed = |error| of_layer(layer, error);
    while let Some(chunk) = blob.next_chunk().await.map_err(failed)? {
        bar.advance(chunk.len());
        if sender.send(chunk).await.is_err() {
            // It has stopped, and says why.
            break;
        }
    }
    drop(sender);
    working.await.with_context(|| name(layer))
}

async fn decode_one(
    layer: &Layer,
    blob: BlobStream,
    budget: Arc<Budget>,
    memory: MemoryBudget,
    bar: &LayerProgress,
    cache: LayerCache<'_>,
) -> anyhow::Result<Decoded> {
    let mut decoder = visitors::decoder(layer.expected())
        .may_be_other(layer.may_be_other())
        .within(budget)
        .with_memory(memory);
    if cache.cache.is_on() && layer.kept_as().is_some() {
        decoder = decoder.with_checkpoints();
    }
    if processors() > 1 && layer.stored_size().is_none_or(|size| size >= LARGE) {
        decoder = decoder.hash_beside();
    }
    let decode = |mut chunks: Chunks| {
        while let Some(chunk) = chunks.blocking_recv() {
            decoder.push_shared(&chunk)?;
        }
        decoder.finish_with_checkpoints()
    };
    let decoded = streamed(layer, blob, bar, decode).await?;
    match decoded {
        Ok((index, checkpoints)) => {
            if let Some(checkpoints) = checkpoints {
                cache.cache.keep_checkpoints(checkpoints).await;
            }
            Ok(Decoded::Read(Arc::new(index)))
        }
        Err(error) if *error.problem() == Problem::NotTar => {
            Ok(Decoded::NotFetched(NotFetched::NotTar))
        }
        Err(error) => Err(limit_error(error)),
    }
}
