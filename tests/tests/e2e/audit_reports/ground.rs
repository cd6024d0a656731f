//! What the reports are made of: the demo images in a folder, and an image whose every part tries to be more than text.

use std::fs;
use std::path::{Path, PathBuf};

use onionskin_fixtures::{Image, Layer, Packed, Repository, demo, layer, seeded};
use onionskin_tests::Ground;
use serde_json::{Value, json};

/// The demo images as the layout `demo`.
pub(crate) fn ground() -> Ground {
    let ground = Ground::default();
    layout(&ground.path().join("demo"), &demo::images());
    ground
}

/// What the command prints, however it ends.
pub(crate) fn printed(ground: &Ground, arguments: &[&str]) -> String {
    let output = ground.run(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.stdout.is_empty(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// The same, read as JSON.
pub(crate) fn json_of(ground: &Ground, arguments: &[&str]) -> Value {
    serde_json::from_str(&printed(ground, arguments)).unwrap()
}

/// Writes what registries hold as an OCI image layout, each image under its name.
fn layout(folder: &Path, repositories: &[Repository]) {
    let blobs = folder.join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    let mut manifests = Vec::new();
    for repository in repositories {
        for blob in repository.manifests.iter().chain(&repository.blobs) {
            let name = blob.digest.strip_prefix("sha256:").unwrap();
            fs::write(blobs.join(name), &blob.bytes).unwrap();
        }
        for (tag, digest) in &repository.tags {
            let found = |manifest: &&onionskin_fixtures::Blob| manifest.digest == *digest;
            let manifest = repository.manifests.iter().find(found).unwrap();
            let name = format!("{}:{tag}", repository.name);
            manifests.push(json!({
                "mediaType": manifest.media_type,
                "digest": digest,
                "size": manifest.bytes.len(),
                "annotations": { "org.opencontainers.image.ref.name": name },
            }));
        }
    }
    let index = json!({ "schemaVersion": 2, "manifests": manifests });
    fs::write(folder.join("index.json"), index.to_string()).unwrap();
    fs::write(
        folder.join("oci-layout"),
        r#"{"imageLayoutVersion":"1.0.0"}"#,
    )
    .unwrap();
}

pub(crate) fn golden(name: &str, extension: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    folder.join(format!("{name}.{extension}"))
}

/// A file of `tests/data`.
pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data")
        .join(name)
}

/// An image of which every part tries to be more than text.
pub(crate) const HOSTILE: &str = "/<img src=x onerror=document.title='hit'>\"'&]]>`@team|#1 [x](javascript:x)\u{1b}[2J\u{202e}\n";

pub(crate) fn hostile() -> Packed {
    Image::new()
        .layer(
            layer("COPY <script>document.title='hit'</script> ]]> /")
                .file(HOSTILE, "12345")
                .file("/\u{fffe}[a](b)", seeded(1, 500)),
        )
        .layer(
            layer("RUN \u{1b}]0;x\u{7} -->")
                .file(HOSTILE, "12345")
                .mode(0o600),
        )
        .layer(Layer::new().whiteout(HOSTILE).whiteout("/\u{fffe}[a](b)"))
        .pack()
}
