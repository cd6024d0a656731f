//! The objects of a store: whole, checked, and within a limit.
//!
//! An object is found under its digest or not at all: it is put there in one step once it is whole, and what is there is
//! checked once by each process. What does not have its digest is deleted, and fetched again by who wants it.

mod marks;

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::path::{Path as FilePath, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use futures::TryStreamExt as _;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    Error, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions,
    WriteMultipart,
};
use onionskin_core::cache::name_of;
use onionskin_core::digest::{Digest, Hasher};
use onionskin_core::limits::DOCUMENT_BYTES;
use onionskin_core::report::Visible;

use self::marks::THROUGH;
use super::positioned::read_at;
use super::rest::Rest;
use super::tally::{Counting, Tally, Writing};
use super::{Key, StoreError, StoreOptions, StorePlace};
use crate::limits::{INDEX_BYTES, KNOWN_OBJECTS, STORE_PART_BYTES};
use crate::metrics::Metrics;

/// What all names begin with: another layout of the store would have another.
const ROOT: &str = "v1";
/// The key that gateways share. It is apart from the objects that are counted and deleted.
const KEY_OF_PAGES: &str = "keys/pages";
/// How often objects are counted, which other gateways may have added.
const COUNTED_EVERY: Duration = Duration::from_secs(600);
/// How old the leftovers of a write are that nobody goes on with.
const LEFT_OVER: Duration = Duration::from_secs(3600);

/// Blobs and manifests by digest.
pub(crate) struct Objects {
    store: Arc<dyn ObjectStore>,
    folder: Option<PathBuf>,
    /// Of a bucket: others fail for one object, and at once.
    rest: Option<Rest>,
    limit: u64,
    known: Mutex<HashMap<Digest, Known>>,
    /// Marks that were found or written.
    marked: Mutex<HashSet<Path>>,
    tally: Tally,
    counted: tokio::sync::Mutex<Option<Instant>>,
    key_of_pages: tokio::sync::OnceCell<Key>,
    metrics: Arc<Metrics>,
}

/// An object that this process has checked.
struct Known {
    /// What the store says of the object that was checked: another one is another.
    version: String,
    used: SystemTime,
}

impl Objects {
    pub(super) fn open(options: &StoreOptions, metrics: Arc<Metrics>) -> Result<Self, StoreError> {
        let unusable = |problem| StoreError::Store {
            place: Box::new(options.place.clone()),
            problem,
        };
        let (store, folder): (Arc<dyn ObjectStore>, _) = match &options.place {
            StorePlace::Memory => (Arc::new(InMemory::new()), None),
            StorePlace::Folder(path) => {
                create(path).map_err(|problem| StoreError::Folder {
                    path: path.clone(),
                    problem,
                })?;
                let store = LocalFileSystem::new_with_prefix(path);
                (Arc::new(store.map_err(unusable)?), Some(path.clone()))
            }
            #[cfg(feature = "cloud")]
            StorePlace::Bucket(bucket) => (bucket.open().map_err(unusable)?, None),
            #[cfg(not(feature = "cloud"))]
            StorePlace::Bucket(_) => {
                return Err(unusable(Error::NotImplemented {
                    operation: "open".to_owned(),
                    implementer: "this build".to_owned(),
                }));
            }
        };
        Ok(Self {
            store,
            folder,
            rest: matches!(options.place, StorePlace::Bucket(_)).then(Rest::default),
            limit: options.limit,
            known: Mutex::default(),
            marked: Mutex::default(),
            tally: Tally::default(),
            counted: tokio::sync::Mutex::new(None),
            key_of_pages: tokio::sync::OnceCell::new(),
            metrics,
        })
    }

    /// Bytes that may be stored.
    pub(super) const fn limit(&self) -> u64 {
        self.limit
    }

    /// A file for what is not checked yet. It has no name, so that nothing is left of it when this process is killed.
    pub(super) fn temporary(&self) -> std::io::Result<File> {
        match &self.folder {
            Some(folder) => tempfile::tempfile_in(folder),
            None => tempfile::tempfile(),
        }
    }

    /// The object of this digest, if there is one. It is not checked yet.
    async fn find(&self, digest: &Digest) -> Option<ObjectMeta> {
        if self.is_resting() {
            return None;
        }
        match self.store.head(&path(digest)).await {
            Ok(meta) => Some(meta),
            Err(Error::NotFound { .. }) => None,
            Err(error) => {
                self.failed("read", &error);
                None
            }
        }
    }

