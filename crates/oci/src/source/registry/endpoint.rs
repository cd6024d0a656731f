//! Where a registry's API is, and how its addresses are made.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;

use crate::digest::Digest;
use crate::reference::{Reference, ReferenceError};
use crate::source::SourceError;

/// The root of a registry's API, and what its repositories' names start with there.
///
/// A registry itself has no prefix; behind a gateway the prefix is the registry's host:
/// `https://page.example/v2/registry.example.com/team/app/…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    base: Url,
    prefix: Option<String>,
    /// What messages call it.
    name: Option<String>,
    is_docker_hub: bool,
}

impl Endpoint {
    /// A registry at a URL. Naming it with `http://` is the word that plain http is meant.
    #[must_use]
    pub const fn new(base: Url) -> Self {
        Self {
            base,
            prefix: None,
            name: None,
            is_docker_hub: false,
        }
    }

    /// The registry that a reference names; `plain` where it speaks http.
    pub fn of(reference: &Reference, plain: bool) -> Result<Self, SourceError> {
        let host = reference.api_host();
        let scheme = if plain { "http" } else { "https" };
        let url = format!("{scheme}://{host}/");
        let wrong = |reason: &str| SourceError::Forbidden {
            what: reference.to_string(),
            url: url.clone(),
            reason: reason.to_owned(),
        };
        let base = Url::parse(&url).map_err(|_| wrong("that is not a host name"))?;
        // `0x7f.1` and `2130706433` are other spellings of addresses, which rules on hosts would miss.
        let spelled = base
            .host_str()
            .is_some_and(|parsed| host.to_ascii_lowercase().starts_with(parsed));
        if !spelled && !host.starts_with('[') {
            return Err(wrong(
                "write the address in its usual form, as in 127.0.0.1",
            ));
        }
        Ok(Self {
            is_docker_hub: reference.is_docker_hub(),
            ..Self::new(base)
        })
    }

    /// The registry that a reference names, through a gateway whose root is `gateway`.
    #[must_use]
    pub fn through(gateway: Url, reference: &Reference) -> Self {
        Self {
            is_docker_hub: reference.is_docker_hub(),
            ..Self::named_at(gateway, reference.domain())
        }
    }

    /// What a gateway, whose root is `gateway`, has under `name`: a registry that its operator named so, or
    /// repositories of its own.
    #[must_use]
    pub fn named_at(gateway: Url, name: &str) -> Self {
        Self {
            prefix: Some(name.to_owned()),
            name: Some(name.to_owned()),
            ..Self::new(gateway)
        }
    }

    /// The same endpoint, which messages call `name` where they would name its host.
    #[must_use]
    pub fn called(self, name: &str) -> Self {
        Self {
            name: Some(name.to_owned()),
            ..self
        }
    }

    /// The same endpoint, whose errors speak of Docker Hub's limits.
    #[must_use]
    pub fn docker_hub(self) -> Self {
        Self {
            is_docker_hub: true,
            ..self
        }
    }

    pub(super) const fn base(&self) -> &Url {
        &self.base
    }

    /// Whether the registry is asked through a gateway.
    pub(super) const fn is_gateway(&self) -> bool {
        self.prefix.is_some()
    }

    /// What all names begin with there.
    pub(super) fn prefix(&self) -> Option<&str> {
        self.prefix.as_deref()
    }

    /// The registry's name for messages.
    pub(super) fn registry(&self) -> String {
        match &self.name {
            Some(name) => name.clone(),
            None if self.is_docker_hub => "Docker Hub".to_owned(),
            None => host_of(&self.base),
        }
    }

    /// A repository of it for messages: what a reference names, behind the registry's name.
    pub(super) fn repository(&self, reference: &Reference) -> String {
        match &self.name {
            Some(name) => format!("{name}/{}", reference.path()),
            None => reference.name(),
        }
    }

    /// The host that is asked, as files of credentials name it; none behind a gateway, which asks with its own.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn owner(&self) -> Option<String> {
        let host = host_of(&self.base);
        match host.as_str() {
            _ if self.prefix.is_some() => None,
            crate::reference::DOCKER_HUB_API => Some(crate::reference::DOCKER_HUB.to_owned()),
            _ => Some(host),
        }
    }

    /// The repository's whole name there.
    pub(super) fn name(&self, path: &str) -> String {
        match &self.prefix {
            Some(prefix) => format!("{prefix}/{path}"),
            None => path.to_owned(),
        }
    }

    /// `/v2/_catalog`, behind a gateway that of the registry.
    pub(super) fn catalog(&self) -> Url {
        match &self.prefix {
            Some(prefix) => self.url(prefix, "_catalog"),
            None => self.at("/v2/_catalog"),
        }
    }

    /// `/v2/NAME/REST`; both have been checked to hold nothing that could leave their place.
    pub(super) fn url(&self, name: &str, rest: &str) -> Url {
        self.at(&format!("/v2/{name}/{rest}"))
    }

    fn at(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url.set_query(None);
        url.set_fragment(None);
        url
    }
}

