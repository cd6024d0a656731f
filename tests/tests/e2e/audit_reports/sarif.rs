//! SARIF is what the schema of the standard and code scanning take.

use std::collections::BTreeSet;
use std::fs;

use onionskin_fixtures::write::{Generation, docker_archive, oci_archive};
use onionskin_fixtures::{Image, Packed, layer, seeded};
use serde_json::{Value, json};

use super::RULES;
use super::ground::{data, ground, hostile, json_of};

#[test]
fn sarif_is_what_the_standards_schema_and_code_scanning_take() {
    let ground = ground();
    ground.write("hostile.tar", oci_archive(&[("a:1", &hostile())]));
    let saved = docker_archive(Generation::Folders, &[("a:1", &hostile())]);
    ground.write("saved.tar", saved);
    let schema = fs::read_to_string(data("sarif-schema-2.1.0.json")).unwrap();
    let mut schema: Value = serde_json::from_str(&schema).unwrap();
    // Its pattern of a key that we do not write is no regular expression to all.
    for definition in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][definition]["properties"]["language"];
        assert!(
            language
                .as_object_mut()
                .unwrap()
                .remove("pattern")
                .is_some()
        );
    }
    let schema = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap();
    assert!(!schema.is_valid(&json!({ "version": "2.1.0" })));
    let unjudged = ["saved.tar", "--max-compressed-size", "1GB"];
    let several = [
        "./missing.tar",
        "hostile.tar",
        "oci:demo:demo/webapp:1.0",
        "oci:demo:demo/webapp:1.1",
        "hostile.tar",
    ];
    for (arguments, runs, successful) in [
        (
            &[&["oci:demo:demo/webapp:1.0"], &RULES[..]].concat()[..],
            1,
            1,
        ),
        (
            &[
                "hostile.tar",
                "--max-layers",
                "1",
                "--link-base",
                "http://localhost/ü",
            ],
            1,
            1,
        ),
        (&unjudged, 1, 0),
        (&["./missing.tar"], 1, 0),
        (&several, 5, 4),
    ] {
        let report = json_of(&ground, &[arguments, &["--format", "sarif"]].concat());
        let errors: Vec<String> = schema
            .iter_errors(&report)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{arguments:?}: {errors:?}");
        let all = report["runs"].as_array().unwrap();
        assert_eq!(all.len(), runs, "{arguments:?}");
        let worked = all
            .iter()
            .filter(|run| run["invocations"][0]["executionSuccessful"] == true);
        assert_eq!(worked.count(), successful, "{arguments:?}");
        // GitHub refuses runs that it cannot tell apart.
        let ids: BTreeSet<&str> = all
            .iter()
            .map(|run| run["automationDetails"]["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids.len(), runs, "{ids:?}");
        for run in all {
            taken(run);
        }
    }
}

/// What GitHub's documentation of code scanning demands of each result.
fn taken(run: &Value) {
    let mut prints = BTreeSet::new();
    for result in run["results"].as_array().unwrap() {
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["region"]["startLine"].as_u64() >= Some(1));
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        let plain = |c: char| c.is_ascii_alphanumeric() || "/-._~+@=%".contains(c);
        assert!(
            !uri.is_empty() && !uri.starts_with('/') && uri.chars().all(plain),
            "{uri}"
        );
        let text = result["message"]["text"].as_str().unwrap();
        let acts = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
        // Nothing of an image is a link.
        assert!(
            !text.is_empty() && !text.contains(acts) && !text.replace("\\]", "").contains("]("),
            "{text}"
        );
        assert!(prints.insert(result["partialFingerprints"]["primaryLocationLineHash"].as_str()));
    }
}

#[test]
fn a_finding_keeps_its_fingerprint_from_build_to_build() {
    let ground = ground();
    let build = |size: usize, more: bool| {
        let base = if more {
            vec![layer("ADD base /").file("/base", "x")]
        } else {
            Vec::new()
        };
        let layers = base.into_iter().chain([
            layer("COPY . /app")
                .dir("/app")
                .file("/app/data", seeded(1, size)),
            layer("RUN rm /app/data").whiteout("/app/data"),
        ]);
        layers
            .fold(Image::new(), |image, layer| image.layer(layer))
            .pack()
    };
    let prints = |name: &str, image: &Packed| {
        ground.write(name, oci_archive(&[("app:1", image)]));
        let report = json_of(&ground, &[name, "--format", "sarif"]);
        let results = report["runs"][0]["results"].as_array().unwrap().clone();
        assert!(!results.is_empty());
        results
            .iter()
            .map(|result| result["partialFingerprints"].to_string())
            .collect::<BTreeSet<_>>()
    };
    let first = prints("first.tar", &build(1_000, false));
    assert!(first.is_subset(&prints("second.tar", &build(7_000, true))));
}
