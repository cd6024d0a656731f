//! The cache on disk: the second run says the same without fetching, and nothing in the cache changes an answer.

mod folder;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use axum::Router;
use axum::extract::Request;
use onionskin_fixtures::write::{Generation, docker_archive, oci_archive};
use onionskin_fixtures::{Image, Packed, bytes, corpus, demo, layer, seeded};
use onionskin_tests::binary::onionskin;
use onionskin_tests::odd::{Odd, holding, holding_tags, status};
use onionskin_tests::proxy::{self, Proxy};
use onionskin_tests::tls::Tls;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

/// What of a run has to be the same.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    code: Option<i32>,
    out: String,
    errors: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            errors: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A cache of its own, which is empty at first.
struct Ground(TempDir);

impl Ground {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn root(&self) -> PathBuf {
        self.0.path().join("cache")
    }

    fn in_cache(&self, mut command: Command) -> Command {
        command
            .env_remove("ONIONSKIN_NO_CACHE")
            .env("ONIONSKIN_CACHE", self.root());
        command
    }

    async fn run(&self, arguments: &[&str]) -> Said {
        let mut command = self.in_cache(Command::new(onionskin()));
        command.args(arguments).output().await.unwrap().into()
    }

    /// Runs the command, which has to end well and to say nothing beside its output.
    async fn printed(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments).await;
        assert_eq!(
            (said.code, said.errors.as_str()),
            (Some(0), ""),
            "{arguments:?}"
        );
        said.out
    }

    async fn report(&self, arguments: &[&str]) -> Value {
        let arguments = [&["cache", "--json"], arguments].concat();
        serde_json::from_str(&self.printed(&arguments).await).unwrap()
    }

    fn save(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let file = self.0.path().join(name);
        fs::write(&file, content).unwrap();
        file.to_str().unwrap().to_owned()
    }

    /// The files in one part of the cache, in the order of their names.
    fn files(&self, part: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.root().join(part)).into_iter().flatten();
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }
}

/// Commands and formats in which an index can show.
const COMMANDS: [&[&str]; 17] = [
    &["audit"],
    &["audit", "--format=json"],
    &["audit", "--format=ndjson"],
    &["audit", "--format=markdown"],
    &["audit", "--format=sarif"],
    &["audit", "--format=junit"],
    &["audit", "--format=html"],
    &["audit", "--format=dive-json"],
    &["inspect"],
    &["inspect", "--json"],
    &["ls"],
    &["ls", "--json"],
    &["ls", "--layer=1", "--json"],
    &["du", "--depth=9"],
    &["packages"],
    &["packages", "--json"],
    &["packages", "--format=csv"],
];

/// Every case of the corpus as one image, and a package.
fn all_cases() -> Packed {
    let package = layer("RUN apt-get install b")
        .file(
            "/var/lib/dpkg/status",
            "Package: b\nStatus: install ok installed\nVersion: 1.2\n",
        )
        .file("/var/lib/dpkg/info/b.list", "/opt/b\n")
        .file("/opt/b", "b");
    let layers = corpus::cases().into_iter().flat_map(|case| case.layers);
    layers
        .chain([package])
        .fold(Image::new(), Image::layer)
        .pack()
}

fn small(seed: u64) -> Packed {
    let content = seeded(seed, 100_000);
    Image::new()
        .layer(layer("COPY app /app").file("/app/a", content))
        .layer(
            layer("RUN rm /app/a")
                .whiteout("/app/a")
                .file("/app/b", "b"),
        )
        .pack()
}

/// Says in every way that the image is the same without a cache, with an empty one, and with all layers in it.
async fn same(ground: &Ground, image: &str) {
    for command in COMMANDS {
        let arguments = [command, &[image]].concat();
        let without = ground
            .run(&[&arguments[..], &["--no-cache"]].concat())
            .await;
        assert!(matches!(without.code, Some(0 | 1)), "{without:?}");
        ground.printed(&["cache", "--clear"]).await;
        assert_eq!(ground.run(&arguments).await, without, "cold: {arguments:?}");
        assert_ne!(ground.files("layers"), Vec::<PathBuf>::new());
        assert_eq!(ground.run(&arguments).await, without, "warm: {arguments:?}");
    }
}

#[tokio::test]
async fn the_corpus_is_the_same_from_a_registry() {
    let ground = Ground::new();
    let registry = Odd::new(holding(&all_cases())).await;
    same(&ground, &format!("{}/app:1", registry.address)).await;
}

#[tokio::test]
async fn the_demo_images_are_the_same_from_archives() {
    let ground = Ground::new();
    for repository in demo::images() {
        let folder = ground.0.path().join(repository.name.replace('/', "-"));
        for (tag, digest) in &repository.tags {
            let layout = folder.join(tag);
            fs::create_dir_all(layout.join("blobs/sha256")).unwrap();
            for blob in repository.manifests.iter().chain(&repository.blobs) {
                fs::write(layout.join("blobs/sha256").join(blob.hex()), &blob.bytes).unwrap();
            }
            let top = repository
                .manifests
                .iter()
                .find(|top| top.digest == *digest);
            let top = top.unwrap();
            let index = json!({"schemaVersion": 2, "manifests": [{
                "mediaType": top.media_type, "digest": digest, "size": top.bytes.len(),
            }]});
            fs::write(layout.join("index.json"), index.to_string()).unwrap();
            fs::write(
                layout.join("oci-layout"),
                r#"{"imageLayoutVersion":"1.0.0"}"#,
            )
            .unwrap();
            same(&ground, layout.to_str().unwrap()).await;
        }
    }
}

