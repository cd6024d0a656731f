//! Text cut, folded and wrapped to the columns of a terminal; whole where there is none.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::report::Visible;

/// Where a report is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Its columns.
    pub columns: usize,
    /// Whether it has only ASCII.
    pub ascii: bool,
}

impl Screen {
    /// None: in a file and in a pipe lines are whole, so that a report is the same on every machine.
    pub const NONE: Self = Self {
        columns: usize::MAX,
        ascii: false,
    };

    /// What stands for what is cut.
    const fn ellipsis(self) -> &'static str {
        match self.ascii {
            true => "...",
            false => "…",
        }
    }

    /// `text` made visible and cut to `columns`, with an ellipsis where something is missing.
    #[must_use]
    pub fn fit(self, text: &str, columns: usize) -> String {
        cut(Visible(text).to_string(), columns, self.ellipsis())
    }

    /// `path` made visible and cut in its middle to `columns`; most of what is kept is its end, which tells files apart.
    #[must_use]
    pub fn middle(self, path: &str, columns: usize) -> String {
        cut_in_middle(Visible(path).to_string(), columns, self.ellipsis())
    }
}

fn cut(text: String, columns: usize, ellipsis: &str) -> String {
    if text.width() <= columns {
        return text;
    }
    let start = start(&text, columns.saturating_sub(ellipsis.width()));
    format!("{start}{ellipsis}")
}

fn cut_in_middle(text: String, columns: usize, ellipsis: &str) -> String {
    if text.width() <= columns {
        return text;
    }
    let room = columns.saturating_sub(ellipsis.width());
    let front = room / 3;
    let reversed: String = text.chars().rev().collect();
    let end: String = start(&reversed, room - front).chars().rev().collect();
    format!("{}{ellipsis}{end}", start(&text, front))
}

/// As much of the beginning of a text as fits.
fn start(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > columns {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

/// Lines of at most so many columns, broken between words; a word that is longer has a line of its own.
#[must_use]
pub fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    // Columns of the last line. Where lines have no limit, measuring it for each word would take the square of its length.
    let mut used = 0;
    for word in text.split_whitespace() {
        let width = word.width();
        match lines.last_mut() {
            Some(line) if line.is_empty() => {
                line.push_str(word);
                used = width;
            }
            Some(line) if used + 1 + width <= columns => {
                line.push(' ');
                line.push_str(word);
                used += 1 + width;
            }
            _ => {
                lines.push(word.to_owned());
                used = width;
            }
        }
    }
    lines
}

/// `text` made visible, in pieces of at most so many columns, with nothing left out. Each piece begins a line, where
/// pipelines obey `::name …::`, so none begins so.
#[must_use]
pub fn folded(text: &str, columns: usize) -> Vec<String> {
    let visible = Visible(text).to_string();
    let mut rest = visible.as_str();
    let mut pieces = Vec::new();
    while !rest.is_empty() || pieces.is_empty() {
        // One character at least, whatever its width.
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let (mut piece, mut behind) = rest.split_at(start(rest, columns).len().max(first));
        if behind.starts_with("::") {
            (piece, behind) = rest.split_at(beside_colons(piece));
        }
        pieces.push(piece.to_owned());
        rest = behind;
    }
    pieces
}

/// Where to cut a text instead of right behind `piece`, where it has `::`: one character before, or between the colons where
/// there is none.
fn beside_colons(piece: &str) -> usize {
    match piece.char_indices().next_back() {
        Some((last @ 1.., _)) => last,
        _ => piece.len() + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_by_columns_and_not_by_bytes() {
        let fit = |text: &str, columns| cut(Visible(text).to_string(), columns, "…");
        assert_eq!(fit("RUN make", 8), "RUN make");
        assert_eq!(fit("RUN make all", 8), "RUN mak…");
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(fit("a\nb", 4), "a\\nb");
        assert_eq!(fit("x", 0), "…");
    }

    #[test]
    fn a_path_keeps_its_beginning_and_its_end() {
        let cut = |text: &str, columns| cut_in_middle(text.to_owned(), columns, "…");
        assert_eq!(
            cut("/usr/lib/python3/test_ssl.py", 40),
            "/usr/lib/python3/test_ssl.py"
        );
        assert_eq!(cut("/usr/lib/python3/test_ssl.py", 16), "/usr/…est_ssl.py");
        assert_eq!(cut("日本語日本語", 7), "日…本語");
        assert_eq!(cut("/abc", 0), "…");
    }

    #[test]
    fn folded_text_is_whole() {
        assert_eq!(folded("a=bcdef", 3), ["a=b", "cde", "f"]);
        assert_eq!(folded("日本", 3), ["日", "本"]);
        assert_eq!(folded("日", 1), ["日"]);
        assert_eq!(folded("", 3), [""]);
    }

    /// The start of a line is where GitHub Actions obeys `::name …::`.
    #[test]
    fn folded_text_begins_no_line_with_a_command() {
        for columns in [1, 2, 3, 4, 80] {
            for before in 0..=2 * columns {
                for letter in ["x", "日", "::"] {
                    let text = format!("{}::error::pwned", letter.repeat(before));
                    let pieces = folded(&text, columns);
                    assert_eq!(pieces.concat(), Visible(&text).to_string());
                    for piece in pieces {
                        let obeyed = piece.strip_prefix("::").unwrap_or_default();
                        let obeyed = obeyed.starts_with(|c: char| c.is_ascii_alphabetic());
                        assert!(!obeyed, "{columns} {text}: {piece}");
                    }
                }
            }
        }
        let text = format!("{}::error::pwned", "x".repeat(80));
        let pieces = ["x".repeat(79), "x::error::pwned".to_owned()];
        assert_eq!(folded(&text, 80), pieces);
    }

    #[test]
    fn without_a_screen_everything_is_whole() {
        let long = "日本 words of a line ".repeat(5_000);
        let (long, columns) = (long.trim_end(), Screen::NONE.columns);
        assert_eq!(Screen::NONE.fit(long, columns - 12), long);
        assert_eq!(Screen::NONE.middle(long, columns - 12), long);
        assert_eq!(wrapped(long, columns), [long]);
        assert_eq!(folded(long, columns - 6), [long]);
    }

    #[test]
    fn text_is_broken_between_words() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("longer than", 3), ["longer", "than"]);
        assert_eq!(wrapped("one two", 0), ["one", "two"]);
    }
}
