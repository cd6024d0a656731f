//! Private keys as text: PEM (RFC 7468, RFC 1421, OpenSSH, OpenPGP) and PuTTY's own form.
//!
//! A header alone is no key: programs that read keys have the headers in them. There has to be a
//! body that is one, and a footer.

use super::SecretRule;
use super::checksum::base64;
use super::found::Hit;

/// Bytes of the longest key; one of 16,384 bits takes 13,000.
pub(super) const LONGEST: usize = 64 << 10;
/// Bytes that a key has at least: one of Ed25519 in PKCS #8 has 48.
const LEAST: usize = 40;
/// Different letters in its body: the shortest keys have thirty.
const LETTERS: usize = 16;
const DASHES: &[u8] = b"-----";

/// A private key whose `-----BEGIN ` is at `at`.
pub(super) fn pem(text: &[u8], at: usize) -> Option<Hit> {
    let text = text.get(..text.len().min(at.saturating_add(LONGEST)))?;
    let rest = text.get(at + b"-----BEGIN ".len()..)?;
    let length = find(rest.get(..rest.len().min(64))?, DASHES)?;
    let label = rest.get(..length)?;
    if !(label.ends_with(b"PRIVATE KEY") || label == b"PGP PRIVATE KEY BLOCK") {
        return None;
    }
    let body = rest.get(length + DASHES.len()..)?;
    let footer = [b"-----END ", label, DASHES].concat();
    // Nothing in a body has dashes; so no text is looked through for one header after the other.
    let end = find(body, DASHES)?;
    let content = body.get(..end)?;
    if !body.get(end..)?.starts_with(&footer) || !is_body(content) {
        return None;
    }
    let head = text.get(..at).unwrap_or_default();
    let service = |text: &[u8]| find(text, b"\"service_account\"").is_some();
    let around = head
        .get(head.len().saturating_sub(1024)..)
        .unwrap_or_default();
    let after = body
        .get(end..body.len().min(end + 2048))
        .unwrap_or_default();
    let rule = if service(around) || service(after) {
        SecretRule::SERVICE_ACCOUNT
    } else {
        SecretRule::PRIVATE_KEY
    };
    let start = text.len() - body.len();
    Some(Hit {
        rule,
        range: start..start + end,
    })
}

/// A private key in PEM, in Base64 once more, as kubeconfigs and secrets of Kubernetes have it.
pub(super) fn encoded(text: &[u8], at: usize) -> Option<Hit> {
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let before = at.checked_sub(1).and_then(|at| text.get(at));
    if before.is_some_and(letter) {
        return None;
    }
    let rest = text.get(at..)?.iter().take(LONGEST * 4 / 3);
    let letters = rest.clone().take_while(|byte| letter(byte)).count();
    let padding = rest.skip(letters).take(2).take_while(|byte| **byte == b'=');
    let length = letters + padding.count();
    let decoded = base64(text.get(at..at + length)?)?;
    let begin = find(&decoded, b"-----BEGIN ")?;
    // A bundle may begin with certificates.
    let begins = decoded.windows(11).enumerate().skip(begin);
    let mut begins = begins
        .filter(|(_, window)| *window == b"-----BEGIN ")
        .take(8);
    begins.find_map(|(begin, _)| pem(&decoded, begin))?;
    Some(Hit {
        rule: SecretRule::PRIVATE_KEY,
        range: at..at + length,
    })
}

/// A private key in the form of PuTTY (its documentation, appendix C).
pub(super) fn putty(text: &[u8], at: usize) -> Option<Hit> {
    let rest = text.get(at..text.len().min(at.saturating_add(LONGEST)))?;
    let lines = find(rest, b"\nPrivate-Lines: ")? + b"\nPrivate-Lines: ".len();
    let after = rest.get(lines..)?;
    let digits = after
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let body = after.get(digits..)?;
    let key = find(body, b"\nPrivate-M").unwrap_or(body.len());
    let letters: Vec<u8> = body
        .get(..key)?
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let long = base64(&letters).is_some_and(|key| key.len() >= 32);
    (digits > 0 && long).then(|| Hit {
        rule: SecretRule::PRIVATE_KEY,
        range: at + lines + digits..at + lines + digits + key,
    })
}

/// What stands between header and footer is long enough, whole, and nothing that was typed.
///
/// What the bytes mean is not asked: they may be encrypted in more ways than are written down.
fn is_body(content: &[u8]) -> bool {
    let letters = body(content);
    let whole = letters.len().is_multiple_of(4);
    let mut seen = letters.clone();
    seen.sort_unstable();
    seen.dedup();
    whole && seen.len() >= LETTERS && base64(&letters).is_some_and(|key| key.len() >= LEAST)
}

/// The letters of a body, without its headers, ends of lines in whatever form, and quotes around
/// lines in source code.
fn body(content: &[u8]) -> Vec<u8> {
    let mut letters = Vec::new();
    for line in lines(content) {
        let line = line.trim_ascii();
        if line.contains(&b':') {
            continue;
        }
        // The check sum of OpenPGP's armor.
        if line.len() == 5 && line.starts_with(b"=") {
            continue;
        }
        let quotes = |byte: &u8| matches!(byte, b'"' | b'\'');
        let line = match (line.iter().position(quotes), line.iter().rposition(quotes)) {
            (Some(first), Some(last)) if last > first => {
                line.get(first + 1..last).unwrap_or_default()
            }
            (Some(0), _) => line.get(1..).unwrap_or_default(),
            (Some(only), _) => line.get(..only).unwrap_or_default(),
            _ => line,
        };
        // What joins the lines of source code.
        if matches!(line.trim_ascii(), [b'+' | b',' | b';' | b'.' | b'&']) {
            continue;
        }
        letters.extend(line.iter().filter(|byte| !byte.is_ascii_whitespace()));
    }
    letters
}

