//! `onionskin extract`: what it writes is what umoci unpacks, and no image leads it out of its folder.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use onionskin_fixtures::write::oci_layout;
use onionskin_fixtures::{Image, Packed, bytes, layer, seeded};
use onionskin_tests::Ground;
use onionskin_tests::binary::onionskin;
use onionskin_tests::command::{printed, run, stopped};
use onionskin_tests::odd::{Odd, ok, status};

/// The image in a file of a folder, and where to extract it.
fn saved(image: &Packed) -> (Ground, String, PathBuf) {
    let ground = Ground::default();
    ground.save("app.tar", "app:1", image);
    let file = ground.path().join("app.tar").display().to_string();
    let out = ground.path().join("out");
    (ground, file, out)
}

/// All paths below a folder, with what they are.
fn tree(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let kind = fs::symlink_metadata(&path).unwrap().file_type();
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            if kind.is_dir() {
                found.push(format!("{name}/"));
                waiting.push(path);
            } else if kind.is_symlink() {
                let target = fs::read_link(&path).unwrap();
                found.push(format!("{name} -> {}", target.display()));
            } else {
                found.push(name);
            }
        }
    }
    found.sort();
    found
}

/// What runs on trees that want to get out: links, devices, special bits, odd names.
fn hostile() -> Packed {
    Image::new()
        .layer(
            layer("COPY . /")
                .file("/etc/passwd", "image")
                .file("/app/bin/tool", bytes(3_000))
                .mode(0o6755)
                .hardlink("/app/bin/same", "/app/bin/tool")
                .symlink("/app/current", "bin")
                .symlink("/app/up", "../../../../../../etc/passwd")
                .symlink("/app/absolute", "/etc/passwd")
                .symlink("/app/inside", "/app/bin/tool")
                .symlink("/app/through", "current/../../etc/passwd")
                .symlink("/app/dangling", "bin/none")
                .symlink("/app/round", "/app/round")
                .char_device("/app/null", 1, 3)
                .fifo("/app/pipe")
                .file(b"/app/\xff\n", "odd")
                .file("/app/gone", "gone"),
        )
        .layer(
            layer("RUN rm")
                .whiteout("/app/gone")
                .hardlink("/app/lower", "app/bin/tool"),
        )
        .pack()
}

#[tokio::test]
async fn a_hostile_tree_stays_in_its_folder_and_says_what_was_left_out() {
    let (ground, file, out) = saved(&hostile());
    let output = run(&["extract", &file, "/app", "--output", out.to_str().unwrap()]).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert_eq!(
        tree(&out),
        [
            "app/",
            "app/bin/",
            "app/bin/same",
            "app/bin/tool",
            "app/current -> bin",
            "app/dangling -> bin/none",
            "app/inside -> bin/tool",
            "app/lower",
            "app/\u{fffd}\n",
        ]
    );
    for says in [
        "skipped devices and FIFOs: /app/null, /app/pipe",
        "skipped symbolic links that lead out of what is extracted: /app/absolute, /app/round, /app/through, /app/up",
        "made symbolic links relative: /app/inside",
        "left out set-user-ID, set-group-ID and sticky bits of: /app/bin/same",
    ] {
        assert!(said.contains(says), "{says}: {said}");
    }
    let tool = fs::metadata(out.join("app/bin/tool")).unwrap();
    assert_eq!(tool.permissions().mode() & 0o7777, 0o755);
    assert_eq!((tool.nlink(), tool.mtime()), (3, 1_700_000_000));
    assert_eq!(fs::read(out.join("app/inside")).unwrap(), bytes(3_000));
    assert_eq!(fs::read(out.join("app/lower")).unwrap(), bytes(3_000));
    // What was extracted is not extracted over, and nothing else is left behind.
    let again = stopped(&["extract", &file, "/app", "-o", out.to_str().unwrap()]).await;
    assert!(again.contains("already exists"), "{again}");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
    drop(ground);
}

