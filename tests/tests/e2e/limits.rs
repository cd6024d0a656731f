//! Images that are made to take all memory: they are refused with code 2, and the process is never killed or aborted.

use std::path::Path;
use std::process::{Command, Output};

use onionskin_fixtures::write::{Generation, docker_archive};
use onionskin_fixtures::{Image, Layer, bytes, layer};
use onionskin_tests::binary::onionskin;
use tempfile::TempDir;

/// A saved image of these layers.
fn saved(layers: impl IntoIterator<Item = Layer>) -> (TempDir, String) {
    let image = layers.into_iter().fold(Image::new(), Image::layer).pack();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("app.tar");
    std::fs::write(
        &file,
        docker_archive(Generation::Blobs, &[("app:1", &image)]),
    )
    .unwrap();
    let path = file.display().to_string();
    (folder, path)
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
fn a_blob_that_is_listed_again_and_again_is_refused_before_it_takes_memory() {
    let one = layer("x").file("/usr/share/doc/file", "").trailer("").tar();
    let files = layer("x").raw(one.repeat(60_000));
    let (_folder, image) = saved(vec![files; 4]);
    refused(&within(256 << 20, &["inspect", &image]));
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
