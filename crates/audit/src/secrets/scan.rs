//! A text looked through: where an anchor is met, its row or its code decides.

use std::ops::Range;

use super::found::{Found, Hit};
use super::table::{Check, Detector, Row, TABLE};
use super::word::is_word;
use super::{SecretRule, checksum, key, placeholder, url, web_token};

/// Bytes after an anchor that a form may take.
const WINDOW: usize = 1024;
/// Bytes that may be tried against forms, for each byte of the text, and in any text: a text that
/// is all anchors must not cost more than it is worth.
const TRIED: usize = 2;
const TRIED_AT_LEAST: usize = 8 << 10;
/// Letters beside a token that make it a part of encoded bytes.
const ENCODED: usize = 16;

/// What a text is, which decides what is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TextKind {
    /// A command or a variable: forms that would mean nothing elsewhere are looked for as well.
    pub(super) command: bool,
    /// Of a package or its tests: what its documentation shows is passed over.
    pub(super) packaged: bool,
    /// One hit of each rule is enough.
    pub(super) once: bool,
}

/// What was found, in the order of the text, and whether all of it was looked at.
pub(super) struct Hits {
    pub(super) found: Vec<Hit>,
    pub(super) complete: bool,
}

/// Looks through a text. No two hits overlap.
pub(super) fn hits(text: &[u8], kind: TextKind) -> Hits {
    let mut found = Found::default();
    let mut left = TRIED * text.len() + TRIED_AT_LEAST;
    let mut complete = true;
    for (at, detector) in TABLE.anchors(text) {
        // The letters of a key may be anything.
        let here = found.overlapping(&(at..at + 1));
        if here.is_some_and(|hit| hit.rule.is_key()) {
            continue;
        }
        if let Detector::Row(number) = detector
            && let Some(row) = TABLE.rows.get(number)
        {
            // What packages document is nobody's login.
            let shown = kind.packaged && row.check == Some(Check::Words);
            if (row.commands && !kind.command) || shown || (kind.once && found.has(row.rule())) {
                continue;
            }
        }
        let Some(hit) = tried(text, at, detector, kind, &mut left) else {
            if left == 0 {
                complete = false;
                break;
            }
            continue;
        };
        if kind.once && found.has(hit.rule) {
            continue;
        }
        // A form of its own says more than the words around it.
        if is_vague(hit.rule) {
            found.add(hit);
        } else {
            found.replace(hit, |other| is_vague(other.rule));
        }
    }
    Hits {
        found: found.into_hits(),
        complete,
    }
}

/// What is at an anchor; `left` is what may still be tried, 0 from when it does not suffice.
fn tried(
    text: &[u8],
    at: usize,
    detector: Detector,
    kind: TextKind,
    left: &mut usize,
) -> Option<Hit> {
    let mut pay = |bytes: usize| {
        *left = left.saturating_sub(bytes);
        (*left > 0).then_some(())
    };
    match detector {
        Detector::Row(number) => {
            let row = TABLE.rows.get(number)?;
            let window = window(text, at, row)?;
            pay(window.len())?;
            of_row(text, at, window, number, row)
        }
        Detector::Url | Detector::WebToken if kind.packaged => None,
        Detector::Url => url::password(text, at),
        Detector::WebToken => web_token::at(text, at),
        Detector::Key => pay(WINDOW).and_then(|()| key::pem(text, at)),
        Detector::EncodedKey => pay(WINDOW).and_then(|()| key::encoded(text, at)),
        Detector::Putty => {
            pay(key::LONGEST.min(text.len() - at)).and_then(|()| key::putty(text, at))
        }
    }
}

/// It is known by the words around it, and could be anything.
fn is_vague(rule: SecretRule) -> bool {
    let vague = |row: &Row| row.check == Some(Check::Words) && row.rule == rule.id();
    rule == SecretRule::URL || TABLE.rows.iter().any(vague)
}

/// The part of the text that a row's form is tried on, where it may stand at all.
fn window(text: &[u8], at: usize, row: &Row) -> Option<Range<usize>> {
    let shown = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r');
    let inside = || letter_before(text, at).is_some_and(is_word);
    if row.reach == 0 && row.is_token() && inside() {
        return None;
    }
    let before = text.get(at.saturating_sub(row.reach)..at)?;
    let start = at - before.iter().rev().take_while(|byte| shown(byte)).count();
    let after = text.get(at..)?.iter().take(WINDOW);
    let end = at + after.take_while(|byte| shown(byte)).count();
    // A token has no blank in it.
    let end = match row.is_token() {
        true => {
            at + text
                .get(at..end)?
                .iter()
                .take_while(|byte| byte.is_ascii_graphic())
                .count()
        }
        false => end,
    };
    Some(start..end)
}

