//! `onionskin audit`: limits by kind, forbidden paths, rules files, and what is ignored.

use std::fs;

use onionskin_fixtures::write::{Generation, docker_archive};
use onionskin_fixtures::{Image, Layer, Packed, layer, seeded};
use onionskin_tests::{Ground, Registry};
use serde_json::{Value, json};

mod growth;
mod own;

/// `base.tar`, and `app.tar` that is built on it.
pub(crate) fn ground() -> Ground {
    let ground = Ground::default();
    ground.save("base.tar", "base:1", &base().pack());
    ground.save("app.tar", "app:1", &app().pack());
    ground
}

/// Judges `app.tar` by a rules file.
fn judged(ground: &Ground, code: i32, rules: &str, arguments: &[&str]) -> Value {
    ground.write("rules.yaml", rules);
    let all = [&["app.tar", "--rules", "rules.yaml"], arguments].concat();
    ground.json(code, &all)
}

fn base() -> Image {
    Image::new()
        .layer(
            layer("RUN make-a-base")
                .plain()
                .file("/bin/su", seeded(1, 5_000))
                .mode(0o4755)
                .file("/etc/motd", seeded(2, 1_000))
                .file("/var/cache/apt/x.bin", seeded(3, 2_000)),
        )
        .layer(layer("RUN rm /etc/motd").plain().whiteout("/etc/motd"))
}

pub(crate) fn app() -> Image {
    base()
        .layer(
            layer("COPY . /app")
                .plain()
                .file("/app/server", seeded(4, 10_000))
                .mode(0o755)
                .file("/app/.env", "A=b\n")
                .file("/app/key.pem", "none\n")
                .file("/app/helper", seeded(5, 300))
                .mode(0o4755)
                .file("/root/.cache/pip/a", seeded(6, 700)),
        )
        .layer(
            layer("RUN rm -rf /app/.env /var/cache/apt && chmod 700 /app/server")
                .plain()
                .whiteout("/app/.env")
                .whiteout("/var/cache/apt")
                .file("/app/server", seeded(4, 10_000))
                .mode(0o700),
        )
        .user("1000")
        .healthcheck("true")
}

/// Name, actual and outcome of each rule.
fn outcomes(report: &Value) -> Vec<(String, Value, Value)> {
    let rules = report["rules"].as_array().unwrap().iter();
    rules
        .map(|rule| {
            let name = rule["name"].as_str().unwrap().to_owned();
            (name, rule["actual"].clone(), rule["passed"].clone())
        })
        .collect()
}

fn outcome(name: &str, actual: u64, passed: bool) -> (String, Value, Value) {
    (name.to_owned(), actual.into(), passed.into())
}

#[test]
fn findings_are_limited_by_kind() {
    let ground = ground();
    let rules = "rules:\n  findings:\n    setid: 2\n    leftover: { maxBytes: 699 }\n    deleted: { maxCount: 9, maxBytes: 1MB }\n    secret: 99\n";
    let report = judged(&ground, 1, rules, &[]);
    let [deleted, deleted_bytes, leftover, _, setid] = outcomes(&report).try_into().unwrap();
    assert_eq!(deleted, outcome("findings.deleted.maxCount", 3, true));
    assert_eq!(deleted_bytes.1, 1_000 + 4 + 2_000);
    assert_eq!(leftover, outcome("findings.leftover.maxBytes", 700, false));
    assert_eq!(setid, outcome("findings.setid.maxCount", 2, true));
    let flags = [
        "app.tar",
        "--max-findings",
        "setid=1",
        "--max-finding-bytes",
        "setid=5300",
    ];
    let report = ground.json(1, &flags);
    assert_eq!(
        outcomes(&report),
        [
            outcome("findings.setid.maxCount", 2, false),
            outcome("findings.setid.maxBytes", 5_300, true)
        ]
    );
    assert!(ground.ends(1, &flags).contains("2, at most 1"));
    let error = ground.stops(&["app.tar", "--max-findings", "set-id=1"]);
    assert!(error.contains("setid"), "{error}");
}

