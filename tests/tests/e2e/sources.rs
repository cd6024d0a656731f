//! One image from every source is one image: the whole conformance corpus in every form that it can be saved in, with
//! every compression, and pushed to a real registry.

use std::collections::HashSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use axum::Router;
use futures::TryStreamExt as _;
use onionskin_core::inspection::Inspection;
use onionskin_core::layer::{Expected, LayerDecoder};
use onionskin_core::ledger::Ledger;
use onionskin_core::report::listing;
use onionskin_core::source::archive::{Archive, Form};
use onionskin_core::source::registry::{Client, ClientOptions, http_client};
use onionskin_core::source::{Image, Source};
use onionskin_core::stack::Stack;
use onionskin_fixtures::corpus::{self, Case};
use onionskin_fixtures::write::{
    Generation, Tool, docker_archive, oci_archive, oci_layout, saved_by,
};
use onionskin_fixtures::{Layer, Packed, gzip, index, zstd};
use onionskin_tests::Registry;
use onionskin_tests::binary::onionskin;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::UnixListener;

const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const PLAIN: &str = "application/vnd.oci.image.layer.v1.tar";
const ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
const NAME: &str = "app:1";
const STORAGES: usize = 4;

/// The image with its layers in gzip, in zstd, as plain tars, and as the case itself stores them.
fn packed(case: &Case) -> [(&'static str, Packed); STORAGES] {
    let stored = |blob: fn(&Layer) -> Vec<u8>, media_type: &'static str| {
        case.pack_with(|layer| {
            let blob = blob(&layer);
            layer.stored(blob).media_type(media_type)
        })
    };
    [
        ("gzip", stored(Layer::gzip, GZIP)),
        ("zstd", stored(|layer| zstd(&layer.tar()), ZSTD)),
        ("plain", stored(Layer::tar, PLAIN)),
        ("as stored", case.pack()),
    ]
}

fn in_memory(file: Vec<u8>, form: Form) -> Source {
    let file: bytes::Bytes = file.into();
    Archive::new("saved.tar".into(), Arc::new(file), form, None).into()
}

/// The image in every form that it can be saved in, each with a name for messages; `folder` is a layout that holds it.
fn saved(case: &Case, storage: &str, packed: &Packed, folder: &Path) -> Vec<(String, Source)> {
    let mut sources = Vec::new();
    let mut add = |form: &str, source| {
        sources.push((format!("{}, {form}, {storage}", case.name), source));
    };
    let image = &[(NAME, packed)];
    let folder = Archive::folder(folder, Some(case.name.to_owned()));
    add("OCI folder", folder.into());
    add("OCI archive", in_memory(oci_archive(image), Form::Oci));
    let blobs = docker_archive(Generation::Blobs, image);
    add("Docker 25", in_memory(blobs, Form::Docker));
    for tool in [Tool::Crane, Tool::Jib, Tool::RulesOci] {
        add(
            &format!("{tool:?}"),
            in_memory(saved_by(tool, NAME, packed), Form::Any),
        );
    }
    // These hold tars, whatever the layers are stored as in a registry.
    if storage == "plain" {
        for generation in [Generation::Folders, Generation::Skopeo] {
            let file = docker_archive(generation, image);
            for (packing, whole) in [("gzip", gzip(&file)), ("zstd", zstd(&file))] {
                let source = Source::input(whole.as_slice(), Form::Any, None, |_| {}).unwrap();
                add(&format!("{generation:?} in {packing} as a whole"), source);
            }
            add(&format!("{generation:?}"), in_memory(file, Form::Docker));
        }
        for tool in [Tool::Podman, Tool::Nix] {
            add(
                &format!("{tool:?}"),
                in_memory(saved_by(tool, NAME, packed), Form::Any),
            );
        }
    }
    sources
}

async fn stacked(source: &Source, image: &Image) -> Stack {
    let mut stack = Stack::new();
    for layer in &image.layers {
        let mut decoder = LayerDecoder::new(Expected {
            layer: layer.number,
            digest: layer.digest.clone(),
            size: layer.compressed_size,
            diff_id: layer.diff_id.clone(),
        });
        let mut stream = source.layer(layer).await.unwrap();
        while let Some(chunk) = stream.try_next().await.unwrap() {
            decoder.push(&chunk).unwrap();
        }
        stack.push(decoder.finish().unwrap()).unwrap();
    }
    stack
}

