//! Rules files: our own `onionskin.yaml`, and dive's `.dive-ci` as it is.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::limits::or_nothing;
use super::quantity::Scalar;
use super::{DiveRules, GrowthLimits, Ignore, Limits, QuantityError, Rules, dive};
use crate::findings::{Leftover, Leftovers, Silenced};

/// What an `onionskin.yaml` may say.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct File {
    /// Limits on the whole image.
    rules: Option<Limits>,
    /// The same limits on the layers above its base alone.
    own: Option<Limits>,
    /// Limits on how much larger the image is than another one.
    growth: Option<GrowthLimits>,
    /// Findings that are told and not counted, each with a reason.
    #[cfg_attr(test, schemars(with = "Option<Vec<super::WrittenIgnore>>"))]
    ignore: Option<Vec<Ignore>>,
    /// Changes to what is looked for as a leftover.
    leftovers: Option<LeftoverChanges>,
}

/// Changes to what is looked for as a leftover.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct LeftoverChanges {
    /// More rows; one with the id of a row that is there takes its place.
    #[serde(deserialize_with = "or_nothing")]
    add: Vec<Leftover>,
    /// Ids of rows that are not looked for.
    #[serde(deserialize_with = "or_nothing")]
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    silence: Vec<Silenced>,
}

/// What is read of a `.dive-ci`; dive looks at nothing else in it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DiveFile {
    rules: Option<DiveThresholds>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DiveThresholds {
    lowest_efficiency: Option<Scalar>,
    highest_wasted_bytes: Option<Scalar>,
    highest_user_wasted_percent: Option<Scalar>,
}

/// Why a rules file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// It is no YAML, or not of the form that is documented.
    #[error("line {line}: {problem}")]
    Form {
        /// The line, from 1.
        line: u64,
        /// What is wrong there.
        problem: String,
    },
    /// A threshold of dive's that means nothing.
    #[error("{key}: {problem}")]
    Threshold {
        /// Its name.
        key: &'static str,
        /// What is wrong.
        #[source]
        problem: QuantityError,
    },
}

impl Rules {
    /// Reads an `onionskin.yaml`.
    ///
    /// # Errors
    /// It is no YAML, or has a key or a value that means nothing.
    pub fn from_yaml(text: &str) -> Result<Self, RulesError> {
        let file: File = read(text)?;
        let leftovers = file.leftovers;
        Ok(Self {
            limits: file.rules.unwrap_or_default(),
            own: file.own.unwrap_or_default(),
            growth: file.growth.unwrap_or_default(),
            ignore: file.ignore.unwrap_or_default(),
            leftovers: leftovers.map(|changes| Leftovers::changed(changes.add, &changes.silence)),
            dive: DiveRules::default(),
        })
    }

    /// Reads a `.dive-ci`: what it does not say is as dive has it by default, keys that dive does
    /// not know are passed over.
    ///
    /// # Errors
    /// It is no YAML, or a threshold means nothing.
    pub fn from_dive_ci(text: &str) -> Result<Self, RulesError> {
        let file: DiveFile = read(text)?;
        let said = file.rules.unwrap_or_default();
        let default = DiveRules::DEFAULT;
        Ok(Self {
            dive: DiveRules {
                lowest_efficiency: threshold(
                    "lowestEfficiency",
                    said.lowest_efficiency,
                    default.lowest_efficiency,
                    dive::share,
                )?,
                highest_wasted_bytes: threshold(
                    "highestWastedBytes",
                    said.highest_wasted_bytes,
                    default.highest_wasted_bytes,
                    dive::bytes,
                )?,
                highest_user_wasted_percent: threshold(
                    "highestUserWastedPercent",
                    said.highest_user_wasted_percent,
                    default.highest_user_wasted_percent,
                    dive::share,
                )?,
            },
            ..Self::default()
        })
    }
}

fn threshold<T>(
    key: &'static str,
    said: Option<Scalar>,
    default: Option<T>,
    parse: impl Fn(&str) -> Result<Option<T>, QuantityError>,
) -> Result<Option<T>, RulesError> {
    match said {
        None => Ok(default),
        Some(Scalar(text)) => {
            parse(&text).map_err(|problem| RulesError::Threshold { key, problem })
        }
    }
}

