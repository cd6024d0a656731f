//! Rules about an image's own layers and about its growth against another image.

use super::*;

const BASED: [&str; 3] = ["app.tar", "--base", "base.tar"];

#[test]
fn own_layers_are_told_from_those_of_the_base() {
    let ground = ground();
    let report = ground.json(0, &["app.tar"]);
    // Nothing tells where the base ends.
    assert_eq!(
        (&report["base"], &report["own"]),
        (&Value::Null, &Value::Null)
    );
    let report = ground.json(0, &BASED);
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
}

#[test]
fn own_layers_have_rules_of_their_own() {
    let ground = ground();
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
    let report = ground.json(1, &[&BASED[..], &limits[..]].concat());
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
}

/// Without a base, nobody can tell what is wasted of them.
#[test]
fn rules_of_own_layers_need_a_base_of_the_image() {
    let ground = ground();
    let own = ["app.tar", "--own", "--max-layers", "9"];
    let error = ground.stops(&own);
    assert!(
        error.contains("own.maxLayers") && error.contains("--base"),
        "{error}"
    );
    let report = ground.json(2, &own);
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
    let error = ground.stops(&["app.tar", "--base", "./missing.tar"]);
    assert!(error.contains("missing.tar"), "{error}");
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
