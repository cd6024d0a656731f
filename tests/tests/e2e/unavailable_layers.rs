//! Layers that cannot be read, because they are encrypted or no tars: the image is shown without them.
//!
//! Sources: ocicrypt, docs/spec.md (`+encrypted`); the layer types of stacker, nydus and others.

use std::fs;

use onionskin_fixtures::write::oci_archive;
use onionskin_fixtures::{Image, Layer, Packed, bytes, gzip, layer, seeded};
use onionskin_tests::command::{json, run, stopped};
use onionskin_tests::odd::{Odd, holding, ok};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Three layers, of which the second has this type and content.
fn image(media_type: &str, blob: Vec<u8>) -> Packed {
    Image::new()
        .layer(
            layer("COPY a /a")
                .file("/a", bytes(500))
                .file("/old", bytes(40)),
        )
        .layer(Layer::new().stored(blob).media_type(media_type))
        .layer(layer("RUN rm /old").whiteout("/old").file("/c", bytes(60)))
        .pack()
}

fn saved(folder: &TempDir, image: &Packed) -> String {
    let file = folder.path().join("image.tar");
    fs::write(&file, oci_archive(&[("app:1", image)])).unwrap();
    file.to_str().unwrap().to_owned()
}

/// The media types that say what cannot be read, and how that is told.
const UNREADABLE: [(&str, &str); 6] = [
    (
        "application/vnd.oci.image.layer.v1.tar+gzip+encrypted",
        "encrypted",
    ),
    (
        "application/vnd.oci.image.layer.v1.tar+encrypted",
        "encrypted",
    ),
    ("application/vnd.oci.image.layer.v1.squashfs", "notTar"),
    ("application/vnd.oci.image.layer.nydus.blob.v1", "notTar"),
    ("application/vnd.erofs.layer.v1", "notTar"),
    ("application/vnd.in-toto+json", "notTar"),
];

#[tokio::test]
async fn the_reason_is_told_and_the_rest_is_shown() {
    let folder = TempDir::new().unwrap();
    for (media_type, reason) in UNREADABLE {
        let file = saved(&folder, &image(media_type, seeded(7, 3_000)));
        let report = json(&["inspect", &file]).await;
        let odd = &report["layers"][1];
        assert_eq!(odd["notFetched"], reason, "{media_type}");
        assert_eq!(odd["mediaType"], media_type);
        assert_eq!(odd["compressedSize"], 3_000);
        for key in ["size", "entries", "stored", "wasted", "causes"] {
            assert_eq!(odd[key], Value::Null, "{media_type}: {key}");
        }
        assert_eq!(report["image"]["size"], Value::Null);
        assert_eq!(report["bytes"]["stored"], 600);
        assert_eq!(report["bytes"]["wasted"], 40);
        let schema = include_str!("../../../schemas/inspect.json");
        let schema: Value = serde_json::from_str(schema).unwrap();
        assert!(jsonschema::is_valid(&schema, &report), "{media_type}");

        let word = match reason {
            "notTar" => "not a tar",
            other => other,
        };
        for command in ["inspect", "audit"] {
            let output = run(&[command, &file]).await;
            assert_eq!(output.status.code(), Some(0), "{media_type}: {command}");
            let shown = String::from_utf8(output.stdout).unwrap();
            let expected = format!("Not available: layer 2 ({word})");
            assert!(shown.contains(&expected), "{command}: {shown}");
        }
        let output = run(&["ls", &file]).await;
        assert_eq!(output.status.code(), Some(0), "{media_type}");
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(
            errors.contains("layer 2") && errors.contains(word),
            "{errors}"
        );
        for arguments in [
            &["ls", &file, "--layer", "2"][..],
            &["cat", &file, "/b", "--layer", "2"],
        ] {
            let error = stopped(arguments).await;
            assert!(
                error.contains("layer 2 is not available") && error.contains(word),
                "{error}"
            );
        }
        // What such a layer holds is in no sum.
        for metric in ["wasted", "efficiency"] {
            let output = run(&["badge", &file, "--metric", metric]).await;
            let svg = String::from_utf8(output.stdout).unwrap();
            assert!(
                svg.contains(&format!("<title>{metric}: not known")),
                "{svg}"
            );
        }
        let output = run(&["cat", &file, "/a"]).await;
        assert_eq!(output.stdout, bytes(500));
    }
}

