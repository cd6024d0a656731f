//! What is read of a rules file, and what is said of one that is wrong.

use super::super::{Bytes, Count, FindingLimit, Share};
use super::*;
use crate::limits::RULES_BYTES;

#[test]
fn limits_are_read_in_every_form() {
    let text = "# our budget\nrules:\n  minEfficiency: 0.95\n  maxWastedBytes: 20MB\n  maxWastedShare: 10%\n  wastedShareFloor: 1000000\n  maxLayers: 30\n";
    let limits = Rules::from_yaml(text.as_bytes()).unwrap().limits;
    let expected = Limits {
        min_efficiency: Some(Share(0.95)),
        max_wasted_bytes: Some(Bytes(20_000_000)),
        max_wasted_share: Some(Share(0.1)),
        wasted_share_floor: Some(Bytes(1_000_000)),
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
        assert_eq!(
            Rules::from_yaml(empty.as_bytes()).unwrap().limits,
            Limits::default()
        );
    }
}

/// Words of those who write parsers.
const JARGON: [&str; 10] = [
    "serde", "struct", "mapping", "sequence", "scalar", "unit", "Option", "Policy", "budget",
    "alias",
];

fn wrong(file: &[u8], line: u64, says: &str) {
    let text = String::from_utf8_lossy(file);
    let text = text.get(..200).unwrap_or(&text);
    match Rules::from_yaml(file) {
        Err(error) => {
            assert_eq!(error.line, line, "{text}\n{error}");
            let problem = error.problem;
            assert!(problem.contains(says), "{text}\n{says}\n{problem}");
            assert_eq!(problem.lines().count(), 1, "{problem}");
            assert!(problem.len() < 600, "{problem}");
            for word in JARGON {
                assert!(!problem.contains(word), "{word}: {problem}");
            }
        }
        Ok(_) => unreachable!("it was read:\n{text}"),
    }
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    for (text, line, says) in WRONG {
        wrong(text.as_bytes(), line, says);
        // The same, as Windows saves it.
        let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        wrong(windows.as_bytes(), line, says);
    }
}

#[test]
fn what_is_no_text_and_what_would_fill_memory_is_refused() {
    wrong(b"rules:\n  maxLayers: 1\n# gr\xfcn\n", 3, "UTF-8");
    wrong(b"\xff\xfer\0u\0l\0e\0s\0", 1, "UTF-8");
    wrong(&vec![b'#'; RULES_BYTES + 1], 1, "larger than");
    let long = format!("rules:\n  maxWastedBytes: {}\n", "9".repeat(100_000));
    wrong(long.as_bytes(), 2, "999");
    let long = format!("{}: 1\n", "k".repeat(1000));
    wrong(long.as_bytes(), 1, "there is no key");
    let deep = format!("rules: {}\n", "[".repeat(10_000));
    wrong(deep.as_bytes(), 1, "");
    let own = "ignore: &a\n  - *a\n";
    wrong(own.as_bytes(), 2, "too many references");
    let mut bomb =
        "leftovers:\n  silence:\n  - &a0 [logs, logs, logs, logs, logs, logs, logs, logs]\n"
            .to_owned();
    for n in 1..12 {
        let before = n - 1;
        bomb += &format!(
            "  - &a{n} [*a{before}, *a{before}, *a{before}, *a{before}, *a{before}, *a{before}]\n"
        );
    }
    wrong(bomb.as_bytes(), 3, "expected one value");
}

