//! Queries find what a plain reading of their words finds, in every version of every path.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used)]

mod support;

use onionskin_audit::find::Query;
use onionskin_audit::report::listing::{self, Line};
use onionskin_audit::rules::PathGlob;
use onionskin_fixtures::{Layer, bytes, layer};
use onionskin_layers::layer::EntryKind;
use onionskin_layers::stack::view::{Mark, Row, View};
use onionskin_layers::stack::{NodeId, Stack, Version, VersionKind};
use proptest::prelude::*;
use support::stack;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A word of a query.
#[derive(Clone, Debug)]
enum Word {
    Text(String),
    Glob(&'static str),
    Regex(&'static str),
    Size(&'static str, u64),
    Kind(EntryKind),
    Layers(usize, usize),
    Mark(Mark, &'static str),
    Owner(u64),
    Executable,
    Extension(&'static str),
    Year(&'static str, i64),
}

/// Seconds of a year of 365 days, of which there are two at the beginning of the epoch.
const YEAR: i64 = 365 * 86_400;

impl Word {
    fn written(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Glob(glob) => (*glob).to_owned(),
            Self::Regex(regex) => format!("/{regex}/"),
            Self::Size(sign, size) => format!("size:{sign}{size}"),
            Self::Kind(kind) => format!("kind:{}", kind.name()),
            Self::Layers(first, last) => format!("layer:{first}..{last}"),
            Self::Mark(_, name) => format!("mark:{name}"),
            Self::Owner(owner) => format!("owner:{owner}"),
            Self::Executable => "mode:executable".to_owned(),
            Self::Extension(extension) => format!("ext:{extension}"),
            Self::Year(sign, year) => format!("modified:{sign}{year}"),
        }
    }

    fn is_met(&self, stack: &Stack, path: &str, row: &Row<'_>, node: NodeId) -> bool {
        let compared = |sign: &str, value: i64, first: i64, last: i64| match sign {
            ">" => value > last,
            ">=" => value >= first,
            "<" => value < first,
            "<=" => value <= last,
            _ => (first..=last).contains(&value),
        };
        match self {
            Self::Text(text) => path.to_lowercase().contains(&text.to_lowercase()),
            Self::Glob(glob) => glob.parse::<PathGlob>().unwrap().meets(path.as_bytes()),
            Self::Regex(regex) => regex::Regex::new(regex).unwrap().is_match(path),
            Self::Size(sign, size) => {
                let (stored, size) = (row.logical_size() as i64, *size as i64);
                row.kind == EntryKind::File && compared(sign, stored, size, size)
            }
            Self::Kind(kind) => row.kind == *kind,
            Self::Layers(first, last) => (first..=last).contains(&&row.layer),
            Self::Mark(Mark::Deleted, _) => stack.at(node, stack.depth()).is_none(),
            Self::Mark(mark, _) => stack.mark(node, row.layer) == Some(*mark),
            Self::Owner(owner) => row.owner().0 == *owner,
            Self::Executable => row.kind != EntryKind::Symlink && row.mode() & 0o111 != 0,
            Self::Extension(extension) => {
                let name = path.rsplit('/').next().unwrap();
                let start = name.strip_suffix(&format!(".{extension}"));
                start.is_some_and(|start| !start.is_empty())
            }
            Self::Year(sign, year) => row.mtime().is_some_and(|(seconds, _)| {
                let first = (year - 1970) * YEAR;
                compared(sign, seconds, first, first + YEAR - 1)
            }),
        }
    }
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "lib", "B.py", "lib.so.1", ".py", "x.tar.gz"])
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(name(), 1..4).prop_map(|names| format!("/{}", names.join("/")))
}

fn sign() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", ">", ">=", "<", "<="])
}

fn word() -> impl Strategy<Value = (bool, Word)> {
    let texts = vec!["a", "b", "B.P", "/lib", "a/b", "/a/lib", "so", "LIB/a"];
    let globs = vec![
        "*.py",
        "/a/**",
        "lib*.so*",
        "/**/lib",
        "/a/*/B.py",
        "{a,lib}",
        "?",
    ];
    let regexes = vec!["^/a", r"\.py$", "lib", "/lib.*/a", "[ax]$", "^/lib$|z"];
    let marks = vec![
        (Mark::Added, "added"),
        (Mark::Modified, "overwritten"),
        (Mark::MetadataOnly, "metadata-only"),
        (Mark::Deleted, "deleted"),
    ];
    let kinds = vec![
        EntryKind::File,
        EntryKind::Dir,
        EntryKind::Symlink,
        EntryKind::Hardlink,
    ];
    let word = prop_oneof![
        prop::sample::select(texts).prop_map(|text| Word::Text(text.to_owned())),
        prop::sample::select(globs).prop_map(Word::Glob),
        prop::sample::select(regexes).prop_map(Word::Regex),
        (sign(), 1u64..4).prop_map(|(sign, size)| Word::Size(sign, size)),
        prop::sample::select(kinds).prop_map(Word::Kind),
        (1usize..4, 0usize..2).prop_map(|(first, more)| Word::Layers(first, first + more)),
        prop::sample::select(marks).prop_map(|(mark, name)| Word::Mark(mark, name)),
        (0u64..2).prop_map(Word::Owner),
        Just(Word::Executable),
        prop::sample::select(vec!["py", "gz", "tar.gz", "1"]).prop_map(Word::Extension),
        (sign(), 1970i64..1972).prop_map(|(sign, year)| Word::Year(sign, year)),
    ];
    (any::<bool>(), word)
}

/// An entry, by what it is, how long, whose and from when.
fn entry() -> impl Strategy<Value = (String, usize, usize, u64, u64)> {
    (path(), 0usize..7, 0usize..4, 0u64..2, 0u64..3)
}

fn layers() -> impl Strategy<Value = Vec<Layer>> {
    let layer = prop::collection::vec(entry(), 0..10).prop_map(|entries| {
        entries
            .into_iter()
            .fold(Layer::new(), |layer, (path, kind, size, owner, year)| {
                let layer = match kind {
                    0 => return layer.whiteout(&path),
                    1 => return layer.opaque(&path),
                    2 => layer.dir(&path),
                    3 => layer.symlink(&path, "a"),
                    4 => layer.hardlink(&path, "/a/lib"),
                    _ => layer.file(&path, bytes(size)),
                };
                let layer = layer.owner(owner, 0).mtime(year as i64 * YEAR + 5);
                if size == 0 { layer.mode(0o755) } else { layer }
            })
    });
    prop::collection::vec(layer, 1..4)
}

fn nodes(stack: &Stack) -> impl Iterator<Item = NodeId> + use<> {
    (1..stack.nodes() as u32).map(NodeId)
}

fn numbers(versions: impl Iterator<Item = Version>) -> Vec<usize> {
    versions.map(|version| version.layer).collect()
}

#[test]
fn some_queries_are_answered_only_by_layers_that_were_read() {
    for (query, needs) in [
        ("mark:overwritten", true),
        ("-mark:metadata-only", true),
        ("owner:www-data", true),
        // Which of both it is does not matter here.
        ("mark:overwritten,metadata-only", false),
        ("mark:added,deleted", false),
        ("owner:0 size:>1 *.so sha256:9f", false),
        ("", false),
    ] {
        let parsed: Query = query.parse().unwrap();
        assert_eq!(parsed.needs_contents(), needs, "{query}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_query_finds_what_its_words_say(
        layers in layers(),
        words in prop::collection::vec(word(), 0..4),
        below in 0usize..2,
    ) {
        let stack = stack(&layers);
        let depth = stack.depth() - below.min(stack.depth() - 1);
        let texts: Vec<String> = words
            .iter()
            .map(|(negated, word)| format!("{}{}", if *negated { "-" } else { "" }, word.written()))
            .collect();
        let text = texts.join(" ");
        let query: Query = text.parse().unwrap();
        let view = View::with_deleted(&stack, depth);
        let search = query.search(&stack);
        for node in nodes(&stack) {
            let path = String::from_utf8(stack.path(node)).unwrap();
            let is_met = |version: &Version| {
                let row = view.row_at(&stack, node, *version).unwrap();
                words.iter().all(|(negated, word)| {
                    let met = match word {
                        Word::Mark(Mark::Deleted, _) => stack.at(node, depth).is_none(),
                        word => word.is_met(&stack, &path, &row, node),
                    };
                    met != *negated
                })
            };
            let there = stack
                .versions(node)
                .filter(|version| version.layer <= depth && version.what != VersionKind::Gone);
            let mut met: Vec<Version> = there.filter(is_met).collect();
            // Of a folder the latest is enough.
            let is_folder = |version: &Version| stack.stored_by(*version).is_none();
            let latest = met.iter().find(|version| is_folder(version)).map(|first| first.layer);
            met.retain(|version| !is_folder(version) || Some(version.layer) == latest);
            let expected = numbers(met.into_iter());
            let found = numbers(search.versions(&view, node));
            prop_assert_eq!(found, expected, "{} in {}", &text, path);
        }
        let lines = listing::found(&stack, depth, b"/", &query).unwrap();
        let all: usize = nodes(&stack).map(|node| search.versions(&view, node).count()).sum();
        prop_assert_eq!(lines.len(), all);
        prop_assert!(lines.is_sorted_by(|a, b| (&a.path, a.layer) < (&b.path, b.layer)));
    }

    #[test]
    fn no_text_is_too_odd_for_a_query(text in "\\PC{0,40}", spice in "[-/\"*:\\[{(\\\\a ]{0,20}") {
        let stack = stack(&[layer("x").file("/a", "x").file("/\u{fc}", "x")]);
        for text in [&text, &spice] {
            if let Ok(query) = text.parse::<Query>() {
                let view = View::with_deleted(&stack, 1);
                let search = query.search(&stack);
                assert!(nodes(&stack).all(|node| search.versions(&view, node).count() <= 1));
            }
        }
    }
}

fn story() -> Stack {
    stack(&[
        layer("one")
            .file("/app/big.bin", bytes(9_000))
            .file("/app/gone/a.py", "12345")
            .file("/usr/bin/su", "x")
            .mode(0o4755)
            .symlink("/bin", "usr/bin"),
        layer("two")
            .file("/app/big.bin", "small")
            .whiteout("/app/gone"),
        layer("three").file("/usr/bin/su", "x").mode(0o755),
    ])
}

fn told(stack: &Stack, query: &str) -> Vec<String> {
    let lines = listing::found(stack, stack.depth(), b"/", &query.parse().unwrap()).unwrap();
    let told = |line: Line| {
        let hidden = line.hidden_by.zip(line.cause);
        let hidden = hidden.map(|(layer, cause)| format!(" {} in {layer}", cause.name()));
        format!("{}@{}{}", line.path, line.layer, hidden.unwrap_or_default())
    };
    lines.into_iter().map(told).collect()
}

#[test]
fn what_a_later_layer_hides_is_found_as_it_was_and_says_which() {
    let stack = story();
    for (query, found) in [
        ("size:>5kB", &["/app/big.bin@1 overwritten in 2"][..]),
        (
            "big.bin",
            &["/app/big.bin@1 overwritten in 2", "/app/big.bin@2"],
        ),
        ("big.bin layer:2", &["/app/big.bin@2"]),
        (
            "mark:deleted",
            &["/app/gone@1 deleted in 2", "/app/gone/a.py@1 deleted in 2"],
        ),
        ("ext:py", &["/app/gone/a.py@1 deleted in 2"]),
        ("mode:setuid", &["/usr/bin/su@1 metadata-only in 3"]),
        ("mark:metadata-only", &["/usr/bin/su@3"]),
        ("kind:symlink", &["/bin@1"]),
        ("gone -*.py", &["/app/gone@1 deleted in 2"]),
        ("\"*.py\"", &[]),
        ("\"GONE/A\"", &["/app/gone/a.py@1 deleted in 2"]),
    ] {
        assert_eq!(told(&stack, query), found, "{query}");
    }
    // Folders that no entry announces stay those of the layer that made them.
    let diff_id = stack.layer(3).unwrap().diff_id.to_string();
    assert_eq!(told(&stack, diff_id.get(..20).unwrap()), ["/usr/bin/su@3"]);
}

#[test]
fn names_are_looked_for_as_they_are_printed() {
    let stack = stack(&[layer("x").file("/a\u{1b}[2J", "x").file(b"/\xff.py", "x")]);
    for query in [r"\xff.py", r"\xFF", "ext:py", r"\xff*"] {
        assert_eq!(told(&stack, query), [r"/\xff.py@1"], "{query}");
    }
    assert_eq!(told(&stack, r"\x1b"), ["/a\u{1b}[2J@1"]);
}

#[test]
fn below_a_folder_only_its_paths_are_found() {
    let stack = story();
    let found = |folder: &str| {
        let query: Query = "kind:file".parse().unwrap();
        let lines = listing::found(&stack, 3, folder.as_bytes(), &query);
        lines.map(|lines| lines.into_iter().map(|line| line.path).collect::<Vec<_>>())
    };
    assert_eq!(found("/app/gone").unwrap(), ["/app/gone/a.py"]);
    assert_eq!(found("/bin").unwrap(), ["/usr/bin/su", "/usr/bin/su"]);
    assert_eq!(
        found("/usr/bin/su").unwrap(),
        ["/usr/bin/su", "/usr/bin/su"]
    );
    assert!(found("/us").is_err());
}
