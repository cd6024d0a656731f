//! Rules: the limits that a team sets on its images, and whether an image keeps them.
//!
//! A limit that is met exactly is kept. What a source cannot know cannot be judged: such a rule has
//! neither passed nor failed.

mod dive;
mod error;
mod file;
mod growth;
mod id;
mod ignore;
mod limits;
mod linked;
mod matcher;
mod measure;
mod package_pattern;
mod packages;
mod paths;
mod quantity;
mod verdict;
mod yaml;

pub use dive::{DiveBytes, DiveRules, DiveShare};
pub use error::RulesError;
#[cfg(test)]
pub(crate) use file::File as RulesFile;
pub use growth::{Against, GrowthContents, GrowthLimits, PackageGrowth, PathGrowth};
pub use id::{Direction, RuleId, Unit};
pub use ignore::{Day, DayError, Ignore};
#[cfg(test)]
pub(crate) use limits::WrittenOut as WrittenFindingLimit;
pub use limits::{FindingLimit, Limits};
pub use measure::{Measured, PartTotals, Tally, Weighed};
pub use package_pattern::{PackagePattern, PackagePatternError};
pub use paths::{GlobError, PathGlob};
pub use quantity::{Bytes, Count, GrowthShare, QuantityError, Share};
pub use verdict::{Amount, Verdict, passed};

use self::id::Rule;
use crate::findings::Leftovers;

/// All that an image is judged by.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Limits on the whole image.
    pub limits: Limits,
    /// Limits on the layers above its base.
    pub own: Limits,
    /// Limits on how much larger it is than another one.
    pub growth: GrowthLimits,
    /// Findings that are not counted.
    pub ignore: Vec<Ignore>,
    /// What is looked for as a leftover, where that is not the standard table.
    pub leftovers: Option<Leftovers>,
    /// Those of a `.dive-ci`.
    pub dive: DiveRules,
}

const NO_SIZES: &str = "this source has no compressed sizes; audit the image in its registry";
const NO_BASE: &str = "the base is not known; name it with --base";
const NOT_WHOLE: &str = "not all layers are available";
/// Why a share is kept although it is too large.
const FEW: &str = "fewer wasted bytes than wastedShareFloor";

impl Rules {
    /// Whether a limit needs the packages of the image.
    #[must_use]
    pub const fn are_about_packages(&self) -> bool {
        self.limits.are_about_packages()
            || self.own.are_about_packages()
            || !self.growth.packages.is_empty()
    }

    /// Judges an image by every limit that is set, always in the same order.
    #[must_use]
    pub fn judge(&self, measured: &Measured<'_>) -> Vec<Verdict> {
        let Measured { image, against, .. } = measured;
        let whole = measured.stack.not_fetched().is_empty();
        let mut verdicts = self.limits.judge("", image, measured, 0);
        // Without a base the limits are told all the same, and not judged.
        let known = measured.base.zip(measured.own.as_ref());
        let (base, own) = known.unwrap_or((0, image));
        let own = self.own.judge("own.", own, measured, base).into_iter();
        verdicts.extend(own.map(|verdict| match known {
            Some(_) => verdict,
            None => verdict.unjudged(NO_BASE),
        }));
        let size = whole.then_some(image.size);
        let contents =
            whole.then(|| GrowthContents::of(&self.growth, measured.stack, measured.packages));
        let growth = self
            .growth
            .judge(size, image.compressed_size, contents.as_ref(), *against);
        verdicts.extend(growth);
        let dive = self.dive.judge(&measured.dive).into_iter();
        verdicts.extend(dive.map(|verdict| measured.of_contents(verdict)));
        verdicts
    }
}

impl Limits {
    /// Judges the layers above `below`, which make `part` of the image; `own` comes before the names of their rules.
    fn judge(
        &self,
        own: &str,
        part: &PartTotals,
        measured: &Measured<'_>,
        below: usize,
    ) -> Vec<Verdict> {
        let mut verdicts = self.judge_sizes(own, part, measured);
        verdicts.extend(self.judge_findings(own, part, measured));
        verdicts.extend(self.judge_paths(own, measured, below));
        if let Some(packages) = measured.packages {
            let judged = self.judge_packages(own, packages, below).into_iter();
            verdicts.extend(judged.map(|verdict| measured.of_contents(verdict)));
        }
        let verdicts = verdicts.into_iter();
        verdicts
            .map(|verdict| verdict.or_unknown(NO_SIZES))
            .collect()
    }

