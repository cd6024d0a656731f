//! Rules about packages: those that must not be there, and how large one may be.

use super::id::Rule;
use super::limits::Limits;
use super::quantity::Bytes;
use super::{RuleId, Verdict};
use crate::names::text;
use crate::ownership::{Owned, Packages};

impl Limits {
    /// Whether a limit needs the packages of the image.
    #[must_use]
    pub const fn are_about_packages(&self) -> bool {
        self.max_package_size.is_some() || !self.forbid_packages.is_empty()
    }

    /// Judges the packages that layers above `below` store files of. What a database that is not read tells of may be
    /// forbidden too.
    pub(super) fn judge_packages(
        &self,
        own: &str,
        packages: &Packages,
        below: usize,
    ) -> Vec<Verdict> {
        let is_own = |package: &&Owned| package.layers.iter().any(|layer| *layer > below);
        let named = |id: RuleId| Rule::from(id).of_part(own);
        let told = |package: &Owned| {
            let version = Some(&package.version).filter(|version| !version.is_empty());
            let version = version.map_or_else(String::new, |version| format!("@{version}"));
            format!("{}:{}{version}", package.kind.name(), package.name).into_bytes()
        };
        let mut verdicts = Vec::new();
        for pattern in &self.forbid_packages {
            let rule = Rule::of_glob(RuleId::ForbidPackages, pattern.text()).of_part(own);
            let met = packages.packages.iter().filter(is_own);
            let met: Vec<Vec<u8>> = met.filter(|it| pattern.meets(it)).map(told).collect();
            verdicts.push(Verdict::none_of(rule, met.into_iter()));
        }
        if let Some(Bytes(limit)) = self.max_package_size {
            // The largest come first.
            let sizes = || packages.packages.iter().filter(is_own);
            let largest = sizes().map(|package| package.bytes).next().unwrap_or(0);
            let over = sizes().filter(|package| package.bytes > limit);
            let over: Vec<Vec<u8>> = over.map(told).collect();
            let verdict =
                Verdict::at_most(named(RuleId::MaxPackageSize), Some(limit), Some(largest));
            verdicts.extend(verdict.map(|verdict| verdict.with_met(over.into_iter())));
        }
        let unread = packages.unread.first().map(|unread| {
            let path = text(&unread.path);
            format!("the package database {path} could not be read to its end")
        });
        let verdicts = verdicts.into_iter();
        verdicts
            .map(|verdict| match &unread {
                // What was found is there, whatever else there is.
                Some(reason) if verdict.passed == Some(true) => verdict.unjudged(reason),
                _ => verdict,
            })
            .collect()
    }
}
