//! What `onionskin audit` says of the image, asked for in pieces: this is its own model, so the page
//! and the command cannot differ.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use onionskin_core::audit::{Audit, AuditOptions};
use onionskin_core::inspection::LayerFacts;
use onionskin_core::ledger::Ledger;
use onionskin_core::link::{InFile, Links};
use onionskin_core::manifest::history;
use onionskin_core::report::html;
use onionskin_core::report::map::Map;
use onionskin_core::report::outcome::Outcome;
use onionskin_core::rules::{Day, Rules, Verdict};
use onionskin_core::source::Image;
use onionskin_core::stack::Stack;
use onionskin_core::steps::Steps;

use super::cards;
use super::other_image::OtherImage;
use super::protocol::{
    AsJson, AuditFacts, Card, Choice, Finding, FindingFacts, FindingName, FindingOnPath, Findings,
    FindingsQuery, Group, OfKind, Order, RulesError, RulesFile, Selected,
};
use crate::counts::number;

/// The name of a rules file that is read as dive reads it.
const DIVES: &str = ".dive-ci";

/// An audited image.
pub(crate) struct Waste {
    audit: Audit,
    /// What addresses call the findings, in their order.
    names: Vec<FindingName>,
}

impl Waste {
    /// The work of auditing the layers that are stacked; `page` is where the page lives, and `file` what the image is in.
    pub(crate) fn steps(
        image: &Image,
        (stack, ledger): (Rc<Stack>, Rc<Ledger>),
        rules: &Rules,
        other: &OtherImage,
        page: &str,
        file: Option<InFile<'_>>,
    ) -> Steps<'static, Self> {
        let mut image = image.clone();
        // Above a layer that could not be read nothing is known.
        image.layers.truncate(stack.depth());
        let links = Links::of(page, &image, file);
        let rules = rules.clone();
        let (against, missing) = (other.read().cloned(), other.missing().map(str::to_owned));
        let today = Day::of_unix((js_sys::Date::now() / 1000.0) as i64);
        Steps::of(async move {
            let options = AuditOptions {
                rules: &rules,
                base: None,
                against: against.as_ref(),
                today,
                links: links.as_ref(),
            };
            let mut audit = Audit::in_steps(&image, &stack, &ledger, &options).await;
            if let Some(reason) = missing {
                let growth = audit.rules.iter_mut();
                let unjudged =
                    |rule: &&mut Verdict| rule.rule.is_about_growth() && rule.passed.is_none();
                for rule in growth.filter(unjudged) {
                    rule.reason = Some(reason.clone());
                }
            }
            Waste {
                names: names(&audit.findings),
                audit,
            }
        })
    }

    /// What is known as a whole.
    pub(crate) fn facts(&self) -> AuditFacts {
        let Audit {
            dive,
            layers,
            findings,
            rules,
            passed,
            base,
            ignore,
            ..
        } = &self.audit;
        let mut kinds: Vec<OfKind> = Vec::new();
        for finding in findings {
            let compressed = finding.compressed_bytes;
            match kinds.iter_mut().find(|of| of.kind == finding.kind) {
                Some(of) => {
                    of.findings += 1;
                    of.bytes += finding.bytes;
                    of.compressed = of.compressed.zip(compressed).map(|(a, b)| a + b);
                }
                None => kinds.push(OfKind {
                    kind: finding.kind,
                    findings: 1,
                    bytes: finding.bytes,
                    compressed,
                }),
            }
        }
        kinds.sort_by_key(|of| (Group::of(of.kind), of.kind));
        AuditFacts {
            depth: number(layers.len()),
            commands: layers.iter().map(command).collect(),
            kinds,
            dive: *dive,
            base: base.clone(),
            rules: AsJson::of(rules).unwrap_or_default(),
            passed: *passed,
            ignores: AsJson::of(ignore).unwrap_or_default(),
        }
    }

    /// The report as `onionskin audit --format json` prints it.
    pub(crate) fn json(&self) -> Option<String> {
        let mut json = onionskin_core::report::json::pretty(&self.audit).ok()?;
        json.push('\n');
        Some(json)
    }

    /// The report as `onionskin audit --format html` prints it.
    pub(crate) fn html(&self, map: &Map, remarks: &[String]) -> String {
        html::report(&[Outcome::Audited {
            audit: &self.audit,
            map: Some(map),
            built_with: None,
            remarks,
        }])
    }

    /// A page of the findings.
    pub(crate) fn findings(&self, asked: &FindingsQuery) -> Findings {
        let chosen = self.chosen(&asked.choice);
        let mut groups: Vec<(Group, u32)> = Vec::new();
        for finding in chosen.iter().filter_map(|at| self.audit.findings.get(*at)) {
            let group = Group::of(finding.kind);
            match groups.iter_mut().find(|(other, _)| *other == group) {
                Some((_, count)) => *count += 1,
                None => groups.push((group, 1)),
            }
        }
        let cards = cards::of(&self.audit.findings, &chosen, asked.choice.order);
        let named = chosen.iter().find(|at| self.is(**at, &asked.selected));
        let selected = named.and_then(|at| {
            let card = cards.iter().position(|card| card.contains(at))?;
            Some((number(card), number(*at + 1)))
        });
        let rows = asked.rows.max(1);
        let last = number(cards.len().saturating_sub(1)) / rows;
        let page = asked
            .page
            .unwrap_or_else(|| selected.map_or(0, |(card, _)| card / rows))
            .min(last);
        let from = page * rows;
        let shown = cards.iter().skip(from as usize).take(rows as usize);
        Findings {
            total: number(chosen.len()),
            groups,
            all: number(cards.len()),
            from,
            cards: shown
                .map(|card| self.card(card, asked.told, selected.map(|(_, number)| number)))
                .collect(),
            selected,
            without: cards::weighed(&self.audit.findings, &asked.without),
        }
    }

    /// A card of findings at these places, of which the first `told` and the selected one are told.
    fn card(&self, places: &[usize], told: u32, selected: Option<u32>) -> Card {
        let facts = |at: &usize| self.audit.findings.get(*at);
        let named = |at: &usize| selected == Some(number(*at + 1));
        let few = places.iter().take(told as usize);
        let named = places.iter().skip(told as usize).filter(|at| named(at));
        let layers = |of: fn(&FindingFacts) -> &[usize]| {
            let layers = places.iter().filter_map(facts).flat_map(of);
            let layers: BTreeSet<usize> = layers.copied().collect();
            layers.into_iter().map(number).collect()
        };
        let all: Vec<&FindingFacts> = places.iter().filter_map(facts).collect();
        Card {
            findings: few.chain(named).filter_map(|at| self.row(*at)).collect(),
            numbers: places.iter().map(|at| number(*at + 1)).collect(),
            bytes: all.iter().map(|finding| finding.bytes).sum(),
            compressed: all.iter().map(|finding| finding.compressed_bytes).sum(),
            added_by: layers(|finding| &finding.added_by),
            hidden_by: layers(|finding| &finding.hidden_by),
            changes: cards::changes(&all),
        }
    }

    /// The findings that name a path, and then those that name a folder above it, in the order of the report.
    pub(crate) fn on_path(&self, path: &[u8]) -> impl Iterator<Item = FindingOnPath> + Clone {
        let findings = self.audit.findings.iter().zip(&self.names);
        let placed = findings.filter_map(|(finding, name)| {
            let (_, place) = finding.location.in_layer()?;
            Some((finding, name, place))
        });
        let above = placed
            .clone()
            .filter(move |(.., place)| is_below(path, place));
        let named = placed.filter(move |(.., place)| *place == path);
        named
            .chain(above)
            .map(move |(finding, name, place)| FindingOnPath {
                name: name.clone(),
                folder: (place != path).then(|| place.to_vec()),
                bytes: finding.bytes,
                advice: finding.advice.clone(),
            })
    }

    /// The places of the chosen findings in the report.
    fn chosen(&self, choice: &Choice) -> Vec<usize> {
        let find = choice.find.to_lowercase();
        let layer = choice.layer.map(|layer| layer as usize);
        let mut chosen: Vec<(usize, &FindingFacts)> = self
            .audit
            .findings
            .iter()
            .enumerate()
            .filter(|(_, finding)| finding.kind.is_risk() == choice.checks)
            .filter(|(_, finding)| choice.kind.is_none_or(|kind| kind == finding.kind))
            .filter(|(_, finding)| {
                layer.is_none_or(|layer| {
                    finding.added_by.contains(&layer) || finding.hidden_by.contains(&layer)
                })
            })
            .filter(|(_, finding)| find.is_empty() || holds(finding, &find))
            .collect();
        // The report has them by size already, and the sort keeps that order among equals.
        chosen.sort_by(|(_, a), (_, b)| compare(choice.order, a, b));
        chosen.into_iter().map(|(at, _)| at).collect()
    }

    fn row(&self, at: usize) -> Option<Finding> {
        let finding = self.audit.findings.get(at)?;
        let facts = FindingFacts {
            created_by: Vec::new(),
            changes: Vec::new(),
            ..finding.clone()
        };
        Some(Finding {
            number: number(at + 1),
            name: self.names.get(at)?.clone(),
            location: finding.location.clone(),
            facts,
        })
    }

    /// Whether an address means this finding.
    fn is(&self, at: usize, Selected { path, name }: &Selected) -> bool {
        if name.is_some() && name.as_ref() != self.names.get(at) {
            return false;
        }
        let Some(finding) = self.audit.findings.get(at) else {
            return false;
        };
        match finding.location.in_layer() {
            Some((_, at)) => path.as_deref() == Some(at),
            None => name.is_some(),
        }
    }
}

