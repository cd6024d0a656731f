//! `onionskin cat`: what it prints is what umoci unpacks, and everything else is told.

use std::fs;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;
use std::process::{Command, Output};

use onionskin_fixtures::write::{Generation, docker_archive, oci_archive, oci_layout};
use onionskin_fixtures::{Image, Layer, Packed, bytes, gzip, layer, seeded};
use onionskin_tests::binary::onionskin;
use tempfile::TempDir;

fn cat(arguments: &[&str]) -> Output {
    Command::new(onionskin())
        .arg("cat")
        .args(arguments)
        .output()
        .unwrap()
}

fn content(arguments: &[&str]) -> Vec<u8> {
    let output = cat(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    output.stdout
}

/// The command has to stop with code 2, without half of a file; its one line of error.
fn stopped(arguments: &[&str]) -> String {
    let output = cat(arguments);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
    assert!(
        output.stdout.is_empty() && errors.lines().count() == 1,
        "{errors}"
    );
    errors
}

fn image() -> Packed {
    Image::new()
        .layer(
            layer("COPY one")
                .dir("/app")
                .file("/app/data", seeded(1, 700_000))
                .file("/app/old", "old")
                .file("/app/same", "first")
                .file("/app/empty", "")
                .symlink("/current", "app")
                .symlink("/app/link", "../../current/data")
                .hardlink("/app/hard", "app/data")
                .file(b"/app/latin-\xe9".as_slice(), "bytes"),
        )
        .layer(
            layer("RUN two")
                .file("/app/same", "second")
                .whiteout("/app/old")
                .symlink("/abs", "/app/same")
                .symlink("/round", "/round")
                .symlink("/dangling", "app/none")
                .hardlink("/app/lower", "app/data")
                .fifo("/pipe"),
        )
        .pack()
}

/// The image as a layout, and what umoci makes of it on disk.
fn unpacked(folder: &TempDir) -> (String, std::path::PathBuf) {
    let layout = folder.path().join("layout");
    oci_layout(&layout, &[("latest", &image())]).unwrap();
    let bundle = folder.path().join("bundle");
    let output = Command::new("umoci")
        .args(["unpack", "--image"])
        .arg(format!("{}:latest", layout.display()))
        .arg(&bundle)
        .output()
        .expect("umoci is installed");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    (format!("oci:{}", layout.display()), bundle.join("rootfs"))
}

#[test]
fn what_is_printed_is_what_umoci_unpacks() {
    let folder = TempDir::new().unwrap();
    let (image, rootfs) = unpacked(&folder);
    let mut open = vec![rootfs.clone()];
    let mut files = 0;
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let kind = fs::symlink_metadata(&path).unwrap().file_type();
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_file() {
                let inside = Path::new("/").join(path.strip_prefix(&rootfs).unwrap());
                let output = Command::new(onionskin())
                    .args(["cat", &image])
                    .arg(&inside)
                    .output()
                    .unwrap();
                assert!(output.status.success(), "{inside:?}");
                assert!(output.stdout == fs::read(&path).unwrap(), "{inside:?}");
                files += 1;
            }
        }
    }
    assert_eq!(files, 6);
}

#[test]
fn links_lead_to_what_they_name_inside_the_image() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a.tar");
    fs::write(
        &file,
        docker_archive(Generation::Folders, &[("app:1", &image())]),
    )
    .unwrap();
    let image = file.to_str().unwrap();
    let data = seeded(1, 700_000);
    for path in [
        "/app/link",
        "current/data",
        "/app/hard",
        "/app/lower",
        "/current/../app/data",
    ] {
        assert!(content(&[image, path]) == data, "{path}");
    }
    assert_eq!(content(&[image, "/abs"]), b"second");
    assert_eq!(content(&[image, "/app/empty"]), b"");
}

