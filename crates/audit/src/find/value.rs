//! The values that qualifiers take.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::QueryError;
use super::condition::Test;
use super::path::PathTest;
use super::qualifier::Qualifier;
use super::shown::shown;
use super::span::Span;
use super::version::{Id, ModeTest, Owner, VersionTest};
use crate::layer::EntryKind;
use crate::rules::Bytes;
use crate::stack::view::Mark;

const KINDS: [EntryKind; 7] = [
    EntryKind::File,
    EntryKind::Dir,
    EntryKind::Symlink,
    EntryKind::Hardlink,
    EntryKind::Char,
    EntryKind::Block,
    EntryKind::Fifo,
];

const MARKS: [(Mark, &str); 4] = [
    (Mark::Added, "added"),
    (Mark::Modified, "overwritten"),
    (Mark::MetadataOnly, "metadata-only"),
    (Mark::Deleted, "deleted"),
];

const MODES: [(&str, u32); 5] = [
    ("setuid", 0o4000),
    ("setgid", 0o2000),
    ("sticky", 0o1000),
    ("executable", 0o111),
    ("world-writable", 0o002),
];

/// What a qualifier asks with this value.
pub(super) fn test(qualifier: &Qualifier, value: &str) -> Result<Test, QueryError> {
    let read = match qualifier.name {
        "size" => {
            let whole = |text: &str| text.parse().ok().map(|Bytes(bytes)| (bytes, bytes));
            span(value, whole).map(VersionTest::Size)
        }
        "kind" => {
            let kind = |name: &str| KINDS.into_iter().find(|kind| kind.name() == name);
            each(value, kind).map(VersionTest::Kind)
        }
        "layer" => {
            let whole = |text: &str| number(text).filter(|layer| *layer > 0).map(|n| (n, n));
            each(value, |value| span(value, whole)).map(VersionTest::Layer)
        }
        "mark" => {
            let mark = |name: &str| MARKS.into_iter().find(|(_, known)| *known == name);
            each(value, |name| mark(name).map(|(mark, _)| mark)).map(VersionTest::Mark)
        }
        "owner" => each(value, owner).map(VersionTest::Owner),
        "mode" => each(value, mode).map(VersionTest::Mode),
        "ext" => {
            let extension = |text: &str| {
                let text = text.strip_prefix('.').unwrap_or(text);
                let is_one = !text.is_empty() && !text.contains(['/', '*']);
                is_one.then(|| text.as_bytes().to_vec())
            };
            let extensions = each(value, extension).map(PathTest::Extension);
            return extensions
                .map(Test::Path)
                .ok_or_else(|| wrong(qualifier, value));
        }
        "modified" => span(value, time).map(VersionTest::Modified),
        "sha256" => {
            let digits = value.to_ascii_lowercase();
            let is_start = (1..=64).contains(&digits.len())
                && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            is_start.then(|| VersionTest::Digest(format!("sha256:{digits}")))
        }
        _ if value.is_empty() => None,
        _ => return PathTest::regex(value).map(Test::Path),
    };
    read.map(Test::Version)
        .ok_or_else(|| wrong(qualifier, value))
}

fn wrong(qualifier: &Qualifier, value: &str) -> QueryError {
    QueryError::Value {
        name: qualifier.name,
        value: shown(value),
        takes: qualifier.takes,
    }
}

/// Several values with commas between them; None where one cannot be read.
fn each<T>(value: &str, read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    value.split(',').map(read).collect()
}

/// `5`, `>5`, `>=5`, `<5`, `<=5`, `3..5`, `3..` or `..5`. `read` gives the first and last number that a text means.
fn span<T: Whole>(value: &str, read: impl Fn(&str) -> Option<(T, T)>) -> Option<Span<T>> {
    let (first, last) = if let Some(text) = value.strip_prefix(">=") {
        (Some(read(text)?.0), None)
    } else if let Some(text) = value.strip_prefix('>') {
        (Some(read(text)?.1.next()?), None)
    } else if let Some(text) = value.strip_prefix("<=") {
        (None, Some(read(text)?.1))
    } else if let Some(text) = value.strip_prefix('<') {
        (None, Some(read(text)?.0.previous()?))
    } else if let Some((from, to)) = value.split_once("..") {
        let end = |text: &str| match text {
            "" => Some(None),
            text => read(text).map(Some),
        };
        let (from, to) = (end(from)?, end(to)?);
        if from.is_none() && to.is_none() {
            return None;
        }
        (from.map(|(first, _)| first), to.map(|(_, last)| last))
    } else {
        let (first, last) = read(value.strip_prefix('=').unwrap_or(value))?;
        (Some(first), Some(last))
    };
    // From a larger number to a smaller one there is nothing.
    let is_empty = first.zip(last).is_some_and(|(first, last)| first > last);
    (!is_empty).then_some(Span { first, last })
}

/// A whole number.
trait Whole: Ord + Copy {
    fn next(self) -> Option<Self>;
    fn previous(self) -> Option<Self>;
}

impl Whole for u64 {
    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }

    fn previous(self) -> Option<Self> {
        self.checked_sub(1)
    }
}

