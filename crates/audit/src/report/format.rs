//! Numbers as people read them: sizes, shares, and what a rule allows.

use std::collections::BTreeMap;

use bytesize::ByteSize;

use super::Visible;
use crate::audit::{Audit, FindingFacts};
use crate::findings::Kind;
use crate::inspection::LayerFacts;
use crate::rules::{Amount, Direction, Unit, Verdict};
use crate::source::NotFetched;
use crate::stack::Cause;

/// Bytes as people read them: 1 kB is 1000 B.
#[must_use]
pub fn size(bytes: u64) -> String {
    ByteSize::b(bytes).display().si().to_string()
}

/// How a number of bytes changed: `+1.2 MB`, `-33 B`, `0 B`.
#[must_use]
pub fn change(old: u64, new: u64) -> String {
    match new.cmp(&old) {
        std::cmp::Ordering::Less => format!("-{}", size(old - new)),
        std::cmp::Ordering::Equal => "0 B".to_owned(),
        std::cmp::Ordering::Greater => format!("+{}", size(new - old)),
    }
}

/// A share in per cent; what is there, and less than 0.1 %, is "almost nothing", and nothing less than all is 100 %.
#[must_use]
pub fn share(part: u64, whole: u64) -> String {
    percent(part as f64 / whole.max(1) as f64)
}

/// A share of 1 in per cent.
#[must_use]
pub fn percent(share: f64) -> String {
    match share * 100.0 {
        percent if percent > 0.0 && percent < 0.1 => "almost nothing".to_owned(),
        percent if percent > 99.9 && percent < 100.0 => ">99.9 %".to_owned(),
        percent => format!("{} %", trimmed(percent, 1)),
    }
}

/// A number with so many decimals at most.
fn trimmed(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
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

/// What a later layer does to bytes that it wastes: `deleted`, as in "deleted in layer 3".
#[must_use]
pub const fn hides(cause: Cause) -> &'static str {
    match cause {
        Cause::Deleted => "deleted",
        Cause::Overwritten => "overwritten",
        Cause::MetadataOnly => "copied",
        Cause::Repeated => "stored again",
    }
}

/// What one of its hiding layers did to the bytes of a finding.
#[must_use]
pub fn hidden(finding: &FindingFacts, layer: usize) -> &'static str {
    let of_layer = || {
        let at = finding.hidden_by.iter().position(|one| *one == layer)?;
        finding.causes.get(at).copied()
    };
    finding
        .kind
        .cause()
        .or_else(of_layer)
        .map_or("hidden", hides)
}

/// What the layers of a finding did, in their order: `added in layer 1`, `deleted in layer 3`. Where several layers hide
/// what several others added, they are told as pairs: `added in layer 1, overwritten in layer 2`, without a number.
#[must_use]
pub fn layers(finding: &FindingFacts) -> Vec<(Option<usize>, String)> {
    if !finding.pairs.is_empty() {
        let pairs = finding.pairs.iter();
        return pairs
            .map(|pair| {
                let (added, by) = (pair.added_by, pair.hidden_by);
                let hidden = hidden(finding, by);
                let text = match added == by {
                    true => format!("{hidden} in layer {added}"),
                    false => format!("added in layer {added}, {hidden} in layer {by}"),
                };
                (None, text)
            })
            .collect();
    }
    let mut layers: BTreeMap<usize, &str> = BTreeMap::new();
    layers.extend(finding.added_by.iter().map(|layer| (*layer, "added")));
    let hiders = finding.hidden_by.iter();
    layers.extend(hiders.map(|layer| (*layer, hidden(finding, *layer))));
    let layers = layers.into_iter();
    layers
        .map(|(layer, did)| (Some(layer), format!("{did} in layer {layer}")))
        .collect()
}

