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

/// The bytes of a name that [`text`] gave. A name that is UTF-8 and has such an escape in itself is what it is, unless its
/// escapes stand for bytes that are not UTF-8: then it is taken for these.
#[must_use]
pub fn bytes(text: &str) -> Cow<'_, [u8]> {
    let name = Cow::Borrowed(text.as_bytes());
    let Some(found) = of_text(text) else {
        return name;
    };
    match std::str::from_utf8(&found) {
        Ok(_) => name,
        Err(_) => Cow::Owned(found),
    }
}

/// The bytes that [`text`] printed so, whatever is around them: of a whole path it escapes all names where one is not
/// UTF-8. None where nothing is escaped.
fn of_text(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.contains("\\x") {
        return None;
    }
    let mut parts = text.split("\\x");
    let mut found = parts.next().unwrap_or_default().as_bytes().to_vec();
    let mut differs = false;
    for part in parts {
        let escaped = part
            .get(..2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped.filter(|byte| *byte >= 0x80) {
            Some(byte) => {
                differs = true;
                found.push(byte);
                found.extend_from_slice(part.get(2..).unwrap_or_default().as_bytes());
            }
            None => {
                found.extend_from_slice(b"\\x");
                found.extend_from_slice(part.as_bytes());
            }
        }
    }
    differs.then_some(found)
}

/// What a name that somebody gives may mean, in the order in which it is looked for: what it says, what [`text`] prints so,
/// what a terminal shows so.
pub fn meanings(name: &[u8]) -> impl Iterator<Item = Cow<'_, [u8]>> {
    let printed = std::str::from_utf8(name).ok().and_then(of_text);
    let shown = unescaped(name).filter(|shown| printed.as_ref() != Some(shown));
    let others = printed.into_iter().chain(shown).map(Cow::Owned);
    std::iter::once(Cow::Borrowed(name)).chain(others)
}

/// The bytes of a name that is given as it is printed, where that differs: each `\xNN` is a byte, as [`text`] writes
/// those that are not UTF-8, and so are the escapes by which characters that act on a terminal are shown: `\n`, `\r`, `\t`,
/// `\u{…}`. None where nothing is escaped.
#[must_use]
pub fn unescaped(name: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name;
    let mut differs = false;
    while let Some((first, behind)) = rest.split_first() {
        let escape = (*first == b'\\').then(|| escape(behind)).flatten();
        rest = match escape {
            Some((escaped, behind)) => {
                bytes.extend_from_slice(&escaped);
                differs = true;
                behind
            }
            None => {
                bytes.push(*first);
                behind
            }
        };
    }
    differs.then_some(bytes)
}

/// What an escape behind a backslash stands for, and what follows it.
pub fn escape(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let hex = |digits: &[u8]| {
        let digits = std::str::from_utf8(digits).ok()?;
        let all = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        u32::from_str_radix(digits, 16).ok().filter(|_| all)
    };
    match text {
        [b'n', rest @ ..] => Some((b"\n".to_vec(), rest)),
        [b'r', rest @ ..] => Some((b"\r".to_vec(), rest)),
        [b't', rest @ ..] => Some((b"\t".to_vec(), rest)),
        [b'x', high, low, rest @ ..] => {
            let byte = u8::try_from(hex(&[*high, *low])?).ok()?;
            Some((vec![byte], rest))
        }
        [b'u', b'{', rest @ ..] => {
            let end = rest.iter().take(7).position(|byte| *byte == b'}')?;
            let (digits, rest) = rest.split_at(end);
            let character = char::from_u32(hex(digits)?)?;
            Some((character.to_string().into_bytes(), rest.get(1..)?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{bytes, meanings, text, unescaped};

    #[test]
    fn names_are_read_as_they_are_printed() {
        assert_eq!(unescaped(br"a\xfc").as_deref(), Some(&b"a\xfc"[..]));
        assert_eq!(unescaped(br"\x1b[2J\n").as_deref(), Some(&b"\x1b[2J\n"[..]));
        assert_eq!(
            unescaped(br"a\u{202e}b").as_deref(),
            Some("a\u{202e}b".as_bytes())
        );
        for same in [
            &b"plain"[..],
            br"\",
            br"\x",
            br"\xf",
            br"\xg0",
            br"\u{}",
            br"\u{+1}",
            br"\u{d800}",
            br"\q",
        ] {
            assert_eq!(unescaped(same), None, "{same:?}");
        }
    }

    #[test]
    fn what_is_printed_is_among_the_meanings_of_a_name() {
        // A path that is not UTF-8 is printed with all its bytes from 0x80 up escaped.
        for name in [
            &b"\xff\\x41"[..],
            "é\\x41".as_bytes(),
            "é".as_bytes(),
            b"\xff",
            br"\xff",
        ] {
            let path = [name, b"/\xff"].concat();
            let printed = text(&path);
            let printed = printed.strip_suffix(r"/\xff").unwrap().as_bytes();
            assert!(meanings(printed).any(|meant| *meant == *name), "{name:?}");
        }
        let all: Vec<_> = meanings(br"\xff\x41").collect();
        assert_eq!(all, [&br"\xff\x41"[..], b"\xff\\x41", b"\xffA"]);
        assert_eq!(meanings(b"plain").count(), 1);
    }

    #[test]
    fn only_what_is_not_utf8_is_escaped() {
        assert_eq!(text("/ü/a b".as_bytes()), "/ü/a b");
        assert_eq!(text(b"/\xfc/\xc3\xbc\n"), "/\\xfc/\\xc3\\xbc\n");
    }

    #[test]
    fn the_bytes_of_a_name_come_back() {
        for name in [
            &b"/usr/lib"[..],
            "/ü".as_bytes(),
            b"/\xfc/\xc3\xbc\n",
            br"/\x41\xc3\xbc",
            b"/\xff\\x41",
            br"\x",
            br"\xf",
        ] {
            assert_eq!(*bytes(&text(name)), *name, "{name:?}");
        }
    }
}
