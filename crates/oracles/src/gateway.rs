//! What a client asks of the gateway: an address is one thing, and leads a registry nowhere else.

use onionskin_gateway::readers::{self, Asked};
use percent_encoding::percent_decode_str;

/// A path below `/v2/` is read as what it says, or refused.
pub(crate) fn route(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Some(asked) = readers::route(text) {
        assert_eq!(readers::route(&asked.path).as_ref(), Some(&asked), "{text}");
        assert_eq!(decoded(&asked.path), decoded(text), "{text}");
        leads_nowhere_else(&asked, text);
    }
}

/// A badge's address, whose query a zero byte parts from its path, is read as what it says, or refused.
pub(crate) fn badge(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (path, query) = match text.split_once('\0') {
        Some((path, query)) => (path, Some(query)),
        None => (text, None),
    };
    if let Some(asked) = readers::badge(&format!("/badge/{path}"), query) {
        let again = readers::badge(&asked.path, query);
        assert_eq!(again.as_ref(), Some(&asked), "{text:?}");
        let name = asked.name.as_deref().unwrap_or_default().as_bytes();
        let image = decoded(path);
        let rest = image
            .strip_prefix(name)
            .expect("the path begins with the name");
        assert!(matches!(rest, [] | [b':' | b'@', ..]), "{text:?}");
        leads_nowhere_else(&asked, text);
    }
}

fn decoded(path: &str) -> Vec<u8> {
    percent_decode_str(path).collect()
}

/// What becomes part of a URL at a registry stays one path below `/v2/`.
fn leads_nowhere_else(asked: &Asked, text: &str) {
    for part in [&asked.repository, &asked.pointer].into_iter().flatten() {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-:/".contains(c);
        assert!(part.chars().all(plain), "{part:?} of {text:?}");
        let is_name = |part: &str| !matches!(part, "" | "." | "..");
        assert!(part.split('/').all(is_name), "{part:?} of {text:?}");
    }
    let pointer = asked.pointer.as_deref().unwrap_or_default();
    assert!(!pointer.contains('/'), "{pointer:?} of {text:?}");
    let repository = asked.repository.as_deref().unwrap_or_default();
    assert!(!repository.contains(':'), "{repository:?} of {text:?}");
}
