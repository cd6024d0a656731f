//! Manifests handed on: checked against their digest, and with headers of our own.

use axum::body::Body;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use onionskin_core::digest::Digest;
use onionskin_core::manifest::media_type::{self, DocumentKind};
use onionskin_core::source::SourceError;
use onionskin_core::source::registry::{Fetched, Remote, TagOrDigest};

use super::stored::{Answer, answer};
use super::{Relay, Visitor};
use crate::error::Refused;
use crate::held::holding;
use crate::policy::{self, matches_etag};
use crate::repository::CONTENT_DIGEST;
use crate::slots::SlotKind;
use crate::transfer::{insert, said_length};

impl Relay {
    /// A manifest. Its bytes have the digest that was asked for or that the registry said.
    pub(crate) async fn manifest(
        &self,
        visitor: &Visitor<'_>,
        name: &str,
        wanted: &TagOrDigest,
    ) -> Result<Response, Refused> {
        let (upstream, remote) = self.find(visitor, name)?;
        let slot = self.slot(upstream, SlotKind::Document, visitor).await?;
        let mut stored = None;
        // HEAD costs nothing where pulls are counted, but not every registry answers it in full.
        if visitor.method == Method::HEAD {
            let asked = self.document(name, manifest_head(&remote, wanted)).await;
            match answer(asked, Refused::unknown_manifest) {
                Answer::Given(Some(response)) => return Ok(response),
                Answer::Given(None) => {}
                Answer::Down(down) => {
                    let remembered = self.remembered_manifest(visitor, name, wanted, down);
                    stored = Some(remembered.await?);
                }
                Answer::Refused(refused) => {
                    self.forget_manifest(visitor, name, wanted);
                    return Err(refused);
                }
            }
        }
        if stored.is_none()
            && let Some(store) = &self.store
        {
            let found = self.stored_manifest(store, visitor, &remote, name, wanted);
            stored = found.await?;
        }
        let (fetched, is_new) = match stored {
            Some(stored) => (stored, false),
            None => {
                let fetched = self.document(name, remote.manifest(wanted)).await?;
                (fetched.map_err(Refused::unknown_manifest)?, true)
            }
        };
        let outline = fetched.outline().await.map_err(|problem| {
            let what = remote.one(wanted);
            Refused::unknown_manifest(SourceError::Document { what, problem })
        })?;
        self.described.remember(name, outline.blobs);
        if let Some(store) = self.store.as_ref().filter(|_| is_new) {
            let kept = self.keep_manifest(store, visitor, name, wanted, &fetched);
            kept.await;
        }
        let response = manifest_answer(fetched, &outline.media_type, wanted, visitor.headers);
        Ok(holding(response, slot))
    }
}

/// The answer to HEAD, if the registry's holds what clients rely on.
async fn manifest_head(
    remote: &Remote,
    wanted: &TagOrDigest,
) -> Result<Option<Response>, SourceError> {
    let upstream = remote
        .manifest_response(Method::HEAD, wanted, media_type::ACCEPT)
        .await;
    let upstream = match upstream {
        // Some know no HEAD.
        Err(SourceError::Answer { .. }) => return Ok(None),
        upstream => upstream?,
    };
    if upstream.headers().contains_key(header::CONTENT_ENCODING) {
        // Its length is not that of the manifest.
        return Ok(None);
    }
    let text = |name| upstream.headers().get(name)?.to_str().ok();
    let digest = text(CONTENT_DIGEST).and_then(|digest| digest.parse::<Digest>().ok());
    // Of any other type, the document itself says what it is.
    let kind = text(header::CONTENT_TYPE).map(media_type::of_content_type);
    let kind = kind.filter(|kind| DocumentKind::of(kind).is_some());
    let length = said_length(upstream.headers());
    let (Some(digest), Some(kind), Some(length)) = (digest, kind, length) else {
        return Ok(None);
    };
    if matches!(wanted, TagOrDigest::Digest(wanted) if *wanted != digest) {
        return Ok(None);
    }
    let mut headers = manifest_headers(&digest, &kind, wanted);
    // None of this can be checked.
    headers.insert(header::CACHE_CONTROL, policy::ASK_AGAIN);
    headers.insert(header::CONTENT_LENGTH, length.into());
    Ok(Some((headers, Body::empty()).into_response()))
}

fn manifest_answer(
    fetched: Fetched,
    kind: &str,
    wanted: &TagOrDigest,
    asked: &HeaderMap,
) -> Response {
    let headers = manifest_headers(&fetched.digest, kind, wanted);
    if matches_etag(asked, headers.get(header::ETAG)) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, fetched.bytes).into_response()
}

fn manifest_headers(digest: &Digest, kind: &str, wanted: &TagOrDigest) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let caching = match wanted {
        TagOrDigest::Digest(_) => policy::IMMUTABLE,
        TagOrDigest::Tag(_) => policy::ASK_AGAIN,
    };
    headers.insert(header::CACHE_CONTROL, caching);
    insert(&mut headers, header::CONTENT_TYPE, kind);
    insert(&mut headers, header::ETAG, &format!("\"{digest}\""));
    insert(&mut headers, CONTENT_DIGEST, &digest.to_string());
    headers
}
