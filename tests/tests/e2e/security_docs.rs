//! docs/security.md names a test for each line; here every one of them is looked for.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The Rust files below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_test_that_the_threat_model_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for folder in [
        "tests/tests/e2e",
        "crates/gateway/src",
        "crates/layers/src",
        "crates/oci/src",
        "crates/audit/src",
        "crates/core/src",
        "crates/core/tests",
        "crates/cli/src",
        "web/src",
    ] {
        sources(&root.join(folder), &mut files);
    }
    let document = fs::read_to_string(root.join("docs/security.md")).unwrap();
    let named: BTreeSet<&str> = document
        .split('`')
        .filter(|text| text.contains("::") && !text.contains(' '))
        .filter(|text| *text != "module::test")
        .collect();
    assert!(named.len() > 40, "{}", named.len());
    for name in named {
        let (module, test) = name.split_once("::").unwrap();
        let declared = format!("fn {test}()");
        let is_there = files.iter().any(|file| {
            let is = |part: Option<&std::ffi::OsStr>| part.is_some_and(|part| part == module);
            let folder = file.parent().and_then(Path::file_name);
            let in_module = is(file.file_stem()) || is(folder);
            in_module && fs::read_to_string(file).unwrap().contains(&declared)
        });
        assert!(
            is_there,
            "docs/security.md names {name}, which is not there"
        );
    }
    let attacks = document
        .split("\n## ")
        .filter(|section| section.contains("| attack |"));
    let lines = attacks
        .flat_map(str::lines)
        .filter(|line| line.starts_with("| "));
    for line in lines.filter(|line| !line.starts_with("| attack")) {
        assert!(line.contains("::"), "no test: {line}");
    }
}
