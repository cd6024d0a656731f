//! Packages and their files: what belongs to whom, and sums that hold to the byte.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::collections::BTreeMap;

use onionskin_audit::ownership::{self, Packages};
use onionskin_audit::packages::Unreadable;
use onionskin_fixtures::{Layer, bytes};
use onionskin_layers::layer::EntryKind;
use onionskin_layers::ledger::Ledger;
use onionskin_layers::stack::{NodeId, Stack};
use proptest::prelude::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn packages(layers: &[Layer]) -> Packages {
    let stack = support::stack(layers);
    let ledger = Ledger::of(&stack);
    let packages = Packages::of(&stack, stack.depth(), &ledger);
    assert_eq!(packages.live, ledger.total.live());
    packages
}

/// `type name version bytes files @layers`, in their order, and what belongs to none.
fn told(layers: &[Layer]) -> (Vec<String>, u64) {
    let packages = packages(layers);
    let one = packages.packages.iter().map(|package| {
        format!(
            "{} {} {} {} {} @{:?}",
            package.kind.name(),
            package.name,
            package.version,
            package.bytes,
            package.files,
            package.layers
        )
    });
    (one.collect(), packages.unowned)
}

fn stanza(name: &str, version: &str) -> String {
    format!(
        "Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n"
    )
}

const STATUS: &str = "/var/lib/dpkg/status";

fn list(name: &str) -> String {
    format!("/var/lib/dpkg/info/{name}.list")
}

#[test]
fn files_of_lists_are_found_through_folders_that_are_links() {
    let status = stanza("coreutils", "9.1-1") + &stanza("libc6", "2.36");
    let size = status.len() as u64;
    let layer = Layer::new()
        .symlink("/bin", "usr/bin")
        .file("/usr/bin/ls", bytes(100))
        .file("/usr/lib/libc.so", bytes(1_000))
        .symlink("/usr/lib/libc.so.6", "libc.so")
        .file("/usr/lib/other", bytes(7))
        .file(STATUS, status)
        .file(list("coreutils"), "/.\n/bin\n/bin/ls\n")
        .file(
            list("libc6:amd64"),
            "/usr/lib/libc.so\n/usr/lib/libc.so.6\n",
        );
    let (packages, unowned) = told(&[layer]);
    assert_eq!(
        packages,
        [
            "deb libc6 2.36 1000 1 @[1]",
            "deb coreutils 9.1-1 100 1 @[1]"
        ]
    );
    let of_lists = 16 + 36;
    assert_eq!(unowned, 7 + size + of_lists);
}

#[test]
fn an_update_in_a_later_layer_counts_where_its_files_are() {
    let base = Layer::new()
        .file("/usr/bin/tool", bytes(500))
        .file("/usr/share/tool", bytes(50))
        .file(STATUS, stanza("tool", "1"))
        .file(list("tool"), "/usr/bin/tool\n/usr/share/tool\n");
    let update = Layer::new()
        .file("/usr/bin/tool", bytes(600))
        .file(STATUS, stanza("tool", "2"));
    let removed = Layer::new()
        .whiteout("/usr/bin/tool")
        .whiteout("/usr/share/tool")
        .file(STATUS, "");
    let layers = [base, update, removed];
    assert_eq!(told(&layers[..1]).0, ["deb tool 1 550 2 @[1]"]);
    assert_eq!(told(&layers[..2]).0, ["deb tool 2 650 2 @[1, 2]"]);
    assert_eq!(told(&layers).0, [""; 0]);
    // The stack at an earlier layer has the packages of its own.
    let stack = support::stack(&layers);
    let ledger = Ledger::of(&stack);
    let earlier = Packages::of(&stack, 1, &ledger);
    assert_eq!(earlier.packages[0].version, "1");
    assert_eq!(earlier.packages[0].bytes, 550);
    // What is wasted is that of the version that was there when it was added.
    let wasted = ownership::wasted(&stack, &ledger);
    let wasted: Vec<_> = wasted
        .iter()
        .map(|package| {
            (
                package.version.as_str(),
                package.bytes,
                &package.added_by[..],
                &package.hidden_by[..],
            )
        })
        .collect();
    assert_eq!(
        wasted,
        [("2", 600, &[2][..], &[3][..]), ("1", 550, &[1], &[2, 3])]
    );
}

