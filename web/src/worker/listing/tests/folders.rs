//! Folders open and close.

use onionskin_fixtures::layer;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Tree, layers};

#[test]
fn folders_open_and_close_where_they_stand() {
    let mut tree = Tree::new(&layers()[..1], false);
    assert_eq!(tree.names(), ["app", "etc"]);
    tree.toggle(0, true);
    assert_eq!(tree.names(), ["app", " README.md", " bin", "etc"]);
    tree.toggle(2, true);
    assert_eq!(tree.names(), ["app", " README.md", " bin", "  run", "etc"]);
    // A click on a row that has moved meanwhile is for the folder that was there.
    let row_number = |tree: &mut Tree, path: &[u8], row| {
        tree.with(|listing, at, _| listing.row_number(at, path, row))
    };
    assert_eq!(row_number(&mut tree, b"/etc", 1), Some(4));
    assert_eq!(row_number(&mut tree, b"/etc", 4), Some(4));
    assert_eq!(row_number(&mut tree, b"/nothing", 1), None);
    assert_eq!(tree.listing.parent(3), Some(2));
    assert_eq!(tree.listing.parent(4), None);
    tree.toggle(0, false);
    assert_eq!(tree.names(), ["app", "etc"]);
    // What was open below a closed folder is so again.
    tree.toggle(0, true);
    assert_eq!(tree.names().len(), 5);
    // Toggling a file, or a row that is not there, does nothing.
    tree.toggle(1, true);
    tree.toggle(99, true);
    assert_eq!(tree.names().len(), 5);
}

#[test]
fn folders_open_to_a_depth() {
    let deep = layer("x").file("/a/b/c/d", "1").file("/e/f", "2");
    let mut tree = Tree::new(&[deep], false);
    tree.expand(1);
    assert_eq!(tree.names(), ["a", " b", "e", " f"]);
    tree.expand(2);
    assert_eq!(tree.names(), ["a", " b", "  c", "e", " f"]);
    tree.expand(u32::MAX);
    assert_eq!(tree.names().len(), 6);
    tree.expand(0);
    assert_eq!(tree.names(), ["a", "e"]);
}
