//! What was found in a text: hits of which no two overlap, by where they begin.

use std::collections::BTreeMap;
use std::ops::Range;

use super::SecretRule;

/// Something that looks like a secret, and where it is in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) rule: SecretRule,
    pub(super) range: Range<usize>,
}

/// Hits by their start: whether a place is free is asked for each new one, and a text may hold as
/// many as somebody likes.
#[derive(Default)]
pub(super) struct Found(BTreeMap<usize, Hit>);

impl Found {
    /// The last hit that shares a byte with a range.
    pub(super) fn overlapping(&self, range: &Range<usize>) -> Option<&Hit> {
        let (_, last) = self.0.range(..range.end).next_back()?;
        (last.range.end > range.start).then_some(last)
    }

    /// Adds a hit where its range is free and not empty.
    pub(super) fn add(&mut self, hit: Hit) {
        if !hit.range.is_empty() && self.overlapping(&hit.range).is_none() {
            self.0.insert(hit.range.start, hit);
        }
    }

    /// Adds a hit in place of those that give way to it; not where one of them does not.
    pub(super) fn replace(&mut self, hit: Hit, gives_way: impl Fn(&Hit) -> bool) {
        let before = self.0.range(..hit.range.end).rev();
        let over: Vec<&Hit> = before
            .map(|(_, other)| other)
            .take_while(|other| other.range.end > hit.range.start)
            .collect();
        if over.iter().all(|other| gives_way(other)) {
            let starts: Vec<usize> = over.iter().map(|other| other.range.start).collect();
            for start in starts {
                self.0.remove(&start);
            }
            self.add(hit);
        }
    }

    /// Whether a rule has a hit.
    pub(super) fn has(&self, rule: SecretRule) -> bool {
        self.0.values().any(|hit| hit.rule == rule)
    }

    /// In the order of the text.
    pub(super) fn into_hits(self) -> Vec<Hit> {
        self.0.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against a list that is looked through whole.
        #[test]
        fn no_two_overlap(hits in prop::collection::vec((0..60usize, 1..12usize, any::<bool>(), any::<bool>()), 0..30)) {
            let rule = |strong| if strong { SecretRule::PRIVATE_KEY } else { SecretRule::URL };
            let weak = |hit: &Hit| hit.rule == SecretRule::URL;
            let (mut found, mut list) = (Found::default(), Vec::<Hit>::new());
            for (start, length, strong, replace) in hits {
                let hit = Hit { rule: rule(strong), range: start..start + length };
                let over = |other: &Hit| other.range.start < hit.range.end && hit.range.start < other.range.end;
                prop_assert_eq!(found.overlapping(&hit.range).is_some(), list.iter().any(over));
                let free = !list.iter().any(|other| over(other) && !(replace && weak(other)));
                if free {
                    list.retain(|other| !over(other));
                    list.push(hit.clone());
                }
                if replace { found.replace(hit, weak) } else { found.add(hit) }
            }
            list.sort_by_key(|hit| hit.range.start);
            prop_assert_eq!(found.into_hits(), list);
        }
    }
}
