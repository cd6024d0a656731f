//! Which lines of a laid-out JSON document are hidden: those of the objects and arrays that are collapsed.

use super::text::Text;
use crate::counts::number;
use crate::worker::protocol::Fold;

/// An object or array of several lines.
struct Foldable {
    /// The line that opens it.
    first: u32,
    /// The line that closes it.
    last: u32,
    collapsed: bool,
}

/// Lines that are hidden together, those up to `end` but not `end` itself.
struct Hidden {
    start: u32,
    end: u32,
    /// Hidden lines before them.
    before: u32,
}

impl Hidden {
    fn lines(&self) -> u32 {
        self.end - self.start
    }
}

/// The objects and arrays of a document, by their first lines.
pub(super) struct Folding {
    lines: u32,
    spans: Vec<Foldable>,
    hidden: Vec<Hidden>,
}

impl Folding {
    /// Of a document that [`pretty`](super::text::pretty) laid out: a bracket at the end of a line opens what a bracket at
    /// the start of another closes, as texts end with their quotes.
    pub(super) fn of(text: &Text) -> Self {
        let (mut spans, mut open) = (Vec::new(), Vec::new());
        for line in 0..text.lines() {
            let bytes = text.whole_line(line).trim_ascii();
            if let Some(b'}' | b']') = bytes.first()
                && let Some(first) = open.pop()
            {
                spans.push(Foldable {
                    first,
                    last: line,
                    collapsed: false,
                });
            }
            if let Some(b'{' | b'[') = bytes.last() {
                open.push(line);
            }
        }
        spans.sort_unstable_by_key(|span| span.first);
        Folding {
            lines: text.lines(),
            spans,
            hidden: Vec::new(),
        }
    }

    /// Lines that are not hidden.
    pub(super) fn rows(&self) -> u32 {
        let hidden = self.hidden.last();
        self.lines - hidden.map_or(0, |last| last.before + last.lines())
    }

    /// The line that is shown in this row.
    pub(super) fn line_of(&self, row: u32) -> u32 {
        let before = self
            .hidden
            .partition_point(|hidden| hidden.start - hidden.before <= row);
        let hidden = before.checked_sub(1).and_then(|at| self.hidden.get(at));
        row + hidden.map_or(0, |hidden| hidden.before + hidden.lines())
    }

    /// The row that shows this line, or the one of the collapsed object or array that it is in.
    pub(super) fn row_of(&self, line: u32) -> u32 {
        let before = self.hidden.partition_point(|hidden| hidden.start <= line);
        match before.checked_sub(1).and_then(|at| self.hidden.get(at)) {
            None => line,
            Some(hidden) if line < hidden.end => hidden.start - 1 - hidden.before,
            Some(hidden) => line - hidden.before - hidden.lines(),
        }
    }

    /// What a line opens: the line that closes it, and whether it is collapsed.
    pub(super) fn opened_by(&self, line: u32) -> Option<(u32, bool)> {
        let at = self.at(line)?;
        self.spans.get(at).map(|span| (span.last, span.collapsed))
    }

    pub(super) fn fold(&mut self, fold: Fold) {
        match fold {
            Fold::Toggle(line) => {
                if let Some(at) = self.at(line)
                    && let Some(span) = self.spans.get_mut(at)
                {
                    span.collapsed = !span.collapsed;
                }
            }
            Fold::Reveal(line) => {
                for span in &mut self.spans {
                    span.collapsed &= !(span.first + 1..=span.last).contains(&line);
                }
            }
            // Of a document that is one line nobody sees anything.
            Fold::CollapseAll => {
                for span in &mut self.spans {
                    span.collapsed = span.first > 0;
                }
            }
            Fold::ExpandAll => {
                for span in &mut self.spans {
                    span.collapsed = false;
                }
            }
        }
        self.hide();
    }

    fn at(&self, line: u32) -> Option<usize> {
        let found = self.spans.binary_search_by_key(&line, |span| span.first);
        found.ok()
    }

    fn hide(&mut self) {
        self.hidden.clear();
        let (mut end, mut before) = (0, 0);
        for span in self.spans.iter().filter(|span| span.collapsed) {
            // One in another that is collapsed is hidden already.
            if span.first >= end {
                let hidden = Hidden {
                    start: span.first + 1,
                    end: number(span.last as usize + 1),
                    before,
                };
                (end, before) = (hidden.end, before + hidden.lines());
                self.hidden.push(hidden);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::worker::content::text::pretty;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn of(json: &str) -> (Text, Folding) {
        let text = Text::new(pretty(json.as_bytes()).unwrap());
        let folding = Folding::of(&text);
        (text, folding)
    }

    fn shown(text: &Text, folding: &Folding) -> Vec<String> {
        let lines = (0..folding.rows()).map(|row| folding.line_of(row));
        lines
            .map(|line| String::from_utf8_lossy(text.line(line)).trim().to_owned())
            .collect()
    }

    #[test]
    fn what_is_collapsed_keeps_its_first_line() {
        let (text, mut folding) = of(r#"{"a{":{"b":[1,2],"c":"["},"d":[{}],"e":3}"#);
        assert_eq!(folding.rows(), 13);
        folding.fold(Fold::Toggle(1));
        assert_eq!(
            shown(&text, &folding),
            ["{", "\"a{\": {", "\"d\": [", "{}", "],", "\"e\": 3", "}"]
        );
        assert_eq!(folding.opened_by(1), Some((7, true)));
        assert_eq!((folding.row_of(3), folding.row_of(8)), (1, 2));
        folding.fold(Fold::CollapseAll);
        assert_eq!(
            shown(&text, &folding),
            ["{", "\"a{\": {", "\"d\": [", "\"e\": 3", "}"]
        );
        // Only what hides the line is expanded.
        folding.fold(Fold::Reveal(3));
        assert_eq!(folding.line_of(folding.row_of(3)), 3);
        assert_eq!(folding.opened_by(8), Some((10, true)));
        folding.fold(Fold::ExpandAll);
        assert_eq!(folding.rows(), 13);
        // What opens nothing cannot be collapsed.
        folding.fold(Fold::Toggle(3));
        folding.fold(Fold::Toggle(900));
        assert_eq!(folding.rows(), 13);
    }

    fn documents() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            "[\\[\\]{}\",:a ]{0,4}".prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec(("[a-c{}]{1,2}", inner), 0..5)
                    .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Rows and lines lead to each other, and a line is hidden just where something around it is collapsed.
        #[test]
        fn rows_are_the_lines_that_are_left(
            document in documents(),
            folds in prop::collection::vec(0_u32..40, 0..12),
        ) {
            let document = Value::from(vec![document, Value::from(1)]);
            let (text, mut folding) = of(&document.to_string());
            for line in folds {
                folding.fold(Fold::Toggle(line));
            }
            let is_hidden = |line: u32| {
                let mut spans = folding.spans.iter();
                spans.any(|span| span.collapsed && span.first < line && line <= span.last)
            };
            let left: Vec<u32> = (0..text.lines()).filter(|line| !is_hidden(*line)).collect();
            prop_assert_eq!(folding.rows() as usize, left.len());
            for (row, line) in (0..).zip(&left) {
                prop_assert_eq!(folding.line_of(row), *line);
                prop_assert_eq!(folding.row_of(*line), row);
            }
        }
    }
}
