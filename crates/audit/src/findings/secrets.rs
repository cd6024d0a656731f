//! Secrets: in the files of every layer, deleted ones too, and in the configuration.
//!
//! Whoever may pull an image may download each of its layers, so a secret that a later layer deleted
//! is as public as one that is still there.

use std::collections::{BTreeMap, BTreeSet};

use super::advice::{copies, layers};
use super::gather::{Group, MANY, MANY_TREES, gathered};
use super::{Finding, Kind, Subject};
use crate::ledger::Wasted;
use crate::manifest::history;
use crate::secrets::{self, ConfigSecret, SecretRule, SecretScanner, SecretSource};
use crate::stack::{Cause, Names, NodeId};

/// A file, or files of a package, with secrets of one sort.
struct SecretGroup {
    group: Group,
    /// The line in the last layer that has it; 0 for the file as a whole.
    line: u32,
}

/// In no order.
pub(super) fn of(subject: &Subject<'_>, names: &Names) -> Vec<Finding> {
    let mut findings = in_layers(subject, names);
    let depth = subject.stack.depth();
    findings.extend(in_config(secrets::in_config(subject.config, depth)));
    findings
}

fn in_layers(subject: &Subject<'_>, names: &Names) -> Vec<Finding> {
    let stack = subject.stack;
    let mut places: BTreeMap<(SecretRule, NodeId), SecretGroup> = BTreeMap::new();
    for (layer, index) in (1..).zip(stack.layers()) {
        for (entry, spot) in index.found::<SecretScanner>().unwrap_or_default() {
            // A file that is still there goes by a name that it has now, another by the one that stored it.
            let live = names.of_entry(stack, layer, entry);
            let Some(node) = live.or_else(|| stack.find(&index.path(entry))) else {
                continue;
            };
            let place = places
                .entry((spot.rule, node))
                .or_insert_with(|| SecretGroup {
                    group: Group::new(node),
                    line: 0,
                });
            place.line = spot.line;
            let bytes = index.size(entry);
            let compressed = subject.ledger.cost(stack, layer, entry);
            match stack.waste(layer, entry) {
                None => place.group.add(layer, bytes, compressed),
                Some(waste) => place.group.lose(&Wasted {
                    added_by: layer,
                    entry,
                    cause: waste.cause,
                    hidden_by: waste.hidden_by,
                    bytes,
                    compressed,
                }),
            }
        }
    }
    let mut findings = Vec::new();
    // Packages come with keys for their tests; a folder of them is one finding.
    let mut packaged: BTreeMap<SecretRule, Vec<Group>> = BTreeMap::new();
    for ((rule, node), SecretGroup { group, line }) in places {
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
            findings.push(Finding {
                packaged: true,
                ..group.told(stack, Kind::Secret, rule.id(), advice)
            });
        }
    }
    findings
}

/// What to do about a secret in a file.
fn advice(subject: &Subject<'_>, rule: SecretRule, group: &Group, line: u32) -> String {
    let adders = group.added_by();
    let what = match line {
        0 => capital(rule.name()),
        line => format!("{} in line {line}", capital(rule.name())),
    };
    let gone = match group.last_cause().filter(|_| group.is_wasted()) {
        Some(Cause::Deleted) => ", although a later layer deletes it",
        Some(_) => ", although a later layer replaces it",
        None => "",
    };
    let command = |layer: &usize| {
        subject
            .commands
            .get(layer.checked_sub(1)?)
            .copied()
            .flatten()
    };
    let mut commands = adders.iter().filter_map(command).map(history::clean);
    let how = if rule == SecretRule::SHELL_HISTORY {
        "check it, delete it in the step that writes it, and set HISTFILE=/dev/null there"
    } else if commands.all(|command| copies(&command)) {
        "revoke it, add the file to .dockerignore, and pass it to the steps that need it with RUN --mount=type=secret and to containers when they start"
    } else {
        "revoke it, and pass it to the steps that need it with RUN --mount=type=secret and to containers when they start"
    };
    format!(
        "{what}: everyone who pulls {} can read it{gone}; {how}",
        layers(&adders)
    )
}

fn of_package(rule: SecretRule, group: &Group) -> String {
    let what = match group.files {
        1 => format!("{} of a package", capital(rule.name())),
        files => format!("{}, in {files} files of packages", capital(rule.name())),
    };
    format!(
        "{what}: mostly test keys, which are public; check whether one of them is yours ({}), and remove files that nothing uses",
        layers(&group.added_by())
    )
}

/// So many places of one list of the configuration are findings of their own, as each has its own fix.
const MANY_PLACES: usize = 64;

