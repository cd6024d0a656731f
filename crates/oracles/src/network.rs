//! What a registry writes into headers, and where it leads: whatever stands there, it is read the same again, and leads to no
//! place that the rules exclude.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use onionskin_core::source::registry::readers::{
    Challenge, allowed_realm, challenges, is_public, next_page, page_addresses, trusted_realm,
};
use onionskin_core::source::registry::{AllowedHost, Url, reqwest};
use onionskin_core::source::{Credentials, stored_in};
use reqwest::header::{HeaderMap, HeaderValue, LINK};

fn url(text: &str) -> Url {
    Url::parse(text).expect("a URL of our own making")
}

/// Challenges that are written out are read back as the same.
pub(crate) fn challenge(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let found = challenges(text);
    assert!(found.len() <= text.len());
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let written: Vec<String> = found
        .iter()
        .map(|challenge| match challenge {
            Challenge::Basic => "Basic realm=\"x\"".to_owned(),
            Challenge::Bearer { realm, service } => {
                let realm = format!("Bearer realm={}", quoted(realm));
                match service {
                    Some(service) => format!("{realm},service={}", quoted(service)),
                    None => realm,
                }
            }
        })
        .collect();
    assert_eq!(challenges(&written.join(", ")), found, "{text}");
}

/// A link to a next page leads to the same list of the same registry.
pub(crate) fn link(data: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(data) else {
        return;
    };
    let list = url("https://registry.example:8443/v2/team/app/tags/list");
    let headers = HeaderMap::from_iter([(LINK, value)]);
    let Ok(Some(next)) = next_page(&headers, &list, &list) else {
        return;
    };
    let (theirs, own) = page_addresses(&list, Some(&next));
    for address in [Some(theirs), own].into_iter().flatten() {
        assert_eq!(address.origin(), list.origin(), "{next}");
        assert!(address.username().is_empty(), "{next}");
        let path = address.path();
        assert!(path.contains('%') || path.ends_with("/tags/list"), "{next}");
    }
}

/// The first byte chooses the registry; the rest is what it names as its token server.
pub(crate) fn realm(data: &[u8]) {
    const REGISTRIES: [&str; 4] = [
        "https://registry.example.com/",
        "http://registry.test/",
        "http://127.0.0.1:5000/",
        "https://10.0.0.5:5000/",
    ];
    let Some((which, realm)) = data.split_first() else {
        return;
    };
    let Ok(realm) = std::str::from_utf8(realm) else {
        return;
    };
    let registry = url(REGISTRIES[usize::from(*which) % REGISTRIES.len()]);
    let Ok(realm) = allowed_realm(realm, &registry, |_| false) else {
        return;
    };
    assert!(realm.scheme() == "https" || registry.scheme() == "http");
    assert!(realm.username().is_empty() && realm.password().is_none());
    let same = realm.host() == registry.host()
        && realm.port_or_known_default() == registry.port_or_known_default();
    let host = realm.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<IpAddr>().is_ok() || host == "localhost" {
        assert!(same, "{realm} for {registry}");
    }
    if trusted_realm(&realm, &registry) {
        assert!(same || realm.scheme() == "https", "{realm} for {registry}");
    }
}

/// The first 16 bytes are an address; the rest is what somebody gives to `--allow-host`.
pub(crate) fn guard(data: &[u8]) {
    let Some((address, rest)) = data.split_first_chunk::<16>() else {
        return;
    };
    let v6 = Ipv6Addr::from(*address);
    if is_public(v6.into()) {
        let local = v6.is_loopback() || v6.is_unspecified() || v6.is_multicast();
        assert!(
            !local && !v6.is_unicast_link_local() && !v6.is_unique_local(),
            "{v6}"
        );
    }
    let v4 = Ipv4Addr::from_bits(v6.to_bits() as u32);
    if is_public(v4.into()) {
        let local = v4.is_loopback() || v4.is_private() || v4.is_link_local();
        let none = v4.is_unspecified() || v4.is_broadcast() || v4.is_documentation();
        assert!(!local && !none && !v4.is_multicast(), "{v4}");
    }
    let nat64 = Ipv6Addr::from_bits((0x64_ff9b_u128 << 96) | u128::from(v4.to_bits()));
    for inside in [v4.to_ipv6_mapped(), nat64] {
        assert_eq!(is_public(inside.into()), is_public(v4.into()), "{inside}");
    }
    let text = String::from_utf8_lossy(rest);
    if let Ok(host) = text.parse::<AllowedHost>() {
        assert_eq!(host.to_string().parse::<AllowedHost>(), Ok(host));
    }
}

/// A file of credentials is read, or its entry is named; nothing of what is secret in it is printed.
pub(crate) fn credentials(data: &[u8]) {
    for (registry, repository) in [
        ("docker.io", "library/nginx"),
        ("registry.example.com:5000", "team/app"),
    ] {
        match stored_in(data, registry, repository) {
            Ok(Some(found)) => {
                let secret = match &found {
                    Credentials::Password { password, .. } => password,
                    Credentials::IdentityToken(token) | Credentials::RegistryToken(token) => token,
                };
                let shown = format!("{found:?}");
                assert!(shown.len() < 20 && (secret.len() < 16 || !shown.contains(secret)));
            }
            Ok(None) => {}
            Err(key) => {
                let file = String::from_utf8_lossy(data);
                assert!(file.contains(&key) || file.contains('\\'), "{key:?}");
            }
        }
    }
}
