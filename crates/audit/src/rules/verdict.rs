//! Verdicts: what became of each rule.

use serde::{Deserialize, Serialize};

use super::id::{Direction, Rule, RuleId, Unit};
use crate::names::text;

/// Paths or packages that a verdict lists; the rest is counted.
const LISTED: usize = 20;

/// A limit or what was measured: a number of bytes or things, or a share of 1.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Amount {
    /// Bytes, layers, findings, paths or packages.
    Count(u64),
    /// A share.
    Share(f64),
}

/// One rule and what became of it.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The rule's key in a rules file, with `own.` where it is about the image's own layers; for globs with the glob, for
    /// findings with their kind.
    pub name: String,
    /// Which rule it is, whatever it is about.
    pub rule: RuleId,
    /// What `limit` and `actual` are counted in.
    pub unit: Unit,
    /// On which side of the limit the image passes.
    pub direction: Direction,
    /// What it allows.
    pub limit: Amount,
    /// What was measured; None where that is not known, or not a number.
    pub actual: Option<Amount>,
    /// Whether the image passes it; None where that cannot be evaluated.
    pub passed: Option<bool>,
    /// The first twenty paths that a forbidden glob matches, in byte order; or packages that are forbidden or too large, the
    /// largest first. There is no such key for other rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub met: Vec<String>,
    /// Why it cannot be evaluated, or passes although its number is over the limit. There is no such key for other verdicts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Verdict {
    pub(super) fn share(rule: impl Into<Rule>, limit: f64, actual: f64, passed: bool) -> Self {
        Self {
            actual: Some(actual)
                .filter(|share| share.is_finite())
                .map(Amount::Share),
            passed: Some(passed),
            ..Self::unknown(rule, Amount::Share(limit))
        }
    }

    /// At most so many bytes or things.
    pub(super) fn at_most(
        rule: impl Into<Rule>,
        limit: Option<u64>,
        actual: Option<u64>,
    ) -> Option<Self> {
        let limit = limit?;
        Some(Self {
            actual: actual.map(Amount::Count),
            passed: actual.map(|actual| actual <= limit),
            ..Self::unknown(rule, Amount::Count(limit))
        })
    }

    /// None of these paths or packages is allowed.
    pub(super) fn none_of(
        rule: impl Into<Rule>,
        paths: impl ExactSizeIterator<Item = Vec<u8>>,
    ) -> Self {
        let count = paths.len() as u64;
        let verdict = Self {
            actual: Some(Amount::Count(count)),
            passed: Some(count == 0),
            ..Self::unknown(rule, Amount::Count(0))
        };
        verdict.with_met(paths)
    }

    /// The same, with what is over the limit.
    pub(super) fn with_met(mut self, met: impl Iterator<Item = Vec<u8>>) -> Self {
        self.met = met
            .take(LISTED)
            .map(|name| text(&name).into_owned())
            .collect();
        self
    }

    /// Nothing was measured.
    pub(super) fn unknown(rule: impl Into<Rule>, limit: Amount) -> Self {
        let Rule { id, name } = rule.into();
        Self {
            name,
            rule: id,
            unit: id.unit(),
            direction: id.direction(),
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
        let unjudged = Self {
            actual: None,
            passed: None,
            met: Vec::new(),
            reason: None,
            ..self
        };
        unjudged.or_unknown(reason)
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
