//! Blobs handed on, whole or in part: from the store, from a fetch that others wait for too, or from the registry.

use axum::http::Method;
use axum::response::Response;
use metrics::SharedString;
use onionskin_core::digest::Digest;
use onionskin_core::source::SourceError;
use onionskin_core::source::registry::{BlobAnswer, Remote};

use super::stored::{Answer, Attempt, answer};
use super::{Relay, Visitor};
use crate::error::Refused;
use crate::held::holding;
use crate::range::RequestedRange;
use crate::slots::SlotKind;
use crate::transfer::{self, BlobRequest, Upstream};

impl Relay {
    /// A blob or a part of it, as its bytes are. A whole one that has another digest is cut off before its end.
    pub(crate) async fn blob(
        &self,
        visitor: &Visitor<'_>,
        name: &str,
        digest: &Digest,
    ) -> Result<Response, Refused> {
        let (upstream, remote) = self.find(visitor, name)?;
        let is_head = visitor.method == Method::HEAD;
        let mut wish = BlobRequest {
            name,
            digest,
            range: RequestedRange::of(visitor.headers, None).filter(|_| !is_head),
            version: visitor.version,
        };
        let what = remote.blob_name(digest);
        match wish.range {
            // Who was cut off wants to go on, with what would never be the blob.
            Some(RequestedRange::From(1.., _)) => {
                if let Some(why) = self.mismatches.why(name, digest) {
                    return Err(transfer::mismatched(&what, why));
                }
            }
            _ => self.mismatches.forget(name, digest),
        }
        let registry = upstream.domain.clone();
        let slot = self.slot(upstream, SlotKind::Blob, visitor).await?;
        let source = transfer::Source {
            what: &what,
            registry: SharedString::from(registry),
            metrics: &self.metrics,
            mismatches: &self.mismatches,
            size: self.described.of(name, digest).size,
        };
        if is_head {
            let asked = self.blob_answer(&remote, &Method::HEAD, &wish).await;
            let response = match answer(asked, Refused::unknown_blob) {
                Answer::Given(sent) => transfer::head(&wish, &source, &Upstream::of(sent))?,
                Answer::Down(down) => self.remembered_head(visitor, &wish, down).await?,
                // Some know no HEAD of blobs, so this says nothing of what GET may have.
                Answer::Refused(refused) => return Err(refused),
            };
            return Ok(holding(response, slot));
        }
        let stored = match &self.store {
            Some(store) => {
                let stored = self.stored_blob(store, visitor, &remote, &wish, &source);
                stored.await?
            }
            None => {
                let shared = self.shared_blob(&self.flights, None, &remote, &wish, &source);
                shared.await?
            }
        };
        let mut upstream = match stored {
            Attempt::Answered(response) => return Ok(holding(response, slot)),
            Attempt::Pass(upstream) => upstream,
            Attempt::Ask => self.ask_for_blob(&remote, &Method::GET, &wish).await?,
        };
        if transfer::is_other_part(&wish, &upstream) {
            // Who wants a part may be given the whole (RFC 9110, section 14.2), which can be checked.
            wish.range = None;
            upstream = self.ask_for_blob(&remote, &Method::GET, &wish).await?;
        }
        let response = transfer::get(&wish, &source, upstream, &self.limits).await?;
        Ok(holding(response, slot))
    }

    pub(super) async fn ask_for_blob(
        &self,
        remote: &Remote,
        method: &Method,
        wish: &BlobRequest<'_>,
    ) -> Result<Upstream, Refused> {
        let answer = self.blob_answer(remote, method, wish).await?;
        Ok(Upstream::of(answer.map_err(Refused::unknown_blob)?))
    }

    async fn blob_answer(
        &self,
        remote: &Remote,
        method: &Method,
        wish: &BlobRequest<'_>,
    ) -> Result<Result<BlobAnswer, SourceError>, Refused> {
        let range = wish.range.map(|range| range.to_string());
        let described = self.described.of(wish.name, wish.digest);
        let answer = remote.blob_answer(method.clone(), wish.digest, range.as_deref(), described);
        // It may read the first bytes, or all, to see how they are coded.
        self.document(wish.name, answer).await
    }
}
