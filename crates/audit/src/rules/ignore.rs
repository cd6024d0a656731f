//! What a team has decided to live with: findings that are told and not counted, each with a reason.

use std::fmt;
use std::str::FromStr;

use jiff::civil;
use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};

use super::paths::PathGlob;
use super::quantity::shown;
use crate::findings::{Finding, Kind};
use crate::stack::Stack;

/// A day, without a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(civil::Date);

/// A text that is no day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a date; write it as 2026-12-31")]
pub struct DayError(String);

impl FromStr for Day {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Jiff takes times too, which would be passed over in silence.
        let is_day = text.len() == 10 && !text.contains(['T', ' ', ':']);
        let day = text.parse().ok().filter(|_| is_day);
        day.map(Self).ok_or_else(|| DayError(shown(text)))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Day {
    /// The day, in UTC, so many seconds after 1970 began; the first day that can be written where that is too far.
    #[must_use]
    pub fn of_unix(seconds: i64) -> Self {
        let time = jiff::Timestamp::from_second(seconds).unwrap_or_default();
        Self(jiff::tz::Offset::UTC.to_datetime(time).date())
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Which findings are not counted, and why. All that is said has to fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignore {
    /// Findings of this kind.
    pub kind: Option<Kind>,
    /// Findings of this rule.
    pub rule: Option<String>,
    /// Findings at paths that this glob meets.
    pub path: Option<PathGlob>,
    /// Why.
    pub reason: String,
    /// The last day on which they are ignored.
    pub until: Option<Day>,
}

/// One entry of `ignore`: one at least of `kind`, `rule` and `path`, and a reason.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "IgnoreEntry", extend("anyOf" = [
    { "required": ["kind"], "properties": { "kind": { "not": { "type": "null" } } } },
    { "required": ["rule"], "properties": { "rule": { "not": { "type": "null" } } } },
    { "required": ["path"], "properties": { "path": { "not": { "type": "null" } } } },
])))]
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    /// Findings of this kind.
    kind: Option<Kind>,
    /// Findings of this rule, such as `apt-lists`.
    rule: Option<String>,
    /// Findings at paths that this glob meets.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("pattern" = r"[^\s/]")))]
    path: Option<PathGlob>,
    /// Why.
    #[cfg_attr(test, schemars(extend("type" = ["string", "number", "boolean"], "pattern" = r"\S")))]
    reason: String,
    /// The last day on which they are ignored.
    #[cfg_attr(test, schemars(with = "Option<String>", extend(
        "pattern" = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
    )))]
    until: Option<Day>,
}

/// Why an entry of `ignore` means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum IgnoreError {
    #[error("the `reason` of this entry is empty; say why it is ignored")]
    Reason,
    #[error("this entry would ignore everything; name a `kind`, a `rule` or a `path`")]
    Everything,
}

impl Written {
    /// The same, where it says something; its reason made one line.
    pub(super) fn checked(self) -> Result<Ignore, IgnoreError> {
        let Self {
            kind,
            rule,
            path,
            reason,
            until,
        } = self;
        let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
        if reason.is_empty() {
            return Err(IgnoreError::Reason);
        }
        if kind.is_none() && rule.is_none() && path.is_none() {
            return Err(IgnoreError::Everything);
        }
        Ok(Ignore {
            kind,
            rule,
            path,
            reason,
            until,
        })
    }
}

impl Ignore {
    /// Whether its last day has passed.
    #[must_use]
    pub fn is_expired(&self, today: Day) -> bool {
        self.until.is_some_and(|until| until < today)
    }

    /// Whether it is about a finding in this stack, whose symbolic links its path may lead through.
    #[must_use]
    pub fn meets(&self, finding: &Finding, stack: &Stack) -> bool {
        self.kind.is_none_or(|kind| kind == finding.kind)
            && (self.rule.is_none() || self.rule == finding.rule)
            && self
                .path
                .as_ref()
                .is_none_or(|path| path.covers_in(stack, finding.path()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_a_day_and_no_time() {
        let day: Day = "2026-12-31".parse().unwrap();
        assert_eq!(day.to_string(), "2026-12-31");
        for wrong in [
            "",
            "2026-13-01",
            "2026-02-30",
            "31.12.2026",
            "2026-12-31T00:00",
            "20261231",
            "tomorrow",
        ] {
            assert!(wrong.parse::<Day>().is_err(), "{wrong}");
        }
        assert_eq!(Day::of_unix(1_798_675_200).to_string(), "2026-12-31");
        assert_eq!(Day::of_unix(1_798_675_199).to_string(), "2026-12-30");
    }

    #[test]
    fn an_ignore_holds_through_its_last_day() {
        let ignore = |until: Option<&str>| Ignore {
            kind: Some(Kind::Leftover),
            rule: None,
            path: None,
            reason: "known".to_owned(),
            until: until.map(|day| day.parse().unwrap()),
        };
        let today: Day = "2026-12-31".parse().unwrap();
        assert!(!ignore(None).is_expired(today));
        assert!(!ignore(Some("2026-12-31")).is_expired(today));
        assert!(ignore(Some("2026-12-30")).is_expired(today));
    }
}
