//! The rows of two texts that differ: changed lines, a few equal ones around them, and the others folded.

use std::ops::Range;

use onionskin_core::compare::Hunk;

use crate::counts::number;
use crate::worker::content::text::{LINE, Text};
use crate::worker::protocol::{
    Both, DifferenceForm, DifferenceLine, DifferenceRow, Layout, LinesFacts, Side,
};

/// Equal lines that are shown around a change.
const CONTEXT: u32 = 3;

/// Two texts that differ, and how they are laid out.
pub(crate) struct FileDifference {
    texts: Both<Text>,
    parts: Vec<Part>,
    unified: Starts,
    split: Starts,
}

/// Lines that follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// Lines that both have: the first in each, and how many.
    Same {
        old: u32,
        new: u32,
        lines: u32,
    },
    /// The same, not shown.
    Fold {
        old: u32,
        new: u32,
        lines: u32,
    },
    Changed(Hunk),
}

/// The first row of each part, and how many rows there are.
#[derive(Default)]
struct Starts {
    first: Vec<u32>,
    rows: u32,
}

impl Part {
    fn rows(&self, form: DifferenceForm) -> u32 {
        match (self, form) {
            (Part::Same { lines, .. }, _) => *lines,
            (Part::Fold { .. }, _) => 1,
            (Part::Changed(Hunk { old, new }), DifferenceForm::Unified) => {
                number(old.len() + new.len())
            }
            (Part::Changed(Hunk { old, new }), DifferenceForm::Split) => {
                number(old.len().max(new.len()))
            }
        }
    }
}

impl FileDifference {
    pub(super) fn new(texts: Both<Text>, hunks: Vec<Hunk>) -> Self {
        let mut parts = Vec::new();
        let (mut old, mut new) = (0, 0);
        let same = |parts: &mut Vec<Part>, old: u32, new: u32, lines: u32, last: bool| {
            let (before, after) = (
                if parts.is_empty() { 0 } else { CONTEXT },
                if last { 0 } else { CONTEXT },
            );
            // A fold of one line takes as much room as the line.
            if lines <= before + after + 1 {
                parts.extend((lines > 0).then_some(Part::Same { old, new, lines }));
                return;
            }
            if before > 0 {
                let lines = before;
                parts.push(Part::Same { old, new, lines });
            }
            parts.push(Part::Fold {
                old: old + before,
                new: new + before,
                lines: lines - before - after,
            });
            if after > 0 {
                let (old, new) = (old + lines - after, new + lines - after);
                let lines = after;
                parts.push(Part::Same { old, new, lines });
            }
        };
        for hunk in hunks {
            let lines = hunk.old.start.saturating_sub(old);
            same(&mut parts, old, new, lines, false);
            (old, new) = (hunk.old.end, hunk.new.end);
            parts.push(Part::Changed(hunk));
        }
        let lines = texts.old.lines().saturating_sub(old);
        same(&mut parts, old, new, lines, true);
        let mut rows = FileDifference {
            texts,
            parts,
            unified: Starts::default(),
            split: Starts::default(),
        };
        rows.place();
        rows
    }

    /// How the new version begins.
    pub(super) fn start(&self) -> &[u8] {
        self.texts.new.line(0)
    }

    /// The lines of a version from this one on.
    pub(super) fn lines(&self, side: Side, from: u32) -> impl Iterator<Item = &[u8]> {
        let text = self.texts.of(side);
        (from..text.lines()).map(|line| without_end(text.whole_line(line)))
    }

    /// Shows the lines of a fold, or of all.
    pub(super) fn unfold(&mut self, fold: Option<u32>) {
        let folded = self.parts.iter_mut().enumerate();
        for (at, part) in folded {
            if let Part::Fold { old, new, lines } = *part
                && fold.is_none_or(|fold| fold as usize == at)
            {
                *part = Part::Same { old, new, lines };
            }
        }
        self.place();
    }

    fn place(&mut self) {
        let starts = |form: DifferenceForm| {
            let mut starts = Starts::default();
            for part in &self.parts {
                starts.first.push(starts.rows);
                starts.rows = starts.rows.saturating_add(part.rows(form));
            }
            starts
        };
        (self.unified, self.split) = (
            starts(DifferenceForm::Unified),
            starts(DifferenceForm::Split),
        );
    }

    fn starts(&self, form: DifferenceForm) -> &Starts {
        match form {
            DifferenceForm::Unified => &self.unified,
            DifferenceForm::Split => &self.split,
        }
    }

    pub(super) fn facts(&self) -> LinesFacts {
        let layout = |form| {
            let starts = self.starts(form);
            let parts = self.parts.iter().zip(&starts.first);
            let changes = parts.filter(|(part, _)| matches!(part, Part::Changed(_)));
            Layout {
                rows: starts.rows,
                changes: changes.map(|(_, first)| *first).collect(),
            }
        };
        let count = |of: fn(&Hunk) -> &Range<u32>| {
            let lines = self.parts.iter().map(|part| match part {
                Part::Changed(hunk) => of(hunk).len(),
                _ => 0,
            });
            number(lines.sum())
        };
        LinesFacts {
            removed: count(|hunk| &hunk.old),
            added: count(|hunk| &hunk.new),
            unified: layout(DifferenceForm::Unified),
            split: layout(DifferenceForm::Split),
        }
    }

