//! Verdicts: what became of each rule.

use serde::{Deserialize, Serialize};

use super::quantity::Bytes;
use crate::names::text;

/// Paths that a verdict lists; the rest is counted.
const LISTED: usize = 20;

/// A limit or what was measured: a number of bytes or things, or a share of 1.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Amount {
    /// Bytes, layers, findings or paths.
    Count(u64),
    /// A share.
    Share(f64),
}

/// One rule and what became of it.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The rule's key in a rules file, with `own.` where it is about the image's own layers; for globs with the glob.
    pub name: String,
    /// What it allows, at most or, for efficiencies, at least.
    pub limit: Amount,
    /// What was measured; None where that is not known, or not a number.
    pub actual: Option<Amount>,
    /// Whether the image passes it; None where that cannot be evaluated.
    pub passed: Option<bool>,
    /// The first twenty paths that a forbidden glob matches, in byte order. There is no such key for other rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub met: Vec<String>,
    /// Why it cannot be evaluated, or passes although its number is over the limit. There is no such key for other verdicts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Verdict {
    pub(super) fn share(name: &str, limit: f64, actual: f64, passed: bool) -> Self {
        Self {
            actual: Some(actual)
                .filter(|share| share.is_finite())
                .map(Amount::Share),
            passed: Some(passed),
            ..Self::unknown(name, Amount::Share(limit))
        }
    }

    pub(super) fn at_most(name: &str, limit: Option<Bytes>, actual: Option<u64>) -> Option<Self> {
        let Bytes(limit) = limit?;
        Some(Self {
            actual: actual.map(Amount::Count),
            passed: actual.map(|actual| actual <= limit),
            ..Self::unknown(name, Amount::Count(limit))
        })
    }

    /// None of these paths is allowed.
    pub(super) fn none_of(name: &str, paths: impl ExactSizeIterator<Item = Vec<u8>>) -> Self {
        let count = paths.len() as u64;
        let listed = paths.take(LISTED);
        Self {
            actual: Some(Amount::Count(count)),
            passed: Some(count == 0),
            met: listed.map(|path| text(&path).into_owned()).collect(),
            ..Self::unknown(name, Amount::Count(0))
        }
    }

    pub(super) fn unknown(name: &str, limit: Amount) -> Self {
        Self {
            name: name.to_owned(),
            limit,
            actual: None,
            passed: None,
            met: Vec::new(),
            reason: None,
        }
    }

    /// The same, with the reason why it cannot be judged, where it cannot.
    pub(super) fn or_unknown(mut self, reason: &str) -> Self {
        if self.passed.is_none() && self.reason.is_none() {
            self.reason = Some(reason.to_owned());
        }
        self
    }

    /// The same, which cannot be judged after all.
    pub(super) fn unjudged(self, reason: &str) -> Self {
        Self::unknown(&self.name, self.limit).or_unknown(reason)
    }

    /// Whether its limit is the least that is allowed, and not the most.
    #[must_use]
    pub fn is_at_least(&self) -> bool {
        self.name.ends_with("minEfficiency") || self.name == "lowestEfficiency"
    }

    /// Whether it counts layers, findings or paths rather than bytes.
    #[must_use]
    pub fn counts_things(&self) -> bool {
        let name = self.name.strip_prefix("own.").unwrap_or(&self.name);
        name == "maxLayers" || name.ends_with(".maxCount") || name.starts_with("forbidden")
    }
}

/// What all verdicts come to: unknown if one is, else failed if one did.
#[must_use]
pub fn passed(verdicts: &[Verdict]) -> Option<bool> {
    let any = |outcome| verdicts.iter().any(|verdict| verdict.passed == outcome);
    match () {
        () if any(None) => None,
        () => Some(!any(Some(false))),
    }
}
