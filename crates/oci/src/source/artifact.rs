//! What is stored where images are and is none: charts, signatures, SBOMs, attestations, modules.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::manifest::Manifest;

/// Names that artifacts' files have (OCI image specification, annotations.md).
const TITLE: &str = "org.opencontainers.image.title";
/// Files that a message names.
const SHOWN: usize = 5;

/// A well-formed manifest of something that has no file system to show.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    /// What was opened, written out in full.
    pub reference: String,
    /// The manifest's digest.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub digest: Digest,
    /// The manifest's media type.
    pub media_type: String,
    /// What it says that it is; else what its configuration or its first file is.
    pub artifact_type: String,
    /// The manifest that it is about.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub subject: Option<Digest>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// What it holds.
    pub files: Vec<ArtifactFile>,
}

/// One blob of an artifact.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactFile {
    /// Its name; None where it has none.
    pub name: Option<String>,
    /// Its media type.
    pub media_type: String,
    /// Its digest.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub digest: Digest,
    /// Bytes of it.
    pub size: u64,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

impl Artifact {
    /// What `manifest` says, which was found to be an artifact of this type.
    pub(super) fn of(
        reference: String,
        digest: Digest,
        artifact_type: String,
        manifest: Manifest,
    ) -> Self {
        let files = manifest.layers.into_iter();
        Self {
            reference,
            digest,
            media_type: manifest.media_type,
            artifact_type,
            subject: manifest.subject,
            annotations: manifest.annotations,
            files: files
                .map(|file| ArtifactFile {
                    name: file.annotations.get(TITLE).cloned(),
                    media_type: file.media_type,
                    digest: file.digest,
                    size: file.size,
                    annotations: file.annotations,
                })
                .collect(),
        }
    }
}

/// In one line, as the rest of a sentence about it.
impl fmt::Display for Artifact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "it is an artifact of type {}, not an image, and has no filesystem",
            self.artifact_type
        )?;
        let named: Vec<&str> = self
            .files
            .iter()
            .filter_map(|file| file.name.as_deref())
            .collect();
        let Some(first) = named
            .get(..named.len().min(SHOWN))
            .filter(|first| !first.is_empty())
        else {
            return Ok(());
        };
        write!(f, "; it holds {}", first.join(", "))?;
        match named.len() - first.len() {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}