#[tokio::test]
async fn comparisons_and_packages_name_the_layers() {
    let folder = TempDir::new().unwrap();
    let tar = gzip(&layer("COPY b /b").file("/b", bytes(80)).tar());
    let plain = without_diff_ids(&image("application/octet-stream", tar));
    let plain_file = folder.path().join("plain.tar");
    fs::write(&plain_file, oci_archive(&[("app:1", &plain)])).unwrap();
    let plain = plain_file.to_str().unwrap();
    for (media_type, reason) in UNREADABLE {
        let word = match reason {
            "notTar" => "not a tar",
            other => other,
        };
        let odd = saved(&folder, &image(media_type, seeded(7, 3_000)));
        let named = json!([{ "layer": 2, "reason": reason }]);
        for (old, new, key, other, side, change) in [
            (plain, odd.as_str(), "new", "old", "new", "removed"),
            (odd.as_str(), plain, "old", "new", "old", "added"),
        ] {
            let report = json(&["diff", old, new]).await;
            assert_eq!(report["notFetched"][key], named, "{report}");
            assert_eq!(report["notFetched"][other], json!([]));
            assert_valid(include_str!("../../../schemas/diff.json"), &report);
            let sentence = format!(
                "Not available: layer 2 of the {side} image ({word}). Its files may be listed as {change}."
            );
            for format in ["text", "markdown", "html"] {
                let output = run(&["diff", old, new, "--format", format]).await;
                let shown = String::from_utf8(output.stdout).unwrap();
                let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
                let said = shown.find(&sentence);
                let counted = shown.find(&format!("1 {change}"));
                assert!(said.is_some() && said < counted, "{format}: {shown}");
            }
        }
        let report = json(&["packages", &odd]).await;
        assert_eq!(report["notFetched"], named);
        assert_valid(include_str!("../../../schemas/packages.json"), &report);
        let output = run(&["packages", &odd]).await;
        let shown = String::from_utf8(output.stdout).unwrap();
        let expected = format!("Not available: layer 2 ({word}).");
        assert!(shown.contains(&expected), "{shown}");
    }
    // Where all layers are there, there is no such key.
    for arguments in [&["diff", plain, plain][..], &["packages", plain]] {
        assert_eq!(json(arguments).await.get("notFetched"), None);
    }
}

/// What nobody can compare differs where its digest does.
#[tokio::test]
async fn another_layer_that_is_not_available_is_a_difference() {
    let folder = TempDir::new().unwrap();
    for (media_type, _) in UNREADABLE {
        let save = |name: &str, seed: u64| {
            let file = folder.path().join(name);
            let image = image(media_type, seeded(seed, 3_000));
            fs::write(&file, oci_archive(&[("app:1", &image)])).unwrap();
            file.to_str().unwrap().to_owned()
        };
        let (old, same, other) = (save("old", 7), save("same", 7), save("other", 8));
        for (new, stack, code) in [
            (&same, "3", 0),
            (&other, "3", 1),
            (&other, "2", 1),
            // The layer is not among those that are compared.
            (&other, "1", 0),
        ] {
            let asked = ["diff", &old, new, "--stack", stack, "--exit-code"];
            let output = run(&asked).await;
            assert_eq!(output.status.code(), Some(code), "{media_type}: {asked:?}");
        }
    }
}

fn assert_valid(schema: &str, report: &Value) {
    let schema: Value = serde_json::from_str(schema).unwrap();
    assert!(jsonschema::is_valid(&schema, report), "{report}");
}

