//! Reads an image for its badge: by the answers that this gateway gives to others, so that they are checked, limited and kept
//! like those, and in its own process.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::Arc;

use axum::body;
use axum::http::{HeaderMap, Method, StatusCode, Uri, Version, header};
use axum::response::Response;
use bytes::Bytes;
use futures::StreamExt as _;
use onionskin_core::cache::{pack_layer, unpack_layer};
use onionskin_core::digest::{Algorithm, Digest};
use onionskin_core::inspection::Inspection;
use onionskin_core::layer::{Budget, LayerIndex, MemoryBudget, Problem};
use onionskin_core::ledger::Ledger;
use onionskin_core::limits::DOCUMENT_BYTES;
use onionskin_core::platform::Platform;
use onionskin_core::report::badge::BadgeNumbers;
use onionskin_core::source::registry::{Fetched, TagOrDigest};
use onionskin_core::source::{
    BlobId, BlobStream, Documents, Image, Layer, NotFetched, SourceError,
};
use onionskin_core::stack::Stack;
use onionskin_core::visitors;
use tokio::sync::mpsc;

use crate::api;
use crate::client::Client;
use crate::error::Refused;
use crate::limits::BADGE_MEMORY;
use crate::relay::Visitor;
use crate::route::Route;
use crate::served::Served;

/// Chunks that may wait between the network and the decoder.
const WAITING_CHUNKS: usize = 16;

/// Reads images of one repository, for whoever asked.
pub(super) struct Reader {
    pub(super) served: Arc<Served>,
    pub(super) name: String,
    pub(super) client: Option<Client>,
    pub(super) user: Option<String>,
}

/// What became of a layer.
type ReadLayer = Result<Arc<LayerIndex>, NotFetched>;

impl Reader {
    async fn ask(&self, method: Method, route: Route) -> Result<Response, Refused> {
        let visitor = Visitor {
            method: &method,
            version: Version::HTTP_11,
            headers: &HeaderMap::new(),
            connection: None,
            client: self.client,
            user: self.user.as_deref(),
            login: None,
            as_nobody: false,
        };
        api::answered(&self.served, &visitor, None, route, &Uri::from_static("/")).await
    }

