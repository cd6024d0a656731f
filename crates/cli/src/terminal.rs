//! What a terminal gets to see: text that no image can turn into escape codes, cut to its width.

pub(crate) use onionskin_core::report::Visible;
use unicode_width::UnicodeWidthChar as _;

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
