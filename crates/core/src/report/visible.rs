//! Text from images and registries made safe to look at: nothing in it acts, hides or reorders.

use std::fmt::{self, Write as _};

/// Text from an image or a registry, with everything that would act on a terminal, cannot stand in
/// XML, hides, or turns the direction of writing written as an escape: controls, separators of
/// lines and paragraphs, invisible and bidirectional marks, what is no character.
#[derive(Clone, Copy, Debug)]
pub struct Visible<'a>(pub &'a str);

impl fmt::Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '\n' | '\r' | '\t' => write!(f, "{}", c.escape_default())?,
                '\u{0}'..='\u{1f}' | '\u{7f}' => write!(f, "\\x{:02x}", u32::from(c))?,
                '\u{80}'..='\u{9f}'
                | '\u{2028}'..='\u{2029}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{fffe}'..='\u{ffff}' => write!(f, "{}", c.escape_unicode())?,
                c if is_ignorable(c) => write!(f, "{}", c.escape_unicode())?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
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
