//! What `umoci unpack` writes to disk is the judge of the tree at the last layer: of the conformance corpus, but for the
//! cases that say why it is not, and of an image whose every whiteout is umoci's own, by way of a real registry.
//! Needs root, as unpacking with owners does.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use futures::TryStreamExt as _;
use onionskin_core::layer::{Expected, LayerDecoder};
use onionskin_core::source::registry::{Client, ClientOptions, http_client};
use onionskin_core::stack::Stack;
use onionskin_fixtures::corpus::{self, Case};
use onionskin_fixtures::write::oci_layout;
use onionskin_fixtures::{Packed, bytes, text as words};
use onionskin_tests::{Registry, disk};
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

/// The blobs of an image in a registry, and the stack of them.
async fn stacked(reference: &str) -> (Stack, Vec<Vec<u8>>) {
    let client = Client::new(http_client().build().unwrap(), ClientOptions::default());
    let remote = client.open(&reference.parse().unwrap()).unwrap();
    let image = remote.image(None).await.unwrap();
    let mut blobs = Vec::new();
    for layer in &image.layers {
        let stream = remote.layer(layer).await.unwrap();
        let chunks: Vec<_> = stream.try_collect().await.unwrap();
        blobs.push(chunks.concat());
    }
    (stack(&blobs), blobs)
}

fn stack(blobs: &[impl AsRef<[u8]>]) -> Stack {
    let mut stack = Stack::new();
    for (layer, blob) in (1..).zip(blobs) {
        let mut decoder = LayerDecoder::new(Expected {
            layer,
            ..Expected::default()
        });
        decoder.push(blob.as_ref()).unwrap();
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
    let (stack, blobs) = stacked(&reference).await;
    assert!(stack.depth() >= 3);
    let blobs: Vec<&[u8]> = blobs.iter().map(Vec::as_slice).collect();
    let bundle = layout.unpack();
    let disk = disk::on_disk(&bundle.path().join("b/rootfs"));
    assert!(disk.len() > 15, "{}", disk.len());
    let differences = disk::differences(&disk::of_stack(&stack, &blobs), &disk);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// What umoci makes of a case: the differences to ours, or why it makes nothing of it.
fn judged(case: &Case, layout: &Path) -> Result<Vec<String>, String> {
    let bundle = TempDir::new().unwrap();
    let output = Command::new("umoci")
        .args(["unpack", "--image"])
        .arg(format!("{}:{}", layout.display(), case.name))
        .arg(bundle.path().join("b"))
        .output()
        .expect("umoci is installed");
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let packed = case.pack();
    let blobs: Vec<&[u8]> = packed
        .layers
        .iter()
        .map(|blob| blob.bytes.as_slice())
        .collect();
    let ours = disk::of_stack(&stack(&blobs), &blobs);
    let disk = disk::on_disk(&bundle.path().join("b/rootfs"));
    Ok(disk::differences(&ours, &disk))
}

/// Types, modes, owners, sizes, times, contents, link targets, attributes, and which names are of one file.
#[test]
fn every_case_of_the_corpus_is_what_umoci_writes_to_disk() {
    let cases = corpus::cases();
    let packed: Vec<Packed> = cases.iter().map(Case::pack).collect();
    let names = cases.iter().map(|case| case.name);
    let named: Vec<_> = names.zip(&packed).collect();
    let layout = TempDir::new().unwrap();
    oci_layout(layout.path(), &named).unwrap();
    let mut wrong = Vec::new();
    for case in &cases {
        let judgement = judged(case, layout.path());
        match (judgement, case.not_judged) {
            (Ok(differences), None) if differences.is_empty() => {}
            (Ok(differences), None) => wrong.push(format!("{}: {differences:#?}", case.name)),
            (Err(error), None) => wrong.push(format!("{}: umoci: {error}", case.name)),
            // An exception stands only as long as it is one.
            (Ok(differences), Some(reason)) if differences.is_empty() => wrong.push(format!(
                "{}: umoci agrees, so that {reason:?} is not true",
                case.name
            )),
            (_, Some(_)) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
