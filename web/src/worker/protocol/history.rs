//! What page and worker say about a repository's images over time.

pub(crate) use onionskin_core::report::history::{
    CauseKind, HistoryReport, JumpCause, TaggedImage, UnreadTag,
};
use serde::{Deserialize, Serialize};

use super::{ReadSoFar, UserError, as_json};

/// Images of tags that are read without the visitor's asking: each takes requests, which registries count.
pub(crate) const UNASKED: usize = 20;

/// Read the images of a repository's tags; what happens is told as [`Event::History`](super::Event::History).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReadHistory {
    pub(crate) repository: String,
    /// Only tags that match this glob. Without one, all of them are read where they are few.
    pub(crate) tags: Option<String>,
    /// Only so many of the newest images.
    pub(crate) limit: u32,
    pub(crate) platform: Option<String>,
    /// Past the browser's cache, once something failed.
    pub(crate) fresh: bool,
}

/// What happens while the images of a repository are read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum HistoryEvent {
    /// The list of tags is read; where it stays at that, `reading` is false.
    Tags(TagsFound),
    /// The documents of so many tags are read.
    Opened(u32),
    /// Of these images the layers are read.
    Images(HistoryImages),
    /// How far the layers of an image are; it has this tag.
    Progress(String, ReadSoFar),
    /// The next image is read.
    Image(#[serde(with = "as_json")] Box<TaggedImage>),
    /// These tags could not be read.
    Unread(Vec<UnreadTag>),
    Failed(UserError),
    Done,
}

/// The tags of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TagsFound {
    pub(crate) matching: u32,
    pub(crate) all: u32,
    /// The images of those that match are read.
    pub(crate) reading: bool,
}

/// The images whose layers are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HistoryImages {
    pub(crate) images: u32,
    /// The repository with its registry.
    pub(crate) repository: String,
    /// All platforms of their indexes.
    pub(crate) platforms: Vec<String>,
}
