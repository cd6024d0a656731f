//! Layers decoded natively: several at once, each on a thread of its own while its bytes still come.

use std::num::NonZeroUsize;
use std::thread;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use onionskin_core::layer::{Expected, LayerDecoder, LayerIndex};
use onionskin_core::source::{BlobStream, Layer, SourceError};
use tokio::sync::mpsc;

use crate::progress::{LayerProgress, Progress};

/// Chunks that may wait between the network and the decoder.
const WAITING_CHUNKS: usize = 16;

/// Layers in work at once, at most: what one registry bears well.
const AT_ONCE: usize = 6;

/// What became of a layer.
pub(crate) enum Decoded {
    /// It was read.
    Read(Box<LayerIndex>),
    /// Its source has no copy of it, for this reason.
    NotFetched(String),
}

/// The indexes of `layers`, in their order; `open` starts the transfer of one.
///
/// # Errors
/// That of the first layer that fails; the others are given up then.
pub(crate) async fn decode<'a, Opened>(
    layers: &'a [Layer],
    progress: &'a Progress,
    open: impl Fn(&'a Layer) -> Opened,
) -> anyhow::Result<Vec<Decoded>>
where
    Opened: Future<Output = Result<BlobStream, SourceError>>,
{
    let at_once = thread::available_parallelism()
        .map_or(2, NonZeroUsize::get)
        .clamp(2, AT_ONCE);
    stream::iter(layers)
        .map(|layer| async {
            let decoded = async {
                let blob = match open(layer).await {
                    Err(SourceError::NotFetched { reason, .. }) => {
                        return Ok(Decoded::NotFetched(reason));
                    }
                    blob => blob?,
                };
                let bar = progress.layer(layer.number, layer.compressed_size);
                decode_one(layer, blob, &bar)
                    .await
                    .map(|index| Decoded::Read(Box::new(index)))
            };
            // Most errors name the layer; that a host is not reached, say, is not about one.
            let name = format!("layer {}", layer.number);
            decoded
                .await
                .map_err(|error: anyhow::Error| match error.to_string() {
                    text if text.contains(&name) => error,
                    _ => error.context(name),
                })
        })
        .buffered(at_once)
        .try_collect()
        .await
}

async fn decode_one(
    layer: &Layer,
    mut blob: BlobStream,
    bar: &LayerProgress,
) -> anyhow::Result<LayerIndex> {
    let expected = Expected {
        layer: layer.number,
        digest: layer.digest.clone(),
        size: layer.compressed_size,
        diff_id: layer.diff_id.clone(),
    };
    let (sender, mut receiver) = mpsc::channel::<bytes::Bytes>(WAITING_CHUNKS);
    let decoding = tokio::task::spawn_blocking(move || {
        let mut decoder = LayerDecoder::new(expected);
        while let Some(chunk) = receiver.blocking_recv() {
            decoder.push(&chunk)?;
        }
        decoder.finish()
    });
    while let Some(chunk) = blob.next_chunk().await? {
        bar.advance(chunk.len());
        if sender.send(chunk).await.is_err() {
            // The decoder has stopped; it says why below.
            break;
        }
    }
    drop(sender);
    Ok(decoding.await??)
}
