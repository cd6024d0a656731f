//! Layers that only their maker hands out: shown as not available, and nothing is guessed in their place.
//!
//! Sources: OCI image specification, layer.md, Non-Distributable Layers; descriptor.md, `urls`.

use std::fs;

use onionskin_core::digest::Digest;
use onionskin_fixtures::{Image, Packed, bytes, layer};
use onionskin_tests::command::{json, run};
use onionskin_tests::odd::{Odd, ok, status};
use serde_json::{Value, json};
use tempfile::TempDir;

const FOREIGN: &str = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

/// A server that must never be asked stands behind this name; `.test` has no addresses.
const ELSEWHERE: &str = "https://layers.elsewhere.test/base.tar.gz";

/// Three layers, the base of which is its maker's alone.
fn image() -> Packed {
    let base = layer("Apply image 10.0")
        .file("/windows/system", bytes(5_000))
        .media_type(FOREIGN);
    Image::new()
        .docker()
        .layer(base)
        .layer(layer("COPY app /app").file("/app/bin", bytes(700)))
        .layer(
            layer("RUN rm -rf /app /windows/system")
                .file("/new", bytes(300))
                .whiteout("/app")
                .whiteout("/windows/system"),
        )
        .edit_manifest(|manifest| manifest["layers"][0]["urls"] = json!([ELSEWHERE]))
        .pack()
}

