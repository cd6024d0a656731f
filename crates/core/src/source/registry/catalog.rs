//! A registry as a whole: which repositories it has, where it says so.

use super::auth::Scope;
use super::client::Client;
use super::endpoint::Endpoint;
use super::listing;
use super::transport::{Ask, Purpose};
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
    /// The query that asks for the next ones; `None` at the end.
    pub next: Option<String>,
}

impl Registry {
    pub(super) const fn new(client: Client, endpoint: Endpoint, domain: String) -> Self {
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

    /// Lists repositories: the first page, or the one that `query` (of a page before, or `n=…&last=…`) asks for.
    ///
    /// Registries need not have such a list (distribution specification, Backwards Compatibility), and public ones
    /// have none: [`SourceError::NoList`].
    pub async fn repositories(&self, query: Option<&str>) -> Result<RepositoriesPage, SourceError> {
        let what = format!("the repositories of {}", self.domain);
        let mut ask = Ask::get(self.endpoint.catalog(), Purpose::Registry, what);
        ask.url.set_query(query);
        let sent = self
            .client
            .send(
                &self.endpoint,
                Scope::Catalog,
                &self.domain,
                &ask,
                |status| status == 200,
            )
            .await;
        let response = sent.map_err(no_list)?;
        let (names, next) = listing::page(response, &ask, "repositories").await?;
        let named = |name: String| match self.endpoint.prefix() {
            // Names of a gateway's answer are those that it has for them.
            Some(prefix) => Some(name.strip_prefix(prefix)?.strip_prefix('/')?.to_owned()),
            None => Some(name),
        };
        let is_name = |name: &String| {
            let reference = format!("{DOCKER_HUB}/{name}").parse::<Reference>();
            reference.is_ok() && !name.contains([':', '@'])
        };
        Ok(RepositoriesPage {
            repositories: names
                .into_iter()
                .filter_map(named)
                .filter(is_name)
                .collect(),
            next,
        })
    }
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