    /// A manifest or index. Its bytes have the digest that was asked for.
    pub(super) async fn manifest(&self, pointer: &TagOrDigest) -> Result<Fetched, Refused> {
        let route = Route::Manifest(self.name.clone(), pointer.clone());
        let response = self.ask(Method::GET, route).await?;
        let content_type = response.headers().get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|kind| kind.to_str().ok());
        let content_type = content_type.map(str::to_owned);
        let algorithm = match pointer {
            TagOrDigest::Digest(digest) => digest.algorithm(),
            TagOrDigest::Tag(_) => Algorithm::Sha256,
        };
        let bytes = self.document(response).await?;
        let digest = Digest::of(algorithm, &bytes);
        match pointer {
            TagOrDigest::Digest(wanted) if *wanted != digest => Err(self.other(wanted)),
            _ => Ok(Fetched {
                bytes,
                content_type,
                digest,
            }),
        }
    }

    async fn document(&self, response: Response) -> Result<Bytes, Refused> {
        let bytes = body::to_bytes(response.into_body(), DOCUMENT_BYTES).await;
        bytes.map_err(|error| {
            let message = format!("a document of {} broke off: {error}", self.name);
            Refused::unreachable(StatusCode::BAD_GATEWAY, message)
        })
    }

    fn other(&self, digest: &Digest) -> Refused {
        let message = format!("{digest} of {} has another digest", self.name);
        Refused::unreachable(StatusCode::BAD_GATEWAY, message)
    }

    /// The numbers of the image whose manifest or index `top` is.
    pub(super) async fn numbers(
        &self,
        top: Fetched,
        platform: Option<&Platform>,
    ) -> Result<BadgeNumbers, Refused> {
        let image = Image::open(self, top, platform).await;
        let image = image.map_err(|error| match error {
            SourceError::NoPlatform { .. } => Refused::manifest_unknown(error.to_string()),
            error => Refused::unknown_manifest(error),
        })?;
        let layers = self.layers(&image).await?;
        let count = move || {
            let mut stack = Stack::new();
            for layer in layers {
                match layer {
                    Ok(index) => stack.push(index).map_err(unreadable)?,
                    Err(reason) => stack.push_not_fetched(reason).map_err(unreadable)?,
                }
            }
            let inspection = Inspection::new(&image, &stack, &Ledger::of(&stack));
            Ok(BadgeNumbers::of(&inspection))
        };
        let counted = tokio::task::spawn_blocking(count).await;
        counted.map_err(|_| Refused::not_read())?
    }

    /// The layers, one after the other, each blob once.
    async fn layers(&self, image: &Image) -> Result<Vec<ReadLayer>, Refused> {
        let budget = Arc::new(Budget::default());
        let memory = MemoryBudget::new(Some(BADGE_MEMORY));
        let mut known: HashMap<BlobId, ReadLayer> = HashMap::new();
        let mut layers = Vec::with_capacity(image.layers.len());
        for layer in &image.layers {
            if let Some(reason) = layer.not_readable() {
                layers.push(Err(reason));
                continue;
            }
            let blob = layer.blob();
            let read = match blob.as_ref().and_then(|blob| known.get(blob)) {
                Some(Ok(index)) => {
                    layer.expected().check(index).map_err(unreadable)?;
                    memory.repeat(layer.number, index).map_err(unreadable)?;
                    Ok(Arc::clone(index))
                }
                Some(Err(reason)) => Err(*reason),
                None => self.layer(layer, &budget, &memory).await?,
            };
            if let Some(blob) = blob {
                known.insert(blob, read.clone());
            }
            layers.push(read);
        }
        Ok(layers)
    }

    async fn layer(
        &self,
        layer: &Layer,
        budget: &Arc<Budget>,
        memory: &MemoryBudget,
    ) -> Result<ReadLayer, Refused> {
        if let Some(index) = self.kept(layer, budget, memory).await? {
            return Ok(Ok(Arc::new(index)));
        }
        let blob = match self.blob(layer).await {
            Ok(blob) => blob,
            Err(SourceError::NotFetched { reason, .. }) => return Ok(Err(reason)),
            Err(error) => return Err(Refused::unknown_blob(error)),
        };
        let decoder = visitors::decoder(layer.expected())
            .may_be_other(layer.may_be_other())
            .within(Arc::clone(budget))
            .with_memory(memory.clone());
        let decoded = streamed(blob, move |mut chunks| {
            let mut decoder = decoder;
            while let Some(chunk) = chunks.blocking_recv() {
                decoder.push_shared(&chunk)?;
            }
            decoder.finish()
        });
        match decoded.await? {
            Ok(index) => {
                let index = Arc::new(index);
                self.keep(layer, &index).await;
                Ok(Ok(index))
            }
            Err(error) if *error.problem() == Problem::NotTar => Ok(Err(NotFetched::NotTar)),
            Err(error) => Err(unreadable(error)),
        }
    }

    /// Its index in the store, if the registry lets this gateway have its blob. What is damaged or older is none.
    async fn kept(
        &self,
        layer: &Layer,
        budget: &Budget,
        memory: &MemoryBudget,
    ) -> Result<Option<LayerIndex>, Refused> {
        let (Some(store), Some(digest)) = (self.served.relay().store(), layer.kept_as()) else {
            return Ok(None);
        };
        let registry = self.served.relay().origin(&self.name);
        let Some(file) = store.objects.index(registry, digest).await else {
            return Ok(None);
        };
        let right = Route::Blob(self.name.clone(), digest.clone());
        if !self.served.has(&self.name) && self.ask(Method::HEAD, right).await.is_err() {
            // It is asked for as if nothing were kept, and says why.
            return Ok(None);
        }
        let (digest, expected) = (digest.clone(), layer.expected());
        let unpack = move || {
            let index = unpack_layer(&file, &digest).ok()?;
            expected.check(&index).ok()?;
            Some(index)
        };
        let unpacked = tokio::task::spawn_blocking(unpack).await;
        let Some(mut index) = unpacked.map_err(|_| Refused::not_read())? else {
            return Ok(None);
        };
        budget.kept(layer.number, &index).map_err(unreadable)?;
        memory.kept(layer.number, &mut index).map_err(unreadable)?;
        Ok(Some(index))
    }

    /// Keeps the index of a layer whose digests were checked.
    async fn keep(&self, layer: &Layer, index: &Arc<LayerIndex>) {
        let (Some(store), Some(digest)) = (self.served.relay().store(), layer.kept_as()) else {
            return;
        };
        let index = Arc::clone(index);
        let packed = tokio::task::spawn_blocking(move || pack_layer(&index)).await;
        if let Ok(packed) = packed {
            let registry = self.served.relay().origin(&self.name);
            let kept = store.objects.keep_index(registry, digest, packed.into());
            kept.await;
        }
    }

    async fn blob(&self, layer: &Layer) -> Result<BlobStream, SourceError> {
        if let Some(embedded) = layer.embedded(&self.name) {
            return Ok(embedded);
        }
        let what = format!("layer {} of {}", layer.number, self.name);
        let Some(digest) = &layer.digest else {
            return Err(self.refused(what, Refused::blob_unknown("it has no digest")));
        };
        let route = Route::Blob(self.name.clone(), digest.clone());
        let response = match self.ask(Method::GET, route).await {
            Ok(response) => response,
            Err(refused) => {
                return Err(match self.refused(what, refused) {
                    SourceError::NotFound {
                        what,
                        place,
                        reason,
                    } => layer.not_held(what, place, reason),
                    error => error,
                });
            }
        };
        let of = what.clone();
        let chunks = response.into_body().into_data_stream();
        let chunks = chunks.map(move |chunk| {
            chunk.map_err(|error| SourceError::Relayed {
                what: of.clone(),
                reason: format!("{of} broke off: {error}"),
            })
        });
        Ok(BlobStream::new(what, layer.compressed_size, chunks))
    }

    /// What this gateway says of `what`, as its client would have it.
    fn refused(&self, what: String, refused: Refused) -> SourceError {
        match refused.status {
            StatusCode::NOT_FOUND => SourceError::NotFound {
                what,
                place: self.name.clone(),
                reason: refused.message,
            },
            _ => SourceError::Relayed {
                what,
                reason: refused.message,
            },
        }
    }
}

