//! Requests handed on to registries, and what comes back: checked, and with our own headers.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use onionskin_core::digest::{Digest, Hasher};
use onionskin_core::manifest::media_type;
use onionskin_core::reference::Reference;
use onionskin_core::source::registry::{
    Client, Endpoint, Fetched, Guard, Notices, Options, ProxyError, PublicAddresses, Remote,
    TagOrDigest, http_client, proxy_hosts, through_proxies,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::GatewayError;
use crate::error::Refused;
use crate::listing;
use crate::policy::{self, matches_etag};
use crate::repository::CONTENT_DIGEST;
use crate::saved::SAVED;
use crate::upstream::{DEMO, Upstream, Upstreams};

/// Requests to registries at once. A blob counts until its last byte is sent.
const AT_ONCE: usize = 256;
/// How long a request waits for its turn.
const TURN: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(10);
const IDLE_READ: Duration = Duration::from_secs(60);

/// Reaches registries for those who cannot.
pub(crate) struct Relay {
    upstreams: Upstreams,
    client: Client,
    turns: Arc<Semaphore>,
}

impl Relay {
    pub(crate) fn new(upstreams: Upstreams, told: &crate::Options) -> Result<Self, GatewayError> {
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
            Ok::<_, ProxyError>(client.connect_timeout(CONNECT).read_timeout(IDLE_READ))
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
        Ok(Self {
            upstreams,
            client: Client::new(http, options),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        })
    }

    /// A page of tags; `query` is that of the request, which a link of ours or the registry's may have brought.
    pub(crate) async fn tags(&self, name: &str, query: Option<&str>) -> Result<Response, Refused> {
        let remote = self.find(name)?;
        let _turn = self.turn().await?;
        let query = listing::asked(query);
        let page = remote
            .tags(query.as_deref())
            .await
            .map_err(Refused::unknown_name)?;
        Ok(listing::relayed_tags(name, &page))
    }

    /// A page of a registry's repositories, under the names that they have here.
    pub(crate) async fn catalog(
        &self,
        name: &str,
        query: Option<&str>,
    ) -> Result<Response, Refused> {
        let Some(Upstream { domain, base }) = self.upstreams.get(name).map(Arc::as_ref) else {
            return Err(not_here(name, name));
        };
        let endpoint = called(Endpoint::new(base.clone()), name, domain);
        let registry = self.client.registry_at(endpoint, domain);
        let _turn = self.turn().await?;
        let query = listing::asked(query);
        let page = registry.repositories(query.as_deref()).await;
        let page = page.map_err(Refused::unknown_name)?;
        Ok(listing::relayed_catalog(name, &page))
    }

    /// A page of what refers to a manifest. A registry that has no such list has none here either.
    pub(crate) async fn referrers(
        &self,
        name: &str,
        digest: &Digest,
        query: Option<&str>,
    ) -> Result<Response, Refused> {
        let remote = self.find(name)?;
        let _turn = self.turn().await?;
        let query = listing::asked(query);
        let page = remote.referrers_page(digest, query.as_deref()).await;
        let page = page.map_err(Refused::unknown_manifest)?;
        Ok(listing::relayed_referrers(name, digest, page))
    }

    /// A manifest. Its bytes have the digest that was asked for or that the registry said.
    pub(crate) async fn manifest(
        &self,
        method: &Method,
        name: &str,
        wanted: &TagOrDigest,
        asked: &HeaderMap,
    ) -> Result<Response, Refused> {
        let remote = self.find(name)?;
        let _turn = self.turn().await?;
        // HEAD costs nothing where pulls are counted, but not every registry answers it in full.
        if method == Method::HEAD
            && let Some(response) = manifest_head(&remote, wanted).await?
        {
            return Ok(response);
        }
        let fetched = remote
            .manifest(wanted)
            .await
            .map_err(Refused::unknown_manifest)?;
        manifest_answer(name, fetched, wanted, asked)
    }

    /// A blob or a part of it, as its bytes are. A whole one that has another digest is cut off before its end.
    pub(crate) async fn blob(
        &self,
        method: &Method,
        name: &str,
        digest: &Digest,
        asked: &HeaderMap,
    ) -> Result<Response, Refused> {
        let remote = self.find(name)?;
        let turn = self.turn().await?;
        let range = asked
            .get(header::RANGE)
            .and_then(|range| range.to_str().ok());
        let range = range.filter(|range| range.starts_with("bytes="));
        let upstream = remote
            .blob_answer(method.clone(), digest, range)
            .await
            .map_err(Refused::unknown_blob)?;
        let status = StatusCode::from_u16(upstream.status).unwrap_or(StatusCode::BAD_GATEWAY);
        let mut headers = HeaderMap::new();
        if let Some(length) = upstream.length {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        if let Some(range) = &upstream.content_range {
            insert(&mut headers, header::CONTENT_RANGE, range);
        }
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        );
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        if status.is_success() {
            headers.insert(header::CACHE_CONTROL, policy::IMMUTABLE_AS_IS);
            insert(&mut headers, CONTENT_DIGEST, &digest.to_string());
        }
        let chunks = upstream.chunks.map(|chunk| chunk.map_err(Cut::Upstream));
        let body = match (method, status) {
            (&Method::HEAD, _) => Body::empty(),
            (_, StatusCode::OK) => {
                let mut chunks = Box::pin(verified(chunks, digest.clone()));
                // A blob of a few bytes is judged before anything is said of it.
                let first = chunks.next().await.transpose().map_err(|cut| {
                    Refused::unreachable(StatusCode::BAD_GATEWAY, format!("{name}: {cut}"))
                })?;
                let chunks = stream::iter(first).map(Ok).chain(chunks);
                Body::from_stream(holding(turn, chunks))
            }
            _ => Body::from_stream(holding(turn, chunks)),
        };
        Ok((status, headers, body).into_response())
    }

    /// The repository that `name` means at the registry that it begins with.
    fn find(&self, name: &str) -> Result<Remote, Refused> {
        let (first, rest) = name.split_once('/').unwrap_or((name, ""));
        let Some(Upstream { domain, base }) = self.upstreams.get(first).map(Arc::as_ref) else {
            return Err(not_here(name, first));
        };
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
        Ok(self.client.open_at(endpoint, &reference))
    }

    /// Waits until one more request may be on its way.
    async fn turn(&self) -> Result<OwnedSemaphorePermit, Refused> {
        let turn = tokio::time::timeout(TURN, Arc::clone(&self.turns).acquire_owned());
        match turn.await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(Refused::busy()),
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
            "{name} is not here; names begin with their registry's host, as in docker.io/library/nginx"
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
        tracing::warn!("{text}");
    }

    fn wait(&self, _: &str, _: u16, _: u64) -> bool {
        false
    }
}

/// The answer to HEAD, if the registry's holds what clients rely on.
async fn manifest_head(remote: &Remote, wanted: &TagOrDigest) -> Result<Option<Response>, Refused> {
    let upstream = remote
        .manifest_response(Method::HEAD, wanted, media_type::ACCEPT)
        .await
        .map_err(Refused::unknown_manifest)?;
    if upstream.headers().contains_key(header::CONTENT_ENCODING) {
        // Its length is not that of the manifest.
        return Ok(None);
    }
    let text = |name| upstream.headers().get(name)?.to_str().ok();
    let digest = text(CONTENT_DIGEST).and_then(|digest| digest.parse::<Digest>().ok());
    let kind = text(header::CONTENT_TYPE).and_then(document_type);
    let length = upstream.headers().get(header::CONTENT_LENGTH);
    let (Some(digest), Some(kind), Some(length)) = (digest, kind, length) else {
        return Ok(None);
    };
    if matches!(wanted, TagOrDigest::Digest(wanted) if *wanted != digest) {
        return Ok(None);
    }
    let mut headers = manifest_headers(&digest, kind, wanted);
    headers.insert(header::CONTENT_LENGTH, length.clone());
    Ok(Some((headers, Body::empty()).into_response()))
}

fn manifest_answer(
    name: &str,
    fetched: Fetched,
    wanted: &TagOrDigest,
    asked: &HeaderMap,
) -> Result<Response, Refused> {
    let kind = fetched.content_type.as_deref().and_then(document_type);
    let (Some(kind), true) = (kind, fetched.bytes.starts_with(b"{")) else {
        return Err(Refused::unreachable(
            StatusCode::BAD_GATEWAY,
            format!(
                "what {name} has as {wanted} is no manifest; something else than a registry seems to answer"
            ),
        ));
    };
    let headers = manifest_headers(&fetched.digest, kind, wanted);
    if matches_etag(asked, headers.get(header::ETAG)) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    Ok((headers, fetched.bytes).into_response())
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

/// The media type, if it is one of JSON documents: no browser may be made to run what a registry sends.
fn document_type(content_type: &str) -> Option<&str> {
    let kind = content_type.split(';').next()?.trim();
    let json = kind == "application/json"
        || (kind.starts_with("application/vnd.")
            && (kind.ends_with("json") || kind.ends_with("+prettyjws")));
    json.then_some(kind)
}

fn insert(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// The same chunks, with the turn held until they end.
fn holding<T>(turn: OwnedSemaphorePermit, chunks: impl Stream<Item = T>) -> impl Stream<Item = T> {
    chunks.map(move |chunk| {
        let _held = &turn;
        chunk
    })
}

/// Why a blob was cut off.
#[derive(Debug, thiserror::Error)]
enum Cut {
    #[error("the registry broke off ({0}); try again")]
    Upstream(String),
    #[error("the registry sent something else than {0}, so none of it is used")]
    Digest(Digest),
}

/// The chunks one behind: the last one follows only when the whole is known to have the digest, so that no cache
/// and no client takes anything else for complete.
fn verified(
    chunks: impl Stream<Item = Result<Bytes, Cut>> + Send + 'static,
    digest: Digest,
) -> impl Stream<Item = Result<Bytes, Cut>> + Send {
    let hasher = Hasher::new(digest.algorithm());
    let start = Some((Box::pin(chunks), hasher, None, digest));
    stream::unfold(start, |state| async move {
        let (mut chunks, mut hasher, mut held, digest) = state?;
        loop {
            match chunks.next().await {
                Some(Ok(next)) => {
                    hasher.update(&next);
                    if let Some(chunk) = held.replace(next) {
                        return Some((Ok(chunk), Some((chunks, hasher, held, digest))));
                    }
                }
                Some(Err(error)) => return Some((Err(error), None)),
                None if hasher.finish() == digest => return held.map(|last| (Ok(last), None)),
                None => return Some((Err(Cut::Digest(digest)), None)),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_are_passed_on_as_documents_only() {
        for (sent, passed) in [
            ("application/vnd.oci.image.index.v1+json", true),
            (
                "application/vnd.docker.distribution.manifest.v2+json; charset=utf-8",
                true,
            ),
            (
                "application/vnd.docker.distribution.manifest.v1+prettyjws",
                true,
            ),
            ("application/json", true),
            ("text/html", false),
            ("text/javascript", false),
            ("image/svg+xml", false),
            ("application/vnd.x", false),
            ("", false),
        ] {
            assert_eq!(document_type(sent).is_some(), passed, "{sent}");
        }
    }
}
