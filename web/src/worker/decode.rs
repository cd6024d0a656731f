//! A decoder: fetches one layer after the other, and hands over their indexes.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use futures::future::try_join;
use js_sys::Uint8Array;
use onionskin_core::cache::{pack_checkpoints, pack_layer};
use onionskin_core::layer::table::TableOfContents;
use onionskin_core::layer::{
    Budget, BudgetLeft, Checkpoints, LayerError, LayerIndex, MemoryBudget, Problem,
};
use onionskin_core::source::{Layer, NotFetched, Source, SourceError};
use onionskin_core::visitors;
use serde::{Deserialize, Serialize};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, DedicatedWorkerGlobalScope};

use super::hashing::{Ended, Hasher};
use super::origin::{Job, Missing, Origin, ReadMode};
use super::port;
use super::protocol::UserError;
use super::requests;
use super::saved_reader;
use crate::counts::number;

/// What a decoder tells the image worker.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Report {
    /// It runs and waits for a job.
    Ready,
    /// So many bytes of the blob are here.
    Progress(u64),
    /// The next message is the layer's checkpoints, packed as a cache keeps them. They come before the index.
    Checkpoints,
    /// The next message is the layer's index, packed as a cache keeps it.
    Decoded,
    /// The layer was not read. The next message is its table of contents.
    Listed,
    /// Its table cannot be used, for this reason: it is read as a whole.
    Unlisted(String),
    /// The layer is not available, for this reason.
    NotFetched(NotFetched),
    Failed(UserError),
    /// The layer goes beyond a limit of its image.
    TooMuch(UserError),
}

/// What came of a layer.
pub(crate) enum Done {
    Read(Box<LayerIndex>, Option<Checkpoints>),
    Listed(TableOfContents),
}

/// Between two reports of progress, in milliseconds.
const PAUSE: f64 = 100.0;

/// Waits for jobs.
pub(crate) fn serve(scope: &DedicatedWorkerGlobalScope) {
    let answers = Rc::new(scope.clone());
    let chosen = Rc::new(RefCell::new(None));
    port::listen(scope, move |data| {
        if let Some(file) = port::file(&data) {
            chosen.replace(Some(file));
            return;
        }
        let Some((job, left, threads)) = port::unpack::<(Job, BudgetLeft, Threads)>(&data) else {
            return;
        };
        let (scope, file) = (Rc::clone(&answers), chosen.borrow().clone());
        spawn_local(async move {
            let hear = |news| {
                port::tell(
                    &scope,
                    &match news {
                        News::Received(bytes) => Report::Progress(bytes),
                        News::Unlisted(reason) => Report::Unlisted(reason),
                    },
                );
            };
            let budget = Arc::new(Budget::from(left));
            let room = (budget, memory());
            match run(&job, file.as_ref(), room, threads, hear).await {
                Ok(Done::Listed(table)) => {
                    port::tell(&scope, &Report::Listed);
                    port::tell_bytes(&scope, &Uint8Array::from(table.to_bytes().as_slice()));
                }
                Ok(Done::Read(index, checkpoints)) => {
                    if let Some(checkpoints) = checkpoints {
                        let packed = pack_checkpoints(&checkpoints);
                        port::tell(&scope, &Report::Checkpoints);
                        port::tell_bytes(&scope, &Uint8Array::from(packed.as_slice()));
                    }
                    port::tell(&scope, &Report::Decoded);
                    port::tell_bytes(&scope, &Uint8Array::from(pack_layer(&index).as_slice()));
                }
                Err(Missing::NotFetched(reason)) => {
                    port::tell(&scope, &Report::NotFetched(reason));
                }
                Err(Missing::Failed(problem)) => port::tell(&scope, &Report::Failed(problem)),
                Err(Missing::TooMuch(problem)) => port::tell(&scope, &Report::TooMuch(problem)),
            }
        });
    });
    port::tell(scope, &Report::Ready);
}

/// What is told of a layer that is being read.
pub(crate) enum News {
    /// So many bytes of the blob are here.
    Received(u64),
    /// Its table cannot be used, for this reason.
    Unlisted(String),
}

/// What a layer may take of what its image may take.
pub(crate) type Room = (Arc<Budget>, MemoryBudget);

/// Bytes of memory that the layers of an image may take in a worker, of the 4 GiB that WebAssembly has: beyond them it
/// would end the worker without a word.
const MEMORY: u64 = 3 << 30;

/// The memory of an image of which nothing was read yet.
pub(crate) fn memory() -> MemoryBudget {
    MemoryBudget::new(Some(MEMORY))
}

/// Whether a processor has nothing else to do, which can hash beside the decoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Threads {
    One,
    Two,
}

/// Bytes of a layer from which on it is hashed beside its decoding: a smaller one is decoded before the worker for that runs.
const LARGE: u64 = 8 << 20;

/// Bytes of a blob that are decoded at once while another worker hashes: it gets at most 64 MiB of them, as zstd packs.
const BITE: usize = 2 << 10;

