//! Saved images: what real tools write, and what our builder writes of every generation, read back.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::process::Command;

use futures::TryStreamExt as _;
use onionskin_core::digest::Digest;
use onionskin_core::source::registry::{Client, Options, http_client};
use onionskin_core::source::{Image, Locator, Source, SourceError};
use onionskin_fixtures::write::{Generation, docker_archive, oci_archive};
use onionskin_fixtures::{self as fixtures, Packed, bytes, layer};
use onionskin_tests::Registry;

fn app() -> Packed {
    let twice = || layer("COPY . /app").file("/app/run", bytes(400_000));
    fixtures::Image::new().layer(twice()).layer(twice()).pack()
}

fn source(locator: &str) -> Source {
    let client = Client::new(http_client().build().unwrap(), Options::default());
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
    assert_eq!((&image.digest, image.remarks.len()), (&None, 0));
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

#[tokio::test]
async fn an_oci_archive_says_that_it_comes_later() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("oci.tar");
    std::fs::write(&file, oci_archive(&[("app:1", &app())])).unwrap();
    let error = open(file.to_str().unwrap()).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("OCI archive, which is not yet supported"),
        "{error}"
    );
}
