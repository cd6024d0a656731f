//! An audit in steps says the same as one at once, whatever is done between them, and a step does not grow with the image.

#![allow(clippy::unwrap_used)]

mod support;

use std::ops::ControlFlow;

use onionskin_audit::audit::{Audit, AuditOptions};
use onionskin_audit::rules::Rules;
use onionskin_fixtures::{Layer, Packed, corpus, planted};
use onionskin_layers::ledger::Ledger;
use onionskin_layers::stack::Stack;
use onionskin_layers::steps::{PIECE, Steps};
use onionskin_oci::manifest::Config;
use onionskin_oci::source::Image;

fn options(rules: &Rules) -> AuditOptions<'_> {
    AuditOptions {
        rules,
        base: None,
        against: None,
        today: "2026-01-01".parse().unwrap(),
        links: None,
    }
}

fn opened(packed: &Packed) -> (Image, Stack, Ledger) {
    let mut stack = Stack::new();
    for tar in &packed.tars {
        stack.push(support::decode(tar).unwrap()).unwrap();
    }
    let mut image = support::image(stack.depth());
    image.config = Config::parse(&packed.config.bytes).unwrap();
    let ledger = Ledger::of(&stack);
    (image, stack, ledger)
}

#[test]
fn an_audit_in_steps_says_the_same_as_one_at_once() {
    let planted = [
        planted::image(),
        planted::twin(),
        planted::leftovers(),
        planted::risks(),
    ];
    let cases = corpus::cases();
    let packed = planted
        .into_iter()
        .chain(cases.iter().map(|case| case.pack()));
    let all: Vec<(Image, Stack, Ledger)> = packed.map(|packed| opened(&packed)).collect();
    let rules = Rules::default();
    let options = options(&rules);
    let begun = all.iter().map(|(image, stack, ledger)| {
        let at_once = Audit::new(image, stack, ledger, &options);
        let at_once = serde_json::to_string(&at_once).unwrap();
        let steps = Steps::of(Audit::in_steps(image, stack, ledger, &options));
        (at_once, steps)
    });
    // All images in turns: between two steps of one there is a step of each other.
    let mut left: Vec<(String, Steps<'_, Audit>)> = begun.collect();
    let mut compared = 0;
    while !left.is_empty() {
        for (at_once, steps) in std::mem::take(&mut left) {
            match steps.step() {
                ControlFlow::Continue(steps) => left.push((at_once, steps)),
                ControlFlow::Break(audit) => {
                    assert_eq!(serde_json::to_string(&audit).unwrap(), at_once);
                    compared += 1;
                }
            }
        }
    }
    assert_eq!(compared, all.len());
}

#[test]
fn more_paths_take_more_steps() {
    let steps = |files: usize| {
        let layer = (0..files).fold(Layer::new(), |layer, n| layer.file(format!("/{n}"), ""));
        let stack = support::stack(&[layer]);
        let (image, ledger) = (support::image(1), Ledger::of(&stack));
        let rules = Rules::default();
        let options = options(&rules);
        let mut left = Steps::of(Audit::in_steps(&image, &stack, &ledger, &options));
        let mut steps = 1;
        while let ControlFlow::Continue(next) = left.step() {
            (left, steps) = (next, steps + 1);
        }
        steps
    };
    // dive's numbers and the table of leftovers are looked up path by path: each takes two steps more.
    assert!(steps(3 * PIECE) >= steps(1) + 2 * 2);
}
