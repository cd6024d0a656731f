//! The views of an image, and which of them are alike.

/// What the middle of the page shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum View {
    /// The tree of the stack at a layer.
    #[default]
    Stack,
    /// The tree of what a layer changed.
    Changes,
    /// Findings about bytes.
    Waste,
    /// What each package takes.
    Packages,
    /// Findings of security and configuration.
    Checks,
    /// The filesystem at a layer, drawn by size.
    Map,
    Config,
    /// The content of a file.
    Content,
    /// Two versions of a file.
    Difference,
    /// A document of the image, by its digest.
    Document,
}

impl View {
    pub(super) const NAMED: [(View, &'static str); 10] = [
        (View::Stack, "stack"),
        (View::Changes, "changes"),
        (View::Waste, "waste"),
        (View::Checks, "checks"),
        (View::Packages, "packages"),
        (View::Map, "map"),
        (View::Config, "config"),
        (View::Content, "content"),
        (View::Difference, "diff"),
        (View::Document, "document"),
    ];

    /// The list of findings of security and configuration, or that of bytes.
    pub(crate) fn findings(checks: bool) -> Self {
        match checks {
            true => View::Checks,
            false => View::Waste,
        }
    }

    /// Whether it is one of the two trees.
    pub(crate) fn is_tree(self) -> bool {
        matches!(self, View::Stack | View::Changes)
    }

    /// Whether a path that is selected in it has its details beside it.
    pub(crate) fn shows_details(self) -> bool {
        self.is_tree() || self == View::Map
    }

    /// Whether it is one of the two lists of findings.
    pub(crate) fn is_of_findings(self) -> bool {
        matches!(self, View::Waste | View::Checks)
    }

    /// Whether it is about files.
    pub(super) fn is_of_files(self) -> bool {
        self.shows_details() || matches!(self, View::Content | View::Difference)
    }
}