fn of_row(
    text: &[u8],
    at: usize,
    window: Range<usize>,
    number: usize,
    row: &'static Row,
) -> Option<Hit> {
    let part = std::str::from_utf8(text.get(window.clone())?).ok()?;
    let shape = TABLE.shape(number)?;
    let anchor = at - window.start;
    for found in shape.captures_iter(part) {
        let whole = found.get(0)?;
        if whole.start() > anchor {
            break;
        }
        let secret = found.iter().skip(1).flatten().next().unwrap_or(whole);
        if whole.end() <= anchor {
            continue;
        }
        let range = window.start + secret.start()..window.start + secret.end();
        let named = secret.start() > whole.start();
        if stands_alone(text, &range, row, named) && is_real(secret.as_str(), row) {
            return Some(Hit {
                rule: row.rule(),
                range,
            });
        }
    }
    None
}

/// It is no part of a longer word, nor of encoded bytes; `named` has its name before it.
fn stands_alone(text: &[u8], range: &Range<usize>, row: &Row, named: bool) -> bool {
    let joins = |byte: &u8| is_word(*byte) || row.beside.as_bytes().contains(byte);
    let before = letter_before(text, range.start);
    let after = text.get(range.end);
    // `=` begins values, and `/` addresses; only what follows tells of them.
    let before = before.filter(|byte| !matches!(*byte, b'=' | b'/' | b':'));
    // Where the form names what stands before the token, nothing else does.
    if !named && before.is_some_and(|byte| joins(&byte)) {
        return false;
    }
    if let Some(byte) = after {
        let next = text.get(range.end + 1);
        // A full stop or a dash may end a sentence.
        let ends =
            matches!(byte, b'.' | b'-' | b'~' | b':') && !next.is_some_and(|byte| is_word(*byte));
        if joins(byte) && !ends {
            return false;
        }
    }
    !is_encoded(text, range) && !is_in_block(text, range)
}

/// The letter before a place; none where an escape ends there, such as `\n` in JSON, `%3D` in an
/// address, or what turns a terminal's colour.
fn letter_before(text: &[u8], at: usize) -> Option<u8> {
    let before = text.get(..at)?;
    let hex = |digits: &[u8]| digits.iter().all(u8::is_ascii_hexdigit);
    match before {
        [.., b'\\', b'n' | b'r' | b't'] => None,
        [.., b'%', a, b] | [.., b'\\', b'x', a, b] if hex(&[*a, *b]) => None,
        [.., b'\\', b'u', a, b, c, d] if hex(&[*a, *b, *c, *d]) => None,
        _ if ends_in_control(before) => None,
        _ => before.last().copied(),
    }
}

/// It ends in a control sequence (ECMA-48, section 5.4), as it is or as source code writes its first byte.
fn ends_in_control(before: &[u8]) -> bool {
    /// Bytes of its parameters that are looked at.
    const PARAMETERS: usize = 24;
    let Some((b'@'..=b'~', before)) = before.split_last() else {
        return false;
    };
    let parameter = |byte: &&u8| matches!(byte, b'0'..=b'?');
    let length = (before.iter().rev())
        .take(PARAMETERS)
        .take_while(parameter)
        .count();
    let start = before.len() - length;
    let start = before
        .get(..start)
        .and_then(|start| start.strip_suffix(b"["));
    let escapes: [&[u8]; 7] = [
        b"\x1b", b"\\x1b", b"\\x1B", b"\\033", b"\\e", b"\\u001b", b"\\u001B",
    ];
    start.is_some_and(|start| escapes.iter().any(|escape| start.ends_with(escape)))
}

/// It stands in the middle of Base64.
fn is_encoded(text: &[u8], range: &Range<usize>) -> bool {
    let encoded = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let before = text.get(..range.start).unwrap_or_default();
    let after = text.get(range.end..).unwrap_or_default();
    let around: Vec<u8> = (before.iter().rev().take(64).take_while(encoded))
        .chain(after.iter().take(64).take_while(encoded))
        .copied()
        .collect();
    around.len() >= ENCODED
        && around.iter().any(u8::is_ascii_uppercase)
        && around.iter().any(u8::is_ascii_lowercase)
        && around.iter().any(u8::is_ascii_digit)
}

