//! What an image has at the paths and in the packages whose growth is limited.

use std::collections::BTreeMap;

use super::GrowthLimits;
use crate::ledger::Ledger;
use crate::ownership::{Owned, Packages};
use crate::packages::Type;
use crate::rules::id::Rule;
use crate::rules::quantity::Bytes;
use crate::rules::{RuleId, Verdict};
use crate::stack::Stack;

/// A package, whatever its version.
type Key = (Type, String);

/// What an image has at the paths and in the packages of some limits, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrowthContents {
    /// By limit the bytes of the files at its path.
    paths: Vec<u64>,
    /// By limit the bytes of each package that its pattern meets.
    packages: Vec<BTreeMap<Key, u64>>,
    /// A package database that was not read to its end.
    unread: bool,
}

impl GrowthContents {
    /// Those of a stack; `packages` are its packages, if a limit needs them.
    #[must_use]
    pub fn of(limits: &GrowthLimits, stack: &Stack, packages: Option<&Packages>) -> Self {
        let paths = limits.paths.iter();
        let found = packages.map(|packages| packages.packages.as_slice());
        let sums = |limit: &super::PackageGrowth| {
            let mut sums: BTreeMap<Key, u64> = BTreeMap::new();
            let met = found.unwrap_or_default().iter();
            for package in met.filter(|package| limit.package.meets(package)) {
                *sums.entry(key(package)).or_default() += package.bytes;
            }
            sums
        };
        Self {
            paths: paths.map(|limit| limit.path.bytes(stack)).collect(),
            packages: limits.packages.iter().map(sums).collect(),
            unread: packages.is_some_and(|packages| !packages.unread.is_empty()),
        }
    }

    /// Those of a stack, its packages among them; None where not all of its layers are available.
    #[must_use]
    pub fn of_whole(limits: &GrowthLimits, stack: &Stack) -> Option<Self> {
        if !stack.not_fetched().is_empty() {
            return None;
        }
        let packages = !limits.packages.is_empty();
        let packages = packages.then(|| Packages::of(stack, stack.depth(), &Ledger::of(stack)));
        Some(Self::of(limits, stack, packages.as_ref()))
    }
}

fn key(package: &Owned) -> Key {
    (package.kind, package.name.clone())
}

impl GrowthLimits {
    /// Judges paths and packages; either may be None where it is not known.
    pub(super) fn judge_contents(
        &self,
        now: Option<&GrowthContents>,
        before: Option<&GrowthContents>,
    ) -> Vec<Verdict> {
        let both = now.zip(before);
        let paths = self.paths.iter().enumerate().map(|(at, limit)| {
            let rule = Rule::of_glob(RuleId::MaxPathGrowth, limit.path.text());
            let Bytes(most) = limit.max_bytes;
            let grown = both.and_then(|(now, before)| {
                Some(now.paths.get(at)?.saturating_sub(*before.paths.get(at)?))
            });
            Verdict::at_most(rule, Some(most), grown)
        });
        let packages = self.packages.iter().enumerate().map(|(at, limit)| {
            let rule = Rule::of_glob(RuleId::MaxPackageGrowth, limit.package.text());
            let Bytes(most) = limit.max_bytes;
            let grown = both.and_then(|(now, before)| {
                Some(grown(now.packages.get(at)?, before.packages.get(at)?))
            });
            let largest = grown
                .as_ref()
                .map(|grown| grown.first().map_or(0, |(bytes, _)| *bytes));
            let over = grown.unwrap_or_default().into_iter();
            let over: Vec<Vec<u8>> = over
                .filter(|(bytes, _)| *bytes > most)
                .map(|(_, (kind, name))| format!("{}:{name}", kind.name()).into_bytes())
                .collect();
            let verdict = Verdict::at_most(rule, Some(most), largest)?.with_met(over.into_iter());
            let unread = both.is_some_and(|(now, before)| match verdict.passed {
                Some(true) => now.unread || before.unread,
                // A package that was not read before has not grown from 0.
                _ => before.unread,
            });
            Some(match unread {
                true => verdict.unjudged(
                    "a package database of one of the images could not be read to its end",
                ),
                false => verdict,
            })
        });
        paths.chain(packages).flatten().collect()
    }
}

/// By how much each package has grown, the most first.
fn grown<'a>(now: &'a BTreeMap<Key, u64>, before: &BTreeMap<Key, u64>) -> Vec<(u64, &'a Key)> {
    let grown = now.iter().map(|(key, bytes)| {
        let before = before.get(key).copied().unwrap_or(0);
        (bytes.saturating_sub(before), key)
    });
    let mut grown: Vec<(u64, &Key)> = grown.filter(|(bytes, _)| *bytes > 0).collect();
    grown.sort_by(|(a, of_a), (b, of_b)| b.cmp(a).then(of_a.cmp(of_b)));
    grown
}
