//! Trees of several layers: what was deleted on the way to a stack, and what layers changed together.

mod support;

use onionskin_fixtures::{Layer, layer};
use onionskin_layers::stack::view::{Mark, View};
use onionskin_layers::stack::{NodeId, Stack};
use support::stack;

fn marks(stack: &Stack, view: &View) -> Vec<(String, Option<Mark>, usize)> {
    let mut marks: Vec<_> = (1..stack.nodes() as u32)
        .map(NodeId)
        .filter_map(|node| {
            let row = view.row(stack, node)?;
            let path = String::from_utf8_lossy(&stack.path(node)).into_owned();
            Some((path, row.mark, row.layer))
        })
        .collect();
    marks.sort();
    marks
}

fn story() -> [Layer; 4] {
    [
        layer("one")
            .file("/app/a", "aaaa")
            .file("/app/b", "bbbbbb")
            .file("/app/gone/deep", "123"),
        layer("two").file("/app/a", "AAAA").file("/tmp/x", "xx"),
        layer("three")
            .file("/app/b", "bbbbbb")
            .mode(0o600)
            .whiteout("/app/gone")
            .whiteout("/tmp/x"),
        layer("four").file("/app/new", "n"),
    ]
}

#[test]
fn a_stack_shows_what_was_deleted_on_the_way_to_it() {
    let stack = stack(&story());
    let told = |path: &str, mark, layer| (path.to_owned(), mark, layer);
    assert_eq!(
        marks(&stack, &View::with_deleted(&stack, 4)),
        [
            told("/app", None, 1),
            told("/app/a", Some(Mark::Modified), 2),
            told("/app/b", Some(Mark::MetadataOnly), 3),
            told("/app/gone", Some(Mark::Deleted), 1),
            told("/app/gone/deep", Some(Mark::Deleted), 1),
            told("/app/new", None, 4),
            told("/tmp", None, 2),
            told("/tmp/x", Some(Mark::Deleted), 2),
        ]
    );
    // At a layer below, what is deleted later is there, and what comes later is not.
    let below = marks(&stack, &View::with_deleted(&stack, 1));
    assert!(
        below
            .iter()
            .all(|(path, mark, _)| mark.is_none() && path != "/tmp/x")
    );
    let gone = stack.find(b"/app/gone/deep").unwrap();
    assert_eq!(stack.deleted_in(gone, 4), Some(3));
    assert_eq!(stack.deleted_in(gone, 2), None);
}

#[test]
fn sums_of_folders_do_not_count_what_is_deleted() {
    let stack = stack(&story());
    let view = View::with_deleted(&stack, 4);
    assert_eq!(view.total().bytes, View::stack(&stack, 4).total().bytes);
    let gone = stack.find(b"/app/gone").unwrap();
    assert_eq!(view.row(&stack, gone).unwrap().sum.bytes, 3);
}

#[test]
fn changes_of_one_layer_are_those_of_the_layer() {
    let stack = stack(&story());
    for layer in 1..=4 {
        assert_eq!(
            marks(&stack, &View::changes_of(&stack, layer, layer)),
            marks(&stack, &View::changes(&stack, layer)),
            "layer {layer}"
        );
    }
}

#[test]
fn layers_change_together_what_they_change_one_after_the_other() {
    let stack = stack(&story());
    let told = |path: &str, mark, layer| (path.to_owned(), mark, layer);
    assert_eq!(
        marks(&stack, &View::changes_of(&stack, 2, 4)),
        [
            told("/app", None, 1),
            told("/app/a", Some(Mark::Modified), 2),
            told("/app/b", Some(Mark::MetadataOnly), 3),
            told("/app/gone", Some(Mark::Deleted), 1),
            told("/app/gone/deep", Some(Mark::Deleted), 1),
            told("/app/new", Some(Mark::Added), 4),
            told("/tmp", Some(Mark::Added), 2),
            told("/tmp/x", Some(Mark::Deleted), 2),
        ]
    );
}
