//! The client: what all requests to all registries share.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use reqwest::{Response, Url};

use super::answer::{self, RequestContext};
use super::auth::{Audience, Auth, Scope};
use super::endpoint::{Endpoint, is_loopback, without_port};
#[cfg(not(target_arch = "wasm32"))]
use super::guard::Guard;
use super::kept::KeepDocuments;
use super::request::RegistryRequest;
use super::transport::Transport;
use super::wait::Notices;
use crate::reference::{DOCKER_HUB, DOCKER_HUB_API, Reference};
use crate::source::{Credentials, SourceError};

/// What a [`Client`] may do, and as whom.
#[derive(Clone, Default)]
pub struct ClientOptions {
    /// The root of a gateway that everything is asked through; without one, registries are asked themselves.
    pub gateway: Option<Url>,
    /// Registries (`host` or `host:port`) that speak plain http. Loopback hosts are taken to.
    pub plain_http: BTreeSet<String>,
    /// Loopback hosts are spoken to over TLS as all others are, unless they are in `plain_http`.
    pub tls_on_loopback: bool,
    /// Registries (`host` or `host:port`) whose certificates are not checked, and the client that does not. All other
    /// hosts, also those that such a registry leads to, have to be who they say they are.
    pub unchecked: Option<(BTreeSet<String>, reqwest::Client)>,
    /// Credentials by the domain of a reference: `docker.io`, `registry.example.com:5000`.
    pub credentials: BTreeMap<String, Credentials>,
    /// Where the credentials of all other registries are looked for.
    #[cfg(not(target_arch = "wasm32"))]
    pub keychain: Option<Arc<crate::source::Keychain>>,
    /// In a page: ask past the browser's cache, which keeps blobs also where they were damaged on their way.
    pub fresh: bool,
    /// Which hosts may be contacted; without it, every one that a registry leads to.
    #[cfg(not(target_arch = "wasm32"))]
    pub guard: Option<Guard>,
    /// Who is told of what happens on the way, and lets short waits be; without it nothing is waited for.
    pub notices: Option<Arc<dyn Notices>>,
    /// Documents of earlier runs, which are not asked for again.
    pub kept: Option<Arc<dyn KeepDocuments>>,
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientOptions")
            .field("gateway", &self.gateway)
            .field("plain_http", &self.plain_http)
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}

/// Talks to registries. Clones share connections and tokens.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    transport: Transport,
    options: ClientOptions,
    auth: Auth,
}

impl Client {
    /// A client over `http`, which natively has to be one that follows no redirects itself.
    #[must_use]
    // A page has one thread; natively all of it is Send and Sync.
    #[cfg_attr(target_arch = "wasm32", allow(clippy::arc_with_non_send_sync))]
    pub fn new(http: reqwest::Client, options: ClientOptions) -> Self {
        let transport = Transport {
            http,
            unchecked: options.unchecked.clone().map(|(domains, http)| {
                let host = |domain: &String| match domain.as_str() {
                    DOCKER_HUB => DOCKER_HUB_API.to_owned(),
                    domain => without_port(domain).to_owned(),
                };
                (domains.iter().map(host).collect(), http)
            }),
            #[cfg(not(target_arch = "wasm32"))]
            guard: options.guard.clone(),
            notices: options.notices.clone(),
            fresh: options.fresh,
        };
        Self {
            inner: Arc::new(Inner {
                transport,
                options,
                auth: Auth::default(),
            }),
        }
    }

    /// The same client for one other person: the registry that references call `domain` is asked with these credentials,
    /// all others without any. Connections are shared; tokens are not.
    #[must_use]
    // As in `new`.
    #[cfg_attr(target_arch = "wasm32", allow(clippy::arc_with_non_send_sync))]
    pub fn with_credentials(&self, domain: &str, credentials: Credentials) -> Self {
        let options = ClientOptions {
            credentials: BTreeMap::from([(domain.to_owned(), credentials)]),
            #[cfg(not(target_arch = "wasm32"))]
            keychain: None,
            ..self.inner.options.clone()
        };
        Self {
            inner: Arc::new(Inner {
                transport: self.inner.transport.clone(),
                options,
                auth: Auth::default(),
            }),
        }
    }

