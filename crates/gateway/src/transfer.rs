//! A blob on its way from a registry to a client: its framing is ours, and its last bytes follow only when all of
//! them are what they should be.
//!
//! What a registry says of its answer's length is counted against and never copied. A client of a registry that
//! sends something else than the digest gets a broken transfer, and never a whole answer.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use metrics::SharedString;
use onionskin_core::digest::{Digest, Hasher};
use onionskin_core::report::Visible;
use onionskin_core::source::SourceError;
use onionskin_core::source::registry::BlobAnswer;

use crate::error::Refused;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::policy;
use crate::range::{Asked, Given, number};
use crate::refuted::{Refutation, RefutedBlobs};
use crate::repository::CONTENT_DIGEST;

/// Who asks for what.
pub(crate) struct Wish<'a> {
    /// The repository's name here.
    pub(crate) name: &'a str,
    pub(crate) digest: &'a Digest,
    pub(crate) range: Option<Asked>,
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
    pub(crate) refuted: &'a Arc<RefutedBlobs>,
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

/// What comes of a blob.
pub(crate) type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, Cut>> + Send>>;

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

/// Why a blob was cut off.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Cut {
    #[error("the registry broke off ({0}); try again")]
    Upstream(String),
    #[error("the registry sends too slowly; try again later")]
    Slow,
    #[error("the registry sent {0} bytes fewer than it said; try again")]
    Short(u64),
    #[error("the registry sent more than the announced {0} bytes")]
    Surplus(u64),
    #[error("the registry sent {1} bytes instead of {0}; the content was discarded")]
    Size(u64, u64),
    #[error("the registry sent {1} instead of {0}; the content was discarded")]
    Digest(Digest, Digest),
    #[error("the store failed ({0}); try again")]
    Store(String),
}

impl Cut {
    /// The error that it is to a client who has got nothing of `what` yet; `size` is what the registry said.
    fn refusal(self, what: &str, size: Option<u64>) -> Refused {
        if let Some(why) = self.refutation() {
            return refuted(what, why);
        }
        let what = what.to_owned();
        let cut = |what, reason| SourceError::Cut {
            what,
            received: 0,
            size,
            reason,
        };
        Refused::unknown_blob(match self {
            Self::Upstream(reason) | Self::Store(reason) => cut(what, reason),
            Self::Slow => {
                let message = format!("{what}: {self}");
                return Refused::unreachable(StatusCode::GATEWAY_TIMEOUT, message);
            }
            _ => cut(what, "the connection ended early".to_owned()),
        })
    }

    /// What came instead of the blob, where that is why it was cut off.
    fn refutation(&self) -> Option<Refutation> {
        let (promised, got) = match self {
            Self::Surplus(said) => (format!("{said} bytes"), "more".to_owned()),
            Self::Size(size, got) if got > size => (format!("{size} bytes"), "more".to_owned()),
            Self::Size(size, got) => (format!("{size} bytes"), format!("{got} bytes")),
            Self::Digest(promised, got) => (promised.to_string(), got.to_string()),
            Self::Upstream(_) | Self::Slow | Self::Short(_) | Self::Store(_) => return None,
        };
        Some(Refutation { promised, got })
    }
}

/// The error that something else in place of `what` is.
pub(crate) fn refuted(what: &str, why: Refutation) -> Refused {
    Refused::unknown_blob(SourceError::Mismatch {
        what: what.to_owned(),
        promised: why.promised,
        got: why.got,
    })
}

/// The answer to a HEAD request for a blob. Nothing of it can be checked, so it is not for caches.
pub(crate) fn head(
    wish: &Wish<'_>,
    source: &Source<'_>,
    upstream: &Upstream,
) -> Result<Response, Refused> {
    if upstream.status != StatusCode::OK {
        return Err(unasked(source, upstream.status));
    }
    let mut headers = headers(wish.digest);
    headers.insert(header::CACHE_CONTROL, policy::ASK_AGAIN);
    if let Some(length) = upstream.length {
        headers.insert(header::CONTENT_LENGTH, length.into());
    }
    // Of unknown length, so that nobody adds a length of 0.
    let body = Body::from_stream(stream::empty::<Result<Bytes, Cut>>());
    Ok((headers, body).into_response())
}