/// Whether a path is in a folder, which is not the root: all is in that.
fn is_below(path: &[u8], folder: &[u8]) -> bool {
    let rest = path.strip_prefix(folder);
    folder != b"/" && rest.is_some_and(|rest| rest.first() == Some(&b'/'))
}

/// The order of two findings: by group, then as it is asked for.
fn compare(order: Order, a: &FindingFacts, b: &FindingFacts) -> Ordering {
    let group = |finding: &FindingFacts| Group::of(finding.kind);
    let compressed = |finding: &FindingFacts| finding.compressed_bytes.unwrap_or(finding.bytes);
    group(a).cmp(&group(b)).then_with(|| match order {
        Order::Size => Ordering::Equal,
        Order::Compressed => compressed(b).cmp(&compressed(a)),
        Order::Kind => a.kind.cmp(&b.kind),
        Order::Layer => a.added_by.first().cmp(&b.added_by.first()),
        Order::Path => a.path.cmp(&b.path),
    })
}

/// What addresses call these findings.
fn names(findings: &[FindingFacts]) -> Vec<FindingName> {
    let mut alike: HashMap<_, u32> = HashMap::new();
    let named = findings.iter().map(|finding| {
        let nth = alike
            .entry((finding.kind, &finding.rule, &finding.location))
            .or_default();
        *nth += 1;
        FindingName {
            kind: finding.kind,
            layer: finding.location.in_layer().map(|(layer, _)| number(layer)),
            rule: finding.rule.clone(),
            nth: *nth,
        }
    });
    named.collect()
}

/// The command of a layer, as the report has it.
fn command(layer: &LayerFacts) -> String {
    let command = layer.created_by.as_deref().unwrap_or_default();
    history::clean(command).into_owned()
}

/// Whether a finding has this text, which is in lower case, in anything that is shown of it.
fn holds(finding: &FindingFacts, find: &str) -> bool {
    [finding.path.as_str(), &finding.advice]
        .into_iter()
        .chain(finding.rule.as_deref())
        .chain(finding.created_by.iter().map(String::as_str))
        .any(|text| text.to_lowercase().contains(find))
}

/// Reads a rules file as the command would.
pub(crate) fn rules(file: &RulesFile) -> Result<Rules, RulesError> {
    if file.name == DIVES {
        Rules::from_dive_ci(&file.text)
    } else {
        Rules::from_yaml(&file.text)
    }
}