/// Where files went is told as other names are, whoever gave the name.
#[tokio::test]
async fn paths_that_are_told_send_no_codes_to_the_terminal() {
    let (ground, file, _) = saved(&hostile());
    let out = ground.path().join("out\x1b[31m\u{202e}");
    let out = out.to_str().unwrap();
    let all = ["extract", &file, r"/app/\xff\n", "-o", out];
    // A path with a byte that is not UTF-8 has every one from 0x80 up escaped.
    let shown = r"/out\x1b[31m\xe2\x80\xae/\xff\n";
    let said = printed(&all).await;
    assert!(said.ends_with(&format!("{shown}\n")), "{said}");
    assert!(!said.contains('\x1b'), "{said:?}");
    let error = stopped(&all).await;
    assert!(
        error.contains(&format!("{shown} already exists")),
        "{error}"
    );
    let missing = format!("{out}/a/b");
    let error = stopped(&["extract", &file, "/app/bin", "-o", &missing]).await;
    let told = r"/out\x1b[31m\u{202e}/a/b: its parent folder does not exist";
    assert!(error.contains(told), "{error}");
}

#[tokio::test]
async fn links_that_are_there_are_not_followed() {
    let (ground, file, out) = saved(&hostile());
    let elsewhere = ground.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::create_dir(&out).unwrap();
    symlink(&elsewhere, out.join("app")).unwrap();
    symlink(elsewhere.join("passwd"), out.join("passwd")).unwrap();
    let out_name = out.to_str().unwrap();
    for path in ["/app", "/etc/passwd", "/"] {
        let said = stopped(&["extract", &file, path, "-o", out_name]).await;
        assert!(said.contains("already exists"), "{said}");
    }
    assert_eq!(tree(&elsewhere), [] as [&str; 0]);
    assert_eq!(fs::read_dir(&out).unwrap().count(), 2);
    assert_eq!(fs::read_link(out.join("app")).unwrap(), elsewhere);
    // A folder that is a link to nothing is not made.
    let nowhere = ground.path().join("nowhere");
    symlink(ground.path().join("none"), &nowhere).unwrap();
    stopped(&["extract", &file, "/app", "-o", nowhere.to_str().unwrap()]).await;
    assert!(!ground.path().join("none").exists());
}

#[tokio::test]
async fn one_file_and_one_layer_are_extracted_as_cat_prints_them() {
    let (_ground, file, out) = saved(&hostile());
    let out_name = out.to_str().unwrap();
    let said = printed(&["extract", &file, "/app/inside", "-o", out_name]).await;
    assert!(said.contains("1 file, 0 folders"), "{said}");
    assert_eq!(tree(&out), ["inside"]);
    printed(&[
        "extract",
        &file,
        "/app/gone",
        "--stack",
        "1",
        "-o",
        out_name,
    ])
    .await;
    assert_eq!(fs::read_to_string(out.join("gone")).unwrap(), "gone");
    // The layer itself has only a hard link to what a lower one stores.
    let output = run(&["extract", &file, "/app", "--layer", "2", "-o", out_name]).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("skipped hard links whose content is in a lower layer: /app/lower"),
        "{said}"
    );
    assert_eq!(tree(&out), ["app/", "gone", "inside"]);
    for (path, says) in [
        (
            "/app/null",
            "is a device or a FIFO, which cannot be extracted",
        ),
        ("/none", "/none is not in the filesystem"),
        ("/app/gone", "layer 2 deleted it"),
    ] {
        let said = stopped(&["extract", &file, path, "-o", out_name]).await;
        assert!(said.contains(says), "{said}");
    }
}

#[tokio::test]
async fn the_whole_tree_is_what_umoci_unpacks() {
    let image = Image::new()
        .layer(
            layer("COPY . /")
                .file("/app/large", seeded(1, 6_000_000))
                .file("/app/empty", "")
                .dir("/locked")
                .mode(0o500)
                .file("/locked/in", "x")
                .symlink("/link", "app/large"),
        )
        .layer(
            layer("RUN two")
                .file("/app/second", seeded(2, 100_000))
                .whiteout("/app/empty"),
        )
        .pack();
    let (ground, file, out) = saved(&image);
    let layout = ground.path().join("layout");
    oci_layout(&layout, &[("latest", &image)]).unwrap();
    let bundle = ground.path().join("bundle");
    let unpacked = std::process::Command::new("umoci")
        .args(["unpack", "--image"])
        .arg(format!("{}:latest", layout.display()))
        .arg(&bundle)
        .output()
        .expect("umoci is installed");
    let errors = String::from_utf8_lossy(&unpacked.stderr);
    assert!(unpacked.status.success(), "{errors}");
    printed(&["extract", &file, "/", "--output", out.to_str().unwrap()]).await;
    let rootfs = bundle.join("rootfs");
    assert_eq!(tree(&out), tree(&rootfs));
    for path in tree(&out)
        .iter()
        .filter(|path| !path.ends_with('/') && !path.contains(" -> "))
    {
        let (ours, theirs) = (out.join(path), rootfs.join(path));
        assert!(
            fs::read(&ours).unwrap() == fs::read(&theirs).unwrap(),
            "{path}"
        );
        let (ours, theirs) = (fs::metadata(ours).unwrap(), fs::metadata(theirs).unwrap());
        assert_eq!(ours.mtime(), theirs.mtime(), "{path}");
        assert_eq!(ours.mode(), theirs.mode(), "{path}");
    }
}

