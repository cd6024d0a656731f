//! A text whose lines are parsed one after the other.

use syntect::parsing::{ParseState, ScopeStack, SyntaxSet};

use crate::classes::Classes;
use crate::language::Language;
use crate::protocol::{Class, Span};

/// Bytes of a line that are parsed: grammars take long with long lines.
const LINE: usize = 8_000;

/// A text, as far as it is parsed.
pub(crate) struct Text {
    state: ParseState,
    scopes: ScopeStack,
    /// It stays plain from here on.
    failed: bool,
}

impl Text {
    /// None where the language has no grammar.
    pub(crate) fn new(grammars: &SyntaxSet, language: Language) -> Option<Self> {
        let grammar = grammars.find_syntax_by_name(language.grammar())?;
        Some(Text {
            state: ParseState::new(grammar),
            scopes: ScopeStack::new(),
            failed: false,
        })
    }

    /// The spans of the next line, which cover it; none where it stays plain.
    pub(crate) fn line(
        &mut self,
        grammars: &SyntaxSet,
        classes: &mut Classes,
        line: &str,
    ) -> Vec<Span> {
        if self.failed || line.len() > LINE {
            return Vec::new();
        }
        // Grammars know the end of a line by it.
        let ended = format!("{line}\n");
        let Ok(changes) = self.state.parse_line(&ended, grammars) else {
            self.failed = true;
            return Vec::new();
        };
        let mut spans = Spans::default();
        let mut class = classes.of(&self.scopes);
        for (at, change) in changes {
            spans.until(at.min(line.len()), class);
            if self.scopes.apply(&change).is_err() {
                self.failed = true;
                return Vec::new();
            }
            class = classes.of(&self.scopes);
        }
        spans.until(line.len(), class);
        spans.of(line)
    }
}

/// The spans of a line, as far as they are known.
#[derive(Default)]
struct Spans {
    spans: Vec<Span>,
    end: usize,
}

impl Spans {
    /// What is not covered yet, to here.
    fn until(&mut self, end: usize, class: Option<Class>) {
        let Some(length) = end.checked_sub(self.end).filter(|length| *length > 0) else {
            return;
        };
        self.end = end;
        let length = u16::try_from(length).unwrap_or(u16::MAX);
        match self.spans.last_mut() {
            Some(last) if last.class == class => last.length = last.length.saturating_add(length),
            _ => self.spans.push(Span { class, length }),
        }
    }

