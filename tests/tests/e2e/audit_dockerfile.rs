//! `onionskin audit --dockerfile`: findings of a SARIF report at lines of the repository.

use std::fs;

use onionskin_fixtures::{Image, bytes, layer};
use onionskin_tests::Ground;
use serde_json::Value;

const DOCKERFILE: &str = "FROM debian:12 AS tools
RUN make tools

FROM debian:12
ENV KEY=1
# What the server needs.
RUN --mount=type=cache,target=/var/cache/apt \\
    apt-get update && \\
    apt-get install -y curl
COPY --chown=1000 . /app
RUN rm -r /app/testdata
";

/// The image that it builds, where BuildKit wrote the history; the base has its own layer.
fn ground() -> Ground {
    let ground = Ground::default();
    let image = Image::new()
        .layer(layer("# debian.sh out/").file("/var/log/bootstrap.log", bytes(500)))
        .layer(
            layer("RUN /bin/sh -c apt-get update &&     apt-get install -y curl # buildkit")
                .file("/var/lib/apt/lists/debian", bytes(40_000)),
        )
        .layer(layer("COPY . /app # buildkit").file("/app/testdata/a", bytes(30_000)))
        .layer(layer("RUN /bin/sh -c rm -r /app/testdata # buildkit").whiteout("/app/testdata"));
    ground.save("app.tar", "app:1.0", &image.pack());
    fs::create_dir(ground.path().join("docker")).unwrap();
    ground.write("docker/App file", DOCKERFILE);
    ground
}

fn results(ground: &Ground, arguments: &[&str]) -> Vec<Value> {
    let report = ground.ends(0, &[&["app.tar", "--format", "sarif"], arguments].concat());
    let report: Value = serde_json::from_str(&report).unwrap();
    report["runs"][0]["results"].as_array().unwrap().clone()
}

fn address(location: &Value) -> (&str, &str, u64) {
    let place = &location["physicalLocation"];
    let file = &place["artifactLocation"];
    let text = |key: &str| file[key].as_str().unwrap();
    (
        text("uriBaseId"),
        text("uri"),
        place["region"]["startLine"].as_u64().unwrap(),
    )
}

#[test]
fn findings_lead_to_the_lines_that_made_them() {
    let ground = ground();
    let plain = results(&ground, &[]);
    let led = results(&ground, &["--dockerfile", "./docker/App file"]);
    assert_eq!(plain.len(), led.len());
    let mut lines = Vec::new();
    for (plain, led) in plain.iter().zip(&led) {
        // The alert stays the same one.
        assert_eq!(plain["partialFingerprints"], led["partialFingerprints"]);
        let (place, uri, line) = address(&led["locations"][0]);
        let rule = led["ruleId"].as_str().unwrap();
        if place == "%SRCROOT%" {
            assert_eq!(uri, "docker/App%20file");
            assert_eq!(led["relatedLocations"][0], plain["locations"][0]);
            lines.push((rule, line));
        } else {
            assert_eq!(led["locations"], plain["locations"]);
            assert!(led.get("relatedLocations").is_none());
            lines.push((rule, 0));
        }
    }
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            ("config/no-healthcheck", 4),
            ("config/runs-as-root", 4),
            ("deleted", 10),
            ("leftover/apt-lists", 7),
            ("leftover/logs", 0),
        ]
    );
}

#[test]
fn a_file_that_cannot_be_used_is_named() {
    let ground = ground();
    ground.write("notes", "Buy milk\n");
    for (arguments, expected) in [
        (
            &["--format", "sarif", "--dockerfile", "notes"][..],
            "notes: is not a Dockerfile",
        ),
        (&["--format", "sarif", "--dockerfile", "absent"], "absent"),
        (
            &["--format", "sarif", "--dockerfile", "../Dockerfile"],
            "current folder",
        ),
        (&["--dockerfile", "docker/App file"], "--format sarif"),
    ] {
        let error = ground.stops(&[&["app.tar"], arguments].concat());
        assert!(error.contains(expected), "{error}");
    }
}
