//! Secrets in an image are told by `onionskin audit`, and shown by none of its reports.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use onionskin_fixtures::write::{Generation, docker_archive, oci_archive};
use onionskin_fixtures::{Image, Packed, layer, planted};
use onionskin_tests::binary::onionskin;
use serde_json::Value;

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(onionskin())
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn saved(image: &Packed) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: Vec<u8>| fs::write(folder.path().join(name), bytes).unwrap();
    write("app.tar", oci_archive(&[("app:1.0", image)]));
    let old = docker_archive(Generation::Folders, &[("app:1.0", image)]);
    write("old.tar", old);
    folder
}

/// What `--format` takes, as the help says.
fn formats(folder: &Path) -> Vec<String> {
    let help = run(folder, &["audit", "--help"]).stdout;
    let help = String::from_utf8(help).unwrap();
    let after = help.split("--format").nth(1).unwrap();
    let format = after.split("\n      --").next().unwrap();
    if let Some(values) = format.split("[possible values: ").nth(1) {
        let values = values.split(']').next().unwrap();
        return values.split(", ").map(str::to_owned).collect();
    }
    let lines = format
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- "));
    lines
        .filter_map(|line| line.split(':').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn no_report_shows_a_secret() {
    let folder = saved(&planted::image());
    let formats = formats(folder.path());
    assert!(formats.len() >= 3, "{formats:?}");
    for archive in ["app.tar", "old.tar"] {
        for format in &formats {
            let output = run(folder.path(), &["audit", archive, "--format", format]);
            assert!(output.status.success(), "{format}: {output:?}");
            let text = String::from_utf8_lossy(&output.stdout);
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(text.len() > 500, "{format}: {text}");
            for plant in planted::secrets() {
                // Of a key any line would do harm.
                for line in plant
                    .secret
                    .lines()
                    .filter(|line| !line.starts_with("-----"))
                {
                    assert!(
                        !text.contains(line),
                        "{format} shows the {} of {}",
                        plant.rule,
                        plant.path
                    );
                    assert!(!errors.contains(line), "{format}: {}", plant.rule);
                }
            }
        }
    }
}

#[test]
fn every_secret_is_in_the_json_and_none_of_the_twin() {
    let folder = saved(&planted::image());
    let findings = |folder: &Path| -> Vec<Value> {
        let output = run(
            folder,
            &[
                "audit",
                "app.tar",
                "--format",
                "json",
                "--link-base",
                "https://example.org",
            ],
        );
        let audit: Value = serde_json::from_slice(&output.stdout).unwrap();
        audit["findings"].as_array().unwrap().clone()
    };
    let secrets: Vec<Value> = findings(folder.path())
        .into_iter()
        .filter(|finding| finding["kind"] == "secret")
        .collect();
    for plant in planted::secrets() {
        let found = secrets.iter().find(|finding| {
            let path = finding["path"].as_str().unwrap();
            let step = plant.path == "history" && path.starts_with("history.");
            finding["rule"] == plant.rule && (path == plant.path || step)
        });
        let found = found.unwrap_or_else(|| panic!("{} at {}", plant.rule, plant.path));
        let link = found["link"].as_str().unwrap();
        let view = if plant.path.starts_with('/') {
            "view=changes"
        } else {
            "view=config"
        };
        assert!(link.contains(view), "{link}");
        assert!(found["advice"].as_str().unwrap().len() > 40);
    }
    let twin = saved(&planted::twin());
    assert_eq!(findings(twin.path()), [Value::Null; 0]);
}

#[test]
fn inspect_shows_the_configuration_as_it_is() {
    let folder = saved(&planted::image());
    let output = run(folder.path(), &["inspect", "app.tar", "--format", "json"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let told = planted::secrets();
    let told = told
        .iter()
        .find(|plant| plant.path.starts_with("config.env"))
        .unwrap();
    assert!(text.contains(&told.secret));
}

/// What an image says of its base, its volumes and its commands goes into reports by other ways.
#[test]
fn no_report_shows_a_secret_of_a_label_or_an_advice() {
    let secret = "Xk29vLqpTz81";
    let image = Image::new()
        .layer(layer("RUN make").file("/a", "x"))
        .env(&format!("DB_PASSWORD={secret}"))
        .volume(&format!("/{secret}"))
        .label(
            "org.opencontainers.image.base.name",
            &format!("https://me:{secret}@registry.example/base"),
        )
        .pack();
    let folder = saved(&image);
    for format in formats(folder.path()) {
        let output = run(folder.path(), &["audit", "app.tar", "--format", &format]);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(!text.is_empty() && !text.contains(secret), "{format}");
    }
}