#[test]
fn packages_are_forbidden_or_too_large() {
    let module = |layer: Layer, name: &str, version: &str, size| {
        let folder = format!("/app/node_modules/{name}");
        let manifest = json!({ "name": name, "version": version }).to_string();
        layer
            .file(format!("{folder}/package.json"), manifest)
            .file(format!("{folder}/index.js"), seeded(1, size))
    };
    let ground = Ground::default();
    let base = Image::new().layer(module(layer("x").plain(), "a", "1.0.0", 100));
    ground.save("base.tar", "base:1", &base.clone().pack());
    let app = module(layer("y").plain(), "left-pad", "1.3.0", 5_000);
    let app = module(app, "@s/b", "2.0.0", 50);
    ground.save("app.tar", "app:1", &base.layer(app).pack());
    let rules = "rules:\n  forbidPackages: ['npm:left-pad@1.*', gcc, 'deb:*']\n  maxPackageSize: 1kB\n\
        own:\n  forbidPackages: [a, '@s/*']\n  maxPackageSize: 10kB\n";
    let report = judged(&ground, 1, rules, &["--base", "base.tar"]);
    let largest = 5_000 + r#"{"name":"left-pad","version":"1.3.0"}"#.len() as u64;
    assert_eq!(
        outcomes(&report),
        [
            outcome("forbidPackages npm:left-pad@1.*", 1, false),
            outcome("forbidPackages gcc", 0, true),
            outcome("forbidPackages deb:*", 0, true),
            outcome("maxPackageSize", largest, false),
            outcome("own.forbidPackages a", 0, true),
            outcome("own.forbidPackages @s/*", 1, false),
            outcome("own.maxPackageSize", largest, true),
        ]
    );
    let met = json!(["npm:left-pad@1.3.0"]);
    assert_eq!(
        (&report["rules"][0]["met"], &report["rules"][3]["met"]),
        (&met, &met)
    );
    assert_eq!(report["rules"][0]["rule"], "forbidPackages");
    let flags = [
        "app.tar",
        "--forbid-packages",
        "@s/b",
        "--max-package-size",
        "10kB",
    ];
    let text = ground.ends(1, &flags);
    assert!(
        text.contains("FAIL  forbidPackages @s/b  1, at most 0\n      npm:@s/b@2.0.0\n"),
        "{text}"
    );
    let error = ground.stops(&["app.tar", "--forbid-packages", "[a"]);
    assert!(error.contains("not a pattern of packages"), "{error}");
    // What a database that is not read tells of is not known.
    let unread = Image::new().layer(layer("x").file("/var/lib/rpm/Packages", "x"));
    ground.save("unread.tar", "unread:1", &unread.pack());
    let error = ground.stops(&["unread.tar", "--forbid-packages", "gcc"]);
    assert!(
        error.contains("cannot evaluate forbidPackages gcc: the package database /var/lib/rpm/Packages could not be read"),
        "{error}"
    );
}

#[test]
fn paths_are_forbidden_to_containers_or_to_all_layers() {
    let ground = ground();
    let rules = "rules:\n  forbidden: ['*.pem', .env, /bin/sh]\n  forbiddenInLayers: [.env]\n";
    let report = judged(&ground, 1, rules, &[]);
    assert_eq!(
        outcomes(&report),
        [
            outcome("forbidden *.pem", 1, false),
            outcome("forbidden .env", 0, true),
            outcome("forbidden /bin/sh", 0, true),
            outcome("forbiddenInLayers .env", 1, false)
        ]
    );
    assert_eq!(report["rules"][0]["met"], json!(["/app/key.pem"]));
    assert!(report["rules"][1].get("met").is_none());
    let text = ground.ends(1, &["app.tar", "--forbid", "/app/**"]);
    assert!(text.contains("3, at most 0\n      /app/helper\n"), "{text}");
    ground.ends(1, &["app.tar", "--forbid-in-layers", "/etc/motd"]);
    // A folder that has no entry of its own, and is deleted later.
    ground.ends(1, &["app.tar", "--forbid-in-layers", "/var/cache/apt"]);
    ground.ends(0, &["app.tar", "--forbid", "/var/cache/apt"]);
    // A flag adds to the file.
    ground.write("onionskin.yaml", "rules:\n  forbidden: [/bin/sh]\n");
    let report = ground.json(1, &["app.tar", "--forbid", "/bin/su"]);
    assert_eq!(
        outcomes(&report),
        [
            outcome("forbidden /bin/sh", 0, true),
            outcome("forbidden /bin/su", 1, false)
        ]
    );
    assert!(ground.stops(&["app.tar", "--forbid", "[a"]).contains("[a"));
}

/// A gate must not stand open because a name is written as reports print it.
#[test]
fn names_are_forbidden_as_they_are_printed() {
    let ground = Ground::default();
    let odd = layer("COPY")
        .file(b"/\xff/f".as_slice(), seeded(1, 10))
        .file("/n\nl", seeded(2, 20));
    ground.save("odd.tar", "odd:1", &Image::new().layer(odd).pack());
    for (glob, code) in [
        (r"/\xff/f", 1),
        (r"/\xff/*", 1),
        (r"\xff/f", 1),
        (r"/n\nl", 1),
        (r"/\xfe/f", 0),
        ("/n?l", 1),
    ] {
        for flag in ["--forbid", "--forbid-in-layers"] {
            ground.ends(code, &["odd.tar", "--no-rules", flag, glob]);
        }
    }
}

