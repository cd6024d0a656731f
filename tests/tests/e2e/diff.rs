//! `onionskin diff`: what it compares, what it prints, and how it ends.

mod details;
mod options;
mod reports;
mod reproducible;
mod shared;

use std::fs;

use onionskin_fixtures::write::{Generation, docker_archive, oci_archive};
use onionskin_fixtures::{Image, Layer, Packed, bytes, layer};
use onionskin_tests::command::{json, printed, run, stopped};
use onionskin_tests::odd::{Odd, holding_tags};
use serde_json::{Value, json};
use tempfile::TempDir;

fn base() -> Layer {
    layer("RUN make-a-base")
        .file("/base/lib", bytes(9_000))
        .dir("/tmp")
}

fn old() -> Packed {
    let image = Image::new().layer(base());
    let image = image.layer(
        layer("COPY . /app")
            .file("/app/server", bytes(500))
            .file("/app/old.txt", bytes(70)),
    );
    image
        .env("MODE=test")
        .label("org.opencontainers.image.created", "2026-01-01T00:00:00Z")
        .pack()
}

fn new() -> Packed {
    let image = Image::new().layer(base());
    let image = image.layer(
        layer("COPY . /app")
            .file("/app/server", bytes(700))
            .file("/app/new.txt", bytes(70))
            .file("/app/extra", bytes(33)),
    );
    image
        .env("MODE=production")
        .label("org.opencontainers.image.created", "2026-02-02T00:00:00Z")
        .pack()
}

/// Both images in files, as an OCI archive and as `docker save` writes them.
fn saved() -> (TempDir, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("old.tar"), oci_archive(&[("app:1", &old())])).unwrap();
    fs::write(path("new.tar"), oci_archive(&[("app:2", &new())])).unwrap();
    let (old, new) = (path("old.tar"), path("new.tar"));
    (folder, old, new)
}

fn schema() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(include_str!("../../../schemas/diff.json")).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

