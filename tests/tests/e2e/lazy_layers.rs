//! Layers with a table of contents: how little of them is fetched to list them or to print a file, and what is said where
//! their tables lie or cannot be had.

use std::path::{Path, PathBuf};
use std::process::Output;

use onionskin_fixtures::{
    Blob, Image, Layer, Packed, estargz, estargz_with, layer, seeded, soci, soci_with, text,
    zstd_chunked, zstd_chunked_with,
};
use onionskin_tests::Registry;
use onionskin_tests::binary::onionskin;
use onionskin_tests::counting::{Counting, Parts};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

/// Files of the layer.
const FILES: u64 = 30;
/// Bytes of each, which do not compress.
const SIZE: usize = 400_000;

const NOTE: &str =
    "onionskin: layer 1 is listed from the table of contents; --verify reads the layers\n";

fn app() -> Layer {
    let files = (0..FILES).fold(layer("COPY app").dir("/app"), |layer, at| {
        layer.file(format!("/app/{at:02}"), seeded(at, SIZE))
    });
    files
        .file("/etc/conf", "the configuration\n")
        .mode(0o600)
        .xattr("user.a", "b")
        .symlink("/conf", "etc/conf")
        .file("/empty", "")
}

fn images() -> [(&'static str, Packed); 2] {
    let of = |layer| Image::new().layer(layer).pack();
    [
        ("eStargz", of(estargz(app()))),
        ("zstd:chunked", of(zstd_chunked(app()))),
    ]
}

/// A registry with one image, and an empty cache.
struct Served {
    folder: TempDir,
    registry: Counting,
    whole: u64,
}

impl Served {
    async fn new(image: &Packed) -> Self {
        Self::beside(image, Vec::new()).await
    }

    async fn beside(image: &Packed, beside: Vec<Blob>) -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            registry: Counting::beside(image, beside).await,
            whole: image.layers[0].bytes.len() as u64,
        }
    }

    fn reference(&self) -> String {
        format!("{}/app:1", self.registry.address)
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    async fn run(&self, command: &str, arguments: &[&str]) -> (Output, String) {
        run(&self.cache(), command, &self.reference(), arguments).await
    }

    /// What is printed and said, and how many bytes of the layer were sent for it.
    async fn printed(&self, command: &str, arguments: &[&str]) -> (Vec<u8>, String, u64) {
        let (output, errors) = self.run(command, arguments).await;
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {errors}");
        (output.stdout, errors, self.registry.take())
    }
}

async fn run(cache: &Path, command: &str, image: &str, arguments: &[&str]) -> (Output, String) {
    let output = Command::new(onionskin())
        .env_remove("ONIONSKIN_NO_CACHE")
        .env("ONIONSKIN_CACHE", cache)
        .args([command, image])
        .args(arguments)
        .output();
    let output = output.await.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (output, errors)
}

#[tokio::test]
async fn a_list_costs_the_table_and_a_file_its_part() {
    for (form, image) in images() {
        let served = Served::new(&image).await;
        let whole = served.whole;
        let (listed, errors, sent) = served.printed("ls", &["/", "--json"]).await;
        assert_eq!(errors, NOTE, "{form}");
        assert!(sent * 100 < whole, "{form}: {sent} of {whole}");

        let (out, errors, sent) = served.printed("cat", &["/conf"]).await;
        assert_eq!((&*out, &*errors), (&b"the configuration\n"[..], ""));
        assert!(sent * 100 < whole, "{form}: {sent} of {whole}");
        let (out, errors, sent) = served.printed("cat", &["/app/17"]).await;
        assert!(out == seeded(17, SIZE) && errors.is_empty(), "{form}");
        let most = SIZE as u64 + whole / 100;
        assert!(sent < most, "{form}: {sent} of {whole}");
        assert_eq!(served.printed("cat", &["/empty"]).await.0, b"");

        let to = served.folder.path().join("out");
        let (_, errors, sent) = served
            .printed("extract", &["/etc", "-o", to.to_str().unwrap()])
            .await;
        assert_eq!(errors, NOTE, "{form}");
        assert!(sent * 100 < whole, "{form}: {sent} of {whole}");
        let written = std::fs::read(to.join("etc/conf")).unwrap();
        assert_eq!(written, b"the configuration\n");

        // What a table lists is never kept as if the layer had been read.
        let kept = std::fs::read_dir(served.cache().join("layers"));
        assert_eq!(kept.map_or(0, Iterator::count), 0, "{form}");

        // Whether a file was copied is known from its bytes.
        let (_, errors, sent) = served
            .printed("ls", &["--find", "conf", "--no-cache"])
            .await;
        assert_eq!((&*errors, sent), ("", whole), "{form}");
        let (verified, errors, sent) = served.printed("ls", &["/", "--json", "--verify"]).await;
        assert_eq!(errors, "", "{form}");
        assert!(sent >= whole && sent * 100 < whole * 101, "{form}: {sent}");
        assert!(listed == verified, "{form}");

        // Now the layer has been read.
        let (again, errors, sent) = served.printed("ls", &["/", "--json"]).await;
        assert!(again == verified && errors.is_empty(), "{form}");
        assert_eq!(sent, 0, "{form}");
    }
}