#[test]
fn what_means_nothing_beside_the_rest_is_told_with_its_line() {
    let add = "leftovers:\n  add:\n    - id: mine\n      paths: ['*.a']\n      advice: Leave it out\n    - ";
    for (text, line, says) in [
        ("ignore:\n  - kind: setid\n", 2, "\"reason\" is missing"),
        ("ignore:\n  - kind: setid\n    reason: \" \"\n", 2, "reason"),
        ("ignore:\n  - reason: because\n", 2, "everything"),
        (
            "ignore:\n  - kind: set-id\n    reason: because\n",
            2,
            "did you mean \"setid\"?",
        ),
        (
            "ignore:\n  - kind: setid\n    reason: because\n  - rule: apt-list\n    reason: because\n",
            4,
            "did you mean \"apt-lists\"?",
        ),
        (
            "ignore:\n  - rule: nonsense\n    reason: because\n",
            2,
            "no finding has the rule \"nonsense\"",
        ),
        (
            "ignore:\n  - rule: apt-lists\n    kind: secret\n    reason: because\n",
            2,
            "one of \"leftover\"",
        ),
        (
            "ignore:\n  - rule: logs\n    kind: deleted\n    reason: because\n",
            2,
            "\"deleted\"",
        ),
        (
            "leftovers:\n  silence:\n    - logs\n    - logz\n",
            4,
            "did you mean \"logs\"?",
        ),
        (
            "leftovers:\n  add:\n    - id: a\n      advice: b\n",
            4,
            "\"paths\" is missing",
        ),
        (
            "leftovers:\n  add:\n    - id: a b\n      paths: [x]\n      advice: b\n",
            3,
            "\"a b\" is not a valid leftover id",
        ),
        (
            "leftovers:\n  add:\n    - id: ''\n      paths: [x]\n      advice: b\n",
            3,
            "\"\" is not a valid leftover id",
        ),
        (
            "leftovers:\n  add:\n    - id: a\n      paths: []\n      advice: b\n",
            3,
            "no `paths`",
        ),
        (
            "leftovers:\n  add:\n    - id: a\n      paths: [x]\n      advice: ''\n",
            3,
            "`advice`",
        ),
        (
            &format!("{add}id: mine\n      paths: [b]\n      advice: b\n"),
            6,
            "two leftovers",
        ),
        (
            &format!("{add}id: setuid\n      paths: [b]\n      advice: b\n"),
            6,
            "another id",
        ),
    ] {
        wrong(text.as_bytes(), line, says);
    }
    // A leftover of the file itself can be ignored, and one that is silenced.
    let text = format!(
        "{add}id: logs\n      paths: [b]\n      advice: b\n  silence: [docs]\nignore:\n  - rule: mine\n    reason: a\n  - rule: docs\n    reason: a\n"
    );
    assert_eq!(Rules::from_yaml(text.as_bytes()).unwrap().ignore.len(), 2);
}

