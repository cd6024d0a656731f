//! Blobs of a repository: whole ones, layers, parts, and answers to be passed on.

use std::ops::Range;

use bytes::Bytes;
use futures::StreamExt as _;
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Response};

use super::encoding::{self, Chunks, Coding, Expected};
use super::endpoint::TagOrDigest;
use super::remote::Remote;
use super::transfer;
use crate::digest::Digest;
use crate::source::documents::Documents;
use crate::source::fetched::{self, Described, Fetched};
use crate::source::image::Layer;
use crate::source::{BlobStream, SourceError};

/// A blob, or a part of it, to be passed on.
pub struct BlobAnswer {
    /// 200 with the whole, 206 with a part, or 416.
    pub status: u16,
    /// Bytes of what comes, as the registry says; `None` where it does not say so in one number.
    pub length: Option<u64>,
    /// The `Content-Range`, if there is one, and it is of the blob.
    pub content_range: Option<String>,
    /// What comes; an error says why it broke off.
    pub chunks: Chunks,
}

impl Remote {
    /// Requests a blob (GET or HEAD), all or the `range` of it (`bytes=0-99`), and hands over the answer as it is:
    /// 200 with the whole, 206 with a part, or 416. Nothing of it is checked.
    pub async fn blob_response(
        &self,
        method: Method,
        digest: &Digest,
        range: Option<&str>,
    ) -> Result<Response, SourceError> {
        let mut ask = self.ask(&format!("blobs/{digest}"), self.blob_name(digest));
        ask.method = method;
        ask.range = range.and_then(|range| HeaderValue::from_str(range).ok());
        self.send(&ask, |status| matches!(status, 200 | 206 | 416))
            .await
    }

    /// Streams a blob of `size` bytes, where that is known.
    pub async fn blob(
        &self,
        digest: &Digest,
        size: Option<u64>,
    ) -> Result<BlobStream, SourceError> {
        let ask = self.ask(&format!("blobs/{digest}"), self.blob_name(digest));
        let response = self.send(&ask, |status| status == 200).await?;
        let expected = Expected {
            digest,
            size,
            compressed: None,
        };
        transfer::stream(self.clone(), ask, response, expected).await
    }

    /// Streams a layer. One that may not be copied is asked of the registry like any other, which may have it; from
    /// where its manifest says it is nothing is fetched (GHSA-qvqc-4c52-x6qp is what may come of that).
    pub async fn layer(&self, layer: &Layer) -> Result<BlobStream, SourceError> {
        let image = self.called();
        layer.check_readable(&image)?;
        if let Some(embedded) = layer.embedded(&image) {
            return Ok(embedded);
        }
        let what = format!("layer {} of {image}", layer.number);
        let Some(digest) = &layer.digest else {
            return Err(SourceError::NotFound {
                what,
                place: self.registry(),
                reason: "it comes from another source".to_owned(),
            });
        };
        let ask = self.ask(&format!("blobs/{digest}"), what);
        match self.send(&ask, |status| status == 200).await {
            Ok(response) => {
                let expected = Expected {
                    digest,
                    size: layer.compressed_size,
                    compressed: layer.media_type.as_deref().map(fetched::is_compressed),
                };
                transfer::stream(self.clone(), ask, response, expected).await
            }
            Err(SourceError::NotFound {
                what,
                place,
                reason,
            }) => Err(layer.not_held(what, place, reason)),
            Err(error) => Err(error),
        }
    }

    /// Streams a part of a layer's blob, which has `whole` bytes. None where the registry gives no such part: then the
    /// whole is asked for. Whether the bytes are right is left to who knows that of a part.
    pub async fn layer_part(
        &self,
        layer: &Layer,
        part: Range<u64>,
        whole: u64,
    ) -> Option<BlobStream> {
        let digest = layer.digest.as_ref()?;
        let (first, last) = (part.start, part.end.checked_sub(1)?);
        let range = format!("bytes={first}-{last}");
        let response = self.blob_response(Method::GET, digest, Some(&range)).await;
        let response = response.ok().filter(|response| response.status() == 206)?;
        let is_part = match only(response.headers(), &CONTENT_RANGE) {
            Some(sent) => {
                sent == format!("bytes {first}-{last}/{whole}")
                    || sent == format!("bytes {first}-{last}/*")
            }
            // A browser shows it of another origin only where that exposes it.
            None => cfg!(target_arch = "wasm32"),
        };
        if !is_part || encoding::coding(response.headers()) != Coding::Identity {
            return None;
        }
        let what = format!("a part of layer {} of {}", layer.number, self.called());
        let (of, size) = (what.clone(), part.end - part.start);
        let chunks = encoding::raw(response).map(move |chunk| {
            chunk.map_err(|reason| SourceError::Cut {
                what: of.clone(),
                received: 0,
                size: Some(size),
                reason,
            })
        });
        Some(BlobStream::new(what, Some(size), chunks))
    }

