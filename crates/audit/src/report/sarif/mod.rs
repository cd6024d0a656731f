//! The audit as SARIF 2.1.0, for code scanning: a run for each image, a result for each finding and
//! each rule that failed.
//!
//! Written by the OASIS standard "Static Analysis Results Interchange Format (SARIF) Version 2.1.0",
//! and so that GitHub takes it: each result has an address, a fingerprint that stays from build to
//! build, and runs can be told apart by `automationDetails.id`.

mod model;
mod rules;

use std::collections::HashMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use self::model::{
    ArtifactLocation, AutomationDetails, BaseLocation, Driver, Finding, Fingerprints, Invocation,
    Level, Location, Log, LogicalLocation, Notification, PhysicalLocation, Properties, Region, Run,
    Suppression, Text, Tool, UriBaseIds,
};
use self::rules::{Rules, level};
use super::Visible;
use super::format::{self, cost, size};
use super::notes::ignored;
use super::outcome::{BuiltWith, Outcome, weightiest};
use crate::audit::{Audit, FindingFacts};
use crate::digest::Digest;
use crate::reference::Reference;
use crate::rules::Verdict;

/// Where the standard publishes its schema.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// Findings that a run has, the weightiest first. GitHub refuses a run of more than 25,000 results.
const MOST: usize = 20_000;
/// The name of the image's root folder, which addresses are relative to.
const BASE: &str = "IMAGE";
/// The root of the repository that the image is built from (SARIF 2.1.0, 3.14.14, and how GitHub has it).
const REPOSITORY: &str = "%SRCROOT%";
/// What of a path stands as itself in an address (RFC 3986, `pchar` but for the colon, and slashes).
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'+')
    .remove(b'@')
    .remove(b'=');

/// The whole report.
///
/// # Errors
/// It cannot be written as JSON, which no content can cause.
pub fn report(outcomes: &[Outcome<'_>]) -> serde_json::Result<String> {
    let ids = ids(outcomes);
    let runs = outcomes
        .iter()
        .zip(ids)
        .map(|(outcome, id)| run(outcome, id));
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: runs.collect(),
    };
    Ok(super::json::pretty(&log)? + "\n")
}

