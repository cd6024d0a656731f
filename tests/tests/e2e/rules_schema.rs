//! The published schema of rules files takes what the program takes, and refuses what it refuses.

use onionskin_core::rules::Rules;
use serde_json::Value;

const GOOD: &[&str] = &[
    "{}",
    "rules:\nown:\ngrowth:\nignore:\nleftovers:\n",
    "rules:\n  findings:\n  forbidden:\n  forbiddenInLayers:\n  maxLayers:\nleftovers:\n  add:\n  silence:\n",
    "rules: { minEfficiency: 0.95, maxWastedBytes: 20MB, maxWastedShare: 10%, wastedShareFloor: 1000000, maxLayers: 30 }",
    "rules: { maxWastedCompressed: 1.5 GiB, maxBaseWasted: \"0\", maxSize: \"1,000,000\", maxLayerSize: 2 Ki }",
    "rules: { maxSize: 18446744073709551615, maxCompressedSize: 20 b }",
    "rules: { minEfficiency: \".5\", maxWastedShare: 0 }",
    "rules: { minEfficiency: 100 %, maxWastedShare: 1.0 }",
    "rules: { minEfficiency: 99.9%, maxLayers: \"3\" }",
    "own: { findings: { secret: 0, leftover: { maxBytes: 1MB }, setid: { maxCount: 3, maxBytes: 1 }, config: {} } }",
    "rules: { forbidden: [/a, '*.pem', '/app/**', 'a b', '/a/'], forbiddenInLayers: [.env] }",
    "rules: { forbidPackages: [gcc, 'deb:*-dev', 'npm:@types/*@1.{0,1}.*'], maxPackageSize: 20MB }\nown: { forbidPackages: }",
    "growth: { against: 'app:1', maxBytes: 1, maxShare: 1%, maxCompressedBytes: 1, maxCompressedShare: 0.1 }",
    "growth: { paths: [{ path: /a, maxBytes: 1MB }, { path: '*.js', maxBytes: 0 }], packages: [{ package: 'npm:*', maxBytes: 1 }] }",
    "growth: { paths:, packages: [] }",
    "growth: { maxShare: 101%, maxCompressedShare: 1.5 }",
    "growth: { maxShare: 2500.5 %, maxCompressedShare: 10 }",
    "ignore: [{ kind: setid, reason: because }, { rule: apt-lists, reason: 42, until: 2026-12-31 }, { path: /a, kind: , reason: x }]",
    "leftovers: { silence: [logs], add: [{ id: a, paths: ['*.a', /a/b, a/*/b], except: ['a*'], advice: b, name: c, reason: d, optional: true }] }",
];

