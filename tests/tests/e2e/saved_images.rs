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
        assert!(error.contains("it has app:2"), "{error}");
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

/// What a compressor makes of bytes.
fn compressed(program: &str, bytes: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plain");
    std::fs::write(&file, bytes).unwrap();
    let output = Command::new(program).arg("--stdout").arg(file).output();
    output.expect("the compressor is installed").stdout
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

#[tokio::test]
async fn an_archive_in_zstd_xz_or_bzip2_is_read_as_skopeo_reads_it() {
    let packed = app();
    let archive = docker_archive(Generation::Skopeo, &[("app:1", &packed)]);
    let folder = tempfile::tempdir().unwrap();
    for program in ["gzip", "zstd", "xz", "bzip2"] {
        let file = folder.path().join(format!("a.tar.{program}"));
        let file = file.to_str().unwrap();
        let content = compressed(program, &archive);
        std::fs::write(file, &content).unwrap();
        let whole = format!("docker-archive:{file}");
        // skopeo 1.9 stumbles over the end of what gzip itself writes.
        if program != "gzip" {
            assert_eq!(seen_by_skopeo(&whole), packed.diff_ids, "{program}");
        }
        check(Path::new(file), &packed).await;
        open(file).await.unwrap();
        let streamed = Source::input(content.as_slice(), None, |_| {}).unwrap();
        streamed.image(None).await.unwrap();
        // Cut in the middle it is said to be cut, whatever it is compressed with.
        let cut = content.get(..content.len() / 2).unwrap();
        let error = Source::input(cut, None, |_| {}).unwrap_err().to_string();
        assert!(
            error.contains("its compressed data ends"),
            "{program}: {error}"
        );
    }
    let twice = compressed("gzip", &compressed("xz", &archive));
    let twice = Source::input(twice.as_slice(), None, |_| {}).unwrap();
    let error = twice.image(None).await.unwrap_err().to_string();
    let says = "it is compressed with xz inside another compression, which is not supported";
    assert!(error.contains(says), "{error}");
    for (magic, name) in [(&b"\xfd7zXZ\0"[..], "xz"), (b"BZh91AY", "bzip2")] {
        let bytes = [magic, &archive].concat();
        let error = Source::input(bytes.as_slice(), None, |_| {}).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
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

/// Copies a folder over itself, with holes for the zeros of its files, which is what `tar --sparse` looks for.
fn dig_holes(folder: &Path) {
    let copy = folder.with_extension("copy");
    let status = Command::new("cp")
        .args(["-r", "--sparse=always"])
        .args([folder, &copy])
        .status();
    assert!(status.unwrap().success());
    std::fs::remove_dir_all(folder).unwrap();
    std::fs::rename(copy, folder).unwrap();
}

/// `tar --sparse` stores a layer with long runs of zeros without them, in the forms of the GNU tar manual.
#[tokio::test]
async fn an_archive_with_sparse_members_is_read() {
    let zeros = [bytes(5_000), vec![0; 3 << 20], bytes(700), vec![0; 1 << 20]].concat();
    let holes: Vec<u8> = (0..60)
        .flat_map(|_| [bytes(4096), vec![0; 65_536]].concat())
        .collect();
    let packed = fixtures::Image::new()
        .layer(layer("COPY disk /").file("/disk", zeros).plain())
        .layer(layer("COPY holes /").file("/holes", holes).plain())
        .pack();
    let folder = tempfile::tempdir().unwrap();
    let unpacked = folder.path().join("files");
    std::fs::create_dir(&unpacked).unwrap();
    for (generation, form) in [
        (Generation::Skopeo, &["--format=gnu"][..]),
        (
            Generation::Skopeo,
            &["--format=pax", "--sparse-version=0.0"],
        ),
        (
            Generation::Skopeo,
            &["--format=pax", "--sparse-version=0.1"],
        ),
        (
            Generation::Skopeo,
            &["--format=pax", "--sparse-version=1.0"],
        ),
        (Generation::Blobs, &["--format=pax", "--sparse-version=1.0"]),
    ] {
        let archive = folder.path().join("a.tar");
        let whole = docker_archive(generation, &[("app:1", &packed)]);
        std::fs::write(&archive, &whole).unwrap();
        let run = |arguments: &[&str], names: &[&str]| {
            let mut command = Command::new("tar");
            command
                .arg("-C")
                .arg(&unpacked)
                .args(arguments)
                .arg(&archive);
            let output = command.args(names).output().unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{arguments:?}: {errors}");
        };
        run(&["-xf"], &[]);
        dig_holes(&unpacked);
        run(&[form, &["--sparse", "-cf"]].concat(), &["."]);
        let size = std::fs::metadata(&archive).unwrap().len();
        assert!(
            size < whole.len() as u64 / 2,
            "{form:?}: nothing is sparse: {size} {}",
            whole.len()
        );
        check(&archive, &packed).await;
        let source = source(archive.to_str().unwrap());
        assert!(source.held().await.unwrap().is_some(), "{form:?}");
        std::fs::remove_dir_all(&unpacked).unwrap();
        std::fs::create_dir(&unpacked).unwrap();
    }
}

/// The command, which has to stop, and its line of error.
fn stopped(arguments: &[&str]) -> String {
    let output = Command::new(onionskin_tests::binary::onionskin())
        .args(arguments)
        .output()
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
    errors
}

/// A layout whose blobs were cut, extended, changed or lost, and archives that were cut: told as that, with what can
/// be done about a file.
#[test]
fn damaged_files_are_told_as_files() {
    let folder = tempfile::tempdir().unwrap();
    let packed = app();
    let layout = folder.path().join("layout");
    let blob = |hex: &str| layout.join("blobs/sha256").join(hex);
    let (layer, config) = (packed.layers[0].hex(), packed.config.hex());
    let content = &packed.layers[0].bytes;
    let other = vec![b'{'; packed.config.bytes.len()];
    type Damage<'d> = (&'d str, Option<Vec<u8>>, &'d str);
    let damages: [Damage<'_>; 6] = [
        (
            layer,
            Some(content[..content.len() / 2].to_vec()),
            "layer 1 of",
        ),
        (
            layer,
            Some([content.as_slice(), b"x"].concat()),
            "layer 1 of",
        ),
        (layer, None, "layer 1 of"),
        (config, Some(other), "is damaged"),
        (config, None, "is missing"),
        (packed.manifest.hex(), Some(b"{}".to_vec()), "is damaged"),
    ];
    for (hex, content, says) in damages {
        let _ = std::fs::remove_dir_all(&layout);
        fixtures::write::oci_layout(&layout, &[("app:1", &packed)]).unwrap();
        match content {
            Some(content) => std::fs::write(blob(hex), content).unwrap(),
            None => std::fs::remove_file(blob(hex)).unwrap(),
        }
        let error = stopped(&["ls", layout.to_str().unwrap()]);
        assert!(error.contains(says), "{error}");
        for wrong in [
            "connection",
            "try again",
            "registry",
            "sent as",
            "check the name",
            "promised",
        ] {
            assert!(!error.contains(wrong), "{error}");
        }
    }
}

/// Whatever is there is read, and whatever has the prefix of another tool is named: no registry is asked.
#[test]
fn paths_and_prefixes_are_never_asked_of_a_registry() {
    let folder = tempfile::tempdir().unwrap();
    let saved = oci_archive(&[("app:1", &app())]);
    std::fs::write(folder.path().join("app"), &saved).unwrap();
    std::fs::write(folder.path().join("notes"), "docker pull app\n").unwrap();
    std::fs::create_dir_all(folder.path().join("nginx/blobs")).unwrap();
    std::fs::create_dir(folder.path().join("redis")).unwrap();
    let run = |image: &str| {
        let output = Command::new(onionskin_tests::binary::onionskin())
            .args(["ls", image])
            .current_dir(folder.path())
            // Nobody answers there, should a registry be asked.
            .env("HTTPS_PROXY", "http://127.0.0.1:9")
            .output()
            .unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), errors)
    };
    assert_eq!(run("app").0, Some(0));
    for (image, says) in [
        ("notes", "not a tar: text that begins with"),
        ("nginx", "oci-layout and index.json are missing"),
        ("redis", "is not a saved image"),
        (
            "containers-storage:app",
            "containers-storage: is not supported",
        ),
        ("oci://registry.example.com/app", "oci:// is not supported"),
        ("ostree:app@/srv", "ostree: is not supported"),
        ("sif:app.sif", "sif: is not supported"),
        ("docker-storage:app", "docker-storage: is not supported"),
        ("tarball:app.tar", "tarball: is not supported"),
        ("dir:nowhere", "nowhere: no such folder"),
        ("oci:notes", "notes: not a folder"),
        ("docker-archive:redis", "redis: it is a folder"),
    ] {
        let (code, errors) = run(image);
        assert_eq!(code, Some(2), "{image}: {errors}");
        assert!(errors.contains(says), "{errors}");
        assert!(!errors.contains("127.0.0.1:9"), "{errors}");
    }
    // Only registries have tags: a folder that is called like a repository is none of one.
    let output = Command::new(onionskin_tests::binary::onionskin())
        .args(["tags", "redis"])
        .current_dir(folder.path())
        .env("HTTPS_PROXY", "http://127.0.0.1:9")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("registry-1.docker.io"), "{errors}");
}

/// `onionskin ls <(docker save app)` hands over a pipe.
#[test]
fn a_pipe_is_read_as_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let saved = compressed("gzip", &oci_archive(&[("app:1", &app())]));
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::write(pipe, saved)
    });
    let output = Command::new(onionskin_tests::binary::onionskin())
        .arg("ls")
        .arg(&pipe)
        .output()
        .unwrap();
    writer.join().unwrap().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("/app/run"));
}
