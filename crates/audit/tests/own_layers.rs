//! The numbers of an image's own layers and of its base add up to the ledger's, and what is ignored leaves every sum
//! that it was in.

#![allow(clippy::unwrap_used)]

mod support;

use onionskin_audit::base::{Base, BaseEvidence};
use onionskin_audit::findings::{self, Kind, Leftovers, Subject};
use onionskin_audit::rules::{PartTotals, Weighed};
use onionskin_fixtures::Layer;
use onionskin_layers::ledger::Ledger;
use onionskin_layers::stack::Stack;
use onionskin_oci::manifest::Config;
use proptest::prelude::*;

/// Few names, so that entries meet.
fn entry() -> impl Strategy<Value = (String, u8)> {
    let name = prop::sample::select(vec!["a", "b", "c", "tmp"]);
    let path = prop::collection::vec(name, 1..3).prop_map(|names| format!("/{}", names.join("/")));
    (path, 0..13_u8)
}

fn layer(entries: &[(String, u8)]) -> Layer {
    entries
        .iter()
        .fold(Layer::new(), |layer, (path, kind)| match kind {
            0 => layer.dir(path),
            1 => layer.hardlink(path, "/a/a"),
            2 => layer.opaque(path),
            3..6 => layer.whiteout(path),
            kind => layer
                .file(path, vec![kind % 2 + b'x'; usize::from(kind % 3 + 1)])
                .mode(if kind % 5 == 0 { 0o666 } else { 0o644 }),
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn own_and_base_sum_to_all(
        layers in prop::collection::vec(prop::collection::vec(entry(), 0..25), 1..5),
        below in 0..5_usize,
        ignored in prop::collection::hash_set(0..40_usize, 0..10),
    ) {
        let mut stack = Stack::new();
        for entries in &layers {
            stack.push(support::index(&layer(entries))).unwrap();
        }
        let below = below.min(layers.len());
        let ledger = Ledger::of(&stack);
        let image = support::image(layers.len());
        let base = Base { reference: None, digest: None, layers: Some(below), by: BaseEvidence::Named };
        let findings = findings::of(&Subject {
            stack: &stack,
            ledger: &ledger,
            commands: &[],
            config: &Config::default(),
            base: Some(&base),
            leftovers: Leftovers::standard(),
        });
        let weigh = |ignore: &dyn Fn(usize) -> bool| -> Vec<Weighed<'_>> {
            let findings = findings.iter().enumerate();
            findings.map(|(at, finding)| Weighed { finding, ignored: ignore(at) }).collect()
        };
        let part = |weighed: &[Weighed<'_>], above| PartTotals::of((&image, &stack, &ledger), weighed, above, Some(below));

        // Nothing is ignored: what own layers add and what the base adds is all.
        let counted = weigh(&|_| false);
        let (all, own) = (part(&counted, 0), part(&counted, below));
        prop_assert_eq!((all.stored, all.wasted), (ledger.total.stored, ledger.total.wasted()));
        prop_assert_eq!(all.wasted_compressed, Some(ledger.total.wasted_compressed));
        let of_base: u64 = ledger.layers[..below].iter().map(|account| account.wasted()).sum();
        prop_assert_eq!(own.wasted + of_base, all.wasted);
        let hidden_by_base: u64 = ledger.wasted.iter().filter(|wasted| wasted.hidden_by <= below).map(|wasted| wasted.bytes).sum();
        prop_assert_eq!(own.wasted + own.base_wasted.unwrap() + hidden_by_base, all.wasted);
        let live: u64 = ledger.layers[below..].iter().map(|account| account.live()).sum();
        prop_assert_eq!(own.stored - own.wasted, live);
        for kind in Kind::ALL {
            let of_kind = || findings.iter().filter(|finding| finding.kind == kind);
            let tally = all.findings.get(&kind).copied().unwrap_or_default();
            prop_assert_eq!(tally.count, of_kind().count() as u64);
            prop_assert_eq!(tally.bytes, of_kind().map(|finding| finding.bytes).sum::<u64>());
            let own_tally = own.findings.get(&kind).copied().unwrap_or_default();
            prop_assert!(own_tally.count <= tally.count && own_tally.bytes <= tally.bytes);
        }
        let wasted_of_own: u64 = own.findings.iter().filter(|(kind, _)| kind.cause().is_some()).map(|(_, tally)| tally.bytes).sum();
        prop_assert_eq!(wasted_of_own, own.wasted);

        // What is ignored leaves the sums that it was in, and nothing else does.
        let some = weigh(&|at| ignored.contains(&at));
        let (less, own_less) = (part(&some, 0), part(&some, below));
        let excused = || some.iter().filter(|weighed| weighed.ignored && weighed.finding.kind.cause().is_some());
        let by_layer = || excused().flat_map(|weighed| &weighed.finding.by_layer);
        prop_assert_eq!(less.wasted, all.wasted - by_layer().map(|part| part.bytes).sum::<u64>());
        let own_parts = || by_layer().filter(|part| part.added_by > below);
        prop_assert_eq!(own_less.wasted, own.wasted - own_parts().map(|part| part.bytes).sum::<u64>());
        let base_parts = || by_layer().filter(|part| part.added_by <= below && part.hidden_by.unwrap() > below);
        prop_assert_eq!(own_less.base_wasted.unwrap(), own.base_wasted.unwrap() - base_parts().map(|part| part.bytes).sum::<u64>());
        prop_assert_eq!(less.stored, all.stored);
        let all_ignored = part(&weigh(&|_| true), 0);
        prop_assert_eq!((all_ignored.wasted, all_ignored.findings.len()), (0, 0));
        prop_assert_eq!((all_ignored.base_wasted, all_ignored.wasted_compressed), (Some(0), Some(0)));
    }
}
