//! The formats in which `onionskin diff` reports.

use crate::output::Formats;

/// How a comparison is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs: versioned, and stable in order
    Json,
    /// For a comment on a pull request
    Markdown,
    /// One file that opens in a browser, without a network
    Html,
}

impl Formats for Format {
    const JSON: Self = Self::Json;
}