#[test]
fn the_systems_package_has_what_is_a_languages_too() {
    let site = "/usr/lib/python3/dist-packages";
    let record = "six.py,,\nsix-1.dist-info/METADATA,,\nsix-1.dist-info/RECORD,,\n";
    let python = |layer: Layer| {
        layer
            .file(format!("{site}/six.py"), bytes(30))
            .file(
                format!("{site}/six-1.dist-info/METADATA"),
                "Name: six\nVersion: 1\n",
            )
            .file(format!("{site}/six-1.dist-info/RECORD"), record)
    };
    let alone = told(&[python(Layer::new())]);
    let all = 30 + 21 + record.len();
    assert_eq!(alone, (vec![format!("pypi six 1 {all} 3 @[1]")], 0));
    let system = python(Layer::new())
        .file(STATUS, stanza("python3-six", "1-1"))
        .file(
            list("python3-six"),
            format!("{site}/six.py\n{site}/six-1.dist-info/METADATA\n"),
        );
    assert_eq!(told(&[system]).0, ["deb python3-six 1-1 51 2 @[1]"]);
}

#[test]
fn the_nearest_folder_has_a_file_and_equal_packages_are_one() {
    let package = |name: &str| format!("{{\"name\":\"{name}\",\"version\":\"1.0.0\"}}");
    let layer = Layer::new()
        .file("/app/package.json", package("app"))
        .file("/app/node_modules/a/package.json", package("a"))
        .file("/app/node_modules/a/lib/index.js", bytes(100))
        .file(
            "/app/node_modules/a/esm/package.json",
            "{\"type\":\"module\"}",
        )
        .file(
            "/app/node_modules/a/node_modules/@s/b/package.json",
            package("@s/b"),
        )
        .file("/app/node_modules/a/node_modules/@s/b/b.js", bytes(1_000))
        .file("/app/node_modules/@s/b/package.json", package("@s/b"))
        .file("/app/node_modules/.package-lock.json", bytes(3));
    let (packages, unowned) = told(&[layer]);
    let json = |name: &str| package(name).len() as u64;
    let of_b = 1_000 + 2 * json("@s/b");
    let of_a = 100 + 17 + json("a");
    assert_eq!(
        packages,
        [
            format!("npm @s/b 1.0.0 {of_b} 3 @[1]"),
            format!("npm a 1.0.0 {of_a} 3 @[1]")
        ]
    );
    assert_eq!(unowned, 3 + json("app"));
}

#[test]
fn of_several_names_the_first_that_is_owned_counts() {
    let status = stanza("first", "1") + &stanza("second", "1");
    let layer = Layer::new()
        .file("/opt/z", bytes(40))
        .hardlink("/opt/b", "/opt/z")
        .hardlink("/opt/a", "/opt/z")
        .file(STATUS, status.clone())
        .file(list("first"), "/opt/z\n")
        .file(list("second"), "/opt/b\n");
    let (packages, unowned) = told(&[layer]);
    assert_eq!(packages, ["deb second 1 40 1 @[1]", "deb first 1 0 0 @[1]"]);
    assert_eq!(unowned, status.len() as u64 + 7 + 7);
}

#[test]
fn diverted_files_are_where_dpkg_put_them() {
    let status = stanza("bash", "5") + &stanza("dash", "0.5");
    let layer = Layer::new()
        .file("/bin/sh", bytes(10))
        .file("/bin/sh.distrib", bytes(20))
        .file(STATUS, status)
        .file(list("bash"), "/bin/sh\n")
        .file(list("dash"), "/bin/sh\n")
        .file(
            "/var/lib/dpkg/diversions",
            "/bin/sh\n/bin/sh.distrib\ndash\n",
        );
    assert_eq!(
        told(&[layer]).0,
        ["deb bash 5 20 1 @[1]", "deb dash 0.5 10 1 @[1]"]
    );
}

#[test]
fn distroless_images_have_a_file_for_each_package() {
    let layer = Layer::new()
        .file("/usr/bin/app", bytes(9))
        .file("/usr/lib/os-release", "ID=debian\nVERSION_ID=\"12\"\n")
        .file(
            "/var/lib/dpkg/status.d/base-files",
            "Package: base-files\nVersion: 12.4\nArchitecture: amd64\n",
        )
        .file(
            "/var/lib/dpkg/status.d/base-files.md5sums",
            "d41d8cd98f00b204e9800998ecf8427e  usr/bin/app\n",
        );
    let packages = packages(&[layer]);
    let base = &packages.packages[0];
    assert_eq!((base.bytes, base.files), (9, 1));
    assert_eq!(
        base.purl.as_deref(),
        Some("pkg:deb/debian/base-files@12.4?arch=amd64&distro=debian-12")
    );
}