#[tokio::test]
async fn rules_about_the_manifest_are_judged() {
    let folder = TempDir::new().unwrap();
    let file = saved(&folder, &image(UNREADABLE[0].0, seeded(7, 3_000)));
    for (rule, code) in [
        ("--max-layers=3", 0),
        ("--max-layers=1", 1),
        ("--max-compressed-size=1MB", 0),
        ("--max-compressed-size=100", 1),
        ("--max-size=1GB", 2),
        ("--max-wasted-bytes=0", 2),
        // It runs as root, and has no health check.
        ("--max-findings=config=2", 0),
        ("--max-findings=config=1", 1),
        ("--max-findings=setid=0", 2),
    ] {
        let output = run(&["audit", &file, "--no-rules", rule]).await;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{rule}: {errors}");
    }
    let output = run(&[
        "audit",
        &file,
        "--no-rules",
        "--max-layers=1",
        "--format=json",
    ])
    .await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["passed"], false);
    assert_eq!(report["layers"][1]["notFetched"], "encrypted");
}

#[tokio::test]
async fn an_encrypted_layer_is_not_even_fetched() {
    let whole = image(UNREADABLE[0].0, seeded(7, 3_000));
    let secret = whole.layers[1].digest.clone();
    let odd = Odd::new(holding(&whole)).await;
    let report = json(&["inspect", &format!("{}/app:1", odd.address)]).await;
    assert_eq!(report["layers"][1]["notFetched"], "encrypted");
    assert_eq!(odd.count(&secret), 0);
}

/// Types of tars are often wrong, so a type alone that is not known is no reason.
#[tokio::test]
async fn odd_media_types_of_tars_are_read_as_before() {
    let folder = TempDir::new().unwrap();
    let tar = layer("COPY b /b").file("/b", bytes(80)).tar();
    for media_type in [
        "application/octet-stream",
        "application/vnd.acme.layer.v1",
        "application/gzip",
        "application/vnd.docker.container.image.rootfs.diff+x-gtar",
        "application/vnd.oci.image.layer.v1.tar+zstd",
    ] {
        for blob in [tar.clone(), gzip(&tar)] {
            let mut image = image(media_type, blob);
            // The digest of what the fixture compressed is not that of this tar.
            image = without_diff_ids(&image);
            let report = json(&["inspect", &saved(&folder, &image)]).await;
            assert_eq!(report["layers"][1]["stored"], 80, "{media_type}");
            assert_eq!(report["layers"][1].get("notFetched"), None);
        }
    }
}

#[tokio::test]
async fn a_type_that_is_not_known_and_holds_no_tar_is_no_tar() {
    let folder = TempDir::new().unwrap();
    // ext4 begins with zeros, as an empty tar does.
    let zeros_first = [vec![0; 1_024], seeded(3, 5_000)].concat();
    for blob in [
        seeded(7, 3_000),
        gzip(&seeded(7, 3_000)),
        b"hsqs".to_vec(),
        zeros_first,
    ] {
        let odd = image("application/vnd.acme.layer.v1", blob.clone());
        let report = json(&["inspect", &saved(&folder, &odd)]).await;
        assert_eq!(report["layers"][1]["notFetched"], "notTar");
        // What says that it is a tar and is none is damaged.
        let damaged = image("application/vnd.oci.image.layer.v1.tar", blob);
        stopped(&["inspect", &saved(&folder, &damaged)]).await;
    }
    // It has to be the blob that the manifest names all the same.
    let whole = image("application/vnd.acme.layer.v1", seeded(7, 3_000));
    let digest = whole.layers[1].digest.clone();
    let rest = holding(&whole);
    let odd = Odd::new(move |target, range| match target.ends_with(&digest) {
        true => ok("application/octet-stream", seeded(8, 3_000)),
        false => rest(target, range),
    })
    .await;
    let error = stopped(&["inspect", &format!("{}/app:1", odd.address)]).await;
    assert!(error.contains("digest"), "{error}");
}

fn without_diff_ids(image: &Packed) -> Packed {
    let mut config: Value = serde_json::from_slice(&image.config.bytes).unwrap();
    config["rootfs"]["diff_ids"] = json!([]);
    let mut manifest: Value = serde_json::from_slice(&image.manifest.bytes).unwrap();
    let mut image = image.clone();
    image.config =
        onionskin_fixtures::Blob::new(&image.config.media_type, config.to_string().into_bytes());
    manifest["config"]["digest"] = image.config.digest.clone().into();
    manifest["config"]["size"] = image.config.bytes.len().into();
    image.manifest = onionskin_fixtures::Blob::new(
        &image.manifest.media_type,
        manifest.to_string().into_bytes(),
    );
    image
}