    /// Whether the object has its digest. One that has not is deleted.
    pub(crate) async fn is_sound(&self, digest: &Digest, found: &ObjectMeta) -> bool {
        let version = version(found);
        if self.is_known(digest, &version) {
            return true;
        }
        let mut hasher = Hasher::new(digest.algorithm());
        let Some(mut chunks) = self.read(digest, None).await else {
            return false;
        };
        loop {
            match chunks.try_next().await {
                Ok(Some(chunk)) => hasher.update(&chunk),
                Ok(None) => break,
                Err(error) => {
                    self.failed("read", &error);
                    return false;
                }
            }
        }
        if hasher.finish() != *digest {
            self.discard(digest, found.size).await;
            return false;
        }
        self.know(digest, version);
        true
    }

    /// The bytes of an object, or a part of them.
    pub(crate) async fn read(
        &self,
        digest: &Digest,
        part: Option<std::ops::Range<u64>>,
    ) -> Option<BoxStream<'static, Result<Bytes, Error>>> {
        if self.is_resting() {
            return None;
        }
        let options = GetOptions {
            range: part.map(GetRange::Bounded),
            ..GetOptions::default()
        };
        match self.store.get_opts(&path(digest), options).await {
            Ok(found) => Some(found.into_stream()),
            Err(Error::NotFound { .. }) => None,
            Err(error) => {
                self.failed("read", &error);
                None
            }
        }
    }

    /// All of an object that is small, if it has its digest. One that has not is deleted.
    async fn document(&self, digest: &Digest) -> Option<Bytes> {
        let found = self.find(digest).await?;
        if found.size > DOCUMENT_BYTES as u64 {
            return None;
        }
        let chunks = self.read(digest, None).await?;
        let all: Vec<Bytes> = match chunks.try_collect().await {
            Ok(all) => all,
            Err(error) => {
                self.failed("read", &error);
                return None;
            }
        };
        let bytes = Bytes::from(all.concat());
        if Digest::of(digest.algorithm(), &bytes) != *digest {
            self.discard(digest, found.size).await;
            return None;
        }
        self.know(digest, version(&found));
        Some(bytes)
    }

    /// Keeps a document that has this digest.
    pub(crate) async fn keep(&self, digest: &Digest, bytes: Bytes) {
        if let Some(found) = self.find(digest).await
            && self.is_sound(digest, &found).await
        {
            return;
        }
        if self.is_resting() {
            return;
        }
        let size = bytes.len() as u64;
        let writing = self.writing(&path(digest)).await;
        match self.store.put(writing.path(), bytes.into()).await {
            Ok(_) => self.added(writing, size).await,
            Err(error) => self.failed("write", &error),
        }
    }

    /// The file that keeps the index of the layer whose blob has this digest and came through this registry, if there is
    /// one. It is not checked.
    pub(crate) async fn index(&self, registry: &str, digest: &Digest) -> Option<Bytes> {
        if self.is_resting() {
            return None;
        }
        let found = match self.store.get(&path_of_index(registry, digest)).await {
            Ok(found) if found.meta.size <= INDEX_BYTES as u64 => found.bytes().await,
            Ok(_) | Err(Error::NotFound { .. }) => return None,
            Err(error) => Err(error),
        };
        found.map_err(|error| self.failed("read", &error)).ok()
    }

    /// Keeps such a file.
    pub(crate) async fn keep_index(&self, registry: &str, digest: &Digest, file: Bytes) {
        if self.is_resting() || file.len() > INDEX_BYTES {
            return;
        }
        let size = file.len() as u64;
        let path = path_of_index(registry, digest);
        let writing = self.writing(&path).await;
        match self.store.put(writing.path(), file.into()).await {
            Ok(_) => self.added(writing, size).await,
            Err(error) => self.failed("write", &error),
        }
    }

    /// The key with which all gateways that use this store seal links to next pages. Where there is none yet, it is
    /// `candidate`, unless another gateway is quicker.
    pub(crate) async fn key_of_pages(&self, candidate: &Key) -> Option<Key> {
        let key = self.key_of_pages.get_or_try_init(async || {
            if self.is_resting() {
                return Err(());
            }
            let key = self.found_or_made(candidate).await;
            key.map_err(|error| self.failed("share a key", &error))
        });
        key.await.ok().copied()
    }

    async fn found_or_made(&self, candidate: &Key) -> Result<Key, Error> {
        let path = Path::from(KEY_OF_PAGES);
        let found = match self.store.get(&path).await {
            Err(Error::NotFound { .. }) => {
                let bytes = Bytes::copy_from_slice(candidate);
                let create = PutOptions::from(PutMode::Create);
                match self.store.put_opts(&path, bytes.into(), create).await {
                    Ok(_) | Err(Error::AlreadyExists { .. }) => self.store.get(&path).await?,
                    Err(error) => return Err(error),
                }
            }
            found => found?,
        };
        let bytes = found.bytes().await?;
        Ok(Key::try_from(&*bytes).unwrap_or_else(|_| {
            tracing::warn!(
                "{KEY_OF_PAGES} in the store is not a key; delete it, and restart the servers"
            );
            *candidate
        }))
    }

    /// Keeps the first `size` bytes of a file, which have this digest.
    pub(super) async fn keep_file(&self, digest: &Digest, file: &Arc<File>, size: u64) {
        if self.is_resting() {
            return;
        }
        let writing = self.writing(&path(digest)).await;
        match self.copy(writing.path(), file, size).await {
            Ok(()) => self.added(writing, size).await,
            Err(error) => self.failed("write", &error),
        }
    }

    /// An object is going to be written.
    async fn writing(&self, path: &Path) -> Writing<'_> {
        let writing = self.tally.writing(path);
        // Where the store does not say, it will not take the object either.
        if let Ok(found) = self.store.head(path).await {
            writing.replaces(found.size);
        }
        writing
    }

    async fn copy(&self, to: &Path, file: &Arc<File>, size: u64) -> Result<(), Error> {
        let unreadable = |source: std::io::Error| Error::Generic {
            store: "temporary file",
            source: source.into(),
        };
        if size <= STORE_PART_BYTES as u64 {
            let bytes = read_at(
                file,
                0,
                STORE_PART_BYTES.min(usize::try_from(size).unwrap_or(0)),
            );
            self.store
                .put(to, bytes.await.map_err(unreadable)?.into())
                .await?;
            return Ok(());
        }
        let upload = self.store.put_multipart(to).await?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, STORE_PART_BYTES);
        let mut at = 0;
        while at < size {
            let most = (size - at).min(STORE_PART_BYTES as u64);
            let part = match read_at(file, at, usize::try_from(most).unwrap_or(0)).await {
                Ok(part) if !part.is_empty() => part,
                other => {
                    upload.abort().await?;
                    let early = || std::io::ErrorKind::UnexpectedEof.into();
                    return Err(unreadable(other.err().unwrap_or_else(early)));
                }
            };
            at += part.len() as u64;
            upload.wait_for_capacity(1).await?;
            upload.put(part);
        }
        upload.finish().await?;
        Ok(())
    }

    /// What was taken for sound was not when it was read.
    pub(crate) fn distrust(&self, digest: &Digest) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.remove(digest);
    }

    async fn discard(&self, digest: &Digest, size: u64) {
        tracing::warn!("the stored object {digest} is damaged and was deleted");
        self.metrics.stored("damaged");
        self.distrust(digest);
        let path = path(digest);
        match self.store.delete(&path).await {
            Ok(()) => self.tally.removed(&path, size),
            Err(Error::NotFound { .. }) => {}
            Err(error) => self.failed("delete", &error),
        }
    }

    fn is_known(&self, digest: &Digest, version: &str) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get_mut(digest) {
            Some(known) if known.version == version => {
                known.used = SystemTime::now();
                true
            }
            _ => false,
        }
    }

    fn know(&self, digest: &Digest, version: String) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN_OBJECTS {
            known.clear();
        }
        let used = SystemTime::now();
        known.insert(digest.clone(), Known { version, used });
    }

    /// An object was written, and has so many bytes.
    async fn added(&self, writing: Writing<'_>, size: u64) {
        writing.done(size);
        // Who counts already counts for all, and looks once more behind that.
        while let Ok(mut counted) = self.counted.try_lock() {
            let is_due = counted.is_none_or(|when| when.elapsed() >= COUNTED_EVERY);
            if !is_due && self.tally.bytes() <= self.limit {
                break;
            }
            let swept = self.sweep(writing.path()).await;
            *counted = Some(Instant::now());
            match swept {
                // Nothing can be deleted.
                Ok(0) if !is_due => break,
                Ok(_) => {}
                Err(error) => {
                    self.failed("list", &error);
                    break;
                }
            }
        }
        self.metrics.store_bytes(self.tally.bytes());
    }

    /// Counts all objects, and makes room where they are too many; how many were deleted.
    async fn sweep(&self, added: &Path) -> Result<usize, Error> {
        let (counting, all) = self.list().await?;
        let deleted = self.make_room(&counting, all, added).await;
        if let Some(folder) = self.folder.clone() {
            // What a process leaves that was killed while it wrote.
            let clean = move || clean(&folder.join(ROOT), 0);
            let _ = tokio::task::spawn_blocking(clean).await;
        }
        Ok(deleted)
    }

    async fn list(&self) -> Result<(Counting<'_>, Vec<ObjectMeta>), Error> {
        let counting = self.tally.counting();
        let root = Path::from(ROOT);
        let all = self.store.list(Some(&root)).try_collect().await?;
        Ok((counting, all))
    }

    /// Deletes those of the objects that were not used for longest where all are too many, and a little more, so that this
    /// is not done for each new one. The one that was just added stays: file systems keep times only to some milliseconds,
    /// so it may look as old as those before it. So do those that are written or used meanwhile.
    async fn make_room(
        &self,
        counting: &Counting<'_>,
        mut all: Vec<ObjectMeta>,
        added: &Path,
    ) -> usize {
        let began = SystemTime::now();
        counting.listed(all.iter().map(|one| (&one.location, one.size)));
        if self.tally.bytes() <= self.limit {
            return 0;
        }
        all.sort_by_cached_key(|one| {
            let written = one.last_modified.timestamp_micros();
            let used = self.used(&one.location).map(microseconds);
            used.map_or(written, |used| written.max(used))
        });
        let mut deleted = 0;
        for one in all.into_iter().filter(|one| one.location != *added) {
            if self.tally.bytes() <= self.limit / 10 * 9 {
                break;
            }
            let is_used = self.used(&one.location).is_some_and(|used| used >= began);
            if is_used || !counting.is_old(&one.location) {
                continue;
            }
            match self.store.delete(&one.location).await {
                Ok(()) | Err(Error::NotFound { .. }) => {
                    counting.deleted(&one.location, one.size);
                    deleted += 1;
                }
                Err(error) => self.failed("delete", &error),
            }
        }
        deleted
    }

    /// When this process last used an object, if it knows.
    fn used(&self, path: &Path) -> Option<SystemTime> {
        let digest = digest_of(path)?;
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&digest).map(|known| known.used)
    }

    fn failed(&self, what: &'static str, error: &Error) {
        self.metrics.stored("error");
        let now = Instant::now();
        if self.rest.as_ref().is_none_or(|rest| rest.begin(now)) {
            let error = without_queries(&error.to_string());
            tracing::warn!("the store cannot {what}: {}", Visible(&error));
        }
    }

    /// Whether the store failed a moment ago, and is left alone.
    fn is_resting(&self) -> bool {
        self.rest
            .as_ref()
            .is_some_and(|rest| rest.is_on(Instant::now()))
    }
}

