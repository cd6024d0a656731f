//! Findings: wasted and avoidable bytes and risks, grouped by what a person would change.
//!
//! The findings of the four wasted kinds sum to the ledger's wasted bytes, each byte in one of them. Those
//! of the other kinds are about live bytes that can be avoided, or about what a release risks, and may be
//! about the same ones.

mod advice;
mod build_packages;
mod changes;
mod config;
mod duplicates;
mod empty;
mod gather;
mod kind;
mod leftovers;
mod live;
mod location;
mod modes;
mod registry;
mod secrets;
mod wasted;

use std::cmp::Reverse;

use self::changes::BuildSteps;
pub use self::changes::{BuildFile, LineChange};
pub use self::kind::Kind;
use self::leftovers::Marks;
pub use self::leftovers::{Fix, Leftover, LeftoverError, Leftovers, PathPattern};
use self::live::Live;
pub use self::location::Location;
pub use self::registry::rules;
use self::registry::{FINDERS, Material};
use crate::base::Base;
use crate::ledger::Ledger;
use crate::manifest::Config;
use crate::stack::{Cause, Names, Stack};
use crate::steps::{Steps, pause};

/// One explained reason for wasted or avoidable bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
    pub kind: Kind,
    /// Which rule of its kind found it, such as `apt-lists`: a name that stays. None for wasted bytes and
    /// duplicates.
    pub rule: Option<String>,
    /// Where it is.
    pub location: Location,
    /// The line of the file, from 1; None where it is about more than a line.
    pub line: Option<u32>,
    /// Files that it is about.
    pub files: u64,
    /// Bytes of their content.
    pub bytes: u64,
    /// Bytes of the blobs that they cost.
    pub compressed: u64,
    /// The layers that add them, from 1, ascending.
    pub added_by: Vec<usize>,
    /// The bytes by the layers that add and those that hide them, in the order of these.
    pub by_layer: Vec<LayerBytes>,
    /// The layers that hid them, from 1, ascending; none of live bytes.
    pub hidden_by: Vec<usize>,
    /// A secret in the files of a package, such as a key for its tests: mostly public, and so only a note.
    pub packaged: bool,
    /// The packages that it is about, the largest first; none of what is not about packages.
    pub packages: Vec<String>,
    /// What to change, in one line.
    pub advice: String,
    /// The same as changed lines; none where the commands do not say enough.
    pub changes: Vec<LineChange>,
}

/// What one layer adds of a finding, and one other hides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerBytes {
    /// The layer that adds it, from 1.
    pub added_by: usize,
    /// The layer that hides it, from 1; None of live bytes.
    pub hidden_by: Option<usize>,
    /// How that layer hides it; None of live bytes.
    pub cause: Option<Cause>,
    /// Bytes of file content.
    pub bytes: u64,
    /// Bytes of the blob that they cost.
    pub compressed: u64,
}

/// What findings are looked for in.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// All layers, stacked.
    pub stack: &'a Stack,
    /// Their ledger.
    pub ledger: &'a Ledger,
    /// The commands that made the layers, base first, as the builder wrote them.
    pub commands: &'a [Option<&'a str>],
    /// The configuration.
    pub config: &'a Config,
    /// What the image was built from, where that is known.
    pub base: Option<&'a Base>,
    /// What is looked for as a leftover.
    pub leftovers: &'a Leftovers,
}

/// All findings, the largest first, by the bytes of file content that they take. Their order and ids depend on the image and
/// the table of leftovers alone, not on limits or ignored findings.
#[must_use]
pub fn of(subject: &Subject<'_>) -> Vec<Finding> {
    Steps::of(in_steps(subject)).finish()
}

/// The same, as work of [`Steps`].
pub async fn in_steps(subject: &Subject<'_>) -> Vec<Finding> {
    let stack = subject.stack;
    let names = Names::at(stack, stack.depth());
    pause().await;
    let live = Live::of(stack, subject.ledger, &names);
    pause().await;
    let marks = Marks::of(stack, subject.leftovers).await;
    let material = Material {
        subject: *subject,
        names: &names,
        live: &live,
        marks: &marks,
    };
    let mut findings: Vec<Finding> = Vec::new();
    for finder in &FINDERS {
        findings.extend((finder.find)(&material));
        pause().await;
    }
    let build = BuildSteps::of(subject);
    for finding in &mut findings {
        finding.changes = build.changes(finding);
    }
    findings.sort_by(|a, b| order(a).cmp(&order(b)));
    findings
}

impl Finding {
    /// The path, or the place in the configuration.
    #[must_use]
    pub fn path(&self) -> &[u8] {
        self.location.as_bytes()
    }

    /// One about the configuration, at a place that is no path.
    fn of_config(kind: Kind, rule: &str, place: &str, advice: String) -> Self {
        Self {
            kind,
            rule: Some(rule.to_owned()),
            location: Location::Config(place.to_owned()),
            line: None,
            files: 0,
            bytes: 0,
            compressed: 0,
            added_by: Vec::new(),
            by_layer: Vec::new(),
            hidden_by: Vec::new(),
            packaged: false,
            packages: Vec::new(),
            advice,
            changes: Vec::new(),
        }
    }
}

/// No two findings are equal in this.
fn order(finding: &Finding) -> impl Ord + '_ {
    (
        Reverse(finding.bytes),
        finding.kind,
        finding.path(),
        finding.rule.as_deref(),
        finding.hidden_by.as_slice(),
        finding.added_by.as_slice(),
        finding.advice.as_str(),
    )
}