#[test]
fn what_cannot_be_read_is_told_with_its_path() {
    let layer = Layer::new()
        .file("/var/lib/rpm/Packages", bytes(64))
        .file("/a/x-1.dist-info/METADATA", "no name");
    let packages = packages(&[layer]);
    let unread: Vec<_> = packages
        .unread
        .iter()
        .map(|unread| (unread.path.as_slice(), unread.reason))
        .collect();
    assert_eq!(
        unread,
        [
            (&b"/a/x-1.dist-info/METADATA"[..], Unreadable::Damaged),
            (b"/var/lib/rpm/Packages", Unreadable::Format)
        ]
    );
    assert_eq!(packages.unowned, packages.live);
}

/// One thing of a random image.
#[derive(Clone, Debug)]
enum Part {
    File(String, usize),
    Link(String, String),
    Symlink(String, String),
    Whiteout(String),
    /// A dpkg package that lists paths.
    Deb(usize, Vec<String>),
    /// An npm package in a folder.
    Npm(String, usize),
}

fn path() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "b", "node_modules", "usr"]);
    prop::collection::vec(name, 1..4).prop_map(|names| format!("/{}", names.join("/")))
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        6 => (path(), 0usize..50).prop_map(|(path, size)| Part::File(path, size)),
        2 => (path(), path()).prop_map(|(path, target)| Part::Link(path, target)),
        1 => (path(), path()).prop_map(|(path, target)| Part::Symlink(path, target)),
        1 => path().prop_map(Part::Whiteout),
        3 => (0usize..3, prop::collection::vec(path(), 0..4)).prop_map(|(at, paths)| Part::Deb(at, paths)),
        3 => (path(), 0usize..3).prop_map(|(folder, at)| Part::Npm(folder, at)),
    ]
}

fn layer(parts: &[Part]) -> Layer {
    let mut status = String::new();
    let mut layer = parts.iter().fold(Layer::new(), |layer, part| match part {
        Part::File(path, size) => layer.file(path, bytes(*size)),
        Part::Link(path, target) => layer.hardlink(path, target),
        Part::Symlink(path, target) => layer.symlink(path, target),
        Part::Whiteout(path) => layer.whiteout(path),
        Part::Deb(at, paths) => {
            status += &stanza(&format!("d{at}"), "1");
            layer.file(list(&format!("d{at}")), paths.join("\n"))
        }
        Part::Npm(folder, at) => layer.file(
            format!("{folder}/node_modules/n{at}/package.json"),
            format!("{{\"name\":\"n{at}\",\"version\":\"1\"}}"),
        ),
    });
    if !status.is_empty() {
        layer = layer.file(STATUS, status);
    }
    layer
}

/// Bytes of the live inodes, and how often each is named.
fn live(stack: &Stack) -> BTreeMap<(usize, u32), (u64, Vec<NodeId>)> {
    let mut live: BTreeMap<_, (u64, Vec<NodeId>)> = BTreeMap::new();
    for node in (0..stack.nodes() as u32).map(NodeId) {
        let stored = stack
            .at(node, stack.depth())
            .and_then(|version| stack.stored_by(version));
        if let Some((number, entry)) = stored {
            let index = stack.layer(number).unwrap();
            if index.kind(entry) == EntryKind::File {
                let row = live.entry((number, entry.0)).or_default();
                row.0 = index.size(entry);
                row.1.push(node);
            }
        }
    }
    live
}

proptest! {
    /// Each live byte is one package's or nobody's, whatever the image; all names of a file have one owner.
    #[test]
    fn packages_and_what_is_unowned_are_all_that_is_live(
        image in prop::collection::vec(prop::collection::vec(part(), 0..12), 1..4)
    ) {
        let layers: Vec<Layer> = image.iter().map(|parts| layer(parts)).collect();
        let stack = support::stack(&layers);
        let ledger = Ledger::of(&stack);
        let packages = Packages::of(&stack, stack.depth(), &ledger);
        let owned: u64 = packages.packages.iter().map(|package| package.bytes).sum();
        prop_assert_eq!(packages.live, ledger.total.live());
        prop_assert_eq!(owned + packages.unowned, packages.live);
        let wasted = ownership::wasted(&stack, &ledger);
        let wasted: u64 = wasted.iter().map(|package| package.bytes).sum();
        prop_assert!(wasted <= ledger.total.wasted());
        let mut sums = vec![(0, 0); packages.packages.len()];
        for (bytes, names) in live(&stack).into_values() {
            let owners: Vec<_> = names.iter().map(|node| packages.owner(*node)).collect();
            prop_assert!(owners.windows(2).all(|two| two[0] == two[1]));
            if let Some(owner) = owners[0] {
                sums[owner].0 += bytes;
                sums[owner].1 += 1;
            }
        }
        let told: Vec<_> = packages.packages.iter().map(|package| (package.bytes, package.files)).collect();
        prop_assert_eq!(sums, told);
    }
}
