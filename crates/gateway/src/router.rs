//! Who answers what: the page at `/`, repositories of our own and of registries under `/v2/`.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};

use crate::access::{self, User};
use crate::api;
use crate::badge::{self, Badges};
use crate::client::Client;
use crate::connection::Connection;
use crate::error::Refused;
use crate::frames::Marks;
use crate::limits::URI_BYTES;
use crate::log;
use crate::login::Login;
use crate::origins::{self, CrossOrigin, SEC_FETCH_SITE};
use crate::policy;
use crate::rate;
use crate::relay::Visitor;
use crate::route::Route;
use crate::served::Served;

const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");

pub(crate) fn router(served: Arc<Served>, badges: Arc<Badges>) -> Router {
    let api = Router::new()
        .route("/v2", get(version))
        .route("/v2/", get(version))
        .route("/v2/{*path}", get(registry))
        .method_not_allowed_fallback(async || {
            let message = "this registry is read only";
            Refused::new(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", message)
        })
        .layer(middleware::from_fn(own_origin))
        .layer(middleware::map_response(async |mut response: Response| {
            let version = HeaderValue::from_static("registry/2.0");
            response.headers_mut().insert(API_VERSION, version);
            response
        }));
    Router::new()
        .route("/", get(page))
        .route("/healthz", get(async || alive("ok\n").into_response()))
        .route("/readyz", get(ready))
        .route(
            "/badge/{*path}",
            get(badge::badge).with_state((Arc::clone(&served), badges)),
        )
        .route("/{*path}", get(page))
        .merge(api)
        .with_state(Arc::clone(&served))
        .layer(middleware::from_fn(short))
        .layer(middleware::from_fn_with_state(
            served.access().cloned(),
            access::admitted,
        ))
        .layer(middleware::from_fn_with_state(
            (Arc::clone(served.rates()), Arc::clone(served.metrics())),
            rate::limited,
        ))
        .layer(middleware::from_fn_with_state(
            Arc::clone(served.origins()),
            origins::shared,
        ))
        .layer(middleware::from_fn(policy::bind))
        .layer(middleware::from_fn_with_state(
            Arc::clone(served.metrics()),
            log::logged,
        ))
}

/// What whoever watches over the gateway reads.
pub(crate) fn metrics(served: Arc<Served>) -> Router {
    Router::new()
        .route("/metrics", get(counted))
        .route("/healthz", get(async || alive("ok\n").into_response()))
        .route("/readyz", get(ready))
        .with_state(served)
        .layer(middleware::from_fn(short))
        .layer(middleware::from_fn(policy::bind))
}

/// Prometheus' text format, version 0.0.4.
async fn counted(State(served): State<Arc<Served>>) -> Response {
    let kind = HeaderValue::from_static("text/plain; version=0.0.4");
    let (running, waiting) = served.relay().slots().counts();
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, served.metrics().text(running, waiting)).into_response()
}

async fn page(State(served): State<Arc<Served>>, uri: Uri, asked: HeaderMap) -> Response {
    served
        .page
        .answer(uri.path(), Marks::of(uri.query()), &asked)
}

/// For whatever watches over this process. It says nothing of registries, which may fail while this one works.
fn alive(text: &'static str) -> impl IntoResponse {
    (
        [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))],
        text,
    )
}

/// Whether new requests are welcome.
async fn ready(State(served): State<Arc<Served>>) -> Response {
    if served.is_stopping() {
        return (StatusCode::SERVICE_UNAVAILABLE, alive("stopping\n")).into_response();
    }
    alive("ready\n").into_response()
}

async fn version() -> Response {
    let empty = Json(serde_json::Map::new());
    ([(header::CACHE_CONTROL, policy::ASK_AGAIN)], empty).into_response()
}

async fn registry(
    State(served): State<Arc<Served>>,
    connection: Option<Extension<Arc<Connection>>>,
    (client, cross_origin): (Option<Extension<Client>>, Option<Extension<CrossOrigin>>),
    user: Option<Extension<Arc<User>>>,
    (method, version): (Method, Version),
    uri: Uri,
    asked: HeaderMap,
) -> Result<Response, Refused> {
    let client = client.map(|Extension(client)| client);
    let user_name = user.as_deref().map(|user| user.name.as_str());
    let path = uri.path().trim_start_matches("/v2/");
    let route = Route::parse(path)?;
    let user = user.as_deref().map(|user| &**user);
    if let (Some(user), Some(name)) = (user, route.name()) {
        let first = name.split('/').next().unwrap_or_default();
        if !served.sees(user, first) {
            return Err(Refused::not_for_user(first));
        }
    }
    let name = route.name().filter(|name| !served.has(name));
    let registry = name.and_then(|name| {
        let first = name.split('/').next()?;
        Some((first, served.relay().registry(first)?))
    });
    let login = match registry {
        Some((first, upstream)) => Login::of(&asked, client, first, upstream)?,
        None => None,
    };
    let registry = registry.map(|(_, upstream)| upstream.domain.clone());
    let visitor = Visitor {
        method: &method,
        version,
        headers: &asked,
        connection: connection.as_deref(),
        client,
        user: user_name,
        login,
        as_nobody: cross_origin.is_some() && !served.origins().with_credentials,
    };
    let mut answer = api::answered(&served, &visitor, user, route, &uri).await;
    if let (Some(_), Ok(answer)) = (&visitor.login, &mut answer) {
        policy::not_kept(answer);
    }
    if let Some(registry) = registry {
        let status = match &answer {
            Ok(response) => response.status(),
            Err(refused) => refused.status,
        };
        served.metrics().asked(&registry, status.as_u16());
    }
    answer
}

/// Refuses what a page of another origin makes its visitor's browser request (Fetch Metadata, `Sec-Fetch-Site`):
/// registries would be asked with the operator's log-in. Pages of allowed origins were let through before. Another port
/// of the same host is `same-site`, and may be another person's. Browsers send the header to a server of HTTPS or of their
/// machine only; to others a page that reads the answer brings its origin, which is then to be this one. Other clients send
/// neither.
async fn own_origin(request: Request, next: Next) -> Result<Response, Refused> {
    if request.extensions().get::<CrossOrigin>().is_some() {
        return Ok(next.run(request).await);
    }
    let headers = request.headers();
    let mut sites = headers.get_all(SEC_FETCH_SITE).iter();
    let is_other = sites.any(|site| {
        let site = site.as_bytes().trim_ascii();
        [&b"cross-site"[..], b"same-site"]
            .iter()
            .any(|other| site.eq_ignore_ascii_case(other))
    });
    if is_other || !headers.contains_key(SEC_FETCH_SITE) && origins::is_foreign(headers) {
        let message = "pages of other sites may not use this gateway";
        return Err(Refused::new(StatusCode::FORBIDDEN, "DENIED", message));
    }
    Ok(next.run(request).await)
}

async fn short(request: Request, next: Next) -> Response {
    let length = request
        .uri()
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    if length > URI_BYTES {
        return StatusCode::URI_TOO_LONG.into_response();
    }
    next.run(request).await
}
