//! What a terminal gets to see: text that no image can turn into escape codes, in its width and its characters.

use std::borrow::Cow;
use std::env;
use std::path::Path;
use std::sync::LazyLock;

pub(crate) use onionskin_core::report::Visible;
use onionskin_core::report::console::Screen;

/// Columns of a terminal where nobody says how many it has.
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

/// The terminal that standard output is: its columns, and the characters of the locale.
pub(crate) fn screen() -> Screen {
    Screen {
        columns: width().unwrap_or_else(columns),
        ascii: ascii(),
    }
}

/// A path of this machine as text, its bytes that are not UTF-8 written as those of an image's names are. What acts on a
/// terminal is left to [`Visible`].
pub(crate) fn path(path: &Path) -> Cow<'_, str> {
    onionskin_core::report::text(path.as_os_str().as_encoded_bytes())
}

/// The columns of a terminal that does not say how many it has: `COLUMNS`, or 80. Like those that one says, they are below
/// 65536, which text is padded to at most.
pub(crate) fn columns() -> usize {
    let set = env::var("COLUMNS").ok();
    let set = set.and_then(|columns| columns.trim().parse::<u16>().ok());
    set.filter(|columns| *columns > 0)
        .map_or(COLUMNS, usize::from)
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