/// The answer to a GET request for a blob or a part of it.
pub(crate) async fn get(
    wish: &Wish<'_>,
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
    wish: &Wish<'_>,
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
    wish: &Wish<'_>,
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

/// The length of a whole blob that a registry sends, if it says so.
pub(crate) fn length_of_whole(upstream: &Upstream) -> Option<u64> {
    upstream
        .length
        .filter(|_| upstream.status == StatusCode::OK)
}

/// The chunks of a whole blob of this length; the last ones come when the digest holds.
pub(crate) fn checked(
    wish: &Wish<'_>,
    source: &Source<'_>,
    upstream: Upstream,
    length: u64,
    limits: &Limits,
) -> impl Stream<Item = Result<Bytes, Cut>> + Send + use<> {
    let promised = (Some(length), Some(wish.digest.clone()));
    watched(wish, source, upstream.chunks, promised, limits)
}

fn watched(
    wish: &Wish<'_>,
    source: &Source<'_>,
    chunks: Chunks,
    (length, digest): (Option<u64>, Option<Digest>),
    limits: &Limits,
) -> impl Stream<Item = Result<Bytes, Cut>> + Send + use<> {
    let checked = Checked {
        size: source.size,
        slowest: limits.slowest,
        pace: limits.pace,
        witness: Some(Witness {
            registry: source.registry.clone(),
            metrics: Arc::clone(source.metrics),
            refuted: Arc::clone(source.refuted),
            name: wish.name.to_owned(),
            digest: wish.digest.clone(),
        }),
        ..Checked::of(chunks, length, digest)
    };
    checked.stream(format!("{}@{}", wish.name, wish.digest))
}

/// The chunks of a stored blob: it was checked before, and may have been damaged since.
pub(crate) fn checked_again(
    wish: &Wish<'_>,
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
fn part(range: Asked, upstream: &Upstream) -> Option<Given> {
    let given = upstream.range.as_deref().and_then(Given::parse)?;
    let fits = |length| length == given.len();
    let is_right = range.is_met_by(given) && upstream.length.is_none_or(fits);
    is_right.then_some(given)
}

/// Whether a registry answers with another part than the one that was asked for.
pub(crate) fn is_other_part(wish: &Wish<'_>, upstream: &Upstream) -> bool {
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

/// The chunks of a body, and what they have to come to.
struct Checked {
    chunks: Chunks,
    /// Bytes that there have to be, where that is known.
    length: Option<u64>,
    received: u64,
    /// Bytes of the whole by its manifest. That may be wrong, and only the digest decides.
    size: Option<u64>,
    check: Option<(Hasher, Digest)>,
    /// The last chunk that came. It goes on when the next one comes, or all is well.
    held: Option<Bytes>,
    /// Bytes that have to come in each `pace` of waiting for the registry.
    slowest: u64,
    pace: Duration,
    /// How long the registry was waited for since there were `before` bytes.
    waited: Duration,
    before: u64,
    witness: Option<Witness>,
}

/// Who counts what a registry sends, and remembers what is wrong with it.
struct Witness {
    registry: SharedString,
    metrics: Arc<Metrics>,
    refuted: Arc<RefutedBlobs>,
    name: String,
    digest: Digest,
}

impl Checked {
    /// Chunks that have to come to so many bytes, and to a digest.
    fn of(chunks: Chunks, length: Option<u64>, digest: Option<Digest>) -> Self {
        Self {
            chunks,
            length,
            received: 0,
            size: None,
            check: digest.map(|digest| (Hasher::new(digest.algorithm()), digest)),
            held: None,
            slowest: 0,
            pace: Duration::MAX,
            waited: Duration::ZERO,
            before: 0,
            witness: None,
        }
    }

    fn stream(self, label: String) -> impl Stream<Item = Result<Bytes, Cut>> + Send {
        // The request's, which its answer's body outlives.
        let span = tracing::Span::current();
        stream::unfold(Some((self, label, span)), |state| async move {
            let (mut checked, label, span) = state?;
            match checked.next().await {
                Ok(chunk) => chunk.map(|chunk| (Ok(chunk), Some((checked, label, span)))),
                Err(cut) => {
                    span.in_scope(|| tracing::warn!("{}", Visible(&format!("{label}: {cut}"))));
                    if let Some(witness) = &checked.witness {
                        witness.metrics.broken(&witness.registry);
                        if let Some(why) = cut.refutation() {
                            let refuted = &witness.refuted;
                            refuted.remember(&witness.name, &witness.digest, why);
                        }
                    }
                    Some((Err(cut), None))
                }
            }
        })
    }

    /// The next chunk; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, Cut> {
        loop {
            let asked = Instant::now();
            let next = self.chunks.next().await.transpose()?;
            self.waited += asked.elapsed();
            let Some(next) = next else {
                self.end()?;
                return Ok(self.held.take());
            };
            // One without bytes would free the last one that has some.
            if next.is_empty() {
                continue;
            }
            self.received += next.len() as u64;
            if let Some(witness) = &self.witness {
                let (metrics, registry) = (&witness.metrics, &witness.registry);
                metrics.received(registry, next.len());
            }
            if let Some(length) = self.length.filter(|length| self.received > *length) {
                return Err(Cut::Surplus(length));
            }
            if let Some((hasher, _)) = &mut self.check {
                hasher.update(&next);
            }
            if self.waited >= self.pace {
                if self.received - self.before < self.slowest {
                    return Err(Cut::Slow);
                }
                (self.waited, self.before) = (Duration::ZERO, self.received);
            }
            if let Some(chunk) = self.held.replace(next) {
                return Ok(Some(chunk));
            }
        }
    }

    /// Whether what came is what it should be.
    fn end(&mut self) -> Result<(), Cut> {
        if let Some(length) = self.length.filter(|length| self.received < *length) {
            return Err(Cut::Short(length - self.received));
        }
        match self.check.take() {
            Some((hasher, digest)) => match hasher.finish() {
                got if got == digest => Ok(()),
                got => Err(match self.size.filter(|size| *size != self.received) {
                    Some(size) => Cut::Size(size, self.received),
                    None => Cut::Digest(digest, got),
                }),
            },
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a client gets of these chunks, and how it ends.
    async fn sent(
        chunks: &[&'static [u8]],
        length: Option<u64>,
        whole: Option<&[u8]>,
    ) -> (Vec<u8>, bool) {
        let chunks: Vec<_> = chunks.iter().map(|c| Ok(Bytes::from_static(c))).collect();
        let chunks = Box::pin(stream::iter(chunks));
        let checked = Checked::of(chunks, length, whole.map(Digest::sha256));
        let items: Vec<_> = checked.stream(String::new()).collect().await;
        let well = items.iter().all(Result::is_ok);
        let bytes = items.into_iter().filter_map(Result::ok).flatten().collect();
        (bytes, well)
    }

    #[tokio::test]
    async fn the_last_bytes_follow_when_all_is_well() {
        let good: &[&[u8]] = &[b"ab", b"", b"cd"];
        assert_eq!(
            sent(good, None, Some(b"abcd")).await,
            (b"abcd".to_vec(), true)
        );
        assert_eq!(
            sent(good, Some(4), Some(b"abcd")).await,
            (b"abcd".to_vec(), true)
        );
        assert_eq!(sent(&[], Some(0), Some(b"")).await, (Vec::new(), true));
        for (chunks, length, whole, before) in [
            // Other bytes of the right length, and empty chunks that come after them.
            (
                &[&b"ab"[..], b"cx"][..],
                Some(4),
                Some(&b"abcd"[..]),
                &b"ab"[..],
            ),
            (&[b"ab", b"cx", b"", b""], None, Some(b"abcd"), b"ab"),
            // One chunk more, with and without a length.
            (&[b"ab", b"cd", b"e"], Some(4), Some(b"abcd"), b"ab"),
            (&[b"ab", b"cd", b"e"], None, Some(b"abcd"), b"abcd"),
            (&[b"ab", b"cd", b"e"], Some(4), None, b"ab"),
            // Fewer.
            (&[b"ab", b"c"], Some(4), None, b"ab"),
            (&[b"ab"], None, Some(b"abcd"), b""),
            (&[], Some(4), None, b""),
        ] {
            let (bytes, well) = sent(chunks, length, whole).await;
            assert_eq!((&bytes[..], well), (before, false), "{chunks:?} {length:?}");
        }
    }
}
