//! The audit: what is wasted in an image, what is a risk, and whether it passes the rules.

pub mod own;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use self::own::{IgnoreFacts, OwnFacts};
use crate::base::Base;
use crate::findings::{self, Finding, Kind, Leftovers, LineChange, Location, Subject};
use crate::inspection::{ByteTotals, ImageFacts, Inspection, LayerFacts, SCHEMA_VERSION};
use crate::ledger::Ledger;
use crate::ledger::dive::Dive;
use crate::link::Links;
use crate::names::text;
use crate::ownership::Packages;
use crate::rules::{self, Against, Day, Ignore, Measured, PartTotals, Rules, Verdict, Weighed};
use crate::secrets::Mask;
use crate::source::Image;
use crate::stack::{Cause, Stack};
use crate::steps::{Steps, pause};

/// What `audit --format json` prints.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Audit {
    /// The version of this form.
    pub schema_version: u32,
    /// Which image.
    pub image: ImageFacts,
    /// The ledger's totals.
    pub bytes: ByteTotals,
    /// Live bytes as a share of all; 1 where there are none.
    pub efficiency: f64,
    /// dive's numbers, by its own definition.
    pub dive: DiveFacts,
    /// The layers, base first.
    pub layers: Vec<LayerFacts>,
    /// What to change, the largest first.
    pub findings: Vec<FindingFacts>,
    /// The verdict of each rule.
    pub rules: Vec<Verdict>,
    /// Whether all of them passed; None where one cannot be evaluated.
    pub passed: Option<bool>,
    /// What the image was built from; None where that is not known.
    pub base: Option<Base>,
    /// The layers above the base; None where its layers are not known.
    pub own: Option<OwnFacts>,
    /// The image that this one was compared with.
    pub against: Option<Against>,
    /// The `ignore` entries of the rules file, in its order, each with what it matched.
    pub ignore: Vec<IgnoreFacts>,
}

/// What an image is audited by.
#[derive(Clone, Debug)]
pub struct AuditOptions<'a> {
    /// The rules that it is judged by.
    pub rules: &'a Rules,
    /// Its base; None leaves it to what the image's own documents tell.
    pub base: Option<Base>,
    /// The image that it is compared with.
    pub against: Option<&'a Against>,
    /// The day on which it is judged.
    pub today: Day,
    /// Makes the links to what is found.
    pub links: Option<&'a Links>,
}

/// dive's numbers, by its own definition.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DiveFacts {
    /// Its efficiency.
    pub efficiency: f64,
    /// Bytes of all paths that occur more than once.
    pub wasted_bytes: u64,
    /// These as a share, from 0, of the bytes of all layers but the first; None for 0/0.
    pub user_wasted_percent: Option<f64>,
}

/// One thing to change.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FindingFacts {
    /// What is wrong.
    pub kind: Kind,
    /// The file, or the folder that holds all of its files, with a leading slash; of the configuration the place in
    /// it, such as `config.user`.
    pub path: String,
    /// Where it is; `path` is this as text.
    #[serde(skip)]
    pub location: Location,
    /// Bytes of file content.
    pub bytes: u64,
    /// Bytes of the blobs that they cost.
    pub compressed_bytes: Option<u64>,
    /// The layers that add them, from 1.
    pub added_by: Vec<usize>,
    /// The layers that hide them, from 1.
    pub hidden_by: Vec<usize>,
    /// What each layer of `hiddenBy` did, in their order. There is such a key only for secrets that a later layer hides; of
    /// wasted bytes the kind says it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
    /// The commands that made these layers, in their order, as the builder wrote them but for secrets, which are
    /// `***`.
    pub created_by: Vec<String>,
    /// What to change, in one line.
    pub advice: String,
    /// The same as changed lines, where the commands of the layers say enough; else there is no such key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<LineChange>,
    /// Where the page shows it.
    pub link: Option<String>,
    /// `compressedBytes` as a share, from 0 to 1, of the image's compressed size: what of a pull is for it.
    pub download_share: Option<f64>,
    /// Which layer that added bytes is hidden by which, where several layers hide what several others added; else there
    /// is no such key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pairs: Vec<LayerPair>,
    /// Whether it is a secret in the files of a package, such as a key for its tests: such keys are mostly public, so it is only a note.
    /// There is no such key for others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub packaged: bool,
    /// The names of the packages that it is about, the largest first. There is no such key for what is not about packages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<String>,
    /// The rule of its kind that found it; its name does not change between versions. There is no such key for wasted bytes and duplicates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The line of the file, from 1; there is such a key only where it is about one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Why a rules file ignores it. There is no such key for findings that are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignored: Option<String>,
}

/// A layer that added bytes, and the one that hid them.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LayerPair {
    /// The layer that added them, from 1.
    pub added_by: usize,
    /// The layer that hid them, from 1.
    pub hidden_by: usize,
    /// Bytes of file content.
    pub bytes: u64,
}

impl Audit {
    /// Audits an image whose layers are all stacked.
    #[must_use]
    pub fn new(image: &Image, stack: &Stack, ledger: &Ledger, options: &AuditOptions<'_>) -> Self {
        Steps::of(Self::in_steps(image, stack, ledger, options)).finish()
    }

