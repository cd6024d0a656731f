//! What one layer changed, or several.

use onionskin_fixtures::{bytes, layer};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Tree, by_name, layers};
use crate::worker::listing::Listing;
use crate::worker::protocol::{Cause, Mark, Row, Showing, Sort};

#[test]
fn changes_count_what_they_delete() {
    let layers = [
        layer("one")
            .dir("/app")
            .file("/app/a", bytes(300))
            .dir("/app/lib")
            .file("/app/lib/b", bytes(20))
            .file("/app/lib/c", bytes(1)),
        layer("two")
            .whiteout("/app/lib")
            .whiteout("/app/a")
            .file("/app/new", bytes(4)),
    ];
    let mut tree = Tree::new(&layers, true);
    tree.toggle(0, true);
    let sizes: Vec<_> = tree.rows().iter().map(|row| row.size).collect();
    assert_eq!(tree.names(), ["app", " a", " lib", " new"]);
    assert_eq!(sizes, [325, 300, 21, 4]);
    let shown = tree.shown();
    assert_eq!((shown.kept, shown.bytes, shown.deleted), (6, 4, 321));
    tree.show(Sort::default(), "");
    assert_eq!(tree.names(), ["app", " a", " lib", " new"]);
    // A search counts what it keeps, also of what goes.
    tree.show(by_name(), "lib");
    let shown = tree.shown();
    assert_eq!((shown.kept, shown.bytes, shown.deleted), (3, 0, 21));
    tree.show(by_name(), "new");
    let shown = tree.shown();
    assert_eq!((shown.kept, shown.bytes, shown.deleted), (1, 4, 0));
}

#[test]
fn folders_of_which_only_metadata_changed_say_what() {
    let layers = [
        layer("one")
            .dir("/app")
            .file("/app/a", bytes(3))
            .file("/srv/b", bytes(3)),
        layer("two").dir("/app").mode(0o700).dir("/srv").owner(7, 8),
    ];
    let rows = Tree::new(&layers, true).rows();
    let before = |row: &Row| {
        row.before
            .map(|before| (before.mode, before.uid, before.gid))
    };
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.mark, row.mode, row.gid, before(row)))
        .collect();
    assert_eq!(
        told,
        [
            (Some(Mark::MetadataOnly), 0o700, 0, Some((0o755, 0, 0))),
            (Some(Mark::MetadataOnly), 0o755, 8, Some((0o755, 0, 0))),
        ]
    );
}

#[test]
fn changes_tell_what_is_gone_and_still_downloaded() {
    let mut tree = Tree::new(&layers(), true);
    tree.toggle(0, true);
    tree.toggle(2, true);
    let rows = tree.rows();
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.mark, row.fate, row.layer))
        .collect();
    assert_eq!(
        told,
        [
            (None, None, 1),
            (Some(Mark::MetadataOnly), None, 2),
            (Some(Mark::Deleted), Some((Cause::Deleted, 2)), 1),
            // It went with its folder.
            (Some(Mark::Deleted), None, 1),
        ]
    );
    // Seen at the first layer, the same file is there and will be stored again.
    let mut first = Tree::new(&layers(), false);
    first.layer = 1;
    let showing = Showing {
        layer: 1,
        ..first.listing.showing.clone()
    };
    first.listing = first.with(|_, at, open| Listing::new(at, showing, open));
    first.toggle(0, true);
    let fates: Vec<_> = first.rows().iter().map(|row| row.fate).collect();
    assert_eq!(fates, [None, Some((Cause::MetadataOnly, 2)), None, None]);
}
