//! Saved images: what real tools write, and what our builder writes of every generation, read back.

mod files;

use std::path::Path;
use std::process::Command;

use futures::TryStreamExt as _;
use onionskin_core::digest::Digest;
use onionskin_core::source::registry::{Client, ClientOptions, http_client};
use onionskin_core::source::{Image, Locator, Source, SourceError};
use onionskin_fixtures::write::{Generation, docker_archive, oci_archive};
use onionskin_fixtures::{self as fixtures, Packed, bytes, layer};
use onionskin_tests::Registry;

fn app() -> Packed {
    let twice = || layer("COPY . /app").file("/app/run", bytes(400_000));
    fixtures::Image::new().layer(twice()).layer(twice()).pack()
}

fn source(locator: &str) -> Source {
    let client = Client::new(http_client().build().unwrap(), ClientOptions::default());
    let locator: Locator = locator.parse().unwrap();
    Source::of(&locator, &client).unwrap()
}

async fn open(locator: &str) -> Result<Image, SourceError> {
    source(locator).image(None).await
}

/// Opens the archive and compares every layer with the tar it was made of.
async fn check(archive: &Path, packed: &Packed) {
    let source = source(&format!("docker-archive:{}", archive.display()));
    let image = source.image(None).await.unwrap();
    assert_eq!(image.config_digest.to_string(), packed.config.digest);
    assert_eq!(image.remarks, Vec::<String>::new());
    assert_eq!(image.layers.len(), packed.tars.len());
    for (layer, tar) in image.layers.iter().zip(&packed.tars) {
        let chunks: Vec<_> = source
            .layer(layer)
            .await
            .unwrap()
            .try_collect()
            .await
            .unwrap();
        let content = chunks.concat();
        if layer.compressed_size.is_some() {
            assert_eq!(Some(Digest::sha256(&content)), layer.digest);
        } else {
            assert_eq!(content, *tar);
            assert_eq!(Some(Digest::sha256(&content)), layer.diff_id);
        }
    }
}

#[tokio::test]
async fn every_generation_holds_the_same_image() {
    let folder = tempfile::tempdir().unwrap();
    let packed = app();
    for generation in [Generation::Folders, Generation::Skopeo, Generation::Blobs] {
        let file = folder.path().join(format!("{generation:?}.tar"));
        std::fs::write(&file, docker_archive(generation, &[("app:1", &packed)])).unwrap();
        check(&file, &packed).await;
        // A bare path does too.
        let image = open(file.to_str().unwrap()).await.unwrap();
        assert_eq!(image.reference, "docker.io/library/app:1");
    }
}

#[tokio::test]
async fn what_skopeo_saves_of_a_registry_is_what_the_registry_holds() {
    let registry = Registry::start();
    let packed = app();
    let reference = registry.push("team/app:1", &packed);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.tar");
    let status = Command::new("skopeo")
        .args(["copy", "--quiet", "--src-tls-verify=false"])
        .arg(format!("docker://{reference}"))
        .arg(format!("docker-archive:{}:app:2", file.display()))
        .status();
    assert!(status.expect("skopeo is installed").success());
    check(&file, &packed).await;
    let image = open(&format!("docker-archive:{}:app:2", file.display()))
        .await
        .unwrap();
    let remote = open(&reference).await.unwrap();
    assert_eq!(image.config, remote.config);
}

/// Copies an image with skopeo from one place to another.
fn skopeo(from: &str, to: &str) {
    let output = Command::new("skopeo")
        .args([
            "copy",
            "--quiet",
            "--all",
            "--src-tls-verify=false",
            from,
            to,
        ])
        .output()
        .expect("skopeo is installed");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}

#[tokio::test]
async fn a_layout_that_skopeo_writes_is_what_the_registry_holds_as_folder_and_as_archive() {
    let registry = Registry::start();
    let packed = app();
    let reference = registry.push("team/app:1", &packed);
    let remote = open(&reference).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().display();
    for (to, bare) in [
        (
            format!("oci:{folder}/layout:app:2"),
            format!("{folder}/layout"),
        ),
        (
            format!("oci-archive:{folder}/a.tar:app:2"),
            format!("{folder}/a.tar"),
        ),
    ] {
        skopeo(&format!("docker://{reference}"), &to);
        for locator in [&to, &bare, &format!("{bare}:app:2")] {
            let source = source(locator);
            let image = source.image(None).await.unwrap();
            assert_eq!(image.reference, "docker.io/library/app:2", "{locator}");
            assert_eq!(image.digest, remote.digest, "{locator}");
            assert_eq!(image.compressed_size(), remote.compressed_size());
            assert_eq!(image.config, remote.config);
            for (layer, blob) in image.layers.iter().zip(&packed.layers) {
                let stream = source.layer(layer).await.unwrap();
                let chunks: Vec<_> = stream.try_collect().await.unwrap();
                assert_eq!(chunks.concat(), blob.bytes, "{locator}");
            }
        }
        let error = open(&format!("{to}0")).await.unwrap_err().to_string();
        assert!(error.contains("it has app:2"), "{error}");
    }
}