    /// The same, as work of [`Steps`].
    pub async fn in_steps(
        image: &Image,
        stack: &Stack,
        ledger: &Ledger,
        options: &AuditOptions<'_>,
    ) -> Self {
        let Inspection {
            image: facts,
            bytes,
            efficiency,
            mut layers,
            ..
        } = Inspection::new(image, stack, ledger);
        // A report goes to places where nobody may read secrets: commands are told without them.
        let mask = Mask::of(&image.config);
        for layer in &mut layers {
            let command = layer.created_by.take();
            layer.created_by = command.map(|command| mask.text(&command).into_owned());
        }
        let dive = Dive::in_steps(stack).await;
        let commands: Vec<Option<&str>> = layers
            .iter()
            .map(|layer| layer.created_by.as_deref())
            .collect();
        let mut base = options.base.clone().or_else(|| Base::told(image));
        let findings = findings::in_steps(&Subject {
            stack,
            ledger,
            commands: &commands,
            config: &image.config,
            base: base.as_ref(),
            leftovers: options
                .rules
                .leftovers
                .as_ref()
                .unwrap_or(Leftovers::standard()),
        })
        .await;
        let ignores: Vec<Option<&Ignore>> = findings
            .iter()
            .map(|finding| options.ignored(finding, stack))
            .collect();
        let weighed = findings.iter().zip(&ignores);
        let weighed: Vec<Weighed<'_>> = weighed
            .map(|(finding, ignore)| Weighed {
                finding,
                ignored: ignore.is_some(),
            })
            .collect();
        let base_layers = base.as_ref().and_then(|base| base.layers);
        let part =
            |findings, below| PartTotals::of((image, stack, ledger), findings, below, base_layers);
        let about_packages = options.rules.are_about_packages();
        let packages = about_packages.then(|| Packages::of(stack, stack.depth(), ledger));
        pause().await;
        let rules = options.rules.judge(&Measured {
            stack,
            image: part(&weighed, 0),
            base: base_layers,
            own: base_layers.map(|base| part(&weighed, base)),
            dive,
            packages: packages.as_ref(),
            against: options.against,
        });
        let own = base_layers.map(|base| OwnFacts::of(&part(&[], base)));
        if let Some(base) = &mut base {
            let reference = base.reference.take();
            base.reference = reference.map(|reference| mask.text(&reference).into_owned());
        }
        let ignore = options.ignore_facts(&weighed, &ignores);
        let download = facts.compressed_size;
        let findings = findings.into_iter().zip(ignores);
        let findings = findings
            .map(|(finding, ignore)| FindingFacts {
                ignored: ignore.map(|ignore| ignore.reason.clone()),
                advice: mask.text(&finding.advice).into_owned(),
                ..FindingFacts::of(finding, &commands, download, options.links)
            })
            .collect();
        Self {
            schema_version: SCHEMA_VERSION,
            image: facts,
            bytes,
            efficiency,
            dive: DiveFacts {
                efficiency: dive.efficiency,
                wasted_bytes: dive.wasted_bytes,
                user_wasted_percent: dive.user_wasted_percent(),
            },
            layers,
            findings,
            passed: rules::passed(&rules),
            rules,
            base,
            own,
            against: options.against.cloned(),
            ignore,
        }
    }
}

/// Characters of a command that a finding repeats: with thousands of findings, a command of a megabyte
/// would make gigabytes. The layers have all of it.
const COMMAND: usize = 4096;

fn shortened(command: &str) -> String {
    match command.char_indices().nth(COMMAND) {
        Some((end, _)) => format!("{}…", command.get(..end).unwrap_or_default()),
        None => command.to_owned(),
    }
}

fn pairs(finding: &Finding) -> Vec<LayerPair> {
    // Of one layer on either side, the two lists say it all.
    if finding.added_by.len() < 2 || finding.hidden_by.len() < 2 {
        return Vec::new();
    }
    let mut pairs: Vec<LayerPair> = Vec::new();
    for part in &finding.by_layer {
        let Some(hidden_by) = part.hidden_by else {
            continue;
        };
        match pairs.last_mut() {
            Some(last) if (last.added_by, last.hidden_by) == (part.added_by, hidden_by) => {
                last.bytes += part.bytes;
            }
            _ => pairs.push(LayerPair {
                added_by: part.added_by,
                hidden_by,
                bytes: part.bytes,
            }),
        }
    }
    pairs
}

/// What each layer that hides bytes of a finding did, where its kind does not say it.
fn causes(finding: &Finding) -> Vec<Cause> {
    if finding.kind.cause().is_some() {
        return Vec::new();
    }
    let of_layer = |layer: &usize| {
        let mut parts = finding.by_layer.iter();
        parts.find(|part| part.hidden_by == Some(*layer))?.cause
    };
    finding.hidden_by.iter().filter_map(of_layer).collect()
}

impl FindingFacts {
    fn of(
        finding: Finding,
        commands: &[Option<&str>],
        download: Option<u64>,
        links: Option<&Links>,
    ) -> Self {
        let layers: BTreeSet<usize> = finding
            .added_by
            .iter()
            .chain(&finding.hidden_by)
            .copied()
            .collect();
        let command = |layer: usize| commands.get(layer.checked_sub(1)?).copied().flatten();
        let created_by = layers.into_iter().filter_map(command);
        let (pairs, causes) = (pairs(&finding), causes(&finding));
        Self {
            kind: finding.kind,
            path: text(finding.path()).into_owned(),
            bytes: finding.bytes,
            compressed_bytes: download.map(|_| finding.compressed),
            download_share: download
                .filter(|all| *all > 0)
                .map(|all| finding.compressed as f64 / all as f64),
            created_by: created_by.map(shortened).collect(),
            advice: finding.advice,
            changes: finding.changes,
            link: links.map(|links| links.finding(&finding.location)),
            location: finding.location,
            pairs,
            causes,
            packaged: finding.packaged,
            packages: finding.packages,
            added_by: finding.added_by,
            hidden_by: finding.hidden_by,
            rule: finding.rule,
            line: finding.line,
            ignored: None,
        }
    }
}
