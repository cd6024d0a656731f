//! The map of where an image's bytes lie holds each of them once, in few parts.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used)]

mod support;

use onionskin_audit::report::map::{Map, PARTS};
use onionskin_fixtures::{Layer, bytes};
use onionskin_layers::ledger::Ledger;

/// Sees that each part's parts hold what it holds, the largest first; returns how many parts there are.
fn checked(map: &Map) -> usize {
    let sum: u64 = map.parts.iter().map(|part| part.bytes.total()).sum();
    assert!(map.parts.is_empty() || sum == map.bytes.total(), "{map:?}");
    let live: u64 = map.parts.iter().map(|part| part.bytes.live).sum();
    assert!(map.parts.is_empty() || live == map.bytes.live, "{map:?}");
    let named = map.parts.iter().filter(|part| part.path.is_some());
    let sizes: Vec<u64> = named.map(|part| part.bytes.total()).collect();
    assert!(sizes.is_sorted_by(|a, b| a >= b), "{map:?}");
    1 + map.parts.iter().map(checked).sum::<usize>()
}

#[test]
fn a_map_holds_what_the_ledger_retains_in_as_many_parts_as_can_be_seen() {
    let many = (0..2_000_usize).fold(Layer::new().dir("/many"), |layer, at| {
        layer.file(format!("/many/{at:04}/{at}"), bytes(1 + at % 50))
    });
    let layers = [
        many,
        Layer::new()
            .file("/a", bytes(5_000))
            .file("/b/c", bytes(1_000)),
        Layer::new()
            .file("/a/now/a/folder", bytes(70))
            .file("/b/c", bytes(1_000))
            .mode(0o600),
        Layer::new()
            .whiteout("/many/0001")
            .file("/b/c", bytes(1_001)),
    ];
    let stack = support::stack(&layers);
    let ledger = Ledger::of(&stack).total;
    let map = Map::of(&stack);
    assert_eq!(map.bytes.live, ledger.live());
    assert_eq!(map.bytes.wasted, ledger.causes);
    let parts = checked(&map);
    assert!((PARTS..2 * PARTS).contains(&parts), "{parts}");
    let paths: Vec<_> = map.parts.iter().map(|part| part.path.as_deref()).collect();
    assert_eq!(paths, [Some("/many"), Some("/a"), Some("/b")]);
    // The file that was there is told beside what is in the folder now.
    let a = &map.parts[1];
    assert_eq!((a.bytes.wasted.overwritten, a.bytes.live), (5_000, 70));
    let own = a.parts.last().unwrap();
    assert_eq!(
        (own.path.as_deref(), own.bytes.wasted.overwritten),
        (None, 5_000)
    );
}

#[test]
fn an_image_without_files_has_a_map_of_nothing() {
    let map = Map::of(&support::stack(&[Layer::new().dir("/a")]));
    assert_eq!((map.bytes.total(), map.parts.len()), (0, 0));
}