#[test]
fn a_layer_or_a_lower_stack_can_be_looked_into() {
    let folder = TempDir::new().unwrap();
    let (image, _) = unpacked(&folder);
    let at = |path: &str, flag: &str, number: &str| content(&[&image, path, flag, number]);
    assert_eq!(at("/app/same", "--layer", "1"), b"first");
    assert_eq!(at("/app/same", "--layer", "2"), b"second");
    assert_eq!(at("/app/same", "--stack", "1"), b"first");
    assert_eq!(at("/app/old", "--stack", "1"), b"old");
    for (arguments, says) in [
        (
            &["/app/old"][..],
            "layer 2 deleted it; `--stack 1` shows it",
        ),
        (
            &["/app/old", "--layer", "2"],
            "/app/old is deleted in layer 2",
        ),
        (
            &["/app/data", "--layer", "2"],
            "/app/data is not in layer 2",
        ),
        (
            &["/app/lower", "--layer", "2"],
            "content is stored in layer 1; `onionskin cat",
        ),
        (
            &["/dangling"],
            "/dangling resolves to /app/none, which is not in",
        ),
        (&["/nothing"], "lists what is there"),
        (&["/app"], "/app is a folder"),
        (&["/"], "/ is a folder"),
        (&["/pipe"], "/pipe is a FIFO"),
        (&["/round"], "loop"),
        (&["/app/data/x"], "/app/data is not a folder"),
        (&["/app/data", "--layer", "3"], "2 layers"),
    ] {
        let error = stopped(&[&[image.as_str()], arguments].concat());
        assert!(error.contains(says), "{error}");
    }
}

/// What one layer holds is told as the whole stack has it: a hard link before a file of its target's name is not one to
/// that file.
#[test]
fn of_one_layer_a_hard_link_is_not_a_later_file() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a.tar");
    let lower = layer("x").file("/a", "lower").file("/f/x", "");
    let upper = layer("x")
        .hardlink("/b", "/a")
        .file("/a", "upper")
        .file("/c", "first")
        .hardlink("/d", "/c")
        .file("/c", "2nd")
        .file("/f", "no folder");
    let image = Image::new().layer(lower).layer(upper).pack();
    fs::write(
        &file,
        docker_archive(Generation::Folders, &[("app:1", &image)]),
    )
    .unwrap();
    let image = file.to_str().unwrap();
    let at = |path: &str, flag: &str| content(&[image, path, flag, "2"]);
    assert_eq!(at("/a", "--layer"), b"upper");
    assert_eq!(at("/d", "--layer"), b"first");
    assert_eq!(at("/b", "--stack"), b"lower");
    let error = stopped(&[image, "/b", "--layer", "2"]);
    let says = format!(
        "/b is a hard link in layer 2, and its content is stored in layer 1; `onionskin cat {image} /b --stack 2` prints it"
    );
    assert!(error.contains(&says), "{error}");
    let error = stopped(&[image, "/f/x"]);
    assert!(
        error.contains("/f is not a folder. Layer 2 deleted /f/x; `--stack 1` shows it"),
        "{error}"
    );
}

/// What is at its target by now is not what the link was made to.
#[test]
fn a_link_to_nothing_is_told_as_it_was() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a.tar");
    let image = Image::new()
        .layer(layer("x").file("/first", ""))
        .layer(layer("x").hardlink("/a", "/no"))
        .layer(layer("x").file("/no", "later"))
        .pack();
    fs::write(&file, oci_archive(&[("app:1", &image)])).unwrap();
    let image = file.to_str().unwrap();
    let says = "/a is a hard link to /no, which was not there when layer 2 added the link";
    for arguments in [&[][..], &["--stack", "2"], &["--layer", "2"]] {
        let error = stopped(&[&[image, "/a"], arguments].concat());
        assert!(error.contains(says), "{arguments:?}: {error}");
    }
}

