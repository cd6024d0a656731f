//! Packages and their files: what belongs to whom, and sums that hold to the byte.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::collections::BTreeMap;

use onionskin_audit::compare::{self, PackageChange, WastedPackageChange};
use onionskin_audit::ownership::{self, Packages};
use onionskin_audit::packages::{Type, Unreadable};
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

/// pnpm, bun and uv put hard links to the files of their stores where programs look.
#[test]
fn packages_of_hard_links_are_read_also_when_the_store_is_gone() {
    let json = "{\"name\":\"a\",\"version\":\"1.0.0\"}";
    let store = "/root/.local/share/pnpm/store/v10/files/0a";
    let module = "/srv/node_modules/.pnpm/a@1.0.0/node_modules/a";
    let uv = "/root/.cache/uv/archive-v0/x";
    let site = "/venv/lib/python3.13/site-packages";
    let metadata = "Name: six\nVersion: 1\n";
    let record = "six.py,,\nsix-1.dist-info/METADATA,,\n";
    let install = Layer::new()
        .file(format!("{uv}/six.py"), bytes(30))
        .file(format!("{uv}/six-1.dist-info/METADATA"), metadata)
        .file(format!("{uv}/six-1.dist-info/RECORD"), record)
        .file(format!("{store}/b1c2"), json)
        .file(format!("{store}/d3e4"), bytes(100))
        .hardlink(format!("{module}/package.json"), format!("{store}/b1c2"))
        .hardlink(format!("{module}/index.js"), format!("{store}/d3e4"))
        .hardlink(format!("{site}/six.py"), format!("{uv}/six.py"))
        .hardlink(
            format!("{site}/six-1.dist-info/METADATA"),
            format!("{uv}/six-1.dist-info/METADATA"),
        )
        .hardlink(
            format!("{site}/six-1.dist-info/RECORD"),
            format!("{uv}/six-1.dist-info/RECORD"),
        );
    let clean = Layer::new().whiteout("/root");
    let of_npm = 100 + json.len();
    let of_python = 30 + metadata.len() + record.len();
    let npm = format!("npm a 1.0.0 {of_npm} 2 @[1]");
    // The list has no RECORD.
    let python = format!("pypi six 1 {} 2 @[1]", of_python - record.len());
    let rest = record.len() as u64;
    let all = vec![npm, python];
    assert_eq!(told(std::slice::from_ref(&install)), (all.clone(), rest));
    assert_eq!(told(&[install, clean]), (all, rest));
}

#[test]
fn packages_behind_links_to_folders_are_read() {
    let package = |name: &str| format!("{{\"name\":\"{name}\",\"version\":\"1.0.0\"}}");
    let layer = Layer::new()
        .file("/opt/deps/a/package.json", package("a"))
        .file("/opt/deps/a/a.js", bytes(100))
        .file("/opt/deps/@s/b/package.json", package("@s/b"))
        .file("/opt/deps/@s/b/b.js", bytes(1_000))
        .symlink("/app/node_modules", "../opt/deps")
        .file("/src/packages/c/package.json", package("c"))
        .file("/src/packages/c/c.js", bytes(10))
        .symlink("/src/node_modules/c", "../packages/c")
        .file("/src/packages/d/package.json", package("d"));
    let size = |name: &str| package(name).len();
    assert_eq!(
        told(&[layer]),
        (
            vec![
                format!("npm @s/b 1.0.0 {} 2 @[1]", 1_000 + size("@s/b")),
                format!("npm a 1.0.0 {} 2 @[1]", 100 + size("a")),
                format!("npm c 1.0.0 {} 2 @[1]", 10 + size("c")),
            ],
            size("d") as u64
        )
    );
}

/// Images whose root is read-only keep dpkg's database below `/usr`.
#[test]
fn a_database_is_read_where_links_lead_to_it() {
    let of = |folder: &str, status: &str| {
        Layer::new()
            .file("/usr/bin/tool", bytes(100))
            .file(format!("{folder}/{status}"), stanza("tool", "1"))
            .file(format!("{folder}/info/tool.list"), "/usr/bin/tool\n")
    };
    let sysimage = of("/usr/lib/sysimage/dpkg", "status");
    let images = [
        sysimage.symlink("/var/lib/dpkg", "../../usr/lib/sysimage/dpkg"),
        of("/var/lib/dpkg", "packages/status").symlink(STATUS, "packages/status"),
        of("/var/lib/dpkg", "old/status").hardlink(STATUS, "/var/lib/dpkg/old/status"),
    ];
    for layer in images {
        let (packages, _) = told(&[layer]);
        assert_eq!(packages, ["deb tool 1 100 1 @[1]"]);
    }
    // What no link leads to is no database.
    let (packages, _) = told(&[of("/srv/dpkg", "status")]);
    assert_eq!(packages, [""; 0]);
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
    /// A Python package in a folder, which lists paths above it.
    Python(String, usize, Vec<String>),
    /// An apk package that lists paths.
    Apk(usize, Vec<String>),
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
        3 => deb(),
        3 => npm(),
        2 => python(),
        2 => apk(),
    ]
}