#[tokio::test]
async fn audits_read_all_and_warn_of_tables_that_lie() {
    for (form, image) in images() {
        let served = Served::new(&image).await;
        let (_, errors, sent) = served.printed("audit", &["--no-cache"]).await;
        assert_eq!(errors, "", "{form}");
        // And the table.
        assert!(
            sent > served.whole && sent * 100 < served.whole * 101,
            "{form}: {sent}"
        );
    }
    let lie = |rows: &mut Vec<Value>| rows.retain(|row| row["name"] != "conf");
    let lying = Image::new().layer(estargz_with(app(), lie)).pack();
    let served = Served::new(&lying).await;
    let (_, errors, _) = served.printed("audit", &[]).await;
    let warning = "warning: layer 1 and its table of contents differ, so runtimes that use the table see other files: \
         /conf is in the layer only";
    assert!(errors.contains(warning), "{errors}");
}

#[tokio::test]
async fn without_parts_or_with_other_bytes_the_whole_is_read() {
    for (form, image) in images() {
        let served = Served::new(&image).await;
        served.registry.sends(Parts::None);
        let (out, errors, _) = served.printed("cat", &["/etc/conf", "--no-cache"]).await;
        assert_eq!((&*out, &*errors), (&b"the configuration\n"[..], ""));
        let (_, errors, _) = served.printed("ls", &["--no-cache"]).await;
        assert_eq!(errors, "", "{form}");
        // A table that was changed on its way is not used.
        served.registry.sends(Parts::Changed);
        let (out, errors, _) = served
            .printed("ls", &["/etc", "--json", "--no-cache"])
            .await;
        assert!(errors.contains("cannot be used"), "{form}: {errors}");
        let lines: Vec<Value> = serde_json::from_slice(&out).unwrap();
        assert_eq!(lines.len(), 1, "{form}");
    }
}

#[tokio::test]
async fn what_a_table_says_of_a_file_is_proved_or_not_printed() {
    let lie = |rows: &mut Vec<Value>| {
        let row = rows.iter_mut().find(|row| row["name"] == "etc/conf");
        row.unwrap()["digest"] = onionskin_fixtures::sha256(b"another").into();
    };
    for layer in [estargz_with(app(), lie), zstd_chunked_with(app(), lie)] {
        let served = Served::new(&Image::new().layer(layer).pack()).await;
        let to = served.folder.path().join("out");
        let to = to.to_str().unwrap();
        for (command, arguments) in [
            ("cat", &["/etc/conf"][..]),
            ("cat", &["/etc/conf", "-o", to]),
            ("extract", &["/etc", "-o", to]),
        ] {
            let (output, errors) = served.run(command, arguments).await;
            assert_eq!(output.status.code(), Some(2), "{errors}");
            assert!(output.stdout.is_empty() && !Path::new(to).exists());
            assert!(errors.contains("table of contents names"), "{errors}");
        }
    }
}

#[tokio::test]
async fn verifying_says_where_a_table_lies() {
    let lie = |rows: &mut Vec<Value>| {
        let row = rows.iter_mut().find(|row| row["name"] == "etc/conf");
        row.unwrap()["mode"] = 0o644.into();
        rows.retain(|row| row["name"] != "conf");
    };
    for layer in [estargz_with(app(), lie), zstd_chunked_with(app(), lie)] {
        let served = Served::new(&Image::new().layer(layer).pack()).await;
        let (out, errors, _) = served.printed("ls", &["/etc"]).await;
        let out = String::from_utf8(out).unwrap();
        assert!(
            out.starts_with("-rw-r--r--") && errors == NOTE,
            "{out}{errors}"
        );
        let (output, errors) = served.run("ls", &["/etc", "--verify"]).await;
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(output.stdout.is_empty());
        for told in [
            "layer 1 and its table of contents differ",
            "/conf is in the layer only",
            "/etc/conf has another mode",
        ] {
            assert!(errors.contains(told), "{errors}");
        }
    }
}