/// Those of the configuration: each place and rule is one finding, and so are very many places of a list.
fn in_config(secrets: Vec<ConfigSecret>) -> Vec<Finding> {
    type Places = BTreeMap<SecretSource, Vec<ConfigSecret>>;
    let mut lists: BTreeMap<(&'static str, SecretRule), Places> = BTreeMap::new();
    for secret in secrets {
        let list = lists.entry((secret.source.list(), secret.rule));
        let place = list.or_default().entry(secret.source.clone());
        place.or_default().push(secret);
    }
    let mut findings = Vec::new();
    for ((list, _), places) in lists {
        if places.len() > MANY_PLACES {
            let all: Vec<ConfigSecret> = places.into_values().flatten().collect();
            findings.extend(of_place(list, &all, true));
        } else {
            let each = places.into_iter();
            findings
                .extend(each.filter_map(|(place, all)| of_place(&place.to_string(), &all, false)));
        }
    }
    findings
}

/// Secrets of one rule at one place; or in `many` places of one list.
fn of_place(place: &str, secrets: &[ConfigSecret], many: bool) -> Option<Finding> {
    let first = secrets.first()?;
    let how = match first.source {
        SecretSource::Env(_) => {
            "everyone who pulls the image can read it, and so can every program in the container; revoke it, and pass it to containers when they start, not with ENV"
        }
        SecretSource::Label(_) => "everyone who can list the image can read its labels; revoke it",
        SecretSource::Step(_) => {
            "the history keeps build arguments and commands, and everyone who pulls the image can read it; revoke it, and pass it to the step with RUN --mount=type=secret"
        }
        SecretSource::Entrypoint | SecretSource::Cmd | SecretSource::Healthcheck => {
            "everyone who pulls the image can read it; revoke it, and have the program read it from a file or a variable that is set when the container starts"
        }
    };
    let mut what = capital(first.rule.name());
    let names: BTreeSet<String> = match many {
        true => secrets
            .iter()
            .map(|secret| called(&secret.source))
            .collect(),
        false => secrets
            .iter()
            .filter_map(|secret| secret.name.clone())
            .collect(),
    };
    if !names.is_empty() {
        what += &format!(" ({})", some_of(names.into_iter()));
    }
    if secrets.len() > 1 {
        what += &format!(", {} different ones", secrets.len());
    }
    let also: BTreeSet<&SecretSource> = secrets.iter().flat_map(|secret| &secret.also).collect();
    let also = also.into_iter().filter(|also| match many {
        true => also.list() != place,
        false => **also != first.source,
    });
    let also: Vec<String> = also.map(ToString::to_string).collect();
    if !also.is_empty() {
        what += &format!(", also in {}", some_of(also.into_iter()));
    }
    let layers: BTreeSet<usize> = secrets
        .iter()
        .flat_map(|secret| secret.layers.iter().copied())
        .collect();
    let advice = format!("{what}: {how}");
    Some(Finding {
        added_by: layers.into_iter().collect(),
        ..Finding::of_config(Kind::Secret, first.rule.id(), place, advice)
    })
}

/// What one place of many is called.
fn called(source: &SecretSource) -> String {
    match source {
        SecretSource::Env(name) | SecretSource::Label(name) => name.clone(),
        SecretSource::Entrypoint
        | SecretSource::Cmd
        | SecretSource::Healthcheck
        | SecretSource::Step(_) => source.to_string(),
    }
}

/// The first few of a list, each shortened, and how many more there are.
fn some_of(mut names: impl ExactSizeIterator<Item = String>) -> String {
    const TOLD: usize = 3;
    const LETTERS: usize = 64;
    let short = |name: String| match name.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
        None => name,
    };
    let told: Vec<String> = names.by_ref().take(TOLD).map(short).collect();
    match names.len() {
        0 => told.join(", "),
        more => format!("{} and {more} more", told.join(", ")),
    }
}

/// The words with a capital letter.
fn capital(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Config;

    fn told(config: &str) -> Vec<(String, String)> {
        let config = Config::parse(config.as_bytes()).unwrap();
        in_config(secrets::in_config(&config, 1))
            .into_iter()
            .map(|finding| {
                let path = String::from_utf8(finding.path().to_vec()).unwrap();
                let what = finding.advice.split(':').next().unwrap().to_owned();
                (path, what)
            })
            .collect()
    }

    #[test]
    fn what_is_told_does_not_grow_with_the_secrets_of_a_place() {
        let many = |what: fn(usize) -> String, between: &str| {
            let all: Vec<String> = (0..2_000).map(what).collect();
            all.join(between)
        };
        let arguments = many(|n| format!("A{n}_TOKEN=q8Rt{n}xyz"), " ");
        let variables = many(|n| format!(r#""B{n}_TOKEN=r8Rt{n}xyz""#), ",");
        let labels = many(|n| format!(r#""c{n}.token":"s8Rt{n}xyz""#), ",");
        let steps = many(
            |n| format!(r#"{{"created_by":"ARG D{n}_TOKEN=t8Rt{n}xyz"}}"#),
            ",",
        );
        for (config, place) in [
            (
                format!(r#"{{"history":[{{"created_by":"RUN |9 {arguments} /bin/sh -c x"}}]}}"#),
                "history.1",
            ),
            (
                format!(r#"{{"config":{{"Env":[{variables}]}}}}"#),
                "config.env",
            ),
            (
                format!(r#"{{"config":{{"Labels":{{{labels}}}}}}}"#),
                "config.labels",
            ),
            (format!(r#"{{"history":[{steps}]}}"#), "history"),
        ] {
            let told = told(&config);
            let [(path, what)] = told.as_slice() else {
                panic!("{} findings", told.len());
            };
            assert_eq!(path, place);
            assert!(what.contains("and 1997 more"), "{what}");
        }
    }

    #[test]
    fn other_places_are_told_and_a_variable_keeps_its_own() {
        let config = r#"{"config":{"Env":["DB_PASSWORD=Xk29vLqp","API_TOKEN=mV7pL2sD"]},
            "history":[{"created_by":"ENV DB_PASSWORD=Xk29vLqp","empty_layer":true}]}"#;
        let told = told(config);
        let expected = [
            ("config.env.API_TOKEN", "Variable that is named as a secret"),
            (
                "config.env.DB_PASSWORD",
                "Variable that is named as a secret, also in history.1",
            ),
        ];
        assert_eq!(
            told,
            expected.map(|(path, what)| (path.to_owned(), what.to_owned()))
        );
    }
}
