//! `onionskin diff`: build histories, annotations, attributes and files of new layers, and where one image cannot tell of them.

use std::fs;

use onionskin_fixtures::write::{Generation, docker_archive, oci_archive};
use onionskin_fixtures::{Image, bytes, layer};
use onionskin_tests::command::{json, printed, run};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{base, schema};

/// An image with a layer more, other attributes and annotations, and a secret in its history.
fn grown() -> Image {
    Image::new()
        .layer(base())
        .layer(
            layer("COPY . /app")
                .file("/app/server", bytes(500))
                .xattr("user.a", "2"),
        )
        .layer(
            layer("RUN login Xk29vLqpW3n8 \x1b[31mred")
                .file("/a", bytes(1))
                .file("/b", bytes(2_000))
                .file("/c", bytes(9_000))
                .file("/d", bytes(4_000)),
        )
        .edit_config(|config| config["config"]["Env"] = json!(["DB_PASSWORD=Xk29vLqpW3n8"]))
        .annotation("org.opencontainers.image.revision", "2")
        .annotation("team", "b")
}

/// What it grew from; `command` made its second layer.
fn before(command: &str) -> Image {
    Image::new()
        .layer(base())
        .layer(
            layer(command)
                .file("/app/server", bytes(500))
                .xattr("user.a", "1"),
        )
        .annotation("org.opencontainers.image.revision", "1")
        .annotation("team", "a")
}

/// Both images in a folder, as OCI archives.
struct Saved {
    folder: TempDir,
    old: String,
    new: String,
}

impl Saved {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let old = save(&folder, "old", before("COPY . /app"));
        let new = save(&folder, "new", grown());
        Self { folder, old, new }
    }
}

fn save(folder: &TempDir, name: &str, image: Image) -> String {
    let path = folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(&path, oci_archive(&[(name, &image.pack())])).unwrap();
    path
}

#[tokio::test]
async fn histories_annotations_attributes_and_files_of_new_layers_are_told() {
    let Saved {
        folder: _folder,
        old,
        new,
    } = Saved::new();
    let report = json(&["diff", &old, &new, "--ignore", "builder"]).await;
    assert!(schema().is_valid(&report), "{report:#}");
    let lines = report["history"][0]["lines"].as_array().unwrap();
    let last = lines.last().unwrap();
    assert_eq!(
        (&last["change"], &last["layer"]),
        (&json!("added"), &json!(3))
    );
    assert!(
        lines
            .iter()
            .rev()
            .skip(1)
            .all(|line| line["change"] == "unchanged"),
        "{lines:?}"
    );
    let annotations = report["config"].as_array().unwrap().last().unwrap();
    assert_eq!(
        annotations,
        &json!({ "field": "annotations", "old": { "team": "a" }, "new": { "team": "b" } })
    );
    let files = report["files"].as_array().unwrap();
    let server = files
        .iter()
        .find(|file| file["path"] == "/app/server")
        .unwrap();
    assert_eq!(
        (&server["what"], &server["xattrs"]),
        (&json!(["xattrs"]), &json!(["user.a"]))
    );
    assert_files_of_new_layers(&report);
}

fn assert_files_of_new_layers(report: &Value) {
    let layers = report["layers"]["new"].as_array().unwrap();
    let paths = |layer: &Value| -> Vec<String> {
        let files = layer["files"].as_array().unwrap().iter();
        files
            .map(|file| file["path"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        layers
            .iter()
            .map(|layer| layer["layer"].as_u64().unwrap())
            .collect::<Vec<_>>(),
        [2, 3]
    );
    assert_eq!(paths(&layers[0]), ["/app/server"]);
    assert_eq!(paths(&layers[1]), ["/c", "/d", "/b"]);
    assert_eq!(layers[1]["files"][0]["bytes"], 9_000);
}

#[tokio::test]
async fn details_are_in_the_text_without_secrets_and_codes() {
    let Saved {
        folder: _folder,
        old,
        new,
    } = Saved::new();
    let text = printed(&["diff", &old, &new]).await;
    for part in [
        "Build history: 1 line added\n  @@ ",
        "    + RUN login *** \\x1b[31mred\n",
        "    - org.opencontainers.image.revision=1\n    - team=a\n",
        "/app/server (attributes user.a)\n",
        "  RUN login *** \\x1b[31mred\n",
        "    /c\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("Xk29") && !text.contains('\x1b'), "{text}");
}

/// Of a stack, the steps that made it count.
#[tokio::test]
async fn the_history_ends_with_the_stack() {
    let Saved {
        folder: _folder,
        old,
        new,
    } = Saved::new();
    let cut = json(&["diff", &old, &new, "--stack", "2"]).await;
    assert_eq!(cut["history"], json!([]));
}

/// How an image was built is told, and is no difference of what it is.
#[tokio::test]
async fn a_build_history_alone_is_no_difference() {
    let Saved { folder, old, .. } = Saved::new();
    let other = save(&folder, "other", before("COPY app /app"));
    let all = ["diff", &old, &other, "--exit-code"];
    assert_eq!(run(&all).await.status.code(), Some(0));
    let text = printed(&all).await;
    assert!(
        text.contains("    - COPY . /app\n    + COPY app /app\n"),
        "{text}"
    );
}

/// Engines' archives know no manifest, so nothing differs that only one of both can tell.
#[tokio::test]
async fn what_archives_of_engines_cannot_tell_is_no_difference() {
    let Saved { folder, old, new } = Saved::new();
    let saved = folder.path().join("saved").to_str().unwrap().to_owned();
    let archive = docker_archive(
        Generation::Folders,
        &[("app:1", &before("COPY . /app").pack())],
    );
    fs::write(&saved, archive).unwrap();
    let report = json(&["diff", &old, &saved]).await;
    assert_eq!(report["config"], json!([]));
    // Nor do they know what a file costs in a download.
    let report = json(&["diff", &new, &saved]).await;
    let file = &report["layers"]["new"][0]["files"][0];
    assert_eq!(
        file,
        &json!({ "path": "/app/server", "bytes": 500, "compressedBytes": null })
    );
}
