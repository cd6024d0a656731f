//! A manifest or index as its bytes came, and what of it matters to those who hand it on.

use bytes::Bytes;

use crate::digest::Digest;
use crate::manifest::{Descriptor, Document, ManifestError};
use crate::source::portable::off_thread;

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

/// What is to be known of a document that is handed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// The media type to send it as ([`Document::type_of`]).
    pub media_type: String,
    /// The blobs of an image, config and layers; none of what is no image, or cannot be read as one.
    pub blobs: Vec<(Digest, Described)>,
}

/// What a manifest says of a blob.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Described {
    /// Its bytes.
    pub size: Option<u64>,
    /// Whether it is compressed itself.
    pub compressed: Option<bool>,
}

impl Fetched {
    /// What has to be known of the document to hand it on.
    ///
    /// # Errors
    /// When it is not a JSON object.
    pub async fn outline(&self) -> Result<Outline, ManifestError> {
        let (bytes, sent_as) = (self.bytes.clone(), self.content_type.clone());
        off_thread(bytes.len(), move || Outline::of(&bytes, sent_as.as_deref())).await
    }
}

impl Outline {
    fn of(bytes: &[u8], sent_as: Option<&str>) -> Result<Self, ManifestError> {
        let media_type = Document::type_of(bytes, sent_as)?;
        let blobs = match Document::parse(bytes, sent_as) {
            Ok(Document::Manifest(manifest)) => {
                let blobs = std::iter::once(&manifest.config).chain(&manifest.layers);
                blobs
                    .map(|blob| (blob.digest.clone(), Described::by(blob)))
                    .collect()
            }
            // Whoever reads it finds out what is wrong with it.
            Ok(Document::Index(_)) | Err(_) => Vec::new(),
        };
        Ok(Self { media_type, blobs })
    }
}

impl Described {
    fn by(descriptor: &Descriptor) -> Self {
        let media_type = descriptor.media_type.as_str();
        Self {
            size: Some(descriptor.size),
            compressed: (!media_type.is_empty()).then(|| is_compressed(media_type)),
        }
    }
}

/// Whether blobs of this media type are compressed themselves.
pub(super) fn is_compressed(media_type: &str) -> bool {
    media_type.ends_with("gzip") || media_type.ends_with("zstd")
}
