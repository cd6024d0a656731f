//! The rows of trees of small images, as a visitor opens, closes, sorts and looks for things.

mod ranges;

use std::collections::HashSet;

use onionskin_core::layer::{EntryKind, Expected, LayerDecoder};
use onionskin_core::ledger::Ledger;
use onionskin_core::stack::{NodeId, Stack};
use onionskin_fixtures::{Layer, bytes, layer};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Listing, StackPosition, WastedBelow};
use crate::worker::protocol::{
    Cause, ChangeKind, Changes, Column, Kinds, Mark, Row, Showing, Shown, Sort,
};

/// A stack with a listing of it, and the folders that are open.
struct Tree {
    stack: Stack,
    listing: Listing,
    open: HashSet<NodeId>,
    layer: usize,
    ledger: Ledger,
    wasted: WastedBelow,
}

fn at<'s>(
    stack: &'s Stack,
    layer: usize,
    ledger: &'s Ledger,
    wasted: &'s WastedBelow,
) -> StackPosition<'s> {
    StackPosition {
        stack,
        layer,
        offset: 0,
        ledger: Some(ledger),
        wasted: Some(wasted),
        compressed_known: true,
        unread: false,
        accounts: None,
    }
}

/// Names in byte order.
fn by_name() -> Sort {
    Sort {
        column: Column::Name,
        reversed: false,
    }
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
            changes_from: changes.then_some(layer as u32),
            hidden: Kinds::default(),
            hidden_changes: Changes::default(),
            sort: by_name(),
            find: String::new(),
        };
        let open = HashSet::new();
        let ledger = Ledger::of(&stack);
        let wasted = WastedBelow::of(&stack, &ledger);
        let listing = Listing::new(at(&stack, layer, &ledger, &wasted), showing, &open);
        Self {
            stack,
            listing,
            open,
            layer,
            ledger,
            wasted,
        }
    }

    fn with<T>(
        &mut self,
        act: impl FnOnce(&mut Listing, StackPosition<'_>, &mut HashSet<NodeId>) -> T,
    ) -> T {
        let at = at(&self.stack, self.layer, &self.ledger, &self.wasted);
        act(&mut self.listing, at, &mut self.open)
    }

    fn rows(&mut self) -> Vec<Row> {
        self.with(|listing, at, open| listing.rows(at, open, 0, 1_000))
    }

    fn shown(&mut self) -> Shown {
        self.with(|listing, at, _| listing.shown(at))
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

    fn hide(&mut self, kinds: &[ChangeKind]) {
        let hidden = kinds
            .iter()
            .fold(Kinds::default(), |all, kind| all.toggled(*kind));
        let showing = Showing {
            hidden,
            ..self.listing.showing.clone()
        };
        self.with(|listing, at, open| listing.reshow(at, showing, open));
    }

    fn expand(&mut self, depth: u32) {
        self.with(|listing, at, open| listing.expand(at, open, depth));
    }

    /// The same layers, as what this one and those above it changed.
    fn show_changes_from(&mut self, first: u32) {
        let showing = Showing {
            changes_from: Some(first),
            ..self.listing.showing.clone()
        };
        self.listing = self.with(|_, at, open| Listing::new(at, showing, open));
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
fn sizes_sort_the_largest_first() {
    let mut tree = Tree::new(&layers()[..1], false);
    tree.toggle(0, true);
    tree.show(Sort::default(), "");
    assert_eq!(tree.names(), ["app", " bin", " README.md", "etc"]);
    let sizes: Vec<u64> = tree.rows().iter().map(|row| row.size).collect();
    assert_eq!(sizes, [320, 300, 20, 5]);
}

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

/// What every view of this image is about: a file that goes, one that is overwritten, one that is stored again, and
/// one that comes and goes.
fn wasteful() -> Vec<Layer> {
    vec![
        layer("one")
            .file("/app/big", bytes(1_000))
            .file("/app/conf", bytes(10))
            .file("/app/tool", bytes(300))
            .file("/srv/data", bytes(500))
            .dir("/proc"),
        layer("two")
            .whiteout("/app/big")
            .file("/app/conf", bytes(20))
            .file("/tmp/x", bytes(40)),
        layer("three")
            .file("/app/tool", bytes(300))
            .mode(0o700)
            .whiteout("/tmp/x"),
    ]
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
