//! `onionskin audit`: what it tells, how it judges, and how it ends.

mod text;

use std::fs;
use std::process::Output;

use onionskin_fixtures::documented::app;
use onionskin_fixtures::write::{Generation, docker_archive, oci_archive};
use onionskin_fixtures::{Image, Layer, layer, planted, seeded};
use onionskin_tests::{Ground, command};
use serde_json::Value;

/// The images of the documentation, saved.
fn ground() -> Ground {
    let ground = Ground::default();
    ground.save("app.tar", "app:1.0", &app());
    let saved = docker_archive(Generation::Folders, &[("app:1.0", &app())]);
    ground.write("saved.tar", saved);
    ground
}

#[test]
fn the_report_has_the_documented_keys_and_adds_up() {
    let ground = ground();
    let text = ground.ends(0, &["app.tar", "--format", "json"]);
    let keys = [
        "schemaVersion",
        "image",
        "bytes",
        "efficiency",
        "dive",
        "layers",
        "findings",
        "rules",
        "passed",
        "base",
    ];
    let places: Vec<_> = keys
        .iter()
        .map(|key| text.find(&format!("\n  \"{key}\":")))
        .collect();
    assert!(
        places.iter().all(Option::is_some) && places.is_sorted(),
        "{places:?}"
    );

    let report: Value = serde_json::from_str(&text).unwrap();
    let bytes = &report["bytes"];
    assert_eq!(
        (&bytes["stored"], &bytes["live"]),
        (&380_000.into(), &40_000.into())
    );
    assert_eq!(bytes["wasted"], 340_000);
    // /app/server is there twice, and so is the leaf /app/testdata with nothing in it.
    assert_eq!(report["dive"]["wastedBytes"], 80_000);
    assert_eq!(report["dive"]["userWastedPercent"], 2.0);

    let findings = report["findings"].as_array().unwrap();
    let sum: u64 = findings
        .iter()
        .filter_map(|finding| finding["bytes"].as_u64())
        .sum();
    assert_eq!(sum, 340_000);
    let finding: Vec<_> = findings[0].as_object().unwrap().keys().collect();
    assert_eq!(finding.len(), 11, "{finding:?}");
    let [deleted, metadata_only] = findings.as_slice() else {
        unreachable!("{findings:?}")
    };
    assert_eq!(
        (&deleted["kind"], &deleted["path"]),
        (&"deleted".into(), &"/app/testdata".into())
    );
    assert_eq!(deleted["bytes"], 300_000);
    let download = report["image"]["compressedSize"].as_f64().unwrap();
    let cost = deleted["compressedBytes"].as_f64().unwrap();
    assert_eq!(deleted["downloadShare"], cost / download);
    assert_eq!(deleted["addedBy"], Value::from(vec![1]));
    assert_eq!(deleted["hiddenBy"], Value::from(vec![3]));
    assert_eq!(
        deleted["createdBy"],
        Value::from(vec!["COPY . /app", "RUN rm -rf /app/testdata"])
    );
    assert_eq!(deleted["link"], Value::Null);
    let advice = metadata_only["advice"].as_str().unwrap();
    assert!(advice.contains("COPY --chown=1000:1000"), "{advice}");
    assert_eq!(report["rules"], Value::Array(Vec::new()));
    assert_eq!(report["passed"], true);
    // The same image gives the same bytes.
    assert_eq!(text, ground.ends(0, &["app.tar", "--format", "json"]));
}