/// What `ls` and `inspect` have of the image.
async fn opened(source: &Source, what: &str) -> (Vec<u8>, Value) {
    let image = source.image(None).await;
    let image = image.unwrap_or_else(|error| panic!("{what}: {error}"));
    let stack = stacked(source, &image).await;
    let lines = listing::of_stack(&stack, stack.depth(), b"/").unwrap();
    let inspection = Inspection::new(&image, &stack, &Ledger::of(&stack));
    (
        serde_json::to_vec(&lines).unwrap(),
        serde_json::to_value(inspection).unwrap(),
    )
}

/// What a source says of an image is what the registry says, or null; never another value.
fn told_or_null(said: &Value, registry: &Value, place: &str) {
    match (said, registry) {
        (Value::Null, _) => {}
        (Value::Object(said), Value::Object(registry)) => {
            assert!(said.keys().eq(registry.keys()), "{place}");
            for (key, value) in said {
                told_or_null(value, &registry[key], &format!("{place}.{key}"));
            }
        }
        (Value::Array(said), Value::Array(registry)) => {
            assert_eq!(said.len(), registry.len(), "{place}");
            for (at, value) in said.iter().enumerate() {
                told_or_null(value, &registry[at], &format!("{place}[{at}]"));
            }
        }
        _ => assert_eq!(said, registry, "{place}"),
    }
}

fn client() -> Client {
    Client::new(http_client().build().unwrap(), ClientOptions::default())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_corpus_is_the_same_from_every_source() {
    let cases: Vec<_> = corpus::cases()
        .into_iter()
        .map(|case| (packed(&case), case))
        .collect();
    // One index names all of them, so that they are pushed in one go; each is opened by its digest.
    let packings = cases.iter().flat_map(|(packed, _)| packed);
    let mut all: Vec<Packed> = packings.map(|(_, packed)| packed.clone()).collect();
    let mut known = HashSet::new();
    all.retain(|packed| known.insert(packed.manifest.digest.clone()));
    let registry = Registry::start();
    registry.push_index("corpus:1", &index(all[0].family, &all), &all);
    let folders: Vec<TempDir> = (0..STORAGES)
        .map(|storage| {
            let folder = TempDir::new().unwrap();
            let named = cases
                .iter()
                .map(|(packed, case)| (case.name, &packed[storage].1));
            oci_layout(folder.path(), &named.collect::<Vec<_>>()).unwrap();
            folder
        })
        .collect();
    let client = client();
    for (packed, case) in &cases {
        let mut expected = None;
        let mut known = HashSet::new();
        for ((storage, packed), folder) in packed.iter().zip(&folders) {
            // Most cases are stored in gzip anyway.
            if !known.insert(&packed.manifest.digest) {
                continue;
            }
            let reference = format!("{}/corpus@{}", registry.address(), packed.manifest.digest);
            let source = Source::Registry(client.open(&reference.parse().unwrap()).unwrap());
            let what = format!("{}, registry, {storage}", case.name);
            let (lines, mut told) = opened(&source, &what).await;
            let expected = expected.get_or_insert_with(|| lines.clone());
            assert!(*expected == lines, "{what}: other rows than in gzip");
            for (what, source) in saved(case, storage, packed, folder.path()) {
                let (lines, mut inspection) = opened(&source, &what).await;
                assert!(
                    lines == *expected,
                    "{what}: other rows than from the registry"
                );
                // What an image is called is for each source to say.
                for told in [&mut told, &mut inspection] {
                    told["image"]["reference"] = Value::Null;
                }
                told_or_null(&inspection, &told, &what);
            }
        }
    }
}

/// An engine on a socket that gives out this archive for every image.
fn engine(socket: &Path, archive: Vec<u8>) {
    let listener = UnixListener::bind(socket).unwrap();
    let router = Router::new().fallback(move || std::future::ready(archive.clone()));
    tokio::spawn(async move { axum::serve(listener, router).await });
}

/// Runs the command, which has to end well, with this standard input, and returns what it prints.
fn printed(arguments: &[&str], input: Option<&Path>) -> Vec<u8> {
    let input = input.map_or(Stdio::null(), |path| {
        std::fs::File::open(path).unwrap().into()
    });
    let mut command = Command::new(onionskin());
    command.args(arguments).stdin(input);
    run(&mut command)
}

fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    output.stdout
}

