//! A saved analysis: a file with all that is known of an image, without the contents of its files.
//!
//! It has the image's documents and the index of each layer, in the form in which a cache keeps them
//! ([`LayerIndex::to_bytes`](crate::layer::LayerIndex::to_bytes)). It is input like any other: each part is checked before
//! it is used. Its digests find damage.
//! They do not prove that it is the image that it names: only the blobs of the image can.
//!
//! # Form
//!
//! Numbers are little-endian. The file begins with a head of 52 bytes: the mark (8 bytes), [`VERSION`] (4), the format of
//! layer indexes [`FORMAT`] (4), the number of sections (4), and the SHA-256 of the mark, these three numbers and the table.
//! Then comes the table, for each section its length (8) and its SHA-256 (32). Then come the sections, one after the other,
//! and nothing after them. So one request for the start of the file tells where all else is, and each section can be read
//! and checked by itself.
//!
//! The first section is a JSON object: `generator`, the version that wrote it; `image`, the documents; and `layers`, for
//! each layer of the image `{"section": N}`, its index, or `{"notFetched": REASON}`. Layers of the same blob name the same
//! section. Each further section is the index of a layer.

mod read;
mod write;

use std::io;

use serde::{Deserialize, Serialize};

pub use self::read::{Analysis, is_analysis};
pub use self::write::{AnalyzedLayer, write};
use crate::cache::FORMAT;
use crate::layer::LayerError;
use crate::source::{Image, NotFetched, RecordError};

/// Raise it when the form of the file changes, or of its first section in a way that older versions misread.
pub const VERSION: u32 = 1;

/// The first byte is no text, and the last three are changed where a file is transferred as text.
const MARK: [u8; 8] = *b"\x89ONSK\r\n\x1a";
/// Bytes of the head: mark, two versions, number of sections, digest.
const HEAD: usize = 8 + 4 + 4 + 4 + DIGEST;
const DIGEST: usize = 32;
/// Bytes of the table for each section.
const ROW: usize = 8 + DIGEST;

/// The first section.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Documents<'a> {
    generator: String,
    image: std::borrow::Cow<'a, Image>,
    layers: Vec<IndexLocation>,
}

/// Where the index of a layer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IndexLocation {
    /// In this section of the file.
    Section(usize),
    /// Nowhere, as the layer was not available.
    NotFetched(NotFetched),
}

/// Why a saved analysis is not used.
#[derive(Debug, thiserror::Error)]
pub enum AnalysisError {
    /// It is something else.
    #[error("it is not a saved analysis")]
    Other,
    /// Another version of Onionskin wrote it.
    #[error("{}", of_version(*.version, *.format))]
    Version {
        /// The version of the file's form.
        version: u32,
        /// The format of its layer indexes.
        format: u32,
    },
    /// It ends before its end.
    #[error("it is cut off: it has {has} bytes instead of {expected}; copy or download it again")]
    Cut {
        /// Bytes that there are.
        has: u64,
        /// Bytes that there should be, at least.
        expected: u64,
    },
    /// There is more than it should have.
    #[error("it is damaged: it has {has} bytes instead of {expected}; copy or download it again")]
    Longer {
        /// Bytes that there are.
        has: u64,
        /// Bytes that there should be.
        expected: u64,
    },
    /// A part of it has another digest than the file says.
    #[error("it is damaged: {0} does not match its digest; copy or download it again")]
    Damaged(AnalysisPart),
    /// A part of it is whole and makes no sense.
    #[error("it cannot be used: {part} is not valid ({problem})")]
    Invalid {
        /// Which part.
        part: AnalysisPart,
        /// What is wrong.
        problem: String,
    },
    /// The image's documents contradict each other.
    #[error("its image cannot be used: {0}")]
    Image(#[from] RecordError),
    /// A layer's index is not the one that the image's documents promise.
    #[error("it cannot be used: {0}")]
    Layer(#[from] LayerError),
    /// The file cannot be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// A part of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnalysisPart {
    /// The head and the table of its sections.
    Table,
    /// The image's documents.
    Documents,
    /// The index of this layer.
    Layer(usize),
}

impl std::fmt::Display for AnalysisPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Table => f.write_str("its table of sections"),
            Self::Documents => f.write_str("the section with the image's documents"),
            Self::Layer(number) => write!(f, "the section of layer {number}"),
        }
    }
}

fn of_version(version: u32, format: u32) -> String {
    let is_newer = (version, format) > (VERSION, FORMAT);
    let advice = match is_newer {
        true => "update Onionskin",
        false => "write it again with `onionskin index`",
    };
    format!(
        "its format {version}.{format} is {} than that of this version, {VERSION}.{FORMAT}; {advice}",
        if is_newer { "newer" } else { "older" }
    )
}
