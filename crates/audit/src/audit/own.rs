//! What is an image's own: the numbers of the layers above its base, and what its team has decided to ignore.

use serde::{Deserialize, Serialize};

use super::AuditOptions;
use crate::findings::{Finding, Kind};
use crate::rules::{Day, Ignore, PartTotals, Weighed};
use crate::stack::Stack;

/// The layers above the base. Wasted bytes count here where one of these layers adds them.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnFacts {
    /// Number of these layers.
    pub layers: u64,
    /// Bytes of their tars, as far as they were fetched.
    pub size: u64,
    /// Bytes of their blobs, each once; without those that layers of the base list too.
    pub compressed_size: Option<u64>,
    /// File content in them.
    pub stored: u64,
    /// Of it, what the final stack reaches.
    pub live: u64,
    /// Of it, what it does not reach.
    pub wasted: u64,
    /// What the wasted content costs of the download.
    pub wasted_compressed: Option<u64>,
    /// Live bytes as a share of all; 1 where there are none.
    pub efficiency: f64,
    /// Bytes that the base adds and these layers hide: deleted, overwritten or stored again.
    pub base_wasted: u64,
}

/// One entry of `ignore`.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IgnoreFacts {
    /// The kind that it names.
    pub kind: Option<Kind>,
    /// The rule that it names.
    pub rule: Option<String>,
    /// The glob that it names.
    pub path: Option<String>,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub until: Option<Day>,
    /// That day has passed: what it names is counted again.
    pub expired: bool,
    /// Findings that it took out of the count; each is taken by the first entry that names it.
    pub findings: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl OwnFacts {
    /// The numbers of a part from which nothing was taken out.
    pub(super) fn of(part: &PartTotals) -> Self {
        Self {
            layers: part.layers,
            size: part.size,
            compressed_size: part.compressed_size,
            stored: part.stored,
            live: part.stored - part.wasted,
            wasted: part.wasted,
            wasted_compressed: part.wasted_compressed,
            efficiency: part.efficiency(),
            base_wasted: part.base_wasted.unwrap_or(0),
        }
    }
}

impl<'a> AuditOptions<'a> {
    /// The entry that takes a finding out of the count.
    pub(super) fn ignored(&self, finding: &Finding, stack: &Stack) -> Option<&'a Ignore> {
        let mut ignores = self.rules.ignore.iter();
        ignores.find(|ignore| !ignore.is_expired(self.today) && ignore.meets(finding, stack))
    }

    /// Each entry, and what it took out of the count; `by` has the entry of each finding that one did.
    pub(super) fn ignore_facts(
        &self,
        findings: &[Weighed<'_>],
        by: &[Option<&'a Ignore>],
    ) -> Vec<IgnoreFacts> {
        let taken: Vec<(&Ignore, u64)> = findings
            .iter()
            .zip(by)
            .filter_map(|(weighed, by)| Some(((*by)?, weighed.finding.bytes)))
            .collect();
        let ignores = self.rules.ignore.iter();
        ignores
            .map(|ignore| {
                let taken = || taken.iter().filter(|(by, _)| std::ptr::eq(*by, ignore));
                IgnoreFacts {
                    kind: ignore.kind,
                    rule: ignore.rule.clone(),
                    path: ignore.path.as_ref().map(|path| path.text().to_owned()),
                    reason: ignore.reason.clone(),
                    until: ignore.until,
                    expired: ignore.is_expired(self.today),
                    findings: taken().count() as u64,
                    bytes: taken().map(|(_, bytes)| bytes).sum(),
                }
            })
            .collect()
    }
}
