//! Findings: the bytes that an image ships for nothing, gathered as a person would mend them.
//!
//! The findings of the four dead kinds sum to the ledger's dead bytes, each byte in one of them. Those
//! of the other kinds are about live bytes that can be avoided, and may be about the same ones.

mod advice;
mod dead;
mod duplicates;
mod gather;
mod leftovers;
mod live;

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use self::live::Live;
use crate::ledger::Ledger;
use crate::stack::{Cause, Stack};

/// What is wrong with the bytes of a finding.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Dead: hidden by a whiteout, or by something that is no folder in a parent's place.
    Deleted,
    /// Dead: the same path stored again with other content or as something else.
    Replaced,
    /// Dead: the same path stored again with the same content.
    Restated,
    /// Dead: lost to a later entry of its own layer.
    Repeated,
    /// Live: the same content as at another path.
    Duplicate,
    /// Live: a cache, a log, a build tree or the like, which no container needs.
    Leftover,
}

impl Kind {
    /// The name used in JSON and on screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::Leftover => "leftover",
            Self::Deleted => Cause::Deleted.name(),
            Self::Replaced => Cause::Replaced.name(),
            Self::Restated => Cause::Restated.name(),
            Self::Repeated => Cause::Repeated.name(),
        }
    }

    /// The cause of which the bytes are dead; None for live ones.
    #[must_use]
    pub const fn cause(self) -> Option<Cause> {
        match self {
            Self::Deleted => Some(Cause::Deleted),
            Self::Replaced => Some(Cause::Replaced),
            Self::Restated => Some(Cause::Restated),
            Self::Repeated => Some(Cause::Repeated),
            Self::Duplicate | Self::Leftover => None,
        }
    }
}

impl From<Cause> for Kind {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Deleted => Self::Deleted,
            Cause::Replaced => Self::Replaced,
            Cause::Restated => Self::Restated,
            Cause::Repeated => Self::Repeated,
        }
    }
}

/// One explained reason for dead or avoidable bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
    pub kind: Kind,
    /// The file, or the folder that holds all of its files.
    pub path: Vec<u8>,
    /// Files that it is about.
    pub files: u64,
    /// Bytes of their content.
    pub bytes: u64,
    /// Bytes of the blobs that they cost.
    pub compressed: u64,
    /// The layers that ship them, from 1, ascending.
    pub added_by: Vec<usize>,
    /// The layers that hid them, from 1, ascending; none of live bytes.
    pub killed_by: Vec<usize>,
    /// What to change, in one line.
    pub advice: String,
}

/// All findings, the largest first; `commands` are those that made the layers, base first.
#[must_use]
pub fn of(stack: &Stack, ledger: &Ledger, commands: &[Option<&str>]) -> Vec<Finding> {
    let mut findings = dead::of(stack, ledger);
    for finding in &mut findings {
        finding.advice = advice::of(finding, commands);
    }
    let live = Live::of(stack);
    findings.extend(duplicates::of(stack, &live));
    findings.extend(leftovers::of(stack, &live));
    findings.sort_by(|a, b| order(a).cmp(&order(b)));
    findings
}

/// No two findings are equal in this.
fn order(finding: &Finding) -> impl Ord + '_ {
    (
        Reverse(finding.bytes),
        finding.kind,
        finding.path.as_slice(),
        finding.killed_by.as_slice(),
        finding.added_by.as_slice(),
        finding.advice.as_str(),
    )
}
