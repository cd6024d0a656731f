//! One image of a registry, and its repository: documents and tags.

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Response, Url};

use super::answer;
use super::auth::Scope;
use super::client::Client;
use super::endpoint::{Endpoint, TagOrDigest};
use super::kept::KeptDocument;
use super::link;
use super::listing;
use super::request::{Purpose, RegistryRequest};
use crate::digest::{Algorithm, Digest};
use crate::limits;
use crate::manifest::media_type;
use crate::platform::Platform;
use crate::reference::Reference;
use crate::source::SourceError;
use crate::source::fetched::Fetched;
use crate::source::image::Image;

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

impl Client {
    /// The image that a reference names; nothing is requested yet.
    pub fn open(&self, reference: &Reference) -> Result<Remote, SourceError> {
        Ok(Remote::new(
            self.clone(),
            self.endpoint(reference)?,
            reference.clone(),
        ))
    }

    /// The image that a reference names, at a registry whose address the caller knows better: the reference's
    /// domain is only its name.
    #[must_use]
    pub fn open_at(&self, endpoint: Endpoint, reference: &Reference) -> Remote {
        Remote::new(self.clone(), endpoint, reference.clone())
    }
}

impl Remote {
    fn new(client: Client, endpoint: Endpoint, reference: Reference) -> Self {
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
        Image::open(self, top, platform).await
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
        let content_type = answer::header(response.headers(), CONTENT_TYPE.as_str());
        let said = answer::header(response.headers(), "docker-content-digest")
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

    /// A document of an earlier run.
    pub(super) async fn kept(&self, digest: &Digest) -> Option<KeptDocument> {
        let kept = self.client.kept()?;
        kept.document(&self.repository(), digest).await
    }

    /// Keeps a document for later runs.
    pub(super) fn keep(&self, digest: &Digest, bytes: &[u8], content_type: Option<String>) {
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

    /// Lists tags: the first page, or the one that `query` ([`TagsPage::next`] of a page before, or `n=…&last=…`) asks
    /// for.
    pub async fn tags(&self, query: Option<&str>) -> Result<TagsPage, SourceError> {
        let (tags, next) = self.tags_made(query, |tags| tags).await?;
        Ok(TagsPage { tags, next })
    }

    /// The same, for who wants something else than the tags themselves, which may take much memory: `made` makes it where
    /// they are read. Beside it is [`TagsPage::next`].
    pub async fn tags_made<T: Send + 'static>(
        &self,
        query: Option<&str>,
        made: impl Fn(Vec<String>) -> T + Clone + Send + 'static,
    ) -> Result<(T, Option<String>), SourceError> {
        let what = format!("the tag list of {}", self.repository());
        let list = self.url("tags/list");
        let (url, own) = link::addresses(&list, query);
        let ask = |url| RegistryRequest::get(url, Purpose::Registry, what.clone());
        let page = self.tags_at(&ask(url), &list, made.clone()).await;
        match own {
            Some(own) if page.is_err() => self.tags_at(&ask(own), &list, made).await,
            _ => page,
        }
    }

    async fn tags_at<T: Send + 'static>(
        &self,
        ask: &RegistryRequest,
        list: &Url,
        made: impl Fn(Vec<String>) -> T + Send + 'static,
    ) -> Result<(T, Option<String>), SourceError> {
        let response = self.send(ask, |status| status == 200).await?;
        let is_tag = |tag: &String| matches!(tag.parse(), Ok(TagOrDigest::Tag(_)));
        let made = move |mut tags: Vec<String>| {
            tags.retain(is_tag);
            made(tags)
        };
        listing::page(response, list, &ask.what, "tags", made).await
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

    pub(super) fn ask(&self, rest: &str, what: String) -> RegistryRequest {
        RegistryRequest::get(self.url(rest), Purpose::Registry, what)
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
    pub(super) async fn refused(&self, ask: &RegistryRequest, response: Response) -> SourceError {
        let domain = self.reference.domain();
        self.client
            .refused(&self.endpoint, domain, ask, response)
            .await
    }

    pub(super) async fn send(
        &self,
        ask: &RegistryRequest,
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

pub(super) fn mismatch(what: String, promised: &Digest, got: &Digest) -> SourceError {
    SourceError::Mismatch {
        what,
        promised: promised.to_string(),
        got: got.to_string(),
    }
}
