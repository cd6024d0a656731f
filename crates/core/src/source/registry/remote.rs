//! One image of a registry, and its repository: documents, blobs, tags.

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Response};

use super::answer;
use super::auth::Scope;
use super::client::Client;
use super::endpoint::{Endpoint, TagOrDigest};
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

/// A manifest or index as its bytes came; they have the digest.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The document.
    pub bytes: Bytes,
    /// The `Content-Type`, if it was sent.
    pub content_type: Option<String>,
    /// The digest of the bytes.
    pub digest: Digest,
}

/// Some of a repository's tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagsPage {
    /// The tags, in the registry's order.
    pub tags: Vec<String>,
    /// The query that asks for the next ones; `None` at the end.
    pub next: Option<String>,
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
        let what = match which {
            TagOrDigest::Digest(digest) => format!("{}@{digest}", self.reference.name()),
            TagOrDigest::Tag(tag) => format!("{}:{tag}", self.reference.name()),
        };
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
        Ok(Fetched {
            bytes,
            content_type,
            digest,
        })
    }

    /// Requests a manifest (GET or HEAD) and hands over the answer as it is: nothing of it is checked.
    /// What is no success is an error.
    pub async fn manifest_response(
        &self,
        method: Method,
        which: &TagOrDigest,
        accept: &str,
    ) -> Result<Response, SourceError> {
        let separator = if matches!(which, TagOrDigest::Tag(_)) {
            ':'
        } else {
            '@'
        };
        let what = format!("{}{separator}{which}", self.reference.name());
        let mut ask = self.ask(&format!("manifests/{which}"), what);
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
        Ok(transfer::stream(self.clone(), ask, response, size))
    }

    /// Streams a layer. One that may not be copied is asked of the registry like any other, which may have it; from
    /// where its manifest says it is nothing is fetched (GHSA-qvqc-4c52-x6qp is what may come of that).
    pub async fn layer(&self, layer: &Layer) -> Result<BlobStream, SourceError> {
        layer.check_readable(&self.reference.to_string())?;
        if let Some(embedded) = layer.embedded(&self.reference.to_string()) {
            return Ok(embedded);
        }
        let what = format!("layer {} of {}", layer.number, self.reference);
        let Some(digest) = &layer.digest else {
            return Err(SourceError::NotFound {
                what,
                place: self.endpoint.registry(),
                reason: "it comes from another source".to_owned(),
            });
        };
        let ask = self.ask(&format!("blobs/{digest}"), what);
        match self.send(&ask, |status| status == 200).await {
            Ok(response) => Ok(transfer::stream(
                self.clone(),
                ask,
                response,
                layer.compressed_size,
            )),
            Err(SourceError::NotFound {
                what,
                place,
                reason,
            }) => Err(layer.not_held(what, place, reason)),
            Err(error) => Err(error),
        }
    }

    /// Lists tags: the first page, or the one that `query` (of a page before, or `n=…&last=…`) asks for.
    pub async fn tags(&self, query: Option<&str>) -> Result<TagsPage, SourceError> {
        let what = format!("the tags of {}", self.reference.name());
        let mut ask = self.ask("tags/list", what);
        ask.url.set_query(query);
        let response = self.send(&ask, |status| status == 200).await?;
        let (mut tags, next) = listing::page(response, &ask, "tags").await?;
        tags.retain(|tag| matches!(tag.parse(), Ok(TagOrDigest::Tag(_))));
        Ok(TagsPage { tags, next })
    }

    pub(super) fn blob_name(&self, digest: &Digest) -> String {
        format!("blob {} of {}", digest.short(), self.reference)
    }

    pub(super) fn ask(&self, rest: &str, what: String) -> Ask {
        Ask::get(self.endpoint.url(&self.name, rest), Purpose::Registry, what)
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
        self.reference.to_string()
    }

    async fn manifest(&self, digest: &Digest) -> Result<Fetched, SourceError> {
        Self::manifest(self, &TagOrDigest::Digest(digest.clone())).await
    }

    async fn blob(&self, digest: &Digest, size: u64) -> Result<Bytes, SourceError> {
        let stream = Self::blob(self, digest, Some(size)).await?;
        stream.verified(digest.clone()).whole().await
    }
}

pub(super) fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

pub(super) fn mismatch(what: String, promised: &Digest, got: &Digest) -> SourceError {
    SourceError::Mismatch {
        what,
        promised: promised.to_string(),
        got: got.to_string(),
    }
}