/// Fetches and decodes a layer, telling some ten times a second how far it is. A large one has checkpoints. Of one that its
/// table lists nothing else is fetched.
pub(crate) async fn run(
    job: &Job,
    file: Option<&Blob>,
    (budget, memory): Room,
    threads: Threads,
    hear: impl Fn(News),
) -> Result<Done, Missing> {
    if threads == Threads::Two {
        let own = Arc::new(Budget::from(budget.left()));
        match read(job, file, (own, memory.clone()), threads, &hear).await {
            Ok(done) => return Ok(done),
            Err(Stop::Missing(missing)) => return Err(missing),
            // Without that worker it is hashed in place.
            Err(Stop::Unhashed) => {}
        }
    }
    let done = read(job, file, (budget, memory), Threads::One, &hear).await;
    done.map_err(|stop| match stop {
        Stop::Missing(missing) => missing,
        Stop::Unhashed => UserError::of_worker(number(job.layer.number)).into(),
    })
}

/// Why a layer was not read this time.
enum Stop {
    Missing(Missing),
    /// The worker that was to hash it ended.
    Unhashed,
}

impl From<Missing> for Stop {
    fn from(missing: Missing) -> Self {
        Self::Missing(missing)
    }
}

impl From<UserError> for Stop {
    fn from(problem: UserError) -> Self {
        Self::Missing(problem.into())
    }
}

impl From<Ended> for Stop {
    fn from(Ended: Ended) -> Self {
        Self::Unhashed
    }
}

/// As [`run`], once.
async fn read(
    job: &Job,
    file: Option<&Blob>,
    (budget, memory): Room,
    threads: Threads,
    hear: &impl Fn(News),
) -> Result<Done, Stop> {
    let layer = &job.layer;
    let shown = number(layer.number);
    if job.is_saved() && requests::later::fetch_files().await.is_err() {
        return Err(UserError::of_part(shown).into());
    }
    if let (Origin::Analysis, Some(file), Some(saved)) = (&job.origin, file, saved_reader::reader())
    {
        let index = (saved.layer)(file.clone(), layer.clone()).await?;
        return Ok(Done::Read(Box::new(index), None));
    }
    let source = source(job, file)?;
    // Without what reads tables, the layer is read.
    if job.how == ReadMode::Table
        && layer.is_listable()
        && let Ok(read) = requests::later::fetch_tables().await
    {
        match read(&source, layer).await {
            Some(Ok(table)) => return Ok(Done::Listed(table)),
            Some(Err(error)) => hear(News::Unlisted(error.to_string())),
            None => {}
        }
    }
    let decoder = visitors::decoder(layer.expected())
        .may_be_other(layer.may_be_other())
        .within(budget)
        .with_memory(memory)
        .with_checkpoints();
    let fetching = |error| job.problem(&error);
    let hasher = async {
        let is_large = layer.stored_size().is_some_and(|size| size >= LARGE);
        Ok(match threads {
            Threads::Two if is_large => Hasher::start().await,
            _ => None,
        })
    };
    // What cannot be had is told at once.
    let started = try_join(source.layer(layer), hasher).await;
    let (mut blob, hasher) = started.map_err(|error| match error {
        SourceError::NotFetched { reason, .. } => Missing::NotFetched(reason),
        error => Missing::Failed(fetching(error)),
    })?;
    let mut told = 0.0;
    let mut progress = |bytes| {
        let now = js_sys::Date::now();
        if now - told >= PAUSE {
            told = now;
            hear(News::Received(bytes));
        }
    };
    let refused = |error| Missing::of_layer(shown, &error);
    let finished = match hasher {
        Some(hasher) => {
            let [mut of_blob, mut of_tar] = [0, 1].map(|stream| hasher.stream(stream));
            let (mut decoder, plans) = decoder.hash_elsewhere(
                move |data: &[u8]| of_blob.take(data),
                move |data: &[u8]| of_tar.take(data),
            );
            hasher.begin(plans);
            while let Some(chunk) = blob.next_chunk().await.map_err(fetching)? {
                for bite in chunk.chunks(BITE) {
                    decoder.push(bite).map_err(refused)?;
                    hasher.room().await?;
                }
                progress(decoder.blob_bytes());
            }
            let layer = decoder.end().map_err(refused)?;
            let [of_blob, of_tar] = hasher.hashed().await?;
            layer.finish(of_blob, of_tar)
        }
        None => {
            let mut decoder = decoder;
            while let Some(chunk) = blob.next_chunk().await.map_err(fetching)? {
                decoder.push(&chunk).map_err(refused)?;
                progress(decoder.blob_bytes());
            }
            decoder.finish_with_checkpoints()
        }
    };
    match finished {
        Ok((index, checkpoints)) => Ok(Done::Read(Box::new(index), checkpoints)),
        Err(error) if *error.problem() == Problem::NotTar => {
            Err(Missing::NotFetched(NotFetched::NotTar).into())
        }
        Err(error) => Err(Missing::of_layer(shown, &error).into()),
    }
}

/// Checks an index that was decoded for another layer with the same blob.
pub(crate) fn check(layer: &Layer, index: &LayerIndex) -> Result<(), LayerError> {
    layer.expected().check(index)
}

/// Where the bytes of the layer are.
pub(crate) fn source(job: &Job, file: Option<&Blob>) -> Result<Source, UserError> {
    match (&job.origin, file) {
        (Origin::Registry(place), _) => Ok(Source::Registry(place.remote()?)),
        (Origin::File(name), Some(file)) => match saved_reader::reader() {
            Some(saved) => (saved.source)(name, file),
            None => Err(UserError::of_part(number(job.layer.number))),
        },
        (Origin::File(_), None) => Err(UserError::of_worker(number(job.layer.number))),
        (Origin::Analysis, _) => Err(UserError::no_contents()),
    }
}
