//! Saved images: what real tools write, and what our builder writes of every generation, read back.

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
        assert!(error.contains("it holds app:2"), "{error}");
    }
}

#[tokio::test]
async fn an_archive_may_be_compressed_as_a_whole_and_come_from_a_stream() {
    let packed = app();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.tar.gz");
    for archive in [
        docker_archive(Generation::Skopeo, &[("app:1", &packed)]),
        oci_archive(&[("app:1", &packed)]),
    ] {
        let compressed = fixtures::gzip(&archive);
        std::fs::write(&file, &compressed).unwrap();
        let saved = source(file.to_str().unwrap());
        let mut told = 0;
        let streamed = Source::input(compressed.as_slice(), None, |size| told = size).unwrap();
        assert_eq!(told, archive.len() as u64);
        let plain = Source::input(archive.as_slice(), None, |_| {}).unwrap();
        for source in [saved, streamed, plain] {
            let image = source.image(None).await.unwrap();
            assert_eq!(image.config_digest.to_string(), packed.config.digest);
            let stream = source.layer(&image.layers[1]).await.unwrap();
            let chunks: Vec<_> = stream.try_collect().await.unwrap();
            let content = chunks.concat();
            assert!(content == packed.tars[1] || content == packed.layers[1].bytes);
        }
        let cut = compressed.get(..compressed.len() / 2).unwrap();
        let error = Source::input(cut, None, |_| {}).unwrap_err().to_string();
        assert!(
            error.contains("standard input: its compressed data ends"),
            "{error}"
        );
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
    let sizes: usize = pulled.layers.iter().map(|layer| layer.bytes.len()).sum();
    assert_eq!(image.compressed_size(), Some(sizes as u64));

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

/// What a compressor makes of bytes.
fn compressed(program: &str, bytes: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plain");
    std::fs::write(&file, bytes).unwrap();
    let output = Command::new(program).arg("--stdout").arg(file).output();
    output.expect("the compressor is installed").stdout
}

#[tokio::test]
async fn an_archive_in_zstd_is_read_and_others_are_named() {
    let packed = app();
    let archive = oci_archive(&[("app:1", &packed)]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.tar.zst");
    std::fs::write(&file, compressed("zstd", &archive)).unwrap();
    let image = open(file.to_str().unwrap()).await.unwrap();
    assert_eq!(image.digest.unwrap().to_string(), packed.manifest.digest);
    for (magic, name) in [(&b"\xfd7zXZ\0"[..], "xz"), (b"BZh91AY", "bzip2")] {
        let bytes = [magic, &archive].concat();
        let error = match Source::input(bytes.as_slice(), None, |_| {}) {
            Ok(source) => source.image(None).await.map(drop),
            Err(error) => Err(error),
        };
        let error = error.unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}
