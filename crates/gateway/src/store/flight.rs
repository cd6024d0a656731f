//! One fetch of a blob for all who ask for it at once.
//!
//! The first one fetches it into a file without a name; all read there as far as it has come, each at its own pace. The
//! last bytes are there only once the digest holds. A fetch that nobody waits for any more ends.

use std::collections::HashMap;
use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt as _, stream};
use onionskin_core::digest::Digest;
use tokio::sync::{OnceCell, watch};
use tracing::Instrument as _;

use super::objects::Objects;
use super::positioned::{read_at, write_at};
use crate::limits::SHARED_BYTES;
use crate::transfer::Cut;

/// Bytes read at once.
const PIECE: u64 = 256 << 10;

/// A blob of a repository, as this gateway names it: bytes that one registry sends are not believed for another until
/// they are checked.
type Key = (String, Digest);

/// The fetches that are under way.
pub(crate) struct Flights {
    /// Where what is fetched is kept, if anywhere.
    objects: Option<Arc<Objects>>,
    places: Mutex<HashMap<Key, Weak<SharedFetch>>>,
    /// Bytes that the files of all of them may come to.
    files: Arc<AtomicU64>,
}

/// Where those meet who want the same blob.
#[derive(Default)]
pub(crate) struct SharedFetch {
    pub(crate) flight: OnceCell<Arc<Flight>>,
}

/// One fetch.
pub(crate) struct Flight {
    /// Bytes of the whole.
    pub(crate) length: u64,
    file: Arc<File>,
    progress: watch::Receiver<Progress>,
}

#[derive(Clone, Default)]
struct Progress {
    /// Bytes that may be read.
    written: u64,
    end: Option<Result<(), Cut>>,
}

/// A file for a fetch of so many bytes.
pub(crate) struct Room {
    bytes: u64,
    file: Arc<File>,
    _taken: FileSpace,
}

/// Bytes of all files together, given back at the end of a fetch.
struct FileSpace {
    files: Arc<AtomicU64>,
    bytes: u64,
}

impl Drop for FileSpace {
    fn drop(&mut self) {
        self.files.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Flights {
    /// For a store, or without one.
    pub(crate) fn new(objects: Option<Arc<Objects>>) -> Self {
        Self {
            objects,
            places: Mutex::default(),
            files: Arc::default(),
        }
    }

    /// Where to meet for a blob. A fetch that failed is not joined.
    pub(crate) fn place(&self, name: &str, digest: &Digest) -> Arc<SharedFetch> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (name.to_owned(), digest.clone());
        let open = places.get(&key).and_then(Weak::upgrade);
        if let Some(open) = open.filter(|place| !place.has_failed()) {
            return open;
        }
        places.retain(|_, place| place.strong_count() > 0);
        let place = Arc::new(SharedFetch::default());
        places.insert(key, Arc::downgrade(&place));
        place
    }

    /// Starts a fetch from `registry` of a blob that has `room`.
    pub(crate) fn start(
        &self,
        place: &Arc<SharedFetch>,
        registry: &str,
        digest: &Digest,
        room: Room,
        chunks: impl Stream<Item = Result<Bytes, Cut>> + Send + 'static,
    ) -> Arc<Flight> {
        let (length, file) = (room.bytes, Arc::clone(&room.file));
        let (sender, progress) = watch::channel(Progress::default());
        let fetch = Fetch {
            objects: self.objects.clone(),
            place: Arc::downgrade(place),
            registry: registry.to_owned(),
            digest: digest.clone(),
            file: Arc::clone(&file),
            sender,
            _room: room,
        };
        tokio::spawn(fetch.run(Box::pin(chunks)).in_current_span());
        Arc::new(Flight {
            length,
            file,
            progress,
        })
    }

    /// Room for a fetch of so many bytes, if there is some.
    pub(crate) fn room(&self, bytes: u64) -> Option<Room> {
        let objects = self.objects.as_ref();
        let limit = objects.map_or(SHARED_BYTES, |objects| objects.limit());
        let taken = self
            .files
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |files| {
                files.checked_add(bytes).filter(|files| *files <= limit)
            });
        taken.ok()?;
        let given_back = FileSpace {
            files: Arc::clone(&self.files),
            bytes,
        };
        let file = match objects {
            Some(objects) => objects.temporary(),
            None => tempfile::tempfile(),
        };
        match file {
            Ok(file) => Some(Room {
                bytes,
                file: Arc::new(file),
                _taken: given_back,
            }),
            Err(error) => {
                // Without a store, there may be no place to write on purpose.
                match objects {
                    Some(_) => tracing::warn!("the store cannot make a temporary file: {error}"),
                    None => tracing::debug!("cannot make a temporary file: {error}"),
                }
                None
            }
        }
    }
}

