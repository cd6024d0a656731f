//! What was read of images in registries, kept in the browser: layer indexes, checkpoints and documents by digest. Of the
//! contents of files, checkpoints have 32 KiB for every 4 MiB of a large gzip layer. Beside them are encrypted files of the
//! visitor (see `kept_file`).
//!
//! It makes the page faster and never changes what it shows: what is kept is checked before it is used, and where the
//! browser keeps nothing, everything is read again.

mod files;

use std::cell::Cell;
use std::collections::HashSet;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::channel::oneshot;
use futures::future::{Either, LocalBoxFuture, Shared, select};
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
const ENCRYPTED: &str = "encrypted/";

/// The cache of this page's origin; a clone is the same one.
#[derive(Clone)]
pub(crate) struct Cache(Rc<Database>);

/// The database of the cache, which is opened once.
struct Database {
    /// None where the browser keeps nothing.
    files: Shared<LocalBoxFuture<'static, Option<Rc<Files>>>>,
    /// How many answers did not come in time and are still due.
    overdue: Cell<u32>,
}

thread_local! {
    static CACHE: Cache = Cache::open("onionskin");
}

impl Cache {
    /// This worker's.
    pub(crate) fn of_worker() -> Self {
        CACHE.with(Clone::clone)
    }

    fn open(name: &'static str) -> Self {
        let files = async move { Files::open(name, LIMIT).await.ok().map(Rc::new) };
        Self(Rc::new(Database {
            files: files.boxed_local().shared(),
            overdue: Cell::new(0),
        }))
    }

    async fn files(&self) -> Option<Rc<Files>> {
        match self.0.files.peek() {
            Some(files) => files.clone(),
            None => self.in_time(self.0.files.clone()).await,
        }
    }

    /// What comes in time, if it does. Where an earlier answer is still due, nobody waits once more.
    async fn in_time<T: 'static>(
        &self,
        work: impl Future<Output = Option<T>> + 'static,
    ) -> Option<T> {
        let overdue = &self.0.overdue;
        if overdue.get() > 0 {
            return None;
        }
        let done = to_its_end(work);
        match select(done, pin!(gloo_timers::future::sleep(PATIENCE))).await {
            Either::Left((done, _)) => done.ok()?,
            Either::Right((_, done)) => {
                overdue.set(overdue.get() + 1);
                let cache = self.clone();
                spawn_local(async move {
                    // Whatever it is, the browser answers again.
                    let _ = done.await;
                    let overdue = &cache.0.overdue;
                    overdue.set(overdue.get().saturating_sub(1));
                });
                None
            }
        }
    }

    /// Which of these blobs have an index in the cache, as far as their names tell.
    pub(crate) async fn known(&self, digests: &[&Digest]) -> HashSet<Digest> {
        let names = match self.files().await {
            Some(files) => self.in_time(async move { files.names().await.ok() }).await,
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
        let file = self.read(layer(digest)).await?;
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
        let file = self.read(checkpoints(digest)).await?;
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

    /// The encrypted file of this name, if it is kept.
    pub(crate) async fn file(&self, name: &str) -> Option<Uint8Array> {
        self.read(format!("{ENCRYPTED}{name}")).await
    }

    /// Keeps an encrypted file; whether it is kept.
    pub(crate) async fn keep_file(&self, name: &str, file: Uint8Array) -> bool {
        let Some(files) = self.files().await else {
            return false;
        };
        let name = format!("{ENCRYPTED}{name}");
        let kept = to_its_end(async move { files.write(&name, &file).await.is_ok() });
        kept.await.unwrap_or_default()
    }

    /// What the cache takes; none where the browser keeps nothing.
    pub(crate) async fn size(&self) -> Option<CacheSize> {
        let files = self.files().await?;
        let size = self.in_time(async move { files.size().await.ok() }).await;
        size.map(|(files, bytes)| CacheSize { files, bytes })
    }

    /// Removes everything from it, and tells what it takes then.
    pub(crate) async fn clear(&self) -> Option<CacheSize> {
        // However long it takes: who clears it wants to know that it is empty.
        let files = self.files().await?;
        let cleared = to_its_end(async move { files.clear().await.ok() });
        cleared.await.ok()??;
        self.size().await
    }

    async fn read(&self, name: String) -> Option<Uint8Array> {
        let files = self.files().await?;
        self.in_time(async move { files.read(&name).await.ok()? })
            .await
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

/// Does this even when nobody waits for it any more: the browser calls the handlers of its requests in any case, and to
/// call those of a dropped request is an error, which ends the worker.
fn to_its_end<T: 'static>(work: impl Future<Output = T> + 'static) -> oneshot::Receiver<T> {
    let (sender, done) = oneshot::channel();
    spawn_local(async move {
        // Nobody may be there.
        let _ = sender.send(work.await);
    });
    done
}

struct Documents(Cache);

impl KeepDocuments for Documents {
    fn document<'a>(
        &'a self,
        repository: &'a str,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Option<KeptDocument>> {
        Box::pin(async move {
            let file = self.0.read(document(repository, digest)).await?;
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