#[test]
fn what_is_ignored_is_told_and_not_counted_until_it_expires() {
    let ground = ground();
    let rules = "rules:\n  maxWastedBytes: 1003\n  maxWastedCompressed: 3kB\n  findings: { setid: 1, metadata-only: 0 }\n\
        ignore:\n  - kind: metadata-only\n    path: /app/**\n    reason: fixed in the next release\n    until: 2026-12-31\n\
        \x20 - path: /var/cache/apt\n    reason: the base's\n\
        \x20 - { rule: setuid, path: /bin/su, reason: it is needed }\n\
        \x20 - { kind: config, reason: never met }\n";
    let day = ["--today", "2026-12-31"];
    let report = judged(&ground, 1, rules, &day);
    let [wasted, _, metadata_only, setid] = outcomes(&report).try_into().unwrap();
    // Of 13004 bytes 10000 are a metadata-only copy and 2000 of the cache.
    assert_eq!(wasted, outcome("maxWastedBytes", 1_004, false));
    assert_eq!(
        metadata_only,
        outcome("findings.metadata-only.maxCount", 0, true)
    );
    assert_eq!(setid, outcome("findings.setid.maxCount", 1, true));
    assert_eq!(report["bytes"]["wasted"], 13_004);
    let ignored: Vec<&Value> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|finding| finding.get("ignored"))
        .collect();
    assert_eq!(ignored.len(), 3);
    assert_eq!(
        report["ignore"][0],
        json!({ "kind": "metadata-only", "rule": null, "path": "/app/**", "reason": "fixed in the next release",
            "until": "2026-12-31", "expired": false, "findings": 1, "bytes": 10_000 })
    );
    assert_eq!(report["ignore"][3]["findings"], 0);
    let kept = rules.replace("1003", "1004");
    judged(&ground, 0, &kept, &day);
    let report = judged(&ground, 1, &kept, &["--today", "2027-01-01"]);
    assert_eq!(report["ignore"][0]["expired"], true);
    let [wasted, _, metadata_only, _] = outcomes(&report).try_into().unwrap();
    assert_eq!((wasted.1, metadata_only.1), (11_004.into(), 1.into()));
    let text = ground.ends(
        1,
        &["app.tar", "--rules", "rules.yaml", "--today", "2027-01-01"],
    );
    assert!(
        text.contains("an entry of `ignore` matches no finding: never met"),
        "{text}"
    );
    assert!(
        text.contains(
            "note: ignored until 2026-12-31, now counted again: fixed in the next release"
        ),
        "{text}"
    );
    assert!(
        text.contains("ignored: 1 finding of 2.0 kB: the base's"),
        "{text}"
    );
    assert!(
        ground
            .stops(&["app.tar", "--today", "soon"])
            .contains("2026-12-31")
    );
}

