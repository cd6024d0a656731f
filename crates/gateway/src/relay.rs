//! Requests handed on to registries, and what comes back: checked, and with our own headers.

mod stored;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Method, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use metrics::SharedString;
use onionskin_core::digest::Digest;
use onionskin_core::manifest::media_type::{self, DocumentKind};
use onionskin_core::reference::Reference;
use onionskin_core::report::Visible;
use onionskin_core::source::SourceError;
use onionskin_core::source::registry::{
    Client, Endpoint, Fetched, Guard, Notices, Options, ProxyError, PublicAddresses, Remote,
    TagOrDigest, http_client, proxy_hosts, through_proxies,
};

use crate::GatewayError;
use crate::carried::carrying;
use crate::client;
use crate::connection::Connection;
use crate::described::DescribedBlobs;
use crate::error::Refused;
use crate::limits::{self, Limits};
use crate::listing;
use crate::login::Login;
use crate::metrics::Metrics;
use crate::policy::{self, matches_etag};
use crate::range::Asked;
use crate::refuted::RefutedBlobs;
use crate::repository::CONTENT_DIGEST;
use crate::saved::SAVED;
use crate::seal::{PAGING, REFERRERS, Seal};
use crate::slots::{Kind, Slot, Slots};
use crate::store::{Flights, Store};
use crate::transfer::{self, Wish, insert, said_length};
use crate::upstream::{DEMO, Upstream, Upstreams};

use self::stored::Attempt;

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
}

/// Reaches registries for those who cannot.
pub(crate) struct Relay {
    upstreams: Upstreams,
    client: Client,
    slots: Arc<Slots>,
    limits: Limits,
    pages: Seal,
    described: DescribedBlobs,
    refuted: Arc<RefutedBlobs>,
    store: Option<Store>,
    /// Fetches that clients share where there is no store.
    flights: Flights,
    metrics: Arc<Metrics>,
}

impl Relay {
    pub(crate) fn new(
        upstreams: Upstreams,
        told: &crate::Options,
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
        let options = Options {
            guard: Some(guard.behind_proxies(proxies)),
            keychain: told.keychain.clone(),
            notices: Some(Arc::new(InTheLog)),
            ..Options::default()
        };
        let store = told.store.as_ref();
        let store = store.map(|store| Store::open(store, Arc::clone(&metrics)));
        Ok(Self {
            store: store.transpose()?,
            flights: Flights::new(None),
            upstreams,
            client: Client::new(http, options),
            slots: Slots::new(told.limits.clone()),
            limits: told.limits.clone(),
            pages: Seal::default(),
            described: DescribedBlobs::default(),
            refuted: Arc::default(),
            metrics,
        })
    }

    /// The registry that a name begins with, by the host that it stands for.
    pub(crate) fn registry(&self, name: &str) -> Option<&str> {
        let first = name.split('/').next().unwrap_or_default();
        self.upstreams
            .get(first)
            .map(|upstream| upstream.domain.as_str())
    }

    /// The slots that requests to registries have.
    pub(crate) fn slots(&self) -> &Arc<Slots> {
        &self.slots
    }

    /// A page of tags; `query` is that of the request.
    pub(crate) async fn tags(
        &self,
        visitor: &Visitor<'_>,
        name: &str,
        query: Option<&str>,
    ) -> Result<Response, Refused> {
        let (upstream, remote) = self.find(visitor, name)?;
        let path = format!("/v2/{name}/tags/list");
        let query = self.pages.asked(&path, query, &PAGING)?;
        let slot = self.slot(upstream, Kind::Document, visitor).await?;
        let page = self.document(name, remote.tags(query.as_deref())).await?;
        let page = page.map_err(Refused::unknown_name)?;
        let next = self.next(&path, page.next.as_deref(), &PAGING);
        let response = listing::relayed_tags(name, page.tags, next).await?;
        Ok(carrying(response, slot))
    }

    /// A page of a registry's repositories, under the names that they have here.
    pub(crate) async fn catalog(
        &self,
        visitor: &Visitor<'_>,
        name: &str,
        query: Option<&str>,
    ) -> Result<Response, Refused> {
        let Some(upstream) = self.upstreams.get(name).map(Arc::as_ref) else {
            return Err(not_here(name, name));
        };
        let path = format!("/v2/{name}/_catalog");
        let query = self.pages.asked(&path, query, &PAGING)?;
        let Upstream { domain, base } = upstream;
        let endpoint = called(Endpoint::new(base.clone()), name, domain);
        let registry = self.client_of(visitor).registry_at(endpoint, domain);
        let slot = self.slot(upstream, Kind::Document, visitor).await?;
        let page = registry.repositories(query.as_deref());
        let page = self.document(name, page).await?;
        let page = page.map_err(Refused::unknown_name)?;
        let next = self.next(&path, page.next.as_deref(), &PAGING);
        let response = listing::relayed_catalog(name, page.repositories, next).await?;
        Ok(carrying(response, slot))
    }

