//! The conformance corpus through the core: from each image's blobs to the tree, the ledger and the remarks that are
//! written down beside it, natively and in a browser.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used)]

mod support;

use onionskin_audit::visitors;
use onionskin_fixtures::corpus::{self, Case, Causes, Oddity};
use onionskin_layers::layer::{Expected, LayerIndex, RemarkKind};
use onionskin_layers::ledger::Ledger;
use onionskin_layers::stack::Stack;
use support::{decode_in, row, rows};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The image's layers, decoded from what a registry would hold.
fn decoded(case: &Case) -> Vec<LayerIndex> {
    let packed = case.pack();
    let blobs = packed.layers.iter().zip(&packed.diff_ids);
    let decoded = (1..).zip(blobs).map(|(layer, (blob, diff_id))| {
        let mut decoder = visitors::decoder(Expected {
            layer,
            digest: blob.digest.parse().ok(),
            size: Some(blob.bytes.len() as u64),
            diff_id: diff_id.parse().ok(),
        });
        decoder
            .push(&blob.bytes)
            .unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let index = decoder
            .finish()
            .unwrap_or_else(|error| panic!("{}: {error}", case.name));
        for size in [1, 509] {
            assert_eq!(
                decode_in(&blob.bytes, size).as_ref(),
                Ok(&index),
                "{} in pieces of {size}",
                case.name
            );
        }
        index
    });
    decoded.collect()
}

fn stacked(case: &Case) -> Stack {
    let mut stack = Stack::new();
    for index in decoded(case) {
        stack.push(index).unwrap();
    }
    stack
}

fn causes(ledger: &Ledger) -> Causes {
    let causes = ledger.total.causes;
    Causes {
        deleted: causes.deleted,
        overwritten: causes.overwritten,
        metadata_only: causes.metadata_only,
        repeated: causes.repeated,
    }
}

fn remarks(stack: &Stack) -> Vec<(usize, Oddity)> {
    let remarks = stack.remarks().map(|(layer, remark)| {
        let oddity = match remark.kind {
            RemarkKind::UnknownType(flag) => Oddity::UnknownType(flag),
            RemarkKind::BareWhiteout => Oddity::BareWhiteout,
            RemarkKind::DataAfterEnd => Oddity::DataAfterEnd,
            RemarkKind::LinkToFolder => Oddity::LinkToFolder,
            RemarkKind::LibarchiveXattrs => Oddity::LibarchiveXattrs,
        };
        (layer, oddity)
    });
    remarks.collect()
}

#[test]
fn every_case_has_its_tree_its_ledger_and_its_remarks() {
    let mut wrong = Vec::new();
    for case in corpus::cases() {
        let stack = stacked(&case);
        let ledger = Ledger::of(&stack);
        let tree: Vec<String> = rows(&stack).iter().map(row).collect();
        if tree != case.tree {
            wrong.push(format!(
                "{}: the tree is {tree:#?}, not {:#?}",
                case.name, case.tree
            ));
        }
        if causes(&ledger) != case.causes {
            wrong.push(format!(
                "{}: the causes are {:?}, not {:?}",
                case.name,
                causes(&ledger),
                case.causes
            ));
        }
        if remarks(&stack) != case.remarks {
            wrong.push(format!(
                "{}: the remarks are {:?}, not {:?}",
                case.name,
                remarks(&stack),
                case.remarks
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn names_of_cases_are_all_different() {
    let mut names: Vec<_> = corpus::cases().iter().map(|case| case.name).collect();
    let cases = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), cases);
}
