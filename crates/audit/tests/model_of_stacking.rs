//! Any sequence of layers gives the same tree and the same wasted as a naive model, and the
//! ledger's sums hold to the byte.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used)]

mod model;
mod support;

use std::collections::BTreeMap;

use model::{Entry, Kind, Model, Thing};
use onionskin_audit::report::listing;
use onionskin_fixtures::Layer;
use onionskin_layers::layer::EntryKind;
use onionskin_layers::ledger::{Ledger, LedgerTotals};
use onionskin_layers::stack::view::View;
use onionskin_layers::stack::{Cause, NodeId, Stack};
use proptest::prelude::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Few names, so that entries meet.
fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["a", "b", "c"]), 1..4)
        .prop_map(|names| format!("/{}", names.join("/")))
}

/// What a symbolic link may say.
fn text() -> impl Strategy<Value = String> {
    let relative = vec![
        "a",
        "b/c",
        "./c",
        "..",
        "../a",
        "../../b",
        "c/../a",
        "../../../..",
    ];
    prop_oneof![
        path(),
        prop::sample::select(relative).prop_map(str::to_owned)
    ]
}

/// What a hard link may lead to.
fn target() -> impl Strategy<Value = String> {
    let dots = vec!["/a/../b", "/a/b/../../c/a", "/b/../a/c", "/a/..", "/../a/b"];
    prop_oneof![
        9 => path(),
        1 => prop::sample::select(dots).prop_map(str::to_owned)
    ]
}

fn entry() -> impl Strategy<Value = Entry> {
    let kind = prop_oneof![
        5 => (1usize..4, 0u8..2).prop_map(|(len, byte)| Kind::File(vec![byte + b'x'; len])),
        2 => Just(Kind::Dir),
        2 => text().prop_map(Kind::Symlink),
        4 => target().prop_map(Kind::Hardlink),
        1 => Just(Kind::Fifo),
        3 => Just(Kind::Whiteout),
        1 => Just(Kind::Opaque),
    ];
    (path(), kind).prop_map(|(path, kind)| Entry { path, kind })
}

fn image() -> impl Strategy<Value = Vec<Vec<Entry>>> {
    prop::collection::vec(prop::collection::vec(entry(), 0..10), 1..5)
}

fn layer(entries: &[Entry]) -> Layer {
    entries.iter().fold(Layer::new(), |layer, entry| {
        let path = &entry.path;
        match &entry.kind {
            Kind::File(content) => layer.file(path, content.clone()),
            Kind::Dir => layer.dir(path),
            Kind::Symlink(text) => layer.symlink(path, text),
            Kind::Hardlink(target) => layer.hardlink(path, target),
            Kind::Fifo => layer.fifo(path),
            Kind::Whiteout => layer.whiteout(path),
            Kind::Opaque => layer.opaque(path),
        }
    })
}

/// The stack at its last layer as the model writes it.
fn tree(stack: &Stack, at: usize) -> BTreeMap<String, Thing> {
    (1..stack.nodes() as u32)
        .map(NodeId)
        .filter_map(|node| {
            let version = stack.at(node, at)?;
            let path = String::from_utf8(stack.path(node)).unwrap();
            let thing = match stack.stored_by(version) {
                None => Thing::Dir,
                Some((layer, entry)) => Thing::Name(layer, entry.0 as usize),
            };
            Some((path, thing))
        })
        .collect()
}

/// The stack at a layer as `ls` lists it, in the words of the model.
fn listed(stack: &Stack, at: usize) -> Vec<model::Row> {
    let lines = listing::of_stack(stack, at, b"/").unwrap();
    let row = |line: listing::Line| {
        let kinds = ["dir", "file", "symlink", "hardlink", "fifo"];
        let kind = kinds.into_iter().find(|kind| *kind == line.kind).unwrap();
        (line.path, kind, line.size, line.link_target)
    };
    lines.into_iter().map(row).collect()
}

/// Links that lead to nothing are inodes of their own to both, but which one of a circle's is no matter.
fn without_broken(
    mut tree: BTreeMap<String, Thing>,
    layers: &[Vec<Entry>],
) -> BTreeMap<String, Thing> {
    for thing in tree.values_mut() {
        if let Thing::Name(layer, entry) = thing
            && matches!(layers[*layer - 1][*entry].kind, Kind::Hardlink(_))
        {
            *thing = Thing::Name(0, 0);
        }
    }
    tree
}

/// Enough to meet every rule several times, or what `PROPTEST_CASES` says, if that is more.
fn cases() -> u32 {
    ProptestConfig::default().cases.max(2000)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn stack_and_ledger_are_those_of_the_model(layers in image()) {
        let mut model = Model::default();
        let mut stack = Stack::new();
        let mut trees = Vec::new();
        for entries in &layers {
            model.push(entries);
            stack.push(support::index(&layer(entries))).unwrap();
            trees.push(model.tree.clone());
            // A later layer changes nothing about the stacks below it.
            for (at, expected) in (1..).zip(&trees) {
                let found = without_broken(tree(&stack, at), &layers);
                prop_assert_eq!(found, without_broken(expected.clone(), &layers), "stack at {}", at);
                let rows = listed(&stack, at);
                prop_assert_eq!(rows, model.rows(expected), "list of the stack at {}", at);
            }
        }
        let ledger = Ledger::of(&stack);
        let mut wasted: Vec<model::Waste> = ledger
            .wasted
            .iter()
            .map(|wasted| (wasted.added_by, wasted.entry.0 as usize, wasted.cause, wasted.hidden_by))
            .collect();
        wasted.sort();
        prop_assert_eq!(&wasted, &model.wasted);
        check_sums(&stack, &ledger)?;
    }
}

/// What must hold for every image, whatever is in it.
fn check_sums(stack: &Stack, ledger: &Ledger) -> Result<(), TestCaseError> {
    let total = &ledger.total;
    prop_assert_eq!(total.live() + total.wasted(), total.stored);
    let mut layers = LedgerTotals::default();
    for (account, index) in ledger.layers.iter().zip(stack.layers()) {
        layers += *account;
        prop_assert_eq!(account.stored + account.overhead, index.size);
    }
    prop_assert_eq!(&layers, total);
    let by_path: u64 = ledger.wasted.iter().map(|wasted| wasted.bytes).sum();
    prop_assert_eq!(by_path, total.wasted());
    for cause in Cause::ALL {
        let of_cause = ledger.wasted.iter().filter(|wasted| wasted.cause == cause);
        prop_assert_eq!(
            of_cause.map(|wasted| wasted.bytes).sum::<u64>(),
            total.causes[cause]
        );
    }
    for wasted in &ledger.wasted {
        let own = wasted.added_by == wasted.hidden_by;
        prop_assert_eq!(own, wasted.cause == Cause::Repeated);
    }
    // The final stack holds what is live, and no more.
    let view = View::stack(stack, stack.depth());
    prop_assert_eq!(view.total().bytes, total.live());
    // What the entries cost and the framing make the blob; here it is the tar itself.
    for index in stack.layers() {
        let costs: u64 = index.entries().map(|entry| index.cost(entry)).sum();
        prop_assert!(costs <= index.blob_size);
        let content = index
            .entries()
            .filter(|entry| index.kind(*entry) == EntryKind::File);
        for entry in content {
            prop_assert!(index.cost(entry) >= index.size(entry));
        }
    }
    Ok(())
}
