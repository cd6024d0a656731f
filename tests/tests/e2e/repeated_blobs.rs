//! Blobs that an image lists several times: fetched, decoded and counted in the download once, as a pull does.

use std::fs;

use onionskin_fixtures::write::{Generation, docker_archive, oci_archive};
use onionskin_fixtures::{Image, Packed, bytes, layer, seeded};
use onionskin_tests::command::{json, run, stopped};
use onionskin_tests::odd::{Odd, holding};
use onionskin_tests::{Browser, Served};
use serde_json::Value;
use tempfile::TempDir;

/// The first layer again on top of a second one.
fn image() -> Packed {
    let base = layer("COPY data /data").file("/data", seeded(1, 200_000));
    let between = layer("RUN touch /other").file("/other", "x");
    Image::new()
        .layer(base.clone())
        .layer(between)
        .layer(base)
        .pack()
}

fn saved(folder: &TempDir, image: &Packed) -> String {
    let file = folder.path().join("image.tar");
    fs::write(&file, oci_archive(&[("app:1", image)])).unwrap();
    file.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_download_has_it_once() {
    let image = image();
    let blob = image.layers[0].bytes.len() as u64;
    let once = blob + image.layers[1].bytes.len() as u64;
    let folder = TempDir::new().unwrap();
    let file = saved(&folder, &image);
    let report = json(&["audit", &file, "--no-rules"]).await;
    assert_eq!(report["image"]["compressedSize"], once);
    for layer in [0, 2] {
        assert_eq!(report["layers"][layer]["compressedSize"], blob);
        assert_eq!(report["layers"][layer]["stored"], 200_000);
    }
    // The file of the first layer is stored again by the last: wasted, at no cost for a pull.
    assert_eq!(report["bytes"]["stored"], 400_001);
    assert_eq!(report["bytes"]["wasted"], 200_000);
    assert_eq!(report["bytes"]["wastedCompressed"], 0);
    let finding = &report["findings"][0];
    assert_eq!(finding["kind"], "metadata-only");
    assert_eq!(finding["bytes"], 200_000);
    assert_eq!(finding["compressedBytes"], 0);
    assert_eq!(finding["downloadShare"], 0.0);
    for (rule, code) in [
        (format!("--max-compressed-size={once}"), 0),
        (format!("--max-compressed-size={}", once - 1), 1),
        ("--max-wasted-compressed=0".to_owned(), 0),
    ] {
        let output = run(&["audit", &file, "--no-rules", &rule]).await;
        assert_eq!(output.status.code(), Some(code), "{rule}");
    }
}

#[tokio::test]
async fn what_is_wasted_wherever_it_is_listed_costs_the_download_once() {
    let base = layer("COPY data /data").file("/data", seeded(1, 200_000));
    let image = Image::new()
        .layer(base.clone())
        .layer(base)
        .layer(layer("RUN rm /data").whiteout("/data"))
        .pack();
    let blob = image.layers[0].bytes.len() as u64;
    let folder = TempDir::new().unwrap();
    let report = json(&["audit", &saved(&folder, &image), "--no-rules"]).await;
    let wasted = report["bytes"]["wastedCompressed"].as_u64().unwrap();
    assert!(wasted > 199_000 && wasted <= blob, "{wasted} of {blob}");
    let findings = report["findings"].as_array().unwrap().iter();
    let of_findings = findings
        .filter(|finding| ["metadata-only", "deleted"].contains(&finding["kind"].as_str().unwrap()))
        .map(|finding| finding["compressedBytes"].as_u64().unwrap());
    assert_eq!(of_findings.sum::<u64>(), wasted);
}

#[tokio::test]
async fn growth_and_own_layers_count_what_a_pull_fetches() {
    let base = layer("COPY data /data").file("/data", seeded(1, 200_000));
    let old = Image::new().layer(base.clone()).pack();
    let new = Image::new().layer(base.clone()).layer(base).pack();
    let folder = TempDir::new().unwrap();
    let old_file = folder.path().join("old.tar");
    fs::write(&old_file, oci_archive(&[("app:0", &old)])).unwrap();
    let old_file = old_file.to_str().unwrap();
    let file = saved(&folder, &new);
    let output = run(&[
        "audit",
        &file,
        "--no-rules",
        "--growth-against",
        old_file,
        "--max-compressed-growth=0",
    ])
    .await;
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let report = json(&["audit", &file, "--no-rules", "--base", old_file]).await;
    assert_eq!(report["own"]["layers"], 1);
    assert_eq!(report["own"]["compressedSize"], 0);
    assert_eq!(report["own"]["stored"], 200_000);
}

#[tokio::test]
async fn it_is_fetched_once_and_all_layers_are_there() {
    let image = image();
    let digest = image.layers[0].digest.clone();
    let odd = Odd::new(holding(&image)).await;
    let reference = format!("{}/app:1", odd.address);
    let report = json(&["inspect", &reference]).await;
    assert_eq!(odd.count(&digest), 1);
    assert_eq!(report["layers"][2]["stored"], 200_000);
    let lines = json(&["ls", &reference]).await;
    assert_eq!(lines[0]["path"], "/data");
    assert_eq!(lines[0]["layer"], 3);
}

#[tokio::test]
async fn the_page_fetches_it_once_too() {
    let image = image();
    let digest = image.layers[0].digest.clone();
    let odd = Odd::new(holding(&image)).await;
    let served = Served::start(&[format!("http://{}", odd.address)]);
    let browser = Browser::start().await;
    browser
        .goto(&served.page(&format!("/image/{}/app:1?layer=3", odd.address)))
        .await;
    let whole = "!!document.querySelector('.band') && !document.querySelector('.band.partial')";
    let _: bool = browser.until(whole).await;
    let layers = "document.querySelectorAll('.layer').length";
    assert_eq!(browser.value::<u32>(layers).await, 3);
    let fetched = format!("GET /v2/app/blobs/{digest}");
    assert_eq!(odd.count(&fetched), 1);
}

/// Decoding each would take hours.
#[tokio::test]
async fn thousands_of_listings_are_one_blob() {
    let base = layer("COPY data /data").file("/data", vec![0; 50_000_000]);
    let mut image = Image::new().layer(base).pack();
    let mut manifest: Value = serde_json::from_slice(&image.manifest.bytes).unwrap();
    let mut config: Value = serde_json::from_slice(&image.config.bytes).unwrap();
    let again = |list: &mut Value| {
        let list = list.as_array_mut().unwrap();
        *list = vec![list[0].clone(); 4_096];
    };
    again(&mut manifest["layers"]);
    again(&mut config["rootfs"]["diff_ids"]);
    config["history"] = serde_json::json!([]);
    image.config =
        onionskin_fixtures::Blob::new(&image.config.media_type, config.to_string().into_bytes());
    manifest["config"]["digest"] = image.config.digest.clone().into();
    manifest["config"]["size"] = image.config.bytes.len().into();
    image.manifest = onionskin_fixtures::Blob::new(
        &image.manifest.media_type,
        manifest.to_string().into_bytes(),
    );
    let digest = image.layers[0].digest.clone();
    let blob = image.layers[0].bytes.len();
    let odd = Odd::new(holding(&image)).await;
    let report = json(&["inspect", &format!("{}/app:1", odd.address)]).await;
    assert_eq!(odd.count(&digest), 1);
    assert_eq!(report["layers"].as_array().unwrap().len(), 4_096);
    assert_eq!(report["image"]["compressedSize"], blob);
    assert_eq!(report["bytes"]["wasted"], 4_095 * 50_000_000_u64);
}

/// The same blob cannot be two tars.
#[tokio::test]
async fn each_listing_is_checked_against_what_is_said_of_it() {
    let folder = TempDir::new().unwrap();
    let base = layer("COPY data /data").file("/data", bytes(500));
    let wrong = Image::new()
        .layer(base.clone())
        .layer(base)
        .edit_config(|config| {
            let wrong = format!("sha256:{}", "0".repeat(64));
            config["rootfs"]["diff_ids"][1] = wrong.into();
        })
        .pack();
    let error = stopped(&["inspect", &saved(&folder, &wrong)]).await;
    assert!(
        error.contains("layer 2") && error.contains("000000"),
        "{error}"
    );
}

/// Members of archives that have no digests are told apart by their place.
#[tokio::test]
async fn plain_layers_of_archives_are_read_once_too() {
    let folder = TempDir::new().unwrap();
    let image = image();
    let expected = json(&["ls", &saved(&folder, &image)]).await;
    for generation in [Generation::Folders, Generation::Skopeo, Generation::Blobs] {
        let file = folder.path().join("docker.tar");
        fs::write(&file, docker_archive(generation, &[("app:1", &image)])).unwrap();
        let lines = json(&["ls", file.to_str().unwrap()]).await;
        assert_eq!(lines, expected, "{generation:?}");
    }
}

/// kaniko writes compressed layers without digests; an update downloads each member once, as any pull does.
#[tokio::test]
async fn compressed_members_of_archives_are_downloaded_once_too() {
    let folder = TempDir::new().unwrap();
    let (image, other) = (
        image(),
        Image::new()
            .layer(layer("COPY x /x").file("/x", "x"))
            .pack(),
    );
    let save = |name: &str, image: &Packed, members: &[&str]| {
        let manifest = serde_json::json!([
            {"Config": "config.json", "RepoTags": ["app:1"], "Layers": members}
        ]);
        let mut tar = layer("")
            .file("manifest.json", manifest.to_string())
            .file("config.json", image.config.bytes.clone());
        for (at, member) in members.iter().enumerate() {
            if !members[..at].contains(member) {
                tar = tar.file(*member, image.layers[at].bytes.clone());
            }
        }
        let file = folder.path().join(name);
        fs::write(&file, tar.tar()).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let new = save("new.tar", &image, &["x.tar.gz", "y.tar.gz", "x.tar.gz"]);
    let old = save("old.tar", &other, &["z.tar.gz"]);
    let report = json(&["diff", &old, &new]).await;
    let size = &report["bytes"]["new"]["compressedSize"];
    assert!(size.is_u64(), "{report}");
    assert_eq!(&report["bytes"]["update"], size);
}
