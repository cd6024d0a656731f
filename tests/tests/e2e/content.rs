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
            "layer 2 took it away; `--stack 1` shows it",
        ),
        (
            &["/app/old", "--layer", "2"],
            "/app/old is deleted by layer 2",
        ),
        (
            &["/app/data", "--layer", "2"],
            "/app/data is not in layer 2",
        ),
        (
            &["/app/lower", "--layer", "2"],
            "another name of /app/data, which is not in layer 2",
        ),
        (
            &["/dangling"],
            "/dangling leads to /app/none, which is not in",
        ),
        (&["/nothing"], "look around with"),
        (&["/app"], "/app is a folder"),
        (&["/"], "/ is a folder"),
        (&["/pipe"], "/pipe is a FIFO"),
        (&["/round"], "circle"),
        (&["/app/data/x"], "/app/data is no folder"),
        (&["/app/data", "--layer", "3"], "2 layers"),
    ] {
        let error = stopped(&[&[image.as_str()], arguments].concat());
        assert!(error.contains(says), "{error}");
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
    assert!(error.contains("cannot write /no/such/folder/x"), "{error}");
}
