//! What becomes of each limit.

use super::*;
use crate::findings::Kind;
use crate::ledger::dive::Dive;
use crate::source::NotFetched;
use crate::stack::Stack;

fn part() -> PartTotals {
    PartTotals {
        stored: 400,
        wasted: 100,
        size: 2048,
        compressed_size: Some(900),
        largest_layer: 1024,
        layers: 2,
        ..PartTotals::default()
    }
}

fn measured(stack: &Stack) -> Measured<'_> {
    Measured {
        stack,
        image: part(),
        base: None,
        own: None,
        dive: Dive {
            efficiency: 0.5,
            wasted_bytes: 200,
            user_wasted: f64::NAN,
        },
        packages: None,
        against: None,
    }
}

fn rules(limits: Limits) -> Rules {
    Rules {
        limits,
        ..Rules::default()
    }
}

fn outcomes(verdicts: Vec<Verdict>) -> Vec<(String, Option<bool>)> {
    let verdicts = verdicts.into_iter();
    verdicts
        .map(|verdict| (verdict.name, verdict.passed))
        .collect()
}

fn judged(limits: Limits) -> Vec<(String, Option<bool>)> {
    outcomes(rules(limits).judge(&measured(&Stack::new())))
}

#[test]
fn a_limit_met_exactly_is_kept_and_one_byte_more_is_not() {
    let bytes = |bytes| Some(Bytes(bytes));
    let met = Limits {
        min_efficiency: Some(Share(0.75)),
        max_wasted_bytes: bytes(100),
        max_wasted_share: Some(Share(0.25)),
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
        max_wasted_bytes: bytes(99),
        max_wasted_share: Some(Share(0.24)),
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
        max_wasted_share: Some(Share(0.1)),
        wasted_share_floor: Some(Bytes(floor)),
        ..Limits::default()
    };
    assert_eq!(
        judged(limits(101)),
        [("maxWastedShare".to_owned(), Some(true))]
    );
    assert_eq!(
        judged(limits(100)),
        [("maxWastedShare".to_owned(), Some(false))]
    );
}

#[test]
fn without_a_layer_only_what_the_manifest_says_is_judged() {
    let limits = Limits {
        min_efficiency: Some(Share(0.0)),
        max_wasted_bytes: Some(Bytes(u64::MAX)),
        max_wasted_share: Some(Share(1.0)),
        max_wasted_compressed: Some(Bytes(u64::MAX)),
        max_size: Some(Bytes(u64::MAX)),
        max_layer_size: Some(Bytes(u64::MAX)),
        max_compressed_size: Some(Bytes(899)),
        max_layers: Some(Count(2)),
        findings: [Kind::Config, Kind::Setid]
            .map(|kind| (kind, FindingLimit::count(Count(u64::MAX))))
            .into(),
        ..Limits::default()
    };
    let rules = Rules {
        dive: DiveRules::DEFAULT,
        ..rules(limits)
    };
    let mut unread = Stack::new();
    unread.push_not_fetched(NotFetched::Foreign).unwrap();
    for verdict in rules.judge(&measured(&unread)) {
        let (passed, known) = match verdict.name.as_str() {
            "maxCompressedSize" => (Some(false), true),
            "maxLayers" | "findings.config.maxCount" => (Some(true), true),
            _ => (None, false),
        };
        assert_eq!(verdict.passed, passed, "{}", verdict.name);
        assert_eq!(verdict.actual.is_some(), known, "{}", verdict.name);
    }
}

#[test]
fn what_is_not_known_is_not_judged() {
    let limits = Limits {
        max_wasted_compressed: Some(Bytes(u64::MAX)),
        max_layers: Some(Count(1)),
        ..Limits::default()
    };
    let verdicts = rules(limits).judge(&measured(&Stack::new()));
    assert_eq!(verdicts[0].reason.as_deref(), Some(NO_SIZES));
    assert_eq!(verdicts[0].passed, None);
    assert_eq!(passed(&verdicts), None);
    assert_eq!(passed(&verdicts[1..]), Some(false));
    assert_eq!(passed(&[]), Some(true));
}

#[test]
fn limits_on_own_layers_need_a_base() {
    let limits = Limits {
        max_layers: Some(Count(1)),
        max_wasted_bytes: Some(Bytes(0)),
        ..Limits::default()
    };
    let rules = Rules {
        own: limits,
        ..Rules::default()
    };
    let stack = Stack::new();
    let unknown = rules.judge(&measured(&stack));
    assert_eq!(unknown.len(), 2);
    for verdict in unknown {
        assert_eq!((verdict.actual, verdict.passed), (None, None));
        assert_eq!(verdict.reason.as_deref(), Some(NO_BASE));
    }
    let known = Measured {
        base: Some(1),
        own: Some(PartTotals {
            layers: 1,
            wasted: 1,
            ..PartTotals::default()
        }),
        ..measured(&stack)
    };
    assert_eq!(
        outcomes(rules.judge(&known)),
        [
            ("own.maxWastedBytes".to_owned(), Some(false)),
            ("own.maxLayers".to_owned(), Some(true)),
        ]
    );
}

#[test]
fn findings_are_limited_by_kind_in_number_and_bytes() {
    let limit = |max_count, max_bytes| FindingLimit {
        max_count: Some(Count(max_count)),
        max_bytes: Some(Bytes(max_bytes)),
    };
    let limits = Limits {
        findings: [
            (Kind::Secret, FindingLimit::count(Count(0))),
            (Kind::Leftover, limit(2, 99)),
        ]
        .into(),
        ..Limits::default()
    };
    let tally = Tally {
        count: 2,
        bytes: 100,
    };
    let stack = Stack::new();
    let mut measured = measured(&stack);
    measured.image.findings = [(Kind::Leftover, tally), (Kind::Setid, tally)].into();
    assert_eq!(
        outcomes(rules(limits).judge(&measured)),
        [
            ("findings.leftover.maxCount".to_owned(), Some(true)),
            ("findings.leftover.maxBytes".to_owned(), Some(false)),
            ("findings.secret.maxCount".to_owned(), Some(true)),
        ]
    );
}

#[test]
fn flags_go_before_files_and_what_is_forbidden_adds_up() {
    let glob = |text: &str| text.parse::<PathGlob>().unwrap();
    let flags = Limits {
        max_layers: Some(Count(1)),
        findings: [(Kind::Secret, FindingLimit::count(Count(1)))].into(),
        forbidden: vec![glob("/b"), glob("/a")],
        ..Limits::default()
    };
    let file = Limits {
        max_layers: Some(Count(2)),
        max_size: Some(Bytes(3)),
        findings: [
            (
                Kind::Secret,
                FindingLimit {
                    max_count: Some(Count(9)),
                    max_bytes: Some(Bytes(4)),
                },
            ),
            (Kind::Setid, FindingLimit::count(Count(5))),
        ]
        .into(),
        forbidden: vec![glob("/a")],
        ..Limits::default()
    };
    let both = flags.or(file);
    assert_eq!(
        (both.max_layers, both.max_size),
        (Some(Count(1)), Some(Bytes(3)))
    );
    let secret = both.findings[&Kind::Secret];
    assert_eq!(
        (secret.max_count, secret.max_bytes),
        (Some(Count(1)), Some(Bytes(4)))
    );
    assert_eq!(both.findings.len(), 2);
    assert_eq!(both.forbidden, [glob("/a"), glob("/b")]);
}
