//! Pages of other origins that may use the gateway: those that its operator named, by the CORS protocol (Fetch, section
//! 3.3), and unless the operator says more, without the operator's credentials.

use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use reqwest::Url;

use crate::route::is_api;

pub(crate) const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What a page may read of an answer beside what every page may (Fetch, CORS-safelisted response-header names).
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "accept-ranges, content-range, docker-content-digest, docker-distribution-api-version, etag, link, \
     oci-filters-applied, oci-subject, ratelimit-limit, ratelimit-remaining, retry-after, www-authenticate, x-request-id",
);
/// What a page may send beside what every page may.
const SENT: HeaderValue =
    HeaderValue::from_static("accept, authorization, cache-control, range, x-registry-auth");
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD");
/// Seconds for which a browser need not ask again: what most of them take at most.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");
const VARY: HeaderValue = HeaderValue::from_static("origin");
const VARY_OF_PREFLIGHT: HeaderValue = HeaderValue::from_static(
    "origin, access-control-request-method, access-control-request-headers",
);

/// The origin of a page: `https://pages.example.com`, `http://127.0.0.1:8000`.
///
/// ```
/// use onionskin_gateway::AllowedOrigin;
/// let origin: AllowedOrigin = "https://Pages.example.com:443/".parse()?;
/// assert_eq!(origin.as_str(), "https://pages.example.com");
/// # Ok::<(), onionskin_gateway::AllowedOriginError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedOrigin(String);

/// Why a text is no origin that can be allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AllowedOriginError {
    /// All pages at once.
    #[error("{0:?} would allow every page; name the origins, as in https://pages.example.com")]
    All(String),
    /// It is something else.
    #[error("an origin is written as https://pages.example.com or http://127.0.0.1:8000")]
    Other,
    /// It is a whole address.
    #[error("an origin has no path; write {0}")]
    Path(String),
}

impl AllowedOrigin {
    /// As browsers send it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AllowedOrigin {
    type Err = AllowedOriginError;

    fn from_str(text: &str) -> Result<Self, AllowedOriginError> {
        // Every page in a sandbox, and every file, is of the origin `null`.
        if matches!(text, "*" | "null") {
            return Err(AllowedOriginError::All(text.to_owned()));
        }
        let url = Url::parse(text).map_err(|_| AllowedOriginError::Other)?;
        let is_plain = matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && !text.contains('*');
        if !is_plain {
            return Err(AllowedOriginError::Other);
        }
        let origin = url.origin().ascii_serialization();
        match url.path() == "/" && url.query().is_none() && url.fragment().is_none() {
            true => Ok(Self(origin)),
            false => Err(AllowedOriginError::Path(origin)),
        }
    }
}

/// The origins that are allowed, and how far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origins {
    pub(crate) allowed: Vec<AllowedOrigin>,
    /// Registries are asked for them with the operator's credentials.
    pub(crate) with_credentials: bool,
}

/// A request of a page of another origin, which is allowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CrossOrigin;

impl Origins {
    /// The origin of the page that sent a request, where it is another one than the gateway's and allowed.
    fn of<'h>(&self, headers: &'h HeaderMap) -> Option<&'h HeaderValue> {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let (Some(origin), None) = (origins.next(), origins.next()) else {
            return None;
        };
        let is_allowed = |allowed: &AllowedOrigin| origin.as_bytes() == allowed.0.as_bytes();
        let is_own = |site: &HeaderValue| site.as_bytes() == b"same-origin";
        let is_own = headers.get_all(SEC_FETCH_SITE).iter().any(is_own);
        (!is_own && self.allowed.iter().any(is_allowed)).then_some(origin)
    }
}

/// Whether a page of another origin than the one that is asked says so, by its `Origin`. Behind a proxy that ends TLS, the
/// gateway does not know the scheme by which it is reached, so that the page's counts.
pub(crate) fn is_foreign(headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let is_own = |origin: &HeaderValue| {
        let page = Url::parse(origin.to_str().ok()?).ok()?;
        let own = Url::parse(&format!("{}://{}", page.scheme(), host?)).ok()?;
        // Those that are opaque are like no other.
        Some(page.origin() == own.origin())
    };
    let mut origins = headers.get_all(header::ORIGIN).iter();
    !origins.all(|origin| is_own(origin).unwrap_or_default())
}

/// Answers the questions of browsers whether a page may use the API, and lets those pages read the answers.
pub(crate) async fn shared(
    State(origins): State<Arc<Origins>>,
    mut request: Request,
    next: Next,
) -> Response {
    if origins.allowed.is_empty() || !is_api(request.uri().path()) {
        return next.run(request).await;
    }
    let origin = origins.of(request.headers()).cloned();
    let is_preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match (&origin, is_preflight) {
        (Some(_), true) => (
            StatusCode::NO_CONTENT,
            [
                (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
                (header::ACCESS_CONTROL_ALLOW_HEADERS, SENT),
                (header::ACCESS_CONTROL_MAX_AGE, MAX_AGE),
                (header::VARY, VARY_OF_PREFLIGHT),
            ],
        )
            .into_response(),
        (origin, _) => {
            if origin.is_some() {
                request.extensions_mut().insert(CrossOrigin);
            }
            let mut response = next.run(request).await;
            response.headers_mut().append(header::VARY, VARY);
            response
        }
    };
    if let Some(origin) = origin {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_a_host_and_a_port() {
        for (text, origin) in [
            (
                "https://pages.example.com",
                Some("https://pages.example.com"),
            ),
            (
                "https://PAGES.example.com:443/",
                Some("https://pages.example.com"),
            ),
            ("http://127.0.0.1:8000", Some("http://127.0.0.1:8000")),
            ("*", None),
            ("null", None),
            ("https://*.example.com", None),
            ("pages.example.com", None),
            ("https://user@pages.example.com", None),
            ("https://pages.example.com/onionskin/", None),
            ("https://pages.example.com?x", None),
            ("file:///", None),
            ("", None),
        ] {
            let parsed = text.parse::<AllowedOrigin>();
            assert_eq!(
                parsed.as_ref().ok().map(AllowedOrigin::as_str),
                origin,
                "{text}"
            );
        }
        let path = "https://pages.example.com/a".parse::<AllowedOrigin>();
        assert_eq!(
            path,
            Err(AllowedOriginError::Path(
                "https://pages.example.com".to_owned()
            ))
        );
    }
}
