//! The transfer of a blob, which goes on where it broke off: on a slow line a large layer would else never come.
//!
//! Source: OCI distribution specification, Pulling Blobs (Range requests are optional; RFC 9110, section 14).

use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use reqwest::Response;
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, HeaderValue, TRANSFER_ENCODING};

use super::answer;
use super::encoding::{self, Chunks, Coding, Expected, Form};
use super::endpoint::host_of;
use super::remote::Remote;
use super::request::RegistryRequest;
use super::web_page;
use crate::digest::{Digest, Hasher};
use crate::source::{BlobStream, SourceError};

/// Attempts in a row without a byte, after which it is given up.
const FRUITLESS: usize = 3;
/// Bytes of what may be a web page that are looked at.
const PAGE_BYTES: usize = 64 << 10;

/// How the rest is asked for. What a registry does not understand is not tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    /// `bytes=N-`
    Open,
    /// `bytes=N-M`, for those that answer 416 to the open form.
    Closed,
    /// All of it, of which what is here is passed over.
    Whole,
}

struct Transfer {
    remote: Remote,
    ask: RegistryRequest,
    digest: Digest,
    compressed: Option<bool>,
    /// Bytes of the whole, where that is known.
    size: Option<u64>,
    received: u64,
    /// Bytes to pass over, where a registry begins anew.
    again: u64,
    fruitless: usize,
    rest: Rest,
    /// It is the first answer, whose end is told from that of its connection.
    framed: bool,
    body: Option<Chunks>,
}

/// The bytes of `response`, which answers `ask`.
pub(super) async fn stream(
    remote: Remote,
    ask: RegistryRequest,
    response: Response,
    expected: Expected<'_>,
) -> Result<BlobStream, SourceError> {
    let what = ask.what.clone();
    let size = expected.size;
    let framed = is_framed(&response);
    let (body, decoded) = begin(&remote, &ask, response, expected).await?;
    let begun = StartedTransfer {
        body,
        decoded,
        framed,
    };
    let chunks = going_on(remote, ask, begun, expected);
    Ok(BlobStream::new(what, size, chunks))
}

/// An answer that has a whole blob, as [`begin`] found it.
pub(super) struct StartedTransfer {
    pub(super) body: Chunks,
    /// It was sent in a coding.
    pub(super) decoded: bool,
    /// Its end is told from that of its connection.
    pub(super) framed: bool,
}

/// The bytes of an answer, and where it breaks off, the rest in answer to further requests.
pub(super) fn going_on(
    remote: Remote,
    ask: RegistryRequest,
    begun: StartedTransfer,
    expected: Expected<'_>,
) -> impl Stream<Item = Result<Bytes, SourceError>> + use<> {
    let transfer = Transfer {
        remote,
        ask,
        digest: expected.digest.clone(),
        compressed: expected.compressed,
        size: expected.size,
        received: 0,
        again: 0,
        fruitless: 0,
        // Ranges are of what was sent, which is not the blob.
        rest: if begun.decoded {
            Rest::Whole
        } else {
            Rest::Open
        },
        framed: begun.framed,
        body: Some(begun.body),
    };
    stream::unfold(Some(transfer), |transfer| async move {
        let mut transfer = transfer?;
        match transfer.next().await {
            Ok(chunk) => chunk.map(|chunk| (Ok(chunk), Some(transfer))),
            Err(error) => Some((Err(error), None)),
        }
    })
}

/// The content of the whole blob that `response` has, which answers `ask`, and whether it had to be decoded; an error
/// where it is a web page instead.
pub(super) async fn begin(
    remote: &Remote,
    ask: &RegistryRequest,
    response: Response,
    expected: Expected<'_>,
) -> Result<(Chunks, bool), SourceError> {
    let what = ask.what.as_str();
    let host = host_of(response.url());
    let kind = answer::content_type(response.headers());
    let (chunks, form) = encoding::blob(response, expected).await;
    let (chunks, decoded) = match form {
        Form::Plain => (chunks, false),
        Form::Gzipped => (encoding::gunzipped(chunks), true),
        Form::Unclear => {
            let digest = expected.digest;
            let is_plain = encoding::has_digest(chunks, digest).await;
            let is_plain = is_plain.map_err(|reason| cut(what, reason))?;
            // Too much to hold in memory, so that it is fetched again.
            let mut again = ask.clone();
            again.range = None;
            let response = remote.send(&again, |status| status == 200).await?;
            let is_coded = encoding::coding(response.headers()) == Coding::Gzip;
            let chunks = encoding::raw(response);
            match is_coded && !is_plain {
                true => (encoding::gunzipped(chunks), true),
                false => (chunks, false),
            }
        }
    };
    let is_text = |kind: &str| {
        kind.trim_start()
            .to_ascii_lowercase()
            .starts_with("text/html")
    };
    if !kind.as_deref().is_some_and(is_text) {
        return Ok((chunks, decoded));
    }
    let (begin, chunks, whole) = encoding::held(chunks, PAGE_BYTES).await;
    // A page may be what somebody stored.
    let mut hasher = Hasher::new(expected.digest.algorithm());
    hasher.update(&begin);
    if web_page::is_page_of(kind.as_deref(), &begin)
        && !(whole && hasher.finish() == *expected.digest)
    {
        return Err(answer::page(what, host, kind, &begin));
    }
    Ok((chunks, decoded))
}

