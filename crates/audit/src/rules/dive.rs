//! dive's three rules with its meanings: thresholds that may be met, and be written as `disabled`; and the `.dive-ci`
//! that they stand in.

use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer};

use super::quantity::{QuantityError, dive_bytes, shown};
use super::{RuleId, Verdict};
use super::{Rules, RulesError, yaml};
use crate::ledger::dive::Dive;

/// dive's thresholds; None is disabled.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DiveRules {
    /// Fails where dive's efficiency is less.
    pub lowest_efficiency: Option<f64>,
    /// Fails where dive's wasted bytes are more.
    pub highest_wasted_bytes: Option<u64>,
    /// Fails where they are a larger share of all layers but the first.
    pub highest_user_wasted_percent: Option<f64>,
}

/// Why there is a verdict and no number.
const NO_SHARE: &str =
    "the layers above the first hold nothing: dive lets 0/0 pass, and nothing else";

impl DiveRules {
    /// What dive asks for where nothing is said.
    pub const DEFAULT: Self = Self {
        lowest_efficiency: Some(0.9),
        highest_wasted_bytes: None,
        highest_user_wasted_percent: Some(0.1),
    };

    pub(super) fn judge(&self, dive: &Dive) -> Vec<Verdict> {
        let efficiency = self.lowest_efficiency.map(|limit| {
            let failed = limit > dive.efficiency;
            Verdict::share(RuleId::LowestEfficiency, limit, dive.efficiency, !failed)
        });
        let (limit, wasted) = (self.highest_wasted_bytes, Some(dive.wasted_bytes));
        let wasted = Verdict::at_most(RuleId::HighestWastedBytes, limit, wasted);
        let share = self.highest_user_wasted_percent.map(|limit| {
            // What is not a number is not larger, and so passes.
            let failed = dive.user_wasted > limit;
            let told = dive.user_wasted.is_finite();
            Verdict {
                reason: (!told).then(|| NO_SHARE.to_owned()),
                ..Verdict::share(
                    RuleId::HighestUserWastedPercent,
                    limit,
                    dive.user_wasted,
                    !failed,
                )
            }
        });
        [efficiency, wasted, share].into_iter().flatten().collect()
    }
}

/// A threshold; None is disabled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DiveShare(pub Option<f64>);

/// A threshold in bytes; None is disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiveBytes(pub Option<u64>);

/// What is read of a `.dive-ci`; dive looks at nothing else in it, and knows only these spellings.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct File {
    rules: Option<Thresholds>,
}

#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Thresholds {
    lowest_efficiency: Option<DiveShare>,
    highest_wasted_bytes: Option<DiveBytes>,
    highest_user_wasted_percent: Option<DiveShare>,
}

impl Rules {
    /// Reads a `.dive-ci`: what it does not say is as dive has it by default, keys that dive does not know are passed
    /// over (dive, cmd/dive/cli/internal/options/ci.go).
    ///
    /// # Errors
    /// It is no YAML, or a threshold means nothing.
    pub fn from_dive_ci(text: &[u8]) -> Result<Self, RulesError> {
        let file: File = yaml::read(text)?;
        let said = file.rules.unwrap_or_default();
        let default = DiveRules::DEFAULT;
        let share = |said: Option<DiveShare>, default| said.map_or(default, |DiveShare(it)| it);
        let wasted = said.highest_wasted_bytes;
        Ok(Self {
            dive: DiveRules {
                lowest_efficiency: share(said.lowest_efficiency, default.lowest_efficiency),
                highest_wasted_bytes: wasted
                    .map_or(default.highest_wasted_bytes, |DiveBytes(it)| it),
                highest_user_wasted_percent: share(
                    said.highest_user_wasted_percent,
                    default.highest_user_wasted_percent,
                ),
            },
            ..Self::default()
        })
    }
}

fn is_disabled(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    ["", "disabled", "off", "false"].contains(&text.as_str())
}

impl FromStr for DiveShare {
    type Err = QuantityError;

    /// As dive reads it: from 0 to 1.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_disabled(text) {
            return Ok(Self(None));
        }
        match text.parse::<f64>() {
            Ok(share) if (0.0..=1.0).contains(&share) => Ok(Self(Some(share))),
            _ => Err(QuantityError::DiveShare(shown(text))),
        }
    }
}

impl FromStr for DiveBytes {
    type Err = QuantityError;

