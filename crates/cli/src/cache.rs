//! What was read of images, kept on disk between runs: layer indexes and documents of registries, by digest.
//!
//! A cache makes commands faster and never changes what they say. Where it cannot be used they do without.

mod command;
mod folder;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{env, io};

use clap::builder::FalseyValueParser;
use etcetera::base_strategy::{BaseStrategy as _, choose_native_strategy};
use onionskin_core::cache::{
    name_of, name_of_document, pack_checkpoints, pack_document, pack_layer, unpack_checkpoints,
    unpack_document, unpack_layer,
};
use onionskin_core::digest::Digest;
use onionskin_core::layer::{Checkpoints, LayerIndex, MemoryBudget};
use onionskin_core::rules::Bytes;
use onionskin_core::source::BoxFuture;
use onionskin_core::source::registry::{KeepDocuments, KeptDocument};

pub(crate) use self::command::{Arguments, run};
use self::folder::{Folder, Part};
use crate::output;

/// Bytes of the cache without a limit of the user's own.
const LIMIT: u64 = 1 << 30;

/// How many times the bytes of a kept index are held while it is read.
pub(crate) const HELD: u64 = 3;

/// The flags of every command that reads images.
#[derive(clap::Args)]
pub(crate) struct CacheArguments {
    /// Do not read from or write to the cache on disk
    #[arg(long, env = "ONIONSKIN_NO_CACHE", hide_env_values = true, value_parser = FalseyValueParser::new())]
    no_cache: bool,

    #[command(flatten)]
    limit: CacheLimit,
}

/// How large the cache may grow.
#[derive(clap::Args)]
pub(crate) struct CacheLimit {
    /// Maximum size of the cache; the least recently used files are removed [default: 1GiB]
    #[arg(
        long = "cache-limit",
        value_name = "BYTES",
        env = "ONIONSKIN_CACHE_LIMIT",
        hide_env_values = true
    )]
    bytes: Option<Bytes>,
}

impl CacheLimit {
    fn bytes(&self) -> u64 {
        self.bytes.map_or(LIMIT, |Bytes(bytes)| bytes)
    }
}

impl CacheArguments {
    /// The user's cache.
    pub(crate) fn open(&self) -> Cache {
        let folder = match self.no_cache {
            true => None,
            false => folder(),
        };
        Cache(folder.map(|folder| Arc::new(Folder::new(folder, self.limit.bytes()))))
    }
}

/// `ONIONSKIN_CACHE`, else the platform's folder for caches. None where there is no home for one.
fn folder() -> Option<PathBuf> {
    let own = env::var_os("ONIONSKIN_CACHE").filter(|folder| !folder.is_empty());
    own.map(PathBuf::from).or_else(|| {
        let platform = choose_native_strategy().ok()?;
        Some(platform.cache_dir().join("onionskin"))
    })
}

/// The cache, or none.
#[derive(Clone)]
pub(crate) struct Cache(Option<Arc<Folder>>);

impl Cache {
    /// The index of the blob with this digest, if it is kept, and there is memory for it.
    pub(crate) async fn layer(&self, digest: &Digest, memory: &MemoryBudget) -> Option<LayerIndex> {
        let folder = Arc::clone(self.0.as_ref()?);
        let (digest, memory) = (digest.clone(), memory.clone());
        let read = move || {
            let fits = |bytes: u64| memory.has(bytes.saturating_mul(HELD));
            let file = told(folder.read(Part::Layers, &name_of(&digest), fits))??;
            // What is damaged or older is replaced once the layer is decoded.
            unpack_layer(&file, &digest).ok()
        };
        tokio::task::spawn_blocking(read).await.ok()?
    }

    /// Keeps the index of a layer whose digests were checked.
    pub(crate) async fn keep_layer(&self, index: &Arc<LayerIndex>) {
        let Some(folder) = self.0.clone() else {
            return;
        };
        let index = Arc::clone(index);
        let keep = move || {
            let name = name_of(&index.digest);
            told(folder.write(Part::Layers, &name, &pack_layer(&index)));
        };
        // It does not panic; and if it did, the layer would not be kept.
        let _ = tokio::task::spawn_blocking(keep).await;
    }

    /// Whether anything is kept.
    pub(crate) const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// The checkpoints of the blob with this digest, if they are kept.
    pub(crate) async fn checkpoints(&self, digest: &Digest) -> Option<Checkpoints> {
        let folder = Arc::clone(self.0.as_ref()?);
        let digest = digest.clone();
        let read = move || {
            let file = told(folder.read(Part::Checkpoints, &name_of(&digest), |_| true))??;
            unpack_checkpoints(&file, &digest).ok()
        };
        tokio::task::spawn_blocking(read).await.ok()?
    }

    /// Keeps the checkpoints of a layer whose digests were checked.
    pub(crate) async fn keep_checkpoints(&self, checkpoints: Checkpoints) {
        let Some(folder) = self.0.clone() else {
            return;
        };
        let keep = move || {
            let name = name_of(&checkpoints.digest);
            told(folder.write(Part::Checkpoints, &name, &pack_checkpoints(&checkpoints)));
        };
        // As above.
        let _ = tokio::task::spawn_blocking(keep).await;
    }

    /// Removes what was not used for longest, as far as the cache is over its limit.
    pub(crate) async fn trim(&self) {
        let Some(folder) = self.0.clone() else {
            return;
        };
        let _ = tokio::task::spawn_blocking(move || told(folder.trim())).await;
    }

    /// What keeps documents of registries.
    pub(crate) fn documents(&self) -> Option<Arc<dyn KeepDocuments>> {
        let folder = self.0.clone()?;
        Some(Arc::new(Documents(folder)))
    }
}

struct Documents(Arc<Folder>);

impl KeepDocuments for Documents {
    fn document<'a>(
        &'a self,
        repository: &'a str,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Option<KeptDocument>> {
        let name = name_of_document(repository, digest);
        let read = move || {
            let file = told(self.0.read(Part::Documents, &name, |_| true))??;
            unpack_document(&file, digest).ok()
        };
        // A document is small.
        Box::pin(std::future::ready(read()))
    }

    fn keep(&self, repository: &str, digest: &Digest, document: KeptDocument) {
        let name = name_of_document(repository, digest);
        told(
            self.0
                .write(Part::Documents, &name, &pack_document(&document)),
        );
    }
}

/// The first problem is said; the work goes on without the cache.
fn told<T>(done: io::Result<T>) -> Option<T> {
    static SAID: AtomicBool = AtomicBool::new(false);
    match done {
        Ok(value) => Some(value),
        Err(error) => {
            if !SAID.swap(true, Ordering::Relaxed) {
                output::note(format_args!(
                    "warning: cannot use the cache: {error}. Set another folder with ONIONSKIN_CACHE, or turn the cache off with --no-cache"
                ));
            }
            None
        }
    }
}
