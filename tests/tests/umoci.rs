//! What `umoci unpack` writes to disk is the judge of the tree at the last layer.
//!
//! The images are changed on disk and repacked by umoci, so every whiteout in them is its own, and
//! they travel through a real registry. Needs root, as unpacking with owners does.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use futures::TryStreamExt as _;
use onionskin_core::layer::{Expected, LayerDecoder};
use onionskin_core::report::listing::{self, Line};
use onionskin_core::report::text;
use onionskin_core::source::registry::{Client, Options, http_client};
use onionskin_core::stack::Stack;
use onionskin_fixtures::{bytes, text as words};
use onionskin_tests::Registry;
use tempfile::TempDir;

/// An image in an OCI layout folder, changed by umoci.
struct Layout {
    folder: TempDir,
}

impl Layout {
    fn new() -> Self {
        let layout = Self {
            folder: TempDir::new().unwrap(),
        };
        let path = layout.path().display().to_string();
        umoci(&["init", "--layout", &path]);
        umoci(&["new", "--image", &layout.image()]);
        layout
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("layout")
    }

    fn image(&self) -> String {
        format!("{}:latest", self.path().display())
    }

    /// The image's files on disk, below `rootfs` of the folder returned.
    fn unpack(&self) -> TempDir {
        let bundle = TempDir::new().unwrap();
        let place = bundle.path().join("b").display().to_string();
        umoci(&["unpack", "--image", &self.image(), &place]);
        bundle
    }

    /// Makes a layer of what `change` does to the files.
    fn layer(&self, change: impl FnOnce(&Path)) {
        let bundle = self.unpack();
        change(&bundle.path().join("b/rootfs"));
        let place = bundle.path().join("b").display().to_string();
        umoci(&["repack", "--image", &self.image(), &place]);
    }
}

fn umoci(arguments: &[&str]) {
    let output = Command::new("umoci")
        .args(arguments)
        .output()
        .expect("umoci is installed");
    assert!(
        output.status.success(),
        "umoci {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// What both sides can tell of a path: type, permission bits, owner, size, link target.
type Facts = (String, String, u64, u64, u64, Option<String>);

fn on_disk(root: &Path) -> BTreeMap<String, Facts> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let facts = fs::symlink_metadata(&path).unwrap();
            let kind = facts.file_type();
            let (name, size, target) = if kind.is_dir() {
                open.push(path.clone());
                ("dir", 0, None)
            } else if kind.is_symlink() {
                let target = fs::read_link(&path).unwrap();
                (
                    "symlink",
                    0,
                    Some(text(target.as_os_str().as_encoded_bytes()).into_owned()),
                )
            } else if kind.is_fifo() {
                ("fifo", 0, None)
            } else {
                ("file", facts.len(), None)
            };
            let mode = format!("{:o}", facts.permissions().mode() & 0o7777);
            let inside = path
                .strip_prefix(root)
                .unwrap()
                .as_os_str()
                .as_encoded_bytes();
            found.insert(
                format!("/{}", text(inside)),
                (
                    name.to_owned(),
                    mode,
                    u64::from(facts.uid()),
                    u64::from(facts.gid()),
                    size,
                    target,
                ),
            );
        }
    }
    found
}

fn as_on_disk(lines: Vec<Line>) -> BTreeMap<String, Facts> {
    let sizes: BTreeMap<String, u64> = lines
        .iter()
        .map(|line| (line.path.clone(), line.size))
        .collect();
    lines
        .into_iter()
        .map(|line| {
            // On disk all names of a file are alike.
            let (kind, size, target) = match (line.kind.as_str(), line.link_target) {
                ("hardlink", Some(target)) => {
                    ("file", sizes.get(&target).copied().unwrap_or(0), None)
                }
                (kind, target) => (kind, line.size, target),
            };
            (
                line.path,
                (kind.to_owned(), line.mode, line.uid, line.gid, size, target),
            )
        })
        .collect()
}