impl Documents for Reader {
    fn what(&self) -> String {
        self.name.clone()
    }

    async fn manifest(&self, digest: &Digest) -> Result<Fetched, SourceError> {
        let pointer = TagOrDigest::Digest(digest.clone());
        let fetched = Self::manifest(self, &pointer).await;
        fetched.map_err(|refused| self.refused(format!("{}@{digest}", self.name), refused))
    }

    async fn blob(&self, digest: &Digest, _: u64) -> Result<Bytes, SourceError> {
        let asked = async {
            let route = Route::Blob(self.name.clone(), digest.clone());
            let bytes = self.document(self.ask(Method::GET, route).await?).await?;
            match Digest::of(digest.algorithm(), &bytes) == *digest {
                true => Ok(bytes),
                false => Err(self.other(digest)),
            }
        };
        let asked = asked.await;
        asked.map_err(|refused| self.refused(format!("{digest} of {}", self.name), refused))
    }
}

/// What is wrong with a layer, or which limit it goes beyond.
fn unreadable(error: impl Display) -> Refused {
    Refused::unreachable(StatusCode::BAD_GATEWAY, error.to_string())
}

/// Gives a blob to `work`, on a thread of its own, while its bytes come.
async fn streamed<T: Send + 'static>(
    mut blob: BlobStream,
    work: impl FnOnce(mpsc::Receiver<Bytes>) -> T + Send + 'static,
) -> Result<T, Refused> {
    let (sender, receiver) = mpsc::channel(WAITING_CHUNKS);
    let working = tokio::task::spawn_blocking(move || work(receiver));
    while let Some(chunk) = blob.next_chunk().await.map_err(Refused::unknown_blob)? {
        if sender.send(chunk).await.is_err() {
            // It has stopped, and says why.
            break;
        }
    }
    drop(sender);
    working.await.map_err(|_| Refused::not_read())
}