fn cut(what: &str, reason: String) -> SourceError {
    SourceError::Cut {
        what: what.to_owned(),
        received: 0,
        size: None,
        reason,
    }
}

impl Transfer {
    /// The next bytes; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, SourceError> {
        loop {
            let chunk = match &mut self.body {
                Some(body) => body.next().await,
                None => None,
            };
            let broke = match chunk {
                Some(Ok(chunk)) => match self.news(chunk) {
                    Some(news) => return Ok(Some(news)),
                    None => continue,
                },
                Some(Err(reason)) => reason,
                None if self.size.is_none_or(|size| self.received >= size) => return Ok(None),
                // All that the registry has under this name.
                None if self.framed => {
                    return Err(SourceError::Mismatch {
                        what: self.ask.what.clone(),
                        promised: format!("{} bytes", self.size.unwrap_or_default()),
                        got: format!("{} bytes", self.received),
                    });
                }
                None => "the connection ended early".to_owned(),
            };
            self.body = None;
            self.framed = false;
            while self.body.is_none() {
                self.fruitless += 1;
                if self.fruitless > FRUITLESS {
                    return Err(SourceError::Cut {
                        what: self.ask.what.clone(),
                        received: self.received,
                        size: self.size,
                        reason: broke,
                    });
                }
                self.go_on().await?;
            }
        }
    }

    /// What of a chunk was not there before.
    fn news(&mut self, mut chunk: Bytes) -> Option<Bytes> {
        let known = usize::try_from(self.again).map_or(chunk.len(), |again| again.min(chunk.len()));
        self.again -= known as u64;
        let news = chunk.split_off(known);
        if news.is_empty() {
            return None;
        }
        self.received += news.len() as u64;
        self.fruitless = 0;
        Some(news)
    }

    /// Asks for the rest, which is to be checked with the whole.
    ///
    /// # Errors
    /// What came before is not of the blob, as a gateway found out while it passed it on.
    async fn go_on(&mut self) -> Result<(), SourceError> {
        loop {
            let (received, whole) = (self.received, self.size);
            let range = match (self.rest, whole.and_then(|size| size.checked_sub(1))) {
                (Rest::Open, _) => Some(format!("bytes={received}-")),
                (Rest::Closed, Some(last)) => Some(format!("bytes={received}-{last}")),
                (Rest::Closed | Rest::Whole, _) => None,
            };
            self.ask.range = range.and_then(|range| HeaderValue::from_str(&range).ok());
            let asked = self.remote.send(&self.ask, |_| true).await;
            // What the registry says now is less than what it said when the transfer began.
            let Ok(response) = asked else {
                // Some hang up where a part is asked for.
                if self.fruitless + 1 == FRUITLESS {
                    self.rest = Rest::Whole;
                }
                return Ok(());
            };
            match response.status().as_u16() {
                200 => {
                    self.begin_anew(response).await;
                    return Ok(());
                }
                206 if self.ask.range.is_some() && is_rest(&response, received) => {
                    self.again = 0;
                    self.body = Some(encoding::raw(response));
                    return Ok(());
                }
                // It has too much to do, whichever part is wanted.
                408 | 429 => return Ok(()),
                206 | 400..=499 | 501 => {
                    self.rest = match self.rest {
                        Rest::Open if whole.is_some() => Rest::Closed,
                        Rest::Open | Rest::Closed => Rest::Whole,
                        Rest::Whole => return Ok(()),
                    };
                }
                _ => {
                    return match self.remote.refused(&self.ask, response).await {
                        error @ SourceError::Mismatch { .. } => Err(error),
                        _ => Ok(()),
                    };
                }
            }
        }
    }

    async fn begin_anew(&mut self, response: Response) {
        let expected = Expected {
            digest: &self.digest,
            size: self.size,
            compressed: self.compressed,
        };
        if let Ok((body, _)) = begin(&self.remote, &self.ask, response, expected).await {
            self.again = self.received;
            self.body = Some(body);
        }
    }
}

/// Whether the end of the body is told from that of the connection, as far as can be known.
pub(super) fn is_framed(response: &Response) -> bool {
    let headers = response.headers();
    // Browsers do not tell which version it is.
    #[cfg(not(target_arch = "wasm32"))]
    let by_version = response.version() > reqwest::Version::HTTP_11;
    #[cfg(target_arch = "wasm32")]
    let by_version = false;
    by_version
        || [CONTENT_LENGTH, TRANSFER_ENCODING]
            .iter()
            .any(|name| headers.contains_key(name))
}

/// Whether it has the blob from its byte `start` on.
fn is_rest(response: &Response, start: u64) -> bool {
    let range = answer::header(response.headers(), CONTENT_RANGE.as_str()).unwrap_or_default();
    let starts = format!("bytes {start}-");
    encoding::coding(response.headers()) == Coding::Identity
        && range.trim().to_ascii_lowercase().starts_with(&starts)
}
