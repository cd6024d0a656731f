//! Variables: names that say that the value is a secret, and values that are some.

use super::placeholder::{is_placeholder, is_reference};

/// Last words of names whose values are secrets.
const LAST: [&str; 14] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "pass",
    "secret",
    "secrets",
    "token",
    "apikey",
    "credential",
    "credentials",
    "authkey",
    "accesskey",
    "secretkey",
];
/// Last two.
const LAST_TWO: [(&str, &str); 17] = [
    ("api", "key"),
    ("access", "key"),
    ("secret", "key"),
    ("private", "key"),
    ("auth", "key"),
    ("encryption", "key"),
    ("signing", "key"),
    ("account", "key"),
    ("master", "key"),
    ("service", "key"),
    ("app", "key"),
    ("license", "key"),
    ("key", "base"),
    ("secret", "id"),
    ("storage", "key"),
    ("deploy", "key"),
    ("jwt", "key"),
];

/// The name says that the value is a secret.
pub(super) fn is_secretive(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    match words.as_slice() {
        [] | ["pwd" | "oldpwd"] | ["pass"] => false,
        [.., "old", "pwd"] | [.., "public", "key"] => false,
        [.., a, b] if LAST_TWO.contains(&(a, b)) => true,
        [.., last] => {
            LAST.contains(last)
                || [
                    "password",
                    "passwd",
                    "secret",
                    "apikey",
                    "accesskey",
                    "secretkey",
                    "privatekey",
                ]
                .iter()
                .any(|end| last.ends_with(end))
                || (last.ends_with("token") && name.contains("Token"))
        }
    }
}

/// A value that is worth keeping to oneself, where its name says so.
pub(super) fn is_secret(value: &str) -> bool {
    let number = value.len() < 4 && value.bytes().all(|byte| byte.is_ascii_digit());
    !is_placeholder(value) && !is_reference(value) && !number
}

/// The line of the first variable with a value in an environment file, one that is named as a
/// secret before all others; `secretive` looks for no others.
pub(super) fn first_value(content: &[u8], secretive: bool) -> Option<u32> {
    let mut any = None;
    for (number, line) in (1..).zip(content.split(|byte| *byte == b'\n')) {
        let Some((name, value)) = std::str::from_utf8(line).ok().and_then(assignment) else {
            continue;
        };
        if is_secretive(name) && is_secret(value) {
            return Some(number);
        }
        if any.is_none() && !is_placeholder(value) && !is_switch(value) {
            any = Some(number);
        }
    }
    any.filter(|_| !secretive)
}

/// A number, a switch, or what environments and levels of logs are called: nothing that tells a stranger anything.
fn is_switch(value: &str) -> bool {
    const WORDS: [&str; 22] = [
        "true",
        "false",
        "yes",
        "no",
        "on",
        "off",
        "none",
        "null",
        "production",
        "prod",
        "staging",
        "stage",
        "development",
        "dev",
        "test",
        "testing",
        "local",
        "debug",
        "info",
        "warn",
        "error",
        "trace",
    ];
    let number = value.len() < 8 && value.bytes().all(|byte| byte.is_ascii_digit());
    number || WORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// `NAME=value`, `export NAME="value"`.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    let (name, value) = line.split_once('=')?;
    let name = name.trim_end();
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if name.is_empty() || !name.chars().all(plain) {
        return None;
    }
    let value = value.trim();
    let value = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => value.get(1..)?.split(quote).next()?,
        _ => value.split(" #").next()?.trim_end(),
    };
    Some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_say_so() {
        for name in [
            "DB_PASSWORD",
            "PGPASSWORD",
            "MYSQL_PWD",
            "API_TOKEN",
            "NPM_TOKEN",
            "CLIENT_SECRET",
            "SECRET_KEY_BASE",
            "OPENAI_API_KEY",
            "apiKey_secret",
            "dbPassword",
            "accessToken",
            "AWS_SECRET_ACCESS_KEY",
            "JWT_SECRET",
            "app.password",
        ] {
            assert!(is_secretive(name), "{name}");
        }
        for name in [
            "PWD",
            "OLDPWD",
            "GPG_KEY",
            "GPG_KEYS",
            "PATH",
            "TOKEN_LIFETIME",
            "PASSWORD_FILE",
            "DATABASE_PASSWORD_FILE",
            "SSH_PUBLIC_KEY",
            "MAX_TOKENS",
            "KEYBOARD",
            "MONKEY",
            "PASS",
            "SECRETARY",
            "NODE_VERSION",
            "tokenizer",
        ] {
            assert!(!is_secretive(name), "{name}");
        }
    }

    #[test]
    fn a_value_named_as_a_secret_is_told_first() {
        let file = b"A=1234\n# PASSWORD=hunter2\nexport DB_PASSWORD=\"hunter2\" # here\n";
        assert_eq!(first_value(file, false), Some(3));
        assert_eq!(first_value(b"\nHOST=db.internal\n", false), Some(2));
        assert_eq!(first_value(b"\nHOST=db.internal\n", true), None);
        let harmless = b"PORT=80\nNODE_ENV=production\nDEBUG=1\nLEVEL=Info\n";
        assert_eq!(first_value(harmless, false), None);
        assert_eq!(
            first_value(b"PASSWORD=\nTOKEN=${X}\nKEY=changeme\n\xff=1\n", false),
            None
        );
    }
}
