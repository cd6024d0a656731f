//! A file looked at while its bytes pass: what is kept of it is what was found, and on which line.

use super::SecretMatch;
use super::known_file::{SecretFile, is_packaged};
use super::line::line;
use super::scan::{TextKind, hits};
use crate::layer::{Entry, EntryKind, Piece, Visitor};
use crate::limits::{LAYER_SECRETS, SECRET_FILE_BYTES};

/// Bytes in which a NUL says that a file is no text, as for Git.
const TEXT_BYTES: usize = 8000;

/// Scans the files of a layer for secrets while it is decoded; [`LayerIndex::found`](crate::layer::LayerIndex::found)
/// tells what it finds, at most [`LAYER_SECRETS`] of a layer.
#[derive(Default)]
pub struct SecretScanner {
    /// What came of the file so far, if it came in pieces.
    buffer: Vec<u8>,
    file: Option<File>,
    found: usize,
}

/// The file that is looked at.
struct File {
    place: Option<SecretFile>,
    packaged: bool,
    size: usize,
    /// What was found, once that is known.
    found: Option<Vec<SecretMatch>>,
}

impl Visitor for SecretScanner {
    const NAME: &'static str = "secrets";
    type Found = SecretMatch;

    fn begin(&mut self, entry: &Entry<'_>) -> bool {
        self.buffer.clear();
        self.file = None;
        if entry.kind != EntryKind::File || entry.size == 0 || self.found >= LAYER_SECRETS {
            return false;
        }
        let place = SecretFile::of(entry.names);
        let whole = place.filter(|place| place.holds_anything());
        let size = usize::try_from(entry.size).unwrap_or(usize::MAX);
        if size > SECRET_FILE_BYTES && whole.is_none() {
            return false;
        }
        self.file = Some(File {
            place,
            packaged: is_packaged(entry.names),
            size,
            found: (size > SECRET_FILE_BYTES).then(|| spots(whole)),
        });
        true
    }

    fn content(&mut self, piece: Piece<'_>) {
        // Zeros that a sparse file does not store hold no secret.
        let Piece::Bytes(bytes) = piece else {
            return;
        };
        let Some(file) = self.file.as_mut().filter(|file| file.found.is_none()) else {
            return;
        };
        if self.buffer.is_empty() && bytes.len() == file.size {
            file.found = Some(file.look(bytes));
            return;
        }
        let first = self.buffer.len() < TEXT_BYTES;
        self.buffer.extend_from_slice(bytes);
        if first && file.is_passed_over(&self.buffer) {
            file.found = Some(spots(file.place.filter(|place| place.holds_anything())));
            self.buffer.clear();
        }
    }

    /// Each rule once.
    fn end(&mut self) -> Vec<SecretMatch> {
        let Some(file) = self.file.take() else {
            return Vec::new();
        };
        let mut found = match file.found {
            Some(found) => found,
            None => file.look(&self.buffer),
        };
        // The files of few layers hold secrets; of one that holds too many, the first are enough.
        found.truncate(LAYER_SECRETS - self.found);
        self.found += found.len();
        found
    }
}

impl File {
    /// It is no text, and nothing that is looked for in other files.
    fn is_passed_over(&self, content: &[u8]) -> bool {
        let start = content
            .get(..content.len().min(TEXT_BYTES))
            .unwrap_or_default();
        !self.place.is_some_and(SecretFile::is_binary)
            && !is_utf16(start)
            && memchr::memchr(0, start).is_some()
    }

    fn look(&self, content: &[u8]) -> Vec<SecretMatch> {
        if self.is_passed_over(content) {
            return spots(self.place.filter(|place| place.holds_anything()));
        }
        let narrow;
        let content = if is_utf16(content) {
            narrow = narrowed(content);
            &narrow
        } else {
            content
        };
        let kind = TextKind {
            packaged: self.packaged,
            once: true,
            ..TextKind::default()
        };
        let hits = hits(content, kind).found.into_iter();
        let mut found: Vec<SecretMatch> = hits
            .map(|hit| SecretMatch {
                rule: hit.rule,
                line: line(content, hit.range.start),
            })
            .collect();
        let place = self
            .place
            .and_then(|place| place.look(content, self.packaged));
        // What is known by its form is not told again by its place.
        let known = |spot: &SecretMatch| {
            found.iter().any(|other| {
                other.line == spot.line && spot.line > 0 && spot.rule.id() != "env-file"
            })
        };
        found.extend(place.filter(|spot| !known(spot)));
        found.sort_unstable();
        found.dedup_by_key(|spot| spot.rule);
        found
    }
}

fn spots(place: Option<SecretFile>) -> Vec<SecretMatch> {
    place.and_then(SecretFile::spot).into_iter().collect()
}

/// Text of Windows, which begins with a mark of its order of bytes.
fn is_utf16(content: &[u8]) -> bool {
    matches!(content, [0xff, 0xfe, ..] | [0xfe, 0xff, ..])
}

