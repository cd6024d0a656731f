//! `onionskin diff --reproducible`: each way in which two builds of one thing differ is named.

use onionskin_fixtures::{Blob, Image, Layer, Packed, layer, seeded};
use onionskin_tests::Ground;
use onionskin_tests::command::{json, printed, run, stopped};
use serde_json::{Value, json};

/// Names of reasons with their layers.
fn told(report: &Value) -> Vec<(String, Value)> {
    let differences = report["differences"].as_array().unwrap();
    let one = |found: &Value| {
        let reason = found["reason"].as_str().unwrap().to_owned();
        (reason, found["layers"].clone())
    };
    differences.iter().map(one).collect()
}

fn schema() -> jsonschema::Validator {
    let schema = include_str!("../../../../schemas/reproducible.json");
    jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap()
}

fn files() -> Layer {
    layer("COPY . /app")
        .file("/app/a", "one")
        .file("/app/b", "two")
}

#[tokio::test]
async fn each_reason_is_named_with_its_layer() {
    let ground = Ground::default();
    let path = |name: &str| ground.path().join(name).to_str().unwrap().to_owned();
    let save = |name: &str, second: Layer| {
        let image = Image::new().layer(layer("RUN base").file("/base", "x"));
        ground.save(name, "app:1", &image.layer(second).pack());
        path(name)
    };
    let old = save("old.tar", files());
    let file = |name: &str, content: &str| layer("COPY . /app").file(name, content);
    for (reason, second) in [
        ("order", file("/app/b", "two").file("/app/a", "one")),
        (
            "owner",
            file("/app/a", "one").file("/app/b", "two").owner(7, 7),
        ),
        (
            "mode",
            file("/app/a", "one").file("/app/b", "two").mode(0o600),
        ),
        (
            "mtime",
            file("/app/a", "one").file("/app/b", "two").mtime(77),
        ),
        ("content", file("/app/a", "one").file("/app/b", "owt")),
        ("paths", file("/app/a", "one")),
    ] {
        let new = save("new.tar", second);
        let report = json(&["diff", &old, &new, "--reproducible"]).await;
        assert!(schema().is_valid(&report), "{report:#}");
        assert_eq!(
            told(&report),
            [(reason.to_owned(), json!([2]))],
            "{report:#}"
        );
        assert_eq!(report["reproducible"], false);
        let first = report["differences"][0]["first"].as_str().unwrap();
        assert!(first.starts_with("/app/"), "{first}");
        assert!(
            !report["differences"][0]["advice"]
                .as_str()
                .unwrap()
                .is_empty()
        );
    }
}

/// Reasons that need more than another file: each with its layers, the first place, and both values there.
#[tokio::test]
async fn reasons_beyond_files_are_named_with_both_values() {
    let ground = Ground::default();
    let path = |name: &str| ground.path().join(name).to_str().unwrap().to_owned();
    let file = |name: &str, content: &str| layer("COPY . /app").file(name, content);
    let linked = |second: Layer, target: &str| second.symlink("/app/link", target);
    let on_base = |image: Image, second: Layer| {
        let image = image.layer(layer("RUN base").file("/base", "x"));
        image.layer(second)
    };
    let image = |second: Layer| on_base(Image::new(), second);
    let second = || linked(files(), "a");
    let created = |image: &Image| -> Value {
        let config: Value = serde_json::from_slice(&image.pack().config.bytes).unwrap();
        config["created"].clone()
    };
    let old = image(second());
    let later = on_base(Image::new().at(77), second());
    let padded = second().trailer(vec![0; 4 * 512]);
    let bytes = |layer: &Layer| json!(format!("{} B", layer.tar().len()));
    let padding = [bytes(&second()), bytes(&padded)];
    let dates = [created(&old), created(&later)];
    let folder = file("/app/a", "one").dir("/app/b");
    let encrypted = "application/vnd.oci.image.layer.v1.tar+gzip+encrypted";
    let none = || [json!(null), json!(null)];
    ground.save("old.tar", "app:1", &old.pack());
    let old = path("old.tar");
    for (reason, new, layers, first, values) in [
        (
            "layerCount",
            image(second()).layer(Layer::new().file("/c", "c")),
            json!([]),
            json!(null),
            [json!("2"), json!("3")],
        ),
        (
            "type",
            image(linked(folder, "a")),
            json!([2]),
            json!("/app/b"),
            [json!("file"), json!("dir")],
        ),
        (
            "linkTarget",
            image(linked(files(), "b")),
            json!([2]),
            json!("/app/link"),
            [json!("a"), json!("b")],
        ),
        (
            "xattrs",
            image(linked(files().xattr("user.a", "1"), "a")),
            json!([2]),
            json!("/app/b"),
            none(),
        ),
        ("tarFormat", image(padded), json!([2]), json!(null), padding),
        ("created", later, json!([]), json!("created"), dates),
        (
            "notCompared",
            image(second().stored(seeded(7, 300)).media_type(encrypted)),
            json!([2]),
            json!(null),
            none(),
        ),
    ] {
        ground.save("new.tar", "app:1", &new.pack());
        let report = json(&["diff", &old, &path("new.tar"), "--reproducible"]).await;
        assert!(schema().is_valid(&report), "{report:#}");
        assert_eq!(told(&report), [(reason.to_owned(), layers)], "{report:#}");
        let difference = &report["differences"][0];
        assert_eq!(difference["first"], first, "{reason}");
        let shown = ["old", "new"].map(|side| difference[side].clone());
        assert_eq!(shown, values, "{reason}");
    }
}

