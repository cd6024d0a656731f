//! Which hosts may be contacted for a registry: checked for every redirect and token server, and again for the
//! address behind each name.
//!
//! A registry chooses where it redirects to and who gives its tokens, an image names its base, and whoever runs a
//! domain chooses its addresses. So private addresses are contacted only where a person named the host: each URL
//! passes [`Guard::reach`], and hosts that nobody named are asked by a client that takes its addresses from
//! [`PublicAddresses`], which is what the connection then uses: no second look-up can answer otherwise. That client
//! has connections of its own, so that none is reused that was made to a host somebody named. A proxy looks names up by
//! itself: what [`Guard::looking_up`] refuses before is only what has a private address here too.

mod address;
mod allowed;
mod resolve;

use reqwest::Url;

use super::endpoint::{is_link_local, literal};
use super::request::{Purpose, RegistryRequest};

pub use address::is_public;
pub use allowed::{AllowedHost, AllowedHostError};
use resolve::LookUps;
pub(super) use resolve::NotPublic;
pub use resolve::PublicAddresses;

/// The hosts that may be contacted for the registries of one [`Client`](super::Client).
#[derive(Clone, Debug)]
pub struct Guard {
    registries: Registries,
    allowed: Vec<AllowedHost>,
    proxies: Vec<String>,
    look_ups: Option<LookUps>,
    public: reqwest::Client,
}

/// Who named the registries.
#[derive(Clone, Debug)]
enum Registries {
    /// The user of this machine named each that is asked.
    User,
    /// An image did.
    Image,
    /// Visitors did; the operator of the gateway named these.
    Operator(Vec<AllowedHost>),
}

/// How much is known of a host before it is contacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Somebody who may do so named it: it may have any address.
    Any,
    /// It has to be on the public internet.
    Public,
}

/// One request on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step<'a> {
    pub(super) url: &'a Url,
    /// The root of the registry that it is made for.
    pub(super) registry: &'a Url,
    pub(super) purpose: Purpose,
    /// The URL that redirects there.
    pub(super) from: Option<&'a Url>,
}

impl<'a> Step<'a> {
    pub(super) const fn of(ask: &'a RegistryRequest, url: &'a Url, from: Option<&'a Url>) -> Self {
        Self {
            url,
            registry: &ask.registry,
            purpose: ask.purpose,
            from,
        }
    }
}

/// Why a host is not contacted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("{0} does not use https; {1}")]
    Plain(String, Remedy),
    #[error("{0} uses another port than 443; {1}")]
    Port(String, Remedy),
    #[error("{0} is an IP address and not a name; {1}")]
    Literal(String, Remedy),
    #[error("{0} is not on the public internet; {1}")]
    NotPublic(String, Remedy),
    #[error("{0} has a user name or a password in its address")]
    User(String),
}

/// What would allow it. The flags are those of the command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Remedy {
    #[error("if the registry uses it, allow it with --allow-host {0}")]
    Allow(String),
    #[error("if the registry uses it, name both with --registry {0} --allow-host {1}")]
    AllowTo(String, String),
    #[error("registries do not use such addresses")]
    Nothing,
    #[error("only the image names it; if it is the right one, allow it with --allow-host {0}")]
    NamedByImage(String),
    #[error("if it is the right one, name it with --registry {0}")]
    Registry(String),
}

impl Guard {
    /// For registries that the user of this machine named. Beside a registry itself (its host and port) and the
    /// `allowed` hosts, they may lead to public hosts only, which `public` connects to: a client with
    /// [`PublicAddresses`] as its resolver.
    #[must_use]
    pub const fn of_user(allowed: Vec<AllowedHost>, public: reqwest::Client) -> Self {
        Self::new(Registries::User, allowed, public)
    }

    /// For registries that an image named: they and where they lead to have to be public, or `allowed`.
    #[must_use]
    pub const fn of_image(allowed: Vec<AllowedHost>, public: reqwest::Client) -> Self {
        Self::new(Registries::Image, allowed, public)
    }

    /// For registries that visitors choose. Those that the operator named may have any address, and lead to
    /// `allowed` hosts and to public ones. All others have to be public, and are asked by name, on port 443 with TLS.
    #[must_use]
    pub fn of_operator(
        registries: &[Url],
        allowed: Vec<AllowedHost>,
        public: reqwest::Client,
    ) -> Self {
        let named = registries.iter().filter_map(AllowedHost::of).collect();
        Self::new(Registries::Operator(named), allowed, public)
    }

    const fn new(
        registries: Registries,
        allowed: Vec<AllowedHost>,
        public: reqwest::Client,
    ) -> Self {
        Self {
            registries,
            allowed,
            proxies: Vec::new(),
            look_ups: None,
            public,
        }
    }