    /// What is kept between runs.
    pub(super) fn kept(&self) -> Option<&dyn KeepDocuments> {
        self.inner.options.kept.as_deref()
    }

    /// Where the registry of a reference is asked.
    pub(super) fn endpoint(&self, reference: &Reference) -> Result<Endpoint, SourceError> {
        let options = &self.inner.options;
        match &options.gateway {
            Some(gateway) => Ok(Endpoint::through(gateway.clone(), reference)),
            None => {
                let domain = reference.domain();
                let plain = options.plain_http.contains(domain)
                    || (!options.tls_on_loopback && is_loopback(without_port(domain)));
                Endpoint::of(reference, plain)
            }
        }
    }

    /// Sends a request to a registry, with the credentials that it asks for. Answers other than those that
    /// `wanted` says yes to become errors.
    pub(super) async fn send(
        &self,
        endpoint: &Endpoint,
        scope: Scope<'_>,
        domain: &str,
        ask: &RegistryRequest,
        wanted: fn(u16) -> bool,
    ) -> Result<Response, SourceError> {
        let Inner {
            transport,
            options,
            auth,
        } = &*self.inner;
        let mut audience = Audience {
            registry: endpoint.base(),
            scope,
            credentials: options.credentials.get(domain).cloned(),
        };
        let mut asked = RequestContext {
            what: ask.what.clone(),
            registry: endpoint.registry(),
            credentials: audience.credentials.is_some(),
            gateway: endpoint.is_gateway(),
        };
        let used = auth.current(&audience).await;
        let mut response = transport.send(ask, used.as_ref()).await?;
        // A 401 of another host, where a redirect led, is no word of the registry: its challenge is not answered.
        let own = |response: &Response| response.url().origin() == ask.url.origin();
        if response.status() == 401 && own(&response) {
            if audience.credentials.is_none() {
                audience.credentials = self.look_up(endpoint, scope).await?;
                asked.credentials = audience.credentials.is_some();
            }
            let fresh = auth.renew(transport, &audience, used.as_ref(), &response, &asked);
            if let Some(fresh) = fresh.await? {
                response = transport.send(ask, Some(&fresh)).await?;
            }
        }
        if wanted(response.status().as_u16()) {
            Ok(response)
        } else {
            Err(answer::error(response, &asked).await)
        }
    }
}

impl Client {
    /// The error that an answer is which is not what was wanted.
    pub(super) async fn refused(
        &self,
        endpoint: &Endpoint,
        domain: &str,
        ask: &RegistryRequest,
        response: Response,
    ) -> SourceError {
        let asked = RequestContext {
            what: ask.what.clone(),
            registry: endpoint.registry(),
            credentials: self.inner.options.credentials.contains_key(domain),
            gateway: endpoint.is_gateway(),
        };
        answer::error(response, &asked).await
    }

    /// What the keychain has for a repository, or the registry. It goes by the host that is asked, whatever name it is given here.
    #[cfg(not(target_arch = "wasm32"))]
    async fn look_up(
        &self,
        endpoint: &Endpoint,
        scope: Scope<'_>,
    ) -> Result<Option<Credentials>, SourceError> {
        let (Some(keychain), Some(host)) = (&self.inner.options.keychain, endpoint.owner()) else {
            return Ok(None);
        };
        let name = match scope {
            Scope::Repository(name) => name,
            Scope::Catalog => "",
        };
        let found = keychain.find(&host, name).await;
        let found = found.map_err(|error| SourceError::Credentials {
            registry: endpoint.registry(),
            problem: error.to_string(),
        })?;
        if let Some(notices) = &self.inner.options.notices {
            for warning in &found.warnings {
                let registry = endpoint.registry();
                notices.warning(&format!("{warning}; {registry} is asked without it"));
            }
        }
        Ok(found.credentials)
    }

    /// A page has no keychain.
    #[cfg(target_arch = "wasm32")]
    async fn look_up(
        &self,
        _: &Endpoint,
        _: Scope<'_>,
    ) -> Result<Option<Credentials>, SourceError> {
        Ok(None)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.inner.options).finish()
    }
}