#[tokio::test]
async fn reports_are_of_the_form_that_the_schemas_publish() {
    let ground = ground();
    let schema = |name: &str| {
        let file = format!("{}/../schemas/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let schema = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        jsonschema::validator_for(&schema).unwrap()
    };
    for image in ["app.tar", "saved.tar"] {
        let image = ground.path().join(image);
        let image = image.to_str().unwrap();
        let limits = ["--max-compressed-size", "1GB", "--min-efficiency", "0"];
        for (name, arguments) in [
            ("audit", &[&["audit", image], &limits[..]].concat()[..]),
            ("inspect", &["inspect", image]),
            ("ls", &["ls", image]),
            ("ls", &["ls", image, "--layer", "3"]),
        ] {
            let all = [arguments, &["--format", "json"]].concat();
            // The older archive tells no compressed sizes: a report all the same.
            let report = serde_json::from_slice(&command::run(&all).await.stdout).unwrap();
            let schema = schema(name);
            let errors: Vec<String> = schema
                .iter_errors(&report)
                .map(|error| error.to_string())
                .collect();
            assert!(errors.is_empty(), "{arguments:?}: {errors:?}");
            // A schema that everything fits would be none.
            let nothing = serde_json::json!([{}]);
            assert!(!schema.is_valid(&nothing), "{name}");
        }
    }
}

#[test]
fn a_rule_that_fails_is_a_1_and_a_limit_met_exactly_none() {
    let ground = ground();
    for (flag, kept, crossed) in [
        ("--max-wasted-bytes", "340kB", "339999"),
        ("--min-efficiency", "0.105", "11%"),
        ("--max-wasted-share", "90%", "0.89"),
        ("--max-layers", "3", "2"),
        ("--max-size", "1MB", "380kB"),
        ("--max-layer-size", "1MiB", "300kB"),
        ("--max-compressed-size", "1GB", "1"),
        ("--max-wasted-compressed", "343kB", "340kB"),
    ] {
        let report = ground.json(0, &["app.tar", flag, kept]);
        assert_eq!(
            (&report["passed"], &report["rules"][0]["passed"]),
            (&true.into(), &true.into())
        );
        let report = ground.json(1, &["app.tar", flag, crossed]);
        assert_eq!(report["passed"], false, "{flag}");
        let text = ground.ends(1, &["app.tar", flag, crossed]);
        assert!(text.starts_with("FAIL: "), "{text}");
    }
    let little = [
        "app.tar",
        "--max-wasted-share",
        "1%",
        "--wasted-share-floor",
        "1MB",
    ];
    ground.ends(0, &little);
}

#[test]
fn what_cannot_be_judged_is_a_2_and_no_pass() {
    let ground = ground();
    // What `docker save` wrote before version 25 has no compressed sizes.
    let limits = [
        "saved.tar",
        "--max-compressed-size",
        "1GB",
        "--max-wasted-bytes",
        "1",
    ];
    let report = ground.json(2, &limits);
    assert_eq!(
        (&report["passed"], &report["image"]["compressedSize"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(report["rules"][0]["passed"], false);
    assert_eq!(report["rules"][1]["passed"], Value::Null);
    assert!(report["findings"][0]["compressedBytes"].is_null());
    assert!(ground.stops(&limits).contains("maxCompressedSize"));
    let damaged = fs::read(ground.path().join("app.tar")).unwrap();
    ground.write("cut.tar", &damaged[..100_000]);
    ground.ends(2, &["cut.tar", "--max-wasted-bytes", "1"]);
    ground.ends(2, &["./missing.tar"]);
    for wrong in [
        &["app.tar", "--min-efficiency", "95"][..],
        &["app.tar", "--max-size", "much"],
        &["app.tar", "--rules", "nowhere.yaml"],
    ] {
        assert!(!ground.stops(wrong).is_empty());
    }
}

#[test]
fn rules_files_are_found_named_and_outdone_by_flags() {
    let ground = ground();
    ground.write("onionskin.yaml", "rules:\n  maxWastedBytes: 100kB\n");
    let report = ground.json(1, &["app.tar"]);
    assert_eq!(report["rules"][0]["name"], "maxWastedBytes");
    assert_eq!(report["rules"][0]["limit"], 100_000);
    assert_eq!(report["rules"][0]["actual"], 340_000);
    ground.ends(0, &["app.tar", "--max-wasted-bytes", "1MB"]);
    ground.ends(0, &["app.tar", "--no-rules"]);
    ground.write("other.yaml", "rules:\n  maxLayers: 3\n");
    ground.ends(0, &["app.tar", "--rules", "other.yaml"]);
    ground.write("wrong.yaml", "rules:\n  maxLayers: 3\n  maxlayers: 4\n");
    let error = ground.stops(&["app.tar", "--rules", "wrong.yaml"]);
    assert!(
        error.contains("wrong.yaml: line 3") && error.contains("maxlayers"),
        "{error}"
    );
    assert_eq!(error.lines().count(), 1, "{error}");
}

#[test]
fn a_dive_ci_is_judged_as_dive_judges_it() {
    let ground = ground();
    // dive's efficiency of the image is 340/380, and 2.0 of what the user added is wasted.
    let dive_ci = |rules: &str| ground.write(".dive-ci", format!("rules:\n{rules}"));
    dive_ci("  lowestEfficiency: 0.5\n  highestUserWastedPercent: off\n");
    let report = ground.json(0, &["app.tar"]);
    assert_eq!(report["rules"].as_array().unwrap().len(), 1);
    dive_ci("  lowestEfficiency: 0.5\n  highestUserWastedPercent: 1\n");
    ground.ends(1, &["app.tar"]);
    dive_ci(
        "  lowestEfficiency: 0.5\n  highestUserWastedPercent: off\n  highestWastedBytes: 80kB\n",
    );
    ground.ends(0, &["app.tar", "--ci-config", ".dive-ci"]);
    dive_ci("  highestUserWastedPercent: off\n  highestWastedBytes: 79999\n");
    let report = ground.json(1, &["app.tar", "--rules", ".dive-ci"]);
    let names: Vec<_> = report["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| &rule["name"])
        .collect();
    assert_eq!(names, ["lowestEfficiency", "highestWastedBytes"]);
    // A rules file is read too, and another .dive-ci of this folder is not.
    ground.write("onionskin.yaml", "rules:\n  maxLayers: 100\n");
    ground.write("other", "rules:\n  lowestEfficiency: 0.5\n");
    let names = |arguments: &[&str]| -> Vec<String> {
        let report = ground.json(1, &[&["app.tar"], arguments].concat());
        let rules = report["rules"].as_array().unwrap().iter();
        rules
            .map(|rule| rule["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        names(&["--ci-config", "other"]),
        ["maxLayers", "lowestEfficiency", "highestUserWastedPercent"]
    );
    assert_eq!(
        names(&["--ci-config", "other", "--no-rules"]),
        ["lowestEfficiency", "highestUserWastedPercent"]
    );
    std::fs::remove_file(ground.path().join("onionskin.yaml")).unwrap();
    assert_eq!(
        names(&["--ci-config", "other"]),
        ["lowestEfficiency", "highestUserWastedPercent"]
    );
}

#[test]
fn of_several_images_each_has_its_line_and_the_worst_code_wins() {
    let ground = ground();
    let all = ["app.tar", "./missing.tar", "saved.tar", "--format", "json"];
    let lines = |output: &Output| -> Vec<Value> {
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect()
    };
    let output = ground.run(&all);
    assert_eq!(output.status.code(), Some(2));
    let reports = lines(&output);
    assert_eq!(reports.len(), 3);
    assert_eq!(reports[0]["bytes"]["wasted"], 340_000);
    assert_eq!(reports[1]["image"]["reference"], "./missing.tar");
    let error = reports[1]["error"].as_str().unwrap();
    assert!(error.contains("./missing.tar"), "{error}");
    assert!(reports[1]["passed"].is_null());
    assert_eq!(reports[2]["bytes"]["wasted"], 340_000);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(errors.lines().count(), 1, "{errors}");

    let limited = [
        "app.tar",
        "saved.tar",
        "--format",
        "json",
        "--max-wasted-bytes",
        "1",
    ];
    let output = ground.run(&limited);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(lines(&output).len(), 2);
    let whole = [&all[..], &limited[3..]].concat();
    assert_eq!(ground.run(&whole).status.code(), Some(2));
    assert_eq!(ground.run(&["app.tar", "saved.tar"]).status.code(), Some(0));
    let file = [
        "app.tar",
        "saved.tar",
        "--format",
        "json",
        "-o",
        "lines.json",
    ];
    assert_eq!(ground.ends(0, &file), "");
    let written = fs::read_to_string(ground.path().join("lines.json")).unwrap();
    assert_eq!(written.lines().count(), 2);
}

#[test]
fn markdown_is_short_on_top_and_nothing_in_it_is_an_images_own() {
    let ground = ground();
    let limits = [
        "--max-wasted-bytes",
        "1kB",
        "--link-base",
        "http://localhost/",
    ];
    let text = ground.ends(
        1,
        &[&["app.tar", "--format", "markdown"], &limits[..]].concat(),
    );
    let (top, folded) = text.split_once("<details>").unwrap();
    assert!(top.contains("**FAIL**: 1 of 1 rules failed."), "{top}");
    assert!(
        top.contains("340.0 kB of 380.0 kB (89.5 %) is wasted"),
        "{top}"
    );
    assert!(
        folded.contains("[`/app/testdata`](<http://localhost/#/file/app.tar?"),
        "{folded}"
    );
    assert!(
        folded.contains("| 1 → 3 |") && folded.ends_with("</details>\n"),
        "{folded}"
    );
    let hostile = Image::new()
        .layer(layer("COPY a /").file("/<img src=x>`@team|[x](y)", "12345"))
        .layer(Layer::new().whiteout("/<img src=x>`@team|[x](y)"))
        .pack();
    ground.write("hostile.tar", oci_archive(&[("a:1", &hostile)]));
    let text = ground.ends(0, &["hostile.tar", "--format", "markdown"]);
    assert!(
        text.contains("| `` /<img src=x>`@team\\|[x](y) `` |"),
        "{text}"
    );
}

#[test]
fn links_lead_into_the_page() {
    let ground = ground();
    ground.save("named.tar", "registry.example.com/team/app:1.0", &app());
    let base = ["named.tar", "--link-base", "https://peel.example.org/x"];
    let report = ground.json(0, &base);
    let link = report["findings"][0]["link"].as_str().unwrap();
    assert!(
        link.starts_with("https://peel.example.org/x/#/image/"),
        "{link}"
    );
    assert!(
        link.ends_with("layer=3&view=changes&path=/app/testdata"),
        "{link}"
    );
    assert!(ground.ends(0, &base).contains(link));
    let digest = report["image"]["digest"].as_str().unwrap();
    assert!(
        link.contains(&format!("/registry.example.com/team/app@{digest}?")),
        "{link}"
    );
}

/// `webapp:1.4.2` may never have been in a registry: a link to docker.io/library/webapp would show another image, or
/// none.
#[test]
fn a_name_without_a_registry_is_no_link_to_docker_hub() {
    let ground = ground();
    let image = &[("webapp:1.4.2", &app())];
    ground.write("docker.tar", docker_archive(Generation::Skopeo, image));
    ground.write("docker25.tar", docker_archive(Generation::Blobs, image));
    ground.write("oci.tar", oci_archive(image));
    ground.save("user.tar", "team/webapp:1.4.2", &app());
    for (file, place) in [
        ("docker.tar", "#/file/docker.tar?"),
        ("docker25.tar", "#/file/docker25.tar?"),
        ("oci.tar", "#/file/oci.tar?"),
        ("user.tar", "#/file/user.tar?"),
        ("oci.tar:webapp:1.4.2", "#/file/oci.tar?image=webapp:1.4.2&"),
    ] {
        let report = ground.json(0, &[file, "--link-base", "https://peel.example.org"]);
        let link = report["findings"][0]["link"].as_str().unwrap();
        assert!(link.contains(place), "{link}");
        assert!(!link.contains("docker.io"), "{link}");
        assert_eq!(
            report["image"]["reference"],
            match file {
                "user.tar" => "docker.io/team/webapp:1.4.2",
                _ => "docker.io/library/webapp:1.4.2",
            }
        );
    }
    // On standard input there is no file to ask for.
    let input = std::fs::File::open(ground.path().join("oci.tar")).unwrap();
    let output = ground
        .command(&[
            "-",
            "--link-base",
            "https://peel.example.org",
            "--format",
            "json",
        ])
        .stdin(input)
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["findings"][0]["link"], Value::Null);
}