/// What each run is called: the repository and platform, so that the alerts of one release follow those
/// of the one before; the whole reference where two images of the call share these.
fn ids(outcomes: &[Outcome<'_>]) -> Vec<String> {
    let short: Vec<String> = outcomes.iter().map(short_id).collect();
    let mut seen: HashMap<String, usize> = HashMap::new();
    outcomes
        .iter()
        .zip(&short)
        .map(|(outcome, id)| {
            let shared = short.iter().filter(|other| *other == id).count() > 1;
            let id = match shared {
                true => format!("onionskin/{}/", Visible(outcome.reference())),
                false => id.clone(),
            };
            let again = seen.entry(id.clone()).or_default();
            *again += 1;
            match *again {
                1 => id,
                again => format!("{id}{again}/"),
            }
        })
        .collect()
}

fn short_id(outcome: &Outcome<'_>) -> String {
    let name = match outcome.reference().parse::<Reference>() {
        Ok(reference) => reference.name(),
        Err(_) => Visible(outcome.reference()).to_string(),
    };
    match outcome {
        Outcome::Audited { audit, .. } => match &audit.image.platform {
            Some(platform) => format!("onionskin/{name}/{}/", Visible(platform)),
            None => format!("onionskin/{name}/"),
        },
        Outcome::Stopped { .. } => format!("onionskin/{name}/"),
    }
}

fn run(outcome: &Outcome<'_>, id: String) -> Run {
    let mut rules = Rules::default();
    let mut results = Vec::new();
    let mut notifications = Vec::new();
    let mut properties = None;
    match *outcome {
        Outcome::Audited {
            audit,
            remarks,
            built_with,
            ..
        } => {
            for rule in &audit.rules {
                match rule.passed {
                    Some(true) => {}
                    Some(false) => results.push(failed(rule, audit, &mut rules)),
                    None => notifications.push(notification(
                        Level::Error,
                        &format!(
                            "{} cannot be evaluated: {}",
                            rule.name,
                            format::verdict(rule)
                        ),
                    )),
                }
            }
            let mut same = HashMap::new();
            // What is ignored is told as suppressed, after all that counts.
            let suppressed = audit
                .findings
                .iter()
                .filter(|facts| facts.ignored.is_some());
            let findings = weightiest(audit).into_iter().chain(suppressed).take(MOST);
            results.extend(findings.map(|facts| {
                let result = finding(facts, audit, &mut rules, &mut same);
                in_repository(result, facts, built_with)
            }));
            let rest = audit.findings.len().saturating_sub(MOST);
            if rest > 0 {
                let text = format!("{rest} smaller findings are left out");
                notifications.push(notification(Level::Note, &text));
            }
            for text in format::not_available(&audit.layers) {
                notifications.push(notification(Level::Warning, &text));
            }
            for text in ignored(audit).iter().chain(remarks) {
                notifications.push(notification(Level::Note, text));
            }
            properties = Some(json!({
                "image": audit.image,
                "bytes": audit.bytes,
                "efficiency": audit.efficiency,
                "passed": audit.passed,
            }));
        }
        Outcome::Stopped { error, .. } => notifications.push(notification(Level::Error, error)),
    }
    let stopped = notifications
        .iter()
        .any(|notification| notification.level == Level::Error);
    Run {
        tool: Tool {
            driver: Driver {
                name: "Onionskin",
                semantic_version: env!("CARGO_PKG_VERSION"),
                information_uri: env!("CARGO_PKG_REPOSITORY"),
                rules: rules.descriptors,
            },
        },
        automation_details: AutomationDetails { id },
        invocations: [Invocation {
            execution_successful: !stopped,
            tool_execution_notifications: notifications,
        }],
        original_uri_base_ids: (!results.is_empty()).then(|| UriBaseIds {
            image: BaseLocation {
                description: text("The root folder of the image."),
            },
        }),
        results,
        properties,
    }
}

fn notification(level: Level, message: &str) -> Notification {
    Notification {
        level,
        message: text(message),
    }
}

/// A rule that the image does not keep: it is about the image as a whole.
fn failed(rule: &Verdict, audit: &Audit, rules: &mut Rules) -> Finding {
    let met = match rule.met.as_slice() {
        [] => String::new(),
        paths => format!(": {}", paths.join(", ")),
    };
    let message = format!(
        "{} fails {}: {}{met}",
        audit.image.reference,
        rule.name,
        format::verdict(rule)
    );
    Finding {
        rule_index: rules.of_limit(rule),
        level: Level::Error,
        message: text(&message),
        locations: [location("/", 1, Vec::new())],
        related_locations: Vec::new(),
        partial_fingerprints: fingerprint(&rule.name, "/", 1),
        suppressions: Vec::new(),
        hosted_viewer_uri: None,
        properties: Properties::Rule(rule.clone()),
        rule_id: rule.name.clone(),
    }
}

fn finding(
    facts: &FindingFacts,
    audit: &Audit,
    rules: &mut Rules,
    same: &mut HashMap<(String, String), usize>,
) -> Finding {
    let rule_id = match &facts.rule {
        Some(rule) => format!("{}/{rule}", facts.kind.name()),
        None => facts.kind.name().to_owned(),
    };
    let nth = same
        .entry((rule_id.clone(), facts.path.clone()))
        .or_default();
    *nth += 1;
    let layers = facts.added_by.iter().chain(&facts.hidden_by).copied();
    let layers: std::collections::BTreeSet<usize> = layers.collect();
    let layers = layers.into_iter().map(|number| {
        let layer = audit.layers.iter().find(|layer| layer.layer == number);
        LogicalLocation {
            name: format!("layer {number}"),
            fully_qualified_name: layer.and_then(|layer| Some(layer.diff_id.as_ref()?.to_string())),
            kind: "layer",
        }
    });
    // An address that is none would make the whole report one that no reader takes.
    let viewer = facts.link.as_ref().filter(|link| {
        (link.starts_with("https://") || link.starts_with("http://")) && link.is_ascii()
    });
    Finding {
        rule_index: rules.of_kind(&rule_id, facts),
        level: match facts.packaged {
            true => Level::Note,
            false => level(facts.kind),
        },
        message: text(&sentence(facts)),
        locations: [location(
            &facts.path,
            facts.line.unwrap_or(1),
            layers.collect(),
        )],
        related_locations: Vec::new(),
        partial_fingerprints: fingerprint(&rule_id, &facts.path, *nth),
        suppressions: facts
            .ignored
            .iter()
            .map(|reason| Suppression::external(reason))
            .collect(),
        hosted_viewer_uri: viewer.cloned(),
        properties: Properties::Finding(Box::new(facts.clone())),
        rule_id,
    }
}

/// The result at the line of the Dockerfile that it is about, where there is one; the place in the image is beside it.
fn in_repository(
    mut result: Finding,
    facts: &FindingFacts,
    built_with: Option<&BuiltWith>,
) -> Finding {
    let Some(file) = built_with else {
        return result;
    };
    let line = file.line(facts).and_then(|line| u32::try_from(line).ok());
    let Some(start_line) = line else {
        return result;
    };
    let [in_image] = result.locations;
    let in_file = Location {
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation {
                uri: utf8_percent_encode(&file.path, PATH).to_string(),
                uri_base_id: REPOSITORY,
            },
            region: Region { start_line },
        },
        logical_locations: Vec::new(),
    };
    result.related_locations = vec![in_image];
    Finding {
        locations: [in_file],
        ..result
    }
}