    /// As dive reads it, with its decimal and binary units.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match is_disabled(text) {
            true => Ok(Self(None)),
            false => dive_bytes(text).map(|bytes| Self(Some(bytes))),
        }
    }
}

impl<'de> Deserialize<'de> for DiveShare {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for DiveBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: DiveRules = DiveRules {
        lowest_efficiency: Some(0.9),
        highest_wasted_bytes: Some(100),
        highest_user_wasted_percent: Some(0.1),
    };

    fn judged(efficiency: f64, wasted_bytes: u64, user_wasted: f64) -> Vec<Option<bool>> {
        let verdicts = RULES.judge(&Dive {
            efficiency,
            wasted_bytes,
            user_wasted,
        });
        verdicts.iter().map(|verdict| verdict.passed).collect()
    }

    #[test]
    fn a_threshold_that_is_met_passes_and_so_does_what_is_no_number() {
        let (yes, no) = (Some(true), Some(false));
        assert_eq!(judged(0.9, 100, 0.1), [yes, yes, yes]);
        assert_eq!(judged(0.899, 101, 0.101), [no, no, no]);
        assert_eq!(judged(1.0, 0, f64::NAN), [yes, yes, yes]);
        assert_eq!(judged(1.0, 5, f64::INFINITY), [yes, yes, no]);
    }

    #[test]
    fn thresholds_are_read_as_dive_reads_them() {
        let share = |text: &str| text.parse::<DiveShare>();
        let bytes = |text: &str| text.parse::<DiveBytes>();
        assert_eq!(share("0.95"), Ok(DiveShare(Some(0.95))));
        assert_eq!(bytes("20Mb"), Ok(DiveBytes(Some(20_000_000))));
        // Its library passes over commas wherever they stand, and takes fractions of a byte.
        assert_eq!(bytes("1,5kb"), Ok(DiveBytes(Some(15_000))));
        assert_eq!(bytes("1.5"), Ok(DiveBytes(Some(1))));
        for text in ["", "disabled", "OFF", " false "] {
            assert_eq!(share(text), Ok(DiveShare(None)), "{text}");
            assert_eq!(bytes(text), Ok(DiveBytes(None)), "{text}");
        }
        assert!(share("1.5").is_err() && share("10%").is_err() && share("nan").is_err());
        assert!(bytes("much").is_err());
    }

    #[test]
    fn a_dive_ci_is_read_as_dive_reads_it() {
        let dive = |text: &str| Rules::from_dive_ci(text.as_bytes()).unwrap().dive;
        let sample = "---\nplugins:\n  - plugin1\n\nrules:\n  lowestEfficiency: 0.95\n  highestWastedBytes: 20Mb\n  highestUserWastedPercent: 0.5\n  plugin1/rule1: error\n";
        let expected = DiveRules {
            lowest_efficiency: Some(0.95),
            highest_wasted_bytes: Some(20_000_000),
            highest_user_wasted_percent: Some(0.5),
        };
        assert_eq!(dive(sample), expected);
        for text in [
            "",
            "rules:\n",
            "plugins: []\n",
            "rules:\n  lowestEfficiency:\n",
            // Other spellings, which its command line has, are none of its file's.
            "rules:\n  lowest-efficiency: 0.1\n  LowestEfficiency: 0.2\nlowestEfficiency: 0.3\n",
        ] {
            assert_eq!(dive(text), DiveRules::DEFAULT, "{text}");
        }
        let off = dive(
            "rules:\n  lowestEfficiency: off\n  highestUserWastedPercent: false\n  highestWastedBytes: \"\"\n",
        );
        assert_eq!(off, DiveRules::default());
        for (text, line, says) in [
            ("rules:\n  lowestEfficiency: 95\n", 2, "\"95\""),
            (
                "rules:\n  lowestEfficiency: 0.9\n  highestUserWastedPercent: 10%\n",
                3,
                "\"10%\"",
            ),
            ("\nrules:\n  highestWastedBytes: 20 megs\n", 3, "20 megs"),
            ("rules:\n  highestWastedBytes: [20MB]\n", 2, "one value"),
            ("rules:\n  - lowestEfficiency: 0.9\n", 2, "keys"),
            ("- rules\n", 1, "keys"),
        ] {
            let error = Rules::from_dive_ci(text.as_bytes()).unwrap_err();
            assert_eq!(error.line, line, "{text}: {error}");
            assert!(error.problem.contains(says), "{text}: {error}");
        }
    }
}
