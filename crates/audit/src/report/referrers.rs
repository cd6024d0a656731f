//! `onionskin referrers`: what a registry keeps about an image beside it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::inspection::SCHEMA_VERSION;
use crate::source::Attestation;
use crate::source::registry::Referrers;

/// What `referrers --format json` prints.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReferrersReport {
    /// The version of this form.
    pub schema_version: u32,
    /// The image that they refer to.
    pub image: Subject,
    /// What refers to it, in the registry's order, followed by what its own index lists.
    pub referrers: Vec<ReferrerFacts>,
}

/// The manifest or index that the others are about.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    /// What was opened, written out in full.
    pub reference: String,
    /// The digest that they name.
    #[cfg_attr(test, schemars(with = "String"))]
    pub digest: Digest,
}

/// How it is known that something refers to the image.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReferrerList {
    /// The registry lists it (distribution specification 1.1).
    Registry,
    /// The tag lists it that stands in for such a list.
    Tag,
    /// A tag that cosign makes of the image's digest names it.
    Cosign,
    /// The image's own index lists it, as BuildKit does with attestations.
    Index,
}

/// One manifest that refers to the image.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReferrerFacts {
    /// The manifest's digest.
    #[cfg_attr(test, schemars(with = "String"))]
    pub digest: Digest,
    /// Its media type; None where its list does not say.
    pub media_type: Option<String>,
    /// What kind of artifact it is; None where its list does not say.
    pub artifact_type: Option<String>,
    /// Bytes of the manifest.
    pub size: u64,
    /// Its annotations, as its list has them.
    pub annotations: BTreeMap<String, String>,
    /// The digest of the manifest that it is about.
    #[cfg_attr(test, schemars(with = "String"))]
    pub subject: Digest,
    /// Where it is listed.
    pub by: ReferrerList,
}

impl ReferrersReport {
    /// What refers to the manifest or index `digest`: what was `found`, and the `attestations` of its own index.
    #[must_use]
    pub fn new(
        reference: String,
        digest: Digest,
        found: Referrers,
        attestations: Vec<Attestation>,
    ) -> Self {
        let by = match found.by_tag {
            true => ReferrerList::Tag,
            false => ReferrerList::Registry,
        };
        let attestations = attestations.into_iter().map(|one| ReferrerFacts {
            digest: one.digest,
            media_type: Some(one.media_type),
            artifact_type: None,
            size: one.size,
            annotations: BTreeMap::new(),
            subject: one.subject.unwrap_or_else(|| digest.clone()),
            by: ReferrerList::Index,
        });
        let attestations: Vec<_> = attestations.collect();
        let referrers = found.referrers.into_iter().map(|one| ReferrerFacts {
            digest: one.digest,
            media_type: Some(one.media_type).filter(|text| !text.is_empty()),
            artifact_type: one.artifact_type,
            size: one.size,
            annotations: one.annotations,
            subject: digest.clone(),
            by: match one.tag {
                Some(_) => ReferrerList::Cosign,
                None => by,
            },
        });
        Self {
            schema_version: SCHEMA_VERSION,
            referrers: referrers.chain(attestations).collect(),
            image: Subject { reference, digest },
        }
    }
}
