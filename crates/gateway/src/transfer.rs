//! A blob on its way from a registry to a client: its framing is ours, and its last bytes follow only when all of
//! them are what they should be.
//!
//! What a registry says of its answer's length is counted against and never copied. A client of a registry that
//! sends something else than the digest gets a broken transfer, and never a whole answer.

mod checked;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use metrics::SharedString;
use onionskin_core::digest::Digest;
use onionskin_core::source::SourceError;
use onionskin_core::source::registry::BlobAnswer;

use self::checked::{Checked, TransferRecord};
pub(crate) use self::checked::{Chunks, Cut};
use crate::error::Refused;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::mismatches::{Mismatch, Mismatches};
use crate::policy;
use crate::range::{RequestedRange, SentRange, number};
use crate::repository::CONTENT_DIGEST;

/// Who asks for what.
pub(crate) struct BlobRequest<'a> {
    /// The repository's name here.
    pub(crate) name: &'a str,
    pub(crate) digest: &'a Digest,
    pub(crate) range: Option<RequestedRange>,
    /// The client's.
    pub(crate) version: Version,
}

/// Where a blob comes from.
pub(crate) struct Source<'a> {
    /// Its name in messages.
    pub(crate) what: &'a str,
    /// The registry, as metrics name it.
    pub(crate) registry: SharedString,
    pub(crate) metrics: &'a Arc<Metrics>,
    pub(crate) mismatches: &'a Arc<Mismatches>,
    /// Bytes that the blob should have by its manifest, if that is known.
    pub(crate) size: Option<u64>,
}

/// A registry's answer to a request for a blob.
pub(crate) struct Upstream {
    status: StatusCode,
    /// Bytes of the body, as the registry says.
    length: Option<u64>,
    range: Option<String>,
    chunks: Chunks,
}

impl Upstream {
    pub(crate) fn of(sent: BlobAnswer) -> Self {
        let chunks = sent.chunks.map(|chunk| chunk.map_err(Cut::Upstream));
        Self {
            status: StatusCode::from_u16(sent.status).unwrap_or(StatusCode::BAD_GATEWAY),
            // Beside chunks a length has no meaning; one that they do not come to is a lie all the same.
            length: sent.length,
            range: sent.content_range,
            // It is looked at again after its end.
            chunks: Box::pin(chunks.fuse()),
        }
    }
}

/// The error that something else in place of `what` is.
pub(crate) fn mismatched(what: &str, why: Mismatch) -> Refused {
    Refused::unknown_blob(SourceError::Mismatch {
        what: what.to_owned(),
        promised: why.promised,
        got: why.got,
    })
}

/// The answer to a HEAD request for a blob. Nothing of it can be checked, so it is not for caches.
pub(crate) fn head(
    wish: &BlobRequest<'_>,
    source: &Source<'_>,
    upstream: &Upstream,
) -> Result<Response, Refused> {
    if upstream.status != StatusCode::OK {
        return Err(unasked(source, upstream.status));
    }
    let mut headers = headers(wish.digest);
    headers.insert(header::CACHE_CONTROL, policy::ASK_AGAIN_AS_IS);
    if let Some(length) = upstream.length {
        headers.insert(header::CONTENT_LENGTH, length.into());
    }
    Ok((headers, no_body()).into_response())
}

/// The answer to a HEAD request for a stored blob of this length, which was checked.
pub(crate) fn stored_head(digest: &Digest, length: u64) -> Response {
    let mut headers = headers(digest);
    headers.insert(header::CACHE_CONTROL, policy::IMMUTABLE_AS_IS);
    headers.insert(header::CONTENT_LENGTH, length.into());
    (headers, no_body()).into_response()
}

/// Of unknown length, so that nobody adds a length of 0.
fn no_body() -> Body {
    Body::from_stream(stream::empty::<Result<Bytes, Cut>>())
}

/// The answer to a GET request for a blob or a part of it.
pub(crate) async fn get(
    wish: &BlobRequest<'_>,
    source: &Source<'_>,
    upstream: Upstream,
    limits: &Limits,
) -> Result<Response, Refused> {
    let mut headers = headers(wish.digest);
    let (length, digest) = match (upstream.status, wish.range) {
        (StatusCode::OK, _) => {
            headers.insert(header::CACHE_CONTROL, policy::IMMUTABLE_AS_IS);
            (upstream.length, Some(wish.digest.clone()))
        }
        (StatusCode::PARTIAL_CONTENT, Some(range)) => {
            let given = part(range, &upstream).ok_or_else(|| unasked(source, upstream.status))?;
            headers.insert(header::CACHE_CONTROL, policy::UNVERIFIED);
            insert(&mut headers, header::CONTENT_RANGE, &given.to_string());
            let whole = given.is_whole().then(|| wish.digest.clone());
            (Some(given.len()), whole)
        }
        (StatusCode::RANGE_NOT_SATISFIABLE, Some(_)) => return Ok(no_such_part(&upstream)),
        (status, _) => return Err(unasked(source, status)),
    };
    let checked = watched(wish, source, upstream.chunks, (length, digest), limits);
    begun(
        wish,
        source.what,
        (upstream.status, headers),
        length,
        checked,
    )
    .await
}

/// The answer with a whole blob, whose chunks are checked already.
pub(crate) async fn whole(
    wish: &BlobRequest<'_>,
    what: &str,
    length: u64,
    chunks: Chunks,
) -> Result<Response, Refused> {
    let mut headers = headers(wish.digest);
    headers.insert(header::CACHE_CONTROL, policy::IMMUTABLE_AS_IS);
    begun(wish, what, (StatusCode::OK, headers), Some(length), chunks).await
}

