//! Requests handed on to registries, and what comes back: checked, and with our own headers.

mod blob;
mod lists;
mod manifest;
mod stored;

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, Method, StatusCode, Version};
use onionskin_core::reference::Reference;
use onionskin_core::report::Visible;
use onionskin_core::source::registry::{
    Client, ClientOptions, Endpoint, Guard, Notices, ProxyError, PublicAddresses, Remote,
    http_client, proxy_hosts, through_proxies,
};

use crate::GatewayError;
use crate::client;
use crate::connection::Connection;
use crate::descriptors::DescribedBlobs;
use crate::error::Refused;
use crate::limits::{self, Limits};
use crate::login::Login;
use crate::metrics::Metrics;
use crate::mismatches::Mismatches;
use crate::saved::SAVED;
use crate::seal::Seal;
use crate::slots::{Slot, SlotKind, Slots};
use crate::store::{Flights, Store};
use crate::upstream::{DEMO, Upstream, Upstreams};

const CONNECT: Duration = Duration::from_secs(10);
const IDLE_READ: Duration = Duration::from_secs(60);

/// Who asks, and how.
pub(crate) struct Visitor<'a> {
    pub(crate) method: &'a Method,
    pub(crate) version: Version,
    pub(crate) headers: &'a HeaderMap,
    /// `None` where another server than ours has the connection.
    pub(crate) connection: Option<&'a Arc<Connection>>,
    /// Whose request it is, where that is known.
    pub(crate) client: Option<client::Client>,
    /// The user that it is, where not everybody may use this gateway.
    pub(crate) user: Option<&'a str>,
    /// The visitor's own log-in at the registry that is asked; without one, it is asked as the operator.
    pub(crate) login: Option<Login>,
    /// The operator's credentials are not for this visitor.
    pub(crate) as_nobody: bool,
}

/// Reaches registries for those who cannot.
pub(crate) struct Relay {
    upstreams: Upstreams,
    client: Client,
    /// Without the operator's credentials.
    nobody: Client,
    slots: Arc<Slots>,
    limits: Limits,
    pages: Seal,
    described: DescribedBlobs,
    mismatches: Arc<Mismatches>,
    store: Option<Store>,
    /// Fetches that clients share where there is no store.
    flights: Flights,
    metrics: Arc<Metrics>,
}

impl Relay {
    pub(crate) fn new(
        upstreams: Upstreams,
        told: &crate::GatewayOptions,
        metrics: Arc<Metrics>,
    ) -> Result<Self, GatewayError> {
        let proxies = match told.proxies {
            true => proxy_hosts(),
            false => Vec::new(),
        };
        let client = || {
            // Else no proxy is used: it would resolve names itself, and nobody would see the addresses.
            let client = match told.proxies {
                true => through_proxies(http_client())?,
                false => http_client(),
            };
            let client = client
                .pool_max_idle_per_host(limits::POOLED)
                .connect_timeout(CONNECT)
                .read_timeout(IDLE_READ);
            Ok::<_, ProxyError>(client)
        };
        let public = || {
            let addresses = PublicAddresses::behind_proxies(&proxies);
            Ok(client()?.dns_resolver(addresses))
        };
        let http = built(client, &told.certificates)?;
        let public = built(public, &told.certificates)?;
        let guard = Guard::of_operator(upstreams.named(), told.allowed_hosts.clone(), public);
        let options = ClientOptions {
            guard: Some(guard.behind_proxies(proxies)),
            keychain: told.keychain.clone(),
            notices: Some(Arc::new(InTheLog)),
            ..ClientOptions::default()
        };
        let store = told.store.as_ref();
        let store = store.map(|store| Store::open(store, Arc::clone(&metrics)));
        let store = store.transpose()?;
        let objects = store.as_ref().map(|store| Arc::clone(&store.objects));
        Ok(Self {
            pages: Seal::new(objects)?,
            store,
            flights: Flights::new(None),
            upstreams,
            nobody: Client::new(
                http.clone(),
                ClientOptions {
                    keychain: None,
                    ..options.clone()
                },
            ),
            client: Client::new(http, options),
            slots: Slots::new(told.limits.clone()),
            limits: told.limits.clone(),
            described: DescribedBlobs::default(),
            mismatches: Arc::default(),
            metrics,
        })
    }

    /// The registry that a name begins with.
    pub(crate) fn registry(&self, name: &str) -> Option<&Upstream> {
        let first = name.split('/').next().unwrap_or_default();
        self.upstreams.get(first).map(Arc::as_ref)
    }

    /// The address of the registry that a name begins with, by which the store tells registries apart; empty for images that
    /// are here.
    pub(crate) fn origin(&self, name: &str) -> &str {
        let first = name.split('/').next().unwrap_or_default();
        let upstream = self.upstreams.get(first);
        upstream.map_or("", |upstream| upstream.base.as_str())
    }

