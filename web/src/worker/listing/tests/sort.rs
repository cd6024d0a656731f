//! Siblings stand in the order of a column.

use onionskin_fixtures::{bytes, layer};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Tree, layers};
use crate::worker::protocol::{Column, Sort};

#[test]
fn sizes_sort_the_largest_first() {
    let mut tree = Tree::new(&layers()[..1], false);
    tree.toggle(0, true);
    tree.show(Sort::default(), "");
    assert_eq!(tree.names(), ["app", " bin", " README.md", "etc"]);
    let sizes: Vec<u64> = tree.rows().iter().map(|row| row.size).collect();
    assert_eq!(sizes, [320, 300, 20, 5]);
}

#[test]
fn columns_sort_both_ways() {
    let files = layer("x")
        .file("/b", bytes(1))
        .mode(0o777)
        .file("/a", bytes(3))
        .owner(7, 7)
        .file("/c", bytes(2));
    let mut tree = Tree::new(&[files], false);
    for (column, names) in [
        (Column::Name, ["a", "b", "c"]),
        (Column::Size, ["a", "c", "b"]),
        (Column::Owner, ["b", "c", "a"]),
        (Column::Mode, ["a", "c", "b"]),
    ] {
        tree.show(
            Sort {
                column,
                reversed: false,
            },
            "",
        );
        assert_eq!(tree.names(), names, "{column:?}");
    }
    tree.show(
        Sort {
            column: Column::Size,
            reversed: true,
        },
        "",
    );
    assert_eq!(tree.names(), ["b", "c", "a"]);
    tree.show(
        Sort {
            column: Column::Name,
            reversed: true,
        },
        "",
    );
    assert_eq!(tree.names(), ["c", "b", "a"]);
}
