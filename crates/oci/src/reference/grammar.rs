//! What a domain, a path and a tag may consist of, with the place of the first character that does not fit.
//!
//! Sources: distribution/reference, regexp.go and normalize.go; OCI distribution specification, "Pulling manifests".

use std::net::Ipv6Addr;

use super::{ReferenceError, TAG_LENGTH};

/// Whether the part before the first slash names a registry rather than a part of the path.
pub(super) fn is_domain(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':']) || first.chars().any(char::is_uppercase)
}

pub(super) fn check_domain(domain: &str) -> Result<(), ReferenceError> {
    let (host, port) = if domain.starts_with('[') {
        let ipv6 = || ReferenceError::Ipv6 {
            domain: domain.to_owned(),
        };
        let (address, port) = domain.split_once(']').ok_or_else(ipv6)?;
        let address = address.trim_start_matches('[');
        let only_hex = address.chars().all(|c| c.is_ascii_hexdigit() || c == ':');
        if !only_hex || address.parse::<Ipv6Addr>().is_err() {
            return Err(ipv6());
        }
        match port.strip_prefix(':') {
            Some(port) => (None, Some(port)),
            None if port.is_empty() => (None, None),
            None => return Err(ipv6()),
        }
    } else {
        match domain.split_once(':') {
            Some((host, port)) => (Some(host), Some(port)),
            None => (Some(domain), None),
        }
    };
    if let Some(host) = host {
        check_host(host, domain)?;
    }
    match port {
        Some(port) if !port.bytes().all(|b| b.is_ascii_digit()) || !is_port(port) => {
            Err(ReferenceError::Port {
                port: port.to_owned(),
                at: domain.chars().count() - port.chars().count() + 1,
            })
        }
        _ => Ok(()),
    }
}

fn is_port(digits: &str) -> bool {
    digits.parse::<u16>().is_ok_and(|port| port > 0)
}

fn check_host(host: &str, domain: &str) -> Result<(), ReferenceError> {
    let stray = |c: &char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-');
    if let Some((index, found)) = host.chars().enumerate().find(|(_, c)| stray(c)) {
        return Err(ReferenceError::DomainCharacter {
            domain: domain.to_owned(),
            at: index + 1,
            found,
        });
    }
    let mut at = 1;
    for part in host.split('.') {
        if part.is_empty() || part.starts_with('-') || part.ends_with('-') {
            return Err(ReferenceError::DomainPart {
                domain: domain.to_owned(),
                at,
            });
        }
        at += part.len() + 1;
    }
    Ok(())
}

pub(super) fn check_path(path: &str, before: usize) -> Result<(), ReferenceError> {
    let mut at = before + 1;
    for part in path.split('/') {
        check_path_part(part, at)?;
        at += part.chars().count() + 1;
    }
    Ok(())
}

/// One part of the path, whose first character is the reference's character `start`.
fn check_path_part(part: &str, start: usize) -> Result<(), ReferenceError> {
    if part.is_empty() {
        return Err(ReferenceError::EmptyPart { at: start });
    }
    // The run of separators that ends here, and where it began.
    let mut run = String::new();
    for (at, c) in (start..).zip(part.chars()) {
        match c {
            'a'..='z' | '0'..='9' => run.clear(),
            '.' | '_' | '-' => {
                run.push(c);
                let allowed = at > start
                    && (matches!(run.as_str(), "." | "_" | "__") || run.chars().all(|c| c == '-'));
                if !allowed {
                    return Err(ReferenceError::Separator { at, found: c });
                }
            }
            found if found.is_uppercase() => return Err(ReferenceError::UpperCase { at, found }),
            found => return Err(ReferenceError::NameCharacter { at, found }),
        }
    }
    match run.chars().last() {
        Some(found) => Err(ReferenceError::Separator {
            at: start + part.len() - 1,
            found,
        }),
        None => Ok(()),
    }
}

/// A tag whose colon is the reference's character `colon`.
pub(super) fn check_tag(tag: &str, colon: usize) -> Result<(), ReferenceError> {
    if tag.is_empty() {
        return Err(ReferenceError::EmptyTag { at: colon });
    }
    for (index, found) in tag.chars().enumerate() {
        let fits = found.is_ascii_alphanumeric()
            || found == '_'
            || (index > 0 && matches!(found, '.' | '-'));
        if !fits {
            return Err(ReferenceError::TagCharacter {
                at: colon + index + 1,
                found,
            });
        }
    }
    if tag.len() > TAG_LENGTH {
        return Err(ReferenceError::TagTooLong { length: tag.len() });
    }
    Ok(())
}