/// The place of an object.
fn path(digest: &Digest) -> Path {
    let (algorithm, hex) = (digest.algorithm().name(), digest.hex());
    let first = hex.get(..2).unwrap_or_default();
    Path::from(format!("{ROOT}/{algorithm}/{first}/{hex}"))
}

/// The digest of the object that has this place, or of the one that a mark is for, so that a mark goes when its object does;
/// `None` for indexes of layers.
fn digest_of(path: &Path) -> Option<Digest> {
    let mut parts = path.as_ref().split('/').skip(1);
    let (folder, _, name) = (parts.next()?, parts.next()?, parts.next()?);
    let (algorithm, hex) = match folder {
        THROUGH => {
            let mut parts = name.split('-');
            (parts.next()?, parts.next()?)
        }
        algorithm => (algorithm, name),
    };
    format!("{algorithm}:{hex}").parse().ok()
}

/// The place of a layer's index, by the digest of its blob.
fn path_of_index(registry: &str, digest: &Digest) -> Path {
    path_for(registry, "index", digest)
}

/// The place of what is said of an object and is true for one registry.
fn path_for(registry: &str, folder: &str, digest: &Digest) -> Path {
    let first = digest.hex().get(..2).unwrap_or_default();
    let registry = Digest::sha256(registry.as_bytes());
    // Half of it tells registries apart, and some stores take short names only.
    let registry = registry.hex().get(..32).unwrap_or_default();
    let name = format!("{}-{registry}", name_of(digest));
    Path::from(format!("{ROOT}/{folder}/{first}/{name}"))
}

