//! The spans of the lines of a text, one after the other in little memory: a line has many, and a text many lines.

use onionskin_highlight::Span;

/// Spans of the first lines of a text.
#[derive(Default)]
pub(super) struct Spans {
    spans: Vec<Span>,
    /// Where those of each line end.
    ends: Vec<u32>,
}

impl Spans {
    /// Lines whose spans are here.
    pub(super) fn lines(&self) -> u32 {
        u32::try_from(self.ends.len()).unwrap_or(u32::MAX)
    }

    /// Those of the next line.
    pub(super) fn push(&mut self, spans: &[Span]) {
        self.spans.extend_from_slice(spans);
        self.ends
            .push(u32::try_from(self.spans.len()).unwrap_or(u32::MAX));
    }

    /// Those of a line, from 0; none where it is plain.
    pub(super) fn of(&self, line: u32) -> &[Span] {
        let end = |line: Option<usize>| line.and_then(|line| self.ends.get(line)).copied();
        let line = line as usize;
        let start = end(line.checked_sub(1)).unwrap_or(0) as usize;
        let spans = end(Some(line)).and_then(|end| self.spans.get(start..end as usize));
        spans.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn lines_keep_their_own_spans() {
        let span = |length| Span {
            class: None,
            length,
        };
        let mut spans = Spans::default();
        spans.push(&[span(1), span(2)]);
        spans.push(&[]);
        spans.push(&[span(3)]);
        assert_eq!(spans.lines(), 3);
        assert_eq!(spans.of(0), [span(1), span(2)]);
        assert_eq!(spans.of(1), []);
        assert_eq!(spans.of(2), [span(3)]);
        assert_eq!(spans.of(3), []);
    }
}
