//! Signatures, attestations and SBOMs under tags that cosign makes of an image's digest. They name no subject, so no
//! list of referrers has them.
//!
//! Source: sigstore/cosign, specs/SIGNATURE_SPEC.md and doc/cosign_triangulate.md.

use super::endpoint::TagOrDigest;
use super::referrers::Referrer;
use super::remote::Remote;
use crate::digest::Digest;
use crate::manifest::{Document, ManifestError};
use crate::source::SourceError;
use crate::source::fetched::Fetched;

/// What the tags end with.
const SUFFIXES: [&str; 3] = ["sig", "att", "sbom"];

impl Remote {
    /// What cosign has put beside the manifest with this digest.
    pub(super) async fn cosigned(&self, digest: &Digest) -> Result<Vec<Referrer>, SourceError> {
        let mut found = Vec::new();
        for suffix in SUFFIXES {
            let tag = format!("{}-{}.{suffix}", digest.algorithm().name(), digest.hex());
            let Ok(named @ TagOrDigest::Tag(_)) = tag.parse() else {
                // Too long for a tag: then there is none.
                continue;
            };
            match self.manifest(&named).await {
                Ok(fetched) => found.extend(of(fetched, tag)),
                Err(SourceError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}

/// What a manifest under such a tag is; nothing where it is an image, as anybody may name a tag so.
fn of(fetched: Fetched, tag: String) -> Option<Referrer> {
    let document = Document::parse(&fetched.bytes, fetched.content_type.as_deref());
    let Ok(Document::Manifest(manifest)) = document else {
        return None;
    };
    let Err(ManifestError::Artifact(kind)) = manifest.check_image() else {
        return None;
    };
    Some(Referrer {
        digest: fetched.digest,
        media_type: manifest.media_type,
        artifact_type: Some(kind),
        size: fetched.bytes.len() as u64,
        annotations: manifest.annotations,
        tag: Some(tag),
    })
}