    /// Requests a blob (GET or HEAD), all or the `range` of it (`bytes=0-99`), for somebody else: what a server compressed
    /// on the way is decoded, which is found out the sooner the more is known of the blob, and a whole blob that breaks off
    /// goes on where it was. That the bytes have the digest is not checked. A registry that does not understand the range is
    /// asked for the whole.
    pub async fn blob_answer(
        &self,
        method: Method,
        digest: &Digest,
        range: Option<&str>,
        described: Described,
    ) -> Result<BlobAnswer, SourceError> {
        let whole = || self.blob_response(method.clone(), digest, None);
        let mut response = match self.blob_response(method.clone(), digest, range).await {
            // As our own transfers do, which go on in another way where one is not understood.
            Err(SourceError::Answer {
                status: 400..=499 | 501,
                ..
            }) if range.is_some() => whole().await?,
            response => response?,
        };
        let mut coding = encoding::coding(response.headers());
        if response.status() == 206 && coding != Coding::Identity {
            // A part of something else than the blob.
            response = whole().await?;
            coding = encoding::coding(response.headers());
        }
        let status = response.status().as_u16();
        let length = only(response.headers(), &CONTENT_LENGTH);
        // What Rust reads as a number may have a sign.
        let length = length.filter(|length| length.bytes().all(|byte| byte.is_ascii_digit()));
        let mut length = length.and_then(|length| length.parse().ok());
        let content_range = only(response.headers(), &CONTENT_RANGE);
        let content_range = content_range.filter(|_| status != 206 || coding == Coding::Identity);
        let chunks = if method == Method::GET && status == 200 {
            let expected = Expected {
                digest,
                size: described.size,
                compressed: described.compressed,
            };
            let ask = self.ask(&format!("blobs/{digest}"), self.blob_name(digest));
            let (body, decoded) = transfer::begin(self, &ask, response, expected).await?;
            length = length.filter(|_| !decoded);
            // What the answer promised: that the blob has another size is found by who checks it.
            let sent = Expected {
                size: length,
                ..expected
            };
            let begun = transfer::StartedTransfer {
                body,
                decoded,
                framed: false,
            };
            let chunks = transfer::going_on(self.clone(), ask, begun, sent);
            Box::pin(chunks.map(|chunk| {
                chunk.map_err(|error| match error {
                    SourceError::Cut { reason, .. } => reason,
                    error => error.to_string(),
                })
            }))
        } else {
            length = length.filter(|_| method == Method::GET || coding == Coding::Identity);
            encoding::raw(response)
        };
        Ok(BlobAnswer {
            status,
            length,
            content_range,
            chunks,
        })
    }
}

impl Documents for Remote {
    fn what(&self) -> String {
        self.called()
    }

    async fn manifest(&self, digest: &Digest) -> Result<Fetched, SourceError> {
        Self::manifest(self, &TagOrDigest::Digest(digest.clone())).await
    }

    async fn blob(&self, digest: &Digest, size: u64) -> Result<Bytes, SourceError> {
        // One of another size has the digest, and is not what the manifest promises.
        if let Some(kept) = self
            .kept(digest)
            .await
            .filter(|kept| kept.bytes.len() as u64 == size)
        {
            return Ok(kept.bytes.into());
        }
        let stream = Self::blob(self, digest, Some(size)).await?;
        let bytes = stream.verified(digest.clone()).whole().await?;
        self.keep(digest, &bytes, None);
        Ok(bytes)
    }
}

/// The header, if it was sent once.
fn only(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok().map(str::to_owned),
        _ => None,
    }
}