#[test]
fn a_rules_file_adds_leftovers_and_silences_them() {
    let ground = ground();
    let leftovers = |rules: &str| -> Vec<String> {
        let report = judged(&ground, 0, rules, &[]);
        let findings = report["findings"].as_array().unwrap().iter();
        let leftovers = findings.filter(|finding| finding["kind"] == "leftover");
        leftovers
            .map(|finding| format!("{} {}", finding["rule"], finding["path"]))
            .collect()
    };
    assert_eq!(leftovers(""), [r#""pip-cache" "/root/.cache/pip""#]);
    assert_eq!(leftovers("leftovers:\n  silence: [pip-cache]\n"), [""; 0]);
    let added = "leftovers:\n  add:\n    - id: helpers\n      paths: ['/app/help*']\n      advice: Leave them out\n";
    assert_eq!(
        leftovers(added),
        [
            r#""pip-cache" "/root/.cache/pip""#,
            r#""helpers" "/app/helper""#
        ]
    );
    ground.write(
        "onionskin.yaml",
        "leftovers:\n  silence:\n    - nothing-such\n",
    );
    let error = ground.stops(&["app.tar"]);
    assert!(
        error.contains("line 3") && error.contains("nothing-such"),
        "{error}"
    );
}

#[test]
fn a_wrong_rules_file_is_told_by_name_and_line() {
    let ground = ground();
    for (name, text, says) in [
        (
            "onionskin.yaml",
            &b"rules:\n  maxLayer: 3\n"[..],
            "onionskin.yaml: line 2: there is no key \"maxLayer\" here (did you mean \"maxLayers\"?)",
        ),
        (
            "onionskin.yaml",
            b"ignore:\n  - rule: apt-list\n    reason: x\n",
            "onionskin.yaml: line 2: no finding has the rule \"apt-list\" (did you mean \"apt-lists\"?)",
        ),
        (
            "onionskin.yaml",
            b"rules:\n  maxLayers: 3 # f\xfcr\n",
            "onionskin.yaml: line 2: not UTF-8",
        ),
        (
            ".dive-ci",
            b"rules:\n  lowestEfficiency: 95\n",
            ".dive-ci: line 2: \"95\" is not a threshold of dive's",
        ),
    ] {
        ground.write(name, text);
        let error = ground.stops(&["app.tar", "--rules", name]);
        assert!(error.contains(says), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn thresholds_of_dive_are_flags_too_and_go_before_its_file() {
    let ground = ground();
    let names = |report: &Value| -> Vec<String> {
        outcomes(report)
            .into_iter()
            .map(|(name, ..)| name)
            .collect()
    };
    let report = ground.json(
        1,
        &[
            "app.tar",
            "--lowestEfficiency",
            "1",
            "--highest-wasted-bytes",
            "20MB",
        ],
    );
    assert_eq!(names(&report), ["lowestEfficiency", "highestWastedBytes"]);
    ground.write(
        ".dive-ci",
        "rules:\n  lowestEfficiency: 1\n  highestUserWastedPercent: off\n",
    );
    ground.ends(1, &["app.tar"]);
    let report = ground.json(0, &["app.tar", "--lowest-efficiency", "disabled"]);
    assert_eq!(names(&report), [""; 0]);
    for wrong in [
        &["--lowest-efficiency", "10%"][..],
        &["--highestWastedBytes", "much"],
        &["--max-wasted-bytes", "1,5GB"],
        &["--max-wasted-share", "5"],
        &["--max-layers", "-1"],
        &["--forbid", "/"],
        &["--max-findings", "setid"],
        &["--max-findings", "setid=x"],
        &["--max-finding-bytes", "setid=x"],
        &["--own"],
        &["--growth-against", "base.tar"],
    ] {
        let error = ground.stops(&[&["app.tar"], wrong].concat());
        // The flag or its value, whichever is wrong.
        let named = wrong.iter().any(|word| error.contains(word));
        assert!(named, "{wrong:?}: {error}");
    }
}

#[test]
fn reports_with_everything_in_them_are_of_the_published_form() {
    let ground = ground();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/audit.json");
    let schema = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let rules = "rules:\n  forbidden: ['*.pem']\n  findings: { secret: { maxBytes: 0, maxCount: 0 } }\nown:\n  maxCompressedSize: 0\n\
        growth:\n  against: base.tar\n  maxShare: 1\n  maxCompressedShare: 1%\n\
        ignore:\n  - { kind: setid, reason: because, until: 2020-01-01 }\n";
    for base in [&[][..], &["--base", "base.tar"]] {
        let code = if base.is_empty() { 2 } else { 1 };
        let report = judged(&ground, code, rules, base);
        let errors: Vec<String> = schema
            .iter_errors(&report)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/rules.json");
    let schema = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let valid = json!({ "rules": { "findings": { "secret": 0, "leftover": { "maxBytes": "1MB" } }, "forbidden": ["/a"] },
        "own": { "maxWastedBytes": 1 }, "growth": { "against": "a", "maxShare": "1%" },
        "ignore": [{ "kind": "setid", "reason": "x", "until": "2026-12-31" }],
        "leftovers": { "silence": ["logs"], "add": [{ "id": "a", "paths": ["*.a"], "advice": "b" }] } });
    assert!(schema.is_valid(&valid));
    for wrong in [
        json!({ "rules": { "findings": { "secrets": 0 } } }),
        json!({ "ignore": [{ "kind": "setid" }] }),
        json!({ "growth": { "maxCount": 1 } }),
        json!({ "leftovers": { "add": [{ "id": "a" }] } }),
    ] {
        assert!(!schema.is_valid(&wrong), "{wrong}");
    }
}

#[test]
fn the_first_rules_file_of_the_folder_is_read_and_never_passed_over() {
    let ground = ground();
    ground.write("onionskin.yml", "rules: { maxLayers: 0 }\n");
    ground.ends(1, &["app.tar"]);
    ground.write("onionskin.yaml", "rules: { maxLayers: 100 }\n");
    ground.ends(0, &["app.tar"]);
    let link = ground.path().join("onionskin.yaml");
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("nowhere", link).unwrap();
    let error = ground.stops(&["app.tar"]);
    assert!(error.contains("onionskin.yaml"), "{error}");
}
