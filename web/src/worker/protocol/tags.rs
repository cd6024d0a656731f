//! What page and worker say about the tags of a repository.

use serde::{Deserialize, Serialize};

/// What the image of a tag is, from its documents.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AboutTag {
    pub(crate) reference: String,
}

/// The image of a tag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TagFacts {
    /// Of its index, else of its manifest.
    pub(crate) digest: String,
    /// Of its index, else its own.
    pub(crate) platforms: Vec<String>,
    /// When it was made, as its configuration says; of an index, for the platform that is opened.
    pub(crate) created: Option<String>,
    /// Bytes of its layers, each once; of an index, for the platform that is opened.
    pub(crate) size: Option<u64>,
}

/// Why nothing is known of a tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TagProblem {
    pub(crate) text: String,
    /// The registry allows no more requests for now.
    pub(crate) is_busy: bool,
    /// For so many seconds, where it said so.
    pub(crate) wait: Option<u32>,
}
