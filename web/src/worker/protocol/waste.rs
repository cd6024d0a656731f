//! What the page and the image worker say about findings, and about the rules that an image is judged by.

pub(crate) use onionskin_core::audit::own::IgnoreFacts;
pub(crate) use onionskin_core::audit::{DiveFacts, FindingFacts};
pub(crate) use onionskin_core::base::Base;
pub(crate) use onionskin_core::findings::{Kind, Location};
pub(crate) use onionskin_core::rules::{RulesError, Verdict};
use serde::{Deserialize, Serialize};

use super::{AsJson, as_json};

/// Which findings are shown, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Choice {
    /// Those of security and configuration, instead of those about bytes.
    pub(crate) checks: bool,
    /// Only those of this kind.
    pub(crate) kind: Option<Kind>,
    /// Only those whose bytes this layer adds or hides.
    pub(crate) layer: Option<u32>,
    /// Only those whose path, advice, rule or commands hold this text.
    pub(crate) find: String,
    pub(crate) order: Order,
}

/// Which page of the findings is asked for, and the finding that it should hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FindingsQuery {
    pub(crate) choice: Choice,
    /// From 0; none is that of the selected finding, or the first.
    pub(crate) page: Option<u32>,
    /// How many cards a page has.
    pub(crate) rows: u32,
    pub(crate) selected: Selected,
    /// How many findings a card tells one by one.
    pub(crate) told: u32,
    /// The numbers of the findings that the image is weighed without.
    pub(crate) without: Vec<u32>,
}

/// The order of findings within their group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Order {
    /// The largest first, as in the report.
    #[default]
    Size,
    /// What costs most of the download first.
    Compressed,
    /// By kind, then by size.
    Kind,
    /// By the first layer that adds the bytes, then by size.
    Layer,
    /// In byte order of the paths as they are shown.
    Path,
}

/// A finding as an address has it: none where both are none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Selected {
    pub(crate) path: Option<Vec<u8>>,
    pub(crate) name: Option<FindingName>,
}

/// Names one finding, beside its path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FindingName {
    pub(crate) kind: Kind,
    /// The layer at which the tree shows it; none of the configuration.
    pub(crate) layer: Option<u32>,
    /// The rule that found it, where its kind has several.
    pub(crate) rule: Option<String>,
    /// Which of those that are alike in all of this and the path, from 1, in the order of the report.
    pub(crate) nth: u32,
}

/// The sections of the two lists, in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Group {
    /// Bytes that no container sees.
    Wasted,
    /// Bytes that containers see and do not need.
    Avoidable,
    Secrets,
    /// Programs that run with the permissions of their owner or group.
    SetId,
    Writable,
    Config,
}

impl Group {
    /// The group of a kind.
    pub(crate) fn of(kind: Kind) -> Self {
        match kind {
            Kind::Secret => Group::Secrets,
            Kind::Setid => Group::SetId,
            Kind::Writable => Group::Writable,
            Kind::Config => Group::Config,
            kind if kind.cause().is_some() => Group::Wasted,
            _ => Group::Avoidable,
        }
    }
}

/// A page of the findings that were chosen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Findings {
    /// How many were chosen.
    pub(crate) total: u32,
    /// How many of each group were chosen.
    pub(crate) groups: Vec<(Group, u32)>,
    /// How many cards they make.
    pub(crate) all: u32,
    /// The place of the first card among these, from 0.
    pub(crate) from: u32,
    pub(crate) cards: Vec<Card>,
    /// The card that holds the finding that was asked for by name, and that finding's number.
    pub(crate) selected: Option<(u32, u32)>,
    /// What the findings come to that the image is weighed without.
    pub(crate) without: Weighed,
}

/// Findings that the same change makes go away.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Card {
    /// The largest of them, at least one; of very many, the first.
    pub(crate) findings: Vec<Finding>,
    /// The numbers of all of them.
    pub(crate) numbers: Vec<u32>,
    pub(crate) bytes: u64,
    /// Unknown where the source has no compressed sizes.
    pub(crate) compressed: Option<u64>,
    /// Layers that add or hide the bytes of any of them.
    pub(crate) added_by: Vec<u32>,
    pub(crate) hidden_by: Vec<u32>,
    /// The changed lines, each with its sign.
    pub(crate) changes: Vec<(char, String)>,
}

/// What some findings come to together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Weighed {
    pub(crate) findings: u32,
    pub(crate) bytes: u64,
    /// Unknown where the source has no compressed sizes.
    pub(crate) compressed: Option<u64>,
    /// Whether no byte can be in two of them.
    pub(crate) exact: bool,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Finding {
    /// Its place in the report, from 1.
    pub(crate) number: u32,
    pub(crate) name: FindingName,
    /// Which the report has as text.
    pub(crate) location: Location,
    /// As the report has it, but for commands and changed lines: the page has the ones, and the card the others.
    #[serde(with = "as_json")]
    pub(crate) facts: FindingFacts,
}

/// What is known of the findings as a whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct AuditFacts {
    /// How many layers from the base up it is about.
    pub(crate) depth: u32,
    /// The commands of these layers in their clean form, without the secrets that are in them.
    pub(crate) commands: Vec<String>,
    /// The kinds that there are, in the order in which they are shown.
    pub(crate) kinds: Vec<OfKind>,
    pub(crate) dive: DiveFacts,
    /// None where nothing tells it.
    pub(crate) base: Option<Base>,
    /// What became of each rule.
    pub(crate) rules: AsJson<Vec<Verdict>>,
    /// None where one cannot be judged.
    pub(crate) passed: Option<bool>,
    /// What the rules file ignores.
    pub(crate) ignores: AsJson<Vec<IgnoreFacts>>,
}

impl AuditFacts {
    /// How many findings one of the two lists has: that of the checks, or that of the bytes.
    pub(crate) fn findings(&self, checks: bool) -> u64 {
        let kinds = self.kinds_of(checks);
        kinds.map(|kind| u64::from(kind.findings)).sum()
    }

    /// The kinds of one of the two lists.
    pub(crate) fn kinds_of(&self, checks: bool) -> impl Iterator<Item = &OfKind> {
        let kinds = self.kinds.iter();
        kinds.filter(move |of| of.kind.is_risk() == checks)
    }
}

/// The findings of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OfKind {
    pub(crate) kind: Kind,
    pub(crate) findings: u32,
    pub(crate) bytes: u64,
    pub(crate) compressed: Option<u64>,
}

/// A form of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ReportForm {
    Json,
    Html,
}

/// The image that growth is measured against, while it is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Comparing {
    /// What the rules call it.
    pub(crate) reference: String,
    /// Bytes received of the layers that are needed.
    pub(crate) received: u64,
    /// Bytes of all of them, where that is known.
    pub(crate) whole: Option<u64>,
}

/// A rules file as the visitor gave it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RulesFile {
    pub(crate) name: String,
    pub(crate) text: Vec<u8>,
}