/// Host and, where it is not the usual one, port.
pub(super) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Whether a host is this machine, which engines talk to over plain http.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    host == "localhost" || literal(host).is_some_and(|address| address.is_loopback())
}

/// Whether a host is an address of the network's own, under which clouds give credentials to their machines.
pub(super) fn is_link_local(host: &str) -> bool {
    match literal(host).map(|address| address.to_canonical()) {
        Some(IpAddr::V4(v4)) => v4.is_link_local(),
        Some(IpAddr::V6(v6)) => {
            v6.is_unicast_link_local() || v6.segments() == [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254]
        }
        None => false,
    }
}

/// The IP address that a host is, if it is no name.
pub(super) fn literal(host: &str) -> Option<IpAddr> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok()
}

/// A domain of a reference without its port.
#[must_use]
pub fn without_port(domain: &str) -> &str {
    match domain.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => domain,
    }
}

/// What a registry is asked for in a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagOrDigest {
    /// A tag.
    Tag(String),
    /// A digest.
    Digest(Digest),
}

impl TagOrDigest {
    /// What a reference asks for: its digest, else its tag.
    #[must_use]
    pub fn of(reference: &Reference) -> Self {
        match reference.digest() {
            Some(digest) => Self::Digest(digest.clone()),
            None => Self::Tag(reference.wanted()),
        }
    }
}

impl FromStr for TagOrDigest {
    type Err = ReferenceError;

    /// Positions in errors are those of a reference `x:TAG` or `x@DIGEST`.
    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let separator = if text.contains(':') { '@' } else { ':' };
        let reference: Reference = format!("x{separator}{text}").parse()?;
        Ok(Self::of(&reference))
    }
}

impl fmt::Display for TagOrDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => f.write_str(tag),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_made_from_references() {
        let reference: Reference = "registry.example.com:5000/team/app".parse().unwrap();
        let direct = Endpoint::of(&reference, false).unwrap();
        assert_eq!(
            direct.url(&direct.name("team/app"), "manifests/1").as_str(),
            "https://registry.example.com:5000/v2/team/app/manifests/1"
        );
        let gateway = Endpoint::through(
            Url::parse("https://page.example/sub/?x#y").unwrap(),
            &reference,
        );
        assert_eq!(
            gateway.url(&gateway.name("team/app"), "tags/list").as_str(),
            "https://page.example/sub/v2/registry.example.com:5000/team/app/tags/list"
        );
        let hub = Endpoint::of(&"nginx".parse().unwrap(), false).unwrap();
        assert_eq!(hub.base().as_str(), "https://registry-1.docker.io/");
        let six = Endpoint::of(&"[::1]:5000/a".parse().unwrap(), true).unwrap();
        assert_eq!(six.base().as_str(), "http://[::1]:5000/");
    }

    #[test]
    fn disguised_addresses_are_refused() {
        for text in ["0x7f.1/a", "2130706433:80/a", "0177.0.0.1/a", "127.1/a"] {
            let reference: Reference = text.parse().unwrap();
            assert!(
                matches!(
                    Endpoint::of(&reference, false),
                    Err(SourceError::Forbidden { .. })
                ),
                "{text}"
            );
        }
        assert!(Endpoint::of(&"EXAMPLE.com/a".parse().unwrap(), false).is_ok());
    }

    #[test]
    fn loopback_hosts_are_known() {
        for (host, expected) in [
            ("localhost", true),
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("[::1]", true),
            ("10.0.0.1", false),
            ("localhost.example.com", false),
        ] {
            assert_eq!(is_loopback(host), expected, "{host}");
        }
        assert_eq!(without_port("[::1]:5000"), "[::1]");
        assert_eq!(without_port("localhost:5000"), "localhost");
        assert_eq!(without_port("[::1]"), "[::1]");
    }

    #[test]
    fn only_tags_and_digests_reach_an_address() {
        assert!(matches!("1.0".parse(), Ok(TagOrDigest::Tag(_))));
        let digest = Digest::sha256(b"").to_string();
        assert!(matches!(digest.parse(), Ok(TagOrDigest::Digest(_))));
        for bad in [
            "",
            "..",
            "a/b",
            "a?b",
            "sha256:../..",
            "1.0@sha256:00",
            "%2e",
        ] {
            assert!(bad.parse::<TagOrDigest>().is_err(), "{bad}");
        }
    }
}