async fn stacked(reference: &str) -> Stack {
    let client = Client::new(http_client().build().unwrap(), Options::default());
    let remote = client.open(&reference.parse().unwrap()).unwrap();
    let image = remote.image(None).await.unwrap();
    let mut stack = Stack::new();
    for layer in &image.layers {
        let mut decoder = LayerDecoder::new(Expected {
            layer: layer.number,
            digest: layer.digest.clone(),
            size: layer.compressed_size,
            diff_id: layer.diff_id.clone(),
        });
        let mut stream = remote.layer(layer).await.unwrap();
        while let Some(chunk) = stream.try_next().await.unwrap() {
            decoder.push(&chunk).unwrap();
        }
        stack.push(decoder.finish().unwrap()).unwrap();
    }
    stack
}

#[tokio::test]
async fn the_last_layers_tree_is_what_umoci_writes_to_disk() {
    let layout = Layout::new();
    layout.layer(|root| {
        fs::create_dir_all(root.join("usr/lib/app/deep/er")).unwrap();
        fs::create_dir_all(root.join("opt/gone/x/y")).unwrap();
        for n in 0..200 {
            fs::write(root.join(format!("usr/lib/app/deep/{n}")), bytes(n * 37)).unwrap();
            fs::write(root.join(format!("opt/gone/x/y/{n}")), words(n * 11)).unwrap();
        }
        fs::write(root.join("usr/lib/app/tool"), bytes(5000)).unwrap();
        fs::set_permissions(
            root.join("usr/lib/app/tool"),
            fs::Permissions::from_mode(0o4755),
        )
        .unwrap();
        fs::hard_link(root.join("usr/lib/app/tool"), root.join("usr/lib/app/same")).unwrap();
        symlink("usr/lib", root.join("lib")).unwrap();
        symlink("../nowhere", root.join("usr/broken")).unwrap();
        fs::write(root.join(format!("{}-long", "n".repeat(180))), "1").unwrap();
        fs::write(root.join("ünïcode and spaces"), "2").unwrap();
        fs::create_dir(root.join("becomes-file")).unwrap();
        fs::write(root.join("becomes-file/inside"), "3").unwrap();
        fs::write(root.join("becomes-dir"), "4").unwrap();
        fs::write(root.join("becomes-link"), "5").unwrap();
    });
    layout.layer(|root| {
        fs::remove_dir_all(root.join("opt/gone")).unwrap();
        fs::remove_dir_all(root.join("becomes-file")).unwrap();
        fs::write(root.join("becomes-file"), "now a file").unwrap();
        fs::remove_file(root.join("becomes-dir")).unwrap();
        fs::create_dir(root.join("becomes-dir")).unwrap();
        fs::write(root.join("becomes-dir/new"), "6").unwrap();
        fs::remove_file(root.join("becomes-link")).unwrap();
        symlink("becomes-dir", root.join("becomes-link")).unwrap();
        fs::remove_file(root.join("usr/lib/app/same")).unwrap();
        for n in (0..200).step_by(3) {
            fs::remove_file(root.join(format!("usr/lib/app/deep/{n}"))).unwrap();
        }
        chown(root.join("usr/lib/app"), Some(1000), Some(1001)).unwrap();
        assert!(
            Command::new("mkfifo")
                .arg(root.join("pipe"))
                .status()
                .unwrap()
                .success()
        );
    });
    layout.layer(|root| {
        // Deleted, and made again with something else in it.
        fs::remove_dir_all(root.join("usr/lib/app/deep")).unwrap();
        fs::create_dir(root.join("usr/lib/app/deep")).unwrap();
        fs::write(root.join("usr/lib/app/deep/only"), "7").unwrap();
        fs::create_dir_all(root.join("opt/gone/x")).unwrap();
        fs::remove_file(root.join("becomes-link")).unwrap();
    });

    let registry = Registry::start();
    let reference = registry.push_layout(&layout.path(), "latest", "judged:1");
    let stack = stacked(&reference).await;
    assert!(stack.depth() >= 3);
    let ours = as_on_disk(listing::of_stack(&stack, stack.depth(), b"/").unwrap());
    let bundle = layout.unpack();
    let disk = on_disk(&bundle.path().join("b/rootfs"));
    assert!(disk.len() > 15, "{}", disk.len());
    for (path, facts) in &disk {
        assert_eq!(ours.get(path), Some(facts), "{path}");
    }
    let only_ours: Vec<_> = ours
        .keys()
        .filter(|path| !disk.contains_key(*path))
        .collect();
    assert!(only_ours.is_empty(), "{only_ours:?}");
}
