//! What page and worker say about what belongs to a path beside its history: other paths, and findings.

use serde::{Deserialize, Serialize};

use super::FindingName;

/// What belongs to this path at the layer that is shown.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RelatedTo {
    pub(crate) path: Vec<u8>,
}

/// Other paths in the filesystem at the layer, and findings of the whole image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Related {
    /// Other names of the same file.
    pub(crate) links: OtherPaths,
    /// Other files with the same content.
    pub(crate) copies: OtherPaths,
    /// The first of those that name this path or a folder above it; none before the image is audited.
    pub(crate) findings: Vec<FindingOnPath>,
    /// How many there are.
    pub(crate) all_findings: u32,
}

/// Some of several paths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OtherPaths {
    /// In byte order.
    pub(crate) told: Vec<Vec<u8>>,
    pub(crate) all: u32,
}

/// A finding that names a path, or a folder above it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FindingOnPath {
    pub(crate) name: FindingName,
    /// That folder.
    pub(crate) folder: Option<Vec<u8>>,
    pub(crate) bytes: u64,
    pub(crate) advice: String,
}