/// Lines that end as they do in a file, in JSON (`\n`), or in JSON within JSON.
fn lines(content: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    let mut rest = content;
    while let Some(at) = memchr::memchr3(b'\n', b'\r', b'\\', rest) {
        let (line, end) = rest.split_at(at);
        lines.push(line);
        let escapes = end.iter().take_while(|byte| **byte == b'\\').count();
        let letter = usize::from(escapes > 0 && matches!(end.get(escapes), Some(b'n' | b'r')));
        rest = end.get((escapes + letter).max(1)..).unwrap_or_default();
    }
    lines.push(rest);
    lines
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, what)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    /// A DER sequence of so many bytes.
    fn sequence(length: u16) -> Vec<u8> {
        let [high, low] = length.to_be_bytes();
        let body = (0..length).map(|n| n.wrapping_mul(31) as u8);
        [0x30, 0x82, high, low].into_iter().chain(body).collect()
    }

    fn wrapped(label: &str, headers: &str, key: &[u8]) -> String {
        let letters = STANDARD.encode(key);
        let lines: Vec<String> = letters
            .as_bytes()
            .chunks(64)
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect();
        format!(
            "-----BEGIN {label}-----\n{headers}{}\n-----END {label}-----\n",
            lines.join("\n")
        )
    }

    fn found(text: &str) -> Option<SecretRule> {
        let at = text.find("-----BEGIN ")?;
        pem(text.as_bytes(), at).map(|hit| hit.rule)
    }

    #[test]
    fn keys_of_every_label() {
        let key = sequence(600);
        let headers = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n";
        for (label, headers) in [
            ("RSA PRIVATE KEY", ""),
            ("RSA PRIVATE KEY", headers),
            ("EC PRIVATE KEY", ""),
            ("DSA PRIVATE KEY", ""),
            ("PRIVATE KEY", ""),
            ("ENCRYPTED PRIVATE KEY", ""),
            ("OPENSSH PRIVATE KEY", ""),
            ("PGP PRIVATE KEY BLOCK", "Version: x\n\n"),
        ] {
            let found = found(&wrapped(label, headers, &key));
            assert_eq!(found, Some(SecretRule::PRIVATE_KEY), "{label}");
        }
        // An Ed25519 key in PKCS #8 is the shortest.
        assert!(found(&wrapped("PRIVATE KEY", "", &sequence(44))).is_some());
    }

    #[test]
    fn keys_in_other_texts() {
        let pem = wrapped("PRIVATE KEY", "", &sequence(300));
        for text in [
            pem.replace('\n', "\\n"),
            pem.replace('\n', "\\\\n"),
            pem.replace('\n', "\r\n"),
            pem.replace('\n', " "),
            pem.replace('\n', "\n    "),
            pem.lines()
                .map(|line| format!("\"{line}\\n\" +\n"))
                .collect(),
            pem.lines().map(|line| format!("'{line}',\n")).collect(),
        ] {
            assert!(found(&text).is_some(), "{text}");
        }
        let service = format!(
            "{{\"type\": \"service_account\", \"private_key\": \"{}\"}}",
            pem.replace('\n', "\\n")
        );
        assert_eq!(found(&service), Some(SecretRule::SERVICE_ACCOUNT));
        let twice = format!("client-key-data: {}", STANDARD.encode(&pem));
        assert!(encoded(twice.as_bytes(), 17).is_some());
    }

    #[test]
    fn what_is_no_key() {
        let key = sequence(300);
        let whole = wrapped("PRIVATE KEY", "", &key);
        for text in [
            wrapped("PUBLIC KEY", "", &key),
            wrapped("CERTIFICATE", "", &key),
            wrapped("PGP PUBLIC KEY BLOCK", "", &key),
            wrapped("PGP MESSAGE", "", &key),
            // A letter short, without its footer, typed, too short.
            whole.replacen("MI", "M", 1),
            whole.replace("END", "BEGIN"),
            wrapped("PRIVATE KEY", "", &[7; 300]),
            wrapped("PRIVATE KEY", "", &sequence(20)),
            "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----".to_owned(),
            "-----BEGIN PRIVATE KEY-----\0-----END PRIVATE KEY-----".to_owned(),
        ] {
            assert_eq!(found(&text), None, "{text}");
        }
        let public = STANDARD.encode(wrapped("CERTIFICATE", "", &key));
        assert!(encoded(public.as_bytes(), 0).is_none());
    }

    #[test]
    fn putty_has_private_lines() {
        let letters = STANDARD.encode([9; 60]);
        let file = format!(
            "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPublic-Lines: 1\n{letters}\nPrivate-Lines: 1\n{letters}\nPrivate-MAC: 00\n"
        );
        assert!(putty(file.as_bytes(), 0).is_some());
        assert!(putty(file.replace("Private-Lines", "Public-Lines").as_bytes(), 0).is_none());
    }
}