/// The answer, once its first bytes are there: a blob of a few bytes is judged before anything is said of it.
async fn begun(
    wish: &BlobRequest<'_>,
    what: &str,
    (status, mut headers): (StatusCode, HeaderMap),
    length: Option<u64>,
    chunks: impl Stream<Item = Result<Bytes, Cut>> + Send + 'static,
) -> Result<Response, Refused> {
    match length {
        Some(length) => drop(headers.insert(header::CONTENT_LENGTH, length.into())),
        // There the end of the connection is the end of the answer, whether all came or not.
        None if wish.version < Version::HTTP_11 => {
            return Err(Refused::new(
                StatusCode::HTTP_VERSION_NOT_SUPPORTED,
                "UNSUPPORTED",
                "the registry does not say how long this blob is; ask for it over HTTP/1.1",
            ));
        }
        None => {}
    }
    let mut chunks = Box::pin(chunks.fuse());
    let first = chunks.next().await.transpose();
    let first = first.map_err(|cut| cut.refusal(what, length))?;
    let chunks = stream::iter(first).map(Ok).chain(chunks);
    Ok((status, headers, Body::from_stream(chunks)).into_response())
}

/// The length of a whole blob that a registry sends: as it says, else as the manifest said that came before.
pub(crate) fn length_of_whole(upstream: &Upstream, source: &Source<'_>) -> Option<u64> {
    let length = upstream.length.or(source.size);
    length.filter(|_| upstream.status == StatusCode::OK)
}

/// The chunks of a whole blob of this length; the last ones come when the digest holds.
pub(crate) fn checked(
    wish: &BlobRequest<'_>,
    source: &Source<'_>,
    upstream: Upstream,
    length: u64,
    limits: &Limits,
) -> impl Stream<Item = Result<Bytes, Cut>> + Send + use<> {
    let promised = (Some(length), Some(wish.digest.clone()));
    watched(wish, source, upstream.chunks, promised, limits)
}

fn watched(
    wish: &BlobRequest<'_>,
    source: &Source<'_>,
    chunks: Chunks,
    (length, digest): (Option<u64>, Option<Digest>),
    limits: &Limits,
) -> impl Stream<Item = Result<Bytes, Cut>> + Send + use<> {
    let witness = TransferRecord {
        registry: source.registry.clone(),
        metrics: Arc::clone(source.metrics),
        mismatches: Arc::clone(source.mismatches),
        name: wish.name.to_owned(),
        digest: wish.digest.clone(),
    };
    let checked = Checked::of(chunks, length, digest);
    let checked = checked.watched(source.size, limits, witness);
    checked.stream(format!("{}@{}", wish.name, wish.digest))
}

/// The chunks of a stored blob: it was checked before, and may have been damaged since.
pub(crate) fn checked_again(
    wish: &BlobRequest<'_>,
    chunks: Chunks,
    length: u64,
) -> impl Stream<Item = Result<Bytes, Cut>> + Send + use<> {
    let checked = Checked::of(chunks, Some(length), Some(wish.digest.clone()));
    checked.stream(format!("stored {}@{}", wish.name, wish.digest))
}

pub(crate) fn headers(digest: &Digest) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let kind = HeaderValue::from_static("application/octet-stream");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    insert(&mut headers, CONTENT_DIGEST, &digest.to_string());
    headers
}

pub(crate) fn insert(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// The length that an answer's headers say, if it is one number.
pub(crate) fn said_length(headers: &HeaderMap) -> Option<u64> {
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
    let (Some(length), None) = (lengths.next(), lengths.next()) else {
        return None;
    };
    number(length.to_str().ok()?)
}

/// The part that a 206 brings, if it is the one that was asked for.
fn part(range: RequestedRange, upstream: &Upstream) -> Option<SentRange> {
    let given = upstream.range.as_deref().and_then(SentRange::parse)?;
    let fits = |length| length == given.len();
    let is_right = range.is_met_by(given) && upstream.length.is_none_or(fits);
    is_right.then_some(given)
}

/// Whether a registry answers with another part than the one that was asked for.
pub(crate) fn is_other_part(wish: &BlobRequest<'_>, upstream: &Upstream) -> bool {
    upstream.status == StatusCode::PARTIAL_CONTENT
        && wish
            .range
            .is_some_and(|range| part(range, upstream).is_none())
}

fn no_such_part(upstream: &Upstream) -> Response {
    let said = upstream.range.as_deref();
    let total = said
        .and_then(|said| said.strip_prefix("bytes */"))
        .and_then(number);
    unsatisfiable(total)
}

/// The answer to who asks for a part that a blob of this length has not.
pub(crate) fn no_such_part_of(length: u64) -> Response {
    unsatisfiable(Some(length))
}

fn unsatisfiable(total: Option<u64>) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, policy::UNVERIFIED);
    if let Some(total) = total {
        insert(
            &mut headers,
            header::CONTENT_RANGE,
            &format!("bytes */{total}"),
        );
    }
    (StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response()
}

/// The error that another answer than was asked for is.
fn unasked(source: &Source<'_>, status: StatusCode) -> Refused {
    Refused::unknown_blob(SourceError::Answer {
        what: source.what.to_owned(),
        registry: source.registry.to_string(),
        status: status.as_u16(),
        reason: String::new(),
    })
}