    /// Where blobs, manifests and layer indexes are kept, if they are.
    pub(crate) fn store(&self) -> Option<&Store> {
        self.store.as_ref()
    }

    /// The slots that requests to registries have.
    pub(crate) fn slots(&self) -> &Arc<Slots> {
        &self.slots
    }

    /// What a registry answers, if it comes in time.
    async fn document<T>(&self, name: &str, answer: impl Future<Output = T>) -> Result<T, Refused> {
        let answer = tokio::time::timeout(self.limits.document, answer).await;
        answer.map_err(|_| {
            let message = format!("{name}: the registry sends too slowly; try again later");
            Refused::unreachable(StatusCode::GATEWAY_TIMEOUT, message)
        })
    }

    /// Waits until one more request to this registry may be on its way.
    async fn slot(
        &self,
        upstream: &Upstream,
        kind: SlotKind,
        visitor: &Visitor<'_>,
    ) -> Result<Slot, Refused> {
        // A registry may have several names here.
        let registry = upstream.base.as_str();
        let client = visitor.client.and_then(client::Client::group);
        let slot = self.slots.take(registry, kind, client, visitor.connection);
        let slot = slot.await;
        slot.map_err(|_| Refused::busy())
    }

    /// The repository that `name` means at the registry that it begins with.
    fn find(&self, visitor: &Visitor<'_>, name: &str) -> Result<(&Upstream, Remote), Refused> {
        let (first, rest) = name.split_once('/').unwrap_or((name, ""));
        let Some(upstream) = self.upstreams.get(first).map(Arc::as_ref) else {
            return Err(not_here(name, first));
        };
        let Upstream { domain, base } = upstream;
        let reference = reference(domain, rest)?;
        let endpoint = Endpoint::new(base.clone());
        let endpoint = if reference.is_docker_hub() {
            endpoint.docker_hub()
        } else {
            called(endpoint, first, domain)
        };
        // What is asked for is said with each request.
        let repository = reference.without_tag();
        let client = self.client_of(visitor);
        Ok((upstream, client.open_at(endpoint, &repository)))
    }

    /// What asks registries for a visitor: with the visitor's own log-in where there is one, else as the operator where that
    /// is allowed, and never with another's tokens.
    fn client_of(&self, visitor: &Visitor<'_>) -> Client {
        match &visitor.login {
            Some(login) => {
                let credentials = login.credentials.clone();
                self.client.with_credentials(&login.domain, credentials)
            }
            None if visitor.as_nobody => self.nobody.clone(),
            None => self.client.clone(),
        }
    }
}

/// A repository of a registry.
pub(crate) fn reference(domain: &str, repository: &str) -> Result<Reference, Refused> {
    if repository.contains(['@', ':']) {
        return Err(Refused::name_invalid(
            "repository names hold no `@` and no `:`",
        ));
    }
    let name = format!("{domain}/{repository}");
    let reference = name.parse();
    reference.map_err(|error| Refused::name_invalid(format!("{name}: {error}")))
}

/// The client, which trusts these certificates beside those of the system. Where the system has none, only registries
/// with those given can be trusted; the rest still works.
fn built(
    client: impl Fn() -> Result<reqwest::ClientBuilder, ProxyError>,
    given: &[reqwest::Certificate],
) -> Result<reqwest::Client, GatewayError> {
    let without_system = client()?;
    let client = client()?.tls_certs_merge(given.to_vec()).build();
    client
        .or_else(|_| without_system.tls_certs_only(given.to_vec()).build())
        .map_err(GatewayError::Client)
}

fn not_here(name: &str, first: &str) -> Refused {
    if first.contains(['.', ':']) || first == "localhost" {
        Refused::not_reached(first)
    } else {
        let message = format!(
            "{name} was not found; names begin with the registry's host, as in docker.io/library/nginx"
        );
        match first {
            // What begins so can be nowhere else.
            DEMO | SAVED => Refused::name_unknown(message),
            _ => Refused::no_such_name(first, message),
        }
    }
}

/// An endpoint that messages call as its user does, where that is not by its host.
fn called(endpoint: Endpoint, name: &str, domain: &str) -> Endpoint {
    match name == domain {
        true => endpoint,
        false => endpoint.called(name),
    }
}

/// Warnings are for who runs the gateway. Clients are told of a busy registry at once, and decide themselves.
struct InTheLog;

impl Notices for InTheLog {
    fn warning(&self, text: &str) {
        tracing::warn!("{}", Visible(text));
    }

    fn wait(&self, _: &str, _: u16, _: u64) -> bool {
        false
    }
}