#[test]
fn sparse_files_come_with_their_holes() {
    let folder = TempDir::new().unwrap();
    let (file, out) = (folder.path().join("sparse"), folder.path().join("out"));
    // Data, a hole, data, and a hole at the end.
    let length = 9_000_000;
    let written = fs::File::create(&file).unwrap();
    written.write_all_at(&seeded(3, 70_000), 0).unwrap();
    written.write_all_at(&bytes(5), 5_000_000).unwrap();
    written.set_len(length).unwrap();
    let expected = fs::read(&file).unwrap();
    for format in [
        "--format=gnu",
        "--sparse-version=0.0",
        "--sparse-version=0.1",
        "--sparse-version=1.0",
    ] {
        let output = Command::new("tar")
            .args(["--create", "--sparse", format, "--directory"])
            .arg(folder.path())
            .arg("sparse")
            .output()
            .expect("GNU tar is installed");
        assert!(output.status.success(), "{format}");
        assert!(output.stdout.len() < 200_000, "{format}: tar found no hole");
        let image = Image::new()
            .layer(Layer::new().stored(gzip(&output.stdout)))
            .edit_config(|config| config["rootfs"]["diff_ids"] = serde_json::json!([]))
            .pack();
        let archive = folder.path().join("a.tar");
        fs::write(&archive, oci_archive(&[("app:1", &image)])).unwrap();
        let archive = archive.to_str().unwrap();
        assert!(content(&[archive, "/sparse"]) == expected, "{format}");
        content(&[archive, "/sparse", "-o", out.to_str().unwrap()]);
        assert!(fs::read(&out).unwrap() == expected, "{format}");
        let facts = fs::metadata(&out).unwrap();
        assert!(
            facts.blocks() * 512 < length / 2,
            "{} blocks",
            facts.blocks()
        );
    }
}

#[test]
fn a_file_that_cannot_be_written_is_told() {
    let folder = TempDir::new().unwrap();
    let (image, _) = unpacked(&folder);
    let error = stopped(&[&image, "/app/data", "-o", "/no/such/folder/x"]);
    assert!(
        error.contains("cannot write /no/such/folder/x: the folder /no/such/folder does not exist"),
        "{error}"
    );
}

/// What is printed or saved comes from the layer that the manifest names, whatever a registry sends the second time.
#[tokio::test]
async fn nothing_is_printed_before_its_layer_is_checked() {
    use onionskin_tests::command::{run, stopped};
    use onionskin_tests::odd::{Odd, ok, status};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    // A file that stays in memory and one that does not; the evil ones have their lengths.
    for length in [1_300_000, 6_000_000] {
        let make = |seed| {
            Image::new()
                .layer(
                    layer("COPY data /data")
                        .plain()
                        .file("/data", seeded(seed, length))
                        .file("/end", seeded(9, 900_000)),
                )
                .pack()
        };
        let (good, evil) = (make(1), make(2));
        let fetched = Arc::new(AtomicUsize::new(0));
        let (served, count) = (good.clone(), Arc::clone(&fetched));
        let odd = Odd::new(move |target, _| {
            if target.contains("/manifests/") {
                return ok(&served.manifest.media_type, served.manifest.bytes.clone());
            }
            if target.ends_with(&served.config.digest) {
                return ok("application/octet-stream", served.config.bytes.clone());
            }
            if !target.ends_with(&served.layers[0].digest) {
                return status(404, &[], "");
            }
            let image = match count.fetch_add(1, Ordering::Relaxed) {
                0 => &served,
                _ => &evil,
            };
            ok("application/octet-stream", image.layers[0].bytes.clone())
        })
        .await;
        let reference = format!("{}/app:1", odd.address);
        let begin = || fetched.store(0, Ordering::Relaxed);
        begin();
        let error = stopped(&["cat", &reference, "/data"]).await;
        assert!(error.contains("does not match"), "{error}");
        begin();
        fs::write(&out, "what was there").unwrap();
        stopped(&["cat", &reference, "/data", "-o", out.to_str().unwrap()]).await;
        assert_eq!(fs::read(&out).unwrap(), b"what was there");
        begin();
        let new = folder.path().join("new");
        stopped(&["cat", &reference, "/data", "-o", new.to_str().unwrap()]).await;
        assert!(!new.exists(), "a file was created");
        // Opening a pipe waits for a reader, so the command would not end if it did that first.
        begin();
        let pipe = folder.path().join("pipe");
        let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let output = tokio::process::Command::new("timeout")
            .arg("60")
            .arg(onionskin())
            .args(["cat", &reference, "/data", "-o"])
            .arg(&pipe)
            .output()
            .await
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "the pipe was opened");
        fs::remove_file(&pipe).unwrap();
        // The same registry, honest.
        let file = folder.path().join("a.tar");
        fs::write(&file, oci_archive(&[("app:1", &good)])).unwrap();
        let output = run(&["cat", file.to_str().unwrap(), "/data"]).await;
        assert!(output.stdout == seeded(1, length));
    }
}
