//! A registry as a whole: which repositories it has, where it says so.

use reqwest::Url;

use super::auth::Scope;
use super::client::Client;
use super::endpoint::Endpoint;
use super::link;
use super::listing;
use super::request::{Purpose, RegistryRequest};
use crate::reference::{DOCKER_HUB, Reference};
use crate::source::SourceError;

/// A registry. Opening it requests nothing.
#[derive(Clone, Debug)]
pub struct Registry {
    client: Client,
    endpoint: Endpoint,
    domain: String,
}

/// Some of a registry's repositories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoriesPage {
    /// Their names as references have them behind the host, in the registry's order.
    pub repositories: Vec<String>,
    /// What asks for the next ones; `None` at the end.
    pub next: Option<String>,
}

impl Client {
    /// The registry that people write as `host` (`registry.example.com:5000`, `docker.io`); nothing is requested yet.
    pub fn registry(&self, host: &str) -> Result<Registry, SourceError> {
        let reference = any_of(host)?;
        let domain = reference.domain().to_owned();
        Ok(Registry::new(
            self.clone(),
            self.endpoint(&reference)?,
            domain,
        ))
    }

    /// A registry at an address that the caller knows; `name` is what it is called in messages.
    #[must_use]
    pub fn registry_at(&self, endpoint: Endpoint, name: &str) -> Registry {
        Registry::new(self.clone(), endpoint, name.to_owned())
    }
}

impl Registry {
    const fn new(client: Client, endpoint: Endpoint, domain: String) -> Self {
        Self {
            client,
            endpoint,
            domain,
        }
    }

    /// What references to its images begin with.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Lists repositories: the first page, or the one that `query` ([`RepositoriesPage::next`] of a page before, or `n=…&last=…`)
    /// asks for.
    ///
    /// Registries need not have such a list (distribution specification, Backwards Compatibility), and public ones
    /// have none: [`SourceError::NoList`].
    pub async fn repositories(&self, query: Option<&str>) -> Result<RepositoriesPage, SourceError> {
        let (repositories, next) = self.repositories_made(query, |names| names).await?;
        Ok(RepositoriesPage { repositories, next })
    }

    /// The same, for who wants something else than the names themselves, which may take much memory: `made` makes it where
    /// they are read. Beside it is [`RepositoriesPage::next`].
    pub async fn repositories_made<T: Send + 'static>(
        &self,
        query: Option<&str>,
        made: impl Fn(Vec<String>) -> T + Clone + Send + 'static,
    ) -> Result<(T, Option<String>), SourceError> {
        let what = format!("the list of repositories of {}", self.endpoint.registry());
        let list = self.endpoint.catalog();
        let (url, own) = link::addresses(&list, query);
        let ask = |url| RegistryRequest::get(url, Purpose::Registry, what.clone());
        let prefix = self.endpoint.prefix().map(str::to_owned);
        let made = move |names| made(named(names, prefix.as_deref()));
        let page = self.names_at(&ask(url), &list, made.clone()).await;
        match own {
            Some(own) if page.is_err() => self.names_at(&ask(own), &list, made).await,
            _ => page,
        }
    }

    async fn names_at<T: Send + 'static>(
        &self,
        ask: &RegistryRequest,
        list: &Url,
        made: impl FnOnce(Vec<String>) -> T + Send + 'static,
    ) -> Result<(T, Option<String>), SourceError> {
        let sent = self
            .client
            .send(
                &self.endpoint,
                Scope::Catalog,
                &self.domain,
                ask,
                |status| status == 200,
            )
            .await;
        let sent = sent.map_err(no_list)?;
        listing::page(sent, list, &ask.what, "repositories", made).await
    }
}

/// The names that references may have, of those that a registry lists; without `prefix`, which is before all of them.
fn named(names: Vec<String>, prefix: Option<&str>) -> Vec<String> {
    let named = |name: String| match prefix {
        // Names of a gateway's answer are those that it has for them.
        Some(prefix) => Some(name.strip_prefix(prefix)?.strip_prefix('/')?.to_owned()),
        None => Some(name),
    };
    let is_name = |name: &String| {
        let reference = format!("{DOCKER_HUB}/{name}").parse::<Reference>();
        reference.is_ok() && !name.contains([':', '@'])
    };
    let named = names.into_iter().filter_map(named);
    named.filter(is_name).collect()
}

/// What an answer other than a list says: there is none, or not for this asker.
fn no_list(error: SourceError) -> SourceError {
    match error {
        SourceError::NotFound { place, reason, .. } => SourceError::NoList {
            registry: place,
            credentials: false,
            reason,
        },
        SourceError::NoAccess {
            registry,
            credentials,
            reason,
            ..
        } => SourceError::NoList {
            registry,
            credentials,
            reason,
        },
        // Method not allowed, not implemented.
        SourceError::Answer {
            registry,
            status: 400 | 405 | 501,
            reason,
            ..
        } => SourceError::NoList {
            registry,
            credentials: false,
            reason,
        },
        error => error,
    }
}

/// The domain that references to images of a registry begin with, of its host as people write it:
/// `docker://registry.example.com:5000/` is `registry.example.com:5000`.
pub fn domain(host: &str) -> Result<String, SourceError> {
    any_of(host).map(|reference| reference.domain().to_owned())
}

/// A reference to something in the registry that `host` names.
pub(super) fn any_of(host: &str) -> Result<Reference, SourceError> {
    let host = host.trim();
    let bare = host
        .trim_start_matches("docker://")
        .trim_start_matches("https://")
        .trim_end_matches('/');
    let reference = format!("{bare}/x").parse::<Reference>();
    let is_host = |reference: &Reference| matches!(reference.path(), "x" | "library/x");
    match reference {
        Ok(reference) if is_host(&reference) => Ok(reference),
        _ => Err(SourceError::NoRegistry(host.chars().take(200).collect())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_are_named_by_their_hosts() {
        for (text, domain) in [
            ("registry.example.com", "registry.example.com"),
            ("registry.example.com:5000/", "registry.example.com:5000"),
            ("docker://localhost:5000", "localhost:5000"),
            ("https://quay.io/", "quay.io"),
            ("docker.io", "docker.io"),
            ("index.docker.io", "docker.io"),
            ("[::1]:5000", "[::1]:5000"),
        ] {
            assert_eq!(any_of(text).unwrap().domain(), domain, "{text}");
        }
        for text in [
            "",
            "/",
            "nginx",
            "quay.io/team",
            "http://x.example",
            "a b",
            "quay.io?x",
        ] {
            assert!(
                matches!(any_of(text), Err(SourceError::NoRegistry(_))),
                "{text}"
            );
        }
    }
}
