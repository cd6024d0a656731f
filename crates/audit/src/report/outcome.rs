//! What the audits of one call came to, image by image: what reports about several images tell of.

use super::map::Map;
use crate::audit::{Audit, FindingFacts};
use crate::dockerfile::Matched;
use crate::findings::{Kind, Location};

/// The Dockerfile of an image, as a repository has it.
#[derive(Clone, Debug)]
pub struct BuiltWith {
    /// Its path from the root of the repository.
    pub path: String,
    /// Its lines.
    pub lines: Matched,
}

impl BuiltWith {
    /// The line, from 1, that a finding is about: of the first step that adds what it is about, else of the first that hides
    /// it. None where none of these steps is in the file.
    #[must_use]
    pub fn line(&self, finding: &FindingFacts) -> Option<usize> {
        match &finding.location {
            Location::Path { .. } | Location::Packages { .. } => {
                let mut layers = finding.added_by.iter().chain(&finding.hidden_by);
                layers
                    .find_map(|layer| self.lines.layers.get(layer))
                    .copied()
            }
            Location::Config(place) => match place.strip_prefix("history.") {
                Some(step) => self.lines.steps.get(&step.parse().ok()?).copied(),
                None => Some(self.lines.stage).filter(|line| *line > 0),
            },
        }
    }
}

/// What the audit of one image came to.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    /// It was read and judged.
    Audited {
        /// All that is told of it.
        audit: &'a Audit,
        /// What was odd about its documents, a sentence each.
        remarks: &'a [String],
        /// Where its bytes lie, for reports that draw it.
        map: Option<&'a Map>,
        /// Where the file is that it was built with, for reports that lead to its lines.
        built_with: Option<&'a BuiltWith>,
    },
    /// It could not be read, so nothing can be said of it.
    Stopped {
        /// What was asked for.
        reference: &'a str,
        /// Why, in one line.
        error: &'a str,
    },
}

impl<'a> Outcome<'a> {
    /// The image, by the name that the report has for it.
    #[must_use]
    pub fn reference(&self) -> &'a str {
        match *self {
            Self::Audited { audit, .. } => &audit.image.reference,
            Self::Stopped { reference, .. } => reference,
        }
    }
}

/// The findings that count in the order of their weight, for reports that have no room for all: secrets, which
/// are few bytes, before what is told by its size. Secrets in the files of packages, which are mostly keys for tests, come
/// last.
#[must_use]
pub fn weightiest(audit: &Audit) -> Vec<&FindingFacts> {
    let findings = audit.findings.iter();
    let mut findings: Vec<&FindingFacts> = findings
        .filter(|finding| finding.ignored.is_none())
        .collect();
    findings.sort_by_key(|finding| match finding.kind {
        Kind::Secret if finding.packaged => 2,
        Kind::Secret => 0,
        _ => 1,
    });
    findings
}