    /// A page of what refers to a manifest. A registry that has no such list has none here either.
    pub(crate) async fn referrers(
        &self,
        visitor: &Visitor<'_>,
        name: &str,
        digest: &Digest,
        query: Option<&str>,
    ) -> Result<Response, Refused> {
        let (upstream, remote) = self.find(visitor, name)?;
        let path = format!("/v2/{name}/referrers/{digest}");
        let query = self.pages.asked(&path, query, &REFERRERS)?;
        let slot = self.slot(upstream, Kind::Document, visitor).await?;
        let page = remote.referrers_page(digest, query.as_deref());
        let page = self.document(name, page).await?;
        let page = page.map_err(Refused::unknown_manifest)?;
        let next = self.next(&path, page.next.as_deref(), &REFERRERS);
        let response = listing::relayed_referrers(page.bytes, page.filtered, next);
        Ok(carrying(response, slot))
    }

    /// A manifest. Its bytes have the digest that was asked for or that the registry said.
    pub(crate) async fn manifest(
        &self,
        visitor: &Visitor<'_>,
        name: &str,
        wanted: &TagOrDigest,
    ) -> Result<Response, Refused> {
        let (upstream, remote) = self.find(visitor, name)?;
        let slot = self.slot(upstream, Kind::Document, visitor).await?;
        // HEAD costs nothing where pulls are counted, but not every registry answers it in full.
        if visitor.method == Method::HEAD
            && let Some(response) = self
                .document(name, manifest_head(&remote, wanted))
                .await??
        {
            return Ok(response);
        }
        let stored = match &self.store {
            Some(store) => {
                let stored = self.stored_manifest(store, visitor, &remote, name, wanted);
                stored.await?
            }
            None => None,
        };
        let (fetched, is_new) = match stored {
            Some(stored) => (stored, false),
            None => {
                let fetched = self.document(name, remote.manifest(wanted)).await?;
                (fetched.map_err(Refused::unknown_manifest)?, true)
            }
        };
        let outline = fetched.outline().await.map_err(|problem| {
            let what = remote.one(wanted);
            Refused::unknown_manifest(SourceError::Document { what, problem })
        })?;
        self.described.remember(name, outline.blobs);
        if let Some(store) = self.store.as_ref().filter(|_| is_new) {
            let kept = self.keep_manifest(store, visitor, name, wanted, &fetched);
            kept.await;
        }
        let response = manifest_answer(fetched, &outline.media_type, wanted, visitor.headers);
        Ok(carrying(response, slot))
    }

    /// A blob or a part of it, as its bytes are. A whole one that has another digest is cut off before its end.
    pub(crate) async fn blob(
        &self,
        visitor: &Visitor<'_>,
        name: &str,
        digest: &Digest,
    ) -> Result<Response, Refused> {
        let (upstream, remote) = self.find(visitor, name)?;
        let is_head = visitor.method == Method::HEAD;
        let mut wish = Wish {
            name,
            digest,
            range: Asked::of(visitor.headers, None).filter(|_| !is_head),
            version: visitor.version,
        };
        let what = remote.blob_name(digest);
        match wish.range {
            // Who was cut off wants to go on, with what would never be the blob.
            Some(Asked::From(1.., _)) => {
                if let Some(why) = self.refuted.why(name, digest) {
                    return Err(transfer::refuted(&what, why));
                }
            }
            _ => self.refuted.forget(name, digest),
        }
        let registry = upstream.domain.clone();
        let slot = self.slot(upstream, Kind::Blob, visitor).await?;
        let source = transfer::Source {
            what: &what,
            registry: SharedString::from(registry),
            metrics: &self.metrics,
            refuted: &self.refuted,
            size: self.described.of(name, digest).size,
        };
        if is_head {
            let upstream = self.ask_for_blob(&remote, &Method::HEAD, &wish).await?;
            return Ok(carrying(transfer::head(&wish, &source, &upstream)?, slot));
        }
        let stored = match &self.store {
            Some(store) => {
                let stored = self.stored_blob(store, visitor, &remote, &wish, &source);
                stored.await?
            }
            None => {
                let shared = self.shared_blob(&self.flights, None, &remote, &wish, &source);
                shared.await?
            }
        };
        let mut upstream = match stored {
            Attempt::Answered(response) => return Ok(carrying(response, slot)),
            Attempt::Pass(upstream) => upstream,
            Attempt::Ask => self.ask_for_blob(&remote, &Method::GET, &wish).await?,
        };
        if transfer::is_other_part(&wish, &upstream) {
            // Who wants a part may be given the whole (RFC 9110, section 14.2), which can be checked.
            wish.range = None;
            upstream = self.ask_for_blob(&remote, &Method::GET, &wish).await?;
        }
        let response = transfer::get(&wish, &source, upstream, &self.limits).await?;
        Ok(carrying(response, slot))
    }

