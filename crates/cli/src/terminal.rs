//! What a terminal gets to see: text that no image can turn into escape codes, cut to its width.

use std::fmt::{self, Write as _};

use unicode_width::UnicodeWidthChar as _;

/// Text from an image or a registry, with everything that would act on a terminal, hide or reorder written
/// as an escape: controls, line and paragraph separators, zero-width and bidirectional marks.
pub(crate) struct Visible<'a>(pub(crate) &'a str);

impl fmt::Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '\n' | '\r' | '\t' => write!(f, "{}", c.escape_default())?,
                '\u{0}'..='\u{1f}' | '\u{7f}' => write!(f, "\\x{:02x}", u32::from(c))?,
                '\u{80}'..='\u{9f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
                | '\u{feff}' => write!(f, "{}", c.escape_unicode())?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// `text` made visible and cut to `columns`, with an ellipsis where something is missing; whole where there is no limit.
pub(crate) fn fit(text: &str, columns: Option<usize>) -> String {
    let visible = Visible(text).to_string();
    let Some(columns) = columns else {
        return visible;
    };
    let mut used = 0;
    let mut end = 0;
    for (at, c) in visible.char_indices() {
        used += c.width().unwrap_or(0);
        if used > columns {
            return format!("{}…", visible.get(..end).unwrap_or_default());
        }
        // One column is kept for the ellipsis.
        if used < columns {
            end = at + c.len_utf8();
        }
    }
    visible
}

/// The width of the terminal that standard output is, in columns; `None` where it is something else.
pub(crate) fn width() -> Option<usize> {
    terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_acts_on_a_terminal_gets_through() {
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
                "\u{200b}\u{200f}\u{2028}\u{2029}\u{feff}",
                "\\u{200b}\\u{200f}\\u{2028}\\u{2029}\\u{feff}",
            ),
        ] {
            assert_eq!(Visible(text).to_string(), visible);
        }
    }

    #[test]
    fn text_is_cut_by_columns_and_not_by_bytes() {
        assert_eq!(fit("RUN make", Some(8)), "RUN make");
        assert_eq!(fit("RUN make all", Some(8)), "RUN mak…");
        assert_eq!(fit("日本語", Some(5)), "日本…");
        assert_eq!(fit("日本語", Some(4)), "日…");
        assert_eq!(fit("a\nb", Some(4)), "a\\nb");
        assert_eq!(fit("a long one", None), "a long one");
        assert_eq!(fit("x", Some(0)), "…");
    }
}
