//! Blobs that several layers list: what they cost a download is what a naive count of their bytes says.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used)]
#![allow(dead_code, reason = "the model is made for more than this")]

mod model;
mod support;

use std::collections::BTreeMap;

use model::{Entry, Kind, Model};
use onionskin_audit::findings::{self, Leftovers, Subject};
use onionskin_fixtures::Layer;
use onionskin_layers::layer::EntryKind;
use onionskin_layers::ledger::Ledger;
use onionskin_layers::stack::Stack;
use onionskin_oci::manifest::Config;
use proptest::prelude::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Few names, so that entries meet.
fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["a", "b"]), 1..3)
        .prop_map(|names| format!("/{}", names.join("/")))
}

fn entry() -> impl Strategy<Value = Entry> {
    let kind = prop_oneof![
        6 => (1usize..2000, 0u8..2).prop_map(|(len, byte)| Kind::File(vec![byte + b'x'; len])),
        2 => path().prop_map(Kind::Hardlink),
        2 => Just(Kind::Whiteout),
        1 => Just(Kind::Dir),
    ];
    (path(), kind).prop_map(|(path, kind)| Entry { path, kind })
}

/// A few layers, and the order in which an image lists them.
fn image() -> impl Strategy<Value = (Vec<Vec<Entry>>, Vec<usize>)> {
    let blobs = prop::collection::vec(prop::collection::vec(entry(), 0..6), 1..4);
    (
        blobs,
        prop::collection::vec(any::<prop::sample::Index>(), 1..7),
    )
        .prop_map(|(blobs, places)| {
            let places = places
                .iter()
                .map(|place| place.index(blobs.len()))
                .collect();
            (blobs, places)
        })
}

fn layer(entries: &[Entry]) -> Layer {
    entries.iter().fold(Layer::new(), |layer, entry| {
        let path = &entry.path;
        match &entry.kind {
            Kind::File(content) => layer.file(path, content.clone()),
            Kind::Hardlink(target) => layer.hardlink(path, target),
            Kind::Whiteout => layer.whiteout(path),
            _ => layer.dir(path),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_byte_is_wasted_download_where_every_listing_wastes_it((blobs, places) in image()) {
        let mut model = Model::default();
        let mut stack = Stack::new();
        for place in &places {
            model.push(&blobs[*place]);
            stack.push(support::index(&layer(&blobs[*place]))).unwrap();
        }
        // Two blobs may happen to be equal: then they are one. The blobs are plain tars, so a byte of the one is a
        // byte of the other.
        let mut listed: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
        for (number, place) in (1..).zip(&places) {
            listed.entry(layer(&blobs[*place]).tar()).or_default().push(number);
        }
        let (mut wasted_bytes, mut entry_bytes) = (0, 0);
        for (tar, layers) in &listed {
            for at in 0..tar.len() as u64 {
                let index = stack.layer(layers[0]).unwrap();
                let holds = |entry: &_| {
                    let start = index.start(*entry);
                    (start..start + index.cost(*entry)).contains(&at)
                };
                let Some(entry) = index.entries().find(holds) else { continue };
                entry_bytes += 1;
                let is_wasted = |layer: &usize| {
                    let entry = entry.0 as usize;
                    model.wasted.iter().any(|(by, of, ..)| (by, of) == (layer, &entry))
                };
                if index.kind(entry) == EntryKind::File && layers.iter().all(is_wasted) {
                    wasted_bytes += 1;
                }
            }
        }
        let ledger = Ledger::of(&stack);
        prop_assert_eq!(ledger.total.wasted_compressed, wasted_bytes);
        let by_layer: u64 = ledger.layers.iter().map(|layer| layer.wasted_compressed).sum();
        prop_assert_eq!(by_layer, wasted_bytes);
        let of_files: u64 = ledger.wasted.iter().map(|wasted| wasted.compressed).sum();
        prop_assert_eq!(of_files, wasted_bytes);
        // Live or wasted, each byte is charged to one layer.
        let charged = (1..).zip(stack.layers()).flat_map(|(layer, index)| {
            index.entries().map(move |entry| (layer, entry))
        });
        let charged: u64 = charged.map(|(layer, entry)| ledger.cost(&stack, layer, entry)).sum();
        prop_assert_eq!(charged, entry_bytes);
        let blobs_once: u64 = (1..=stack.depth()).map(|layer| ledger.layer_cost(&stack, layer)).sum();
        prop_assert_eq!(blobs_once, listed.keys().map(|tar| tar.len() as u64).sum::<u64>());
        // The findings of wasted bytes come to the same.
        let findings = findings::of(&Subject {
            stack: &stack,
            ledger: &ledger,
            commands: &vec![None; places.len()],
            config: &Config::default(),
            base: None,
            leftovers: Leftovers::standard(),
        });
        let of_findings = findings.iter().filter(|finding| finding.kind.cause().is_some());
        prop_assert_eq!(of_findings.map(|finding| finding.compressed).sum::<u64>(), wasted_bytes);
    }
}
