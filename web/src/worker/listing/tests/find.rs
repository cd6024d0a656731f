//! What is looked for by a query or by a path.

use onionskin_fixtures::layer;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Tree, by_name, layers, wasteful};
use crate::worker::protocol::{Cause, Mark};

#[test]
fn what_is_looked_for_is_shown_with_the_way_to_it() {
    let mut tree = Tree::new(&layers()[..1], false);
    tree.show(by_name(), "RUN");
    assert_eq!(tree.names(), ["app", " bin", "  run"]);
    assert_eq!(tree.shown().matches, Some(1));
    // A folder that matches keeps what is in it, closed at first.
    tree.show(by_name(), "bin");
    assert_eq!(tree.names(), ["app", " bin"]);
    tree.toggle(1, true);
    assert_eq!(tree.names(), ["app", " bin", "  run"]);
    // With a slash it is a part of the path.
    tree.show(by_name(), "app/r");
    assert_eq!(tree.names(), ["app", " README.md"]);
    tree.show(by_name(), "nothing");
    assert_eq!(tree.shown().matches, Some(0));
    // Without it, the tree is as it was left.
    tree.show(by_name(), "");
    assert_eq!(tree.names(), ["app", "etc"]);
}

#[test]
fn a_query_finds_earlier_versions_and_counts_what_folders_hold() {
    let mut tree = Tree::new(&wasteful(), false);
    tree.show(by_name(), "size:>=300 kind:file");
    assert_eq!(tree.names(), ["app", " big", " tool", "srv", " data"]);
    let told: Vec<_> = tree
        .rows()
        .iter()
        .map(|row| (row.found, row.size, row.mark, row.layer))
        .collect();
    assert_eq!(
        told,
        [
            (2, 1_300, None, 1),
            (0, 1_000, Some(Mark::Deleted), 1),
            (0, 300, Some(Mark::MetadataOnly), 3),
            (1, 500, None, 1),
            (0, 500, None, 1),
        ]
    );
    // What layer 1 stored is shown as it was then, with the layer that hides it.
    tree.show(by_name(), "conf layer:1");
    let rows = tree.rows();
    let conf = rows.last().unwrap();
    assert_eq!((conf.size, conf.layer, conf.mark), (10, 1, None));
    assert_eq!(conf.fate, Some((Cause::Overwritten, 2)));
    assert_eq!(tree.shown().bytes, 10);
    tree.show(by_name(), "mark:deleted");
    assert_eq!(tree.names(), ["app", " big", "tmp", " x"]);
    let shown = tree.shown();
    assert_eq!(
        (shown.matches, shown.bytes, shown.deleted),
        (Some(2), 0, 1_040)
    );
}

#[test]
fn what_is_no_query_leaves_what_was_found_and_says_why() {
    let mut tree = Tree::new(&wasteful(), false);
    tree.show(by_name(), "conf");
    let found = tree.names();
    assert_eq!(tree.shown().problem, None);
    tree.show(by_name(), "conf size:");
    assert_eq!(tree.names(), found);
    let problem = tree.shown().problem.unwrap();
    assert!(
        problem.contains("size: takes a number of bytes"),
        "{problem}"
    );
    tree.show(by_name(), "conf size:>1GB");
    assert_eq!(
        (tree.shown().matches, tree.shown().problem),
        (Some(0), None)
    );
}

#[test]
fn paths_are_found_and_the_nearest_folder_of_those_that_are_not() {
    let mut tree = Tree::new(&layers()[..1], false);
    assert_eq!(tree.seek("/app/bin/run"), (Some(3), true));
    assert_eq!(tree.names(), ["app", " README.md", " bin", "  run", "etc"]);
    assert_eq!(tree.seek("/app/bin/none/deeper"), (Some(2), false));
    assert_eq!(tree.seek("/none"), (None, false));
    assert_eq!(tree.seek("/"), (None, true));
}

#[test]
fn paths_lead_through_linked_folders_and_may_be_given_as_they_are_printed() {
    let layer = layer("x")
        .symlink("/bin", "usr/bin")
        .file("/usr/bin/sh", "1")
        .file(b"/usr/bin/\xe9", "2");
    let mut tree = Tree::new(&[layer], false);
    assert_eq!(tree.seek("/bin/sh"), (Some(3), true));
    assert_eq!(tree.names(), ["bin", "usr", " bin", "  sh", "  \u{fffd}"]);
    assert_eq!(tree.seek("/bin/\\xe9"), (Some(4), true));
    // A link that is shown is meant itself.
    assert_eq!(tree.seek("/bin"), (Some(0), true));
}
