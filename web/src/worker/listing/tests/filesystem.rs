//! The filesystem, with what is wasted in it.

use onionskin_core::layer::EntryKind;
use onionskin_fixtures::{bytes, layer};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Tree, by_name, wasteful};
use crate::worker::protocol::{ChangeKind, Column, Mark, Sort};

/// One name that is there is the file, whichever stored it; the others lead to it.
#[test]
fn hard_links_lead_to_a_name_that_is_there() {
    let layers = [
        layer("x")
            .file("/first", bytes(40))
            .hardlink("/second", "/first")
            .hardlink("/third", "/first"),
        layer("x").whiteout("/first"),
    ];
    let mut tree = Tree::new(&layers, false);
    tree.hide(&[ChangeKind::Deleted]);
    let rows: Vec<_> = tree
        .rows()
        .into_iter()
        .map(|row| (row.path, row.kind, row.size, row.target))
        .collect();
    let second = (b"/second".to_vec(), EntryKind::File, 40, None);
    let target = Some(b"/second".to_vec());
    let third = (b"/third".to_vec(), EntryKind::Hardlink, 0, target);
    assert_eq!(rows, [second, third]);
}

#[test]
fn the_filesystem_shows_what_is_wasted_in_it() {
    let mut tree = Tree::new(&wasteful(), false);
    tree.show(Sort::default(), "");
    tree.expand(u32::MAX);
    let names = [
        "app", " big", " tool", " conf", "srv", " data", "tmp", " x", "proc",
    ];
    assert_eq!(tree.names(), names);
    let told: Vec<_> = tree
        .rows()
        .iter()
        .map(|row| (row.mark, row.size, row.wasted, row.deleted_in, row.layer))
        .collect();
    assert_eq!(
        told,
        [
            (None, 1_320, 1_310, None, 1),
            (Some(Mark::Deleted), 1_000, 1_000, Some(2), 1),
            (Some(Mark::MetadataOnly), 300, 300, None, 3),
            (Some(Mark::Modified), 20, 10, None, 2),
            (None, 500, 0, None, 1),
            (None, 500, 0, None, 1),
            (None, 40, 40, None, 2),
            (Some(Mark::Deleted), 40, 40, Some(3), 2),
            (None, 0, 0, None, 1),
        ]
    );
    let shown = tree.shown();
    assert_eq!((shown.bytes, shown.deleted), (820, 1_040));
    assert_eq!(shown.kinds, [1, 0, 1, 1, 2]);
    // Folders that hold nothing come last, whatever the order.
    tree.show(
        Sort {
            column: Column::Size,
            reversed: true,
        },
        "",
    );
    tree.expand(0);
    assert_eq!(tree.names(), ["tmp", "srv", "app", "proc"]);
    assert!(tree.rows().last().is_some_and(|row| row.idle));
}

#[test]
fn folders_of_links_and_empty_files_are_not_empty() {
    let files = layer("one")
        .dir("/boot")
        .file("/dev/null", "")
        .file("/etc/motd", bytes(5))
        .symlink("/etc/mtab", "/proc/mounts")
        .symlink("/lib64/ld.so", "/lib/ld.so")
        .dir("/media/cdrom");
    let mut tree = Tree::new(&[files], false);
    let told = |tree: &mut Tree| -> Vec<(String, bool)> {
        let idle: Vec<bool> = tree.rows().iter().map(|row| row.idle).collect();
        tree.names().into_iter().zip(idle).collect()
    };
    let expected = [
        ("dev", false),
        ("etc", false),
        ("lib64", false),
        ("media", false),
        ("boot", true),
    ];
    let named = |expected: &[(&str, bool)]| -> Vec<(String, bool)> {
        let expected = expected.iter();
        expected
            .map(|(name, idle)| ((*name).to_owned(), *idle))
            .collect()
    };
    assert_eq!(told(&mut tree), named(&expected));
    tree.show(by_name(), "kind:symlink");
    tree.expand(0);
    assert_eq!(told(&mut tree), named(&[("etc", false), ("lib64", false)]));
}

#[test]
fn hidden_kinds_are_not_in_the_sums() {
    let mut tree = Tree::new(&wasteful(), false);
    tree.hide(&[ChangeKind::Deleted]);
    tree.expand(u32::MAX);
    assert_eq!(
        tree.names(),
        ["app", " conf", " tool", "srv", " data", "tmp", "proc"]
    );
    assert_eq!(tree.rows().first().map(|row| row.size), Some(320));
    assert_eq!((tree.shown().bytes, tree.shown().deleted), (820, 0));
    // Only what is wasted, with the way to it.
    tree.hide(&[ChangeKind::Unchanged]);
    assert_eq!(tree.names(), ["app", " big", " conf", " tool", "tmp", " x"]);
    // With a search, both hold.
    tree.show(by_name(), "o");
    assert_eq!(tree.names(), ["app", " conf", " tool"]);
    tree.hide(&[]);
    tree.show(by_name(), "");
    assert_eq!(tree.names().len(), 9);
}
