//! Names from images as text: bytes that may be anything, shown so that nothing is lost.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A name or path as text. What is not UTF-8 has every byte from 0x80 up as `\xNN`.
///
/// Control characters stay as they are: JSON escapes them itself, and a terminal or a page has to
/// do it in its own way.
#[must_use]
pub fn text(name: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(name) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(name.len() + 16);
    for byte in name {
        match byte {
            0..0x80 => text.push(char::from(*byte)),
            // Writing to a String cannot fail.
            _ => drop(write!(text, "\\x{byte:02x}")),
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn only_what_is_not_utf8_is_escaped() {
        assert_eq!(text("/ü/a b".as_bytes()), "/ü/a b");
        assert_eq!(text(b"/\xfc/\xc3\xbc\n"), "/\\xfc/\\xc3\\xbc\n");
    }
}
