//! Dead bytes are found as a person would mend them, and no byte is in two findings or in none.

mod support;

use std::collections::BTreeMap;

use onionskin_core::findings::{self, Finding, Kind};
use onionskin_core::ledger::Ledger;
use onionskin_core::stack::{Cause, Stack};
use onionskin_fixtures::Layer;
use proptest::prelude::*;

fn found(layers: &[Layer]) -> Vec<Finding> {
    let stack = support::stack(layers);
    let commands = ["COPY . /app", "RUN make", "RUN chown -R 1:1 /app"].map(Some);
    findings::of(&stack, &Ledger::of(&stack), &commands)
}

/// `deleted /app 10 1>2`, one for each finding.
fn short(layers: &[Layer]) -> Vec<String> {
    let join = |layers: &[usize]| {
        let words: Vec<String> = layers.iter().map(ToString::to_string).collect();
        words.join(",")
    };
    let line = |finding: &Finding| {
        format!(
            "{} {} {} {}>{}",
            finding.kind.name(),
            String::from_utf8_lossy(&finding.path),
            finding.bytes,
            join(&finding.added_by),
            join(&finding.killed_by)
        )
    };
    found(layers).iter().map(line).collect()
}

fn tree(folder: &str, files: usize, content: &str) -> Layer {
    (0..files).fold(Layer::new().dir(folder), |layer, n| {
        layer
            .dir(format!("{folder}/d{}", n % 7))
            .file(format!("{folder}/d{}/f{n}", n % 7), content)
    })
}

#[test]
fn a_folder_deleted_whole_is_one_finding() {
    let more = Layer::new().file("/app/more", "12345");
    let gone = Layer::new().whiteout("/app");
    assert_eq!(
        short(&[tree("/app", 100, "x"), more, gone]),
        ["deleted /app 105 1,2>3"]
    );
}

#[test]
fn a_folder_emptied_or_replaced_is_one_finding() {
    let opaque = Layer::new().opaque("/app").file("/app/new", "x");
    assert_eq!(
        short(&[tree("/app", 50, "x"), opaque]),
        ["deleted /app 50 1>2"]
    );
    let link = Layer::new().symlink("/app", "/elsewhere");
    assert_eq!(
        short(&[tree("/app", 50, "x"), link]),
        ["deleted /app 50 1>2"]
    );
    let each = (0..50).fold(Layer::new(), |layer, n| {
        layer.whiteout(format!("/app/d{}/f{n}", n % 7))
    });
    assert_eq!(
        short(&[tree("/app", 50, "x"), each]),
        // Of 50 files seven each stand in six folders, and eight in the first.
        ["deleted /app 50 1>2"]
    );
}

#[test]
fn a_few_deleted_files_are_named_each() {
    let layers = [
        Layer::new().file("/app/a", "12345").file("/app/b", "123"),
        Layer::new().whiteout("/app/a").whiteout("/app/b"),
    ];
    assert_eq!(
        short(&layers),
        ["deleted /app/a 5 1>2", "deleted /app/b 3 1>2"]
    );
}

#[test]
fn a_tree_re_owned_is_one_finding() {
    let layers = [tree("/app", 20, "x"), tree("/app", 20, "x")];
    assert_eq!(short(&layers), ["restated /app 20 1>2"]);
    // Two trees of one command stay two, each with a path that says something.
    let layers = [
        tree("/app", 20, "x").with(tree("/srv/data", 9, "y")),
        Layer::new(),
        tree("/app", 20, "x").with(tree("/srv/data", 9, "y")),
    ];
    assert_eq!(
        short(&layers),
        ["restated /app 20 1>3", "restated /srv/data 9 1>3"]
    );
    let advice = found(&layers).swap_remove(0).advice;
    assert!(advice.contains("COPY --chown=1:1"), "{advice}");
}

#[test]
fn a_path_stored_by_layer_after_layer_is_one_finding() {
    let layers = [
        Layer::new().file("/db", "1"),
        Layer::new().file("/db", "12"),
        Layer::new().file("/db", "123"),
        Layer::new().file("/a", "x").file("/a", "yy"),
    ];
    assert_eq!(
        short(&layers),
        ["replaced /db 3 1,2>2,3", "repeated /a 1 4>4"]
    );
}

/// Few names, so that entries meet, but more than make one finding of a folder.
fn entry() -> impl Strategy<Value = (String, u8)> {
    let name = prop::sample::select(vec!["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]);
    let path = prop::collection::vec(name, 1..3).prop_map(|names| format!("/{}", names.join("/")));
    (path, 0..13_u8)
}

fn layer(entries: &[(String, u8)]) -> Layer {
    entries
        .iter()
        .fold(Layer::new(), |layer, (path, kind)| match kind {
            0 => layer.dir(path),
            1 => layer.hardlink(path, "/a/a"),
            2 => layer.opaque(path),
            3..6 => layer.whiteout(path),
            kind => layer.file(path, vec![kind % 2 + b'x'; usize::from(kind % 3 + 1)]),
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn findings_sum_to_the_dead(image in prop::collection::vec(prop::collection::vec(entry(), 0..40), 1..5)) {
        let mut stack = Stack::new();
        for entries in &image {
            stack.push(support::index(&layer(entries))).unwrap();
        }
        let ledger = Ledger::of(&stack);
        let findings = findings::of(&stack, &ledger, &[]);
        prop_assert!(findings.is_sorted_by_key(|finding| std::cmp::Reverse(finding.bytes)));
        let mut by_cause: BTreeMap<Cause, (u64, u64, u64)> = BTreeMap::new();
        for finding in &findings {
            let sum = by_cause.entry(finding.kind.cause()).or_default();
            *sum = (sum.0 + finding.bytes, sum.1 + finding.compressed, sum.2 + finding.files);
        }
        let mut expected: BTreeMap<Cause, (u64, u64, u64)> = BTreeMap::new();
        for dead in &ledger.dead {
            let sum = expected.entry(dead.cause).or_default();
            *sum = (sum.0 + dead.bytes, sum.1 + dead.compressed, sum.2 + 1);
        }
        prop_assert_eq!(by_cause, expected);
        // Every layer that is named did ship or hide something, and none that did is left out.
        for dead in &ledger.dead {
            let told = findings.iter().any(|finding: &Finding| {
                finding.kind == Kind::from(dead.cause)
                    && finding.added_by.contains(&dead.added_by)
                    && finding.killed_by.contains(&dead.killed_by)
            });
            prop_assert!(told, "{:?}", dead);
        }
    }
}
