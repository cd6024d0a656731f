//! What several layers changed, as a tree and as a map.

use std::collections::BTreeMap;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Tree, wasteful};
use crate::worker::protocol::{ChangeKind, MapFacts, MapLayout, MapOf, Mark, Measure};

impl Tree {
    fn map(&mut self, by: Measure, layout: MapLayout) -> MapFacts {
        let asked = MapOf {
            showing: self.listing.showing.clone(),
            zoom: Vec::new(),
            by,
            layout,
            width: 900.0,
            height: 600.0,
        };
        self.with(|listing, at, _| listing.map(at, &asked, None))
    }
}

/// The parts of a map with what they come to.
fn parts(map: &MapFacts) -> BTreeMap<String, u64> {
    let told = map.parts.iter();
    told.map(|part| (String::from_utf8_lossy(&part.path).into_owned(), part.value))
        .collect()
}

/// Paths with what they come to.
fn all(paths: &[(&str, u64)]) -> BTreeMap<String, u64> {
    let paths = paths.iter();
    paths
        .map(|(path, bytes)| ((*path).to_owned(), *bytes))
        .collect()
}

#[test]
fn changes_of_several_layers_are_told_together() {
    let mut tree = Tree::new(&wasteful(), true);
    tree.show_changes_from(2);
    tree.expand(u32::MAX);
    let told: Vec<_> = tree.rows().iter().map(|row| row.mark).collect();
    assert_eq!(tree.names(), ["app", " big", " conf", " tool", "tmp", " x"]);
    assert_eq!(
        told,
        [
            None,
            Some(Mark::Deleted),
            Some(Mark::Modified),
            Some(Mark::MetadataOnly),
            Some(Mark::Added),
            Some(Mark::Deleted),
        ]
    );
    let before = tree.rows().get(3).and_then(|row| row.before);
    assert_eq!(before.map(|before| before.mode), Some(0o644));
}

#[test]
fn a_map_is_of_the_changes_that_the_tree_shows() {
    let changed = all(&[
        ("/app", 1_320),
        ("/app/big", 1_000),
        ("/app/conf", 20),
        ("/app/tool", 300),
        ("/tmp", 40),
        ("/tmp/x", 40),
    ]);
    for layout in [MapLayout::Treemap, MapLayout::Icicle] {
        let mut tree = Tree::new(&wasteful(), true);
        let last = tree.map(Measure::Size, layout);
        assert_eq!(last.total, 340, "{layout:?}");
        tree.show_changes_from(2);
        let map = tree.map(Measure::Size, layout);
        assert_eq!(map.total, 1_360, "{layout:?}");
        let drawn = parts(&map);
        // What is too small to be seen is left out by both.
        assert!(drawn.keys().any(|path| path == "/app/tool"), "{layout:?}");
        for (path, bytes) in &drawn {
            assert_eq!(changed.get(path), Some(bytes), "{layout:?}");
        }
        // Those of the tree: one overwritten, one copied, two deleted.
        assert_eq!(map.kinds, tree.shown().kinds);
        assert_eq!(map.kinds, [0, 0, 1, 1, 2]);
    }
}

#[test]
fn a_map_of_waste_has_that_of_what_is_shown_only() {
    let mut tree = Tree::new(&wasteful(), false);
    assert_eq!(tree.map(Measure::Wasted, MapLayout::Treemap).total, 1_350);
    tree.hide(&[ChangeKind::Deleted]);
    let map = tree.map(Measure::Wasted, MapLayout::Treemap);
    let drawn = all(&[("/app", 310), ("/app/conf", 10), ("/app/tool", 300)]);
    assert_eq!((map.total, parts(&map)), (310, drawn));
    // Among changes of the last layer, what the others wasted is not shown.
    let mut tree = Tree::new(&wasteful(), true);
    assert_eq!(tree.map(Measure::Wasted, MapLayout::Icicle).total, 340);
}

#[test]
fn an_icicle_has_what_is_in_a_folder_beside_it() {
    let mut tree = Tree::new(&wasteful(), false);
    let map = tree.map(Measure::Size, MapLayout::Icicle);
    let part = |path: &[u8]| map.parts.iter().find(|part| part.path == path).unwrap();
    let (app, big) = (part(b"/app"), part(b"/app/big"));
    assert_eq!((app.depth, big.depth), (0, 1));
    assert_eq!((app.x, app.x + app.width, app.width), (0.0, big.x, 450.0));
    assert!(app.folder && !app.open);
    assert!((app.y..app.y + app.height).contains(&big.y));
    let share = big.height / app.height;
    assert!((share - 1_000.0 / 1_320.0).abs() < 0.001, "{share}");
}