/// A file that anybody can write in an image is not one on this machine.
#[tokio::test]
async fn permissions_are_without_those_that_the_umask_denies() {
    let files = layer("COPY . /").dir("/app").mode(0o777);
    let files = files.file("/app/a", "a").mode(0o666);
    let (_ground, file, out) = saved(&Image::new().layer(files).pack());
    let extracted = std::process::Command::new("sh")
        .args(["-c", "umask 027 && exec \"$@\"", "sh"])
        .arg(onionskin())
        .args(["extract", &file, "/app", "-o"])
        .arg(&out)
        .status();
    assert!(extracted.unwrap().success());
    for (path, mode) in [("app", 0o750), ("app/a", 0o640)] {
        let there = fs::metadata(out.join(path)).unwrap();
        assert_eq!(there.permissions().mode() & 0o777, mode, "{path}");
    }
}

#[tokio::test]
async fn holes_of_sparse_files_are_holes() {
    let layer = layer("COPY . /")
        .file("/app/before", "x")
        .sparse(
            "/app/sparse",
            9_000_000,
            &[(0, b"ab"), (4_096, b"cd"), (9_000_000, b"")],
        )
        .sparse("/app/zeros", 700_000, &[(700_000, b"")])
        .file("/app/after", "y");
    let (_ground, file, out) = saved(&Image::new().layer(layer).pack());
    printed(&["extract", &file, "/app", "-o", out.to_str().unwrap()]).await;
    let mut expected = vec![0; 9_000_000];
    expected[..2].copy_from_slice(b"ab");
    expected[4_096..4_098].copy_from_slice(b"cd");
    assert!(fs::read(out.join("app/sparse")).unwrap() == expected);
    assert!(fs::read(out.join("app/zeros")).unwrap() == vec![0; 700_000]);
    assert_eq!(fs::read_to_string(out.join("app/before")).unwrap(), "x");
    assert_eq!(fs::read_to_string(out.join("app/after")).unwrap(), "y");
    let blocks = fs::metadata(out.join("app/sparse")).unwrap().blocks();
    assert!(blocks * 512 < 1_000_000, "{blocks}");
}

/// What is written comes from the layer that the manifest names, whatever a registry sends the second time.
#[tokio::test]
async fn nothing_is_written_of_a_layer_that_is_not_the_right_one() {
    let make = |seed| {
        let layer = layer("COPY . /").plain();
        let layer = layer.file("/app/a", seeded(seed, 900_000));
        Image::new().layer(layer.file("/app/b", "b")).pack()
    };
    let (good, evil) = (make(1), make(2));
    let fetched = Arc::new(AtomicUsize::new(0));
    let odd = Odd::new(move |target, _| {
        if target.contains("/manifests/") {
            return ok(&good.manifest.media_type, good.manifest.bytes.clone());
        }
        if target.ends_with(&good.config.digest) {
            return ok("application/octet-stream", good.config.bytes.clone());
        }
        if !target.ends_with(&good.layers[0].digest) {
            return status(404, &[], "");
        }
        let image = match fetched.fetch_add(1, Ordering::Relaxed) {
            0 => &good,
            _ => &evil,
        };
        ok("application/octet-stream", image.layers[0].bytes.clone())
    })
    .await;
    let ground = Ground::default();
    let out = ground.path().join("out");
    let reference = format!("{}/app:1", odd.address);
    let said = stopped(&["extract", &reference, "/app", "-o", out.to_str().unwrap()]).await;
    assert!(said.contains("does not match"), "{said}");
    assert!(!out.exists());
}
