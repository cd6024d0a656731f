//! `onionskin link`: the address at which the page shows an image or a comparison.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::inspection::SCHEMA_VERSION;
use crate::source::Image;

/// What `link --format json` prints.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkReport {
    /// The version of this form.
    pub schema_version: u32,
    /// The address.
    pub url: String,
    /// The same as a link in Markdown.
    pub markdown: String,
    /// The image; of a comparison the new one.
    pub image: LinkedImage,
    /// The image that it is compared with; None where the link is to one image.
    pub old: Option<LinkedImage>,
}

/// Which image a link leads to.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkedImage {
    /// What was opened, written out in full.
    pub reference: String,
    /// The manifest's digest.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub digest: Option<Digest>,
    /// `os/architecture[/variant]`.
    pub platform: Option<String>,
}

impl LinkedImage {
    /// That image.
    #[must_use]
    pub fn of(image: &Image) -> Self {
        Self {
            reference: image.reference.clone(),
            digest: image.digest.clone(),
            platform: image.platform.as_ref().map(ToString::to_string),
        }
    }
}

impl LinkReport {
    /// The report of an address.
    #[must_use]
    pub const fn new(
        url: String,
        markdown: String,
        image: LinkedImage,
        old: Option<LinkedImage>,
    ) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            url,
            markdown,
            image,
            old,
        }
    }
}
