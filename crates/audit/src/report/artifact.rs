//! `onionskin inspect` of what is no image: an artifact and what it holds.

use serde::{Deserialize, Serialize};

use crate::inspection::SCHEMA_VERSION;
use crate::source::Artifact;

/// What `inspect --format json` prints of an artifact.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactReport {
    /// The version of this form.
    pub schema_version: u32,
    /// What was opened. Reports on images have no such key.
    pub artifact: Artifact,
}

impl ArtifactReport {
    /// Tells of an artifact.
    #[must_use]
    pub const fn new(artifact: Artifact) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            artifact,
        }
    }
}
