//! Secrets: in the files of every layer, deleted ones too, and in the configuration.
//!
//! Whoever may pull an image may download each of its layers, so a secret that a later layer deleted
//! is as public as one that is still there.

use std::collections::BTreeMap;

use super::advice::{copies, layers};
use super::gather::{Group, MANY, MANY_TREES, gathered};
use super::{Finding, Kind, Subject};
use crate::ledger::Dead;
use crate::manifest::history;
use crate::secrets::{self, ConfigSecret, Rule, Source};
use crate::stack::NodeId;

/// A file, or files of a package, with secrets of one sort.
struct Place {
    group: Group,
    /// The line in the last layer that has it; 0 for the file as a whole.
    line: u32,
}

/// In no order.
pub(super) fn of(subject: &Subject<'_>) -> Vec<Finding> {
    let mut findings = in_layers(subject);
    let depth = subject.stack.depth();
    let told = secrets::in_config(subject.config, depth).into_iter();
    findings.extend(told.map(in_config));
    findings
}

fn in_layers(subject: &Subject<'_>) -> Vec<Finding> {
    let stack = subject.stack;
    let mut places: BTreeMap<(Rule, NodeId), Place> = BTreeMap::new();
    for (layer, index) in (1..).zip(stack.layers()) {
        for (entry, spot) in index.secrets() {
            let Some(node) = stack.find(&index.path(entry)) else {
                continue;
            };
            let place = places.entry((spot.rule, node)).or_insert_with(|| Place {
                group: Group::new(node),
                line: 0,
            });
            place.line = spot.line;
            let (bytes, compressed) = (index.size(entry), index.cost(entry));
            match stack.death(layer, entry) {
                None => place.group.add(layer, bytes, compressed),
                Some(death) => place.group.lose(&Dead {
                    added_by: layer,
                    entry,
                    cause: death.cause,
                    killed_by: death.killed_by,
                    bytes,
                    compressed,
                }),
            }
        }
    }
    let mut findings = Vec::new();
    // Packages come with keys for their tests; a folder of them is one finding.
    let mut packaged: BTreeMap<Rule, Vec<Group>> = BTreeMap::new();
    for ((rule, node), Place { group, line }) in places {
        let path = stack.path(node);
        if secrets::is_packaged(&path) {
            packaged.entry(rule).or_default().push(group);
            continue;
        }
        let advice = advice(subject, rule, &group, line);
        findings.push(Finding {
            line: (line > 0).then_some(line),
            ..group.told(stack, Kind::Secret, rule.id(), advice)
        });
    }
    for (rule, groups) in packaged {
        for group in gathered(stack, groups, (MANY, MANY_TREES)) {
            let advice = of_package(rule, &group);
            findings.push(group.told(stack, Kind::Secret, rule.id(), advice));
        }
    }
    findings
}

/// What to do about a secret in a file.
fn advice(subject: &Subject<'_>, rule: Rule, group: &Group, line: u32) -> String {
    let adders = group.added_by();
    let what = match line {
        0 => capital(rule.name()),
        line => format!("{} in line {line}", capital(rule.name())),
    };
    let gone = match group.is_dead() {
        true => " although a later layer hides it",
        false => "",
    };
    let command = |layer: &usize| {
        subject
            .commands
            .get(layer.checked_sub(1)?)
            .copied()
            .flatten()
    };
    let mut commands = adders.iter().filter_map(command).map(history::clean);
    let how = if rule == Rule::SHELL_HISTORY {
        "look through it, delete it in the step that writes it, and set HISTFILE=/dev/null there"
    } else if commands.all(|command| copies(&command)) {
        "revoke it, name the file in .dockerignore, and hand it to the steps that need it with RUN --mount=type=secret, to containers when they run"
    } else {
        "revoke it, and hand it to the steps that need it with RUN --mount=type=secret, to containers when they run"
    };
    format!(
        "{what}: everybody who pulls {} can read it{gone}; {how}",
        layers(&adders)
    )
}

fn of_package(rule: Rule, group: &Group) -> String {
    let what = match group.files {
        1 => format!("{} of a package", capital(rule.name())),
        files => format!("{}, in {files} files of packages", capital(rule.name())),
    };
    format!(
        "{what}: most are for tests, and public already; look whether one of them is yours ({}), and leave out what nothing runs",
        layers(&group.added_by())
    )
}

fn in_config(secret: ConfigSecret) -> Finding {
    let what = capital(secret.rule.name());
    let how = match secret.source {
        Source::Env(_) => {
            "everybody who pulls the image can read it, and so can every program in the container; revoke it, and hand it to containers when they run, not with ENV"
        }
        Source::Label(_) => "everybody who may list the image can read its labels; revoke it",
        Source::Step(_) => {
            "the history keeps build arguments and commands, and everybody who pulls the image can read it; revoke it, and hand it to the step with RUN --mount=type=secret"
        }
        Source::Entrypoint | Source::Cmd | Source::Healthcheck => {
            "everybody who pulls the image can read it; revoke it, and let the program read it from a file or a variable that the container is given"
        }
    };
    let place = secret.source.to_string();
    Finding {
        added_by: secret.layers,
        ..Finding::of_config(
            Kind::Secret,
            secret.rule.id(),
            &place,
            format!("{what}: {how}"),
        )
    }
}

/// The words with a capital letter.
fn capital(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
