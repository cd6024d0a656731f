//! The rows of trees of small images, as a visitor opens, closes, sorts and looks for things.

use std::collections::HashSet;

use onionskin_core::layer::{EntryKind, Expected, LayerDecoder};
use onionskin_core::stack::{NodeId, Stack};
use onionskin_fixtures::{Layer, bytes, layer};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{At, Listing};
use crate::worker::protocol::{Cause, Mark, Row, Showing, Shown, Sort};

/// A stack with a listing of it, and the folders that are open.
struct Tree {
    stack: Stack,
    listing: Listing,
    open: HashSet<NodeId>,
    layer: usize,
}

impl Tree {
    fn new(layers: &[Layer], changes: bool) -> Self {
        let mut stack = Stack::new();
        for layer in layers {
            let mut decoder = LayerDecoder::new(Expected::default());
            decoder.push(&layer.gzip()).unwrap();
            stack.push(decoder.finish().unwrap()).unwrap();
        }
        let layer = stack.depth();
        let showing = Showing {
            layer: layer as u32,
            changes,
            sort: Sort::Name,
            find: String::new(),
        };
        let open = HashSet::new();
        let at = At {
            stack: &stack,
            layer,
            offset: 0,
        };
        let listing = Listing::new(at, showing, &open);
        Self {
            stack,
            listing,
            open,
            layer,
        }
    }

    fn with<T>(&mut self, act: impl FnOnce(&mut Listing, At<'_>, &mut HashSet<NodeId>) -> T) -> T {
        let at = At {
            stack: &self.stack,
            layer: self.layer,
            offset: 0,
        };
        act(&mut self.listing, at, &mut self.open)
    }

    fn rows(&mut self) -> Vec<Row> {
        self.with(|listing, at, open| listing.rows(at, open, 0, 1_000))
    }

    fn shown(&mut self) -> Shown {
        self.with(|listing, at, _| listing.shown(at, false))
    }

    /// The rows as indented names.
    fn names(&mut self) -> Vec<String> {
        let name = |row: &Row| {
            let name = String::from_utf8_lossy(crate::format::file_name(&row.path)).into_owned();
            format!("{}{name}", " ".repeat(row.depth as usize))
        };
        self.rows().iter().map(name).collect()
    }

    fn toggle(&mut self, row: u32, to: bool) {
        self.with(|listing, at, open| listing.toggle(at, open, row, to));
    }

    fn show(&mut self, sort: Sort, find: &str) {
        let showing = Showing {
            sort,
            find: find.to_owned(),
            ..self.listing.showing.clone()
        };
        self.with(|listing, at, open| listing.reshow(at, showing, open));
    }

    fn seek(&mut self, path: &str) -> (Option<u32>, bool) {
        let found = self.with(|listing, at, open| listing.seek(at, open, path.as_bytes()));
        (found.row, found.exact)
    }
}

fn layers() -> Vec<Layer> {
    vec![
        layer("one")
            .dir("/app")
            .dir("/app/bin")
            .file("/app/bin/run", bytes(300))
            .file("/app/README.md", bytes(20))
            .file("/etc/motd", bytes(5)),
        layer("two")
            .whiteout("/app/bin")
            .file("/app/README.md", bytes(20))
            .mode(0o600),
    ]
}

#[test]
fn folders_open_and_close_where_they_stand() {
    let mut tree = Tree::new(&layers()[..1], false);
    assert_eq!(tree.names(), ["app", "etc"]);
    tree.toggle(0, true);
    assert_eq!(tree.names(), ["app", " README.md", " bin", "etc"]);
    tree.toggle(2, true);
    assert_eq!(tree.names(), ["app", " README.md", " bin", "  run", "etc"]);
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
fn sizes_sort_the_largest_first() {
    let mut tree = Tree::new(&layers()[..1], false);
    tree.toggle(0, true);
    tree.show(Sort::Size, "");
    assert_eq!(tree.names(), ["app", " bin", " README.md", "etc"]);
    let sizes: Vec<u64> = tree.rows().iter().map(|row| row.size).collect();
    assert_eq!(sizes, [320, 300, 20, 5]);
}

#[test]
fn what_is_looked_for_is_shown_with_the_way_to_it() {
    let mut tree = Tree::new(&layers()[..1], false);
    tree.show(Sort::Name, "RUN");
    assert_eq!(tree.names(), ["app", " bin", "  run"]);
    assert_eq!(tree.shown().matches, Some(1));
    // A folder that matches keeps what is in it, closed at first.
    tree.show(Sort::Name, "bin");
    assert_eq!(tree.names(), ["app", " bin"]);
    tree.toggle(1, true);
    assert_eq!(tree.names(), ["app", " bin", "  run"]);
    // With a slash it is a part of the path.
    tree.show(Sort::Name, "app/r");
    assert_eq!(tree.names(), ["app", " README.md"]);
    tree.show(Sort::Name, "nothing");
    assert_eq!(tree.shown().matches, Some(0));
    // Without it, the tree is as it was left.
    tree.show(Sort::Name, "");
    assert_eq!(tree.names(), ["app", "etc"]);
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
    tree.show(Sort::Size, "");
    assert_eq!(tree.names(), ["app", " a", " lib", " new"]);
    // A search counts what it keeps, also of what goes.
    tree.show(Sort::Name, "lib");
    let shown = tree.shown();
    assert_eq!((shown.kept, shown.bytes, shown.deleted), (3, 0, 21));
    tree.show(Sort::Name, "new");
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
            (Some(Mark::Deleted), Some((Cause::Deleted, 2)), 1),
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
