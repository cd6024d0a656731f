//! Placeholders: what stands where a secret belongs, in examples and templates.

use std::collections::BTreeSet;

/// Words that people write instead of a secret.
const WORDS: [&str; 48] = [
    "password",
    "passwd",
    "passw0rd",
    "pass",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "key",
    "value",
    "string",
    "changeme",
    "change_me",
    "change-me",
    "changeit",
    "changethis",
    "example",
    "sample",
    "dummy",
    "fake",
    "mock",
    "test",
    "testing",
    "placeholder",
    "todo",
    "tbd",
    "fixme",
    "none",
    "null",
    "nil",
    "undefined",
    "empty",
    "default",
    "redacted",
    "hidden",
    "masked",
    "removed",
    "foo",
    "bar",
    "foobar",
    "true",
    "false",
    "yes",
    "no",
    "anonymous",
    "guest",
];
/// What a placeholder begins with.
const BEGINS: [&str; 16] = [
    "your",
    "my_",
    "my-",
    "insert",
    "enter",
    "replace",
    "change_",
    "change-",
    "changeme",
    "put_",
    "add_",
    "some_",
    "some-",
    "xxx",
    "secret_here",
    "example",
];
/// What marks text that a program fills in, or that names where the secret is.
const MARKS: [&str; 18] = [
    "${",
    "$(",
    "{{",
    "}}",
    "<%",
    "%>",
    "#{",
    "...",
    "…",
    "***",
    "•••",
    "example",
    "placeholder",
    "changeme",
    "change_me",
    "your_",
    "your-",
    "redacted",
];

/// A password or the like that is none: a word, a variable, a mark.
pub(super) fn is_placeholder(value: &str) -> bool {
    let value = value.trim();
    let lower = value.to_ascii_lowercase();
    if value.chars().count() < 3 || is_filled(value) {
        return true;
    }
    match value.as_bytes() {
        [b'$', name @ ..]
            if name
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') =>
        {
            return true;
        }
        [b'<', .., b'>'] | [b'[', .., b']'] | [b'{', .., b'}'] => return true,
        [b'%', .., b'%'] | [b'@', .., b'@'] | [b'`', ..] | [b'_', b'_', .., b'_'] => return true,
        _ => {}
    }
    WORDS.contains(&lower.as_str())
        || BEGINS.iter().any(|begin| lower.starts_with(begin))
        || MARKS.iter().any(|mark| lower.contains(mark))
}

/// A token of the right form that was typed and not drawn: an example, or the same letters again
/// and again.
pub(super) fn is_typed(token: &str) -> bool {
    let lower = token.to_ascii_lowercase();
    lower.contains("example") || lower.contains("xxxxx") || is_filled(token)
}

/// Letters as chance draws them: of every sort, many different ones, and not in the alphabet's order.
pub(super) fn is_drawn(token: &str) -> bool {
    let letters = token.split_once('_').map_or(token, |(_, letters)| letters);
    let mut different = letters.as_bytes().to_vec();
    different.sort_unstable();
    different.dedup();
    let successors = letters.bytes().zip(letters.bytes().skip(1));
    let in_order = successors.filter(|(one, next)| one.checked_add(1) == Some(*next));
    different.len() >= 16
        && in_order.count() < letters.len() / 4
        && letters.bytes().any(|letter| letter.is_ascii_digit())
        && letters.bytes().any(|letter| letter.is_ascii_uppercase())
        && letters.bytes().any(|letter| letter.is_ascii_lowercase())
}

/// It has very few letters, or one many times in a row.
fn is_filled(value: &str) -> bool {
    let body = value.as_bytes();
    // What comes after a prefix counts.
    let tail = body.get(body.len() / 2..).unwrap_or_default();
    let different = tail.iter().collect::<BTreeSet<_>>().len();
    let least = match tail.len() {
        0..3 => 1,
        3..8 => 2,
        _ => 4,
    };
    let run = body.chunk_by(|a, b| a == b).map(<[u8]>::len).max();
    different < least || run.is_some_and(|run| run >= 8)
}

/// A value that says where a secret is, and is none: a file, an address without a password, a
/// reference into a store, a number or a switch.
pub(super) fn is_reference(value: &str) -> bool {
    const STORES: [&str; 16] = [
        "/run/", "/etc/", "/var/", "/home/", "/root/", "/opt/", "/usr/", "/tmp/", "/mnt/", "/app/",
        "/secrets", "./", "~/", "file:", "arn:", "op://",
    ];
    const SCHEMES: [&str; 6] = ["vault:", "secretsmanager:", "ssm:", "env:", "sm://", "gcp:"];
    const SWITCHES: [&str; 8] = [
        "on", "off", "enabled", "disabled", "required", "optional", "auto", "prompt",
    ];
    let lower = value.to_ascii_lowercase();
    STORES
        .iter()
        .chain(&SCHEMES)
        .any(|begin| lower.starts_with(begin))
        || SWITCHES.contains(&lower.as_str())
        || value.contains("://")
        || is_path(value)
        || is_drive(value)
}

/// `/srv/login.json`: letters drawn at random have a capital among them.
fn is_path(value: &str) -> bool {
    let plain = |byte: u8| {
        byte.is_ascii_lowercase()
            || byte.is_ascii_digit()
            || matches!(byte, b'/' | b'.' | b'-' | b'_')
    };
    value.starts_with('/') && value.bytes().all(plain)
}

/// `C:\…`.
fn is_drive(value: &str) -> bool {
    matches!(value.as_bytes(), [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_known_and_passwords_are_not() {
        for text in [
            "",
            "xx",
            "changeme",
            "xxxxxxxx",
            "********",
            "${TOKEN}",
            "$TOKEN",
            "<password>",
            "{{ token }}",
            "your-token-here",
            "YOUR_API_KEY",
            "null",
            "[REDACTED]",
            "%PASSWORD%",
            "$(cat /run/secret)",
            "aaaaaaaaaaaa",
            "placeholder-token",
            "test",
            "__TOKEN__",
            "...",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in [
            "hunter2",
            "S3cr3t!pass",
            "correct-horse",
            "postgres",
            "$ecret9!",
            "p4$$w0rd",
        ] {
            assert!(!is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn files_and_stores_are_named_and_not_given() {
        for text in [
            "/run/secrets/db",
            "https://auth.example.org/token",
            "vault:kv/db",
            "off",
            "C:\\x",
        ] {
            assert!(is_reference(text), "{text}");
        }
        for text in ["hunter2", "/3kQ+x9vLw", "a:b"] {
            assert!(!is_reference(text), "{text}");
        }
    }
}
