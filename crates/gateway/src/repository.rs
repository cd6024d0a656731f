//! Images that the gateway has of its own, served as repositories: the demo images, and saved ones it was given.

use std::collections::{BTreeMap, HashMap};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use onionskin_core::digest::Digest;
use onionskin_core::report::Visible;
use onionskin_core::source::archive::{ArchiveRepository, Blob};
use onionskin_core::source::registry::TagOrDigest;
use onionskin_core::source::{BlobStream, SourceError};

use crate::demo;
use crate::error::Refused;
use crate::listing::{self, Paging};
use crate::policy::{self, matches_etag};
use crate::range::{RequestedRange, Wanted};
use crate::saved::SavedImage;

/// The digest of what is sent, for clients that asked by tag.
pub(crate) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// Repositories by name.
pub(crate) struct Repositories {
    by_name: BTreeMap<String, Repository>,
}

/// What there is under one name. Blobs are reachable through the repository that has them and no other.
#[derive(Default)]
pub(crate) struct Repository {
    name: String,
    tags: BTreeMap<String, Digest>,
    manifests: HashMap<Digest, (String, Bytes)>,
    blobs: HashMap<Digest, Bytes>,
    /// Saved images, in which more of both lies.
    held: Vec<ArchiveRepository>,
}

/// What an answer is made of.
enum Content {
    Bytes(Bytes),
    Stored(Blob),
}

impl Repositories {
    /// The demo images.
    pub(crate) fn demo() -> Self {
        let by_name = demo::REPOSITORIES.iter().map(Repository::new);
        Self {
            by_name: by_name.map(|r| (r.name.clone(), r)).collect(),
        }
    }

