//! Where the gateway may connect to: checked for every hop and token realm, and again for the address behind a name.
//!
//! A registry's redirects and realms, and the DNS of their hosts, are in the hands of strangers.
//! So a URL has to pass [`Guard::allows`], and its host's addresses come from the guard as a resolver, which
//! is what the connection then uses: no second look-up can answer otherwise.

mod address;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use onionskin_core::source::registry::{NameRefused, Policy, Purpose};
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::upstream::Upstreams;

/// The ports and hosts that the operator named, beside the public internet on port 443.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guard {
    /// Hosts as a URL writes them, with the (is https, port) pairs that they were named with.
    named: Arc<HashMap<String, HashSet<(bool, u16)>>>,
}

/// Why the gateway does not connect to a place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("{0} is reached over https only, unless the gateway is started with --registry {1}")]
    Plain(String, String),
    #[error("{0} uses a port that the gateway was not told of; --registry {1} would tell it")]
    Port(String, String),
    #[error(
        "{0} is an address and not a name; the gateway connects to addresses only when told by --registry {1}"
    )]
    Literal(String, String),
    #[error(
        "{0} is not on the public internet; the gateway connects there only when told by --registry {0}"
    )]
    NotPublic(String),
    #[error("{0} is no address of a registry")]
    Unusable(String),
}

impl Guard {
    /// A guard that lets through what `upstreams` name, and public hosts on port 443.
    pub(crate) fn new(upstreams: &Upstreams) -> Self {
        let mut named: HashMap<String, HashSet<(bool, u16)>> = HashMap::new();
        for url in upstreams.named() {
            if let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) {
                let https = url.scheme() == "https";
                named
                    .entry(host.to_owned())
                    .or_default()
                    .insert((https, port));
            }
        }
        Self {
            named: Arc::new(named),
        }
    }

    /// Whether a request may go to `url`. Names are judged here, the addresses behind them when they are resolved.
    ///
    /// # Errors
    /// A [`Refusal`] that says which flag of the operator would allow it.
    pub(crate) fn allows(&self, url: &Url) -> Result<(), Refusal> {
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(Refusal::Unusable(shown(url)));
        };
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(Refusal::Unusable(shown(url))),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::Unusable(shown(url)));
        }
        let named = self.named.get(host);
        if !named.is_some_and(|ports| ports.contains(&(https, port))) {
            let flag = flag(url);
            if !https {
                return Err(Refusal::Plain(shown(url), flag));
            }
            if port != 443 {
                return Err(Refusal::Port(shown(url), flag));
            }
            // The URL parser has turned decimal, octal and hexadecimal forms into addresses already.
            if named.is_none() && url.domain().is_none() {
                return Err(Refusal::Literal(shown(url), flag));
            }
        }
        Ok(())
    }

    fn names(&self, host: &str) -> bool {
        self.named.contains_key(host)
    }
}

/// Scheme, host and port: what a message may show of a URL, whose path and query can hold signatures.
fn shown(url: &Url) -> String {
    let mut bare = url.clone();
    // These fail only for URLs without a host, which have no credentials either.
    let _ = bare.set_username("");
    let _ = bare.set_password(None);
    bare.set_path("");
    bare.set_query(None);
    bare.set_fragment(None);
    bare.as_str().trim_end_matches('/').to_owned()
}

/// What `--registry` would have to be given.
fn flag(url: &Url) -> String {
    let shown = shown(url);
    match shown.strip_prefix("https://") {
        Some(host) => host.to_owned(),
        None => shown,
    }
}

impl Policy for Guard {
    fn check(&self, url: &Url, _: Purpose) -> Result<(), String> {
        self.allows(url).map_err(|refusal| refusal.to_string())
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let host = name.as_str();
            // Port 0 stands for "the URL's".
            let found = tokio::net::lookup_host((host, 0)).await?;
            if guard.names(host) {
                return Ok(Box::new(found.collect::<Vec<_>>().into_iter()) as Addrs);
            }
            let public: Vec<_> = found
                .filter(|socket| address::is_public(socket.ip()))
                .collect();
            if public.is_empty() {
                let refusal = Refusal::NotPublic(host.to_owned());
                return Err(NameRefused(refusal.to_string()).into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(registries: &[&str]) -> Guard {
        let registries: Vec<_> = registries.iter().map(|r| r.parse().unwrap()).collect();
        Guard::new(&Upstreams::new(&registries).unwrap())
    }

    fn check(guard: &Guard, url: &str) -> Result<(), Refusal> {
        guard.allows(&url.parse().unwrap())
    }

    #[test]
    fn unnamed_hosts_are_reached_by_name_over_https_on_443() {
        let guard = guard(&[]);
        assert_eq!(
            check(&guard, "https://cdn.example.com/blob?signature=1"),
            Ok(())
        );
        assert!(matches!(
            check(&guard, "http://cdn.example.com/"),
            Err(Refusal::Plain(..))
        ));
        assert!(matches!(
            check(&guard, "https://cdn.example.com:8443/"),
            Err(Refusal::Port(..))
        ));
        assert!(matches!(
            check(&guard, "https://user:pass@cdn.example.com/"),
            Err(Refusal::Unusable(_))
        ));
        assert!(matches!(
            check(&guard, "file:///etc/passwd"),
            Err(Refusal::Unusable(_))
        ));
    }

    #[test]
    fn addresses_are_refused_in_every_spelling() {
        let guard = guard(&[]);
        for host in [
            "127.0.0.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "127.1",
            "169.254.169.254",
            "8.8.8.8",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[2606:4700::1111]",
        ] {
            let refused = check(&guard, &format!("https://{host}/"));
            assert!(matches!(refused, Err(Refusal::Literal(..))), "{host}");
        }
    }

    #[test]
    fn what_was_named_is_allowed_and_no_other_port_of_it() {
        let guard = guard(&[
            "http://127.0.0.1:5000",
            "registry.internal:5001",
            "team=https://10.1.2.3",
        ]);
        for url in [
            "http://127.0.0.1:5000/v2/",
            "https://registry.internal:5001/token",
            "https://registry.internal/token",
            "https://10.1.2.3/v2/",
        ] {
            assert_eq!(check(&guard, url), Ok(()), "{url}");
        }
        for url in [
            "http://127.0.0.1:5002/",
            "http://127.0.0.1/",
            "http://registry.internal:5001/",
            "https://127.0.0.1:5000/",
            "http://10.1.2.3/",
        ] {
            assert!(check(&guard, url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_message_shows_neither_path_nor_query_nor_credentials() {
        let refused = check(
            &guard(&[]),
            "http://me:secret@store.example.com:81/path?sig=secret",
        );
        let text = refused.unwrap_err().to_string();
        assert!(
            !text.contains("secret") && text.contains("store.example.com:81"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_refused_unless_named() {
        let resolve = |guard: Guard| async move {
            let addresses = guard.resolve("localhost".parse().unwrap()).await;
            addresses.map(Iterator::count)
        };
        let refused = resolve(guard(&[])).await.unwrap_err();
        let reason = Refusal::NotPublic("localhost".to_owned()).to_string();
        assert_eq!(refused.downcast_ref(), Some(&NameRefused(reason)));
        assert!(resolve(guard(&["http://localhost:5000"])).await.unwrap() > 0);
    }
}
