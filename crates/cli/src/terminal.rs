//! What a terminal gets to see: text that no image can turn into escape codes, cut or wrapped to its width.

use std::borrow::Cow;
use std::env;
use std::sync::LazyLock;

pub(crate) use onionskin_core::report::Visible;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Columns where nobody says how many there are.
const COLUMNS: usize = 80;

/// Whether the locale has ASCII only: `LC_ALL=C`, and names of other character sets. Where none is set, as in most
/// pipelines, UTF-8 is understood.
static ASCII: LazyLock<bool> = LazyLock::new(|| {
    let variables = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter();
    let mut set = variables.filter_map(|name| env::var(name).ok().filter(|text| !text.is_empty()));
    set.next().is_some_and(|locale| is_ascii(&locale))
});

fn is_ascii(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    !locale.contains("utf-8") && !locale.contains("utf8")
}

/// Whether only ASCII is drawn.
pub(crate) fn ascii() -> bool {
    *ASCII
}

/// The same text with its bars, ellipses and arrows in ASCII, where the locale has nothing else.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    match ascii() {
        true => Cow::Owned(in_ascii(text)),
        false => Cow::Borrowed(text),
    }
}

fn in_ascii(text: &str) -> String {
    text.replace('█', "#")
        .replace('…', "...")
        .replace('→', "->")
        .replace(['“', '”'], "\"")
}

/// What stands for what is cut.
fn ellipsis() -> &'static str {
    match ascii() {
        true => "...",
        false => "…",
    }
}

/// `text` made visible and cut to `columns`, with an ellipsis where something is missing.
pub(crate) fn fit(text: &str, columns: usize) -> String {
    cut(Visible(text).to_string(), columns, ellipsis())
}

fn cut(text: String, columns: usize, ellipsis: &str) -> String {
    if text.width() <= columns {
        return text;
    }
    let start = start(&text, columns.saturating_sub(ellipsis.width()));
    format!("{start}{ellipsis}")
}

/// `path` made visible and cut in its middle to `columns`; most of what is kept is its end, which tells files apart.
pub(crate) fn middle(path: &str, columns: usize) -> String {
    cut_in_middle(Visible(path).to_string(), columns, ellipsis())
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
pub(crate) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.width() + 1 + word.width() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// `text` made visible, in pieces of at most so many columns, with nothing left out.
pub(crate) fn folded(text: &str, columns: usize) -> Vec<String> {
    let visible = Visible(text).to_string();
    let mut rest = visible.as_str();
    let mut pieces = Vec::new();
    while !rest.is_empty() || pieces.is_empty() {
        // One character at least, whatever its width.
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let (piece, behind) = rest.split_at(start(rest, columns).len().max(first));
        pieces.push(piece.to_owned());
        rest = behind;
    }
    pieces
}

/// The columns that text is wrapped to where it goes to no terminal: `COLUMNS`, or 80.
pub(crate) fn columns() -> usize {
    let set = env::var("COLUMNS").ok();
    let set = set.and_then(|columns| columns.trim().parse().ok());
    set.filter(|columns| *columns > 0).unwrap_or(COLUMNS)
}

/// The width of the terminal that standard output is, in columns; None where it is something else.
pub(crate) fn width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(std::io::stdout())?;
    Some(usize::from(width.0)).filter(|width| *width > 0)
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

    #[test]
    fn text_is_broken_between_words() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("longer than", 3), ["longer", "than"]);
        assert_eq!(wrapped("one two", 0), ["one", "two"]);
    }

    #[test]
    fn only_locales_without_utf_8_are_ascii() {
        for (locale, ascii) in [
            ("C", true),
            ("POSIX", true),
            ("en_US", true),
            ("de_DE.ISO-8859-1", true),
            ("C.UTF-8", false),
            ("en_US.utf8", false),
        ] {
            assert_eq!(is_ascii(locale), ascii, "{locale}");
        }
        assert!(in_ascii("██ a … b → c").is_ascii());
    }
}