    /// Takes a saved image in; `Err` is its name, where another has it.
    pub(crate) fn add(&mut self, image: SavedImage) -> Result<(), String> {
        let name = image.name();
        let repository = self.by_name.entry(image.repository.clone()).or_default();
        repository.name = image.repository;
        let digest = image.held.digest().clone();
        if repository.tags.insert(image.tag, digest).is_some() {
            return Err(name);
        }
        repository.held.push(image.held);
        Ok(())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Repository> {
        self.by_name.get(name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }
}

impl Repository {
    fn new(demo: &'static demo::Repository) -> Self {
        // The build script wrote well-formed digests; one that is not would be missing.
        let digest = |text: &str| text.parse::<Digest>().ok();
        Self {
            name: demo.name.to_owned(),
            tags: demo
                .tags
                .iter()
                .filter_map(|(tag, of)| Some(((*tag).to_owned(), digest(of)?)))
                .collect(),
            manifests: demo
                .manifests
                .iter()
                .filter_map(|(of, media_type, bytes)| {
                    let manifest = ((*media_type).to_owned(), Bytes::from_static(bytes));
                    Some((digest(of)?, manifest))
                })
                .collect(),
            blobs: demo
                .blobs
                .iter()
                .filter_map(|(of, bytes)| Some((digest(of)?, Bytes::from_static(bytes))))
                .collect(),
            held: Vec::new(),
        }
    }

    pub(crate) fn tags(&self, paging: &Paging) -> Response {
        listing::tags(&self.name, self.tags.keys().map(String::as_str), paging)
    }

    pub(crate) async fn manifest(
        &self,
        pointer: &TagOrDigest,
        asked: &HeaderMap,
    ) -> Result<Response, Refused> {
        let (digest, caching) = match pointer {
            TagOrDigest::Digest(digest) => (Some(digest), policy::IMMUTABLE),
            TagOrDigest::Tag(tag) => (self.tags.get(tag), policy::ASK_AGAIN),
        };
        if let Some(digest) = digest
            && let Some((media_type, bytes)) = self.find(digest).await?
        {
            let bytes = Content::Bytes(bytes);
            return answer(digest, &media_type, bytes, caching, asked).await;
        }
        let tags: Vec<_> = self.tags.keys().map(String::as_str).collect();
        Err(Refused::manifest_unknown(format!(
            "{} has no {pointer}; its tags are {}",
            self.name,
            tags.join(", ")
        )))
    }

    async fn find(&self, digest: &Digest) -> Result<Option<(String, Bytes)>, Refused> {
        if let Some(manifest) = self.manifests.get(digest) {
            return Ok(Some(manifest.clone()));
        }
        for held in &self.held {
            if let Some(found) = held.manifest(digest).await.map_err(unreadable)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    pub(crate) async fn blob(
        &self,
        digest: &Digest,
        asked: &HeaderMap,
    ) -> Result<Response, Refused> {
        let mut found = self.blobs.get(digest).cloned().map(Content::Bytes);
        // Where one file is damaged, another one may have it.
        let mut damaged = None;
        for held in &self.held {
            if found.is_none() {
                found = held.config(digest).map(Content::Bytes);
            }
            if found.is_none() {
                match held.blob(digest).await {
                    Ok(blob) => found = blob.map(Content::Stored),
                    Err(error) => damaged = Some(error),
                }
            }
        }
        let content = match (found, damaged) {
            (Some(content), _) => content,
            (None, Some(error)) => return Err(unreadable(error)),
            (None, None) => {
                let unknown = format!("{} has no blob {digest}", self.name);
                return Err(Refused::blob_unknown(unknown));
            }
        };
        let caching = policy::IMMUTABLE_AS_IS;
        let kind = "application/octet-stream";
        answer(digest, kind, content, caching, asked).await
    }
}

/// A saved image that was readable when we began, or is damaged. Where it lies is the operator's business.
fn unreadable(error: SourceError) -> Refused {
    tracing::error!("{}", Visible(&error.to_string()));
    let message = match error {
        SourceError::Damaged { promised, got, .. } => {
            format!("the saved image is damaged: it has {got} instead of {promised}; save it again")
        }
        _ => "the saved image cannot be read any more; this gateway's log says why".to_owned(),
    };
    Refused::unreachable(StatusCode::INTERNAL_SERVER_ERROR, message)
}

/// All bytes of a blob that is checked, whose last ones come when it is what it should be: till then no answer is whole.
fn held_back(blob: BlobStream) -> impl Stream<Item = Result<Bytes, SourceError>> + Send {
    stream::unfold((blob, None), |(mut blob, mut held)| async move {
        loop {
            match blob.next().await {
                Some(Ok(chunk)) => {
                    if let Some(before) = held.replace(chunk) {
                        return Some((Ok(before), (blob, held)));
                    }
                }
                Some(Err(error)) => return Some((Err(error), (blob, None))),
                None => return held.take().map(|last| (Ok(last), (blob, None))),
            }
        }
    })
}

impl Content {
    fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Stored(blob) => usize::try_from(blob.size()).unwrap_or(usize::MAX),
        }
    }

    /// All of it, once its first bytes are there: what is short is judged before anything is said of it.
    async fn whole(self, digest: &Digest) -> Result<Body, Refused> {
        let blob = match self {
            Self::Bytes(bytes) => return Ok(Body::from(bytes)),
            Self::Stored(blob) => blob.checked(digest.clone()),
        };
        let mut chunks = Box::pin(held_back(blob));
        let first = chunks.next().await.transpose().map_err(unreadable)?;
        let rest = chunks.inspect_err(|error| tracing::error!("{}", Visible(&error.to_string())));
        Ok(Body::from_stream(stream::iter(first).map(Ok).chain(rest)))
    }

    fn part(self, part: std::ops::Range<usize>) -> Body {
        match self {
            Self::Bytes(bytes) => Body::from(bytes.slice(part)),
            Self::Stored(blob) => {
                Body::from_stream(blob.stream(part.start as u64..part.end as u64))
            }
        }
    }
}

async fn answer(
    digest: &Digest,
    media_type: &str,
    content: Content,
    mut caching: HeaderValue,
    asked: &HeaderMap,
) -> Result<Response, Refused> {
    let etag = HeaderValue::try_from(format!("\"{digest}\"")).ok();
    let cached = matches_etag(asked, etag.as_ref());
    let length = content.len();
    let mut response = match Wanted::of(RequestedRange::of(asked, etag.as_ref()), length) {
        _ if cached => StatusCode::NOT_MODIFIED.into_response(),
        Wanted::Whole => {
            let sized = [(header::CONTENT_LENGTH, length)];
            (sized, content.whole(digest).await?).into_response()
        }
        Wanted::Nothing => {
            let all = format!("bytes */{length}");
            (
                StatusCode::RANGE_NOT_SATISFIABLE,
                [(header::CONTENT_RANGE, all)],
            )
                .into_response()
        }
        Wanted::Part(part) => {
            let of = format!("bytes {}-{}/{length}", part.start, part.end - 1);
            let sized = [(header::CONTENT_LENGTH, part.len())];
            let ranged = [(header::CONTENT_RANGE, of)];
            if matches!(content, Content::Stored(_)) {
                caching = policy::UNVERIFIED;
            }
            let body = content.part(part);
            (StatusCode::PARTIAL_CONTENT, sized, ranged, body).into_response()
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, caching);
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let content_digest = HeaderValue::try_from(digest.to_string()).ok();
    let media_type = HeaderValue::try_from(media_type).ok();
    for (name, value) in [
        (header::CONTENT_TYPE, media_type),
        (header::ETAG, etag),
        (CONTENT_DIGEST, content_digest),
    ] {
        if let Some(value) = value {
            headers.insert(name, value);
        }
    }
    Ok(response)
}
