//! Wasted bytes are found as a person would fix them, and no byte is in two findings or in none.

mod support;

use std::collections::BTreeMap;

use onionskin_audit::findings::{self, Finding, Kind, Leftovers, Subject};
use onionskin_fixtures::Layer;
use onionskin_layers::ledger::Ledger;
use onionskin_layers::stack::{Cause, Stack};
use onionskin_oci::manifest::Config;
use proptest::prelude::*;

fn found(layers: &[Layer]) -> Vec<Finding> {
    let stack = support::stack(layers);
    let commands = ["COPY . /app", "RUN make", "RUN chown -R 1:1 /app"].map(Some);
    all(&stack, &Ledger::of(&stack), &commands)
}

/// Those of the layers; what a configuration that says nothing is told has tests of its own.
fn all(stack: &Stack, ledger: &Ledger, commands: &[Option<&str>]) -> Vec<Finding> {
    let mut findings = findings::of(&Subject {
        stack,
        ledger,
        commands,
        config: &Config::default(),
        base: None,
        leftovers: Leftovers::standard(),
    });
    findings.retain(|finding| finding.kind != Kind::Config);
    findings
}

/// `deleted /app 10 1>2`, one for each finding of wasted bytes.
fn short(layers: &[Layer]) -> Vec<String> {
    lines(layers, |kind| kind.cause().is_some())
}

/// The same for live bytes.
fn avoidable(layers: &[Layer]) -> Vec<String> {
    lines(layers, |kind| kind.cause().is_none())
}

fn lines(layers: &[Layer], wanted: impl Fn(Kind) -> bool) -> Vec<String> {
    let join = |layers: &[usize]| {
        let words: Vec<String> = layers.iter().map(ToString::to_string).collect();
        words.join(",")
    };
    let line = |finding: &Finding| {
        format!(
            "{} {} {} {}>{}",
            finding.kind.name(),
            String::from_utf8_lossy(finding.path()),
            finding.bytes,
            join(&finding.added_by),
            join(&finding.hidden_by)
        )
    };
    let findings = found(layers);
    let wanted = findings.iter().filter(|finding| wanted(finding.kind));
    wanted.map(line).collect()
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
        short(&[tree("/app", 5, "x"), opaque]),
        ["deleted /app 5 1>2"]
    );
    let link = Layer::new().symlink("/app", "/elsewhere");
    assert_eq!(short(&[tree("/app", 5, "x"), link]), ["deleted /app 5 1>2"]);
    let each = (0..50).fold(Layer::new(), |layer, n| {
        layer.whiteout(format!("/app/d{}/f{n}", n % 7))
    });
    assert_eq!(
        short(&[tree("/app", 50, "x"), each]),
        // Each file has its own whiteout, seven or eight in a folder.
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
    assert_eq!(short(&layers), ["metadata-only /app 20 1>2"]);
    // Two trees of one command stay two, each with a path that says something.
    let layers = [
        tree("/app", 20, "x").with(tree("/srv/data", 9, "y")),
        Layer::new(),
        tree("/app", 20, "x").with(tree("/srv/data", 9, "y")),
    ];
    assert_eq!(
        short(&layers),
        ["metadata-only /app 20 1>3", "metadata-only /srv/data 9 1>3"]
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
        ["overwritten /db 3 1,2>2,3", "repeated /a 1 4>4"]
    );
}

#[test]
fn copied_trees_are_one_finding_and_hard_links_none() {
    let files = |layer: Layer, folder: &str| {
        layer
            .file(format!("{folder}/a"), "12345")
            .file(format!("{folder}/lib/b"), "123")
            .file(format!("{folder}/lib/deep/c"), "1234567")
    };
    let layers = [
        files(Layer::new(), "/app").hardlink("/app/again", "/app/a"),
        files(Layer::new(), "/srv/app"),
    ];
    assert_eq!(avoidable(&layers), ["duplicate /srv/app 15 2>"]);
    let advice = found(&layers).swap_remove(0).advice;
    assert!(advice.contains("at /app:"), "{advice}");
    // A file alone goes by its own name, and a folder repeats nothing of what is in it.
    let alone = [Layer::new()
        .file("/app/dist/logo", "12345")
        .file("/app/logo", "12345")
        .file("/app/x/a/icon", "123")
        .file("/srv/y/a/icon", "123")];
    assert_eq!(
        avoidable(&alone),
        ["duplicate /app/logo 5 1>", "duplicate /srv/y/a/icon 3 1>"]
    );
    let inside = [files(files(Layer::new(), "/app/dist"), "/app")];
    assert_eq!(
        avoidable(&inside),
        ["duplicate /app/lib 10 1>", "duplicate /app/dist/a 5 1>",]
    );
    let other = [
        Layer::new().file("/a", "1").file("/b", "2"),
        Layer::new()
            .whiteout("/a")
            .file("/c", "1")
            .file("/empty", ""),
    ];
    assert_eq!(avoidable(&other), [""; 0]);
}