impl SharedFetch {
    fn has_failed(&self) -> bool {
        let flight = self.flight.get();
        flight.is_some_and(|flight| matches!(flight.progress.borrow().end, Some(Err(_))))
    }

    /// The bytes of the blob, from its start; the fetch goes on as long as somebody has this.
    pub(crate) fn read(
        self: &Arc<Self>,
        flight: &Arc<Flight>,
    ) -> BoxStream<'static, Result<Bytes, Cut>> {
        let progress = flight.progress.clone();
        let start = Some((Arc::clone(self), Arc::clone(flight), progress, 0));
        Box::pin(stream::unfold(start, |state| async move {
            let (place, flight, mut progress, at) = state?;
            loop {
                let (written, end) = {
                    let now = progress.borrow_and_update();
                    (now.written, now.end.clone())
                };
                if at < written {
                    let most = usize::try_from((written - at).min(PIECE)).unwrap_or(0);
                    return Some(match read_at(&flight.file, at, most).await {
                        Ok(piece) if !piece.is_empty() => {
                            let at = at + piece.len() as u64;
                            (Ok(piece), Some((place, flight, progress, at)))
                        }
                        Ok(_) => (Err(Cut::Store("it is too short".to_owned())), None),
                        Err(error) => (Err(Cut::Store(error.to_string())), None),
                    });
                }
                match end {
                    Some(Ok(())) => return None,
                    Some(Err(cut)) => return Some((Err(cut), None)),
                    None if progress.changed().await.is_err() => {
                        let cut = Cut::Upstream("the connection ended early".to_owned());
                        return Some((Err(cut), None));
                    }
                    None => {}
                }
            }
        }))
    }
}

/// What fetches.
struct Fetch {
    objects: Option<Arc<Objects>>,
    place: Weak<SharedFetch>,
    registry: String,
    digest: Digest,
    file: Arc<File>,
    sender: watch::Sender<Progress>,
    _room: Room,
}

impl Fetch {
    async fn run(self, mut chunks: BoxStream<'static, Result<Bytes, Cut>>) {
        let mut written = 0;
        loop {
            let chunk = tokio::select! {
                chunk = chunks.next() => chunk,
                () = self.sender.closed() => return,
            };
            let cut = match chunk {
                Some(Ok(chunk)) => {
                    let length = chunk.len() as u64;
                    match write_at(&self.file, written, chunk).await {
                        Ok(()) => {
                            written += length;
                            self.sender.send_modify(|now| now.written = written);
                            continue;
                        }
                        Err(error) => {
                            tracing::warn!("cannot write a temporary file: {error}");
                            Cut::Store(error.to_string())
                        }
                    }
                }
                Some(Err(cut)) => cut,
                None => break,
            };
            self.sender.send_modify(|now| now.end = Some(Err(cut)));
            return;
        }
        // Until it is stored, those who come find it here.
        let _place = self.place.upgrade();
        self.sender.send_modify(|now| now.end = Some(Ok(())));
        if let Some(objects) = &self.objects {
            objects.mark(&self.registry, &self.digest).await;
            objects.keep_file(&self.digest, &self.file, written).await;
        }
    }
}