#[tokio::test]
async fn dates_labels_and_compression_differ_without_a_file_that_does() {
    let ground = Ground::default();
    let path = |name: &str| ground.path().join(name).to_str().unwrap().to_owned();
    let image = |created: &str| {
        let image = Image::new().layer(files());
        image.label("org.opencontainers.image.created", created)
    };
    ground.save("old.tar", "app:1", &image("2026-01-01T00:00:00Z").pack());
    ground.save("new.tar", "app:1", &image("2026-02-02T00:00:00Z").pack());
    let (old, new) = (path("old.tar"), path("new.tar"));
    let report = json(&["diff", &old, &new, "--reproducible"]).await;
    // The step that sets the label has its value too.
    let expected = ["builderLabels", "history"].map(|reason| (reason.to_owned(), json!([])));
    assert_eq!(told(&report), expected);
    assert_eq!(report["differences"][0]["new"], "2026-02-02T00:00:00Z");
    let text = printed(&["diff", &old, &new, "--reproducible"]).await;
    assert!(text.contains("labels of the builder\n    org.opencontainers.image.created: 2026-01-01T00:00:00Z → 2026-02-02T00:00:00Z"), "{text}");
    let plain = Image::new().layer(files().plain()).pack();
    ground.save("plain.tar", "app:1", &plain);
    ground.save("gzip.tar", "app:1", &Image::new().layer(files()).pack());
    let (plain, gzip) = (path("plain.tar"), path("gzip.tar"));
    let report = json(&["diff", &gzip, &plain, "--reproducible"]).await;
    assert_eq!(told(&report), [("compression".to_owned(), json!([1]))]);
    // The same bytes are reproducible, and the exit code says so where it is asked.
    let same = printed(&["diff", &old, &old, "--reproducible", "--exit-code"]).await;
    assert!(same.contains("\nReproducible: "), "{same}");
    let output = run(&["diff", &gzip, &plain, "--reproducible", "--exit-code"]).await;
    assert_eq!(output.status.code(), Some(1));
    let error = stopped(&["diff", &gzip, &plain, "--reproducible", "--format", "html"]).await;
    assert!(
        error.contains("--reproducible supports the formats text and json only"),
        "{error}"
    );
}

/// The same image, with a line feed at the end of its configuration.
fn spaced(mut image: Packed) -> Packed {
    let old = image.config;
    let config = Blob::new(&old.media_type, [&old.bytes[..], b"\n"].concat());
    let size = |blob: &Blob| format!(r#""size":{}"#, blob.bytes.len());
    let manifest = String::from_utf8(image.manifest.bytes).unwrap();
    let manifest = manifest.replace(&old.digest, &config.digest);
    let manifest = manifest.replacen(&size(&old), &size(&config), 1);
    image.manifest = Blob::new(&image.manifest.media_type, manifest.into_bytes());
    image.config = config;
    image
}

/// Where a runtime sees no difference, the bytes are still not the same.
#[tokio::test]
async fn documents_that_only_differ_in_bytes_are_not_reproducible() {
    let ground = Ground::default();
    let path = |name: &str| ground.path().join(name).to_str().unwrap().to_owned();
    let image = || Image::new().layer(files());
    ground.save("old.tar", "app:1", &image().pack());
    ground.save("spaced.tar", "app:1", &spaced(image().pack()));
    let unknown = image().edit_config(|config| {
        config["moby.buildkit.buildinfo.v1"] = json!("e30=");
        config["config"]["Domainname"] = json!("example.org");
    });
    ground.save("unknown.tar", "app:1", &unknown.pack());
    let annotated = image().annotation("team", "b");
    ground.save("annotated.tar", "app:1", &annotated.pack());
    let written = image().edit_manifest(|manifest| manifest["x"] = json!(1));
    ground.save("manifest.tar", "app:1", &written.pack());
    let (old, none) = (path("old.tar"), json!([]));
    for (new, reason, first, count) in [
        ("spaced.tar", "configFormat", json!(null), 1),
        ("unknown.tar", "config", json!("config.Domainname"), 2),
        ("annotated.tar", "manifest", json!("annotations.team"), 1),
        ("manifest.tar", "manifest", json!(null), 1),
    ] {
        let new = path(new);
        let report = json(&["diff", &old, &new, "--reproducible"]).await;
        assert!(schema().is_valid(&report), "{report:#}");
        assert_eq!(told(&report), [(reason.to_owned(), none.clone())], "{new}");
        let difference = &report["differences"][0];
        assert_eq!(difference["first"], first, "{new}");
        assert_eq!(difference["count"], count, "{new}");
        assert_eq!(report["reproducible"], false, "{new}");
        let output = run(&["diff", &old, &new, "--reproducible", "--exit-code"]).await;
        assert_eq!(output.status.code(), Some(1), "{new}");
    }
    let same = printed(&["diff", &old, &old, "--reproducible"]).await;
    assert!(
        same.contains("Reproducible: manifest, configuration and all layers are the same."),
        "{same}"
    );
}
