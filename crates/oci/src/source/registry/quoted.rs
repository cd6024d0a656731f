//! The values of parameters in header fields: bare, or quoted with escapes (RFC 9110, section 5.6.4).

/// What may stand around the parts of a field.
pub(super) const BLANK: [char; 2] = [' ', '\t'];

/// The value that `text` begins with, and what follows it; one of `ends` ends a bare one. A quote that is never closed
/// reaches to the end.
pub(super) fn value<'a>(text: &'a str, ends: &[char]) -> (String, &'a str) {
    let text = text.trim_start_matches(BLANK);
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, rest) = text.split_at(text.find(ends).unwrap_or(text.len()));
        return (value.trim_end_matches(BLANK).to_owned(), rest);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, quoted.get(at + 1..).unwrap_or_default()),
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_end_where_their_quotes_or_their_parameter_does() {
        for (text, read, rest) in [
            ("next; a", "next", "; a"),
            (" next , a", "next", ", a"),
            ("\"a, \\\"b\\\"; c\"; d", "a, \"b\"; c", "; d"),
            ("\"open", "open", ""),
            ("\"\\", "", ""),
            ("", "", ""),
        ] {
            assert_eq!(value(text, &[';', ',']), (read.to_owned(), rest), "{text}");
        }
    }
}
