//! Images that the gateway has of its own, served as repositories: the demo images.

use std::collections::{BTreeMap, HashMap};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use onionskin_core::digest::Digest;
use onionskin_core::source::registry::TagOrDigest;

use crate::demo;
use crate::error::Refused;
use crate::listing::{self, Paging};
use crate::policy::{self, matches_etag};
use crate::range::Wanted;

/// The digest of what is sent, for clients that asked by tag.
pub(crate) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// Repositories by name.
pub(crate) struct Repositories {
    by_name: BTreeMap<&'static str, Repository>,
}

/// What there is under one name. Blobs are reachable through the repository that has them and no other.
pub(crate) struct Repository {
    name: &'static str,
    tags: BTreeMap<&'static str, Digest>,
    manifests: HashMap<Digest, (&'static str, Bytes)>,
    blobs: HashMap<Digest, Bytes>,
}

impl Repositories {
    /// The demo images.
    pub(crate) fn demo() -> Self {
        let by_name = demo::REPOSITORIES.iter().map(Repository::new);
        Self {
            by_name: by_name.map(|r| (r.name, r)).collect(),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Repository> {
        self.by_name.get(name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().copied()
    }
}

impl Repository {
    fn new(demo: &'static demo::Repository) -> Self {
        // The build script wrote well-formed digests; one that is not would be missing.
        Self {
            name: demo.name,
            tags: demo
                .tags
                .iter()
                .filter_map(|(tag, digest)| Some((*tag, digest.parse().ok()?)))
                .collect(),
            manifests: demo
                .manifests
                .iter()
                .filter_map(|(digest, media_type, bytes)| {
                    Some((
                        digest.parse().ok()?,
                        (*media_type, Bytes::from_static(bytes)),
                    ))
                })
                .collect(),
            blobs: demo
                .blobs
                .iter()
                .filter_map(|(digest, bytes)| {
                    Some((digest.parse().ok()?, Bytes::from_static(bytes)))
                })
                .collect(),
        }
    }

    pub(crate) fn tags(&self, paging: &Paging) -> Response {
        listing::tags(self.name, self.tags.keys().copied(), paging)
    }

    pub(crate) fn manifest(
        &self,
        pointer: &TagOrDigest,
        asked: &HeaderMap,
    ) -> Result<Response, Refused> {
        let (digest, caching) = match pointer {
            TagOrDigest::Digest(digest) => (Some(digest), policy::IMMUTABLE),
            TagOrDigest::Tag(tag) => (self.tags.get(tag.as_str()), policy::ASK_AGAIN),
        };
        let found = digest.and_then(|digest| Some((digest, self.manifests.get(digest)?)));
        let Some((digest, (media_type, bytes))) = found else {
            let tags: Vec<_> = self.tags.keys().copied().collect();
            return Err(Refused::manifest_unknown(format!(
                "{} has no {pointer}; its tags are {}",
                self.name,
                tags.join(", ")
            )));
        };
        Ok(answer(digest, media_type, bytes, caching, asked))
    }

    pub(crate) fn blob(&self, digest: &Digest, asked: &HeaderMap) -> Result<Response, Refused> {
        let bytes = self
            .blobs
            .get(digest)
            .ok_or_else(|| Refused::blob_unknown(format!("{} has no blob {digest}", self.name)))?;
        let caching = policy::IMMUTABLE_AS_IS;
        Ok(answer(
            digest,
            "application/octet-stream",
            bytes,
            caching,
            asked,
        ))
    }
}

fn answer(
    digest: &Digest,
    media_type: &'static str,
    bytes: &Bytes,
    caching: HeaderValue,
    asked: &HeaderMap,
) -> Response {
    let etag = HeaderValue::try_from(format!("\"{digest}\"")).ok();
    let cached = matches_etag(asked, etag.as_ref());
    let mut response = match Wanted::of(asked.get(header::RANGE), bytes.len()) {
        _ if cached => StatusCode::NOT_MODIFIED.into_response(),
        Wanted::Whole => Body::from(bytes.clone()).into_response(),
        Wanted::Nothing => {
            let all = format!("bytes */{}", bytes.len());
            (
                StatusCode::RANGE_NOT_SATISFIABLE,
                [(header::CONTENT_RANGE, all)],
            )
                .into_response()
        }
        Wanted::Part(part) => {
            let of = format!("bytes {}-{}/{}", part.start, part.end - 1, bytes.len());
            let body = Body::from(bytes.slice(part));
            (
                StatusCode::PARTIAL_CONTENT,
                [(header::CONTENT_RANGE, of)],
                body,
            )
                .into_response()
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, caching);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let content_digest = HeaderValue::try_from(digest.to_string()).ok();
    for (name, value) in [(header::ETAG, etag), (CONTENT_DIGEST, content_digest)] {
        if let Some(value) = value {
            headers.insert(name, value);
        }
    }
    response
}
