//! Documents of a registry that are kept between runs.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::source::portable::{BoxFuture, MaybeSend, MaybeSync};

/// A manifest, an index or a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptDocument {
    /// The document.
    pub bytes: Vec<u8>,
    /// The `Content-Type` that it came with.
    pub content_type: Option<String>,
}

/// Keeps documents that are asked for by digest, each for the repository that had it.
pub trait KeepDocuments: MaybeSend + MaybeSync {
    /// The document, if it is kept. Its bytes have the digest.
    fn document<'a>(
        &'a self,
        repository: &'a str,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Option<KeptDocument>>;
    /// Keeps a document whose bytes have the digest.
    fn keep(&self, repository: &str, digest: &Digest, document: KeptDocument);
}
