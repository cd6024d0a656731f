//! Findings: the bytes that an image ships for nothing, gathered as a person would mend them.
//!
//! The findings of the four dead kinds sum to the ledger's dead bytes, each byte in one of them.

mod advice;
mod dead;

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::ledger::Ledger;
use crate::stack::{Cause, Stack};

/// What is wrong with the bytes of a finding.
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
}

impl Kind {
    /// The name used in JSON and on screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.cause().name()
    }

    /// The cause of which the bytes are dead.
    #[must_use]
    pub const fn cause(self) -> Cause {
        match self {
            Self::Deleted => Cause::Deleted,
            Self::Replaced => Cause::Replaced,
            Self::Restated => Cause::Restated,
            Self::Repeated => Cause::Repeated,
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

/// One explained reason for dead bytes.
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
    /// The layers that hid them, from 1, ascending.
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
    )
}