/// The ASCII letters of UTF-16; what is none becomes a byte that no secret has.
fn narrowed(content: &[u8]) -> Vec<u8> {
    let big = content.starts_with(&[0xfe, 0xff]);
    let pairs = content.chunks_exact(2).skip(1);
    pairs
        .map(|pair| match pair {
            [letter, 0] if !big => *letter,
            [0, letter] if big => *letter,
            _ => 0xff,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn look(path: &str, content: &[u8], piece: usize) -> Vec<String> {
        let names: Vec<&[u8]> = path.split('/').map(str::as_bytes).collect();
        let size = content.len() as u64;
        let mut scanner = SecretScanner::default();
        scanner.begin(&Entry {
            kind: EntryKind::File,
            names: &names,
            size,
            logical_size: size,
            link: None,
        });
        for piece in content.chunks(piece) {
            scanner.content(Piece::Bytes(piece));
        }
        let found = scanner.end().into_iter();
        found
            .map(|spot| format!("{}:{}", spot.rule.id(), spot.line))
            .collect()
    }

    fn key() -> String {
        ["AK", "IA", "Q3EGRT5YHM2PLW7N"].concat()
    }

    #[test]
    fn lines_are_told_and_each_rule_once() {
        let text = format!("a\nb = {}\nc = {}\n", key(), key());
        assert_eq!(
            look("app/x.ini", text.as_bytes(), 1 << 20),
            ["aws-access-key-id:2"]
        );
    }

    #[test]
    fn binary_and_large_files_are_passed_over_but_for_their_names() {
        let binary = [b"\x7fELF\0", key().as_bytes()].concat();
        assert_eq!(look("app/x", &binary, 7), [""; 0]);
        assert_eq!(look("root/.bash_history", &binary, 7), ["shell-history:0"]);
        let large = [key().as_bytes(), &[b'\n'; SECRET_FILE_BYTES]].concat();
        assert_eq!(look("app/x", &large, 4096), [""; 0]);
        assert_eq!(
            look("root/.bash_history", &large, 4096),
            ["shell-history:0"]
        );
        assert_eq!(look("root/.bash_history", b"", 1), [""; 0]);
        let wide: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain(key().bytes().flat_map(|byte| [byte, 0]))
            .collect();
        assert_eq!(look("app/x", &wide, 5), ["aws-access-key-id:1"]);
    }

    #[test]
    fn colours_of_a_terminal_do_not_hide_a_token() {
        for (before, after) in [
            ("\x1b[32m", "\x1b[0m"),
            ("\x1b[01;31m\x1b[K", "\x1b[m"),
            ("\\x1b[32m", "\\x1b[0m"),
            ("\\u001b[1;32m", "\\u001b[0m"),
            ("\\u0027", "\\u0027"),
        ] {
            let text = format!("{before}{}{after}\n", key());
            let found = look("app/x.log", text.as_bytes(), 1 << 20);
            assert_eq!(found, ["aws-access-key-id:1"], "{text:?}");
        }
        let inside = format!("a[32m{}", key());
        assert_eq!(look("app/x.log", inside.as_bytes(), 1 << 20), [""; 0]);
    }

    #[test]
    fn a_line_of_a_certificate_is_no_token() {
        // A Square token has the length of a line of PEM, and letters that Base64 has.
        let line = |start: &str| {
            let letters = "q7Rt2xYvB9kLmZ4wN8cD3fGhJ5sP6aQ1eUiOrTyWnMbV0XzKjHgFdSaLpQw2".repeat(2);
            format!("{start}{}", &letters[..60])
        };
        let token = line("EAAA");
        let other = line("MIIB");
        let found = |text: String| look("app/x", text.as_bytes(), 1 << 20);
        for text in [
            format!("{other}\n{token}\n{other}\n"),
            format!("  {other}\r\n  {token}\r\n"),
            format!("\"{other}\\n\"\n\"{token}\\n\"\n"),
            format!("-----BEGIN CERTIFICATE-----\n{token}\nMIIB\n"),
        ] {
            assert_eq!(found(text.clone()), [""; 0], "{text}");
        }
        for text in [
            format!("{token}\n"),
            format!("{token}\n{}\n", line("EAAA")),
            format!("token: {token}\n{other}\n"),
        ] {
            assert_eq!(found(text.clone()), ["square-token:1"], "{text}");
        }
    }

    proptest! {
        #[test]
        fn pieces_do_not_show(mut parts in prop::collection::vec(prop_oneof![
            Just(b"\n-----BEGIN PRIVATE KEY-----\n".to_vec()), Just(b"://a:b7vQ2@".to_vec()), Just(b"eyJ".to_vec()),
            Just(b"\0".to_vec()), Just(b"password=".to_vec()), Just(key().into_bytes()), Just(b" ".to_vec()),
            prop::collection::vec(any::<u8>(), 0..20),
        ], 0..12), piece in 1usize..40, place in 0..4usize) {
            let path = ["app/x", "root/.netrc", "app/.env", "app/k.p12"][place];
            let content = parts.concat();
            let whole = look(path, &content, content.len().max(1));
            prop_assert_eq!(look(path, &content, piece), whole);
            parts.clear();
        }
    }
}
