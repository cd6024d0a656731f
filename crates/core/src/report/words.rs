//! Numbers as people read them: sizes, shares, and what a rule allows.

use bytesize::ByteSize;

use super::Visible;
use super::audit::FindingFacts;
use super::inspection::LayerFacts;
use crate::rules::{Amount, Verdict};
use crate::source::NotFetched;

/// Bytes as people read them: 1 kB is 1000 B.
#[must_use]
pub fn size(bytes: u64) -> String {
    ByteSize::b(bytes).display().si().to_string()
}

/// A share in per cent; nothing that is there is 0 %, and nothing less than all is 100 %.
#[must_use]
pub fn share(part: u64, whole: u64) -> String {
    percent(part as f64 / whole.max(1) as f64)
}

fn percent(share: f64) -> String {
    match share * 100.0 {
        percent if percent > 0.0 && percent < 0.1 => "<0.1 %".to_owned(),
        percent if percent > 99.9 && percent < 100.0 => ">99.9 %".to_owned(),
        percent => format!("{percent:.1} %"),
    }
}

/// Of which kind a finding is, and by which rule: `leftover (apt-lists)`.
#[must_use]
pub fn kind(finding: &FindingFacts) -> String {
    let name = finding.kind.name();
    match &finding.rule {
        Some(rule) => format!("{name} ({})", Visible(rule)),
        None => name.to_owned(),
    }
}

/// What a finding costs of the download: `301.6 kB (77.7 %)`. None where that is not known, or nothing.
#[must_use]
pub fn cost(finding: &FindingFacts) -> Option<String> {
    let bytes = finding.compressed_bytes.filter(|bytes| *bytes > 0)?;
    Some(match finding.download_share {
        Some(share) => format!("{} ({})", size(bytes), percent(share)),
        None => size(bytes),
    })
}

/// The layers that are not available, which the numbers of files do not cover, a sentence each.
pub fn not_available(layers: &[LayerFacts]) -> impl Iterator<Item = String> + '_ {
    layers.iter().filter_map(|layer| {
        let reason = layer.not_fetched?;
        let number = layer.layer;
        let more = match (reason, &layer.media_type, layer.urls.first()) {
            (NotFetched::NotTar, Some(media_type), _) => {
                format!(": {}", cut(media_type))
            }
            (NotFetched::Foreign, _, Some(url)) => {
                format!("; the manifest names {}, which is not contacted", cut(url))
            }
            _ => String::new(),
        };
        Some(format!(
            "Not available: layer {number} ({}){more}. Its files are not counted.",
            reason.short()
        ))
    })
}

/// Characters of an image's text that a sentence shows.
const SHOWN: usize = 200;

fn cut(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

/// What was measured and what is allowed: `340.0 kB (340000 B), at most 100.0 kB (100000 B)`.
#[must_use]
pub fn verdict(verdict: &Verdict) -> String {
    let reason = match &verdict.reason {
        Some(reason) => format!(" ({reason})"),
        None => String::new(),
    };
    format!("{}, {}{reason}", actual(verdict), limit(verdict))
}

/// What a rule measured.
#[must_use]
pub fn actual(verdict: &Verdict) -> String {
    match verdict.actual {
        Some(actual) => amount(verdict, actual),
        None if verdict.passed.is_some() => "no number".to_owned(),
        None => "not known".to_owned(),
    }
}

/// What a rule allows: `at most 100.0 kB (100000 B)`.
#[must_use]
pub fn limit(verdict: &Verdict) -> String {
    let side = match verdict.is_at_least() {
        true => "at least",
        false => "at most",
    };
    format!("{side} {}", amount(verdict, verdict.limit))
}

/// An amount in the unit that its rule counts in.
fn amount(verdict: &Verdict, amount: Amount) -> String {
    match amount {
        Amount::Count(count) if verdict.counts_things() => count.to_string(),
        // A limit may be crossed by one byte; rounded, nobody would see it.
        Amount::Count(bytes) if bytes >= 1000 => format!("{} ({bytes} B)", size(bytes)),
        Amount::Count(bytes) => size(bytes),
        Amount::Share(share) => format!("{share:.6}")
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::Kind;

    #[test]
    fn shares_never_round_something_to_nothing() {
        for (part, whole, text) in [
            (0, 100, "0.0 %"),
            (1, 1_000_000, "<0.1 %"),
            (1, 3, "33.3 %"),
            (999_999, 1_000_000, ">99.9 %"),
            (5, 5, "100.0 %"),
            (0, 0, "0.0 %"),
        ] {
            assert_eq!(share(part, whole), text);
        }
    }

    #[test]
    fn a_finding_costs_a_share_of_the_download() {
        let told = |compressed_bytes, download_share| {
            cost(&FindingFacts {
                kind: Kind::Deleted,
                path: "/a".to_owned(),
                bytes: 9,
                compressed_bytes,
                added_by: vec![1],
                hidden_by: vec![2],
                created_by: Vec::new(),
                advice: String::new(),
                link: None,
                download_share,
                rule: None,
                line: None,
                ignored: None,
            })
        };
        assert_eq!(
            told(Some(3_000), Some(0.25)).as_deref(),
            Some("3.0 kB (25.0 %)")
        );
        assert_eq!(told(Some(3_000), None).as_deref(), Some("3.0 kB"));
        assert_eq!(told(Some(0), Some(0.0)), None);
        assert_eq!(told(None, None), None);
    }

    #[test]
    fn sizes_are_decimal() {
        assert_eq!(size(999), "999 B");
        assert_eq!(size(1_000), "1.0 kB");
        assert_eq!(size(31_400_000), "31.4 MB");
    }

    #[test]
    fn a_limit_crossed_by_a_byte_can_be_seen() {
        let told = |name: &str, count| {
            limit(&Verdict {
                name: name.to_owned(),
                limit: Amount::Count(count),
                actual: None,
                passed: None,
                met: Vec::new(),
                reason: None,
            })
        };
        let bytes = |bytes| told("maxWastedBytes", bytes);
        assert_ne!(bytes(20_000_000), bytes(20_000_001));
        for name in ["maxLayers", "own.maxLayers", "findings.secret.maxCount"] {
            assert_eq!(told(name, 1200), "at most 1200");
        }
        assert_eq!(told("forbidden /etc/efficiency", 0), "at most 0");
    }
}