#[tokio::test]
async fn docker_25_with_a_registrys_blobs_knows_their_sizes_and_digest() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.tar");
    let pulled = app();
    std::fs::write(
        &file,
        docker_archive(Generation::Blobs, &[("app:1", &pulled)]),
    )
    .unwrap();
    let image = open(file.to_str().unwrap()).await.unwrap();
    assert_eq!(image.reference, "docker.io/library/app:1");
    let digest = image.digest.as_ref().map(Digest::to_string);
    assert_eq!(digest, Some(pulled.manifest.digest.clone()));
    // Both layers are the same blob, which a pull downloads once.
    assert_eq!(pulled.layers[0].digest, pulled.layers[1].digest);
    let size = pulled.layers[0].bytes.len() as u64;
    assert_eq!(image.compressed_size(), Some(size));
    assert_eq!(image.layers[1].compressed_size, Some(size));

    // An engine that unpacks what it pulls writes a manifest of its own for the tars.
    let plain = layer("COPY . /app").file("/app/run", bytes(400)).plain();
    let unpacked = fixtures::Image::new().layer(plain).pack();
    std::fs::write(
        &file,
        docker_archive(Generation::Blobs, &[("app:1", &unpacked)]),
    )
    .unwrap();
    let image = open(file.to_str().unwrap()).await.unwrap();
    assert_eq!(
        (image.digest.as_ref(), image.compressed_size()),
        (None, None)
    );
}

/// What skopeo has of an image, which reads archives in each of these compressions.
fn seen_by_skopeo(locator: &str) -> Vec<String> {
    let output = Command::new("skopeo")
        .args(["inspect", "--config", "--raw", locator])
        .output()
        .expect("skopeo is installed");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{locator}: {errors}");
    let config: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let diff_ids = config["rootfs"]["diff_ids"].as_array().unwrap();
    let text = |id: &serde_json::Value| id.as_str().unwrap().to_owned();
    diff_ids.iter().map(text).collect()
}

/// `skopeo copy … dir:`, of one image and of all platforms of an index, as a folder and packed into a tar.
#[tokio::test]
async fn a_folder_that_skopeo_writes_is_what_the_registry_holds() {
    let registry = Registry::start();
    let amd = app();
    let arm = fixtures::Image::new()
        .platform("linux/arm64")
        .layer(layer("x").file("/arm", "arm"))
        .pack();
    let all = [amd.clone(), arm];
    let single = registry.push("team/app:1", &amd);
    let several = registry.push_index("team/app:2", &fixtures::index(amd.family, &all), &all);
    let folder = tempfile::tempdir().unwrap();
    for (name, reference) in [("single", &single), ("several", &several)] {
        let path = folder.path().join(name);
        let path = path.to_str().unwrap();
        skopeo(&format!("docker://{reference}"), &format!("dir:{path}"));
        let packed = format!("{path}.tar");
        let status = Command::new("tar")
            .args(["-C", path, "-cf", &packed, "."])
            .status();
        assert!(status.unwrap().success());
        let remote = open(reference).await.unwrap();
        for locator in [format!("dir:{path}"), path.to_owned(), packed] {
            let source = source(&locator);
            let image = source.image(None).await.unwrap();
            assert_eq!(image.digest, remote.digest, "{locator}");
            assert_eq!(image.index_digest, remote.index_digest, "{locator}");
            assert_eq!(image.config, remote.config);
            assert_eq!(image.compressed_size(), remote.compressed_size());
            for (layer, blob) in image.layers.iter().zip(&amd.layers) {
                let stream = source.layer(layer).await.unwrap();
                let chunks: Vec<_> = stream.try_collect().await.unwrap();
                assert_eq!(chunks.concat(), blob.bytes, "{locator}");
            }
            if name == "several" {
                let arm = "linux/arm64".parse().unwrap();
                let image = source.image(Some(&arm)).await.unwrap();
                assert_eq!(image.digest.unwrap().to_string(), all[1].manifest.digest);
            }
        }
    }
    // Unpacked archives of docker save have a manifest.json too.
    let unpacked = folder.path().join("unpacked");
    std::fs::create_dir(&unpacked).unwrap();
    std::fs::write(unpacked.join("manifest.json"), "[]").unwrap();
    let error = open(unpacked.to_str().unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("docker save"), "{error}");
}
