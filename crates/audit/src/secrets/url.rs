//! Passwords in URLs (RFC 3986, section 3.2.1: `user:password@`).

use super::SecretRule;
use super::found::Hit;
use super::placeholder::{is_placeholder, is_reference};

/// Bytes of user and password that are looked at.
const LONGEST: usize = 300;

/// A password in the URL whose `://` is at `at`.
pub(super) fn password(text: &[u8], at: usize) -> Option<Hit> {
    let scheme = text.get(..at)?.iter().rev().take(24);
    if !scheme.clone().next()?.is_ascii_alphanumeric() {
        return None;
    }
    let start = at + 3;
    let authority = text.get(start..)?.iter().take(LONGEST);
    let ends = |byte: &&u8| {
        byte.is_ascii_graphic()
            && !matches!(
                byte,
                b'/' | b'?' | b'#' | b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\' | b'|' | b' '
            )
    };
    let length = authority.take_while(ends).count();
    let authority = std::str::from_utf8(text.get(start..start + length)?).ok()?;
    let (login, host) = authority.rsplit_once('@')?;
    let (user, password) = login.split_once(':')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._[]:".contains(c);
    let real = host.starts_with(plain)
        && !password.is_empty()
        && !is_placeholder(password)
        && !is_reference(password)
        && !user.eq_ignore_ascii_case(password)
        && !is_name(password)
        && !password.contains(['$', '{', '}', '[', ']', '(', ')', '<', '>'])
        && !user.contains(['$', '{', '<', '(']);
    let from = start + user.len() + 1;
    real.then(|| Hit {
        rule: SecretRule::URL,
        range: from..from + password.len(),
    })
}

/// What documentation writes where a password belongs.
fn is_name(password: &str) -> bool {
    let lower = password.to_ascii_lowercase();
    let words = [
        "pwd", "pw", "pass", "password", "passwd", "secret", "token", "user", "username",
    ];
    let plain = lower.trim_matches(|c: char| c.is_ascii_digit() || !c.is_ascii_alphanumeric());
    words.contains(&plain) || lower.contains("password") || lower.starts_with("pass_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<&str> {
        let hit = password(text.as_bytes(), text.find("://")?)?;
        text.get(hit.range)
    }

    #[test]
    fn passwords_in_urls() {
        for (text, password) in [
            ("postgres://app:Xk29vLqp@db:5432/app", "Xk29vLqp"),
            ("https://build:4f9QzT7w@git.example.org/a.git", "4f9QzT7w"),
            ("redis://:p2W8rT5y@cache", "p2W8rT5y"),
            ("url: 'amqp://a:x@y7Kq2@host'", "x@y7Kq2"),
        ] {
            assert_eq!(found(text), Some(password), "{text}");
        }
        for text in [
            "https://example.org/a:b@c",
            "https://user:password@host/",
            "https://user:pass123@host/",
            "postgres://${USER}:${PASSWORD}@db",
            "postgres://app:$PASSWORD@db",
            "postgres://postgres:postgres@db",
            "https://build@git.example.org",
            "https://user:<password>@host",
            "://a:b7vQ2x@c",
            "https://a:@b",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