fn read<T: DeserializeOwned + Default>(text: &str) -> Result<T, RulesError> {
    let document: Option<T> = serde_saphyr::from_str(text).map_err(|error| {
        let error = error.without_snippet();
        let problem = error.to_string();
        // The place stands in front already.
        let (problem, _) = problem.rsplit_once(" at line ").unwrap_or((&problem, ""));
        RulesError::Form {
            line: error.location().map_or(1, |location| location.line()),
            problem: problem.to_owned(),
        }
    })?;
    // A file of comments alone says nothing.
    Ok(document.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::{Bytes, Count, FindingLimit, Share};
    use super::*;
    use crate::findings::Kind;

    #[test]
    fn limits_are_read_in_every_form() {
        let text = "# our budget\nrules:\n  minEfficiency: 0.95\n  maxDeadBytes: 20MB\n  maxDeadShare: 10%\n  deadShareFloor: 1000000\n  maxLayers: 30\n";
        let limits = Rules::from_yaml(text).unwrap().limits;
        let expected = Limits {
            min_efficiency: Some(Share(0.95)),
            max_dead_bytes: Some(Bytes(20_000_000)),
            max_dead_share: Some(Share(0.1)),
            dead_share_floor: Some(Bytes(1_000_000)),
            max_layers: Some(Count(30)),
            ..Limits::default()
        };
        assert_eq!(limits, expected);
        for empty in [
            "",
            "# nothing\n",
            "rules:\n",
            "---\nrules: {}\n",
            "rules:\n  findings:\n  forbidden:\nown:\ngrowth:\nignore:\nleftovers:\n  add:\n  silence:\n",
        ] {
            assert_eq!(Rules::from_yaml(empty).unwrap().limits, Limits::default());
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, line, says) in [
            ("rules:\n  maxDead: 1\n", 2, "maxDead"),
            ("rules:\n  maxLayers: 3\n\nrule: 1\n", 4, "rule"),
            ("rules:\n  maxLayers: 3\n  maxDeadBytes: lots\n", 3, "lots"),
            ("rules:\n  minEfficiency: 95\n", 2, "95"),
            ("rules:\n  maxLayers: many\n", 2, "many"),
            ("rules:\n\tmaxLayers: 3\n", 2, ""),
            ("rules: [1]\n", 1, ""),
            (
                "rules:\n  findings:\n    secret: 0\n    secrets: 0\n",
                4,
                "secrets",
            ),
            ("rules:\n  findings:\n    secret: few\n", 3, "few"),
            ("rules:\n  findings:\n    secret: -1\n", 3, "-1"),
            ("rules:\n  findings:\n    secret:\n      max: 1\n", 4, "max"),
            (
                "rules:\n  findings:\n    secret:\n      maxBytes: x\n",
                4,
                "x",
            ),
            ("own:\n  forbidden:\n    - /a\n    - \"[a\"\n", 4, "[a"),
            ("growth:\n  maxBytes: 1\n  maxCount: 1\n", 3, "maxCount"),
            (
                "ignore:\n  - kind: setid\n    until: 2026-13-01\n",
                3,
                "2026-13-01",
            ),
            (
                "leftovers:\n  silence:\n    - logs\n    - logz\n",
                4,
                "logz",
            ),
            (
                "leftovers:\n  add:\n    - id: a\n      paths: [a/../b]\n",
                4,
                "a/../b",
            ),
        ] {
            match Rules::from_yaml(text).unwrap_err() {
                RulesError::Form { line: at, problem } => {
                    assert_eq!(at, line, "{problem}");
                    assert!(problem.contains(says), "{says}: {problem}");
                    assert_eq!(problem.lines().count(), 1, "{problem}");
                }
                error => panic!("{error}"),
            }
        }
    }

    #[test]
    fn an_ignore_needs_a_reason_and_something_that_it_names() {
        for (text, says) in [
            ("ignore:\n  - kind: setid\n", "reason"),
            ("ignore:\n  - kind: setid\n    reason: \" \"\n", "reason"),
            ("ignore:\n  - reason: because\n", "everything"),
            ("ignore:\n  - kind: set-id\n    reason: because\n", "set-id"),
        ] {
            let error = Rules::from_yaml(text).unwrap_err().to_string();
            assert!(
                error.starts_with("line ") && error.contains(says),
                "{says}: {error}"
            );
        }
    }

    #[test]
    fn everything_that_a_file_may_say_is_read() {
        let rules = Rules::from_yaml(
            "rules:\n  findings:\n    secret: 0\n    leftover: { maxBytes: 1MB, maxCount: 3 }\n  forbidden: [/etc/shadow-, '*.pem']\n  forbiddenInLayers:\n    - .env\n\
            own:\n  maxDeadBytes: 0\n  maxBaseDead: 5MB\n\
            growth:\n  against: app:1.0\n  maxShare: 10%\n\
            ignore:\n  - kind: leftover\n    rule: apt-lists\n    path: /var/**\n    reason: the base has them\n    until: 2026-12-31\n\
            leftovers:\n  silence: [logs]\n  add:\n    - id: checkpoints\n      paths: ['*.ckpt']\n      advice: Copy the exported model only\n",
        )
        .unwrap();
        assert_eq!(rules.limits.findings.len(), 2);
        assert_eq!(
            rules.limits.findings[&Kind::Secret],
            FindingLimit::count(Count(0))
        );
        assert_eq!(
            rules.limits.forbidden.len() + rules.limits.forbidden_in_layers.len(),
            3
        );
        assert_eq!(rules.own.max_base_dead, Some(Bytes(5_000_000)));
        assert_eq!(rules.growth.against.as_deref(), Some("app:1.0"));
        let [ignore] = rules.ignore.as_slice() else {
            unreachable!("{:?}", rules.ignore)
        };
        assert_eq!(ignore.until.unwrap().to_string(), "2026-12-31");
        let leftovers = rules.leftovers.unwrap();
        assert_ne!(&leftovers, Leftovers::standard());
    }

    #[test]
    fn a_dive_ci_is_read_as_dive_reads_it() {
        let dive = |text| Rules::from_dive_ci(text).unwrap().dive;
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
        ] {
            assert_eq!(dive(text), DiveRules::DEFAULT, "{text}");
        }
        let off = dive(
            "rules:\n  lowestEfficiency: off\n  highestUserWastedPercent: false\n  highestWastedBytes: \"\"\n",
        );
        assert_eq!(off, DiveRules::default());
        let error = Rules::from_dive_ci("rules:\n  lowestEfficiency: 95\n").unwrap_err();
        assert!(error.to_string().contains("lowestEfficiency"), "{error}");
    }
}