/// How many secrets were found; keys in the files of packages, which are mostly public, and ignored ones are named apart.
#[must_use]
pub fn secrets(audit: &Audit) -> String {
    let all = || {
        let findings = audit.findings.iter();
        findings.filter(|finding| finding.kind == Kind::Secret)
    };
    let of = |packaged| {
        let counted = all().filter(|finding| finding.ignored.is_none());
        counted
            .filter(|finding| finding.packaged == packaged)
            .count()
    };
    let possible = |count| match count {
        1 => "1 possible secret".to_owned(),
        many => format!("{many} possible secrets"),
    };
    let (own, packaged) = (of(false), of(true));
    let ignored = all().filter(|finding| finding.ignored.is_some()).count();
    let told = match (own, packaged) {
        (0, 0) => "no secrets found".to_owned(),
        (0, packaged) => format!("{} in package files", possible(packaged)),
        (own, 0) => possible(own),
        (own, packaged) => format!("{} ({packaged} in package files)", possible(own + packaged)),
    };
    match ignored {
        0 => told,
        ignored => format!("{told} ({ignored} ignored)"),
    }
}

/// `1 of 2 layers`: how many could be read; None where all were, and nothing is missing from the numbers.
#[must_use]
pub fn partial(layers: &[LayerFacts]) -> Option<String> {
    let read = layers.iter().filter(|layer| layer.not_fetched.is_none());
    let read = read.count();
    (read < layers.len()).then(|| format!("{read} of {} layers", layers.len()))
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

/// What was measured and what is allowed: `340.0 kB (340000 B), at most 100.0 kB (100000 B)`, `48.1 %, at most 10 %`.
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
    match (verdict.actual, verdict.limit) {
        (Some(Amount::Share(actual)), Amount::Share(limit)) => told_apart(actual, limit).0,
        (Some(actual), _) => amount(verdict, actual),
        (None, _) if verdict.passed.is_some() => "no number".to_owned(),
        (None, _) => "not known".to_owned(),
    }
}

/// What a rule allows: `at most 100.0 kB (100000 B)`.
#[must_use]
pub fn limit(verdict: &Verdict) -> String {
    let side = match verdict.direction {
        Direction::AtLeast => "at least",
        Direction::AtMost => "at most",
    };
    let limit = match (verdict.actual, verdict.limit) {
        (Some(Amount::Share(actual)), Amount::Share(limit)) => told_apart(actual, limit).1,
        (_, limit) => amount(verdict, limit),
    };
    format!("{side} {limit}")
}

/// Two shares in per cent, with as many decimals as it takes to see that they differ.
fn told_apart(actual: f64, limit: f64) -> (String, String) {
    const MOST: usize = 6;
    // What was written as 12.34% is shown so.
    let exact = |decimals: &usize| {
        (limit * 100.0 - (trimmed(limit * 100.0, *decimals)).parse().unwrap_or(0.0)).abs() < 1e-9
    };
    let own = (0..MOST).find(exact).unwrap_or(MOST);
    let limit_text = trimmed(limit * 100.0, own);
    let text = |decimals| trimmed(actual * 100.0, decimals);
    let differs = |decimals: &usize| {
        let text = text(*decimals);
        (text != limit_text || actual == limit) && (text != "0" || actual == 0.0)
    };
    let decimals = (1..MOST).find(differs).unwrap_or(MOST);
    (format!("{} %", text(decimals)), format!("{limit_text} %"))
}