    /// None where nothing of the line has a colour, or where a span would begin within a character.
    fn of(self, line: &str) -> Vec<Span> {
        let mut end = 0;
        let all_whole = self.spans.iter().all(|span| {
            end += usize::from(span.length);
            line.is_char_boundary(end)
        });
        let is_plain = self.spans.iter().all(|span| span.class.is_none());
        match is_plain || !all_whole || end != line.len() {
            true => Vec::new(),
            false => self.spans,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    static GRAMMARS: LazyLock<SyntaxSet> = LazyLock::new(two_face::syntax::extra_newlines);

    fn lines(path: &str, lines: &[&str]) -> Vec<Vec<Span>> {
        let start = lines.first().copied().unwrap_or_default();
        let language = Language::of(path.as_bytes(), start.as_bytes()).unwrap();
        let mut text = Text::new(&GRAMMARS, language).unwrap();
        let mut classes = Classes::new();
        let each = lines.iter();
        each.map(|line| text.line(&GRAMMARS, &mut classes, line))
            .collect()
    }

    /// The coloured parts of a text.
    fn coloured(path: &str, text: &str) -> Vec<(Class, String)> {
        let all: Vec<&str> = text.lines().collect();
        let mut found = Vec::new();
        for (line, spans) in all.iter().zip(lines(path, &all)) {
            let mut at = 0;
            for span in spans {
                let end = at + usize::from(span.length);
                if let Some(class) = span.class {
                    found.push((class, line[at..end].trim().to_owned()));
                }
                at = end;
            }
        }
        found
    }

    #[track_caller]
    fn has(path: &str, text: &str, parts: &[(Class, &str)]) {
        let found = coloured(path, text);
        for (class, part) in parts {
            assert!(
                found.iter().any(|(is, text)| is == class && text == part),
                "{class:?} {part:?} in {found:?}"
            );
        }
    }

    #[test]
    fn parts_have_the_class_of_what_they_are() {
        has(
            "/entrypoint.sh",
            "#!/bin/sh\n# note\nif [ \"$1\" = nginx ]; then\n  exec nginx -g 'daemon off;'\nfi",
            &[
                (Class::Comment, "# note"),
                (Class::Keyword, "if"),
                (Class::Function, "exec"),
                (Class::String, "'daemon off;'"),
            ],
        );
        has(
            "/a.json",
            "{\"key\": \"value\", \"n\": [1.5, true]}",
            &[
                (Class::Attribute, "\"key\""),
                (Class::String, "\"value\""),
                (Class::Number, "1.5"),
                (Class::Number, "true"),
            ],
        );
        has(
            "/a.py",
            "class A(Base):\n    \"\"\"Of two\n    lines\"\"\"\n    def run(self): return f\"{len(x)} of 3\"",
            &[
                (Class::Keyword, "class"),
                (Class::Type, "A"),
                (Class::Function, "run"),
                (Class::Comment, "lines\"\"\""),
            ],
        );
        has(
            "/Dockerfile",
            "FROM alpine AS build\nRUN echo \"x\"",
            &[(Class::Keyword, "FROM"), (Class::Keyword, "RUN")],
        );
        has(
            "/a.toml",
            "[package]\nname = \"x\"",
            &[(Class::String, "\"x\"")],
        );
        has(
            "/a.patch",
            "--- a\n+++ b\n@@ -1 +1 @@\n-old\n+new",
            &[(Class::Deleted, "-old"), (Class::Inserted, "+new")],
        );
    }

    #[test]
    fn a_long_line_is_plain_and_the_next_is_not() {
        let long = "\"x\", ".repeat(LINE / 4);
        let spans = lines("/a.json", &["[", &long, "1]"]);
        assert!(spans[1].is_empty());
        assert!(!spans[2].is_empty());
    }

    #[test]
    fn every_language_has_its_grammar() {
        let missing: Vec<&str> = (0..=u8::MAX)
            .filter_map(|at| postcard::from_bytes::<Language>(&[at]).ok())
            .map(Language::grammar)
            .filter(|name| GRAMMARS.find_syntax_by_name(name).is_none())
            .collect();
        assert_eq!(missing, [] as [&str; 0]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn spans_cover_their_line_exactly(
            at in any::<proptest::sample::Index>(),
            text in proptest::collection::vec(
                prop_oneof![
                    "[\\PC\t]{0,80}",
                    "([a-z]{1,5}|[0-9]|[\"'`$(){}<>&;:=#/*-]| |\t|é|\u{202e}|😀){0,60}",
                ],
                1..12,
            ),
        ) {
            let paths = ["a.sh", "a.json", "a.py", "a.js", "a.ts", "a.yaml", "a.html", "a.php", "a.rb", "a.md", "a.c", "a.rs", "Dockerfile", "a.toml", "a.patch"];
            let path = at.get(&paths);
            let all: Vec<&str> = text.iter().map(String::as_str).collect();
            for (line, spans) in all.iter().zip(lines(path, &all)) {
                let mut end = 0;
                for span in &spans {
                    prop_assert!(span.length > 0);
                    end += usize::from(span.length);
                    prop_assert!(line.is_char_boundary(end));
                }
                prop_assert!(spans.is_empty() || end == line.len());
                prop_assert!(spans.windows(2).all(|both| both[0].class != both[1].class));
            }
        }
    }
}
