//! What page and worker say about the tree of files, and about the history of a path.

use serde::{Deserialize, Serialize};

use super::{Cause, EntryKind, LayerNumbers, Mark};

/// What the tree shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Showing {
    pub(crate) layer: u32,
    pub(crate) changes: bool,
    pub(crate) sort: Sort,
    /// Only paths whose name holds this; empty shows all.
    pub(crate) find: String,
}

/// The order of siblings in the tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Sort {
    #[default]
    Name,
    /// Largest first.
    Size,
}

/// What came of [`Request::Show`] and of opening and closing folders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shown {
    /// Rows now visible in the tree.
    pub(crate) total: u32,
    /// All paths of the view, visible or folded away.
    pub(crate) paths: u32,
    /// Those of them that a search keeps; all without one.
    pub(crate) kept: u32,
    /// Bytes of the files among those, without what is deleted.
    pub(crate) bytes: u64,
    /// Bytes of the files among those that the layer deletes.
    pub(crate) deleted: u64,
    /// Paths that match what is looked for; none without.
    pub(crate) matches: Option<u32>,
    /// The layer stands alone because one below it could not be read.
    pub(crate) alone: bool,
    /// There is nothing to show, as the layer is not read.
    pub(crate) missing: bool,
}

/// Where a path is in the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Found {
    /// The row of the path, or of the nearest folder above it that exists.
    pub(crate) row: Option<u32>,
    /// Whether it is the path itself.
    pub(crate) exact: bool,
    pub(crate) total: u32,
}

/// One visible row of the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) path: Vec<u8>,
    /// 0 for what lies in the root.
    pub(crate) depth: u32,
    pub(crate) kind: EntryKind,
    /// Where a link leads.
    pub(crate) target: Option<Vec<u8>>,
    /// Whether it can be opened, and is.
    pub(crate) open: Option<bool>,
    /// Of the file, or of all files below the folder.
    pub(crate) size: u64,
    pub(crate) mode: u32,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
    /// The layer that provides it, or, for what is deleted, that shipped it.
    pub(crate) layer: u32,
    pub(crate) mark: Option<Mark>,
    /// What was there before, where the layer changed only mode, owner or other metadata.
    pub(crate) before: Option<Metadata>,
    /// The layer that hides it later, and how, although it is still downloaded.
    pub(crate) fate: Option<(Cause, u32)>,
}

/// Mode and owner of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) mode: u32,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
}

/// A path's story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PathHistory {
    pub(crate) path: Vec<u8>,
    /// What it is at the layer that is looked at, if it is there.
    pub(crate) now: Option<Row>,
    /// Files below it at that layer.
    pub(crate) files: u64,
    /// Seconds since 1970.
    pub(crate) mtime: Option<i64>,
    /// What it is by the rules of a format, where one names it.
    pub(crate) label: Option<String>,
    /// Extended attributes, capabilities and access control lists in their own notation.
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) events: Vec<PathEvent>,
    /// Whether the container has it in the end.
    pub(crate) live: bool,
    /// Bytes live and wasted stored under this path or below it.
    pub(crate) bytes: LayerNumbers,
    pub(crate) wasted_compressed: u64,
}

/// What one layer did to a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PathEvent {
    pub(crate) layer: u32,
    pub(crate) mark: Mark,
    pub(crate) kind: EntryKind,
    pub(crate) size: u64,
    pub(crate) mode: u32,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
}