fn version(meta: &ObjectMeta) -> String {
    let tag = meta.e_tag.as_deref().unwrap_or_default();
    format!(
        "{} {} {tag}",
        meta.size,
        meta.last_modified.timestamp_millis()
    )
}

fn microseconds(time: SystemTime) -> i64 {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// An error without the queries of its URLs, in which clouds have signatures.
fn without_queries(text: &str) -> String {
    let words = text.split_inclusive(char::is_whitespace);
    words
        .map(|word| match word.split_once('?') {
            Some((url, _)) if url.contains("://") => format!("{url}… "),
            _ => word.to_owned(),
        })
        .collect()
}

/// Makes the folder, which only its user may read: what registries sent may be private.
fn create(folder: &FilePath) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Deletes what writes left unfinished: `object_store` writes to `NAME#1` and renames.
fn clean(folder: &FilePath, depth: usize) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let Ok(meta) = entry.metadata() else { continue };
        let is_unfinished = entry.file_name().to_string_lossy().contains('#');
        let age = meta.modified().ok().and_then(|when| when.elapsed().ok());
        if meta.is_dir() && depth < 2 {
            clean(&entry.path(), depth + 1);
        } else if meta.is_file() && is_unfinished && age.is_some_and(|age| age > LEFT_OVER) {
            // Another gateway may have been quicker.
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests;
