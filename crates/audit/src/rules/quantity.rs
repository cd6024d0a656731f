//! Quantities as people write them in rules: `20MB`, `1.5 GiB`, `0.9`, `10%`.

use std::str::FromStr;

use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize};

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Bytes(pub u64);

/// A share, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
pub struct Share(pub f64);

/// By what share something may grow: 0 and more, 1 for twice its size.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
pub struct GrowthShare(pub f64);

/// A number of things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Count(pub u64);

/// A text that is no quantity of its kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// No number of bytes.
    #[error("{0:?} is not a number of bytes; write it as 20000000, 20MB (millions) or 19MiB")]
    Bytes(String),
    /// No number.
    #[error("{0:?} is not a number; write it as 0, 1, 2 …")]
    Count(String),
    /// No share.
    #[error("{0:?} is not a share; write it as a number from 0 to 1, or as {percent}", percent = percent(.0))]
    Share(String),
    /// No share by which something can grow.
    #[error(
        "{0:?} is not a share of growth; write it as 0.5 or 50%, and as 150% if more than the whole size may be added"
    )]
    GrowthShare(String),
    /// No threshold that dive would take for a share.
    #[error("{0:?} is not a threshold of dive's; write it as a number from 0 to 1, or as disabled")]
    DiveShare(String),
}

/// Characters of a wrong value that a message shows.
const SHOWN: usize = 80;

/// A wrong value, as far as a message shows it.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

/// What somebody may have meant who wrote a share beyond 1.
fn percent(text: &str) -> String {
    let number = text.parse::<f64>().ok();
    let number = number.filter(|number| (1.0..=100.0).contains(number));
    format!("{}%", number.unwrap_or(10.0))
}

const UNITS: [(&str, u64); 13] = [
    ("", 1),
    ("k", 1_000),
    ("m", 1_000_000),
    ("g", 1_000_000_000),
    ("t", 1_000_000_000_000),
    ("p", 1_000_000_000_000_000),
    ("e", 1_000_000_000_000_000_000),
    ("ki", 1 << 10),
    ("mi", 1 << 20),
    ("gi", 1 << 30),
    ("ti", 1 << 40),
    ("pi", 1 << 50),
    ("ei", 1 << 60),
];

impl FromStr for Bytes {
    type Err = QuantityError;

    /// Digits, then a unit in any case, and with a unit a fraction. Commas stand between thousands: `1,5GB` may be
    /// meant as 1.5 or as 15, and is refused.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || QuantityError::Bytes(shown(text));
        let (number, factor) = split(text.trim()).ok_or_else(error)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let mut groups = whole.split(',');
        let first = groups.next().unwrap_or_default();
        let in_thousands = groups.all(|group| group.len() == 3)
            && (first.len() <= 3 || !whole.contains(','))
            && !fraction.contains(',');
        if first.is_empty() || !in_thousands || (factor == 1 && number.contains('.')) {
            return Err(error());
        }
        product(number, factor).map(Self).ok_or_else(error)
    }
}

/// A number of bytes as dive reads it: commas anywhere are passed over.
pub(super) fn dive_bytes(text: &str) -> Result<u64, QuantityError> {
    let (number, factor) = split(text.trim()).unwrap_or_default();
    product(number, factor).ok_or_else(|| QuantityError::Bytes(shown(text)))
}

/// The digits, points and commas in front, and the bytes of the unit behind them.
fn split(text: &str) -> Option<(&str, u64)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ','));
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let unit = unit.trim().to_ascii_lowercase();
    let unit = unit.strip_suffix('b').unwrap_or(&unit);
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
    Some((number, *factor))
}

fn product(number: &str, factor: u64) -> Option<u64> {
    let number = number.replace(',', "");
    // Whole numbers stay exact beyond what a float can hold.
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(factor);
    }
    let bytes = number.parse::<f64>().ok()? * factor as f64;
    (bytes < u64::MAX as f64).then_some(bytes as u64)
}

impl FromStr for Count {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let count = text.trim().parse().map(Self);
        count.map_err(|_| QuantityError::Count(shown(text)))
    }
}

impl FromStr for Share {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        share(text)
            .filter(|share| (0.0..=1.0).contains(share))
            .map(Self)
            .ok_or_else(|| QuantityError::Share(shown(text)))
    }
}

impl FromStr for GrowthShare {
    type Err = QuantityError;

    /// A number above 10 without `%` may be meant as a percentage, and is refused.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let most = match text.trim().ends_with('%') {
            true => f64::MAX,
            false => 10.0,
        };
        share(text)
            .filter(|share| (0.0..=most).contains(share))
            .map(Self)
            .ok_or_else(|| QuantityError::GrowthShare(shown(text)))
    }
}

/// A number, or one of hundredths with `%`.
fn share(text: &str) -> Option<f64> {
    let text = text.trim();
    match text.strip_suffix('%') {
        Some(percent) => Some(percent.trim_end().parse::<f64>().ok()? / 100.0),
        None => text.parse().ok(),
    }
}

fn parsed<'de, D: Deserializer<'de>, T: FromStr<Err = QuantityError>>(
    deserializer: D,
) -> Result<T, D::Error> {
    // Not as a number: what it was written as is what a message shows, and 1e400 or 1_000 are no quantities.
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(de::Error::custom)
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer)
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer)
    }
}

impl<'de> Deserialize<'de> for GrowthShare {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer)
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_as_people_write_them() {
        for (text, bytes) in [
            ("0", 0),
            ("20MB", 20_000_000),
            ("20Mb", 20_000_000),
            ("20 mib", 20 << 20),
            ("1.5k", 1_500),
            ("1,000b", 1_000),
            ("12,345,678", 12_345_678),
            ("1,234.5kB", 1_234_500),
            ("2Ki", 2048),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(text.parse(), Ok(Bytes(bytes)), "{text}");
        }
        for text in [
            "",
            "MB",
            "-1",
            "1x",
            "1.2.3",
            "20MBs",
            "99999999999EB",
            "1e9",
            "1bb",
            "1,5GB",
            "1,0000",
            "1000,000",
            ",000",
            "1,000,",
            "0.5",
            ".5GB",
            "1_000",
            "0x10",
            "20 MB each",
        ] {
            assert!(text.parse::<Bytes>().is_err(), "{text}");
        }
    }

    #[test]
    fn shares_lie_between_nothing_and_all() {
        assert_eq!("10%".parse(), Ok(Share(0.1)));
        assert_eq!("0.95".parse(), Ok(Share(0.95)));
        assert_eq!("1".parse(), Ok(Share(1.0)));
        for text in [
            "", "-0.1", "1.01", "101%", "NaN", "%", "ten", "5", "inf", "1e400", "-0.1%",
        ] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
    }

    #[test]
    fn something_may_grow_by_more_than_its_size() {
        for (text, share) in [("10%", 0.1), ("150%", 1.5), ("1.5", 1.5), ("2500 %", 25.0)] {
            assert_eq!(text.parse(), Ok(GrowthShare(share)), "{text}");
        }
        for text in ["", "-1%", "NaN", "inf", "inf%", "150", "1e400%", "much"] {
            assert!(text.parse::<GrowthShare>().is_err(), "{text}");
        }
    }
}