#[tokio::test]
async fn two_images_compare_the_same_and_files_are_printed_the_same() {
    let ground = Ground::new();
    let (old, new) = (small(1), small(2));
    let old = ground.save("old.tar", oci_archive(&[("app:1", &old)]));
    let new = ground.save(
        "new.tar",
        docker_archive(Generation::Folders, &[("app:2", &new)]),
    );
    for arguments in [
        &["diff", &old, &new][..],
        &["diff", &old, &new, "--json"],
        &["cat", &old, "/app/a", "--layer=1"],
        &["cat", &new, "/app/b"],
    ] {
        let arguments = |more| [arguments, more].concat();
        let mut command = Command::new(onionskin());
        let without = command.args(arguments(&["--no-cache"])).output().await;
        let without = without.unwrap();
        assert!(without.status.success());
        for _ in 0..2 {
            let mut command = ground.in_cache(Command::new(onionskin()));
            let output = command.args(arguments(&[])).output().await.unwrap();
            assert_eq!(output.stdout, without.stdout);
        }
    }
}

#[tokio::test]
async fn the_second_run_fetches_no_layer() {
    let ground = Ground::new();
    let image = small(1);
    let registry = Odd::new(holding(&image)).await;
    let reference = format!("{}/app:1", registry.address);
    let fetched = || {
        let layers = image.layers.iter();
        layers
            .map(|blob| registry.count(&blob.digest))
            .sum::<usize>()
    };
    ground.printed(&["audit", &reference]).await;
    assert_eq!(fetched(), 2);
    for command in ["audit", "inspect", "ls", "du"] {
        ground.printed(&[command, &reference]).await;
    }
    ground.printed(&["diff", &reference, &reference]).await;
    assert_eq!(fetched(), 2);
    // A file is in one layer, and that is all that is fetched.
    ground.printed(&["cat", &reference, "/app/b"]).await;
    assert_eq!(fetched(), 3);
    // The manifest is asked for each time: whoever may not see the image sees nothing of it.
    assert_eq!(registry.count("/manifests/"), 8);
    let said = ground.run(&["inspect", &reference, "--no-cache"]).await;
    assert_eq!((said.code, fetched()), (Some(0), 5));
}

#[tokio::test]
async fn a_comparison_with_a_known_image_fetches_only_the_new_layers() {
    let ground = Ground::new();
    let image = |own: u64| {
        let base = layer("RUN base").file("/base", seeded(9, 50_000));
        let own = layer("COPY app /app").file("/app/a", seeded(own, 50_000));
        Image::new().layer(base).layer(own).pack()
    };
    let (old, new) = (image(1), image(2));
    let registry = Odd::new(holding_tags(&[("1", &old), ("2", &new)])).await;
    // The base, the old image's own layer, and the new one's.
    let fetched = || {
        [&old.layers[0], &old.layers[1], &new.layers[1]].map(|blob| registry.count(&blob.digest))
    };
    assert_eq!(old.layers[0].digest, new.layers[0].digest);
    let reference = |tag: &str| format!("{}/app:{tag}", registry.address);
    let (before, after) = (reference("1"), reference("2"));
    ground.printed(&["inspect", &before]).await;
    assert_eq!(fetched(), [1, 1, 0]);
    for _ in 0..2 {
        let text = ground.printed(&["diff", &before, &after]).await;
        assert!(text.contains("/app/a"), "{text}");
        assert_eq!(fetched(), [1, 1, 1]);
    }
}

/// A registry behind TLS and a proxy, which is the only one of its name.
async fn behind_tls(image: &Packed, ground: &Ground) -> (Proxy, String) {
    let (image, other) = (image.clone(), image.manifest.digest.clone());
    let router = Router::new().fallback(move |request: Request| async move {
        let target = request.uri().path().to_owned();
        // One more repository, which lists the same image and has none of its blobs.
        if target.starts_with("/v2/other/") && !target.ends_with(&other) {
            return status(404, &[], "{}");
        }
        holding(&image)(&target, None)
    });
    let tls = Tls::serve(&["registry.test"], router).await;
    let proxy = Proxy::to(tls.address.clone()).await;
    let certificate = ground.save("ca.pem", &tls.certificate);
    (proxy, certificate)
}

