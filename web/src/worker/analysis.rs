//! Saved analyses: fetched from an address, and read from a file. They have layer indexes and no contents of files.

use std::cell::Cell;
use std::io::Write as _;
use std::sync::Arc;

use futures::StreamExt as _;
use onionskin_core::analysis::{Analysis, AnalysisError, IndexLocation, is_analysis};
use onionskin_core::layer::{Budget, LayerIndex};
use onionskin_core::platform::{Platform, choose};
use onionskin_core::source::archive::ReadAt;
use onionskin_core::source::registry::reqwest::{self, Url};
use onionskin_core::source::{Layer, SourceError};
use web_sys::Blob;

use super::file::{BlobWriter, InPlace};
use super::origin::Missing;
use super::protocol::UserError;
use super::registry_access::{self, PageAccess, RegistryAccess};

/// Bytes that tell whether a file is a saved analysis.
const MARK: usize = 8;
/// Bytes of a file that is fetched; the analysis of the largest images has as many.
const LARGEST: u64 = 1 << 30;
/// Between two reports of progress, in milliseconds.
const PAUSE: f64 = 100.0;

/// Whether a file is a saved analysis, as it says.
pub(crate) fn is(file: &Blob) -> bool {
    let start = InPlace::new(file.clone()).and_then(|file| file.read(0, MARK as u64));
    start.is_ok_and(|start| is_analysis(&start))
}

/// Reads the image's documents.
pub(crate) async fn open(file: &Blob) -> Result<Analysis, AnalysisError> {
    let bytes = InPlace::new(file.clone())?;
    // A page has one thread; the trait is Send natively.
    #[allow(clippy::arc_with_non_send_sync)]
    let bytes: Arc<dyn ReadAt> = Arc::new(bytes);
    Analysis::open(bytes).await
}

/// Reads the documents of the image, which has to be for the platform that is wanted.
pub(crate) async fn image(file: &Blob, platform: Option<&Platform>) -> Result<Analysis, UserError> {
    let analysis = open(file).await;
    let analysis = analysis.map_err(|error| UserError::of_analysis(&error))?;
    let image = analysis.image();
    let own = [image.platform.clone()];
    match platform {
        Some(wanted) if choose(Some(wanted), &own).is_none() => {
            Err(UserError::of_image(&SourceError::NoPlatform {
                what: image.reference.clone(),
                wanted: wanted.to_string(),
                available: own.into_iter().flatten().collect(),
            }))
        }
        _ => Ok(analysis),
    }
}

/// Reads the index of a layer.
pub(crate) async fn layer(file: &Blob, layer: &Layer) -> Result<LayerIndex, Missing> {
    let failed = |error: AnalysisError| Missing::Failed(UserError::of_analysis(&error));
    let analysis = open(file).await.map_err(failed)?;
    match analysis.place(layer.number) {
        Some(IndexLocation::Section(section)) => {
            let index = analysis.index(section, layer, &Budget::default()).await;
            index.map_err(failed)
        }
        Some(IndexLocation::NotFetched(reason)) => Err(Missing::NotFetched(reason)),
        None => Err(UserError::of_worker(0).into()),
    }
}

/// Fetches the file at an address, which may be relative to the page; `told` hears how many bytes are here, and of how many,
/// where that is known.
pub(crate) async fn fetched(
    address: &str,
    told: impl Fn(u64, Option<u64>),
) -> Result<Blob, UserError> {
    let here = registry_access::base().ok_or_else(|| UserError::of_worker(0))?;
    let url = here.join(address).ok();
    let url = url.filter(|url| matches!(url.scheme(), "https" | "http"));
    let url = url.ok_or_else(|| UserError::of_address(address, "it is not an http address"))?;
    let is_elsewhere = url.origin() != here.origin();
    // A gateway's policy lets its page connect to nothing else.
    if is_elsewhere && PageAccess::find().await?.usual == RegistryAccess::Gateway(here.to_string())
    {
        return Err(UserError::of_other_origin(url.as_str()));
    }
    let origin = here.origin().ascii_serialization();
    let unreachable = || UserError::of_fetched(url.as_str(), is_elsewhere.then_some(&*origin));
    let answer = reqwest::get(url.clone()).await.map_err(|_| unreachable())?;
    let status = answer.status();
    if !status.is_success() {
        return Err(UserError::of_status(url.as_str(), status.as_u16()));
    }
    let whole = answer.content_length();
    let problem = |error: std::io::Error| UserError::of_address(url.as_str(), &error.to_string());
    let mut kept = BlobWriter::new().map_err(problem)?;
    let mut chunks = answer.bytes_stream();
    let mut start = Vec::new();
    let (mut received, told_at) = (0, Cell::new(0.0));
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk
            .map_err(|_| UserError::of_address(url.as_str(), "the connection was interrupted"))?;
        if start.len() < MARK {
            start.extend(chunk.iter().take(MARK - start.len()));
            if start.len() == MARK && !is_analysis(&start) {
                return Err(not_one(&url));
            }
        }
        received += chunk.len() as u64;
        if received > LARGEST {
            return Err(UserError::of_address(
                url.as_str(),
                "it is larger than 1 GiB",
            ));
        }
        kept.write_all(&chunk).map_err(problem)?;
        let now = js_sys::Date::now();
        if now - told_at.get() >= PAUSE {
            told_at.set(now);
            // A host may compress what it sends.
            told(received, whole.filter(|whole| *whole >= received));
        }
    }
    if !is_analysis(&start) {
        return Err(not_one(&url));
    }
    kept.flush().map_err(problem)?;
    kept.blob().map_err(problem)
}

fn not_one(url: &Url) -> UserError {
    UserError::of_address(url.as_str(), "what is there is not a saved analysis")
}
