//! The table of tokens: their published forms, and where in a text any of them may be.
//!
//! Every byte of every small file goes through here, so what most bytes cost is what counts: three
//! bytes at a time are looked up in a set of bits, and only what is in it is compared with the anchors
//! that begin so. An automaton over all anchors is larger than the caches that it would have to fit in.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use regex_lite::Regex;
use serde::Deserialize;

use super::SecretRule;

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
    /// Its anchors are met in upper and lower case, as are names of headers and Git's settings.
    #[serde(default, rename = "anyCase")]
    any_case: bool,
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
    /// The last six letters are the CRC-32 of those before them, or all look drawn by chance.
    Crc32,
    /// Its first part is a number in Base64.
    Snowflake,
    /// In Base64 a name, a colon and a password; or it has another form.
    Login,
    /// It is no placeholder in words.
    Words,
    /// What an Authorization header has behind its scheme: in Base64 a password, with or without a name, or a token.
    Header,
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
    anchors: Anchors,
}

/// What texts begin with at which something is to be looked at.
type Start = [u8; 3];

/// All anchors, by the three bytes that they begin with.
struct Anchors {
    /// A bit for each start, at its hash.
    filter: Box<[u64; 1024]>,
    by_start: HashMap<Start, Vec<Anchor>>,
}

/// A text, and what is looked for where it is met.
#[derive(Clone)]
struct Anchor {
    text: Vec<u8>,
    any_case: bool,
    detector: Detector,
}

impl Anchor {
    fn begins(&self, text: &[u8]) -> bool {
        text.get(..self.text.len())
            .is_some_and(|start| match self.any_case {
                true => start.eq_ignore_ascii_case(&self.text),
                false => start == self.text,
            })
    }

    /// The bytes that a text begins with where the anchor is met.
    fn starts(&self) -> Vec<Start> {
        let Some(start) = self.text.first_chunk::<{ size_of::<Start>() }>() else {
            return Vec::new();
        };
        if !self.any_case {
            return vec![*start];
        }
        let mut starts = vec![start.to_ascii_lowercase()];
        for at in 0..size_of::<Start>() {
            for mut other in starts.clone() {
                if let Some(letter) = other.get_mut(at) {
                    letter.make_ascii_uppercase();
                }
                starts.push(other);
            }
        }
        starts.sort_unstable();
        starts.dedup();
        let whole = starts
            .iter()
            .filter_map(|start| start.first_chunk().copied());
        whole.collect()
    }
}

impl Anchors {
    fn of(anchors: impl Iterator<Item = Anchor>) -> Self {
        let mut filter: Box<[u64; 1024]> = Box::new([0; 1024]);
        let mut by_start: HashMap<Start, Vec<_>> = HashMap::new();
        for anchor in anchors {
            for start in anchor.starts() {
                let (word, bit) = place(start);
                if let Some(word) = filter.get_mut(word) {
                    *word |= bit;
                }
                by_start.entry(start).or_default().push(anchor.clone());
            }
        }
        Self { filter, by_start }
    }

    /// Whether any anchor may begin so; some that it says of begin otherwise.
    fn may_begin(&self, start: &[u8]) -> bool {
        let [a, b, c] = start else {
            return false;
        };
        let (word, bit) = place([*a, *b, *c]);
        self.filter.get(word).is_some_and(|word| word & bit != 0)
    }

    /// The anchors that begin so.
    fn beginning(&self, start: &[u8]) -> &[Anchor] {
        self.by_start.get(start).map_or(&[], Vec::as_slice)
    }
}

/// The word and the bit of three bytes in the filter, by a multiplication that mixes them well.
const fn place([a, b, c]: Start) -> (usize, u64) {
    let number = u32::from_le_bytes([a, b, c, 0]);
    let hash = number.wrapping_mul(0x9e37_79b1) >> 16;
    ((hash >> 6) as usize, 1 << (hash & 63))
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
            row.anchors.iter().map(move |text| Anchor {
                text: text.clone().into_bytes(),
                any_case: row.any_case,
                detector: Detector::Row(at),
            })
        });
        let by_code = BY_CODE.map(|(text, detector)| Anchor {
            text: text.as_bytes().to_owned(),
            any_case: false,
            detector,
        });
        let anchors = Anchors::of(by_rows.chain(by_code));
        Self {
            shapes: rows.iter().map(|_| OnceLock::new()).collect(),
            rows,
            anchors,
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
        let starts = text.windows(size_of::<Start>()).enumerate();
        let starts = starts.filter(|(_, start)| self.anchors.may_begin(start));
        starts.flat_map(move |(at, start)| {
            let anchors = self.anchors.beginning(start).iter();
            let here = text.get(at..).unwrap_or_default();
            let anchors = anchors.filter(move |anchor| anchor.begins(here));
            anchors.map(move |anchor| (at, anchor.detector))
        })
    }
}

impl Row {
    pub(super) fn rule(&'static self) -> SecretRule {
        SecretRule(&self.rule)
    }

    /// The form is all token, without names or quotes around it.
    pub(super) const fn is_token(&self) -> bool {
        self.is_token
    }
}

pub(super) fn rules() -> impl Iterator<Item = SecretRule> {
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
        for (at, row) in TABLE.rows.iter().enumerate() {
            assert!(TABLE.shape(at).is_some(), "{row:?}");
            assert!(row.name.len() > 3 && row.source.len() > 3, "{row:?}");
            assert!(!row.anchors.is_empty(), "{row:?}");
            assert!(row.anchors.iter().all(|anchor| anchor.len() > 2), "{row:?}");
        }
    }
}