const BAD: &[&str] = &[
    "[]",
    "rule: {}",
    "rules: []",
    "rules: 1",
    "rules: { maxWasted: 1 }",
    "rules: { maxWastedBytes: lots }",
    "rules: { forbidPackages: gcc }",
    "rules: { forbidPackages: [' '] }",
    "rules: { maxPackageSize: much }",
    "rules: { maxWastedBytes: -1 }",
    "rules: { maxWastedBytes: 0.5 }",
    "rules: { maxWastedBytes: true }",
    "rules: { maxWastedBytes: [1] }",
    "rules: { maxWastedBytes: \"1,5GB\" }",
    "rules: { maxWastedBytes: \"1,0000\" }",
    "rules: { maxWastedBytes: 1_000 }",
    "rules: { maxWastedBytes: 18446744073709551616 }",
    "rules: { maxWastedBytes: 20MBs }",
    "rules: { maxLayers: many }",
    "rules: { maxLayers: 1.5 }",
    "rules: { maxLayers: -1 }",
    "rules: { minEfficiency: 95 }",
    "rules: { minEfficiency: -0.1 }",
    "rules: { minEfficiency: 101% }",
    "rules: { minEfficiency: -1% }",
    "rules: { minEfficiency: \"1.01\" }",
    "rules: { minEfficiency: '%' }",
    "rules: { findings: [secret] }",
    "rules: { findings: { secrets: 0 } }",
    "rules: { findings: { secret: } }",
    "rules: { findings: { secret: few } }",
    "rules: { findings: { secret: -1 } }",
    "rules: { findings: { secret: { max: 1 } } }",
    "rules: { findings: { secret: { maxBytes: x } } }",
    "rules: { forbidden: /a }",
    "rules: { forbidden: [''] }",
    "rules: { forbidden: ['/'] }",
    "rules: { forbidden: [~] }",
    "own: { against: a }",
    "growth: { maxCount: 1 }",
    "growth: { maxShare: -1% }",
    "growth: { paths: [/a] }",
    "growth: { paths: [{ path: /a }] }",
    "growth: { paths: [{ path: '', maxBytes: 1 }] }",
    "growth: { packages: [{ package: a, maxBytes: many }] }",
    "growth: { packages: [{ package: a, maxBytes: 1, share: 1% }] }",
    "growth: { maxShare: 101 }",
    "growth: { maxCompressedShare: much }",
    "growth: { against: [a] }",
    "ignore: { kind: setid, reason: x }",
    "ignore: [{ kind: setid }]",
    "ignore: [{ kind: setid, reason: '' }]",
    "ignore: [{ kind: setid, reason: ~ }]",
    "ignore: [{ kind: set-id, reason: x }]",
    "ignore: [{ reason: x }]",
    "ignore: [{ kind: , rule: ~, reason: x }]",
    "ignore: [{ path: '', reason: x }]",
    "ignore: [{ kind: setid, reason: x, until: soon }]",
    "ignore: [{ kind: setid, reason: x, until: 2026-13-01 }]",
    "ignore: [{ kind: setid, reason: x, why: y }]",
    "leftovers: []",
    "leftovers: { silence: logs }",
    "leftovers: { silence: [logz] }",
    "leftovers: { add: { id: a } }",
    "leftovers: { add: [{ id: a, advice: b }] }",
    "leftovers: { add: [{ id: a, paths: [], advice: b }] }",
    "leftovers: { add: [{ id: '', paths: [a], advice: b }] }",
    "leftovers: { add: [{ id: 'a b', paths: [a], advice: b }] }",
    "leftovers: { add: [{ id: a, paths: [a], advice: ' ' }] }",
    "leftovers: { add: [{ id: a, paths: ['*'], advice: b }] }",
    "leftovers: { add: [{ id: a, paths: ['/*'], advice: b }] }",
    "leftovers: { add: [{ id: a, paths: ['/**'], advice: b }] }",
    "leftovers: { add: [{ id: a, paths: ['a/../b'], advice: b }] }",
    "leftovers: { add: [{ id: a, paths: ['a//b'], advice: b }] }",
    "leftovers: { add: [{ id: a, paths: ['a/'], advice: b }] }",
    "leftovers: { add: [{ id: a, paths: [a], except: ['**'], advice: b }] }",
    "leftovers: { add: [{ id: a, paths: [a], advice: b, optional: maybe }] }",
];

/// What an editor makes of a file, before it looks into the schema.
fn document(text: &str) -> Value {
    let options = serde_saphyr::options! { underscored_numbers_as_strings: true };
    serde_saphyr::from_str_with_options(text, options).unwrap()
}

#[test]
fn schema_and_program_take_and_refuse_the_same_files() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/rules.json");
    let schema = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    for (text, good) in GOOD
        .iter()
        .map(|text| (text, true))
        .chain(BAD.iter().map(|text| (text, false)))
    {
        let program = Rules::from_yaml(text.as_bytes());
        let said = program.as_ref().err().map(ToString::to_string);
        assert_eq!(program.is_ok(), good, "{text}: {said:?}");
        let document = document(text);
        let errors: Vec<String> = schema
            .iter_errors(&document)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(errors.is_empty(), good, "{text}: {document} {errors:?}");
    }
}