/// The command itself, over every way to name a source.
#[tokio::test(flavor = "multi_thread")]
async fn ls_prints_the_same_bytes_for_every_source() {
    let registry = Registry::start();
    let wanted = [
        "every-type-of-entry",
        "estargz",
        "a-hard-link-across-layers",
    ];
    let cases = corpus::cases().into_iter();
    for case in cases.filter(|case| wanted.contains(&case.name)) {
        let packed = case.pack();
        let image = &[(NAME, &packed)];
        let reference = registry.push(&format!("{}:1", case.name), &packed);
        let folder = TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let layout = folder.path().join("layout");
        oci_layout(&layout, image).unwrap();
        let skopeo = docker_archive(Generation::Skopeo, image);
        for (name, file) in [
            ("folders.tar", docker_archive(Generation::Folders, image)),
            ("docker25.tar", docker_archive(Generation::Blobs, image)),
            ("oci.tar", oci_archive(image)),
            ("podman.tar", saved_by(Tool::Podman, NAME, &packed)),
            ("kaniko.tar", saved_by(Tool::Crane, NAME, &packed)),
            ("nix.tar.gz", gzip(&saved_by(Tool::Nix, NAME, &packed))),
            ("skopeo.tar.zst", zstd(&skopeo)),
            ("skopeo.tar", skopeo),
        ] {
            std::fs::write(at(name), file).unwrap();
        }
        let expected = printed(&["ls", &reference, "--format", "json", "--no-cache"], None);
        let rows: Vec<Value> = serde_json::from_slice(&expected).unwrap();
        assert_eq!(rows.len(), case.tree.len());
        for source in [
            format!("docker://{reference}"),
            format!("docker-archive:{}", at("folders.tar")),
            format!("docker-archive:{}:{NAME}", at("skopeo.tar")),
            format!("docker-archive:{}", at("docker25.tar")),
            format!("oci-archive:{}", at("oci.tar")),
            format!("oci-archive:{}", at("docker25.tar")),
            format!("oci:{}", layout.display()),
            format!("oci:{}:{NAME}", layout.display()),
            layout.display().to_string(),
            at("podman.tar"),
            at("kaniko.tar"),
            at("nix.tar.gz"),
            at("skopeo.tar.zst"),
        ] {
            let lines = printed(&["ls", &source, "--format", "json"], None);
            assert!(lines == expected, "{}: {source}", case.name);
        }
        for (generation, socket) in [
            (Generation::Folders, "docker.sock"),
            (Generation::Blobs, "docker25.sock"),
        ] {
            let socket = folder.path().join(socket);
            engine(&socket, docker_archive(generation, image));
            let host = format!("unix://{}", socket.display());
            for (source, variable) in [
                ("docker-daemon:app:1", "DOCKER_HOST"),
                ("podman:app:1", "CONTAINER_HOST"),
            ] {
                let mut command = Command::new(onionskin());
                command
                    .args(["ls", source, "--format", "json"])
                    .env(variable, &host)
                    .env_remove("DOCKER_CONTEXT")
                    .env_remove("DOCKER_TLS_VERIFY");
                let lines = run(&mut command);
                assert!(lines == expected, "{}: {source}, {generation:?}", case.name);
            }
        }
        for input in ["oci.tar", "kaniko.tar", "nix.tar.gz", "skopeo.tar.zst"] {
            let lines = printed(
                &["ls", "-", "--format", "json"],
                Some(&folder.path().join(input)),
            );
            assert!(
                lines == expected,
                "{}: {input} on standard input",
                case.name
            );
        }
    }
}