const WRONG: [(&str, u64, &str); 84] = [
    // Keys.
    (
        "rules:\n  maxWastedByte: 1\n",
        2,
        "did you mean \"maxWastedBytes\"?",
    ),
    (
        "rules:\n  maxLayers: 3\n\nrule: 1\n",
        4,
        "did you mean \"rules\"?",
    ),
    (
        "rules:\n  max-layers: 3\n",
        2,
        "did you mean \"maxLayers\"?",
    ),
    ("ignored:\n", 1, "did you mean \"ignore\"?"),
    ("rules:\n  1: 1\n", 2, "\"1\""),
    ("own:\n  against: a\n", 2, "\"against\""),
    ("growth:\n  maxBytes: 1\n  maxCount: 1\n", 3, "\"maxCount\""),
    ("ignore:\n  - kind: setid\n    why: x\n", 3, "\"why\""),
    ("leftovers:\n  adds: []\n", 2, "did you mean \"add\"?"),
    (
        "leftovers:\n  add:\n    - id: a\n      path: a\n",
        4,
        "did you mean \"paths\"?",
    ),
    (
        "rules:\n  findings:\n    secret: 0\n    secrets: 0\n",
        4,
        "did you mean \"secret\"?",
    ),
    (
        "rules:\n  findings:\n    secret:\n      max: 1\n",
        4,
        "did you mean \"maxBytes\"?",
    ),
    (
        "rules:\n  maxLayers: 1\n  maxLayers: 2\n",
        3,
        "duplicate key",
    ),
    ("rules:\nown:\nrules:\n", 3, "duplicate key"),
    (
        "rules:\n  findings:\n    secret: 0\n    secret: 1\n",
        4,
        "duplicate key",
    ),
    // Shapes.
    ("- rules\n", 1, "expected keys"),
    ("rules\n", 1, "expected keys"),
    ("5\n", 1, "expected keys"),
    ("rules: [1]\n", 1, "expected keys"),
    ("rules: 1\n", 1, "expected keys"),
    ("rules:\n  findings: 1\n", 2, "expected keys"),
    ("rules:\n  findings: [secret]\n", 2, "expected keys"),
    ("rules:\n  forbidden: /a\n", 2, "expected a list"),
    ("rules:\n  forbidden: { a: b }\n", 2, "expected a list"),
    (
        "rules:\n  maxWastedBytes: [20MB]\n",
        2,
        "expected one value",
    ),
    (
        "rules:\n  maxWastedBytes: { max: 1 }\n",
        2,
        "expected one value",
    ),
    ("rules:\n  forbidden:\n    - [a]\n", 3, "expected one value"),
    ("ignore:\n  kind: setid\n", 2, "expected a list"),
    ("ignore: [setid]\n", 1, "expected keys"),
    (
        "ignore:\n  - kind: [setid]\n    reason: x\n",
        2,
        "expected one value",
    ),
    ("leftovers: []\n", 1, "expected keys"),
    ("leftovers:\n  silence: logs\n", 2, "expected a list"),
    ("leftovers:\n  add: { id: a }\n", 2, "expected a list"),
    (
        "leftovers:\n  add:\n    - id: a\n      paths: '*.a'\n",
        4,
        "expected a list",
    ),
    ("growth: app:1\n", 1, "expected keys"),
    ("growth:\n  against: [a]\n", 2, "expected one value"),
    // Nothing, where something has to be.
    ("rules:\n  forbidden:\n    - /a\n    -\n", 4, "no value"),
    ("rules:\n  findings:\n    secret:\n", 3, "nothing; expected"),
    ("ignore:\n  -\n", 2, "expected keys"),
    ("ignore:\n  - kind: setid\n    reason:\n", 3, "no value"),
    ("leftovers:\n  silence: [~]\n", 2, "no value"),
    ("leftovers:\n  add:\n    - id:\n", 3, "no value"),
    // Quantities.
    (
        "rules:\n  maxLayers: 3\n  maxWastedBytes: lots\n",
        3,
        "\"lots\" is not a number of bytes",
    ),
    ("rules:\n  maxWastedBytes: 1_000\n", 2, "\"1_000\""),
    ("rules:\n  maxWastedBytes: -1\n", 2, "\"-1\""),
    ("rules:\n  maxWastedBytes: 1e400\n", 2, "\"1e400\""),
    ("rules:\n  maxWastedBytes: 0x10\n", 2, "\"0x10\""),
    ("rules:\n  maxWastedBytes: 0.5\n", 2, "\"0.5\""),
    ("rules:\n  maxWastedBytes: 1,5GB\n", 2, "\"1,5GB\""),
    (
        "rules:\n  maxSize: 99999999999999999999\n",
        2,
        "\"99999999999999999999\"",
    ),
    ("rules:\n  maxSize: 20 EB\n", 2, "\"20 EB\""),
    ("rules:\n  maxLayers: many\n", 2, "\"many\" is not a number"),
    ("rules:\n  maxLayers: 1.5\n", 2, "\"1.5\""),
    ("rules:\n  maxLayers: true\n", 2, "\"true\""),
    ("rules:\n  minEfficiency: 95\n", 2, "\"95\" is not a share"),
    ("rules:\n  maxWastedShare: 5\n", 2, "or as 5%"),
    ("rules:\n  maxWastedShare: .nan\n", 2, "\".nan\""),
    ("rules:\n  maxWastedShare: .inf\n", 2, "\".inf\""),
    ("rules:\n  maxWastedShare: NaN\n", 2, "\"NaN\""),
    ("rules:\n  maxWastedShare: 1e400\n", 2, "\"1e400\""),
    (
        "rules:\n  findings:\n    secret: few\n",
        3,
        "\"few\" is not a number",
    ),
    (
        "rules:\n  findings:\n    secret: -1\n",
        3,
        "\"-1\" is not a number",
    ),
    (
        "rules:\n  findings:\n    secret: 1.5\n",
        3,
        "\"1.5\" is not a number",
    ),
    (
        "rules:\n  findings:\n    secret: yes\n",
        3,
        "\"yes\" is not a number",
    ),
    (
        "rules:\n  findings:\n    secret: true\n",
        3,
        "\"true\" is not a number",
    ),
    (
        "rules:\n  findings:\n    secret: [0]\n",
        3,
        "a number of findings, or maxCount and maxBytes",
    ),
    (
        "rules:\n  findings:\n    secret:\n      maxBytes: x\n",
        4,
        "\"x\" is not a number of bytes",
    ),
    // Globs, days, ids.
    ("own:\n  forbidden:\n    - /a\n    - \"[a\"\n", 4, "\"[a\""),
    ("rules:\n  forbidden:\n    - ''\n", 3, "it is empty"),
    (
        "ignore:\n  - kind: setid\n    until: 2026-13-01\n",
        3,
        "\"2026-13-01\" is not a date",
    ),
    (
        "ignore:\n  - kind: setid\n    until: 2027-02-30\n",
        3,
        "\"2027-02-30\" is not a date",
    ),
    (
        "ignore:\n  - kind: setid\n    until: 2026\n",
        3,
        "\"2026\" is not a date",
    ),
    (
        "leftovers:\n  add:\n    - optional: yes\n",
        3,
        "true or false",
    ),
    (
        "leftovers:\n  add:\n    - id: a\n      paths: [a/../b]\n",
        4,
        "\"a/../b\"",
    ),
    (
        "leftovers:\n  add:\n    - id: a\n      paths: ['*']\n",
        4,
        "everything",
    ),
    // YAML itself.
    ("rules:\n\tmaxLayers: 3\n", 2, "with a tab"),
    ("rules:\n  forbidden: [*.pem]\n", 2, "quotation marks"),
    (
        "rules:\n  forbidden: [\"*.pem]\n",
        2,
        "quotation mark is not closed",
    ),
    ("rules:\n  forbidden: [a, b\nown:\n", 3, "is open"),
    ("rules:\n  maxLayers 3\nown: {}\n", 2, "a colon"),
    ("rules: {}\n---\nown: {}\n", 3, "second document"),
    ("rules:\n  forbidden: [\"\\.pem\"]\n", 2, "escape"),
    ("rules:\n  maxLayers: 3\n maxSize: 1\n", 3, "indentation"),
    ("rules: !x {}\n", 1, "tag"),
];

#[test]
fn everything_that_a_file_may_say_is_read() {
    let rules = Rules::from_yaml(
        b"rules:\n  findings:\n    secret: 0\n    leftover: { maxBytes: 1MB, maxCount: 3 }\n  forbidden: [/etc/shadow-, '*.pem']\n  forbiddenInLayers:\n    - .env\n\
        own:\n  maxWastedBytes: 0\n  maxBaseWasted: 5MB\n\
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
    assert_eq!(rules.own.max_base_wasted, Some(Bytes(5_000_000)));
    assert_eq!(rules.growth.against.as_deref(), Some("app:1.0"));
    let [ignore] = rules.ignore.as_slice() else {
        unreachable!("{:?}", rules.ignore)
    };
    assert_eq!(ignore.until.unwrap().to_string(), "2026-12-31");
    let leftovers = rules.leftovers.unwrap();
    assert_ne!(&leftovers, Leftovers::standard());
}
