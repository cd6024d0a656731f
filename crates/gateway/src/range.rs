//! The part of a blob that a `Range` header asks for (RFC 9110, section 14).

use std::ops::Range;

use axum::http::HeaderValue;

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

impl Wanted {
    /// What `header` asks of `length` bytes.
    pub(crate) fn of(header: Option<&HeaderValue>, length: usize) -> Self {
        let asked = header
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.strip_prefix("bytes="))
            .and_then(|text| text.trim().split_once('-'));
        let Some((from, to)) = asked else {
            return Self::Whole;
        };
        let part = match (from.parse::<usize>(), to.parse::<usize>()) {
            (Ok(from), Ok(to)) if from <= to => from..to.saturating_add(1).min(length),
            (Ok(from), Err(_)) if to.is_empty() => from..length,
            (Err(_), Ok(last)) if from.is_empty() => length.saturating_sub(last)..length,
            _ => return Self::Whole,
        };
        if part.start < part.end {
            Self::Part(part)
        } else {
            Self::Nothing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ("bytes=a-b", Wanted::Whole),
            ("lines=0-1", Wanted::Whole),
        ] {
            let header = HeaderValue::from_static(text);
            assert_eq!(Wanted::of(Some(&header), 100), wanted, "{text}");
        }
        assert_eq!(Wanted::of(None, 100), Wanted::Whole);
    }
}