fn paths() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(path(), 0..4)
}

fn deb() -> impl Strategy<Value = Part> {
    (0usize..3, paths()).prop_map(|(at, paths)| Part::Deb(at, paths))
}

fn npm() -> impl Strategy<Value = Part> {
    (path(), 0usize..3).prop_map(|(folder, at)| Part::Npm(folder, at))
}

fn python() -> impl Strategy<Value = Part> {
    (path(), 0usize..3, paths()).prop_map(|(folder, at, paths)| Part::Python(folder, at, paths))
}

fn apk() -> impl Strategy<Value = Part> {
    (0usize..3, paths()).prop_map(|(at, paths)| Part::Apk(at, paths))
}

/// The layers of an image; half of them have a last one with a database of each kind.
fn image() -> impl Strategy<Value = Vec<Vec<Part>>> {
    let layers = prop::collection::vec(prop::collection::vec(part(), 0..12), 1..4);
    let each = (
        deb(),
        npm(),
        python(),
        apk(),
        prop::collection::vec(part(), 0..6),
    );
    (layers, prop::option::of(each)).prop_map(|(mut layers, each)| {
        if let Some((deb, npm, python, apk, mut last)) = each {
            last.extend([deb, npm, python, apk]);
            layers.push(last);
        }
        layers
    })
}

fn layer(parts: &[Part]) -> Layer {
    let (mut status, mut installed) = (String::new(), String::new());
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
        Part::Python(folder, at, paths) => {
            let records = paths.iter().map(|path| format!("../..{path},,\n"));
            let metadata = format!("{folder}/p{at}-1.dist-info/METADATA");
            layer
                .file(metadata, format!("Name: p{at}\nVersion: 1\n"))
                .file(
                    format!("{folder}/p{at}-1.dist-info/RECORD"),
                    records.collect::<String>(),
                )
        }
        Part::Apk(at, paths) => {
            let files = paths.iter().filter_map(|path| path.rsplit_once('/'));
            let files = files
                .map(|(folder, name)| format!("F:{}\nR:{name}\n", folder.trim_start_matches('/')));
            installed += &format!("P:a{at}\nV:1\n{}\n", files.collect::<String>());
            layer
        }
    });
    if !status.is_empty() {
        layer = layer.file(STATUS, status);
    }
    if !installed.is_empty() {
        layer = layer.file("/lib/apk/db/installed", installed);
    }
    layer
}

/// An image: its layers, stacked, their ledger, and its packages.
type Read = (Stack, Ledger, Packages);

fn read(image: &[Vec<Part>]) -> Read {
    let layers: Vec<Layer> = image.iter().map(|parts| layer(parts)).collect();
    let stack = support::stack(&layers);
    let ledger = Ledger::of(&stack);
    let packages = Packages::of(&stack, stack.depth(), &ledger);
    (stack, ledger, packages)
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
        image in image()
    ) {
        let (stack, ledger, packages) = read(&image);
        let has = |of: fn(&Part) -> bool| image.last().unwrap().iter().any(of);
        for (kind, is_there) in [
            (Type::Deb, has(|part| matches!(part, Part::Deb(..)))),
            (Type::Apk, has(|part| matches!(part, Part::Apk(..)))),
        ] {
            let is_read = packages.packages.iter().any(|package| package.kind == kind);
            prop_assert!(is_read || !is_there, "{:?}", kind);
        }
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

    /// With the sides swapped, each difference is mirrored, in the same order; all together are what packages grew by.
    #[test]
    fn packages_that_differ_mirror(old in image(), new in image()) {
        let (old, new) = (read(&old), read(&new));
        let compared = |old: &Read, new: &Read| compare::packages((&old.2, true), (&new.2, true));
        let changes = compared(&old, &new);
        let mirrored: Vec<PackageChange> = changes.iter().map(|change| PackageChange {
            old: change.new.clone(),
            new: change.old.clone(),
            bytes: -change.bytes,
            old_bytes: change.new_bytes,
            new_bytes: change.old_bytes,
            old_compressed_bytes: change.new_compressed_bytes,
            new_compressed_bytes: change.old_compressed_bytes,
            ..change.clone()
        }).collect();
        prop_assert_eq!(mirrored, compared(&new, &old));
        prop_assert_eq!(compared(&new, &new), []);
        let owned = |image: &Read| (image.2.live - image.2.unowned).cast_signed();
        let grown: i64 = changes.iter().map(|change| change.bytes).sum();
        prop_assert_eq!(grown, owned(&new) - owned(&old));
        let wasted = |old: &Read, new: &Read| {
            compare::wasted_packages((&old.0, &old.1), (&new.0, &new.1))
        };
        let back = wasted(&new, &old).into_iter().map(|change| WastedPackageChange {
            old_bytes: change.new_bytes,
            new_bytes: change.old_bytes,
            ..change
        });
        prop_assert_eq!(back.collect::<Vec<_>>(), wasted(&old, &new));
        prop_assert_eq!(wasted(&new, &new), []);
    }
}
