//! The words of a query.

use super::condition::Test;
use super::path::PathTest;
use super::qualifier::QUALIFIERS;
use super::shown::shown;
use super::value;
use super::{Query, QueryError};
use crate::limits::{QUERY_BYTES, QUERY_WORDS};

/// A word of a query as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word<'q> {
    /// Where it begins in the query, in bytes.
    pub start: usize,
    /// All of it, with its minus sign and quotation marks.
    pub text: &'q str,
    /// The quotation marks in it are closed.
    pub closed: bool,
}

/// The words of a query. Spaces between quotation marks belong to a word.
pub fn words(query: &str) -> impl Iterator<Item = Word<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = query.get(at..)?;
        let start = at + (rest.len() - rest.trim_start().len());
        let rest = query.get(start..).filter(|rest| !rest.is_empty())?;
        let (mut quoted, mut escaped, mut end) = (false, false, rest.len());
        for (index, character) in rest.char_indices() {
            match character {
                '"' if !(quoted && escaped) => quoted = !quoted,
                _ if character.is_whitespace() && !quoted => {
                    end = index;
                    break;
                }
                _ => {}
            }
            escaped = character == '\\' && !escaped;
        }
        at = start + end;
        Some(Word {
            start,
            text: rest.get(..end)?,
            closed: !quoted,
        })
    })
}

/// Reads a query.
pub(super) fn query(text: &str) -> Result<Query, QueryError> {
    if text.len() > QUERY_BYTES {
        return Err(QueryError::TooLong);
    }
    let mut query = Query::default();
    for (number, word) in words(text).enumerate() {
        if number == QUERY_WORDS {
            return Err(QueryError::TooManyWords);
        }
        if !word.closed {
            return Err(QueryError::OpenQuote);
        }
        let (word, negated) = match word.text.strip_prefix('-') {
            Some("") => return Err(QueryError::NothingExcluded),
            Some(word) => (word, true),
            None => (word.text, false),
        };
        match test(word)? {
            Some(Test::Path(test)) => query.paths.push((test, negated)),
            Some(Test::Version(test)) => query.versions.push((test, negated)),
            None => {}
        }
    }
    Ok(query)
}

/// What a word asks; nothing where it is two quotation marks.
fn test(word: &str) -> Result<Option<Test>, QueryError> {
    if let Some((name, value)) = qualified(word) {
        let known = QUALIFIERS
            .iter()
            .find(|one| one.name.eq_ignore_ascii_case(name));
        let Some(known) = known else {
            return Err(QueryError::UnknownQualifier {
                name: shown(name),
                word: shown(word),
            });
        };
        return value::test(known, &unquoted(value)).map(Some);
    }
    let text = unquoted(word);
    let regex = word
        .strip_prefix('/')
        .and_then(|rest| rest.strip_suffix('/'))
        .filter(|pattern| !pattern.is_empty());
    let test = match regex {
        _ if word.contains('"') => PathTest::text(&text),
        Some(pattern) => PathTest::regex(pattern)?,
        None if word.contains(['*', '?', '[', '{']) => PathTest::glob(word)?,
        None => PathTest::text(&text),
    };
    Ok((!text.is_empty()).then_some(Test::Path(test)))
}

/// The name before the colon of a word and the value behind it.
fn qualified(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once(':')?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_name.then_some((name, value))
}

/// A word without its quotation marks.
fn unquoted(word: &str) -> String {
    if !word.contains('"') {
        return word.to_owned();
    }
    let (mut text, mut quoted) = (String::with_capacity(word.len()), false);
    let mut rest = word.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\\' if quoted && matches!(rest.peek(), Some('"' | '\\')) => text.extend(rest.next()),
            '"' => quoted = !quoted,
            _ => text.push(character),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(query: &str) -> Vec<&str> {
        words(query).map(|word| word.text).collect()
    }

    #[test]
    fn spaces_part_words_and_quotation_marks_hold_them_together() {
        assert_eq!(texts("  a\tb  "), ["a", "b"]);
        assert_eq!(texts(r#"-"a b"c re:"x y" "#), [r#"-"a b"c"#, r#"re:"x y""#]);
        assert_eq!(texts(r#""a \" b" c"#), [r#""a \" b""#, "c"]);
        assert_eq!(texts(r#""a \\" c"#), [r#""a \\""#, "c"]);
        assert_eq!(texts(""), Vec::<&str>::new());
        assert_eq!(texts("ü\u{3000}é"), ["ü", "é"]);
        assert!(!words("\"a b").next().unwrap().closed);
        assert_eq!(unquoted(r#"a"b \" \\ \x"c"#), r#"ab " \ \xc"#);
    }

    #[test]
    fn what_is_no_query_says_why_and_what_would_be_one() {
        for (query, error) in [
            (
                "\"a",
                "a quotation mark is not closed; write \\\" to look for one",
            ),
            ("a -", "`-` excludes what the word behind it matches"),
            (
                "knd:dir",
                "there is no qualifier `knd:`; did you mean `kind:`?",
            ),
            (
                "libc6:amd64.list",
                "Quote the word to look for it as text: \"libc6:amd64.list\"",
            ),
            (
                "size:big",
                "`size:big` is not valid; size: takes a number of bytes",
            ),
            ("size:", "`size:` is not valid"),
            ("kind:folder", "kind: takes file, dir, symlink"),
            ("layer:0", "`layer:0` is not valid"),
            ("layer:5..3", "`layer:5..3` is not valid"),
            ("mark:gone", "mark: takes added, overwritten"),
            ("mode:abc", "mode: takes"),
            ("mode:888", "mode: takes"),
            ("modified:soon", "modified: takes"),
            ("modified:2024-13", "modified: takes"),
            ("owner:a/b", "owner: takes"),
            ("owner:0:", "owner: takes"),
            ("sha256:xyz", "sha256: takes"),
            (
                "[a",
                "\"[a\" is not a valid glob: unclosed character class; missing ']'; quote the word",
            ),
            (
                "/a(b/",
                "/a(b/ is not a valid regular expression: unclosed group",
            ),
            ("re:\\p{L}", "is not a valid regular expression"),
            ("re:", "`re:` is not valid"),
        ] {
            let problem = query.parse::<Query>().map(|_| ()).unwrap_err().to_string();
            assert!(problem.contains(error), "{query}: {problem}");
            assert!(!problem.contains('\n'), "{problem}");
        }
        let long = "a".repeat(QUERY_BYTES + 1);
        assert_eq!(long.parse::<Query>().map(|_| ()), Err(QueryError::TooLong));
        let many = "a ".repeat(QUERY_WORDS + 1);
        assert_eq!(
            many.parse::<Query>().map(|_| ()),
            Err(QueryError::TooManyWords)
        );
        assert!("a ".repeat(QUERY_WORDS).parse::<Query>().is_ok());
    }

    #[test]
    fn no_regular_expression_takes_more_memory_than_its_limit() {
        for hostile in [
            "/(a{1000}){1000}/".to_owned(),
            format!("re:{}a{}", "(".repeat(1000), ")".repeat(1000)),
            format!("re:{}", "(a|b|c){100}".repeat(100)),
        ] {
            let error = hostile.parse::<Query>().map(|_| ()).unwrap_err();
            assert!(error.to_string().len() < 400, "{error}");
        }
    }
}
