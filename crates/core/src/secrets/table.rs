//! The table of tokens: their published forms, and one automaton that finds where any may be.

use std::sync::{LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use regex_lite::Regex;
use serde::Deserialize;

use super::Rule;

/// One row of `tokens.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    /// The rule's id.
    pub(super) rule: String,
    /// What it is.
    name: String,
    /// Texts of which one is in every token.
    pub(super) anchors: Vec<String>,
    /// Bytes that a token may begin before its anchor.
    #[serde(default)]
    pub(super) reach: usize,
    /// Characters that do not stand beside a token, letters, digits and `_` apart: with one of them
    /// it is part of something longer.
    #[serde(default)]
    pub(super) beside: String,
    /// What a token has to be as well.
    #[serde(default)]
    pub(super) check: Option<Check>,
    /// It is looked for in commands only.
    #[serde(default)]
    pub(super) commands: bool,
    /// A regular expression; the token is its group, or all of it where it has none.
    shape: String,
    /// Who publishes the form.
    #[cfg_attr(
        not(test),
        expect(
            dead_code,
            reason = "for readers of the table; a test sees that it is there"
        )
    )]
    source: String,
    /// The form is all token, and names nothing around it.
    #[serde(skip)]
    is_token: bool,
}

/// What the form alone does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Check {
    /// The last six letters are the CRC-32 of those before them.
    Crc32,
    /// Its first part is a number in Base64.
    Snowflake,
    /// In Base64 a name, a colon and a password; or it has another form.
    Login,
    /// It is no placeholder in words.
    Words,
}

/// What is to be done where a text was met.
#[derive(Clone, Copy)]
pub(super) enum Detector {
    /// Try this row of the table.
    Row(usize),
    /// A private key may begin.
    Key,
    /// One in Base64 may begin.
    EncodedKey,
    /// A file of PuTTY's may begin.
    Putty,
    /// A URL is here.
    Url,
    /// A JSON web token may begin.
    WebToken,
}

/// Texts that code looks at.
const BY_CODE: [(&str, Detector); 5] = [
    ("-----BEGIN ", Detector::Key),
    ("LS0tLS1CRUdJTi", Detector::EncodedKey),
    ("PuTTY-User-Key-File-", Detector::Putty),
    ("://", Detector::Url),
    ("eyJ", Detector::WebToken),
];

pub(super) struct Table {
    pub(super) rows: Vec<Row>,
    /// The rows' expressions, compiled when they are first needed.
    shapes: Vec<OnceLock<Option<Regex>>>,
    detectors: Vec<Detector>,
    automaton: Option<AhoCorasick>,
}

pub(super) static TABLE: LazyLock<Table> = LazyLock::new(|| {
    Table::of(serde_json::from_str(include_str!("tokens.json")).unwrap_or_default())
});

impl Table {
    fn of(mut rows: Vec<Row>) -> Self {
        for row in &mut rows {
            let mut groups = row.shape.split('(').skip(1);
            row.is_token = groups.all(|group| group.starts_with('?'));
        }
        let by_rows = rows.iter().enumerate().flat_map(|(at, row)| {
            let anchors = row.anchors.iter();
            anchors.map(move |anchor| (anchor.as_str(), Detector::Row(at)))
        });
        let (anchors, detectors): (Vec<&str>, Vec<Detector>) = by_rows.chain(BY_CODE).unzip();
        // A table of states: each byte costs one step, on every machine and in a browser.
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .prefilter(false)
            .build(&anchors);
        Self {
            shapes: rows.iter().map(|_| OnceLock::new()).collect(),
            rows,
            detectors,
            automaton: automaton.ok(),
        }
    }

    /// The row's expression; it begins at the anchor where the token does.
    pub(super) fn shape(&self, row: usize) -> Option<&Regex> {
        let compile = || {
            let row = self.rows.get(row)?;
            let start = if row.reach == 0 { "^" } else { "" };
            Regex::new(&format!("{start}(?:{})", row.shape)).ok()
        };
        self.shapes.get(row)?.get_or_init(compile).as_ref()
    }

    /// Where something has to be looked at, in order; overlapping ones too.
    pub(super) fn anchors<'t>(
        &'t self,
        text: &'t [u8],
    ) -> impl Iterator<Item = (usize, Detector)> + 't {
        let found = self
            .automaton
            .iter()
            .flat_map(move |automaton| automaton.find_overlapping_iter(text));
        found.filter_map(|found| {
            let detector = self.detectors.get(found.pattern().as_usize())?;
            Some((found.start(), *detector))
        })
    }
}

impl Row {
    pub(super) fn rule(&'static self) -> Rule {
        Rule(&self.rule)
    }

    /// The form is all token, without names or quotes around it.
    pub(super) const fn is_token(&self) -> bool {
        self.is_token
    }
}

pub(super) fn rules() -> impl Iterator<Item = Rule> {
    TABLE.rows.iter().map(Row::rule)
}

pub(super) fn name(id: &str) -> Option<&'static str> {
    let row = TABLE.rows.iter().find(|row| row.rule == id)?;
    Some(&row.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_be_used_and_says_where_it_comes_from() {
        assert!(TABLE.rows.len() > 60);
        assert!(TABLE.automaton.is_some());
        for (at, row) in TABLE.rows.iter().enumerate() {
            assert!(TABLE.shape(at).is_some(), "{row:?}");
            assert!(row.name.len() > 3 && row.source.len() > 3, "{row:?}");
            assert!(!row.anchors.is_empty(), "{row:?}");
            assert!(row.anchors.iter().all(|anchor| anchor.len() > 1), "{row:?}");
        }
    }
}
