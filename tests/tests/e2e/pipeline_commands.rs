//! What pipelines obey in a log is not in any output, whatever an image says.

use std::fs;

use onionskin_core::digest::Digest;
use onionskin_core::manifest::media_type::{OCI_EMPTY, OCI_INDEX, OCI_MANIFEST};
use onionskin_fixtures::write::oci_archive;
use onionskin_fixtures::{Image, Packed, bytes, layer};
use onionskin_tests::command::{printed, run};
use onionskin_tests::odd::{Odd, ok, status};
use serde_json::json;

/// Whether a line holds `::error` where it begins a line or may come to: not behind a letter or digit, as in `std::error`.
fn has_command(line: &str) -> bool {
    let mut found = line.match_indices("::error");
    found.any(|(at, _)| !line[..at].ends_with(char::is_alphanumeric))
}

const COMMANDS: [&str; 9] = [
    "##vso[task.complete]x",
    "##[error]x",
    "##teamcity[buildStop]",
    "::error::x",
    "::error title=x",
    "a\n::error::x",
    "a\r##[error]x",
    "a\u{85}::error::x",
    "\u{9b}31m\u{2028}##vso[task.complete]x",
];
const LINK_BASE: &str = "https://example.com/::error::x/";

/// An image whose files, labels, annotations and variables are commands to pipelines.
fn commanding() -> Packed {
    let mut copied = layer("COPY ##vso[task.complete]x ::error::x");
    let mut deleted = layer("RUN rm ##[error]x");
    let mut image = Image::new();
    for command in COMMANDS {
        let file = format!("/{}", command.replace('/', "_"));
        copied = copied.file(&file, bytes(9_000));
        deleted = deleted.whiteout(&file);
        image = image
            .label(command, command)
            .annotation(command, command)
            .env(&format!("A={command}"));
    }
    image
        .layer(copied.file("/kept ::error::x", "kept"))
        .layer(deleted)
        .pack()
}

/// What is asked of the image in a file, of another one, and of a file that is not there.
fn questions<'a>(file: &'a str, other: &'a str, missing: &'a str) -> Vec<Vec<&'a str>> {
    let mut commands = vec![
        vec!["inspect", file],
        vec!["inspect", file, "--json"],
        vec!["ls", file],
        vec!["ls", file, "--layer", "1"],
        vec!["ls", file, "--json"],
        vec!["du", file],
        vec!["packages", file],
        vec!["cat", file, "/::error::x"],
        vec!["diff", other, file],
        vec!["diff", file, other, "--json"],
        vec!["diff", other, file, "--format", "markdown"],
        vec!["diff", file, other, "--format", "html"],
        vec!["diff", other, file, "--reproducible"],
        vec!["badge", file, "--label", "::error::x"],
        vec!["inspect", missing],
    ];
    for format in [
        "text",
        "json",
        "ndjson",
        "markdown",
        "sarif",
        "junit",
        "html",
        "dive-json",
    ] {
        let all = (format == "text").then_some("--all");
        let audit = ["audit", file, "--format", format, "--link-base", LINK_BASE];
        commands.push(audit.into_iter().chain(all).collect());
    }
    commands
}

/// A file may be called like a command to a pipeline, and a label may hold one. Logs of pipelines obey what stands there.
#[tokio::test]
async fn names_and_labels_give_no_commands_to_pipelines() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (file, other) = (path("a.tar"), path("b.tar"));
    fs::write(&file, oci_archive(&[("a:1", &commanding())])).unwrap();
    let plain = Image::new().layer(layer("COPY").file("/x", "x")).pack();
    fs::write(&other, oci_archive(&[("b:1", &plain)])).unwrap();
    let missing = path("::error::none ##[x].tar");
    for arguments in questions(&file, &other, &missing) {
        let output = run(&arguments).await;
        // The file of `cat` is deleted.
        let stopped = arguments.contains(&missing.as_str()) || arguments[0] == "cat";
        assert_eq!(
            output.status.code(),
            Some(if stopped { 2 } else { 0 }),
            "{arguments:?}"
        );
        for printed in [&output.stdout, &output.stderr] {
            assert_commands_nothing(&String::from_utf8_lossy(printed), &arguments);
        }
    }
}

fn assert_commands_nothing(text: &str, arguments: &[&str]) {
    let acts = |c: char| c.is_control() && c != '\n' || ('\u{2028}'..='\u{2029}').contains(&c);
    assert!(!text.contains(acts), "{arguments:?}: {text:?}");
    for line in text.lines() {
        let obeyed = ["##vso[", "##[", "##teamcity["]
            .iter()
            .any(|mark| line.contains(mark));
        assert!(!obeyed && !has_command(line), "{arguments:?}: {line}");
    }
}

/// The second `::` of a command may come from what is printed beside a name.
#[tokio::test]
async fn what_is_printed_beside_a_name_makes_no_command_of_it() {
    let annotations = json!({"::error title=x": "a::b"});
    let empty =
        json!({"mediaType": OCI_EMPTY, "digest": Digest::sha256(b"{}").to_string(), "size": 2});
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": "application/spdx+json",
        "config": empty,
        "layers": [empty],
        "annotations": annotations,
    });
    let manifest = manifest.to_string();
    let listed = json!({
        "mediaType": OCI_MANIFEST,
        "digest": Digest::sha256(b"sbom").to_string(),
        "size": 4,
        "artifactType": "application/spdx+json",
        "annotations": annotations,
    });
    let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [listed]});
    let index = index.to_string();
    let odd = Odd::new(move |target, _| {
        if target.contains("/referrers/") {
            ok(OCI_INDEX, index.clone())
        } else if target.ends_with("/manifests/1") {
            ok(OCI_MANIFEST, manifest.clone())
        } else if target.contains("/blobs/") {
            ok("application/octet-stream", "{}")
        } else {
            status(404, &[], "{}")
        }
    })
    .await;
    let reference = format!("{}/app:1", odd.address);
    for command in ["inspect", "referrers"] {
        let text = printed(&[command, &reference]).await;
        assert!(text.contains(":\\x3aerror title=x"), "{command}: {text}");
        assert!(text.contains("a::b"), "{command}: {text}");
        assert!(!text.lines().any(has_command), "{command}: {text}");
    }
}
