//! Findings: the bytes that an image ships for nothing, gathered as a person would mend them.
//!
//! The findings of the four dead kinds sum to the ledger's dead bytes, each byte in one of them. Those
//! of the other kinds are about live bytes that can be avoided, and may be about the same ones.

mod advice;
mod dead;
mod duplicates;
mod gather;
mod kind;
mod leftovers;
mod live;

use std::cmp::Reverse;

pub use self::kind::Kind;
use self::live::Live;
use crate::ledger::Ledger;
use crate::stack::Stack;

/// One explained reason for dead or avoidable bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
    pub kind: Kind,
    /// Which rule of its kind found it, such as `apt-lists`: a name that stays. None for dead bytes and
    /// duplicates.
    pub rule: Option<String>,
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
        finding.rule.as_deref(),
        finding.killed_by.as_slice(),
        finding.added_by.as_slice(),
        finding.advice.as_str(),
    )
}