#[test]
fn leftovers_are_known_by_place_and_name() {
    let layers = [
        Layer::new()
            .file("/var/lib/apt/lists/x_InRelease", "12345")
            .file("/var/lib/apt/lists/y_Packages", "1234")
            .file("/app/__pycache__/a.pyc", "123")
            .file("/root/.cache/pip/http/z", "12")
            .file("/app/main.py", "123456"),
        Layer::new()
            .file("/app/core.o", "1")
            .file("/app/core.so", "7"),
    ];
    let expected = [
        "leftover /var/lib/apt/lists 9 1>",
        "leftover /app/__pycache__ 3 1>",
        "leftover /root/.cache/pip 2 1>",
        "leftover /app/core.o 1 2>",
    ];
    assert_eq!(avoidable(&layers), expected);
    let rules: Vec<_> = found(&layers)
        .into_iter()
        .map(|finding| finding.rule)
        .collect();
    let expected = ["apt-lists", "python-bytecode", "pip-cache", "object-files"];
    assert_eq!(rules, expected.map(|rule| Some(rule.to_owned())));
    // Deleted in time they are nobody's business; what has a name elsewhere is needed there.
    let clean = [
        Layer::new().file("/app/keep", "12345"),
        Layer::new().hardlink("/tmp/keep", "/app/keep"),
    ];
    assert_eq!(avoidable(&clean), [""; 0]);
    let clean = [Layer::new()
        .file("/tmp/keep", "12345")
        .hardlink("/app/keep", "/tmp/keep")];
    assert_eq!(avoidable(&clean), [""; 0]);
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
    fn findings_sum_to_the_wasted(image in prop::collection::vec(prop::collection::vec(entry(), 0..40), 1..5)) {
        let mut stack = Stack::new();
        for entries in &image {
            stack.push(support::index(&layer(entries))).unwrap();
        }
        let ledger = Ledger::of(&stack);
        let findings = all(&stack, &ledger, &[]);
        prop_assert!(findings.is_sorted_by_key(|finding| std::cmp::Reverse(finding.bytes)));
        let mut by_cause: BTreeMap<Cause, (u64, u64, u64)> = BTreeMap::new();
        let mut live = [0, 0];
        for finding in &findings {
            let Some(cause) = finding.kind.cause() else {
                live[usize::from(finding.kind == Kind::Leftover)] += finding.bytes;
                continue;
            };
            let sum = by_cause.entry(cause).or_default();
            *sum = (sum.0 + finding.bytes, sum.1 + finding.compressed, sum.2 + finding.files);
        }
        let mut expected: BTreeMap<Cause, (u64, u64, u64)> = BTreeMap::new();
        for wasted in &ledger.wasted {
            let sum = expected.entry(wasted.cause).or_default();
            *sum = (sum.0 + wasted.bytes, sum.1 + wasted.compressed, sum.2 + 1);
        }
        prop_assert_eq!(by_cause, expected);
        // Each content is kept once; nothing here is in a place of leftovers.
        let mut contents = BTreeMap::new();
        for (number, index) in (1..).zip(stack.layers()) {
            for entry in index.entries().filter(|entry| index.size(*entry) > 0) {
                if stack.waste(number, entry).is_none() {
                    contents.insert(index.content(entry), index.size(entry));
                }
            }
        }
        let kept: u64 = contents.values().sum();
        prop_assert_eq!(live, [ledger.total.live() - kept, 0]);
        // Every layer that is named did store or hide something, and none that did is left out.
        for wasted in &ledger.wasted {
            let told = findings.iter().any(|finding: &Finding| {
                finding.kind == Kind::from(wasted.cause)
                    && finding.added_by.contains(&wasted.added_by)
                    && finding.hidden_by.contains(&wasted.hidden_by)
            });
            prop_assert!(told, "{:?}", wasted);
        }
    }
}
