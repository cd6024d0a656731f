//! Two versions of a text, line by line: which lines went, and which came in their place.

use std::ops::Range;

use imara_diff::sources::byte_lines;
use imara_diff::{Algorithm, Diff, InternedInput};
use memchr::memchr_iter;
use thiserror::Error;

use crate::limits::{DIFF_BYTES, DIFF_LINES};

/// A place where two texts differ. Lines are numbered from 0, and end after their newline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// Lines of the old text that are not in the new one.
    pub old: Range<u32>,
    /// Lines of the new text in their place.
    pub new: Range<u32>,
}

/// Why two texts are not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TooLarge {
    /// One of them has more than [`DIFF_BYTES`] bytes.
    #[error("a version has more than {DIFF_BYTES} bytes")]
    Bytes,
    /// More than [`DIFF_LINES`] lines of one of them are neither in the beginning nor in the end that both share.
    #[error("more than {DIFF_LINES} lines of a version are to be compared")]
    Lines,
}

/// The places where two texts differ, in their order; between them, both have the same lines.
///
/// Lines are compared with their ends, so that a missing newline or a carriage return is a difference. The result is not
/// always the shortest: where lines are repeated often, the search ends early, as Git's does.
///
/// # Errors
/// A text is larger than what is compared.
pub fn hunks(old: &[u8], new: &[u8]) -> Result<Vec<Hunk>, TooLarge> {
    if old.len() > DIFF_BYTES || new.len() > DIFF_BYTES {
        return Err(TooLarge::Bytes);
    }
    let equal = |(a, b): &(&u8, &u8)| a == b;
    let start = old.iter().zip(new).take_while(equal).count();
    for text in [old, new] {
        let middle = text.get(start..).unwrap_or_default();
        let end = old.iter().rev().zip(new.iter().rev()).take_while(equal);
        let middle = middle
            .get(..middle.len().saturating_sub(end.count()))
            .unwrap_or_default();
        if memchr_iter(b'\n', middle).count() >= DIFF_LINES {
            return Err(TooLarge::Lines);
        }
    }
    let input = InternedInput::new(byte_lines(old), byte_lines(new));
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let hunks = diff.hunks().map(|hunk| Hunk {
        old: hunk.before,
        new: hunk.after,
    });
    Ok(hunks.collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn lines(text: &[u8]) -> Vec<&[u8]> {
        text.split_inclusive(|byte| *byte == b'\n').collect()
    }

    /// What the hunks make of the old text.
    fn applied(old: &[u8], new: &[u8], hunks: &[Hunk]) -> Vec<u8> {
        let (old, new) = (lines(old), lines(new));
        let (mut out, mut at) = (Vec::<&[u8]>::new(), 0);
        for hunk in hunks {
            out.extend(&old[at..hunk.old.start as usize]);
            out.extend(&new[hunk.new.start as usize..hunk.new.end as usize]);
            at = hunk.old.end as usize;
        }
        out.extend(&old[at..]);
        out.concat()
    }

    /// Texts of few different lines, so that many are equal.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        let line = prop_oneof![
            Just(&b"\n"[..]),
            Just(&b"a\n"[..]),
            Just(&b"b\r\n"[..]),
            Just(&b"b\n"[..]),
            Just(&b"\xff\0"[..]),
        ];
        prop::collection::vec(line, 0..40).prop_map(|lines| lines.concat())
    }

    proptest! {
        #[test]
        fn hunks_make_the_new_text_of_the_old(old in text(), new in text()) {
            let there = hunks(&old, &new).unwrap();
            prop_assert_eq!(applied(&old, &new, &there), new.clone());
            prop_assert_eq!(there.is_empty(), old == new);
            let mut at = (0, 0);
            for hunk in &there {
                prop_assert!(!(hunk.old.is_empty() && hunk.new.is_empty()));
                // Between hunks, both have the same lines.
                prop_assert_eq!(hunk.old.start - at.0, hunk.new.start - at.1);
                at = (hunk.old.end, hunk.new.end);
            }
        }
    }

    #[test]
    fn a_changed_line_is_one_hunk() {
        let differ = hunks(b"a\nb\nc\n", b"a\nB\nc\nd").unwrap();
        assert_eq!(
            differ,
            [
                Hunk {
                    old: 1..2,
                    new: 1..2
                },
                Hunk {
                    old: 3..3,
                    new: 3..4
                }
            ]
        );
        assert_eq!(hunks(b"a", b"a\n").unwrap().len(), 1);
        assert!(hunks(b"", b"").unwrap().is_empty());
    }

    #[test]
    fn large_texts_are_refused() {
        let long = vec![b'x'; DIFF_BYTES + 1];
        assert_eq!(hunks(&long, b""), Err(TooLarge::Bytes));
        assert_eq!(hunks(b"", &vec![b'\n'; DIFF_LINES]), Err(TooLarge::Lines));
        // What both share is not searched.
        let shared = vec![b'\n'; DIFF_LINES * 2];
        for longer in [[b"a\n", &shared[..]], [&shared[..], b"a\n"]] {
            assert_eq!(hunks(&shared, &longer.concat()).unwrap().len(), 1);
        }
    }

    #[test]
    fn lines_that_are_repeated_often_end() {
        let old = b"a\nb\nc\na\n".repeat(1_000);
        let new = b"b\na\na\nc\n".repeat(1_000);
        let differ = hunks(&old, &new).unwrap();
        assert_eq!(applied(&old, &new, &differ), new);
    }
}