    /// Some rows of a form.
    pub(super) fn rows(&self, form: DifferenceForm, from: u32, count: u32) -> Vec<DifferenceRow> {
        let starts = self.starts(form);
        let end = from.saturating_add(count).min(starts.rows);
        let mut at = starts.first.partition_point(|first| *first <= from);
        at = at.saturating_sub(1);
        let mut rows = Vec::new();
        let mut next = from;
        while next < end {
            let Some((part, first)) = self.parts.get(at).zip(starts.first.get(at)) else {
                break;
            };
            let within = next.saturating_sub(*first);
            if within >= part.rows(form) {
                at += 1;
                continue;
            }
            rows.push(self.row(form, number(at), part, within));
            next += 1;
        }
        rows
    }

    fn row(&self, form: DifferenceForm, fold: u32, part: &Part, within: u32) -> DifferenceRow {
        match part {
            Part::Fold { lines, .. } => DifferenceRow::Fold {
                fold,
                lines: *lines,
            },
            Part::Same { old, new, .. } => {
                DifferenceRow::Same(line(&self.texts.old, old + within), new + within + 1)
            }
            Part::Changed(Hunk { old, new }) => {
                let of = |text: &Text, range: &Range<u32>, within: Option<u32>| {
                    let at = within.and_then(|within| range.start.checked_add(within));
                    at.filter(|at| *at < range.end).map(|at| line(text, at))
                };
                let in_new = match form {
                    DifferenceForm::Unified => within.checked_sub(number(old.len())),
                    DifferenceForm::Split => Some(within),
                };
                DifferenceRow::Changed(Both {
                    old: of(&self.texts.old, old, Some(within)),
                    new: of(&self.texts.new, new, in_new),
                })
            }
        }
    }
}

/// A line without its newline; a carriage return before it may be what differs.
fn without_end(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").unwrap_or(line)
}

fn line(text: &Text, at: u32) -> DifferenceLine {
    let whole = text.whole_line(at);
    let line = without_end(whole);
    let unended = line.len() == whole.len();
    let shown = line.get(..LINE).unwrap_or(line);
    DifferenceLine {
        number: at + 1,
        text: shown.to_vec(),
        left_out: number(line.len() - shown.len()),
        unended,
    }
}

#[cfg(test)]
mod tests {
    use onionskin_core::compare::hunks;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn rows(old: &str, new: &str) -> FileDifference {
        let hunks = hunks(old.as_bytes(), new.as_bytes()).unwrap();
        let texts = Both {
            old: Text::new(old.as_bytes().to_vec()),
            new: Text::new(new.as_bytes().to_vec()),
        };
        FileDifference::new(texts, hunks)
    }

    /// Rows as `diff` writes them.
    fn written(rows: &FileDifference, form: DifferenceForm) -> Vec<String> {
        let all = rows.rows(form, 0, 1_000);
        assert_eq!(number(all.len()), rows.facts().layout(form).rows);
        let text = |line: &DifferenceLine| String::from_utf8_lossy(&line.text).into_owned();
        let side = |line: &Option<DifferenceLine>| line.as_ref().map_or(String::new(), text);
        all.iter()
            .map(|row| match row {
                DifferenceRow::Same(line, new) => format!(" {}/{new} {}", line.number, text(line)),
                DifferenceRow::Changed(Both { old, new }) => {
                    format!("-{} +{}", side(old), side(new))
                }
                DifferenceRow::Fold { lines, .. } => format!("@{lines}"),
            })
            .collect()
    }

    #[test]
    fn lines_far_from_changes_are_folded() {
        let old: Vec<String> = (1..=20).map(|line| line.to_string()).collect();
        let mut new = old.clone();
        new[9] = "ten".to_owned();
        new.insert(10, "more".to_owned());
        let mut rows = rows(&old.join("\n"), &new.join("\n"));
        assert_eq!(
            written(&rows, DifferenceForm::Unified),
            [
                "@6",
                " 7/7 7",
                " 8/8 8",
                " 9/9 9",
                "-10 +",
                "- +ten",
                "- +more",
                " 11/12 11",
                " 12/13 12",
                " 13/14 13",
                "@7"
            ]
        );
        assert_eq!(
            written(&rows, DifferenceForm::Split)[4..6],
            ["-10 +ten", "- +more"]
        );
        let facts = rows.facts();
        assert_eq!((facts.removed, facts.added), (1, 2));
        assert_eq!(facts.unified.changes, [4]);
        rows.unfold(Some(0));
        assert_eq!(written(&rows, DifferenceForm::Unified)[0], " 1/1 1");
        assert_eq!(rows.facts().unified.changes, [9]);
        rows.unfold(None);
        assert_eq!(rows.facts().unified.rows, 22);
        // From the middle on, rows are the same.
        let all = rows.rows(DifferenceForm::Split, 0, 100);
        assert_eq!(rows.rows(DifferenceForm::Split, 7, 3), all[7..10]);
        assert!(rows.rows(DifferenceForm::Split, 100, 3).is_empty());
    }

    #[test]
    fn ends_of_lines_differ_and_long_ones_are_cut() {
        let long = "x".repeat(LINE + 5);
        let rows = rows("a\r\nb", &format!("a\nb\n{long}"));
        let all = rows.rows(DifferenceForm::Unified, 0, 10);
        let lines = all.iter().filter_map(|row| match row {
            DifferenceRow::Changed(Both { old, new }) => old.as_ref().or(new.as_ref()),
            _ => None,
        });
        let told: Vec<_> = lines
            .map(|line| (line.text.len(), line.left_out, line.unended))
            .collect();
        assert_eq!(
            told,
            [
                (2, 0, false),
                (1, 0, true),
                (1, 0, false),
                (1, 0, false),
                (LINE, 5, true)
            ]
        );
    }
}
