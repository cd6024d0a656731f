//! `onionskin history`: a repository's images in the order in which they were made, and what made each larger.

use onionskin_fixtures::{Image, Packed, layer, seeded};
use onionskin_tests::binary::onionskin;
use onionskin_tests::command::{json, run, stopped};
use onionskin_tests::odd::{Odd, ok, status};
use onionskin_tests::on_terminal;
use serde_json::{Value, json};

/// A day of January 2026.
fn day(day: i64) -> i64 {
    1_767_225_600 + (day - 1) * 86_400
}

fn base() -> Image {
    Image::new().layer(layer("ADD rootfs /").file("/bin/tool", seeded(1, 40_000)))
}

/// The images, by the day on which they were made, and their tags.
pub(super) fn images() -> Vec<(Vec<&'static str>, Packed)> {
    let first = base().layer(layer("COPY app /app").file("/app/run", seeded(2, 9_000)));
    let larger = base().layer(
        layer("COPY app /app")
            .file("/app/run", seeded(2, 9_000))
            .file("/app/data/a", seeded(3, 30_000))
            .file("/app/data/b", seeded(4, 30_000)),
    );
    let wasteful = larger.clone().layer(
        layer("RUN chmod -R o-r /app")
            .file("/app/data/a", seeded(3, 30_000))
            .mode(0o640)
            .file("/app/data/b", seeded(4, 30_000))
            .mode(0o640),
    );
    let smaller = base();
    vec![
        (vec!["1.10"], larger.at(day(2)).pack()),
        (vec!["latest", "2.0"], smaller.at(day(4)).pack()),
        (vec!["1.9"], first.at(day(1)).pack()),
        (vec!["1.11"], wasteful.at(day(3)).pack()),
    ]
}

/// A registry with these as `app`, whose list also has tags that it does not have.
pub(super) async fn registry(gone: &'static [&'static str]) -> Odd {
    let images = images();
    let named = images.iter().flat_map(|(tags, _)| tags.iter().copied());
    let tags: Vec<&str> = named.chain(gone.iter().copied()).collect();
    let list = json!({"name": "app", "tags": tags}).to_string();
    Odd::new(move |target, _| {
        if target.contains("/tags/list") {
            return ok("application/json", list.clone());
        }
        let last = target.rsplit('/').next().unwrap_or_default();
        let is_it = |(tags, image): &&(Vec<&str>, Packed)| {
            tags.contains(&last) || image.manifest.digest == last
        };
        if let Some((_, image)) = images.iter().find(is_it) {
            return ok(&image.manifest.media_type, image.manifest.bytes.clone());
        }
        let mut blobs = images.iter().flat_map(|(_, image)| image.blobs());
        match blobs.find(|blob| blob.digest == last) {
            Some(blob) => ok("application/octet-stream", blob.bytes.clone()),
            None => status(
                404,
                &[],
                r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"unknown"}]}"#,
            ),
        }
    })
    .await
}

#[tokio::test]
async fn images_are_told_by_date_with_what_inspect_packages_and_diff_say_of_them() {
    let odd = registry(&[]).await;
    let name = format!("{}/app", odd.address);
    let report = json(&["history", &name, "--no-cache"]).await;
    let schema: Value =
        serde_json::from_str(include_str!("../../../schemas/history.json")).unwrap();
    assert!(
        jsonschema::validator_for(&schema)
            .unwrap()
            .is_valid(&report),
        "{report:#}"
    );
    let images = report["images"].as_array().unwrap();
    let tags: Vec<&Value> = images.iter().map(|image| &image["tags"]).collect();
    assert_eq!(
        tags,
        [
            &json!(["1.9"]),
            &json!(["1.10"]),
            &json!(["1.11"]),
            &json!(["2.0", "latest"])
        ]
    );
    // Each layer was asked for once, though four images list the first.
    for (_, image) in self::images() {
        for layer in &image.layers {
            assert_eq!(odd.count(&layer.digest), 1, "{:#?}", odd.requests());
        }
    }
    let mut before: Option<String> = None;
    for image in images {
        let reference = format!("{name}:{}", image["tags"][0].as_str().unwrap());
        let inspected = json(&["inspect", &reference]).await;
        for key in ["stored", "live", "wasted", "wastedCompressed"] {
            assert_eq!(image[key], inspected["bytes"][key], "{reference} {key}");
        }
        for key in ["digest", "platform", "compressedSize"] {
            assert_eq!(image[key], inspected["image"][key], "{reference} {key}");
        }
        assert_eq!(image["created"], inspected["config"]["created"]);
        let packages = json(&["packages", &reference]).await;
        assert_eq!(
            image["packages"],
            packages["packages"].as_array().unwrap().len()
        );
        let update = match &before {
            Some(before) => json(&["diff", before, &reference]).await["bytes"]["update"].clone(),
            None => Value::Null,
        };
        assert_eq!(image["update"], update, "{reference}");
        before = Some(reference);
    }
    let causes: Vec<&Value> = images.iter().map(|image| &image["cause"]).collect();
    let cause = |kind: &str, path: &str, bytes: i64, layer: usize, command: &str| json!({"kind": kind, "path": path, "bytes": bytes, "layer": layer, "createdBy": command});
    assert_eq!(
        causes,
        [
            &Value::Null,
            &cause("added", "/app/data", 60_000, 2, "COPY app /app"),
            &cause("wasted", "/app/data/a", 60_000, 2, "COPY app /app"),
            &cause("removed", "/app", -69_000, 3, "RUN chmod -R o-r /app"),
        ]
    );
    assert_eq!(report["notRead"], json!([]));
}

