//! The log: one line a request, and an ID by which its other lines and its answer are found.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use onionskin_core::report::Visible;
use tracing::Instrument as _;

use crate::badge;
use crate::client::Client;
use crate::metrics::Metrics;
use crate::route::{Route, is_health};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Logs and counts a request. Paths name images and nothing secret; queries and headers stay out of the log.
pub(crate) async fn logged(
    State(metrics): State<Arc<Metrics>>,
    request: Request,
    next: Next,
) -> Response {
    let start = Instant::now();
    let client = request.extensions().get::<Client>().copied();
    let given = client.filter(|client| client.proxied);
    let given = given.and_then(|_| given_id(request.headers().get(REQUEST_ID)?));
    let id = given.unwrap_or_else(new_id);
    let client = client.map(|client| client.address.to_string());
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    // Warnings that come of the request have its ID too.
    let span = tracing::error_span!("request", id, user = tracing::field::Empty);
    let mut response = next.run(request).instrument(span.clone()).await;
    let (status, took) = (response.status().as_u16(), start.elapsed());
    span.in_scope(|| {
        tracing::info!(
            %method,
            path = %Visible(&path),
            status,
            milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            client = client.as_deref().unwrap_or_default(),
            "answered"
        );
    });
    metrics.answered(kind(&path), status, took);
    if let Ok(id) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// The ID that a proxy gave to a request.
fn given_id(header: &HeaderValue) -> Option<String> {
    let id = header.to_str().ok()?;
    let in_id = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    ((1..=128).contains(&id.len()) && id.bytes().all(in_id)).then(|| id.to_owned())
}

/// An ID that no other request of this process has, and hardly one of another.
fn new_id() -> String {
    static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!(
        "{:016x}",
        KEY.hash_one(NEXT.fetch_add(1, Ordering::Relaxed))
    )
}

/// What kind of request a path is.
fn kind(path: &str) -> &'static str {
    match path {
        "/v2" | "/v2/" => "version",
        path if is_health(path) => "health",
        _ => match path.strip_prefix("/v2/") {
            Some(path) => Route::parse(path).map_or("unknown", |route| route.kind()),
            None if path.starts_with(badge::PATH) => "badge",
            None => "page",
        },
    }
}
