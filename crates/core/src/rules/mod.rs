//! Rules: the limits that a team sets on its images, and whether an image keeps them.
//!
//! A limit that is met exactly is kept. What a source cannot know cannot be judged: such a rule has
//! neither passed nor failed.

mod dive;
mod file;
mod quantity;

pub use dive::DiveRules;
#[cfg(test)]
pub(crate) use file::File as RulesFile;
pub use file::RulesError;
pub use quantity::{Bytes, Count, QuantityError, Share};

use serde::{Deserialize, Serialize};

use crate::ledger::dive::Dive;

/// Rules about what the manifest alone says; all others need the contents of every layer.
const OF_DOCUMENTS: [&str; 2] = ["maxCompressedSize", "maxLayers"];

/// The limits of a rules file or of flags; those that are not set judge nothing.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Limits {
    /// Live bytes as a share of all.
    pub min_efficiency: Option<Share>,
    /// Dead bytes.
    pub max_dead_bytes: Option<Bytes>,
    /// Dead bytes as a share of all.
    pub max_dead_share: Option<Share>,
    /// So few dead bytes that their share says nothing.
    pub dead_share_floor: Option<Bytes>,
    /// Bytes of the blobs that dead files cost.
    pub max_dead_compressed: Option<Bytes>,
    /// Bytes of all layers' tars.
    pub max_size: Option<Bytes>,
    /// Bytes of all layers' blobs.
    pub max_compressed_size: Option<Bytes>,
    /// Bytes of the largest layer's tar.
    pub max_layer_size: Option<Bytes>,
    /// Number of layers.
    pub max_layers: Option<Count>,
}

impl Limits {
    /// These limits, and where one is not set, that of `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            min_efficiency: self.min_efficiency.or(other.min_efficiency),
            max_dead_bytes: self.max_dead_bytes.or(other.max_dead_bytes),
            max_dead_share: self.max_dead_share.or(other.max_dead_share),
            dead_share_floor: self.dead_share_floor.or(other.dead_share_floor),
            max_dead_compressed: self.max_dead_compressed.or(other.max_dead_compressed),
            max_size: self.max_size.or(other.max_size),
            max_compressed_size: self.max_compressed_size.or(other.max_compressed_size),
            max_layer_size: self.max_layer_size.or(other.max_layer_size),
            max_layers: self.max_layers.or(other.max_layers),
        }
    }
}

/// All that an image is judged by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    /// Our own limits.
    pub limits: Limits,
    /// Those of a `.dive-ci`.
    pub dive: DiveRules,
}

/// What rules look at, in bytes; None where the image's source cannot know.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Live bytes as a share of all.
    pub efficiency: f64,
    /// File content in all layers.
    pub retained: u64,
    /// Of it, what the final stack does not reach.
    pub dead: u64,
    /// What that costs in the blobs.
    pub dead_compressed: Option<u64>,
    /// All layers' tars.
    pub size: u64,
    /// All layers' blobs.
    pub compressed_size: Option<u64>,
    /// The largest layer's tar.
    pub largest_layer: u64,
    /// Number of layers.
    pub layers: u64,
    /// dive's numbers.
    pub dive: Dive,
    /// All layers were read. Else what depends on their contents is not known, whatever the numbers above say.
    pub whole: bool,
}

/// A limit or what was measured: a number of bytes or layers, or a share of 1.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Amount {
    /// Bytes, or layers.
    Count(u64),
    /// A share.
    Share(f64),
}

/// One rule and what became of it.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The rule's key in a rules file.
    pub name: String,
    /// What it allows, at most or, for efficiencies, at least.
    pub limit: Amount,
    /// What was measured; None where that is not known, or not a number.
    pub actual: Option<Amount>,
    /// Whether the image keeps it; None where that cannot be judged.
    pub passed: Option<bool>,
}

impl Rules {
    /// Judges an image by every limit that is set, always in the same order.
    #[must_use]
    pub fn judge(&self, measured: &Measured) -> Vec<Verdict> {
        let Measured { dead, retained, .. } = *measured;
        let limits = &self.limits;
        let mut verdicts = Vec::new();
        if let Some(Share(limit)) = limits.min_efficiency {
            let actual = measured.efficiency;
            verdicts.push(Verdict::share(
                "minEfficiency",
                limit,
                actual,
                actual >= limit,
            ));
        }
        verdicts.extend(at_most("maxDeadBytes", limits.max_dead_bytes, Some(dead)));
        if let Some(Share(limit)) = limits.max_dead_share {
            let actual = match retained {
                0 => 0.0,
                retained => dead as f64 / retained as f64,
            };
            let told = limits
                .dead_share_floor
                .is_none_or(|Bytes(floor)| dead >= floor);
            verdicts.push(Verdict::share(
                "maxDeadShare",
                limit,
                actual,
                !told || actual <= limit,
            ));
        }
        verdicts.extend(at_most(
            "maxDeadCompressed",
            limits.max_dead_compressed,
            measured.dead_compressed,
        ));
        verdicts.extend(at_most("maxSize", limits.max_size, Some(measured.size)));
        verdicts.extend(at_most(
            "maxCompressedSize",
            limits.max_compressed_size,
            measured.compressed_size,
        ));
        verdicts.extend(at_most(
            "maxLayerSize",
            limits.max_layer_size,
            Some(measured.largest_layer),
        ));
        let layers = limits.max_layers.map(|Count(layers)| Bytes(layers));
        verdicts.extend(at_most("maxLayers", layers, Some(measured.layers)));
        verdicts.extend(self.dive.judge(&measured.dive));
        if !measured.whole {
            let by_content = |verdict: &&mut Verdict| !OF_DOCUMENTS.contains(&&*verdict.name);
            for verdict in verdicts.iter_mut().filter(by_content) {
                (verdict.actual, verdict.passed) = (None, None);
            }
        }
        verdicts
    }
}