/// It is a line of a block of Base64, such as a certificate's, whose other lines are as long.
fn is_in_block(text: &[u8], range: &Range<usize>) -> bool {
    /// Letters of the shortest lines that programs break Base64 into, and of the longest.
    const LINES: std::ops::RangeInclusive<usize> = 60..=76;
    /// Bytes of a line with what source code puts around it.
    const LONGEST: usize = 120;
    let ends = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let head = text.get(..range.start).unwrap_or_default();
    let tail = text.get(range.end..).unwrap_or_default();
    let head = head.get(head.len().saturating_sub(2 * LONGEST)..);
    let tail = tail.get(..tail.len().min(2 * LONGEST));
    let mut before = head.unwrap_or_default().rsplit(ends);
    let mut after = tail.unwrap_or_default().split(ends);
    let (Some(first), Some(last)) = (before.next(), after.next()) else {
        return false;
    };
    let Some(token) = text.get(range.clone()) else {
        return false;
    };
    let line = [first, token, last].concat();
    let line = bare(&line);
    if !LINES.contains(&line.len()) || !line.iter().all(is_base64) {
        return false;
    }
    let near = [
        before.find(|line| !line.is_empty()),
        after.find(|line| !line.is_empty()),
    ];
    near.into_iter().flatten().any(|other| {
        let other = bare(other);
        // A list of tokens begins the same in each line.
        let like = other.len() == line.len() && other.get(..4) != line.get(..4);
        (like && other.iter().all(is_base64)) || other.starts_with(b"-----")
    })
}

/// A line without what source code puts around it.
fn bare(line: &[u8]) -> &[u8] {
    let letter = |byte: &u8| is_base64(byte) && *byte != b'+' || *byte == b'-';
    let start = line.iter().position(letter).unwrap_or(line.len());
    let end = line
        .iter()
        .rposition(is_base64)
        .map_or(start, |end| end + 1);
    let line = line.get(start..end.max(start)).unwrap_or_default();
    // `\n` before the closing quote.
    line.strip_suffix(b"\\n").unwrap_or(line)
}

fn is_base64(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// Nobody typed it as an example, and its check letters are right.
fn is_real(secret: &str, row: &Row) -> bool {
    let checked = match row.check {
        None => true,
        // A wrong sum is a token of a newer form, or none. What chance seems to have drawn is told all
        // the same: one that is missed costs more than one told in vain.
        Some(Check::Crc32) => checksum::ends_in_crc32(secret) || placeholder::is_drawn(secret),
        Some(Check::Snowflake) => is_snowflake(secret),
        Some(Check::Login) => return is_login(secret),
        Some(Check::Header) => return is_header_login(secret),
        Some(Check::Words) => {
            return !placeholder::is_placeholder(secret) && !placeholder::is_reference(secret);
        }
    };
    checked && !placeholder::is_typed(secret)
}

fn is_snowflake(token: &str) -> bool {
    let first = token.split('.').next().unwrap_or_default();
    checksum::base64(first.as_bytes())
        .is_some_and(|id| id.len() >= 15 && id.iter().all(u8::is_ascii_digit))
}

/// `name:password` in Base64, or a token, neither a placeholder.
fn is_login(text: &str) -> bool {
    match login(text) {
        Some((name, password)) => !name.is_empty() && is_password(&password),
        // An identity token is none of Base64's text.
        None => text.len() >= 40 && !placeholder::is_typed(text),
    }
}

/// What stands behind `Basic` or `Bearer`. Personal tokens of Azure DevOps have no name before the colon.
fn is_header_login(text: &str) -> bool {
    match login(text) {
        Some((_, password)) => is_password(&password),
        None => {
            !placeholder::is_typed(text)
                && !placeholder::is_placeholder(text)
                && !placeholder::is_reference(text)
        }
    }
}

/// The name and the password of a Basic login in Base64 (RFC 7617, section 2).
fn login(text: &str) -> Option<(String, String)> {
    let decoded = String::from_utf8(checksum::base64(text.as_bytes())?).ok()?;
    let (name, password) = decoded.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

fn is_password(password: &str) -> bool {
    let marks = ["${", "{{", "<", "***", "xxx"];
    !password.is_empty()
        && password.chars().all(|c| !c.is_control())
        && !marks.iter().any(|mark| password.contains(mark))
}
