//! What page and worker say about the content of a file.

pub(crate) use onionskin_core::contents::{Elf, Member, MemberKind, Members};
pub(crate) use onionskin_highlight::Language;
use serde::{Deserialize, Serialize};

use super::Side;

/// How a content is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ContentForm {
    #[default]
    Text,
    /// JSON with a line for each value.
    Json,
    Image,
    /// Members of an archive, sections of a program.
    Parts,
    Hex,
}

impl ContentForm {
    /// With the names that addresses have for them.
    pub(crate) const NAMED: [(ContentForm, &'static str); 5] = [
        (ContentForm::Text, "text"),
        (ContentForm::Json, "json"),
        (ContentForm::Image, "image"),
        (ContentForm::Parts, "parts"),
        (ContentForm::Hex, "hex"),
    ];

    pub(crate) fn name(self) -> &'static str {
        let named = Self::NAMED.iter().find(|(form, _)| *form == self);
        named.map_or("", |(_, name)| name)
    }

    /// The form of this name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let named = Self::NAMED.iter().find(|(_, known)| *known == name);
        named.map(|(form, _)| *form)
    }
}

/// Bytes of a file that can be read; holes of sparse ones count.
pub(crate) const LARGEST_FILE: u64 = 4 << 30;
/// Bytes of a file that are shown as text, and of one that is laid out as JSON: their lines are held in memory.
pub(crate) const LONGEST_TEXT: u64 = 16 << 20;

/// Read a document of the image: by its digest the configuration, a manifest, an index, or what one of these names; of a
/// saved image by its name one at the top of the file. It replaces the content before.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ReadDocument {
    pub(crate) name: String,
}

/// A document, once its digest is verified, where it was asked for by one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DocumentFacts {
    /// Its path is the digest, or the name.
    pub(crate) content: ContentFacts,
    pub(crate) media_type: Option<String>,
    /// What it names.
    pub(crate) parts: Vec<DocumentPart>,
}

/// What a manifest or an index names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DocumentPart {
    pub(crate) digest: String,
    pub(crate) media_type: String,
    pub(crate) size: u64,
    /// The type of its statement, its file name or its platform.
    pub(crate) title: Option<String>,
}

/// What a content is, once it is verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ContentFacts {
    /// As it was asked for.
    pub(crate) path: Vec<u8>,
    /// The digest of the content: SHA-256, but for a document with another one.
    pub(crate) digest: String,
    /// The layer that stores it.
    pub(crate) stored_in: u32,
    /// Bytes, holes among them.
    pub(crate) size: u64,
    /// Bytes of its start that can be shown as text: all but of large files.
    pub(crate) text: u64,
    /// Lines of these.
    pub(crate) lines: u32,
    /// Lines of it as laid-out JSON, where it is JSON.
    pub(crate) json_lines: Option<u32>,
    /// Where the browser has it, to be saved.
    pub(crate) download: String,
    /// Where the browser has it as an image, of a format that runs nothing.
    pub(crate) image: Option<String>,
    /// Whether it has members or sections that can be listed.
    pub(crate) parts: bool,
    /// How it is shown if nobody wishes otherwise.
    pub(crate) form: ContentForm,
    /// What it is written in, where that is known.
    pub(crate) language: Option<Language>,
}

/// A text that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TextOf {
    /// The content that was read last, as text or as JSON.
    Content(ContentForm),
    /// One of the two versions that were read last.
    Version(Side),
}

/// Lines of a text from this one on, as they are shown: as many as one answer holds. None for those that are cut.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TextLines {
    pub(crate) of: TextOf,
    /// From 0.
    pub(crate) from: u32,
}

/// A line of the content that was read last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ContentLine {
    /// From 0.
    pub(crate) number: u32,
    pub(crate) text: Vec<u8>,
    /// Where the line opens an object or an array of several lines.
    pub(crate) opens: Option<OpensLines>,
}

/// An object or array of several lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpensLines {
    /// The line that closes it, from 0.
    pub(crate) last: u32,
    /// Whether its other lines are hidden.
    pub(crate) collapsed: bool,
    /// What closes it, without spaces.
    pub(crate) end: Vec<u8>,
}

/// Rows of a content: its lines, but for those that are hidden.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ContentRows {
    /// Rows of all.
    pub(crate) total: u32,
    pub(crate) rows: Vec<ContentLine>,
}

/// Collapse or expand objects and arrays of a JSON document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Fold {
    /// The one that this line opens, to the other state.
    Toggle(u32),
    /// Expand what hides this line.
    Reveal(u32),
    /// All but the outermost.
    CollapseAll,
    ExpandAll,
}

/// How a document is folded by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Folded {
    /// Rows of all.
    pub(crate) total: u32,
    /// The row of the line that was asked for, or the first.
    pub(crate) row: u32,
}

/// Write what the filesystem at a layer has below this path as a tar. It replaces the content before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReadFolder {
    pub(crate) path: Vec<u8>,
    pub(crate) layer: u32,
}

/// A folder as a tar, once all its layers are verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FolderFacts {
    /// Where the browser has it, to be saved.
    pub(crate) url: String,
    /// Bytes of the tar.
    pub(crate) size: u64,
    pub(crate) paths: u64,
    /// Hard links that lead to nothing.
    pub(crate) skipped: u64,
}

/// What the content that was read last is made of; none where nothing of it can be listed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ContentParts;

/// What a file is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Parts {
    /// Of an archive.
    Members(Members),
    Elf(Elf),
    /// It cannot be read, for this reason.
    Failed(String),
}
