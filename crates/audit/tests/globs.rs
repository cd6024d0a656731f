//! Globs of rules files against a matcher that is written from their documentation alone.

#![allow(clippy::unwrap_used)]

use onionskin_audit::rules::PathGlob;
use proptest::prelude::*;

/// A part of a name in a glob.
#[derive(Clone, Debug)]
enum Atom {
    Literal(char),
    Any,
    Star,
    Class { not: bool, of: Vec<char> },
    Either(String, String),
}

/// What stands between two slashes of a glob.
#[derive(Clone, Debug)]
enum Segment {
    Folders,
    Name(Vec<Atom>),
}

const LETTERS: [char; 6] = ['a', 'b', 'A', '.', '-', '*'];

fn letter() -> impl Strategy<Value = char> {
    proptest::sample::select(LETTERS.to_vec())
}

fn word() -> impl Strategy<Value = String> {
    proptest::collection::vec(letter(), 0..3).prop_map(|letters| letters.into_iter().collect())
}

fn atom() -> impl Strategy<Value = Atom> {
    let class = proptest::collection::vec(proptest::sample::select(vec!['a', 'b', 'A', '.']), 1..3);
    prop_oneof![
        4 => letter().prop_map(Atom::Literal),
        1 => Just(Atom::Any),
        2 => Just(Atom::Star),
        1 => (any::<bool>(), class).prop_map(|(not, of)| Atom::Class { not, of }),
        1 => (word(), word()).prop_map(|(a, b)| Atom::Either(a, b)),
    ]
}

fn segment() -> impl Strategy<Value = Segment> {
    prop_oneof![
        1 => Just(Segment::Folders),
        4 => proptest::collection::vec(atom(), 1..4).prop_map(|mut atoms| {
            // Two stars would be what goes across folders.
            atoms.dedup_by(|a, b| matches!((a, b), (Atom::Star, Atom::Star)));
            Segment::Name(atoms)
        }),
    ]
}

fn escaped(text: &str) -> String {
    text.chars()
        .flat_map(|c| if c == '*' { vec!['\\', c] } else { vec![c] })
        .collect()
}

fn written(rooted: bool, segments: &[Segment]) -> String {
    let segment = |segment: &Segment| match segment {
        Segment::Folders => "**".to_owned(),
        Segment::Name(atoms) => atoms
            .iter()
            .map(|atom| match atom {
                Atom::Literal(c) => escaped(&c.to_string()),
                Atom::Any => "?".to_owned(),
                Atom::Star => "*".to_owned(),
                Atom::Class { not, of } => {
                    format!(
                        "[{}{}]",
                        if *not { "!" } else { "" },
                        of.iter().collect::<String>()
                    )
                }
                Atom::Either(a, b) => format!("{{{},{}}}", escaped(a), escaped(b)),
            })
            .collect(),
    };
    let segments: Vec<String> = segments.iter().map(segment).collect();
    format!("{}{}", if rooted { "/" } else { "" }, segments.join("/"))
}

/// Whether a glob of one name takes all of a name.
fn takes(atoms: &[Atom], name: &[char]) -> bool {
    let Some((atom, rest)) = atoms.split_first() else {
        return name.is_empty();
    };
    let one = |is: &dyn Fn(char) -> bool| {
        name.split_first()
            .is_some_and(|(c, behind)| is(*c) && takes(rest, behind))
    };
    match atom {
        Atom::Literal(is) => one(&|c| c == *is),
        Atom::Any => one(&|_| true),
        Atom::Class { not, of } => one(&|c| of.contains(&c) != *not),
        Atom::Star => (0..=name.len()).any(|taken| takes(rest, &name[taken..])),
        Atom::Either(a, b) => [a, b].into_iter().any(|word| {
            let word: Vec<char> = word.chars().collect();
            name.strip_prefix(word.as_slice())
                .is_some_and(|behind| takes(rest, behind))
        }),
    }
}

/// Whether segments lead from here through all names.
fn leads(segments: &[Segment], names: &[Vec<char>]) -> bool {
    match segments.split_first() {
        None => names.is_empty(),
        // At the end it is all that is below, and not the folder itself.
        Some((Segment::Folders, [])) => !names.is_empty(),
        Some((Segment::Folders, rest)) => {
            (0..=names.len()).any(|skipped| leads(rest, &names[skipped..]))
        }
        Some((Segment::Name(atoms), rest)) => names
            .split_first()
            .is_some_and(|(name, below)| takes(atoms, name) && leads(rest, below)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_glob_meets_what_its_documentation_says(
        rooted: bool,
        segments in proptest::collection::vec(segment(), 1..4),
        names in proptest::collection::vec(word().prop_filter("a name", |name| !matches!(name.as_str(), "" | "." | "..")), 1..4),
    ) {
        let glob = written(rooted, &segments);
        let Ok(parsed) = glob.parse::<PathGlob>() else {
            return Err(TestCaseError::reject("no glob"));
        };
        let path = format!("/{}", names.join("/"));
        let names: Vec<Vec<char>> = names.iter().map(|name| name.chars().collect()).collect();
        let depths = if rooted { 0..=0 } else { 0..=names.len() };
        let meets = depths.into_iter().any(|depth| leads(&segments, &names[depth..]));
        prop_assert_eq!(parsed.meets(path.as_bytes()), meets, "{} {}", glob, path);
    }
}