#[tokio::test]
async fn tags_are_chosen_by_a_glob_and_the_newest_by_a_limit() {
    let odd = registry(&[]).await;
    let name = format!("{}/app", odd.address);
    let tags = async |arguments: &[&str]| -> Vec<String> {
        let report = json(&[&["history", &name][..], arguments].concat()).await;
        let images = report["images"].as_array().unwrap().iter();
        images.map(|image| image["tags"].to_string()).collect()
    };
    assert_eq!(
        tags(&["--tags", "1.1?"]).await,
        [r#"["1.10"]"#, r#"["1.11"]"#]
    );
    assert_eq!(tags(&["-n", "1"]).await, [r#"["2.0","latest"]"#]);
    // Layers of images that are left out are not read.
    let left_out = images()[2].1.layers[1].digest.clone();
    assert_eq!(odd.count(&left_out), 0);
    assert_eq!(
        tags(&["--tags", "{latest,1.9}"]).await,
        [r#"["1.9"]"#, r#"["latest"]"#]
    );
    let error = stopped(&["history", &name, "--tags", "3.*"]).await;
    assert!(
        error.contains("no tag of") && error.contains("3.*"),
        "{error}"
    );
    let error = stopped(&["history", "docker-archive:app.tar"]).await;
    assert!(error.contains("docker-archive"), "{error}");
}

#[tokio::test]
async fn the_text_says_what_changed_and_why() {
    let odd = registry(&[]).await;
    let name = format!("{}/app", odd.address);
    let mut command = std::process::Command::new(onionskin());
    command.args(["history", &name]);
    let output = tokio::task::spawn_blocking(move || on_terminal(command, 80));
    let text = String::from_utf8(output.await.unwrap().stdout).unwrap();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    assert_eq!(lines[0], format!("{name}  linux/amd64"));
    assert_eq!(lines[1], "4 images with 5 of 5 tags");
    let starts = |start: &str| lines.iter().any(|line| line.starts_with(start));
    assert!(starts("2026-01-02"), "{text}");
    assert!(starts("/app/data added in layer 2, +60.0 kB"), "{text}");
    assert!(
        starts("wasted +60.0 kB, most of layer 2: /app/data/a"),
        "{text}"
    );
    assert!(
        starts("/app removed, -69.0 kB; it was in layer 3"),
        "{text}"
    );
    assert!(text.contains("2.0, latest"), "{text}");
    assert!(
        lines.iter().all(|line| line.chars().count() <= 80),
        "{text}"
    );
}

#[tokio::test]
async fn tags_that_cannot_be_read_are_said_and_the_others_told() {
    let odd = registry(&["0.1", "0.2"]).await;
    let name = format!("{}/app", odd.address);
    let mut unread = tokio::process::Command::new(onionskin())
        .args(["history", &name])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(unread.stdout.take());
    let unread = unread.wait_with_output().await.unwrap();
    assert_eq!(unread.status.code(), Some(2), "{unread:?}");
    assert!(!unread.stderr.is_empty());
    let output = run(&["history", &name, "--json"]).await;
    assert_eq!(output.status.code(), Some(2));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["images"].as_array().unwrap().len(), 4);
    let unread: Vec<&Value> = report["notRead"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["tag"])
        .collect();
    assert_eq!(unread, ["0.1", "0.2"]);
    let errors = String::from_utf8(output.stderr).unwrap();
    for tag in ["0.1", "0.2"] {
        assert!(errors.contains(&format!("{name}:{tag}")), "{errors}");
    }
}
