//! What docs/audit.md says is what there is, and what it shows is what is printed.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;

use onionskin_fixtures::documented::{app, base, service};
use onionskin_tests::Ground;

/// The images of the documentation, saved.
fn ground() -> Ground {
    let ground = Ground::default();
    ground.save("app.tar", "app:1.0", &app());
    ground.save("base.tar", "base:1.0", &base().pack());
    ground.save("service.tar", "service:1.0", &service());
    ground
}

fn documentation() -> String {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/audit.md");
    fs::read_to_string(docs).unwrap()
}

#[test]
fn the_rules_of_the_documentation_are_those_that_there_are() {
    let ground = ground();
    let docs = documentation();
    let (_, example) = docs.split_once("```yaml\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    ground.write("onionskin.yaml", example);
    let report = ground.json(0, &["app.tar", "--base", "app.tar"]);
    let rules = report["rules"].as_array().unwrap().iter();
    let names: Vec<&str> = rules.map(|rule| rule["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 9, "{names:?}");
    assert_eq!(names[7..], ["forbiddenInLayers .env", "own.maxBaseDead"]);
    fs::remove_file(ground.path().join("onionskin.yaml")).unwrap();
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
            [key] if key.starts_with("forbidden") => format!("rules:\n  {key}: [/a]\n"),
            _ => format!("rules:\n  {key}: 1\n"),
        };
        ground.write("one.yaml", rules);
        let output = ground.run(&["app.tar", "--rules", "one.yaml", "--base", "app.tar"]);
        assert_ne!(output.status.code(), Some(2), "{key}");
        assert!(help.contains(flag), "{flag}");
        rows += 1;
    }
    let flags = help.lines().map(str::trim_start);
    let most = flags.filter(|line| line.starts_with("--max-")).count();
    assert_eq!(rows, most + 4, "one row for each flag");
}

#[test]
fn the_examples_of_the_documentation_are_what_is_printed() {
    let ground = ground();
    let docs = documentation();
    let mut examples = 0;
    for block in docs.split("```console\n").skip(1) {
        let (block, _) = block.split_once("```").unwrap();
        let (command, expected) = block.split_once('\n').unwrap();
        let words = command.split_whitespace();
        let words: Vec<&str> = words.map(|word| word.trim_matches('\'')).collect();
        let ["$", "onionskin", "audit", arguments @ ..] = words.as_slice() else {
            unreachable!("{command}")
        };
        let output = ground.run(arguments);
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(printed.trim(), expected.trim(), "{command}");
        examples += 1;
    }
    assert!(examples > 0);
}
