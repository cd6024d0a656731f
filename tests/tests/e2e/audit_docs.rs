//! What the pages of docs/ about audits say is what there is, and what they show is what is printed.

use std::collections::BTreeSet;
use std::fs;

use onionskin_core::findings::Kind;
use onionskin_fixtures::documented::{app, base, old_shop, service, shop};
use onionskin_fixtures::write::{Generation, docker_archive};
use onionskin_tests::{Ground, on_terminal};
use serde_json::Value;

/// The images of the documentation, saved.
pub(crate) fn ground() -> Ground {
    let ground = Ground::default();
    ground.save("app.tar", "app:1.0", &app());
    ground.save("base.tar", "base:1.0", &base().pack());
    ground.save("service.tar", "service:1.0", &service());
    ground.save("shop.tar", "shop:2.0", &shop());
    ground.save("old-shop.tar", "shop:1.0", &old_shop());
    let saved = docker_archive(Generation::Folders, &[("app:1.0", &app())]);
    ground.write("saved.tar", saved);
    ground
}

fn documentation() -> String {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs");
    let page = |name| fs::read_to_string(format!("{docs}/{name}.md")).unwrap();
    ["audit", "findings", "rules", "reports"]
        .map(page)
        .join("\n")
}

#[test]
fn the_rules_of_the_documentation_are_those_that_there_are() {
    let ground = ground();
    let docs = documentation();
    let judged = |line: &str| {
        let told = line
            .strip_prefix("PASS ")
            .or_else(|| line.strip_prefix("FAIL "));
        told.and_then(|rest| rest.split_whitespace().next())
            .map(str::to_owned)
    };
    let judged: BTreeSet<String> = docs.lines().filter_map(judged).collect();
    let help = ground.ends(0, &["--help"]);
    let mut rows = 0;
    for row in docs.lines().filter(|line| line.contains("` | `--")) {
        let words: Vec<&str> = row.split('`').collect();
        let (key, flag) = (words[1], words[3]);
        let flag = flag.split(' ').next().unwrap();
        let key = key.replace("KIND", "leftover");
        let keys: Vec<&str> = key.split('.').collect();
        let rules = match keys.as_slice() {
            ["growth", key] => format!("growth:\n  against: app.tar\n  {key}: 1\n"),
            ["findings", kind, key] => {
                format!("rules: {{ findings: {{ {kind}: {{ {key}: 1 }} }} }}")
            }
            [key] if key.starts_with("forbid") => format!("rules:\n  {key}: [/a]\n"),
            _ => format!("rules:\n  {key}: 1\n"),
        };
        ground.write("one.yaml", rules);
        let output = ground.run(&["app.tar", "--rules", "one.yaml", "--base", "app.tar"]);
        assert_ne!(output.status.code(), Some(2), "{key}");
        assert!(help.contains(flag), "{flag}");
        // An example shows what it comes to; the floor belongs to another rule.
        let (before, after) = key.split_once("leftover").unwrap_or((&key, ""));
        let shown = judged.iter().any(|name| {
            name.starts_with(before) && name.ends_with(after) || name == &format!("own.{key}")
        });
        assert!(shown || key == "wastedShareFloor", "no example of {key}");
        rows += 1;
    }
    let flags = help.lines().map(str::trim_start);
    let most = flags.filter(|line| line.starts_with("--max-")).count();
    assert_eq!(rows, most + 5, "one row for each flag");
}

/// What stands between the fences of the documentation, in its order: of which kind, and what.
pub(crate) fn blocks(docs: &str) -> Vec<(&str, &str)> {
    let fenced = docs.split("\n```").skip(1).step_by(2);
    fenced
        .map(|block| block.split_once('\n').unwrap())
        .collect()
}

/// Asserts that this was printed; in what the documentation shows, a line of `…` stands for any lines.
pub(crate) fn assert_shown(shown: &str, printed: &str, command: &str) {
    let mut rest = printed.trim();
    for (at, part) in format!("{}\n", shown.trim()).split("…\n").enumerate() {
        let part = part.trim_matches('\n');
        let before = rest.find(part);
        let before =
            before.unwrap_or_else(|| panic!("{command}\nshows\n{part}\nprints\n{printed}"));
        assert!(at > 0 || before == 0, "{command}\nbegins with\n{printed}");
        rest = &rest[before + part.len()..];
    }
    assert!(
        rest.is_empty() || shown.trim().ends_with("\n…"),
        "{command}\nends with\n{rest}"
    );
}

/// Tables of numbers have a column with those of an image.
#[test]
fn the_numbers_of_the_documentation_are_those_of_its_images() {
    let ground = ground();
    let docs = documentation();
    let mut report = Value::Null;
    let mut rows = 0;
    for line in docs.lines() {
        if let Some(image) = line.strip_prefix("| key | meaning | of `") {
            let (image, _) = image.split_once('`').unwrap();
            let words: Vec<&str> = image.split(' ').collect();
            report = ground.json(0, &words);
        } else if line.is_empty() {
            report = Value::Null;
        } else if report.is_object() && line.starts_with("| `") {
            let (key, _) = line[3..].split_once('`').unwrap();
            let (_, value) = line.strip_suffix("` |").unwrap().rsplit_once('`').unwrap();
            let pointer = key.replace(['.', '['], "/").replace(']', "");
            let value: Value = serde_json::from_str(value).unwrap();
            assert_eq!(
                report.pointer(&format!("/{pointer}")),
                Some(&value),
                "{key}"
            );
            rows += 1;
        }
    }
    assert!(rows > 25, "{rows}");
}

#[test]
fn the_examples_of_the_documentation_are_what_is_printed() {
    let ground = ground();
    let mut kinds = BTreeSet::new();
    for (language, block) in blocks(&documentation()) {
        if let Some(name) = block.strip_prefix("# file: ") {
            let (name, _) = name.split_once('\n').unwrap();
            ground.write(name, block);
        }
        if language != "console" {
            continue;
        }
        let mut code = None;
        for example in format!("\n{block}").split("\n$ ").skip(1) {
            let (command, shown) = example.split_once('\n').unwrap();
            if command == "echo $?" {
                assert_eq!(shown.trim().parse().ok(), code, "{command}");
                continue;
            }
            let words = command.split_whitespace();
            let words: Vec<&str> = words.map(|word| word.trim_matches('\'')).collect();
            let ["onionskin", "audit", arguments @ ..] = words.as_slice() else {
                unreachable!("{command}")
            };
            let output = on_terminal(ground.command(arguments), 80);
            code = output.status.code();
            let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            assert_shown(shown, &printed, command);
            // Not the bars on top.
            let findings = shown.lines().filter(|line| !line.contains('█'));
            let findings: Vec<&str> = findings.collect();
            let told = Kind::ALL.into_iter().filter(|kind| {
                let named = [" ", " ("].map(|end| format!("  {}{end}", kind.name()));
                findings
                    .iter()
                    .any(|line| named.iter().any(|named| line.contains(named)))
            });
            kinds.extend(told.map(Kind::name));
        }
    }
    assert_eq!(
        kinds,
        Kind::ALL.into_iter().map(Kind::name).collect(),
        "an example of each"
    );
}