impl Whole for i64 {
    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }

    fn previous(self) -> Option<Self> {
        self.checked_sub(1)
    }
}

fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn owner(text: &str) -> Option<Owner> {
    let (user, group) = match text.split_once(':') {
        Some((user, group)) => (user, Some(id(group)?)),
        None => (text, None),
    };
    Some(Owner {
        user: id(user)?,
        group,
    })
}

fn id(text: &str) -> Option<Id> {
    if let Some(span) = span(text, |text| number(text).map(|n| (n, n))) {
        return Some(Id::Number(span));
    }
    // What useradd allows, in any case.
    let mut bytes = text.bytes();
    let begins = bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    let is_name =
        begins && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_-.$".contains(&byte));
    is_name.then(|| Id::Name(text.to_owned()))
}

fn mode(text: &str) -> Option<ModeTest> {
    let named = MODES.into_iter().find(|(name, _)| *name == text);
    if let Some((_, bits)) = named {
        return Some(ModeTest::Any(bits));
    }
    let is_octal =
        (3..=5).contains(&text.len()) && text.bytes().all(|digit| (b'0'..=b'7').contains(&digit));
    let bits = is_octal.then(|| u32::from_str_radix(text, 8).ok())??;
    (bits <= 0o7777).then_some(ModeTest::Exactly(bits))
}

/// The first and the last second of a year, month or day, or a second, of UTC.
fn time(text: &str) -> Option<(i64, i64)> {
    let parts: Vec<&str> = text.split('-').collect();
    let digits = |text: &str, count| {
        let is_number = text.len() == count && text.bytes().all(|digit| digit.is_ascii_digit());
        is_number.then(|| text.parse::<i16>().ok()).flatten()
    };
    let (first, next) = match parts.as_slice() {
        [year] => {
            let first = Date::new(digits(year, 4)?, 1, 1).ok()?;
            (first, first.checked_add(1.year()).ok())
        }
        [year, month] => {
            let month = i8::try_from(digits(month, 2)?).ok()?;
            let first = Date::new(digits(year, 4)?, month, 1).ok()?;
            (first, first.checked_add(1.month()).ok())
        }
        [_, _, day] if day.len() == 2 => {
            let first: Date = text.parse().ok()?;
            (first, first.checked_add(1.day()).ok())
        }
        _ => {
            let second = match text.parse::<Timestamp>() {
                Ok(time) => time.as_second(),
                Err(_) => seconds(text.parse().ok()?)?,
            };
            return Some((second, second));
        }
    };
    let start = |date: Date| seconds(date.to_datetime(jiff::civil::Time::midnight()));
    let last = match next {
        Some(next) => start(next)?.checked_sub(1)?,
        // The last that a calendar has.
        None => i64::MAX,
    };
    Some((start(first)?, last))
}

fn seconds(time: DateTime) -> Option<i64> {
    let time = TimeZone::UTC.to_timestamp(time).ok()?;
    Some(time.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::find::QUALIFIERS;

    #[test]
    fn a_time_is_all_of_its_year_month_or_day() {
        const DAY: i64 = 86_400;
        for (text, from, to) in [
            ("1970", 0, 365 * DAY),
            ("1970-02", 31 * DAY, 59 * DAY),
            ("1970-01-02", DAY, 2 * DAY),
            ("1970-01-01T00:01:00Z", 60, 61),
            ("1970-01-01T00:01", 60, 61),
            ("1970-01-01T01:00:05+01:00", 5, 6),
        ] {
            assert_eq!(time(text), Some((from, to - 1)), "{text}");
        }
        for text in [
            "",
            "70",
            "1970-1",
            "1970-02-30",
            "today",
            "19700101",
            "-1970",
        ] {
            assert_eq!(time(text), None, "{text}");
        }
        assert_eq!(time("9999").map(|(_, last)| last), Some(i64::MAX));
    }

    #[test]
    fn a_span_has_its_ends() {
        let read = |value: &str| span(value, |text| number(text).map(|n| (n, n)));
        let of = |first, last| Some(Span { first, last });
        for (text, expected) in [
            ("5", of(Some(5), Some(5))),
            ("=5", of(Some(5), Some(5))),
            (">5", of(Some(6), None)),
            (">=5", of(Some(5), None)),
            ("<5", of(None, Some(4))),
            ("<=5", of(None, Some(5))),
            ("3..5", of(Some(3), Some(5))),
            ("3..", of(Some(3), None)),
            ("..5", of(None, Some(5))),
            ("", None),
            ("..", None),
            ("5..3", None),
            ("<0", None),
            (">", None),
            ("+5", None),
            (">18446744073709551615", None),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn every_value_that_is_offered_is_one() {
        for qualifier in QUALIFIERS {
            let (name, value) = qualifier.example.split_once(':').unwrap();
            assert_eq!(name, qualifier.name);
            assert!(test(&qualifier, value).is_ok(), "{}", qualifier.example);
            for value in qualifier.values {
                assert!(test(&qualifier, value).is_ok(), "{name}:{value}");
                assert!(qualifier.takes.contains(value), "{name}:{value}");
            }
        }
    }
}
