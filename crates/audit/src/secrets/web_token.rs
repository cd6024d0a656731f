//! JSON web tokens (RFC 7519) that open something: signed, and for somebody.

use serde_json::{Map, Value};

use super::SecretRule;
use super::checksum::base64;
use super::found::Hit;
use super::word::is_word;

/// Longer ones are not looked at.
const LONGEST: usize = 8 << 10;

/// A token that begins at `at`.
pub(super) fn at(text: &[u8], at: usize) -> Option<Hit> {
    let joins = |byte: u8| is_word(byte) || matches!(byte, b'-' | b'.' | b'+' | b'/');
    if at > 0 && text.get(at - 1).copied().is_some_and(joins) {
        return None;
    }
    let part = |byte: &&u8| is_word(**byte) || matches!(byte, b'-' | b'.');
    let length = text
        .get(at..)?
        .iter()
        .take(LONGEST)
        .take_while(part)
        .count();
    if length == LONGEST || matches!(text.get(at + length), Some(b'+' | b'/' | b'=')) {
        return None;
    }
    let token = text.get(at..at + length)?;
    let mut parts = token.split(|byte| *byte == b'.');
    let (head, claims, signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || signature.len() < 40 {
        return None;
    }
    let object =
        |part| -> Option<Map<String, Value>> { serde_json::from_slice(&base64(part)?).ok() };
    let (head, claims) = (object(head)?, object(claims)?);
    let signed = head.get("alg")?.as_str().is_some_and(|alg| alg != "none");
    // Tokens of a service that browsers are given, and the one of every tutorial.
    let public = claims.get("role").is_some_and(|role| role == "anon")
        || claims.get("sub").is_some_and(|sub| sub == "1234567890");
    let for_somebody = ["iss", "sub", "aud", "role"]
        .iter()
        .any(|claim| claims.contains_key(*claim));
    (signed && for_somebody && !public).then(|| Hit {
        rule: SecretRule::WEB_TOKEN,
        range: at..at + length,
    })
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn token(head: &str, claims: &str) -> String {
        let signature = "Zm9yIHNvbWVib2R5IHdobyBrbm93cyB0aGUga2V5cw-x";
        [
            URL_SAFE_NO_PAD.encode(head),
            URL_SAFE_NO_PAD.encode(claims),
            signature.to_owned(),
        ]
        .join(".")
    }

    #[test]
    fn signed_tokens_for_somebody() {
        let (head, claims) = (
            r#"{"alg":"RS256"}"#,
            r#"{"iss":"kubernetes/serviceaccount"}"#,
        );
        let found = |text: &str| at(text.as_bytes(), 0).is_some();
        assert!(found(&token(head, claims)));
        assert!(!found(&token(r#"{"alg":"none"}"#, claims)));
        assert!(!found(&token(
            head,
            r#"{"sub":"1234567890","name":"John Doe"}"#
        )));
        assert!(!found(&token(head, r#"{"role":"anon","iss":"x"}"#)));
        assert!(!found(&token(head, "{}")));
        assert!(!found(&format!("{}.x", token(head, claims))));
        assert!(!found("eyJhbGciOiJSUzI1NiJ9.e30"));
        assert!(at(format!("x{}", token(head, claims)).as_bytes(), 1).is_none());
    }
}
