//! Files of a layer that was read before, fetched without the rest of it: how many bytes of it are asked for, and what
//! happens where others come.

use std::path::{Path, PathBuf};
use std::process::Output;

use onionskin_fixtures::{Image, Layer, Packed, gzip, layer, seeded, zstd};
use onionskin_tests::binary::onionskin;
use onionskin_tests::counting::{Counting, Parts};
use tempfile::TempDir;
use tokio::process::Command;

/// Files of a layer.
const FILES: usize = 12;

/// Letters that a compressor halves.
fn letters(seed: u64, length: usize) -> Vec<u8> {
    let bytes = seeded(seed, length / 2);
    let letters = bytes
        .iter()
        .flat_map(|byte| [b'a' + (byte >> 4), b'a' + (byte & 15)]);
    letters.collect()
}

fn content(at: usize) -> Vec<u8> {
    letters(at as u64, 4_500_000)
}

fn app() -> Layer {
    let files = (0..FILES).map(|at| (format!("/app/{at:02}"), content(at)));
    let layer = files.fold(layer("COPY app"), |layer, (path, content)| {
        layer.file(path, content)
    });
    layer.file("/etc/last", "the last\n")
}

/// Forms of which parts can be read.
const FORMS: [&str; 3] = ["gzip", "zstd", "plain"];

/// The same layer, of some 30 MB as gzip has it, in one of the [`FORMS`], as an image of one layer.
fn image(form: &str) -> Packed {
    let layer = match form {
        "gzip" => app().stored(gzip(&app().tar())),
        "zstd" => {
            let frames: Vec<u8> = app().tar().chunks(3 << 20).flat_map(zstd).collect();
            let media_type = "application/vnd.oci.image.layer.v1.tar+zstd";
            app().stored(frames).media_type(media_type)
        }
        _ => app().plain(),
    };
    Image::new().layer(layer).pack()
}

async fn run(cache: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(onionskin());
    command
        .env_remove("ONIONSKIN_NO_CACHE")
        .env("ONIONSKIN_CACHE", cache)
        .args(arguments);
    command.output().await.unwrap()
}

async fn printed(cache: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = run(cache, arguments).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        (output.status.code(), &*errors),
        (Some(0), ""),
        "{arguments:?}"
    );
    output.stdout
}

struct Ground {
    folder: TempDir,
    registry: Counting,
    /// Bytes of the layer.
    whole: u64,
}

