//! Names to addresses, of which only those on the public internet are given.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::is_public;

/// How long a name that a proxy will look up is looked up here: behind some proxies no name server answers.
const LOOK_UP: Duration = Duration::from_secs(2);

/// A resolver for connections to hosts that nobody named: what it gives is what the connection uses.
#[derive(Clone, Debug, Default)]
pub struct PublicAddresses {
    proxies: Arc<[String]>,
}

/// A name has addresses, and none of them is on the public internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its addresses are not on the public internet")]
pub(in super::super) struct NotPublic;

impl PublicAddresses {
    /// The same for a client that goes through proxies of these names, which may have private addresses. A proxy
    /// resolves the names of hosts by itself, so that it is the proxy that has to refuse private ones.
    #[must_use]
    pub fn behind_proxies(proxies: &[String]) -> Self {
        Self {
            proxies: proxies.into(),
        }
    }
}

impl Resolve for PublicAddresses {
    fn resolve(&self, name: Name) -> Resolving {
        let proxies = Arc::clone(&self.proxies);
        Box::pin(async move {
            let host = name.as_str();
            // Port 0 stands for "the URL's".
            let found = tokio::net::lookup_host((host, 0)).await?;
            if proxies.iter().any(|proxy| proxy == host) {
                return Ok(Box::new(found.collect::<Vec<_>>().into_iter()) as Addrs);
            }
            let public: Vec<_> = found.filter(|socket| is_public(socket.ip())).collect();
            if public.is_empty() {
                return Err(NotPublic.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// What was found here of names that a proxy looks up by itself. A clone has the same.
#[derive(Clone, Debug, Default)]
pub(super) struct LookUps(Arc<Mutex<BTreeMap<String, bool>>>);

impl LookUps {
    /// Whether no address that a name has here is on the public internet. A name that has none here may have one where the
    /// proxy is.
    pub(super) async fn is_private(&self, host: &str) -> bool {
        if let Some(known) = self.known(host) {
            return known;
        }
        let found = tokio::time::timeout(LOOK_UP, tokio::net::lookup_host((host, 0))).await;
        // What was not answered now may be the next time.
        let Ok(Ok(found)) = found else {
            return false;
        };
        let mut found = found.peekable();
        let private = found.peek().is_some() && found.all(|socket| !is_public(socket.ip()));
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(host.to_owned(), private);
        private
    }

    fn known(&self, host: &str) -> Option<bool> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(host).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn count(resolver: PublicAddresses, name: &str) -> Option<usize> {
        match resolver.resolve(name.parse().unwrap()).await {
            Ok(addresses) => Some(addresses.count()),
            Err(error) => {
                assert_eq!(error.downcast_ref(), Some(&NotPublic), "{error}");
                None
            }
        }
    }

    /// go-containerregistry#2440: a guard that looks at IP literals and lets names pass.
    #[tokio::test]
    async fn a_name_with_private_addresses_only_has_none() {
        assert_eq!(count(PublicAddresses::default(), "localhost").await, None);
        let proxy = PublicAddresses::behind_proxies(&["localhost".to_owned()]);
        assert!(
            count(proxy, "localhost")
                .await
                .is_some_and(|count| count > 0)
        );
    }
}
