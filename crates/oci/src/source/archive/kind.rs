//! What a file is that is no saved image, by its first bytes: somebody took it for one.

use crate::compression::unsupported;

/// Characters of a text that a message shows.
const SHOWN: usize = 40;

/// What starts so, as the rest of a message that begins with "not a tar:"; `None` where it is not known.
pub(super) fn named(start: &[u8]) -> Option<String> {
    // Sources: the formats' own documents, and file(1).
    let known = match start {
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => "a 7-Zip archive",
        [b'R', b'a', b'r', b'!', ..] => "a RAR archive",
        [0x7f, b'E', b'L', b'F', ..] => "a program (ELF)",
        [b'h', b's', b'q', b's', ..] => "a SquashFS file system",
        [b'Q', b'F', b'I', 0xfb, ..] => "a disk image (QCOW2)",
        [b'!', b'<', b'a', b'r', b'c', b'h', b'>', ..] => "a Debian package or another ar archive",
        [0xed, 0xab, 0xee, 0xdb, ..] => "an RPM package",
        [b'%', b'P', b'D', b'F', ..] => "a PDF document",
        [0x89, b'O', b'N', b'S', b'K', ..] => {
            "a saved analysis, which has no contents of files; it is read from a file, not from a stream, and not served"
        }
        _ if start.windows(9).take(64).any(|part| part == b"SIF_MAGIC") => {
            "a SIF image of Apptainer or Singularity"
        }
        _ => return text(start),
    };
    Some(known.to_owned())
}

/// The sentence about a file in a compression that is not supported.
pub(super) fn not_supported(compression: &str) -> String {
    format!(
        "it {}; decompress it first",
        unsupported::not_supported(compression)
    )
}

fn text(start: &[u8]) -> Option<String> {
    let text = match std::str::from_utf8(start) {
        Ok(text) => text,
        // The last character may be cut.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(start.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    let printed = |letter: char| !letter.is_control() || letter.is_whitespace();
    let begin = text.trim_start();
    if begin.is_empty() || !text.chars().all(printed) {
        return None;
    }
    let starts = |tag: &str| {
        begin
            .get(..tag.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(tag))
    };
    if starts("<!doctype html") || starts("<html") {
        return Some("a web page".to_owned());
    }
    if starts("version https://git-lfs") {
        return Some("a pointer of Git LFS; `git lfs pull` fetches the file itself".to_owned());
    }
    let kind = if begin.starts_with(['{', '[']) {
        "a JSON document"
    } else {
        "text"
    };
    let line = begin.lines().next().unwrap_or_default();
    let shown: String = line
        .chars()
        .take(SHOWN)
        .flat_map(char::escape_debug)
        .collect();
    let more = if begin.trim_end().chars().count() > SHOWN || begin.trim_end().contains('\n') {
        "…"
    } else {
        ""
    };
    Some(format!("{kind} that begins with \"{shown}{more}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_take_for_saved_images_is_named() {
        for (start, says) in [
            (
                &b"docker pull nginx:1.27\n"[..],
                "text that begins with \"docker pull nginx:1.27\"",
            ),
            (b"\n\n<!DOCTYPE HTML><title>", "a web page"),
            (b"{\"schemaVersion\": 2}", "a JSON document"),
            (b"FROM scratch\nCOPY a /\n", "\"FROM scratch…\""),
            (
                b"version https://git-lfs.github.com/spec/v1\n",
                "git lfs pull",
            ),
            (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
            (b"\x7fELF\x02", "a program"),
            (
                b"#!/usr/bin/env run-singularity\n\0SIF_MAGIC\0",
                "a SIF image",
            ),
            ("caf\u{e9}".as_bytes(), "text"),
            (&"caf\u{e9}".as_bytes()[..4], "text"),
        ] {
            let named = named(start);
            assert!(
                named.as_ref().is_some_and(|named| named.contains(says)),
                "{named:?}"
            );
        }
        for start in [&b""[..], b"\n \n", b"\0\0\0", b"a\x1b[2J", b"\xff\xfe"] {
            assert_eq!(named(start), None, "{start:?}");
        }
    }
}
