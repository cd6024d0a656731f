//! The chunks of a blob, checked while they pass: their size and digest, and how fast they come. The last chunk is held
//! back until all of them are what they should be.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use metrics::SharedString;
use onionskin_core::digest::{Digest, Hasher};
use onionskin_core::report::Visible;
use onionskin_core::source::SourceError;

use super::mismatched;
use crate::error::Refused;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::mismatches::{Mismatch, Mismatches};

/// Why a blob was cut off.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Cut {
    #[error("the registry closed the connection ({0}); try again")]
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
    pub(super) fn refusal(self, what: &str, size: Option<u64>) -> Refused {
        if let Some(why) = self.mismatch() {
            return mismatched(what, why);
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
    pub(super) fn mismatch(&self) -> Option<Mismatch> {
        let (promised, got) = match self {
            Self::Surplus(said) => (format!("{said} bytes"), "more".to_owned()),
            Self::Size(size, got) if got > size => (format!("{size} bytes"), "more".to_owned()),
            Self::Size(size, got) => (format!("{size} bytes"), format!("{got} bytes")),
            Self::Digest(promised, got) => (promised.to_string(), got.to_string()),
            Self::Upstream(_) | Self::Slow | Self::Short(_) | Self::Store(_) => return None,
        };
        Some(Mismatch { promised, got })
    }
}

/// What comes of a blob.
pub(crate) type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, Cut>> + Send>>;

/// The chunks of a body, and what they have to come to.
pub(super) struct Checked {
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
    witness: Option<TransferRecord>,
}

/// Who counts what a registry sends, and remembers what is wrong with it.
pub(super) struct TransferRecord {
    pub(super) registry: SharedString,
    pub(super) metrics: Arc<Metrics>,
    pub(super) mismatches: Arc<Mismatches>,
    pub(super) name: String,
    pub(super) digest: Digest,
}

impl Checked {
    /// Chunks that have to come to so many bytes, and to a digest.
    pub(super) fn of(chunks: Chunks, length: Option<u64>, digest: Option<Digest>) -> Self {
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

    /// The same, as a registry sends them: at its pace, before a witness. `size` is that of the whole blob, if its
    /// manifest is known.
    pub(super) fn watched(
        self,
        size: Option<u64>,
        limits: &Limits,
        witness: TransferRecord,
    ) -> Self {
        Self {
            size,
            slowest: limits.slowest,
            pace: limits.pace,
            witness: Some(witness),
            ..self
        }
    }

    pub(super) fn stream(self, label: String) -> impl Stream<Item = Result<Bytes, Cut>> + Send {
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
                        if let Some(why) = cut.mismatch() {
                            let mismatches = &witness.mismatches;
                            mismatches.remember(&witness.name, &witness.digest, why);
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
