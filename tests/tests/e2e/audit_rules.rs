//! `onionskin audit`: limits by kind, forbidden paths, growth, what is ignored, and an image's own layers.

use std::fs;

use onionskin_fixtures::write::{Generation, docker_archive};
use onionskin_fixtures::{Image, Packed, layer, seeded};
use onionskin_tests::{Ground, Registry};
use serde_json::{Value, json};

/// `base.tar`, and `app.tar` that is built on it.
fn ground() -> Ground {
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

fn app() -> Image {
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

#[test]
fn own_layers_are_told_from_those_of_the_base() {
    let ground = ground();
    let report = ground.json(0, &["app.tar"]);
    // Nothing tells where the base ends.
    assert_eq!(
        (&report["base"], &report["own"]),
        (&Value::Null, &Value::Null)
    );
    let based = ["app.tar", "--base", "base.tar"];
    let report = ground.json(0, &based);
    assert_eq!(
        (&report["base"]["layers"], &report["base"]["by"]),
        (&2.into(), &"named".into())
    );
    assert_eq!(report["base"]["reference"], "docker.io/library/base:1");
    let own = &report["own"];
    assert_eq!(
        (&own["layers"], &own["stored"]),
        (&2.into(), &21_009.into())
    );
    // The server as it was copied, and .env; of the base the package cache. /etc/motd is the base's own matter.
    assert_eq!(
        (&own["wasted"], &own["baseWasted"]),
        (&10_004.into(), &2_000.into())
    );
    assert_eq!(report["bytes"]["wasted"], 10_004 + 2_000 + 1_000);
    let told = |kind: &str| -> Vec<&Value> {
        let findings = report["findings"].as_array().unwrap().iter();
        findings
            .filter(|finding| finding["kind"] == kind)
            .map(|finding| &finding["path"])
            .collect()
    };
    assert_eq!(told("setid"), ["/app/helper"]);

    let limits = [
        "--own",
        "--max-wasted-bytes",
        "10004",
        "--max-layers",
        "1",
        "--max-base-wasted",
        "0",
        "--forbid",
        "/bin/su",
        "--max-findings",
        "deleted=1",
    ];
    let report = ground.json(1, &[&based[..], &limits[..]].concat());
    assert_eq!(
        outcomes(&report),
        [
            outcome("own.maxWastedBytes", 10_004, true),
            outcome("own.maxBaseWasted", 2_000, false),
            outcome("own.maxLayers", 2, false),
            outcome("own.findings.deleted.maxCount", 1, true),
            outcome("own.forbidden /bin/su", 0, true)
        ]
    );
    let report = judged(
        &ground,
        1,
        "own:\n  maxWastedBytes: 10003\n",
        &["--base", "base.tar"],
    );
    assert_eq!(
        outcomes(&report),
        [outcome("own.maxWastedBytes", 10_003 + 1, false)]
    );

    // Without a base nobody can judge them.
    let error = ground.stops(&["app.tar", "--own", "--max-layers", "9"]);
    assert!(
        error.contains("own.maxLayers") && error.contains("--base"),
        "{error}"
    );
    let report = ground.json(2, &["app.tar", "--own", "--max-layers", "9"]);
    assert_eq!(report["passed"], Value::Null);
    let error = ground.stops(&["base.tar", "--base", "app.tar"]);
    assert!(error.contains("is not a base of"), "{error}");
    let other = Image::new().layer(layer("COPY x /").file("/x", "x")).pack();
    ground.save("other.tar", "other:1", &other);
    let error = ground.stops(&["app.tar", "--base", "other.tar"]);
    assert!(
        error.contains("layer 1") && error.contains("other:1"),
        "{error}"
    );
    assert!(
        ground
            .stops(&["app.tar", "--base", "./missing.tar"])
            .contains("missing.tar")
    );
}

#[test]
fn a_base_is_known_by_its_history_or_by_what_annotations_name() {
    let ground = ground();
    let built = |base: Image| {
        base.layer(layer("COPY a /").file("/a", "a"))
            .user("1")
            .healthcheck("true")
    };
    ground.save("history.tar", "a:1", &built(base().cmd(&["sh"])).pack());
    let report = ground.json(0, &["history.tar"]);
    assert_eq!(
        report["base"],
        json!({ "reference": null, "digest": null, "layers": 2, "by": "history" })
    );

    let registry = Registry::start();
    let name = registry.push("base:1", &base().pack());
    let annotated = |name: &str| {
        built(base())
            .annotation("org.opencontainers.image.base.name", name)
            .pack()
    };
    ground.save("named.tar", "a:1", &annotated(&name));
    let report = ground.json(0, &["named.tar"]);
    let told = json!({ "reference": name, "digest": null, "layers": null, "by": "annotations" });
    assert_eq!((&report["base"], &report["own"]), (&told, &Value::Null));
    // What an image names is asked for on the public internet, or where the user allows it.
    let host = format!("http://{}", registry.address());
    let text = ground.ends(0, &["named.tar", "--fetch-base"]);
    assert!(text.contains("--allow-host"), "{text}");
    let fetch = ["named.tar", "--fetch-base", "--allow-host", &host];
    let report = ground.json(0, &fetch);
    assert_eq!(
        (&report["base"]["layers"], &report["base"]["by"]),
        (&2.into(), &"annotations".into())
    );
    assert_eq!(report["own"]["layers"], 1);
    // A base that is not to be had is no error, until a rule needs it.
    let gone = format!("{name}-gone");
    ground.save("gone.tar", "a:1", &annotated(&gone));
    let lost = ["gone.tar", "--fetch-base", "--allow-host", &host];
    let text = ground.ends(0, &lost);
    assert!(
        text.contains("note: the base image that the annotations name"),
        "{text}"
    );
    ground.ends(2, &[&lost[..], &["--own", "--max-layers", "1"]].concat());
}

#[test]
fn growth_is_measured_against_another_image() {
    let ground = ground();
    let sizes = |image: &Packed| -> u64 { image.tars.iter().map(|tar| tar.len() as u64).sum() };
    let grown = sizes(&app().pack()) - sizes(&base().pack());
    let judge = |code, limit: &str, arguments: &[&str]| {
        let rules = format!("growth:\n  against: base.tar\n  {limit}\n");
        judged(&ground, code, &rules, arguments)
    };
    let report = judge(0, &format!("maxBytes: {grown}"), &[]);
    assert_eq!(outcomes(&report), [outcome("growth.maxBytes", grown, true)]);
    assert_eq!(report["against"]["reference"], "docker.io/library/base:1");
    judge(1, &format!("maxBytes: {}", grown - 1), &[]);
    judge(1, "maxShare: 10%", &[]);
    // These layers are not compressed.
    let report = judge(1, "maxCompressedBytes: 1", &[]);
    assert_eq!(report["rules"][0]["actual"], grown);
    // An image that shrank has not grown.
    let flags = [
        "base.tar",
        "--growth-against",
        "app.tar",
        "--max-growth",
        "0",
        "--max-growth-share",
        "0",
    ];
    let report = ground.json(0, &flags);
    assert_eq!(report["rules"][0]["actual"], 0);
    // A flag goes before the file.
    judge(0, "maxBytes: 0", &["--growth-against", "app.tar"]);
    let saved = docker_archive(Generation::Folders, &[("base:1", &base().pack())]);
    ground.write("saved.tar", saved);
    judge(1, "maxBytes: 0", &["--growth-against", "saved.tar"]);
    let error = ground.stops(&[
        "app.tar",
        "--growth-against",
        "saved.tar",
        "--max-compressed-growth",
        "1GB",
    ]);
    assert!(error.contains("growth.maxCompressedBytes"), "{error}");
    let error = ground.stops(&[
        "app.tar",
        "--growth-against",
        "./missing.tar",
        "--max-growth",
        "0",
    ]);
    assert!(
        error.contains("cannot compare with ./missing.tar"),
        "{error}"
    );
    assert!(
        ground
            .stops(&["app.tar", "--max-growth", "0"])
            .contains("--growth-against")
    );
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
fn an_image_whose_documents_disagree_is_no_pass() {
    let ground = ground();
    // The configuration keeps the digest of a layer that is lost.
    let mut torn = app().pack();
    torn.layers.pop();
    torn.tars.pop();
    torn.diff_ids.pop();
    let old = docker_archive(Generation::Folders, &[("torn:1", &torn)]);
    ground.write("torn.tar", old);
    let error = ground.stops(&["torn.tar", "--max-layers", "100"]);
    assert!(error.contains("cannot be audited"), "{error}");
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

#[test]
fn an_image_may_grow_by_more_than_its_size() {
    let ground = ground();
    let growth = |limit: &str| {
        let flags = [
            "app.tar",
            "--growth-against",
            "base.tar",
            "--max-growth-share",
            limit,
        ];
        ground.json(0, &flags)["rules"][0]["limit"].clone()
    };
    assert_eq!((growth("500%"), growth("5")), (5.0.into(), 5.0.into()));
    let rules = "growth:\n  against: base.tar\n  maxShare: 500%\n  maxCompressedShare: 9.5\n";
    judged(&ground, 0, rules, &[]);
    let flags = [
        "app.tar",
        "--growth-against",
        "base.tar",
        "--max-growth-share",
        "-1%",
    ];
    ground.stops(&flags);
}

#[test]
fn a_link_base_is_the_address_of_a_page() {
    let ground = ground();
    for wrong in [
        "onionskin.example.com",
        "/page",
        "ftp://x/",
        "https://u:p@x/",
        "https://x/?a",
        "https://x/#a",
        "",
    ] {
        let error = ground.stops(&["app.tar", "--link-base", wrong]);
        assert!(error.contains("--link-base"), "{wrong}: {error}");
    }
    ground.ends(
        0,
        &["app.tar", "--link-base", "http://localhost:8080/page.html"],
    );
}

#[test]
fn standard_input_is_read_once() {
    let ground = ground();
    for arguments in [
        &["-", "-"][..],
        &["-", "docker-archive:-"],
        &["-", "--base", "-"],
        &["-", "--growth-against", "-", "--max-growth", "0"],
    ] {
        let error = ground.stops(arguments);
        assert!(
            error.contains("standard input can be read only once"),
            "{error}"
        );
    }
}

#[test]
fn a_damaged_layer_is_named_with_its_image_also_alone() {
    let ground = ground();
    let mut bytes = fs::read(ground.path().join("app.tar")).unwrap();
    let blob = app().pack().layers[2].bytes.clone();
    let at = bytes.windows(blob.len()).position(|part| part == blob);
    bytes[at.unwrap() + blob.len() / 2] ^= 1;
    ground.write("damaged.tar", bytes);
    for images in [&["damaged.tar"][..], &["damaged.tar", "app.tar"]] {
        let error = ground.stops(images);
        assert!(
            error.contains("damaged.tar") && error.contains("layer 3"),
            "{error}"
        );
    }
}

#[test]
fn what_one_command_deletes_below_a_known_place_is_one_finding() {
    let ground = ground();
    let image = Image::new()
        .layer(
            layer("RUN apt-get update")
                .file("/var/lib/apt/lists/one", seeded(1, 500))
                .file("/var/lib/apt/lists/partial/two", seeded(2, 600))
                .file("/srv/one", seeded(3, 70))
                .file("/srv/two", seeded(4, 80)),
        )
        .layer(
            layer("RUN rm -rf /var/lib/apt/lists/* /srv/*")
                .whiteout("/var/lib/apt/lists/one")
                .whiteout("/var/lib/apt/lists/partial")
                .whiteout("/srv/one")
                .whiteout("/srv/two"),
        )
        .user("1")
        .healthcheck("true")
        .pack();
    ground.save("lists.tar", "lists:1", &image);
    let report = ground.json(0, &["lists.tar"]);
    let findings = report["findings"].as_array().unwrap().iter();
    let findings: Vec<(&Value, &Value)> = findings
        .map(|finding| (&finding["path"], &finding["bytes"]))
        .collect();
    assert_eq!(
        findings,
        [
            (&json!("/var/lib/apt/lists"), &json!(1_100)),
            (&json!("/srv/two"), &json!(80)),
            (&json!("/srv/one"), &json!(70)),
        ]
    );
}

#[test]
fn layers_that_replace_each_other_are_told_as_pairs() {
    let ground = ground();
    let mut image = Image::new().user("1").healthcheck("true");
    for at in 1..=4 {
        image = image.layer(layer(&format!("RUN step {at}")).file("/db", seeded(at, 100)));
    }
    ground.save("db.tar", "db:1", &image.pack());
    let report = ground.json(0, &["db.tar"]);
    let finding = &report["findings"][0];
    let pair = |added: u64| json!({ "addedBy": added, "hiddenBy": added + 1, "bytes": 100 });
    assert_eq!(finding["pairs"], json!([pair(1), pair(2), pair(3)]));
    let text = ground.ends(0, &["db.tar"]);
    for says in [
        "added in layer 1, overwritten in layer 2",
        "added in layer 3, overwritten in layer 4",
        "layer 4: RUN step 4",
        "the steps of layers 1, 2, 3 and 4",
    ] {
        assert!(text.contains(says), "{says}: {text}");
    }
    let markdown = ground.ends(0, &["db.tar", "--format", "markdown"]);
    assert!(markdown.contains("| 1 → 2, 2 → 3, 3 → 4 |"), "{markdown}");
}
