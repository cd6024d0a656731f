//! What matches the paths of a glob, whose names may be given as they are printed.

use std::borrow::Cow;

use globset::{Candidate, GlobBuilder, GlobSet};

use crate::names;

/// Matches paths without their leading slash.
#[derive(Clone, Debug)]
pub(super) struct Matcher {
    glob: GlobSet,
    printed: Option<Printed>,
}

/// The glob with its `\xNN`, `\n` and other escapes as what they are printed for.
#[derive(Clone, Debug)]
struct Printed {
    glob: GlobSet,
    /// It has bytes that are not UTF-8, so no path in UTF-8 matches.
    has_bytes: bool,
}

impl Matcher {
    pub(super) fn new(glob: &str) -> Result<Self, globset::Error> {
        Ok(Self {
            glob: compiled(glob)?,
            printed: printed(glob)
                .map(|(glob, has_bytes)| {
                    let glob = compiled(&glob)?;
                    Ok(Printed { glob, has_bytes })
                })
                .transpose()?,
        })
    }

    pub(super) fn is_match(&self, path: &[u8]) -> bool {
        self.glob.is_match_candidate(&Candidate::from_bytes(path))
            || self.printed.as_ref().is_some_and(|it| it.is_match(path))
    }
}

impl Printed {
    fn is_match(&self, path: &[u8]) -> bool {
        let (path, is_text) = stood_in(path);
        let path = Candidate::from_bytes(&*path);
        !(self.has_bytes && is_text) && self.glob.is_match_candidate(&path)
    }
}

fn compiled(glob: &str) -> Result<GlobSet, globset::Error> {
    let glob = GlobBuilder::new(glob)
        .literal_separator(true)
        .backslash_escape(true)
        .empty_alternates(true)
        .build();
    // A set, though of one, says what is wrong with a glob where a single matcher would panic.
    glob.and_then(|glob| GlobSet::builder().add(glob).build())
}

/// A glob whose escapes are replaced, and whether any is a byte that is not UTF-8; none where it has no escapes.
fn printed(glob: &str) -> Option<(String, bool)> {
    let (mut out, mut differs, mut has_bytes) = (String::with_capacity(glob.len()), false, false);
    let mut rest = glob;
    while let Some(character) = rest.chars().next() {
        let behind = rest.get(character.len_utf8()..).unwrap_or_default();
        let escape = (character == '\\').then(|| names::escape(behind.as_bytes()));
        rest = match escape.flatten() {
            Some((bytes, after)) => {
                differs = true;
                match std::str::from_utf8(&bytes) {
                    Ok(text) => text.chars().for_each(|literal| out.extend(['\\', literal])),
                    Err(_) => {
                        has_bytes = true;
                        out.extend(bytes.into_iter().map(stand_in));
                    }
                }
                let taken = behind.len() - after.len();
                behind.get(taken..).unwrap_or_default()
            }
            None => {
                out.push(character);
                match (character, behind.chars().next()) {
                    ('\\', Some(escaped)) => {
                        out.push(escaped);
                        behind.get(escaped.len_utf8()..).unwrap_or_default()
                    }
                    _ => behind,
                }
            }
        };
    }
    differs.then_some((out, has_bytes))
}

/// Globs are text: in them a character for private use stands for a byte that is not UTF-8.
fn stand_in(byte: u8) -> char {
    char::from_u32(0xf_0000 + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// A path as the printed form has it, and whether it is UTF-8.
fn stood_in(path: &[u8]) -> (Cow<'_, [u8]>, bool) {
    if std::str::from_utf8(path).is_ok() {
        return (Cow::Borrowed(path), true);
    }
    let text: String = path
        .iter()
        .map(|byte| match byte {
            0x80.. => stand_in(*byte),
            _ => char::from(*byte),
        })
        .collect();
    (Cow::Owned(text.into_bytes()), false)
}

#[cfg(test)]
mod tests {
    use super::Matcher;

    #[test]
    fn names_are_matched_as_they_are_printed() {
        for (glob, path, matches) in [
            (r"\xff/f", &b"\xff/f"[..], true),
            (r"\xff/*", b"\xff/f", true),
            (r"**/\xfc*", b"a/\xfcb\xff", true),
            (r"\xc3\xbc\xff", b"\xc3\xbc\xff", true),
            (r"\xff/f", b"\xfe/f", false),
            // The name that spells the escape is printed alike.
            (r"\xff", br"\xff", false),
            (r"\\xff", br"\xff", true),
            (r"\\xff", b"\xff", false),
            (r"\xff", "\u{f00ff}".as_bytes(), false),
            (r"a\nb", b"a\nb", true),
            (r"a\nb", b"anb", true),
            (r"\x1b[[]2J", b"\x1b[2J", true),
            (r"\u{202e}*", "\u{202e}x".as_bytes(), true),
            (r"a\*\xff", b"a*\xff", true),
            (r"a\*\xff", b"ab\xff", false),
        ] {
            let matcher = Matcher::new(glob).unwrap();
            assert_eq!(matcher.is_match(path), matches, "{glob} {path:?}");
        }
    }
}
