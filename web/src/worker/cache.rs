//! What was read of images in registries, kept in the browser: layer indexes, checkpoints and documents by digest. Of the
//! contents of files, checkpoints have 32 KiB for every 4 MiB of a large gzip layer.
//!
//! It makes the page faster and never changes what it shows: what is kept is checked before it is used, and where the
//! browser keeps nothing, everything is read again.

mod files;

use std::cell::RefCell;
use std::collections::HashSet;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, select};
use js_sys::Uint8Array;
use onionskin_core::cache::{
    name_of, name_of_document, pack_document, pack_layer, unpack_checkpoints, unpack_document,
    unpack_layer,
};
use onionskin_core::digest::Digest;
use onionskin_core::layer::{Checkpoints, LayerIndex};
use onionskin_core::source::BoxFuture;
use onionskin_core::source::registry::{KeepDocuments, KeptDocument};
use wasm_bindgen_futures::spawn_local;

use self::files::Files;
use super::protocol::CacheSize;

/// Bytes that the cache may take.
const LIMIT: f64 = 500e6;
/// How long an answer of the browser is waited for; a layer can be read again.
const PATIENCE: Duration = Duration::from_secs(3);

const LAYERS: &str = "layers/";
const CHECKPOINTS: &str = "checkpoints/";
const DOCUMENTS: &str = "documents/";

/// The cache of this page's origin; a clone is the same one.
#[derive(Clone, Default)]
pub(crate) struct Cache(Rc<RefCell<Opening>>);

#[derive(Default)]
enum Opening {
    #[default]
    NotYet,
    /// None where the browser keeps nothing.
    Done(Option<Rc<Files>>),
}

thread_local! {
    static CACHE: Cache = Cache::default();
}

impl Cache {
    /// This worker's.
    pub(crate) fn of_worker() -> Self {
        CACHE.with(Clone::clone)
    }

    async fn files(&self) -> Option<Rc<Files>> {
        if let Opening::Done(files) = &*self.0.borrow() {
            return files.clone();
        }
        let files = in_time(async { Files::open("onionskin", LIMIT).await.ok() }).await;
        let files = files.map(Rc::new);
        self.0.replace(Opening::Done(files.clone()));
        files
    }

    /// Which of these blobs have an index in the cache, as far as their names tell.
    pub(crate) async fn known(&self, digests: &[&Digest]) -> HashSet<Digest> {
        let names = match self.files().await {
            Some(files) => in_time(async { files.names().await.ok() }).await,
            None => None,
        };
        let names = names.unwrap_or_default();
        let is_kept = |digest: &&&Digest| names.contains(&layer(digest));
        digests
            .iter()
            .filter(is_kept)
            .map(|digest| (*digest).clone())
            .collect()
    }

    /// The index of the blob with this digest, if it is kept. What is damaged or older is none.
    pub(crate) async fn layer(&self, digest: &Digest) -> Option<LayerIndex> {
        let file = self.read(&layer(digest)).await?;
        unpack_layer(&file.to_vec(), digest).ok()
    }

    /// Keeps the packed index of a layer whose digests were checked.
    pub(crate) fn keep_layer(&self, digest: &Digest, packed: Uint8Array) {
        self.keep(layer(digest), packed);
    }

    /// Packs and keeps the index of a layer whose digests were checked.
    pub(crate) fn keep_index(&self, digest: &Digest, index: &LayerIndex) {
        self.keep_layer(digest, Uint8Array::from(pack_layer(index).as_slice()));
    }

    /// The checkpoints of the blob with this digest, if they are kept. What is damaged or older is none.
    pub(crate) async fn checkpoints(&self, digest: &Digest) -> Option<Checkpoints> {
        let file = self.read(&checkpoints(digest)).await?;
        unpack_checkpoints(&file.to_vec(), digest).ok()
    }

    /// Keeps the packed checkpoints of a layer whose digests were checked.
    pub(crate) fn keep_checkpoints(&self, digest: &Digest, packed: Uint8Array) {
        self.keep(checkpoints(digest), packed);
    }

    /// What keeps documents of registries.
    #[allow(
        clippy::arc_with_non_send_sync,
        reason = "a page has one thread; the trait is Send natively"
    )]
    pub(crate) fn documents(&self) -> Arc<dyn KeepDocuments> {
        Arc::new(Documents(self.clone()))
    }

    /// What the cache takes; none where the browser keeps nothing.
    pub(crate) async fn size(&self) -> Option<CacheSize> {
        let files = self.files().await?;
        let size = in_time(async { files.size().await.ok() }).await;
        size.map(|(files, bytes)| CacheSize { files, bytes })
    }

    /// Removes everything from it, and tells what it takes then.
    pub(crate) async fn clear(&self) -> Option<CacheSize> {
        // However long it takes: who clears it wants to know that it is empty.
        self.files().await?.clear().await.ok()?;
        self.size().await
    }

    async fn read(&self, name: &str) -> Option<Uint8Array> {
        let files = self.files().await?;
        in_time(async { files.read(name).await.ok()? }).await
    }

    fn keep(&self, name: String, file: Uint8Array) {
        let cache = self.clone();
        spawn_local(async move {
            if let Some(files) = cache.files().await {
                // What is not kept is read again.
                let _ = files.write(&name, &file).await;
            }
        });
    }
}

fn layer(digest: &Digest) -> String {
    format!("{LAYERS}{}", name_of(digest))
}

fn checkpoints(digest: &Digest) -> String {
    format!("{CHECKPOINTS}{}", name_of(digest))
}

fn document(repository: &str, digest: &Digest) -> String {
    format!("{DOCUMENTS}{}", name_of_document(repository, digest))
}

/// What comes in time, if it does.
async fn in_time<T>(work: impl Future<Output = Option<T>>) -> Option<T> {
    match select(pin!(work), pin!(gloo_timers::future::sleep(PATIENCE))).await {
        Either::Left((done, _)) => done,
        Either::Right(_) => None,
    }
}

struct Documents(Cache);

impl KeepDocuments for Documents {
    fn document<'a>(
        &'a self,
        repository: &'a str,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Option<KeptDocument>> {
        Box::pin(async move {
            let file = self.0.read(&document(repository, digest)).await?;
            unpack_document(&file.to_vec(), digest).ok()
        })
    }

    fn keep(&self, repository: &str, digest: &Digest, kept: KeptDocument) {
        let file = pack_document(&kept);
        self.0.keep(
            document(repository, digest),
            Uint8Array::from(file.as_slice()),
        );
    }
}