#[tokio::test]
async fn an_image_named_by_its_digest_needs_no_network_the_second_time() {
    let ground = Ground::new();
    let image = small(1);
    let (proxy, certificate) = behind_tls(&image, &ground).await;
    let address = format!("http://{}", proxy.address);
    let run = async |reference: &str| -> Said {
        let mut command = ground.in_cache(proxy::command(&[("HTTPS_PROXY", &address)]));
        command.args(["inspect", "--json", reference, "--ca-file", &certificate]);
        command.output().await.unwrap().into()
    };
    let pinned = format!("registry.test/app@{}", image.manifest.digest);
    let first = run(&pinned).await;
    assert_eq!((first.code, first.errors.as_str()), (Some(0), ""));
    assert_ne!(proxy.take(), Vec::<String>::new());
    assert_eq!(run(&pinned).await, first);
    assert_eq!(proxy.take(), Vec::<String>::new());
    // A tag may have moved.
    assert_eq!(run("registry.test/app:1").await.code, Some(0));
    assert_ne!(proxy.take(), Vec::<String>::new());
    // That another repository has the image is for its registry to say.
    let other = format!("registry.test/other@{}", image.manifest.digest);
    assert_eq!(run(&other).await.code, Some(2));
    assert_ne!(proxy.take(), Vec::<String>::new());
    // Nothing is taken from a damaged document.
    for file in ground.files("documents") {
        fs::write(file, "damaged").unwrap();
    }
    assert_eq!(run(&pinned).await, first);
    assert_ne!(proxy.take(), Vec::<String>::new());
}

/// What may stand where a layer's index is kept.
fn damaged(kept: &[u8], other: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new(), b"onionskin".to_vec(), other.to_vec()];
    for cut in [1, 20, 43, 44, kept.len() / 2, kept.len() - 1] {
        all.push(kept[..cut].to_vec());
    }
    // A byte of each part: kind, format, decoder, check sum, content.
    for at in [0, 8, 12, 28, 44, kept.len() / 2, kept.len() - 1] {
        let mut changed = kept.to_vec();
        changed[at] ^= 1;
        all.push(changed);
    }
    all
}

#[tokio::test]
async fn damaged_older_and_foreign_files_are_replaced() {
    let ground = Ground::new();
    let image = small(1);
    let registry = Odd::new(holding(&image)).await;
    let reference = format!("{}/app:1", registry.address);
    let said = ground.printed(&["audit", "--json", &reference]).await;
    let files = ground.files("layers");
    let [first, second] = files.as_slice() else {
        panic!("{files:?}");
    };
    let (kept, other) = (fs::read(first).unwrap(), fs::read(second).unwrap());
    for content in damaged(&kept, &other) {
        fs::write(first, &content).unwrap();
        assert_eq!(ground.printed(&["audit", "--json", &reference]).await, said);
        assert!(fs::read(first).unwrap() == kept, "{} bytes", content.len());
    }
}

#[tokio::test]
async fn a_saved_layer_that_was_changed_is_not_taken_for_the_kept_one() {
    let ground = Ground::new();
    let mut image = small(1);
    let saved = |image: &Packed| oci_archive(&[("app:1", image)]);
    let file = ground.save("app.tar", saved(&image));
    ground.printed(&["inspect", &file]).await;
    let last = image.layers[0].bytes.len() - 9;
    image.layers[0].bytes[last] ^= 1;
    ground.save("app.tar", saved(&image));
    let without = ground.run(&["inspect", &file, "--no-cache"]).await;
    assert_eq!(without.code, Some(2));
    assert_eq!(ground.run(&["inspect", &file]).await, without);
}

#[tokio::test]
async fn what_the_manifest_says_of_a_kept_layer_is_checked() {
    let ground = Ground::new();
    let image = small(1);
    let file = ground.save("app.tar", oci_archive(&[("app:1", &image)]));
    ground.printed(&["inspect", &file]).await;
    let digest = image.diff_ids[0].clone();
    // The same blob in images that say something else of it.
    for (name, edit) in [
        (
            "size",
            (|manifest: &mut Value| manifest["layers"][0]["size"] = json!(7)) as fn(&mut Value),
        ),
        ("squashfs", |manifest| {
            manifest["layers"][0]["mediaType"] = json!("application/vnd.squashfs");
        }),
        ("encrypted", |manifest| {
            manifest["layers"][0]["mediaType"] =
                json!("application/vnd.oci.image.layer.v1.tar+gzip+encrypted");
        }),
    ] {
        let content = seeded(1, 100_000);
        let other = Image::new()
            .layer(layer("COPY app /app").file("/app/a", content))
            .edit_manifest(edit)
            .pack();
        assert_eq!(other.diff_ids[0], digest);
        let file = ground.save(name, oci_archive(&[("app:1", &other)]));
        let without = ground.run(&["inspect", &file, "--no-cache"]).await;
        assert_eq!(ground.run(&["inspect", &file]).await, without, "{name}");
    }
    // A limit holds for what is kept, too.
    let limited = ["inspect", &file, "--unpacked-limit=50kB"];
    let said = ground.run(&limited).await;
    assert_eq!(said.code, Some(2));
    assert!(said.errors.contains("ONIONSKIN_UNPACKED_LIMIT"), "{said:?}");
}
