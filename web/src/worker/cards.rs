//! Findings that the same change makes go away, as one card; and what some of them come to.

use std::cmp::Reverse;
use std::collections::HashMap;

use onionskin_core::audit::FindingFacts;
use onionskin_core::findings::{BuildFile, LineChange};
use onionskin_core::report::changed_lines::diff;

use super::protocol::{Group, Order, Weighed};

/// Changed lines that a card tells.
const LINES: usize = 60;

/// The cards of some findings, given by their places in their order: each card the places of its findings.
pub(super) fn of(findings: &[FindingFacts], chosen: &[usize], order: Order) -> Vec<Vec<usize>> {
    let mut cards: Vec<Vec<usize>> = Vec::new();
    let mut alike: HashMap<_, usize> = HashMap::new();
    for at in chosen {
        let Some(finding) = findings.get(*at) else {
            continue;
        };
        let key = (
            finding.kind,
            finding.rule.as_deref(),
            finding.advice.as_str(),
            finding.ignored.as_deref(),
        );
        let card = *alike.entry(key).or_insert_with(|| {
            cards.push(Vec::new());
            cards.len() - 1
        });
        if let Some(card) = cards.get_mut(card) {
            card.push(*at);
        }
    }
    let first = |card: &[usize]| card.first().and_then(|at| findings.get(*at));
    let sum = |card: &[usize], of: fn(&FindingFacts) -> u64| -> u64 {
        card.iter().filter_map(|at| findings.get(*at)).map(of).sum()
    };
    match order {
        Order::Size => cards.sort_by_cached_key(|card| {
            let bytes = sum(card, |finding| finding.bytes);
            (
                first(card).map(|finding| Group::of(finding.kind)),
                Reverse(bytes),
            )
        }),
        Order::Compressed => cards.sort_by_cached_key(|card| {
            let bytes = sum(card, |finding| {
                finding.compressed_bytes.unwrap_or(finding.bytes)
            });
            (
                first(card).map(|finding| Group::of(finding.kind)),
                Reverse(bytes),
            )
        }),
        // Those are the orders of their first findings.
        Order::Kind | Order::Layer | Order::Path => {}
    }
    cards
}

/// The changed lines of all findings of a card. A step that several of them change is told with the change of the first.
pub(super) fn changes(findings: &[&FindingFacts]) -> Vec<(char, String)> {
    let mut told: Vec<LineChange> = Vec::new();
    for change in findings.iter().flat_map(|finding| &finding.changes) {
        let same = |other: &&LineChange| match change.file {
            BuildFile::Dockerfile => other.file == change.file && other.layer == change.layer,
            BuildFile::Dockerignore => *other == change,
        };
        if !told.iter().any(|other| same(&other)) && told.len() < LINES {
            told.push(change.clone());
        }
    }
    diff(&told)
}

/// What the findings with these numbers come to together.
pub(super) fn weighed(findings: &[FindingFacts], numbers: &[u32]) -> Weighed {
    let of = |number: &u32| findings.get((*number as usize).checked_sub(1)?);
    let chosen: Vec<&FindingFacts> = numbers.iter().filter_map(of).collect();
    let live = chosen
        .iter()
        .filter(|finding| finding.kind.cause().is_none());
    Weighed {
        findings: chosen.len() as u32,
        bytes: chosen.iter().map(|finding| finding.bytes).sum(),
        compressed: chosen.iter().map(|finding| finding.compressed_bytes).sum(),
        // A wasted byte is in one finding; a live one may be in several.
        exact: live.count() < 2,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    /// A finding whose step is changed.
    fn finding(path: &str, layer: usize, added: &str) -> FindingFacts {
        serde_json::from_value(json!({
            "kind": "deleted", "path": path, "bytes": 10, "compressedBytes": null,
            "addedBy": [layer], "hiddenBy": [layer + 1], "createdBy": [], "advice": "Remove it in its step",
            "changes": [{ "file": "Dockerfile", "layer": layer, "removed": "RUN make", "added": added }],
            "link": null, "downloadShare": null
        }))
        .unwrap()
    }

    #[test]
    fn each_step_of_a_card_is_told_once() {
        let (first, second) = ("RUN make && rm a", "RUN make && rm b");
        let findings = [
            finding("/a", 3, first),
            finding("/b", 3, second),
            finding("/c", 5, first),
        ];
        let cards = of(&findings, &[0, 1, 2], Order::Path);
        assert_eq!(cards, [[0, 1, 2]]);
        let told = changes(&findings.each_ref());
        let added: Vec<&str> = told
            .iter()
            .filter(|(sign, _)| *sign == '+')
            .map(|(_, line)| line.as_str())
            .collect();
        // Two steps with the same line are two changes; a step with two changes is told with its first.
        assert_eq!(added, [first, first]);
        let removed = told.iter().filter(|(sign, _)| *sign == '-').count();
        assert_eq!(removed, 2);
    }
}