    /// Judges waste, sizes and the number of layers.
    fn judge_sizes(&self, own: &str, part: &PartTotals, measured: &Measured<'_>) -> Vec<Verdict> {
        let named = |id: RuleId| Rule::from(id).of_part(own);
        let at_most = |id: RuleId, limit: Option<Bytes>, actual| {
            Verdict::at_most(named(id), limit.map(|Bytes(limit)| limit), actual)
        };
        let of_contents = |verdict| measured.of_contents(verdict);
        let efficiency = self.min_efficiency.map(|Share(limit)| {
            let actual = part.efficiency();
            Verdict::share(named(RuleId::MinEfficiency), limit, actual, actual >= limit)
        });
        let share = self.max_wasted_share.map(|Share(limit)| {
            let actual = part.wasted_share();
            let floor = self.wasted_share_floor;
            let told = floor.is_none_or(|Bytes(floor)| part.wasted >= floor);
            let kept = actual <= limit;
            Verdict {
                reason: (!told && !kept).then(|| FEW.to_owned()),
                ..Verdict::share(named(RuleId::MaxWastedShare), limit, actual, kept || !told)
            }
        });
        let wasted = at_most(
            RuleId::MaxWastedBytes,
            self.max_wasted_bytes,
            Some(part.wasted),
        );
        let compressed = self.max_wasted_compressed;
        let compressed = at_most(
            RuleId::MaxWastedCompressed,
            compressed,
            part.wasted_compressed,
        );
        let base_wasted = at_most(
            RuleId::MaxBaseWasted,
            self.max_base_wasted,
            part.base_wasted,
        )
        .map(|verdict| verdict.or_unknown(NO_BASE));
        let size = at_most(RuleId::MaxSize, self.max_size, Some(part.size));
        let download = self.max_compressed_size;
        let download = at_most(RuleId::MaxCompressedSize, download, part.compressed_size);
        let largest = at_most(
            RuleId::MaxLayerSize,
            self.max_layer_size,
            Some(part.largest_layer),
        );
        let layers = self.max_layers.map(|Count(layers)| Bytes(layers));
        let layers = at_most(RuleId::MaxLayers, layers, Some(part.layers));
        [
            efficiency.map(of_contents),
            wasted.map(of_contents),
            share.map(of_contents),
            compressed.map(of_contents),
            base_wasted.map(of_contents),
            size.map(of_contents),
            download,
            largest.map(of_contents),
            layers,
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Judges findings by their kinds.
    fn judge_findings(
        &self,
        own: &str,
        part: &PartTotals,
        measured: &Measured<'_>,
    ) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        for (kind, limit) in &self.findings {
            let tally = part.findings.get(kind).copied().unwrap_or_default();
            let at_most = |id, limit, actual| {
                Verdict::at_most(Rule::of_kind(id, *kind).of_part(own), limit, Some(actual))
            };
            let count = limit.max_count.map(|Count(count)| count);
            let count = at_most(RuleId::MaxFindings, count, tally.count);
            let bytes = limit.max_bytes.map(|Bytes(bytes)| bytes);
            let bytes = at_most(RuleId::MaxFindingBytes, bytes, tally.bytes);
            let judged = count.into_iter().chain(bytes);
            verdicts.extend(judged.map(|verdict| match kind.is_of_documents() {
                true => verdict,
                false => measured.of_contents(verdict),
            }));
        }
        verdicts
    }

    /// Judges paths that may not be there.
    fn judge_paths(&self, own: &str, measured: &Measured<'_>, below: usize) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        for glob in &self.forbidden {
            let rule = Rule::of_glob(RuleId::Forbidden, glob.text()).of_part(own);
            let paths = glob.in_stack(measured.stack, below).into_iter();
            verdicts.push(measured.of_contents(Verdict::none_of(rule, paths)));
        }
        for glob in &self.forbidden_in_layers {
            let rule = Rule::of_glob(RuleId::ForbiddenInLayers, glob.text()).of_part(own);
            let paths = glob.in_layers(measured.stack, below).into_iter();
            let verdict = Verdict::none_of(rule, paths);
            // What was found is there, whatever else there is.
            verdicts.push(match verdict.passed {
                Some(false) => verdict,
                _ => measured.of_contents(verdict),
            });
        }
        verdicts
    }
}

impl Measured<'_> {
    /// A verdict that depends on every layer, as all but those of documents do.
    fn of_contents(&self, verdict: Verdict) -> Verdict {
        match self.stack.not_fetched().is_empty() {
            true => verdict,
            false => verdict.unjudged(NOT_WHOLE),
        }
    }
}

#[cfg(test)]
mod tests;
