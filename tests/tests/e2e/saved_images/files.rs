//! Saved images as files: compressed, sparse, damaged, from a pipe, and under any name.

use onionskin_core::source::archive::Form;

use super::*;

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
        let streamed =
            Source::input(compressed.as_slice(), Form::Any, None, |size| told = size).unwrap();
        assert_eq!(told, archive.len() as u64);
        let plain = Source::input(archive.as_slice(), Form::Any, None, |_| {}).unwrap();
        for source in [saved, streamed, plain] {
            let image = source.image(None).await.unwrap();
            assert_eq!(image.config_digest.to_string(), packed.config.digest);
            let stream = source.layer(&image.layers[1]).await.unwrap();
            let chunks: Vec<_> = stream.try_collect().await.unwrap();
            let content = chunks.concat();
            assert!(content == packed.tars[1] || content == packed.layers[1].bytes);
        }
        let cut = compressed.get(..compressed.len() / 2).unwrap();
        let error = Source::input(cut, Form::Any, None, |_| {})
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("standard input: its compressed data ends"),
            "{error}"
        );
    }
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
        let streamed = Source::input(content.as_slice(), Form::Any, None, |_| {}).unwrap();
        streamed.image(None).await.unwrap();
        // Cut in the middle it is said to be cut, whatever it is compressed with.
        let cut = content.get(..content.len() / 2).unwrap();
        let error = Source::input(cut, Form::Any, None, |_| {})
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("its compressed data ends"),
            "{program}: {error}"
        );
    }
    let twice = compressed("gzip", &compressed("xz", &archive));
    let twice = Source::input(twice.as_slice(), Form::Any, None, |_| {}).unwrap();
    let error = twice.image(None).await.unwrap_err().to_string();
    let says = "it is compressed with xz inside another compression, which is not supported";
    assert!(error.contains(says), "{error}");
    for (magic, name) in [(&b"\xfd7zXZ\0"[..], "xz"), (b"BZh91AY", "bzip2")] {
        let bytes = [magic, &archive].concat();
        let error = Source::input(bytes.as_slice(), Form::Any, None, |_| {}).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
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
        assert!(source.repository().await.unwrap().is_some(), "{form:?}");
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