/// A registry that has the image, with or without its foreign layer.
async fn registry(image: Packed, has_foreign: bool) -> Odd {
    Odd::new(move |target, _| {
        if target.contains("/manifests/") {
            return ok(
                &image.manifest.media_type.clone(),
                image.manifest.bytes.clone(),
            );
        }
        let wanted = target.rsplit('/').next().unwrap_or_default();
        let blob = image.blobs().find(|blob| blob.digest == wanted);
        match blob {
            Some(blob) if has_foreign || blob.media_type != FOREIGN => {
                ok("application/octet-stream", blob.bytes.clone())
            }
            _ => status(
                404,
                &[("content-type", "application/json")],
                r#"{"errors":[{"code":"BLOB_UNKNOWN","message":"blob unknown"}]}"#,
            ),
        }
    })
    .await
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn what_the_registry_lacks_is_unknown_and_the_rest_is_told() {
    let odd = registry(image(), false).await;
    let reference = format!("{}/app:1", odd.address);
    let report = json(&["inspect", &reference]).await;
    let base = &report["layers"][0];
    assert_eq!(base["layer"], 1);
    for key in ["size", "entries", "stored", "wasted"] {
        assert_eq!(base[key], Value::Null, "{key}");
    }
    assert_eq!(report["image"]["size"], Value::Null);
    // What the documents say is known all the same.
    assert!(report["image"]["compressedSize"].is_u64());
    assert_eq!(base["mediaType"], FOREIGN);
    assert_eq!(base["diffId"].as_str().unwrap(), image().diff_ids[0]);
    assert!(base["compressedSize"].is_u64());
    assert_eq!(base["notFetched"], "foreign");
    assert_eq!(base["urls"], json!([ELSEWHERE]));
    // The others keep their numbers and have no such key.
    assert_eq!(report["layers"][1]["layer"], 2);
    assert_eq!(report["layers"][1]["stored"], 700);
    assert_eq!(report["layers"][1]["wasted"], 700);
    assert_eq!(report["layers"][1].get("notFetched"), None);
    assert_eq!(report["bytes"]["stored"], 1_000);
    assert_eq!(report["bytes"]["wasted"], 700);

    let output = run(&["inspect", &reference]).await;
    let shown = text(&output.stdout);
    assert!(
        shown.contains("Not available: layer 1 (foreign)") && shown.contains(ELSEWHERE),
        "{shown}"
    );
    assert!(
        shown.contains("The 2 available of 3 layers store"),
        "{shown}"
    );

    // The schema knows it.
    let schema: Value =
        serde_json::from_str(include_str!("../../../schemas/inspect.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(validator.is_valid(&report));
}

#[tokio::test]
async fn what_needs_the_layer_stops_and_what_does_not_goes_on() {
    let odd = registry(image(), false).await;
    let reference = format!("{}/app:1", odd.address);
    let output = run(&["ls", &reference, "--format", "json"]).await;
    assert_eq!(output.status.code(), Some(0));
    let lines: Value = serde_json::from_slice(&output.stdout).unwrap();
    let paths: Vec<&str> = lines
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["path"].as_str().unwrap())
        .collect();
    // The parent of a whiteout comes into being.
    assert_eq!(paths, ["/new", "/windows"]);
    assert!(text(&output.stderr).contains("without layer 1, which is not available"));

    for (arguments, says) in [
        (
            &["ls", &reference, "--layer", "1"][..],
            "layer 1 is not available (foreign",
        ),
        (
            &["cat", &reference, "/windows/system", "--layer", "1"],
            "layer 1 is not available (foreign",
        ),
        (
            &["ls", &reference, "/windows/system", "--stack", "1"],
            "without layer 1",
        ),
        (
            &["cat", &reference, "/windows/system", "--stack", "1"],
            "without layer 1",
        ),
    ] {
        let output = run(arguments).await;
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        assert!(errors.contains(says), "{arguments:?}: {errors}");
        assert!(output.stdout.is_empty());
    }
    let output = run(&["ls", &reference, "--layer", "2"]).await;
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    let output = run(&["cat", &reference, "/new"]).await;
    assert_eq!(output.stdout, bytes(300));
}

#[tokio::test]
async fn rules_that_need_the_layer_are_not_judged() {
    let odd = registry(image(), false).await;
    let reference = format!("{}/app:1", odd.address);
    let output = run(&[
        "audit",
        &reference,
        "--no-rules",
        "--max-layers=3",
        "--max-compressed-size=1MB",
    ])
    .await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let output = run(&[
        "audit",
        &reference,
        "--no-rules",
        "--max-layers=2",
        "--max-wasted-bytes=1MB",
        "--format=json",
    ])
    .await;
    assert_eq!(output.status.code(), Some(2));
    let errors = text(&output.stderr);
    assert!(
        errors.contains("not all layers are available") && errors.contains("maxWastedBytes"),
        "{errors}"
    );
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["passed"], Value::Null);
    let verdicts = report["rules"].as_array().unwrap();
    let passed = |name: &str| &verdicts.iter().find(|rule| rule["name"] == name).unwrap()["passed"];
    assert_eq!(passed("maxWastedBytes"), &Value::Null);
    assert_eq!(passed("maxLayers"), &Value::Bool(false));
    for format in ["text", "markdown"] {
        let output = run(&["audit", &reference, "--no-rules", "--format", format]).await;
        let shown = text(&output.stdout);
        assert!(
            shown.contains("Not available: layer 1"),
            "{format}: {shown}"
        );
    }
}

#[tokio::test]
async fn a_registry_that_has_the_layer_is_asked_for_it() {
    let odd = registry(image(), true).await;
    let reference = format!("{}/app:1", odd.address);
    let report = json(&["inspect", &reference]).await;
    assert_eq!(report["layers"][0]["stored"], 5_000);
    assert_eq!(report["layers"][0]["wasted"], 5_000);
    assert_eq!(report["layers"][0].get("notFetched"), None);
}

/// skopeo copies such images into layouts without the layer.
#[tokio::test]
async fn a_layout_without_the_layer_is_read_the_same() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    let image = image();
    write("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#);
    let index = json!({"schemaVersion": 2, "manifests": [{
        "mediaType": image.manifest.media_type,
        "digest": image.manifest.digest,
        "size": image.manifest.bytes.len(),
    }]});
    write("index.json", index.to_string().as_bytes());
    for blob in image.blobs().chain([&image.manifest]) {
        if blob.media_type != FOREIGN {
            write(&format!("blobs/sha256/{}", blob.hex()), &blob.bytes);
        }
    }
    let locator = format!("oci:{}", folder.path().display());
    let report = json(&["inspect", &locator]).await;
    assert_eq!(report["layers"][0]["stored"], Value::Null);
    assert_eq!(report["bytes"]["stored"], 1_000);
    assert_eq!(report["layers"][0]["notFetched"], "foreign");
}

/// A layer that anybody may copy and that is gone is a fault, not a licence.
#[tokio::test]
async fn an_ordinary_layer_that_is_missing_stays_an_error() {
    let whole = image();
    let gone = whole.layers[1].digest.clone();
    let odd = Odd::new(move |target, _| {
        if target.contains("/manifests/") {
            return ok(
                &whole.manifest.media_type.clone(),
                whole.manifest.bytes.clone(),
            );
        }
        let wanted = target.rsplit('/').next().unwrap_or_default();
        match whole.blobs().find(|blob| blob.digest == wanted) {
            Some(blob) if blob.digest != gone => ok("application/octet-stream", blob.bytes.clone()),
            _ => status(404, &[], ""),
        }
    })
    .await;
    let output = run(&["inspect", &format!("{}/app:1", odd.address)]).await;
    assert_eq!(output.status.code(), Some(2));
    let errors = text(&output.stderr);
    assert!(
        errors.contains("layer 2") && errors.contains("not found"),
        "{errors}"
    );
}

/// OCI image specification, descriptor.md, `data`.
#[tokio::test]
async fn what_a_manifest_embeds_is_not_fetched() {
    use base64::Engine as _;
    let whole = Image::new()
        .layer(layer("COPY a /a").file("/a", bytes(100)))
        .pack();
    let mut manifest: Value = serde_json::from_slice(&whole.manifest.bytes).unwrap();
    let embed = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    manifest["config"]["data"] = embed(&whole.config.bytes).into();
    manifest["layers"][0]["data"] = embed(&whole.layers[0].bytes).into();
    let manifest = manifest.to_string();
    let media_type = whole.manifest.media_type.clone();
    // An index embeds the manifest in turn.
    let index = json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [{
        "mediaType": media_type,
        "digest": Digest::sha256(manifest.as_bytes()).to_string(),
        "size": manifest.len(),
        "data": embed(manifest.as_bytes()),
        "platform": {"os": "linux", "architecture": "amd64"},
    }]});
    let index = index.to_string();
    let odd = Odd::new(move |target, _| match target.ends_with("/manifests/1") {
        true => ok("application/vnd.oci.image.index.v1+json", index.clone()),
        false => status(404, &[], ""),
    })
    .await;
    let lines = json(&["ls", &format!("{}/app:1", odd.address)]).await;
    assert_eq!(lines[0]["path"], "/a");
    assert_eq!(odd.count(""), 1, "one document holds everything");
}