impl Ground {
    /// A registry with an image that was inspected.
    async fn new(image: &Packed) -> Self {
        let ground = Self {
            folder: TempDir::new().unwrap(),
            registry: Counting::new(image).await,
            whole: image.layers[0].bytes.len() as u64,
        };
        printed(&ground.cache(), &["inspect", &ground.reference()]).await;
        assert_eq!(ground.registry.take(), ground.whole);
        ground
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    fn reference(&self) -> String {
        format!("{}/app:1", self.registry.address)
    }
}

#[tokio::test]
async fn a_file_costs_a_span_and_itself() {
    for how in FORMS {
        let ground = Ground::new(&image(how)).await;
        let (cache, reference) = (ground.cache(), ground.reference());
        let checkpoints = std::fs::read_dir(cache.join("checkpoints")).unwrap();
        let kept: u64 = checkpoints
            .map(|file| file.unwrap().metadata().unwrap().len())
            .sum();
        assert!(
            kept * 200 <= ground.whole * 3,
            "{how}: {kept} bytes of {}",
            ground.whole
        );
        for at in [FILES - 2, FILES - 1] {
            let path = format!("/app/{at:02}");
            let out = printed(&cache, &["cat", &reference, &path]).await;
            assert!(out == content(at), "{how}: {path}");
            let sent = ground.registry.take();
            assert!(
                sent < ground.whole / 3,
                "{how}: {sent} of {} bytes",
                ground.whole
            );
        }
        let out = printed(&cache, &["cat", &reference, "/etc/last"]).await;
        assert_eq!(out, b"the last\n");
        assert!(ground.registry.take() < ground.whole / 4, "{how}");
        // A folder of files that stand beside each other.
        let to = ground.folder.path().join("out");
        let to = to.to_str().unwrap();
        printed(&cache, &["extract", &reference, "/etc", "-o", to]).await;
        assert!(ground.registry.take() < ground.whole / 4, "{how}");
        let written = std::fs::read(Path::new(to).join("etc/last")).unwrap();
        assert_eq!(written, b"the last\n");
        // Without a cache nothing is known of the layer.
        let out = printed(&cache, &["cat", &reference, "/etc/last", "--no-cache"]).await;
        assert_eq!(out, b"the last\n");
        assert_eq!(ground.registry.take(), 2 * ground.whole, "{how}");
    }
}

#[tokio::test]
async fn other_bytes_than_those_that_were_read_print_nothing() {
    for how in FORMS {
        let ground = Ground::new(&image(how)).await;
        let reference = ground.reference();
        ground.registry.sends(Parts::Changed);
        let to = ground.folder.path().join("out");
        let to = to.to_str().unwrap();
        for arguments in [
            &["cat", &reference, "/app/11"][..],
            &["cat", &reference, "/app/11", "-o", to],
            &["extract", &reference, "/app/11", "-o", to],
        ] {
            let output = run(&ground.cache(), arguments).await;
            let errors = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{how}: {errors}");
            assert!(output.stdout.is_empty(), "{how}: {arguments:?}");
            assert!(errors.contains("changed"), "{how}: {errors}");
            assert!(!Path::new(to).exists(), "{how}: {arguments:?}");
        }
    }
}

#[tokio::test]
async fn without_parts_the_whole_is_read() {
    let ground = Ground::new(&image("gzip")).await;
    let (cache, reference) = (ground.cache(), ground.reference());
    // A registry that knows no ranges.
    ground.registry.sends(Parts::None);
    let out = printed(&cache, &["cat", &reference, "/etc/last"]).await;
    assert_eq!(out, b"the last\n");
    ground.registry.sends(Parts::Right);
    ground.registry.take();
    // Checkpoints that are damaged, of something else, or gone.
    let files: Vec<_> = std::fs::read_dir(cache.join("checkpoints"))
        .unwrap()
        .collect();
    let [Ok(file)] = &files[..] else {
        panic!("{files:?}");
    };
    let kept = std::fs::read(file.path()).unwrap();
    for at in [0, 28, kept.len() / 2] {
        let mut damaged = kept.clone();
        damaged[at] ^= 1;
        std::fs::write(file.path(), &damaged).unwrap();
        let out = printed(&cache, &["cat", &reference, "/etc/last"]).await;
        assert_eq!(out, b"the last\n");
        assert_eq!(ground.registry.take(), ground.whole);
    }
    std::fs::remove_file(file.path()).unwrap();
    let out = printed(&cache, &["cat", &reference, "/etc/last"]).await;
    assert_eq!(
        (out, ground.registry.take()),
        (b"the last\n".to_vec(), ground.whole)
    );
}

#[tokio::test]
async fn a_layer_that_gzip_wrote_is_read_in_parts() {
    let folder = TempDir::new().unwrap();
    let tar = folder.path().join("layer.tar");
    std::fs::write(&tar, app().tar()).unwrap();
    let mut packing = Command::new("gzip");
    packing.args(["-1", "-c"]).arg(&tar);
    let packed = packing.output().await.unwrap().stdout;
    let image = Image::new().layer(app().stored(packed)).pack();
    let ground = Ground::new(&image).await;
    let out = printed(&ground.cache(), &["cat", &ground.reference(), "/etc/last"]).await;
    assert_eq!(out, b"the last\n");
    let sent = ground.registry.take();
    assert!(sent < ground.whole / 3, "{sent} of {}", ground.whole);
}