impl Verdict {
    fn share(name: &str, limit: f64, actual: f64, passed: bool) -> Self {
        Self {
            name: name.to_owned(),
            limit: Amount::Share(limit),
            actual: Some(actual)
                .filter(|share| share.is_finite())
                .map(Amount::Share),
            passed: Some(passed),
        }
    }
}

/// What all verdicts come to: failed if one did, else unknown if one is.
#[must_use]
pub fn passed(verdicts: &[Verdict]) -> Option<bool> {
    let any = |outcome| verdicts.iter().any(|verdict| verdict.passed == outcome);
    match () {
        () if any(None) => None,
        () => Some(!any(Some(false))),
    }
}

fn at_most(name: &str, limit: Option<Bytes>, actual: Option<u64>) -> Option<Verdict> {
    let Bytes(limit) = limit?;
    Some(Verdict {
        name: name.to_owned(),
        limit: Amount::Count(limit),
        actual: actual.map(Amount::Count),
        passed: actual.map(|actual| actual <= limit),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured() -> Measured {
        Measured {
            efficiency: 0.75,
            retained: 400,
            dead: 100,
            dead_compressed: None,
            size: 2048,
            compressed_size: Some(900),
            largest_layer: 1024,
            layers: 2,
            dive: Dive {
                efficiency: 0.5,
                wasted_bytes: 200,
                user_wasted: f64::NAN,
            },
            whole: true,
        }
    }

    fn judged(limits: Limits) -> Vec<(String, Option<bool>)> {
        let rules = Rules {
            limits,
            dive: DiveRules::default(),
        };
        let verdicts = rules.judge(&measured()).into_iter();
        verdicts
            .map(|verdict| (verdict.name, verdict.passed))
            .collect()
    }

    #[test]
    fn a_limit_met_exactly_is_kept_and_one_byte_more_is_not() {
        let bytes = |bytes| Some(Bytes(bytes));
        let met = Limits {
            min_efficiency: Some(Share(0.75)),
            max_dead_bytes: bytes(100),
            max_dead_share: Some(Share(0.25)),
            max_size: bytes(2048),
            max_compressed_size: bytes(900),
            max_layer_size: bytes(1024),
            max_layers: Some(Count(2)),
            ..Limits::default()
        };
        let all = judged(met);
        assert_eq!(all.len(), 7);
        assert!(
            all.iter().all(|(_, passed)| *passed == Some(true)),
            "{all:?}"
        );
        let crossed = Limits {
            min_efficiency: Some(Share(0.76)),
            max_dead_bytes: bytes(99),
            max_dead_share: Some(Share(0.24)),
            max_size: bytes(2047),
            max_compressed_size: bytes(899),
            max_layer_size: bytes(1023),
            max_layers: Some(Count(1)),
            ..Limits::default()
        };
        let all = judged(crossed);
        assert!(
            all.iter().all(|(_, passed)| *passed == Some(false)),
            "{all:?}"
        );
    }

    #[test]
    fn a_share_of_little_says_nothing() {
        let limits = |floor| Limits {
            max_dead_share: Some(Share(0.1)),
            dead_share_floor: Some(Bytes(floor)),
            ..Limits::default()
        };
        assert_eq!(
            judged(limits(101)),
            [("maxDeadShare".to_owned(), Some(true))]
        );
        assert_eq!(
            judged(limits(100)),
            [("maxDeadShare".to_owned(), Some(false))]
        );
    }

    #[test]
    fn without_a_layer_only_what_the_manifest_says_is_judged() {
        let limits = Limits {
            min_efficiency: Some(Share(0.0)),
            max_dead_bytes: Some(Bytes(u64::MAX)),
            max_dead_share: Some(Share(1.0)),
            max_dead_compressed: Some(Bytes(u64::MAX)),
            max_size: Some(Bytes(u64::MAX)),
            max_layer_size: Some(Bytes(u64::MAX)),
            max_compressed_size: Some(Bytes(899)),
            max_layers: Some(Count(2)),
            ..Limits::default()
        };
        let rules = Rules {
            limits,
            dive: DiveRules::DEFAULT,
        };
        let measured = Measured {
            whole: false,
            ..measured()
        };
        for verdict in rules.judge(&measured) {
            let (passed, known) = match verdict.name.as_str() {
                "maxCompressedSize" => (Some(false), true),
                "maxLayers" => (Some(true), true),
                _ => (None, false),
            };
            assert_eq!(verdict.passed, passed, "{}", verdict.name);
            assert_eq!(verdict.actual.is_some(), known, "{}", verdict.name);
        }
    }

    #[test]
    fn what_is_not_known_is_not_judged() {
        let limits = Limits {
            max_dead_compressed: Some(Bytes(u64::MAX)),
            max_layers: Some(Count(1)),
            ..Limits::default()
        };
        let rules = Rules {
            limits,
            dive: DiveRules::default(),
        };
        let verdicts = rules.judge(&measured());
        assert_eq!(verdicts[0].passed, None);
        assert_eq!(passed(&verdicts), None);
        assert_eq!(passed(&verdicts[1..]), Some(false));
        assert_eq!(passed(&[]), Some(true));
    }
}