/// skopeo writes zstd:chunked, and Debian's registry sends parts.
#[tokio::test]
async fn tables_that_skopeo_writes_are_used() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let layer = layer("COPY app")
        .dir("/app")
        .owner(1000, 1000)
        .file("/app/large", seeded(1, 3_000_000))
        .file("/app/text", text(100_000))
        .mode(0o4755)
        .xattr("user.a", b"\xff\0")
        .file("/app/zeros", vec![0; 70_000])
        .symlink("/text", "app/text")
        .hardlink("/hard", "/app/text")
        .file("/empty", "")
        .whiteout("/gone");
    let image = Image::new().docker().layer(layer.plain()).pack();
    let saved = onionskin_fixtures::write::docker_archive(
        onionskin_fixtures::write::Generation::Skopeo,
        &[("app:1", &image)],
    );
    std::fs::write(path("app.tar"), saved).unwrap();
    let mut skopeo = Command::new("skopeo");
    skopeo.args(["copy", "--quiet", "--dest-compress-format", "zstd:chunked"]);
    skopeo.arg(format!("docker-archive:{}", path("app.tar")));
    let packed = skopeo.arg(format!("oci:{}:a", path("oci"))).output();
    let packed = packed.await.unwrap();
    assert!(packed.status.success(), "{packed:?}");
    let registry = Registry::start();
    let reference = registry.push_layout(Path::new(&path("oci")), "a", "team/app:1");
    let cache = folder.path().join("cache");
    let printed = async |command: &str, arguments: &[&str]| {
        let (output, errors) = run(&cache, command, &reference, arguments).await;
        assert_eq!(output.status.code(), Some(0), "{errors}");
        (output.stdout, errors)
    };
    let (listed, errors) = printed("ls", &["/", "--json"]).await;
    assert_eq!(errors, NOTE);
    for (file, content) in [
        ("/app/large", seeded(1, 3_000_000)),
        ("/hard", text(100_000)),
        ("/app/zeros", vec![0; 70_000]),
    ] {
        let (out, errors) = printed("cat", &[file]).await;
        assert!(out == content && errors.is_empty(), "{file}: {errors}");
    }
    // Answers with more bytes than a table has.
    let whole = |requests: Vec<String>| {
        let answers = requests.iter().filter_map(|line| {
            let (_, bytes) = line.split_once("\" 200 ")?;
            bytes.split(' ').next()?.parse::<u64>().ok()
        });
        answers.filter(|bytes| *bytes > 1_000_000).count()
    };
    assert_eq!(whole(registry.requests()), 0);
    let (verified, errors) = printed("ls", &["/", "--json", "--verify"]).await;
    assert!(listed == verified && errors.is_empty(), "{errors}");
    assert_eq!(whole(registry.requests()), 1);
}

#[tokio::test]
async fn an_image_with_a_soci_index_is_listed_by_its_tables() {
    let (image, beside) = soci(Image::new().layer(app()));
    let served = Served::beside(&image, beside.clone()).await;
    let whole = served.whole;
    let asked = || -> usize {
        let beside = beside.iter();
        beside.map(|blob| served.registry.requests_for(blob)).sum()
    };
    // Commands that read all layers ask for no tables.
    for command in ["inspect", "packages"] {
        let (_, _, sent) = served.printed(command, &["--no-cache"]).await;
        assert_eq!((sent, asked()), (whole, 0), "{command}");
    }
    let (listed, errors, sent) = served.printed("ls", &["/", "--json"]).await;
    assert_eq!((&*errors, sent), (NOTE, 0));
    assert!(asked() > 0);
    let (verified, errors, sent) = served
        .printed("ls", &["/", "--json", "--verify", "--no-cache"])
        .await;
    assert_eq!((&*errors, sent), ("", whole));
    assert!(listed == verified);
    // It does not tell where contents are.
    let (out, errors, sent) = served.printed("cat", &["/conf"]).await;
    assert!(
        out == b"the configuration\n" && sent >= whole,
        "{sent}: {errors}"
    );

    // Without what the image names, or with something else, the layer is read.
    let (image, mut beside) = soci(Image::new().layer(app()));
    if let Some(table) = beside.last_mut() {
        table.bytes.reverse();
    }
    for beside in [beside, Vec::new()] {
        let served = Served::beside(&image, beside).await;
        let (again, _, sent) = served.printed("ls", &["/", "--json"]).await;
        assert!(again == verified && sent == whole);
    }
    // A table that lies is found.
    let lie = |bytes: &mut Vec<u8>| {
        let name = bytes.windows(8).rposition(|part| part == b"etc/conf");
        bytes[name.unwrap() + 4..][..4].copy_from_slice(b"cunf");
    };
    let (image, beside) = soci_with(Image::new().layer(app()), lie);
    let served = Served::beside(&image, beside).await;
    let (output, errors) = served.run("ls", &["--verify"]).await;
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(
        errors.contains("/etc/conf is in the layer only"),
        "{errors}"
    );
}
