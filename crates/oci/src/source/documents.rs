//! Documents by digest: what holds them, and how one that a descriptor promises is read.

use bytes::Bytes;

use super::fetched::Fetched;
use super::{MaybeSend, MaybeSync, Origin, SourceError};
use crate::digest::Digest;
use crate::manifest::{Descriptor, Document, ManifestError};

/// Something that holds documents by digest: what an [`Image`](super::Image) is opened from.
pub trait Documents: MaybeSync {
    /// What is being opened, for messages.
    fn what(&self) -> String;
    /// Where they are read from.
    fn origin(&self) -> Origin {
        Origin::Registry
    }
    /// A manifest or index. Its bytes have the digest.
    fn manifest(
        &self,
        digest: &Digest,
    ) -> impl Future<Output = Result<Fetched, SourceError>> + MaybeSend;
    /// A blob small enough to be held. Its bytes have the digest.
    fn blob(
        &self,
        digest: &Digest,
        size: u64,
    ) -> impl Future<Output = Result<Bytes, SourceError>> + MaybeSend;
    /// Whether a blob or document is there; of a registry that is known only once it is asked for. An index in a saved
    /// image may list platforms that were not saved with it.
    fn may_have(&self, _digest: &Digest) -> bool {
        true
    }
    /// Whether [`Self::may_have`] knows.
    fn is_saved(&self) -> bool {
        false
    }
}

/// The document that a descriptor promises.
pub(super) async fn promised(
    documents: &impl Documents,
    descriptor: &Descriptor,
) -> Result<Fetched, SourceError> {
    if let Some(data) = &descriptor.data {
        return Ok(Fetched {
            bytes: data.clone().into(),
            content_type: None,
            digest: descriptor.digest.clone(),
        });
    }
    let fetched = documents.manifest(&descriptor.digest).await?;
    if fetched.bytes.len() as u64 != descriptor.size {
        return Err(documents.origin().mismatch(
            format!("{} of {}", descriptor.digest, documents.what()),
            format!("{} bytes", descriptor.size),
            format!("{} bytes", fetched.bytes.len()),
        ));
    }
    Ok(fetched)
}

/// Reads a document, which has to be of the type that it was sent as and, inside an index, was promised to be.
pub(super) fn parse(
    documents: &impl Documents,
    fetched: &Fetched,
    promised: Option<&Descriptor>,
) -> Result<Document, SourceError> {
    let listed = promised.map(|descriptor| descriptor.media_type.as_str());
    let listed = listed.filter(|listed| !listed.is_empty());
    let document = Document::parse_listed(&fetched.bytes, fetched.content_type.as_deref(), listed);
    let document = document.map_err(|problem| unusable(documents, problem))?;
    match listed {
        Some(listed) if listed != document.media_type() => {
            let problem = ManifestError::ListedAs {
                listed: listed.to_owned(),
                own: document.media_type().to_owned(),
            };
            Err(unusable(documents, problem))
        }
        _ => Ok(document),
    }
}

/// A document that cannot be used.
pub(super) fn unusable(documents: &impl Documents, problem: ManifestError) -> SourceError {
    SourceError::Document {
        what: documents.what(),
        problem,
    }
}
