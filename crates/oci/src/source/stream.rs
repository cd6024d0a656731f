//! The bytes of a blob, chunk by chunk, and the checks that can be made while they pass.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};

use super::SourceError;
use super::error::Origin;
use super::portable::{BoxStream, MaybeSend};
use crate::digest::{Digest, Hasher};

/// The chunks of a blob as they arrive. Dropping it cancels the transfer.
///
/// Where the size is known, a stream that has fewer or more bytes ends in an error.
pub struct BlobStream {
    what: String,
    origin: Origin,
    size: Option<u64>,
    received: u64,
    ended: bool,
    chunks: BoxStream<Result<Bytes, SourceError>>,
}

impl BlobStream {
    /// The stream of `what` (for messages), which has `size` bytes where that is known.
    pub fn new(
        what: String,
        size: Option<u64>,
        chunks: impl Stream<Item = Result<Bytes, SourceError>> + MaybeSend + 'static,
    ) -> Self {
        Self {
            what,
            origin: Origin::Registry,
            size,
            received: 0,
            ended: false,
            chunks: Box::pin(chunks),
        }
    }

    /// The same stream, of bytes that are read from `origin`.
    pub(super) fn read_from(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    /// Bytes of the whole blob, where that is known.
    #[must_use]
    pub const fn size(&self) -> Option<u64> {
        self.size
    }

    /// Bytes that came so far.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// The next bytes; `None` at the end.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>, SourceError> {
        self.next().await.transpose()
    }

    /// All bytes, for what is known to be small.
    pub(super) async fn whole(mut self) -> Result<Bytes, SourceError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.next_chunk().await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.into())
    }

    /// The same stream, ending in an error if its bytes do not have this digest.
    #[must_use]
    pub fn verified(self, digest: Digest) -> Self {
        let (what, size, origin) = (self.what.clone(), self.size, self.origin);
        let hasher = Hasher::new(digest.algorithm());
        let chunks = stream::unfold(Some((self, hasher, digest)), |state| async move {
            let (mut source, mut hasher, digest) = state?;
            match source.next().await {
                Some(Ok(chunk)) => {
                    hasher.update(&chunk);
                    Some((Ok(chunk), Some((source, hasher, digest))))
                }
                Some(Err(error)) => Some((Err(error), None)),
                None => {
                    let got = hasher.finish();
                    (got != digest).then(|| {
                        let what = source.what.clone();
                        let error =
                            source
                                .origin
                                .mismatch(what, digest.to_string(), got.to_string());
                        (Err(error), None)
                    })
                }
            }
        });
        Self::new(what, size, chunks).read_from(origin)
    }

    /// Ends the stream for good, with an error where the size was not reached.
    fn end(&mut self) -> Option<Result<Bytes, SourceError>> {
        self.ended = true;
        match self.size {
            Some(size) if self.received < size => Some(Err(self.origin.ended_early(
                self.what.clone(),
                self.received,
                size,
            ))),
            _ => None,
        }
    }
}

impl Stream for BlobStream {
    type Item = Result<Bytes, SourceError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let item = match self.chunks.as_mut().poll_next(context) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(item) => item,
        };
        Poll::Ready(match item {
            None => self.end(),
            Some(Err(error)) => {
                self.ended = true;
                Some(Err(error))
            }
            Some(Ok(chunk)) => {
                self.received += chunk.len() as u64;
                match self.size {
                    Some(size) if self.received > size => {
                        self.ended = true;
                        let (what, promised) = (self.what.clone(), format!("{size} bytes"));
                        Some(Err(self.origin.mismatch(what, promised, "more".to_owned())))
                    }
                    _ => Some(Ok(chunk)),
                }
            }
        })
    }
}

impl std::fmt::Debug for BlobStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "BlobStream({}, {} of {:?} bytes)",
            self.what, self.received, self.size
        )
    }
}
