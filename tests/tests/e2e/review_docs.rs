//! What docs/review.md shows is what is printed, and its workflow uses what the action has.

use std::fs;
use std::path::Path;
use std::process::Command;

use onionskin_fixtures::{Image, layer};
use onionskin_tests::Ground;
use onionskin_tests::binary::onionskin;
use serde_json::Value;

use crate::audit_docs::{assert_shown, blocks, ground};

fn read(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(root.join(name)).unwrap()
}

/// One thing built twice.
fn builds(ground: &Ground) {
    for (name, date, second) in [
        ("build-1.tar", "2026-01-01", 0),
        ("build-2.tar", "2026-01-02", 86_400),
    ] {
        let copied = layer("COPY app /srv/app")
            .file("/srv/app", "x")
            .mtime(1_767_225_600 + second);
        let image = Image::new().layer(copied);
        let image = image.label(
            "org.opencontainers.image.created",
            &format!("{date}T00:00:00Z"),
        );
        ground.save(name, "app:1.0", &image.pack());
    }
}

#[test]
fn the_examples_of_the_documentation_are_what_is_printed() {
    let ground = ground();
    builds(&ground);
    let docs = read("docs/review.md");
    let mut shown_commands = 0;
    for (language, block) in blocks(&docs) {
        if language != "console" {
            continue;
        }
        for example in format!("\n{block}").split("\n$ ").skip(1) {
            let (command, shown) = example.split_once('\n').unwrap_or((example, ""));
            let mut words = command.split_whitespace();
            assert_eq!(words.next(), Some("onionskin"), "{command}");
            let mut run = Command::new(onionskin());
            let output = run.args(words).current_dir(ground.path()).output().unwrap();
            let printed = [output.stdout, output.stderr].concat();
            assert_shown(shown, &String::from_utf8(printed).unwrap(), command);
            shown_commands += 1;
        }
    }
    assert!(shown_commands > 4, "{shown_commands}");
}

#[test]
fn the_workflow_of_the_documentation_uses_what_the_action_has() {
    let docs = read("docs/review.md");
    let action: Value = serde_saphyr::from_str(&read("action.yml")).unwrap();
    let workflow = blocks(&docs);
    let (_, workflow) = workflow
        .iter()
        .find(|(language, _)| *language == "yaml")
        .unwrap();
    let workflow: Value = serde_saphyr::from_str(workflow).unwrap();
    let steps = workflow["jobs"]["image"]["steps"].as_array().unwrap();
    let ours = steps.iter().find(|step| step["id"] == "onionskin").unwrap();
    for input in ours["with"].as_object().unwrap().keys() {
        assert!(action["inputs"][input].is_object(), "{input}");
    }
    // Without an archive, GitHub opens the report in the browser: older versions of the action cannot do that.
    let upload = steps
        .iter()
        .find(|step| step["uses"] == "actions/upload-artifact@v7")
        .unwrap();
    assert_eq!(upload["with"]["archive"], false);
    assert_eq!(
        upload["with"]["path"],
        "${{ steps.onionskin.outputs.html }}"
    );
    for used in docs.split("steps.onionskin.outputs.").skip(1) {
        let end = used.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let name = &used[..end.unwrap()];
        assert!(action["outputs"][name].is_object(), "{name}");
    }
}
