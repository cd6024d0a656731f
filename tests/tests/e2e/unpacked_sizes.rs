//! Decompression bombs: what unpacks to far more than real images do ends with an error, and real images do not.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use onionskin_fixtures::write::oci_archive;
use onionskin_fixtures::{Image, Layer, Packed, gzip, layer, zstd};
use onionskin_tests::binary::onionskin;
use onionskin_tests::command::{json, stopped};
use tempfile::TempDir;

/// Two layers of zeros.
fn image() -> Packed {
    Image::new()
        .layer(layer("RUN fallocate /a").file("/a", vec![0; 6_000_000]))
        .layer(layer("RUN fallocate /b").file("/b", vec![0; 5_000_000]))
        .pack()
}

fn saved(folder: &TempDir, image: &Packed) -> String {
    let file = folder.path().join("image.tar");
    fs::write(&file, oci_archive(&[("app:1", image)])).unwrap();
    file.to_str().unwrap().to_owned()
}

/// A zstd frame of so many GiB of zeros, in blocks of one repeated byte (RFC 8878, 3.1.1.2.2), after these bytes.
fn bomb(first: &[u8], gib: u64) -> Vec<u8> {
    let mut blob = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58];
    let mut block = |kind: u32, size: usize, content: &[u8], last: bool| {
        let header = u32::from(last) | kind << 1 | (size as u32) << 3;
        blob.extend(&header.to_le_bytes()[..3]);
        blob.extend(content);
    };
    block(0, first.len(), first, false);
    let blocks = gib * (1 << 13);
    for at in 1..=blocks {
        block(1, 1 << 17, &[0], at == blocks);
    }
    blob
}

/// The header of a file of so many bytes.
fn header(size: u64) -> Vec<u8> {
    let tar = Layer::new().file("/zeros", "").claimed_size(size).tar();
    tar[..512].to_vec()
}

#[tokio::test]
async fn a_megabyte_of_zstd_is_not_unpacked_to_the_end() {
    let folder = TempDir::new().unwrap();
    let size = 34 << 30;
    let bomb = Image::new()
        .layer(
            Layer::new()
                .stored(bomb(&header(size), 34))
                .media_type("application/vnd.oci.image.layer.v1.tar+zstd"),
        )
        .pack();
    assert!(bomb.layers[0].bytes.len() < 1_200_000);
    let error = stopped(&[
        "inspect",
        &saved(&folder, &bomb),
        "--unpacked-limit",
        "1GiB",
    ])
    .await;
    assert!(
        error.contains("layer 1") && error.contains("1073741824 bytes"),
        "{error}"
    );
    assert!(error.contains("--unpacked-limit"), "{error}");
}

#[tokio::test]
async fn the_limit_is_for_all_layers_together_and_can_be_set() {
    let folder = TempDir::new().unwrap();
    let file = saved(&folder, &image());
    let report = json(&["inspect", &file]).await;
    assert_eq!(report["bytes"]["stored"], 11_000_000);
    let error = stopped(&["inspect", &file, "--unpacked-limit", "8MB"]).await;
    assert!(error.contains("unpack to more than 8.0 MB"), "{error}");
    json(&["inspect", &file, "--unpacked-limit", "12MB"]).await;
    let limited = Command::new(onionskin())
        .args(["ls", &file])
        .env("ONIONSKIN_UNPACKED_LIMIT", "8MB")
        .output()
        .unwrap();
    assert_eq!(limited.status.code(), Some(2));
    // Listed again it is not unpacked again.
    let zeros = layer("RUN fallocate /a").file("/a", vec![0; 6_000_000]);
    let again = Image::new().layer(zeros.clone()).layer(zeros).pack();
    json(&[
        "inspect",
        &saved(&folder, &again),
        "--unpacked-limit",
        "8MB",
    ])
    .await;
}

#[tokio::test]
async fn a_compressed_archive_that_fills_the_disk_is_refused() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("bomb.tar.zst");
    fs::write(&file, bomb(&header(3 << 30), 3)).unwrap();
    assert!(fs::metadata(&file).unwrap().len() < 200_000);
    let file = file.to_str().unwrap();
    let error = stopped(&["inspect", file]).await;
    assert!(
        error.contains("bomb.tar.zst") && error.contains("decompression bomb"),
        "{error}"
    );
    let error = stopped(&["inspect", file, "--temporary-limit", "10MB"]).await;
    assert!(
        error.contains("10.0 MB") && error.contains("--temporary-limit"),
        "{error}"
    );
}

#[tokio::test]
async fn archives_compressed_as_a_whole_and_on_standard_input_keep_working() {
    let folder = TempDir::new().unwrap();
    let whole = oci_archive(&[("app:1", &image())]);
    for (name, bytes) in [("a.tar.gz", gzip(&whole)), ("a.tar.zst", zstd(&whole))] {
        let file = folder.path().join(name);
        fs::write(&file, bytes).unwrap();
        let report = json(&["inspect", file.to_str().unwrap()]).await;
        assert_eq!(report["bytes"]["stored"], 11_000_000, "{name}");
    }
    for (limit, code) in [("100MB", 0), ("1kB", 2)] {
        let mut command = Command::new(onionskin())
            .args(["ls", "-", "--temporary-limit", limit])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Who is refused does not read to the end.
        let _ = command.stdin.take().unwrap().write_all(&whole);
        let output = command.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{limit}: {errors}");
    }
}
