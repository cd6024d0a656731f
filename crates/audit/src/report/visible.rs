//! Text from images and registries made safe to look at: nothing in it acts, hides or reorders.

use std::fmt::{self, Write as _};

/// Text from an image or a registry, with everything that would act on a terminal, cannot stand in
/// XML, hides, or turns the direction of writing written as an escape: controls, separators of
/// lines and paragraphs, invisible and bidirectional marks, what is no character.
#[derive(Clone, Copy, Debug)]
pub struct Visible<'a>(pub &'a str);

impl fmt::Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = self.0.char_indices();
        let mut before = None;
        while let Some((at, c)) = characters.next() {
            let rest = self.0.get(at..).unwrap_or_default();
            let mark = command(rest, before);
            before = Some(c);
            if let Some(mark) = mark {
                // The second character of the mark, so that what is shown can be given back as a name.
                write!(f, "{c}\\x{mark:02x}")?;
                characters.next();
                continue;
            }
            match c {
                '\n' | '\r' | '\t' => write!(f, "{}", c.escape_default())?,
                '\u{0}'..='\u{1f}' | '\u{7f}' => write!(f, "\\x{:02x}", u32::from(c))?,
                c if acts(c) => write!(f, "{}", c.escape_unicode())?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// Characters above ASCII that act on a terminal, cannot stand in XML, hide, or turn the direction of writing.
pub(super) const fn acts(c: char) -> bool {
    matches!(
        c,
        '\u{80}'..='\u{9f}'
            | '\u{2028}'..='\u{2029}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{fffe}'..='\u{ffff}'
    ) || is_ignorable(c)
}

/// Whether a command to a pipeline begins here that would be obeyed in a log: `##vso[…]` and `##[…]` (Azure Pipelines,
/// GitHub Actions), `##teamcity[…]`, `::name …::` (GitHub Actions, workflow commands). The last one is obeyed at the start of
/// a line only, so `IO::Compress::Gzip` and `[::ffff:192.0.2.7]` stay; lines are wrapped at blanks. Its second `::` may come
/// from another text of the same line. Gives the byte to be escaped.
fn command(text: &str, before: Option<char>) -> Option<u8> {
    let starts = before.is_none_or(|before| !before.is_alphanumeric() && before != '[');
    let bytes = text.as_bytes();
    let word = |from: usize| {
        let word = bytes.get(from..).unwrap_or_default().iter();
        from + word
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            .count()
    };
    match bytes {
        [b'#', b'#', ..] if bytes.get(word(2)) == Some(&b'[') => Some(b'#'),
        [b':', b':', first, ..] if starts && first.is_ascii_alphabetic() => Some(b':'),
        _ => None,
    }
}

/// What is drawn as nothing, so that two names which differ would look alike (Unicode Character Database,
/// DerivedCoreProperties.txt, `Default_Ignorable_Code_Point`); the marks of direction are among these.
const fn is_ignorable(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file may be called so, and its name is printed in the logs of pipelines.
    #[test]
    fn commands_to_pipelines_are_broken_visibly() {
        for (text, visible) in [
            (
                "##vso[task.setvariable variable=a]b",
                "#\\x23vso[task.setvariable variable=a]b",
            ),
            ("/x/##[error]y", "/x/#\\x23[error]y"),
            ("##teamcity[buildStop]", "#\\x23teamcity[buildStop]"),
            ("::error file=a::b", ":\\x3aerror file=a::b"),
            ("::add-mask::x", ":\\x3aadd-mask::x"),
            (":::set-output name=a::b", "::\\x3aset-output name=a::b"),
            ("###[group]", "##\\x23[group]"),
            ("## heading [1]", "## heading [1]"),
            ("fe80::1", "fe80::1"),
            ("std::string", "std::string"),
            (
                "/man3/IO::Compress::Gzip.3perl.gz",
                "/man3/IO::Compress::Gzip.3perl.gz",
            ),
            ("/::error::x", "/:\\x3aerror::x"),
            ("::1", "::1"),
            // What follows in the same line may hold the second `::`.
            ("::error title=x", ":\\x3aerror title=x"),
            ("std::fs a ::warning", "std::fs a :\\x3awarning"),
            ("[::ffff:192.0.2.7]", "[::ffff:192.0.2.7]"),
        ] {
            assert_eq!(Visible(text).to_string(), visible);
        }
    }

    #[test]
    fn nothing_that_acts_hides_or_reorders_gets_through() {
        for (text, visible) in [
            ("plain ünïcode 日本", "plain ünïcode 日本"),
            (
                "\u{1b}[31mred\u{1b}]0;title\u{7}",
                "\\x1b[31mred\\x1b]0;title\\x07",
            ),
            ("two\nlines\r\t", "two\\nlines\\r\\t"),
            ("\u{9b}31m\u{7f}\u{0}", "\\u{9b}31m\\x7f\\x00"),
            ("a\u{202e}txt.exe\u{2066}", "a\\u{202e}txt.exe\\u{2066}"),
            (
                "\u{200b}\u{200f}\u{2028}\u{2029}\u{feff}\u{ad}",
                "\\u{200b}\\u{200f}\\u{2028}\\u{2029}\\u{feff}\\u{ad}",
            ),
            ("\u{fffe}\u{ffff}", "\\u{fffe}\\u{ffff}"),
            (
                "a\u{e0041}\u{34f}\u{3164}\u{fe0f}b",
                "a\\u{e0041}\\u{34f}\\u{3164}\\u{fe0f}b",
            ),
        ] {
            assert_eq!(Visible(text).to_string(), visible);
        }
    }
}