/// What is wrong with what, which layers add and hide it, and what to change.
fn sentence(facts: &FindingFacts) -> String {
    let bytes = match (facts.kind.is_risk(), cost(facts)) {
        (true, _) => String::new(),
        (false, Some(cost)) => format!("{}, {cost} of the download, ", size(facts.bytes)),
        (false, None) => format!("{}, ", size(facts.bytes)),
    };
    let layers = |did: &str, layers: &[usize]| {
        let (last, before) = layers.split_last()?;
        let before: Vec<String> = before.iter().map(ToString::to_string).collect();
        Some(match before.as_slice() {
            [] => format!("{did} in layer {last}"),
            before => format!("{did} in layers {} and {last}", before.join(", ")),
        })
    };
    // A path that its own layer repeats is added and hidden there.
    let own = facts.added_by == facts.hidden_by;
    let added = layers("added", &facts.added_by).filter(|_| !own);
    let mut hidden: Vec<(&str, Vec<usize>)> = Vec::new();
    for layer in &facts.hidden_by {
        let did = format::hidden(facts, *layer);
        match hidden.iter_mut().find(|(other, _)| *other == did) {
            Some((_, layers)) => layers.push(*layer),
            None => hidden.push((did, vec![*layer])),
        }
    }
    let hidden = hidden.iter();
    let hidden = hidden.filter_map(|(did, hiders)| layers(did, hiders));
    let did: Vec<String> = added.into_iter().chain(hidden).collect();
    let did = match did.as_slice() {
        [] => String::new(),
        did => format!("; {}", did.join(", ")),
    };
    let meaning = facts.kind.meaning();
    format!("{}: {bytes}{meaning}{did}. {}", facts.path, facts.advice)
}

fn location(path: &str, start_line: u32, logical_locations: Vec<LogicalLocation>) -> Location {
    let relative = path.trim_start_matches('/');
    // An address that is empty would be that of the report itself.
    let relative = if relative.is_empty() { "." } else { relative };
    Location {
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation {
                uri: utf8_percent_encode(relative, PATH).to_string(),
                uri_base_id: BASE,
            },
            region: Region { start_line },
        },
        logical_locations,
    }
}

/// The same for the same problem at the same path in the next build, whatever its size and layers.
fn fingerprint(rule: &str, path: &str, nth: usize) -> Fingerprints {
    let digest = Digest::sha256(format!("{rule}\0{path}").as_bytes());
    Fingerprints {
        primary_location_line_hash: format!("{}:{nth}", digest.hex()),
    }
}

/// A message in which nothing of an image acts, hides, or is a link (SARIF 3.11.6).
fn text(message: &str) -> Text {
    Text {
        text: Visible(message).to_string().replace("](", "\\]("),
    }
}
