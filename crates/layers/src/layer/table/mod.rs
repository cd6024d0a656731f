//! Tables of contents of layers: what is listed of them without reading them. eStargz and zstd:chunked layers carry theirs in
//! the blob; those of SOCI are blobs of their own.
//!
//! A table is read from a few ranges of its blob and is checked against the digest that the image has for it.
//! Nothing is known then but what it lists: a tar can hold something else, which only the whole layer tells
//! ([`TableOfContents::differences`]).

mod compare;
mod content;
mod document;
mod flatbuffer;
mod location;
mod read;
mod row;
mod stored;
mod ztoc;

pub use compare::{Differing, EntryField, TableDifference};
pub use content::ListedReader;
pub use location::TableLocation;
pub use read::TableReader;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{EntryId, LayerIndex, Problem};
use crate::digest::Digest;

/// What the table of a layer lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableOfContents {
    index: Arc<LayerIndex>,
    /// Of the files that have bytes, sorted by entry.
    locations: Vec<(EntryId, ContentLocation)>,
}

/// Where the content of a file is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ContentLocation {
    /// In the blob: from where it can be decompressed.
    start: u64,
    /// In the blob: to where at most.
    end: u64,
    /// Bytes that come before it, decompressed.
    skip: u64,
    /// Of all of it.
    digest: Digest,
}

/// Why a table cannot be used. The layer can be read all the same, as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// The blob does not say where its table is.
    #[error("the blob has no table of contents where its format has one")]
    NoTable,
    /// It is another one than the image names.
    #[error("its digest is {actual}, but the image names {expected}")]
    Digest {
        /// As in the descriptor's annotation, or in the SOCI index.
        expected: Digest,
        /// As computed.
        actual: Digest,
    },
    /// It is larger than [`TABLE_BYTES`](crate::limits::TABLE_BYTES), or than there is memory for.
    #[error("it has more than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// It is not in the form that its format has.
    #[error("it is damaged: {0}")]
    Form(String),
    /// It does not tell for certain what the layer has.
    #[error("{0}")]
    Ambiguous(&'static str),
    /// What it lists breaks a limit.
    #[error("{0}")]
    Listed(#[from] Problem),
}

impl From<crate::compression::Error> for TableError {
    fn from(error: crate::compression::Error) -> Self {
        match error.problem {
            crate::compression::Problem::Memory { limit } => Self::TooLarge { limit },
            problem => Self::Form(problem.to_string()),
        }
    }
}

impl From<crate::tar::Problem> for TableError {
    fn from(problem: crate::tar::Problem) -> Self {
        Self::Form(problem.to_string())
    }
}

impl TableOfContents {
    /// What it lists, as an index in which nothing else is known ([`LayerIndex::is_listed`]).
    #[must_use]
    pub const fn index(&self) -> &Arc<LayerIndex> {
        &self.index
    }

    fn location(&self, entry: EntryId) -> Option<&ContentLocation> {
        let at = self
            .locations
            .binary_search_by_key(&entry, |(entry, _)| *entry);
        self.locations.get(at.ok()?).map(|(_, location)| location)
    }
}