/// An amount in the unit that its rule counts in.
fn amount(verdict: &Verdict, amount: Amount) -> String {
    match amount {
        Amount::Count(count) if verdict.unit == Unit::Count => count.to_string(),
        // A limit may be crossed by one byte; rounded, nobody would see it.
        Amount::Count(bytes) if bytes >= 1000 => format!("{} ({bytes} B)", size(bytes)),
        Amount::Count(bytes) => size(bytes),
        Amount::Share(share) => told_apart(share, share).1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::LayerPair;
    use crate::findings::Location;
    use crate::rules::RuleId;

    /// Its name says nothing of what it is about.
    fn verdict_of(rule: RuleId, limit: Amount, actual: Option<Amount>) -> Verdict {
        Verdict {
            name: "forbidden /etc/minEfficiency".to_owned(),
            rule,
            unit: rule.unit(),
            direction: rule.direction(),
            limit,
            actual,
            passed: None,
            met: Vec::new(),
            reason: None,
        }
    }

    #[test]
    fn shares_never_round_something_to_nothing() {
        for (part, whole, text) in [
            (0, 100, "0 %"),
            (1, 1_000_000, "almost nothing"),
            (1, 3, "33.3 %"),
            (999_999, 1_000_000, ">99.9 %"),
            (5, 5, "100 %"),
            (0, 0, "0 %"),
        ] {
            assert_eq!(share(part, whole), text);
        }
    }

    fn finding(compressed_bytes: Option<u64>, download_share: Option<f64>) -> FindingFacts {
        FindingFacts {
            kind: Kind::Deleted,
            path: "/a".to_owned(),
            location: Location::default(),
            bytes: 9,
            compressed_bytes,
            added_by: vec![1],
            hidden_by: vec![2],
            causes: Vec::new(),
            created_by: Vec::new(),
            advice: String::new(),
            changes: Vec::new(),
            link: None,
            download_share,
            pairs: Vec::new(),
            packaged: false,
            packages: Vec::new(),
            rule: None,
            line: None,
            ignored: None,
        }
    }

    #[test]
    fn a_finding_costs_a_share_of_the_download() {
        let told = |bytes, share| cost(&finding(bytes, share));
        assert_eq!(
            told(Some(3_000), Some(0.25)).as_deref(),
            Some("3.0 kB (25 %)")
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
        let told = |rule, count| limit(&verdict_of(rule, Amount::Count(count), None));
        let bytes = |bytes| told(RuleId::MaxWastedBytes, bytes);
        assert_ne!(bytes(20_000_000), bytes(20_000_001));
        for rule in [RuleId::MaxLayers, RuleId::MaxFindings, RuleId::Forbidden] {
            assert_eq!(told(rule, 1200), "at most 1200");
        }
    }

    #[test]
    fn shares_of_rules_are_percentages_that_differ_where_their_numbers_do() {
        for (actual, limit, told) in [
            (0.480_918, 0.1, "48.1 %, at most 10 %"),
            (0.100_4, 0.1, "10.04 %, at most 10 %"),
            (0.1, 0.1, "10 %, at most 10 %"),
            (0.0, 0.0, "0 %, at most 0 %"),
            (0.000_04, 0.0, "0.004 %, at most 0 %"),
            (0.05, 0.1234, "5 %, at most 12.34 %"),
            (2.0, 1.5, "200 %, at most 150 %"),
        ] {
            let (limit, actual) = (Amount::Share(limit), Some(Amount::Share(actual)));
            let rule = verdict_of(RuleId::MaxWastedShare, limit, actual);
            assert_eq!(verdict(&rule), told);
        }
    }

    #[test]
    fn layers_that_replace_each_other_are_told_as_pairs() {
        let mut finding = finding(None, None);
        let told = |finding: &FindingFacts| -> Vec<String> {
            layers(finding).into_iter().map(|(_, text)| text).collect()
        };
        assert_eq!(told(&finding), ["added in layer 1", "deleted in layer 2"]);
        // What happened to a secret its kind does not say.
        finding.kind = Kind::Secret;
        finding.hidden_by = vec![2, 3];
        finding.causes = vec![Cause::Overwritten, Cause::Deleted];
        let expected = [
            "added in layer 1",
            "overwritten in layer 2",
            "deleted in layer 3",
        ];
        assert_eq!(told(&finding), expected);
        finding.kind = Kind::Overwritten;
        let pair = |added_by, hidden_by| LayerPair {
            added_by,
            hidden_by,
            bytes: 1,
        };
        finding.pairs = vec![pair(1, 2), pair(2, 5)];
        assert_eq!(
            told(&finding),
            [
                "added in layer 1, overwritten in layer 2",
                "added in layer 2, overwritten in layer 5"
            ]
        );
    }
}