    async fn ask_for_blob(
        &self,
        remote: &Remote,
        method: &Method,
        wish: &Wish<'_>,
    ) -> Result<transfer::Upstream, Refused> {
        let range = wish.range.map(|range| range.to_string());
        let described = self.described.of(wish.name, wish.digest);
        let answer = remote.blob_answer(method.clone(), wish.digest, range.as_deref(), described);
        // It may read the first bytes, or all, to see how they are coded.
        let answer = self.document(wish.name, answer).await?;
        Ok(transfer::Upstream::of(
            answer.map_err(Refused::unknown_blob)?,
        ))
    }

    /// Where a client finds the page after one of the list at `path`.
    fn next(&self, path: &str, next: Option<&str>, known: &[&str]) -> Option<String> {
        let query = self.pages.query(path, next?, known);
        Some(format!("{path}?{query}"))
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
        kind: Kind,
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
        if rest.contains(['@', ':']) {
            return Err(Refused::name_invalid(
                "repository names hold no `@` and no `:`",
            ));
        }
        let reference: Reference = format!("{domain}/{rest}")
            .parse()
            .map_err(|error| Refused::name_invalid(format!("{domain}/{rest}: {error}")))?;
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

    /// What asks registries for a visitor: with the visitor's own log-in where there is one, and never with another's
    /// tokens.
    fn client_of(&self, visitor: &Visitor<'_>) -> Client {
        match &visitor.login {
            Some(login) => {
                let credentials = login.credentials.clone();
                self.client.with_credentials(&login.domain, credentials)
            }
            None => self.client.clone(),
        }
    }
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

/// The answer to HEAD, if the registry's holds what clients rely on.
async fn manifest_head(remote: &Remote, wanted: &TagOrDigest) -> Result<Option<Response>, Refused> {
    let upstream = remote
        .manifest_response(Method::HEAD, wanted, media_type::ACCEPT)
        .await;
    let upstream = match upstream {
        // Some know no HEAD.
        Err(SourceError::Answer { .. }) => return Ok(None),
        upstream => upstream.map_err(Refused::unknown_manifest)?,
    };
    if upstream.headers().contains_key(header::CONTENT_ENCODING) {
        // Its length is not that of the manifest.
        return Ok(None);
    }
    let text = |name| upstream.headers().get(name)?.to_str().ok();
    let digest = text(CONTENT_DIGEST).and_then(|digest| digest.parse::<Digest>().ok());
    // Of any other type, the document itself says what it is.
    let kind = text(header::CONTENT_TYPE).map(media_type::of_content_type);
    let kind = kind.filter(|kind| DocumentKind::of(kind).is_some());
    let length = said_length(upstream.headers());
    let (Some(digest), Some(kind), Some(length)) = (digest, kind, length) else {
        return Ok(None);
    };
    if matches!(wanted, TagOrDigest::Digest(wanted) if *wanted != digest) {
        return Ok(None);
    }
    let mut headers = manifest_headers(&digest, &kind, wanted);
    // None of this can be checked.
    headers.insert(header::CACHE_CONTROL, policy::ASK_AGAIN);
    headers.insert(header::CONTENT_LENGTH, length.into());
    Ok(Some((headers, Body::empty()).into_response()))
}

fn manifest_answer(
    fetched: Fetched,
    kind: &str,
    wanted: &TagOrDigest,
    asked: &HeaderMap,
) -> Response {
    let headers = manifest_headers(&fetched.digest, kind, wanted);
    if matches_etag(asked, headers.get(header::ETAG)) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, fetched.bytes).into_response()
}

fn manifest_headers(digest: &Digest, kind: &str, wanted: &TagOrDigest) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let caching = match wanted {
        TagOrDigest::Digest(_) => policy::IMMUTABLE,
        TagOrDigest::Tag(_) => policy::ASK_AGAIN,
    };
    headers.insert(header::CACHE_CONTROL, caching);
    insert(&mut headers, header::CONTENT_TYPE, kind);
    insert(&mut headers, header::ETAG, &format!("\"{digest}\""));
    insert(&mut headers, CONTENT_DIGEST, &digest.to_string());
    headers
}
