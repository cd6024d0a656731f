//! What page and worker say about two versions of a file.

use serde::{Deserialize, Serialize};

use super::{Both, Language};

/// Read two versions of a path and compare them. They replace the content before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReadDifference {
    pub(crate) path: Vec<u8>,
    /// The layers of an image whose versions are meant; without them, those of the two images that are compared.
    pub(crate) layers: Option<Both<u32>>,
}

/// How two versions are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum DifferenceForm {
    /// The old lines above the new ones.
    #[default]
    Unified,
    /// The old lines beside the new ones.
    Split,
}

impl DifferenceForm {
    /// With the names that addresses have for them.
    pub(crate) const NAMED: [(DifferenceForm, &'static str); 2] = [
        (DifferenceForm::Unified, "unified"),
        (DifferenceForm::Split, "split"),
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            DifferenceForm::Unified => "unified",
            DifferenceForm::Split => "split",
        }
    }

    /// The form of this name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let named = Self::NAMED.iter().find(|(_, known)| *known == name);
        named.map(|(form, _)| *form)
    }
}

/// Two versions of a path, once both are verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DifferenceFacts {
    /// As it was asked for.
    pub(crate) asked: ReadDifference,
    /// The layers of the two versions.
    pub(crate) layers: Both<u32>,
    /// Bytes of each.
    pub(crate) sizes: Both<u64>,
    /// The layers that have a version of the path; empty where two images are compared.
    pub(crate) versions: Vec<u32>,
    pub(crate) outcome: Outcome,
    /// What the path is written in, where that is known.
    pub(crate) language: Option<Language>,
}

/// What came of comparing two versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    /// Both have the same bytes.
    Equal,
    /// They differ, and one of them is no text.
    Binary,
    /// One of them has more than this many bytes.
    TooLarge(u64),
    /// More than this many lines of one of them would have to be compared.
    TooManyLines(u64),
    Lines(LinesFacts),
}

/// Two texts that differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LinesFacts {
    pub(crate) removed: u32,
    pub(crate) added: u32,
    pub(crate) unified: Layout,
    pub(crate) split: Layout,
}

impl LinesFacts {
    /// The rows in a form.
    pub(crate) fn layout(&self, form: DifferenceForm) -> &Layout {
        match form {
            DifferenceForm::Unified => &self.unified,
            DifferenceForm::Split => &self.split,
        }
    }
}

/// The rows of a form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Layout {
    pub(crate) rows: u32,
    /// The first row of each change.
    pub(crate) changes: Vec<u32>,
}

/// Show the unchanged lines of a fold, or of all.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Unfold(pub(crate) Option<u32>);

/// Rows of the two versions that were read last.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DifferenceRows {
    pub(crate) form: DifferenceForm,
    pub(crate) from: u32,
    pub(crate) count: u32,
}

/// A row of two versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum DifferenceRow {
    /// A line that both have, with its number in the new one.
    Same(DifferenceLine, u32),
    /// A line that only one has; side by side, one of each.
    Changed(Both<Option<DifferenceLine>>),
    /// So many lines that both have and that are not shown.
    Fold { fold: u32, lines: u32 },
}

/// A line of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DifferenceLine {
    /// From 1.
    pub(crate) number: u32,
    /// Without its newline, and cut where it is long.
    pub(crate) text: Vec<u8>,
    /// Bytes that were cut off.
    pub(crate) left_out: u32,
    /// The text ends without a newline.
    pub(crate) unended: bool,
}