#[tokio::test]
async fn files_configuration_and_update_are_told_as_json() {
    let (_folder, old_file, new_file) = saved();
    let report = json(&["diff", &old_file, &new_file]).await;
    assert!(schema().is_valid(&report), "{report:#}");
    let file = |path: &str,
                change: &str,
                what: &[&str],
                old: Option<u64>,
                new: Option<u64>,
                from: Option<&str>| {
        json!({ "path": path, "change": change, "what": what, "oldSize": old, "newSize": new, "from": from, "layer": 2 })
    };
    assert_eq!(
        report["files"],
        json!([
            file("/app/extra", "added", &[], None, Some(33), None),
            file(
                "/app/new.txt",
                "moved",
                &[],
                Some(70),
                Some(70),
                Some("/app/old.txt")
            ),
            file(
                "/app/server",
                "changed",
                &["content"],
                Some(500),
                Some(700),
                None
            ),
        ])
    );
    let fields: Vec<&str> = report["config"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| field["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["env", "labels"]);
    assert_eq!(report["layers"]["shared"], 1);
    let update = new().layers[1].bytes.len();
    assert_eq!(report["bytes"]["update"], update);
    assert_eq!(report["bytes"]["old"]["live"], 9_570);
    assert_eq!(report["bytes"]["new"]["stored"], 9_803);
}

#[tokio::test]
async fn an_image_does_not_differ_from_itself() {
    let (_folder, file, _) = saved();
    let report = json(&["diff", &file, &file, "--exit-code", "--mtime"]).await;
    assert_eq!(
        [
            &report["files"],
            &report["config"],
            &report["history"],
            &report["layers"]["new"],
            &report["layers"]["sizes"],
            &report["folders"]
        ],
        [&json!([]); 6]
    );
    assert_eq!(report["bytes"]["update"], 0);
    assert!(
        printed(&["diff", &file, &file])
            .await
            .contains("No file differs.")
    );
}

#[tokio::test]
async fn exit_code_1_says_that_images_differ_where_that_is_asked() {
    let (_folder, old, new) = saved();
    assert_eq!(run(&["diff", &old, &new]).await.status.code(), Some(0));
    assert_eq!(
        run(&["diff", &old, &new, "--exit-code"])
            .await
            .status
            .code(),
        Some(1)
    );
    // Also where nobody reads how.
    let mut unread = tokio::process::Command::new(onionskin_tests::binary::onionskin())
        .args(["diff", &old, &new, "--exit-code"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(unread.stdout.take());
    let unread = unread.wait_with_output().await.unwrap();
    assert_eq!(unread.status.code(), Some(1), "{unread:?}");
    assert!(unread.stderr.is_empty(), "{unread:?}");
    let all = [
        "diff",
        &old,
        &new,
        "--exit-code",
        "--ignore",
        "/app/**",
        "--ignore",
        "builder",
    ];
    // The variable still differs.
    assert_eq!(run(&all).await.status.code(), Some(1));
    let report = json(
        &all[..3]
            .iter()
            .chain(&all[4..])
            .copied()
            .collect::<Vec<_>>(),
    )
    .await;
    assert_eq!(report["files"], json!([]));
    assert_eq!(report["config"].as_array().unwrap().len(), 1);
    let error = stopped(&["diff", &old, "./none.tar"]).await;
    assert!(
        error.contains("NEW") && error.contains("none.tar"),
        "{error}"
    );
}

/// Where only the order of a command or of variables differs, both are shown; and no secret is.
#[tokio::test]
async fn the_configuration_is_told_as_in_other_reports() {
    let folder = tempfile::tempdir().unwrap();
    let save = |name: &str, edit: fn(&mut Value)| {
        let image = Image::new().layer(base()).edit_config(edit);
        let path = folder.path().join(name).to_str().unwrap().to_owned();
        fs::write(&path, oci_archive(&[(name, &image.pack())])).unwrap();
        path
    };
    let old = save("old", |config| {
        config["config"] = json!({
            "Cmd": ["a", "b"], "Env": ["A=1", "DB_PASSWORD=Xk29vLqpW3n8"], "User": "old"
        });
    });
    let new = save("new", |config| {
        config["config"] = json!({
            "Cmd": ["b", "a"], "Env": ["DB_PASSWORD=Xk29vLqpW3n8", "A=1"], "User": "new"
        });
    });
    let text = printed(&["diff", &old, &new]).await;
    for line in [
        r#"    - ["a","b"]"#,
        r#"    + ["b","a"]"#,
        "    - A=1\n    - DB_PASSWORD=***\n    + DB_PASSWORD=***\n    + A=1\n",
        "    - old\n    + new\n",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("Xk29"), "{text}");
}

/// Fields that only the configuration's own bytes show.
#[tokio::test]
async fn each_field_of_the_configuration_is_a_difference() {
    let folder = tempfile::tempdir().unwrap();
    let save = |name: &str, edit: fn(&mut Value)| {
        let image = Image::new().layer(base()).edit_config(edit);
        let path = folder.path().join(name).to_str().unwrap().to_owned();
        fs::write(&path, oci_archive(&[("app:1", &image.pack())])).unwrap();
        path
    };
    let old = save("old", |_| {});
    type Edit = fn(&mut Value);
    let edits: [(&str, Edit); 4] = [
        ("stopTimeout", |config| {
            config["config"]["StopTimeout"] = json!(30);
        }),
        ("shell", |config| {
            config["config"]["Shell"] = json!(["/bin/bash", "-c"]);
        }),
        ("onBuild", |config| {
            config["config"]["OnBuild"] = json!(["RUN x --password Xk29vLqpW3n8"]);
        }),
        ("argsEscaped", |config| {
            config["config"]["ArgsEscaped"] = json!(true);
        }),
    ];
    for (field, edit) in edits {
        let new = save(field, edit);
        let output = run(&["diff", &old, &new, "--exit-code"]).await;
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{field}: {text}");
        assert!(text.contains(field) && !text.contains("Xk29"), "{text}");
        let report = json(&["diff", &old, &new]).await;
        assert!(schema().is_valid(&report), "{report:#}");
        assert_eq!(report["config"][0]["field"], field);
    }
}

#[tokio::test]
async fn the_largest_changes_come_first_and_names_cannot_send_codes() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let many = (0..30).fold(layer("COPY"), |layer, at| {
        layer.file(format!("/f{at:02}"), bytes(10 + at))
    });
    let hostile = many.file("/\x1b[31mred", bytes(5_000));
    let image = |layer| Image::new().layer(layer).pack();
    fs::write(
        path("a.tar"),
        oci_archive(&[("a", &image(layer("COPY").dir("/x")))]),
    )
    .unwrap();
    fs::write(path("b.tar"), oci_archive(&[("b", &image(hostile))])).unwrap();
    let text = printed(&["diff", &path("a.tar"), &path("b.tar")]).await;
    assert!(!text.contains('\x1b'), "{text:?}");
    let first = text
        .lines()
        .skip_while(|line| !line.starts_with("Files"))
        .nth(1)
        .unwrap();
    assert!(
        first.contains("+5.0 kB") && first.contains("red"),
        "{first}"
    );
    assert!(text.contains("and 12 more; --all lists them"), "{text}");
    let all = printed(&["diff", &path("a.tar"), &path("b.tar"), "--all"]).await;
    assert!(all.contains("/f00") && !all.contains("more;"), "{all}");
}

#[tokio::test]
async fn stacks_and_sources_of_any_sort_compare() {
    let (folder, old_file, new_file) = saved();
    let first = json(&[
        "diff",
        &old_file,
        &new_file,
        "--old-stack",
        "1",
        "--new-stack",
        "1",
    ])
    .await;
    assert_eq!(first["files"], json!([]));
    let same = json(&["diff", &old_file, &new_file, "--stack", "1"]).await;
    assert_eq!(same["files"], json!([]));
    // Sizes are those of the stacks, and the report says which they are.
    assert!(schema().is_valid(&same), "{same:#}");
    assert_eq!(same["stacks"], json!({ "old": 1, "new": 1 }));
    let blob = old().layers[0].bytes.len();
    let sizes = json!({
        "stored": 9_000,
        "live": 9_000,
        "wasted": 0,
        "wastedCompressed": 0,
        "compressedSize": blob,
    });
    assert_eq!(
        same["bytes"],
        json!({ "old": sizes, "new": sizes, "update": 0 })
    );
    assert_eq!(
        same["new"]["compressedSize"],
        blob + new().layers[1].bytes.len()
    );
    let text = printed(&["diff", &old_file, &new_file, "--new-stack", "1"]).await;
    let headings: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("linux/"))
        .collect();
    assert!(
        !headings[0].contains("layer") && headings[1].ends_with("  layer 1 of 2"),
        "{text}"
    );
    assert!(
        text.contains("0 of 1 layer (1 shared with the old ones)"),
        "{text}"
    );
    let whole = json(&["diff", &old_file, &new_file]).await;
    assert_eq!(whole["stacks"], json!({ "old": 2, "new": 2 }));
    let error = stopped(&["diff", &old_file, &new_file, "--new-stack", "7"]).await;
    assert!(error.contains("NEW has no layer 7; it has 2"), "{error}");
    // An engine's archive knows no blobs, so what an update downloads is not known; its layers are still the same.
    let engine = folder.path().join("engine.tar");
    fs::write(
        &engine,
        docker_archive(Generation::Folders, &[("app:2", &new())]),
    )
    .unwrap();
    let report = json(&["diff", &new_file, engine.to_str().unwrap()]).await;
    assert_eq!(
        (&report["files"], &report["config"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(report["layers"]["shared"], 2);
}

/// Layers that both images list are read once.
#[tokio::test]
async fn shared_layers_are_fetched_once() {
    let (old, new) = (old(), new());
    let shared = old.layers[0].digest.clone();
    let registry = Odd::new(holding_tags(&[("1", &old), ("2", &new)])).await;
    let reference = |tag: &str| format!("{}/app:{tag}", registry.address);
    let report = json(&["diff", &reference("1"), &reference("2")]).await;
    assert_eq!(report["files"].as_array().unwrap().len(), 3);
    assert_eq!(registry.count(&shared), 1);
}
