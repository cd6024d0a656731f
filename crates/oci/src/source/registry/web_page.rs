//! Web pages where a registry's answer should be: a proxy's error, a hotel's log-in, a site that answers everything.

use super::one_line::plain;
use crate::compression::Format;

/// Characters shown of a page.
const SHOWN: usize = 100;
/// Bytes of a page that are looked through for its first words.
const BEGINNING: usize = 16 << 10;

/// Whether bytes are the beginning of a page.
pub(super) fn is_page(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = bytes.trim_ascii_start();
    let starts = |start: &[u8]| {
        text.get(..start.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(start))
    };
    [
        &b"<!doctype html"[..],
        b"<html",
        b"<head",
        b"<body",
        b"<title",
        b"<center",
        b"<h1",
        b"<!--",
        b"<?xml",
    ]
    .iter()
    .any(|start| starts(start))
}

/// Whether bytes of this `Content-Type` are the beginning of a page. What is said to be HTML is one whatever tag it begins
/// with, but for JSON, compressed data and tars that a server labels so.
pub(super) fn is_page_of(content_type: Option<&str>, bytes: &[u8]) -> bool {
    let is_html = content_type.is_some_and(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        ["text/html", "application/xhtml+xml"]
            .iter()
            .any(|html| kind.eq_ignore_ascii_case(html))
    });
    let is_data = match bytes.trim_ascii_start() {
        [] | [b'{' | b'[', ..] => true,
        _ => Format::of(bytes).is_some() || bytes.get(257..262) == Some(b"ustar"),
    };
    is_page(bytes) || (is_html && !is_data)
}

/// The first words that a reader of the page would see, its title before all.
pub(super) fn first_words(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes.get(..BEGINNING).unwrap_or(bytes));
    let mut words = String::new();
    let mut rest = &*text;
    while words.len() < SHOWN * 4 {
        let (before, tag) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
        words.push_str(before);
        words.push(' ');
        let hidden = ["<script", "<style", "<!--"]
            .iter()
            .zip(["</script", "</style", "-->"]);
        let end = hidden
            .filter(|(start, _)| {
                let begin = tag.get(..start.len());
                begin.is_some_and(|begin| begin.eq_ignore_ascii_case(start))
            })
            .map(|(_, end)| end)
            .next();
        let from = match end {
            // Lower case keeps every byte where it is, for ASCII.
            Some(end) => tag.to_ascii_lowercase().find(end).unwrap_or(tag.len()),
            None => 0,
        };
        let close = tag.get(from..).and_then(|tag| tag.find('>'));
        match close.and_then(|close| tag.get(from + close + 1..)) {
            Some(after) if !tag.is_empty() => rest = after,
            _ => break,
        }
    }
    let words: Vec<&str> = words.split_whitespace().collect();
    plain(&words.join(" ")).chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_told_by_its_title_and_without_its_markup() {
        for (page, words) in [
            (
                "<html><head><title>Sign in</title></head><body><h1>Hello</h1>",
                "Sign in Hello",
            ),
            (
                "<!DOCTYPE HTML>\n<html>\n<script>if (a<b) alert('x')</SCRIPT><p>Down \n for repair",
                "Down for repair",
            ),
            (
                "<html><style>p > a {}</style><!-- a > b --><center>502 Bad Gateway</center>",
                "502 Bad Gateway",
            ),
            ("<html>\u{1b}[31mred\u{202e}", "[31mred"),
            ("<html", ""),
            ("<html><script>never ends", ""),
        ] {
            assert!(is_page(page.as_bytes()), "{page}");
            assert_eq!(first_words(page.as_bytes()).trim(), words, "{page}");
        }
        for other in ["", "{}", "\u{1f}\u{8b}", "<", "html"] {
            assert!(!is_page(other.as_bytes()), "{other}");
        }
        let tar = [vec![b'a'; 257], b"ustar".to_vec(), vec![0; 250]].concat();
        for (kind, bytes, page) in [
            (
                Some("text/html"),
                &b"<meta charset=utf-8><title>Sign in</title>"[..],
                true,
            ),
            (Some("Text/HTML; charset=utf-8"), b"Please sign in", true),
            (Some("text/plain"), b"Please sign in", false),
            (None, b"<meta charset=utf-8>", false),
            (None, b"<html>", true),
            (Some("text/html"), b" {\"schemaVersion\": 2}", false),
            (Some("text/html"), b"\x1f\x8b\x08", false),
            (Some("text/html"), &tar, false),
            (Some("text/html"), b"", false),
        ] {
            assert_eq!(is_page_of(kind, bytes), page, "{kind:?} {bytes:?}");
        }
        assert_eq!(first_words("x".repeat(10_000).as_bytes()).len(), SHOWN);
    }
}
