//! Texts: where their lines begin, JSON laid out, and what is text at all.

use crate::counts::number;
use crate::format;

/// Bytes of a line that are shown.
pub(crate) const LINE: usize = 4_000;
/// Bytes at the start of a file by which it is told whether it is text.
pub(crate) const START: usize = 8_000;
/// Bounds on the lines of an answer of [`shown`].
const PIECE_BYTES: usize = 32 << 10;
const PIECE_LINES: usize = 1_000;

/// A text and where its lines begin.
pub(crate) struct Text {
    pub(crate) bytes: Vec<u8>,
    starts: Vec<u32>,
}

impl Text {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        let mut starts = vec![0];
        let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        starts.extend(ends.map(|(at, _)| number(at + 1)));
        // A newline at the end begins no line.
        if starts.len() > 1
            && starts
                .last()
                .is_some_and(|last| *last as usize == bytes.len())
        {
            starts.pop();
        }
        Self { bytes, starts }
    }

    /// The start of a text: its whole lines, or what there is of the first.
    pub(crate) fn begins(mut bytes: Vec<u8>) -> Self {
        if let Some(last) = bytes.iter().rposition(|byte| *byte == b'\n') {
            bytes.truncate(last + 1);
        }
        Self::new(bytes)
    }

    pub(crate) fn lines(&self) -> u32 {
        match self.bytes.is_empty() {
            true => 0,
            false => number(self.starts.len()),
        }
    }

    pub(crate) fn line(&self, line: u32) -> &[u8] {
        let line = self.uncut(line);
        line.get(..LINE).unwrap_or(line)
    }

    /// A line without its end.
    pub(crate) fn uncut(&self, line: u32) -> &[u8] {
        let line = self.whole_line(line);
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        line.strip_suffix(b"\r").unwrap_or(line)
    }

    /// A line with its end.
    pub(crate) fn whole_line(&self, line: u32) -> &[u8] {
        let start = self
            .starts
            .get(line as usize)
            .map_or(0, |start| *start as usize);
        let next = self.starts.get(line as usize + 1);
        let end = next.map_or(self.bytes.len(), |next| *next as usize);
        self.bytes.get(start..end).unwrap_or_default()
    }
}

/// Lines as the page shows them, as many as one answer holds; None for those that are cut.
pub(crate) fn shown<'t>(lines: impl Iterator<Item = &'t [u8]>) -> Vec<Option<String>> {
    let mut bytes = 0;
    lines
        .take(PIECE_LINES)
        .take_while(|line| {
            let fits = bytes < PIECE_BYTES;
            bytes += line.len().min(LINE);
            fits
        })
        .map(|line| (line.len() <= LINE).then(|| format::visible_line(line)))
        .collect()
}

/// Whether bytes are text: none of them is one that no text has.
pub(crate) fn is_text(start: &[u8]) -> bool {
    let binary = |byte: &u8| matches!(byte, 0..=8 | 14..=26 | 28..=31);
    !start.iter().any(binary)
        && start
            .utf8_chunks()
            .filter(|part| !part.invalid().is_empty())
            .count()
            <= start.len() / 50 + 1
}

/// The media type of an image in a format that cannot run anything. SVG is text.
pub(crate) fn image_type(start: &[u8]) -> Option<&'static str> {
    match start {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some("image/webp"),
        [0, 0, 1, 0, _, 0, ..] => Some("image/x-icon"),
        _ => None,
    }
}

/// A JSON document with a line for each value; the order of its keys and the text of its numbers stay. None where it is
/// none.
pub(crate) fn pretty(bytes: &[u8]) -> Option<Vec<u8>> {
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace())?;
    if !matches!(first, b'{' | b'[')
        || serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_err()
    {
        return None;
    }
    let (mut out, mut depth, mut quoted, mut escaped) = (Vec::new(), 0_usize, false, false);
    let line = |out: &mut Vec<u8>, depth: usize| {
        out.push(b'\n');
        out.extend(std::iter::repeat_n(b' ', depth.min(100) * 2));
    };
    let mut rest = bytes.iter().filter(|_| true).copied().peekable();
    while let Some(byte) = rest.next() {
        if quoted {
            out.push(byte);
            (quoted, escaped) = (byte != b'"' || escaped, byte == b'\\' && !escaped);
            continue;
        }
        match byte {
            b'"' => {
                quoted = true;
                out.push(byte);
            }
            b'{' | b'[' => {
                out.push(byte);
                while rest.next_if(u8::is_ascii_whitespace).is_some() {}
                match rest.next_if(|next| matches!(next, b'}' | b']')) {
                    Some(end) => out.push(end),
                    None => {
                        depth += 1;
                        line(&mut out, depth);
                    }
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                line(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            byte if byte.is_ascii_whitespace() => {}
            byte => out.push(byte),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn lines_are_told_without_their_ends() {
        let text = Text::new(b"one\r\ntwo\n\nfour".to_vec());
        let lines: Vec<_> = (0..text.lines()).map(|line| text.line(line)).collect();
        assert_eq!(lines, [&b"one"[..], b"two", b"", b"four"]);
        assert_eq!(Text::new(b"one\n".to_vec()).lines(), 1);
        assert_eq!(Text::new(Vec::new()).lines(), 0);
        // The start of a text ends with a whole line, where it has one.
        assert_eq!(Text::begins(b"one\ntwo\nth".to_vec()).bytes, b"one\ntwo\n");
        assert_eq!(Text::begins(b"on".to_vec()).bytes, b"on");
        let long = Text::new([vec![b'x'; 10_000], b"\ny".to_vec()].concat());
        assert_eq!((long.line(0).len(), long.line(1)), (LINE, &b"y"[..]));
    }

    #[test]
    fn an_answer_holds_lines_as_they_are_shown() {
        let long = vec![b'x'; LINE + 1];
        let lines = [&b"a\t\x1b"[..], &long, &long[1..]];
        assert_eq!(
            shown(lines.into_iter()),
            [Some("a\t\\x1b".to_owned()), None, Some("x".repeat(LINE))]
        );
        let many = shown(std::iter::repeat(&long[1..]));
        assert_eq!(many.len(), PIECE_BYTES.div_ceil(LINE));
        assert_eq!(shown(std::iter::repeat(&b""[..])).len(), PIECE_LINES);
    }

    #[test]
    fn json_is_laid_out_as_it_stands() {
        let pretty =
            |text: &str| pretty(text.as_bytes()).map(|out| String::from_utf8(out).unwrap());
        assert_eq!(
            pretty(r#"{"b":[1.50,{}, []],"a":"x\"{,\\"}"#).as_deref(),
            Some("{\n  \"b\": [\n    1.50,\n    {},\n    []\n  ],\n  \"a\": \"x\\\"{,\\\\\"\n}")
        );
        assert_eq!(pretty("{"), None);
        assert_eq!(pretty("\"text\""), None);
        assert_eq!(pretty("<svg>"), None);
    }

    #[test]
    fn only_formats_that_run_nothing_are_images() {
        assert_eq!(image_type(b"\x89PNG\r\n\x1a\n...."), Some("image/png"));
        for text in [
            &b"<svg onload=alert(1)>"[..],
            b"<html>",
            b"%PDF-1.7",
            b"GIF",
            b"",
        ] {
            assert_eq!(image_type(text), None);
        }
        assert!(
            is_text("#!/bin/sh\n\u{fc}\t".as_bytes()) && is_text(b"") && is_text(b"latin \xe9")
        );
        assert!(!is_text(b"\x7fELF\x02\x01\x01\0"));
    }
}
