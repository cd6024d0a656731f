//! Images that are made to take all memory: they are refused with code 2, and the process is never killed or aborted.

use std::path::Path;
use std::process::{Command, Output};

use onionskin_core::manifest::media_type::OCI_MANIFEST;
use onionskin_fixtures::{Image, Layer, bytes, gzip, layer};
use onionskin_tests::archive;
use onionskin_tests::binary::onionskin;
use onionskin_tests::odd::{self, Odd, ok, sound};
use tempfile::TempDir;

/// A saved image of these layers.
fn saved(layers: impl IntoIterator<Item = Layer>) -> (TempDir, String) {
    let image = layers.into_iter().fold(Image::new(), Image::layer).pack();
    archive(&image)
}

/// Runs the command with so many bytes of address space.
fn within(bytes: u64, arguments: &[&str]) -> Output {
    let program: &Path = onionskin();
    Command::new("sh")
        .args(["-c", "ulimit -v \"$0\" && exec \"$@\""])
        .arg((bytes / 1024).to_string())
        .arg(program)
        .args(arguments)
        .output()
        .unwrap()
}

fn refused(output: &Output) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    // The image is named, and then the layer.
    let tells = errors.starts_with("onionskin: ") && errors.contains("app.tar: layer ");
    assert!(tells, "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
}

/// Two thousand folders to a path: a layer of 64 kB implies hundreds of thousands.
fn deep(top: &str) -> Layer {
    (0..300).fold(layer("x"), |layer, path| {
        layer.file(format!("/{top}{path:03}/{}f", "a/".repeat(2_030)), "")
    })
}

#[test]
fn layers_of_deep_paths_are_refused_before_they_take_memory() {
    let (_one, one) = saved([deep("a")]);
    let (_two, two) = saved([deep("a"), deep("b")]);
    for image in [&one, &two] {
        for command in ["ls", "inspect", "audit"] {
            refused(&within(1 << 30, &[command, image]));
        }
        let unlimited = Command::new(onionskin()).args(["ls", image]).output();
        refused(&unlimited.unwrap());
    }
}

#[test]
fn more_files_than_fit_into_the_memory_that_is_allowed_are_refused() {
    // One header of 512 bytes, over and over.
    let one = layer("x").file("/usr/share/doc/file", "").trailer("").tar();
    let (_folder, image) = saved([layer("x").raw(one.repeat(130_000))]);
    refused(&within(256 << 20, &["ls", "--format", "json", &image]));
}

#[test]
fn ten_million_entries_are_refused_within_a_gibibyte() {
    let one = layer("x").file("/usr/share/doc/file", "").trailer("").tar();
    // A hundred members of gzip, which are read as one stream: 5 GB of headers in a few kB.
    let blob = gzip(&one.repeat(100_000)).repeat(100);
    let (_folder, image) = saved([layer("x").stored(blob)]);
    for command in ["ls", "audit"] {
        refused(&within(1 << 30, &[command, &image]));
    }
}

/// A byte that is not UTF-8 is four in a list, and five in its JSON.
#[test]
fn names_and_attributes_that_grow_where_they_are_listed_are_refused() {
    let members = |files: &dyn Fn(usize) -> Layer, count| {
        let members = (0..count).flat_map(|n| gzip(&files(n).trailer("").tar()));
        let blob: Vec<u8> = members.collect();
        saved([layer("x").stored(blob)])
    };
    let value = vec![0xff; 1_000_000];
    let of_attributes = |n: usize| layer("x").file(format!("/{n}"), "").xattr("user.x", &value);
    let (_attributes, attributes) = members(&of_attributes, 130);
    let folder = [0xff; 4_000];
    let of_names = |n: usize| {
        (n * 1_000..(n + 1) * 1_000).fold(layer("x"), |layer, n| {
            layer.file([b"/", &folder[..], format!("/{n}").as_bytes()].concat(), "")
        })
    };
    let (_names, names) = members(&of_names, 20);
    for image in [&attributes, &names] {
        for format in ["json", "text"] {
            refused(&within(1 << 30, &["ls", "--format", format, image]));
        }
    }
}

#[test]
fn a_blob_that_is_listed_again_and_again_is_refused_before_it_takes_memory() {
    let one = layer("x").file("/usr/share/doc/file", "").trailer("").tar();
    let files = layer("x").raw(one.repeat(60_000));
    let (_folder, image) = saved(vec![files; 4]);
    refused(&within(256 << 20, &["inspect", &image]));
}

#[test]
fn images_that_are_held_at_once_share_the_memory_that_is_allowed() {
    let one = layer("x").file("/usr/share/doc/file", "").trailer("").tar();
    let (_old, old) = saved([layer("x").raw(one.repeat(80_000))]);
    let (_new, new) = saved([layer("x").raw(one.repeat(80_001))]);
    // One after the other they fit.
    let audited = within(256 << 20, &["audit", &old, &new]);
    let errors = String::from_utf8_lossy(&audited.stderr);
    assert_eq!(audited.status.code(), Some(0), "{errors}");
    let compared = within(256 << 20, &["diff", &old, &new]);
    let errors = String::from_utf8_lossy(&compared.stderr);
    assert_eq!(compared.status.code(), Some(2), "{errors}");
    assert!(errors.starts_with("onionskin: NEW: "), "{errors}");
    assert!(errors.contains("layer 1"), "{errors}");
}

/// GHSA-f36w-mj3v-6jqv: in a manifest, and in a tar.
#[tokio::test(flavor = "multi_thread")]
async fn sizes_that_are_only_claimed_take_no_memory() {
    // A file of 8 GiB less a byte, of which nothing follows.
    let mut header = layer("x").file("/big", "").trailer("").tar();
    header.truncate(512);
    header[124..136].copy_from_slice(b"77777777777\0");
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let (_folder, image) = saved([layer("x").raw(header)]);
    let cut = within(256 << 20, &["ls", &image]);
    refused(&cut);
    for (config, of_layer) in [
        (1_u64 << 50, 1_u64 << 60),
        (u64::MAX, u64::MAX),
        (37, 1 << 50),
    ] {
        let manifest = odd::manifest()
            .replace(r#""size":37"#, &format!(r#""size":{config}"#))
            .replace(r#""size":7"#, &format!(r#""size":{of_layer}"#));
        let odd = Odd::new(move |target, _| match target.contains("/manifests/") {
            true => ok(OCI_MANIFEST, manifest.clone()),
            false => sound(target),
        })
        .await;
        let image = format!("{}/app:1", odd.address);
        let output =
            tokio::task::spawn_blocking(move || within(512 << 20, &["ls", "--no-cache", &image]));
        let output = output.await.unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.starts_with("onionskin: "), "{errors}");
    }
}

#[test]
fn an_ordinary_image_is_read_with_little_memory() {
    let files = |folder: &str| {
        (0..2_000).fold(layer("x"), |layer, n| {
            layer.file(format!("/usr/lib/{folder}/{n}"), bytes(10))
        })
    };
    let (_folder, image) = saved([files("one"), files("two")]);
    let output = within(1 << 30, &["ls", &image, "/usr/lib/two"]);
    assert!(output.status.success());
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).lines().count(),
        2_000
    );
}
