//! The part of a blob that a `Range` header asks for, and the one that a `Content-Range` says it is (RFC 9110,
//! section 14).

use std::fmt;
use std::ops::Range;

use axum::http::{HeaderMap, HeaderValue, header};

/// One range of bytes that a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestedRange {
    /// From this byte on, up to and with another.
    From(u64, Option<u64>),
    /// So many bytes at the end.
    Last(u64),
}

/// The part that an answer says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SentRange {
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// Bytes of the whole, where the answer says so.
    pub(crate) total: Option<u64>,
}

/// What to send of something that has a known length.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of it: nothing else was asked, or in a way that we do not serve and may ignore.
    Whole,
    /// These bytes, which exist.
    Part(Range<usize>),
    /// Nothing that exists.
    Nothing,
}

impl RequestedRange {
    /// The one range that a request asks for. Others than single ranges of bytes may be ignored, and one that is
    /// meant for another version than that with `etag` has to be.
    pub(crate) fn of(headers: &HeaderMap, etag: Option<&HeaderValue>) -> Option<Self> {
        if let Some(version) = headers.get(header::IF_RANGE)
            && Some(version) != etag
        {
            return None;
        }
        let mut ranges = headers.get_all(header::RANGE).iter();
        let (Some(range), None) = (ranges.next(), ranges.next()) else {
            return None;
        };
        let (from, to) = range
            .to_str()
            .ok()?
            .strip_prefix("bytes=")?
            .trim()
            .split_once('-')?;
        match (from, to) {
            ("", last) => number(last).map(Self::Last),
            (first, "") => Some(Self::From(number(first)?, None)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::From(first, Some(last)))
            }
        }
    }

    /// Whether `given` is what was asked for, or begins it: servers may send less.
    pub(crate) fn is_met_by(self, given: SentRange) -> bool {
        match self {
            Self::From(first, last) => {
                given.first == first && last.is_none_or(|last| given.last <= last)
            }
            Self::Last(count) => given.total.is_some_and(|total| {
                given.first == total.saturating_sub(count) && given.last + 1 == total
            }),
        }
    }
}

impl fmt::Display for RequestedRange {
    /// The value of a `Range` header.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::From(first, Some(last)) => write!(f, "bytes={first}-{last}"),
            Self::From(first, None) => write!(f, "bytes={first}-"),
            Self::Last(count) => write!(f, "bytes=-{count}"),
        }
    }
}

impl SentRange {
    /// Reads a `Content-Range`; `None` for one that no part can have.
    pub(crate) fn parse(value: &str) -> Option<Self> {
        let (range, total) = value.strip_prefix("bytes ")?.trim().split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let (first, last) = (number(first)?, number(last)?);
        let total = match total {
            "*" => None,
            total => Some(number(total)?),
        };
        let within = total.is_none_or(|total| last < total);
        // So its length is a number too.
        (first <= last && within && last < u64::MAX).then_some(Self { first, last, total })
    }

    /// Bytes of the part.
    pub(crate) const fn len(self) -> u64 {
        self.last - self.first + 1
    }

    /// Whether nothing is missing.
    pub(crate) fn is_whole(self) -> bool {
        self.first == 0 && self.total == Some(self.len())
    }
}

impl fmt::Display for SentRange {
    /// The value of a `Content-Range` header.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bytes {}-{}/", self.first, self.last)?;
        match self.total {
            Some(total) => write!(f, "{total}"),
            None => f.write_str("*"),
        }
    }
}

impl Wanted {
    /// What `asked` is of `length` bytes.
    pub(crate) fn of(asked: Option<RequestedRange>, length: usize) -> Self {
        let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let part = match asked {
            None => return Self::Whole,
            Some(RequestedRange::From(first, None)) => size(first)..length,
            Some(RequestedRange::From(first, Some(last))) => {
                size(first)..size(last).saturating_add(1).min(length)
            }
            Some(RequestedRange::Last(count)) => length.saturating_sub(size(count))..length,
        };
        if part.start < part.end {
            Self::Part(part)
        } else {
            Self::Nothing
        }
    }
}

/// Digits alone: what Rust reads as a number may have a sign.
pub(crate) fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(range: &'static str) -> Option<RequestedRange> {
        let range = HeaderValue::from_static(range);
        RequestedRange::of(&HeaderMap::from_iter([(header::RANGE, range)]), None)
    }

    #[test]
    fn ranges_are_read_as_the_rfc_says() {
        for (text, wanted) in [
            ("bytes=0-9", Wanted::Part(0..10)),
            ("bytes=90-", Wanted::Part(90..100)),
            ("bytes=90-1000", Wanted::Part(90..100)),
            ("bytes=-10", Wanted::Part(90..100)),
            ("bytes=-1000", Wanted::Part(0..100)),
            ("bytes=0-18446744073709551615", Wanted::Part(0..100)),
            ("bytes=100-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=9-0", Wanted::Whole),
            ("bytes=0-1,5-6", Wanted::Whole),
            ("bytes=+1-5", Wanted::Whole),
            ("bytes=1-+5", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("lines=0-1", Wanted::Whole),
        ] {
            assert_eq!(Wanted::of(asked(text), 100), wanted, "{text}");
        }
        assert_eq!(Wanted::of(None, 100), Wanted::Whole);
    }

    #[test]
    fn a_range_of_another_version_is_not_one_of_this() {
        let etag = HeaderValue::from_static("\"this\"");
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_static("bytes=0-9"));
        headers.insert(header::IF_RANGE, etag.clone());
        assert!(RequestedRange::of(&headers, Some(&etag)).is_some());
        assert!(RequestedRange::of(&headers, None).is_none());
        let other = HeaderValue::from_static("\"other\"");
        assert!(RequestedRange::of(&headers, Some(&other)).is_none());
        headers.remove(header::IF_RANGE);
        headers.append(header::RANGE, HeaderValue::from_static("bytes=20-29"));
        assert!(
            RequestedRange::of(&headers, Some(&etag)).is_none(),
            "two of them"
        );
    }

    #[test]
    fn a_part_is_what_was_asked_for_or_is_not_taken() {
        for (range, given, met) in [
            ("bytes=10-19", "bytes 10-19/100", true),
            ("bytes=10-19", "bytes 10-15/100", true),
            ("bytes=10-19", "bytes 10-19/*", true),
            ("bytes=10-19", "bytes 10-20/100", false),
            ("bytes=10-19", "bytes 9-19/100", false),
            ("bytes=10-19", "bytes 0-99/100", false),
            ("bytes=10-", "bytes 10-99/100", true),
            ("bytes=10-", "bytes 11-99/100", false),
            ("bytes=-10", "bytes 90-99/100", true),
            ("bytes=-200", "bytes 0-99/100", true),
            ("bytes=-10", "bytes 80-89/100", false),
            ("bytes=-10", "bytes 90-99/*", false),
        ] {
            let parsed = SentRange::parse(given).unwrap();
            assert_eq!(parsed.to_string(), given);
            let met_by = asked(range).unwrap().is_met_by(parsed);
            assert_eq!(met_by, met, "{range}: {given}");
        }
        for lie in [
            "bytes 19-10/100",
            "bytes 10-100/100",
            "bytes 10-19",
            "bytes */100",
            "bytes +1-9/100",
            "bytes 0-18446744073709551615/*",
            "bytes 10-19/x",
            "10-19/100",
            "",
        ] {
            assert_eq!(SentRange::parse(lie), None, "{lie}");
        }
    }
}
