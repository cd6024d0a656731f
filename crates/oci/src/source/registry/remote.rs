//! One image of a registry, and its repository: documents, blobs, tags.

use std::ops::Range;

use bytes::Bytes;
use futures::StreamExt as _;
use reqwest::header::{
    CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
};
use reqwest::{Method, Response, Url};

use super::answer;
use super::auth::Scope;
use super::client::Client;
use super::encoding::{self, Chunks, Coding, Expected};
use super::endpoint::{Endpoint, TagOrDigest};
use super::fetched::{self, Described, Fetched};
use super::kept::KeptDocument;
use super::link;
use super::listing;
use super::transfer;
use super::transport::{Ask, Purpose};
use crate::digest::{Algorithm, Digest};
use crate::limits;
use crate::manifest::media_type;
use crate::platform::Platform;
use crate::reference::Reference;
use crate::source::image::{Image, Layer};
use crate::source::open::{self, Documents};
use crate::source::portable::off_thread;
use crate::source::{BlobStream, SourceError};

/// One image of a registry. Opening it requests nothing.
#[derive(Clone, Debug)]
pub struct Remote {
    client: Client,
    endpoint: Endpoint,
    reference: Reference,
    /// The repository's whole name at the endpoint.
    name: String,
}

/// Some of a repository's tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagsPage {
    /// The tags, in the registry's order.
    pub tags: Vec<String>,
    /// What asks for the next ones; `None` at the end.
    pub next: Option<String>,
}

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
    pub(super) fn new(client: Client, endpoint: Endpoint, reference: Reference) -> Self {
        Self {
            name: endpoint.name(reference.path()),
            client,
            endpoint,
            reference,
        }
    }

    /// What was opened.
    #[must_use]
    pub const fn reference(&self) -> &Reference {
        &self.reference
    }

    /// Reads the image's documents; of an index the image for `platform`, without which it is linux/amd64, or the
    /// first there is.
    pub async fn image(&self, platform: Option<&Platform>) -> Result<Image, SourceError> {
        let top = self.manifest(&TagOrDigest::of(&self.reference)).await?;
        open::image(self, top, None, platform).await
    }

    /// Fetches a manifest or index. Its bytes have the digest that was asked for, or, for a tag, the one that the
    /// registry said it has.
    pub async fn manifest(&self, which: &TagOrDigest) -> Result<Fetched, SourceError> {
        if let TagOrDigest::Digest(digest) = which
            && let Some(kept) = self.kept(digest).await
        {
            return Ok(Fetched {
                bytes: kept.bytes.into(),
                content_type: kept.content_type,
                digest: digest.clone(),
            });
        }
        let what = self.one(which);
        let response = self
            .manifest_response(Method::GET, which, media_type::ACCEPT)
            .await?;
        let content_type = header(response.headers(), CONTENT_TYPE.as_str());
        let said = header(response.headers(), "docker-content-digest")
            .and_then(|digest| digest.parse().ok());
        let bytes = answer::body(response, limits::DOCUMENT_BYTES, &what).await?;
        let promised: Option<Digest> = match which {
            TagOrDigest::Digest(digest) => Some(digest.clone()),
            TagOrDigest::Tag(_) => said,
        };
        let algorithm = promised
            .as_ref()
            .map_or(Algorithm::Sha256, Digest::algorithm);
        let digest = Digest::of(algorithm, &bytes);
        if let Some(promised) = promised.filter(|promised| *promised != digest) {
            return Err(mismatch(what, &promised, &digest));
        }
        self.keep(&digest, &bytes, content_type.clone());
        Ok(Fetched {
            bytes,
            content_type,
            digest,
        })
    }

    async fn kept(&self, digest: &Digest) -> Option<KeptDocument> {
        let kept = self.client.kept()?;
        kept.document(&self.repository(), digest).await
    }

    fn keep(&self, digest: &Digest, bytes: &[u8], content_type: Option<String>) {
        if let Some(kept) = self.client.kept() {
            let document = KeptDocument {
                bytes: bytes.to_vec(),
                content_type,
            };
            kept.keep(&self.repository(), digest, document);
        }
    }

    /// Requests a manifest (GET or HEAD) and hands over the answer as it is: nothing of it is checked.
    /// What is no success is an error.
    pub async fn manifest_response(
        &self,
        method: Method,
        which: &TagOrDigest,
        accept: &str,
    ) -> Result<Response, SourceError> {
        let mut ask = self.ask(&format!("manifests/{which}"), self.one(which));
        ask.method = method;
        ask.accept = HeaderValue::from_str(accept).ok();
        self.send(&ask, |status| status == 200).await
    }

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
        let sent = only(response.headers(), &CONTENT_RANGE)?;
        let is_part = sent == format!("bytes {first}-{last}/{whole}")
            || sent == format!("bytes {first}-{last}/*");
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
            let begun = transfer::Begun {
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

    /// Lists tags: the first page, or the one that `query` ([`TagsPage::next`] of a page before, or `n=…&last=…`) asks
    /// for.
    pub async fn tags(&self, query: Option<&str>) -> Result<TagsPage, SourceError> {
        let what = format!("the tag list of {}", self.repository());
        let list = self.url("tags/list");
        let (url, own) = link::addresses(&list, query);
        let ask = |url| Ask::get(url, Purpose::Registry, what.clone());
        let page = self.tags_at(&ask(url), &list).await;
        match own {
            Some(own) if page.is_err() => self.tags_at(&ask(own), &list).await,
            _ => page,
        }
    }

    async fn tags_at(&self, ask: &Ask, list: &Url) -> Result<TagsPage, SourceError> {
        let response = self.send(ask, |status| status == 200).await?;
        let (mut tags, next) = listing::page(response, list, &ask.what, "tags").await?;
        let is_tag = |tag: &String| matches!(tag.parse(), Ok(TagOrDigest::Tag(_)));
        let tags = off_thread(listing::bytes(&tags), move || {
            tags.retain(is_tag);
            tags
        });
        Ok(TagsPage {
            tags: tags.await,
            next,
        })
    }

    /// The reference as messages and reports have it: behind a name that a gateway gave to the registry, that name.
    #[must_use]
    pub fn called(&self) -> String {
        self.reference.with_name(&self.repository())
    }

    /// The repository, as messages have it.
    pub(super) fn repository(&self) -> String {
        self.endpoint.repository(&self.reference)
    }

    /// One manifest of the repository, as messages have it.
    #[must_use]
    pub fn one(&self, which: &TagOrDigest) -> String {
        let separator = match which {
            TagOrDigest::Tag(_) => ':',
            TagOrDigest::Digest(_) => '@',
        };
        format!("{}{separator}{which}", self.repository())
    }

    /// One blob of the repository, as messages have it.
    #[must_use]
    pub fn blob_name(&self, digest: &Digest) -> String {
        let of = match (self.reference.tag(), self.reference.digest()) {
            (None, None) => self.repository(),
            _ => self.called(),
        };
        format!("blob {} of {of}", digest.short())
    }

    pub(super) fn ask(&self, rest: &str, what: String) -> Ask {
        Ask::get(self.url(rest), Purpose::Registry, what)
    }

    /// An address of the repository.
    pub(super) fn url(&self, rest: &str) -> Url {
        self.endpoint.url(&self.name, rest)
    }

    /// The registry, as messages have it.
    pub(super) fn registry(&self) -> String {
        self.endpoint.registry()
    }

    /// The error that an answer is which is not what was wanted.
    pub(super) async fn refused(&self, ask: &Ask, response: Response) -> SourceError {
        let domain = self.reference.domain();
        self.client
            .refused(&self.endpoint, domain, ask, response)
            .await
    }

    pub(super) async fn send(
        &self,
        ask: &Ask,
        wanted: fn(u16) -> bool,
    ) -> Result<Response, SourceError> {
        let domain = self.reference.domain();
        self.client
            .send(
                &self.endpoint,
                Scope::Repository(&self.name),
                domain,
                ask,
                wanted,
            )
            .await
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

pub(super) fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// The header, if it was sent once.
fn only(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok().map(str::to_owned),
        _ => None,
    }
}

pub(super) fn mismatch(what: String, promised: &Digest, got: &Digest) -> SourceError {
    SourceError::Mismatch {
        what,
        promised: promised.to_string(),
        got: got.to_string(),
    }
}
