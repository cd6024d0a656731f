//! `onionskin diff --reproducible`: each way in which two builds of one thing differ is named.

use onionskin_fixtures::{Image, Layer, layer};
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