    /// The same, where `public` goes through the proxies of these names: their addresses may be private, so that
    /// nothing else is to be found under their names.
    #[must_use]
    pub fn behind_proxies(self, proxies: Vec<String>) -> Self {
        Self { proxies, ..self }
    }

    /// The same, where the names of hosts that nobody named are looked up here before a proxy does so.
    #[must_use]
    pub fn looking_up(self) -> Self {
        Self {
            look_ups: (!self.proxies.is_empty()).then(LookUps::default),
            ..self
        }
    }

    /// The client for hosts that nobody named.
    pub(super) const fn public(&self) -> &reqwest::Client {
        &self.public
    }

    /// How the URL of a step may be contacted.
    pub(super) fn reach(&self, step: Step<'_>) -> Result<Reach, Refusal> {
        let Step { url, from, .. } = step;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::User(shown(url)));
        }
        // Who was left for a host that nobody named is not come back to with more trust than that host has.
        if self.is_named(url, step) && from.is_none_or(|from| self.is_named(from, step)) {
            return Ok(Reach::Any);
        }
        if let Registries::Operator(registries) = &self.registries
            && !registries.iter().any(|registry| registry.is(url))
        {
            self.usual(step)?;
        }
        let host = url.host_str().unwrap_or_default();
        let private = literal(host).is_some_and(|ip| !address::is_public(ip));
        if private || self.proxies.iter().any(|proxy| proxy == host) {
            return Err(self.not_public(step));
        }
        Ok(Reach::Public)
    }

    /// Refuses a step to a host that nobody named, where the name has a private address here.
    pub(super) async fn look_up(&self, step: Step<'_>) -> Result<(), Refusal> {
        let host = step.url.host_str().unwrap_or_default();
        match &self.look_ups {
            Some(names) if names.is_private(host).await => Err(self.not_public(step)),
            _ => Ok(()),
        }
    }

    /// The refusal of a step whose host turned out to have no public address.
    pub(super) fn not_public(&self, step: Step<'_>) -> Refusal {
        Refusal::NotPublic(shown(step.url), self.remedy(step))
    }

    /// Whether `realm` was named as a host that the registry may use.
    pub(super) fn allows(&self, realm: &Url, registry: &Url) -> bool {
        self.names(registry) && self.allowed.iter().any(|host| host.is(realm))
    }

    /// What strangers may have a gateway contact.
    fn usual(&self, step: Step<'_>) -> Result<(), Refusal> {
        let Step { url, .. } = step;
        if url.scheme() != "https" {
            return Err(Refusal::Plain(shown(url), self.remedy(step)));
        }
        if url.port_or_known_default() != Some(443) {
            return Err(Refusal::Port(shown(url), self.remedy(step)));
        }
        // The URL parser has turned decimal, octal and hexadecimal forms into addresses already.
        if url.domain().is_none() {
            return Err(Refusal::Literal(shown(url), self.remedy(step)));
        }
        Ok(())
    }

    /// Whether a person named the host of `url`, in the context of a step.
    fn is_named(&self, url: &Url, step: Step<'_>) -> bool {
        // Another port of the registry's host may be another server, which nobody named.
        self.names(step.registry)
            && (url.origin() == step.registry.origin()
                || self.allowed.iter().any(|host| host.is(url)))
    }

    /// Whether a person named the registry.
    fn names(&self, registry: &Url) -> bool {
        match &self.registries {
            Registries::User => true,
            Registries::Image => self.allowed.iter().any(|host| host.is(registry)),
            Registries::Operator(named) => named.iter().any(|host| host.is(registry)),
        }
    }

    fn remedy(&self, step: Step<'_>) -> Remedy {
        let (host, registry) = (flag(step.url), flag(step.registry));
        let is_registry = step.purpose == Purpose::Registry && step.from.is_none();
        match &self.registries {
            _ if is_link_local(step.url.host_str().unwrap_or_default()) => Remedy::Nothing,
            Registries::Operator(_) if is_registry => Remedy::Registry(host),
            Registries::Image if is_registry => Remedy::NamedByImage(host),
            Registries::Operator(_) if !self.names(step.registry) => {
                Remedy::AllowTo(registry, host)
            }
            _ => Remedy::Allow(host),
        }
    }
}

/// Scheme, host and port: what a message may show of a URL, whose path and query can hold signatures.
fn shown(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// What `--allow-host` or `--registry` would have to be given.
fn flag(url: &Url) -> String {
    let shown = shown(url);
    match shown.strip_prefix("https://") {
        Some(host) => host.to_owned(),
        None => shown,
    }
}

#[cfg(test)]
mod tests;
