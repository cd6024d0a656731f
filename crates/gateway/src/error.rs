//! Refusals in the form that registry clients understand: the error document of the distribution specification.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use onionskin_core::report::Visible;
use onionskin_core::source::registry::ErrorDetail;
use onionskin_core::source::{RetryAfter, SourceError, Unreachable};
use serde::Serialize;

/// When to come back where there is too much to do.
const BUSY_SECONDS: u64 = 5;

/// An answer other than success, with one of the specification's codes and a sentence for the person who reads it.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// What clients that know this gateway find in it.
    detail: Option<Box<ErrorDetail>>,
    /// When to try again, as the registry that refused put it.
    pub(crate) retry_after: Option<HeaderValue>,
}

impl Refused {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            detail: None,
            retry_after: None,
        }
    }

    pub(crate) fn name_unknown(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NAME_UNKNOWN", message)
    }

    /// Nothing here has a name that begins so, neither a registry nor a repository.
    pub(crate) fn no_such_name(first: &str, message: impl Into<String>) -> Self {
        Self {
            detail: Some(not_reached(first)),
            ..Self::name_unknown(message)
        }
    }

    pub(crate) fn name_invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "NAME_INVALID", message)
    }

    /// Too many requests are under way already.
    pub(crate) fn busy() -> Self {
        let message = "this gateway has too much to do just now; try again in a moment";
        Self::later(BUSY_SECONDS, message)
    }

    /// The client has sent too many requests, and is to wait so long.
    pub(crate) fn too_often(wait: Duration) -> Self {
        let seconds = wait.as_secs().saturating_add(1);
        let message = "this gateway received too many requests from this address";
        Self::later(seconds, message)
    }

    /// An image is still being read for its badge.
    pub(crate) fn not_yet() -> Self {
        let message = "the image is still being read; try again in a moment";
        Self {
            retry_after: Some(HeaderValue::from(BUSY_SECONDS)),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message)
        }
    }

    /// An image takes too long to be read for its badge.
    pub(crate) fn too_slow(name: &str) -> Self {
        let message = format!("{name} takes too long to read");
        Self::unreachable(StatusCode::GATEWAY_TIMEOUT, message)
    }

    /// The thread that read an image is gone.
    pub(crate) fn not_read() -> Self {
        let message = "the image could not be read; this gateway's log says why";
        Self::unreachable(StatusCode::INTERNAL_SERVER_ERROR, message)
    }

    fn later(seconds: u64, message: &str) -> Self {
        Self {
            retry_after: Some(HeaderValue::from(seconds)),
            detail: Some(Box::new(ErrorDetail::Busy {
                retry: RetryAfter::Seconds(seconds),
            })),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "TOOMANYREQUESTS", message)
        }
    }

    /// A registry did not give a list.
    pub(crate) fn unknown_name(error: SourceError) -> Self {
        Self::of(error, "NAME_UNKNOWN")
    }

    /// A registry did not give a manifest.
    pub(crate) fn unknown_manifest(error: SourceError) -> Self {
        Self::of(error, "MANIFEST_UNKNOWN")
    }

    /// A registry did not give a blob.
    pub(crate) fn unknown_blob(error: SourceError) -> Self {
        Self::of(error, "BLOB_UNKNOWN")
    }

    /// How an error of a registry is answered to our client; `unknown` is the code for what is not there.
    fn of(error: SourceError, unknown: &'static str) -> Self {
        let (status, code) = match &error {
            SourceError::NotFound { .. } => (StatusCode::NOT_FOUND, unknown),
            SourceError::NoList { .. } => (StatusCode::NOT_FOUND, "UNSUPPORTED"),
            SourceError::NoAccess { .. } | SourceError::Forbidden { .. } => {
                (StatusCode::FORBIDDEN, "DENIED")
            }
            SourceError::TooManyRequests { .. } => {
                (StatusCode::TOO_MANY_REQUESTS, "TOOMANYREQUESTS")
            }
            SourceError::Unavailable { .. } => (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE"),
            SourceError::Unreachable {
                problem: Unreachable::Timeout,
                ..
            } => (StatusCode::GATEWAY_TIMEOUT, "UNKNOWN"),
            _ => (StatusCode::BAD_GATEWAY, "UNKNOWN"),
        };
        let retry_after = match &error {
            SourceError::TooManyRequests { retry, .. } | SourceError::Unavailable { retry, .. } => {
                retry.as_ref().and_then(retry_header)
            }
            _ => None,
        };
        let (message, detail) = match &error {
            // What is wrong names files of the operator's, which are nobody else's business.
            SourceError::Credentials { registry, .. } => {
                tracing::error!("{}", Visible(&error.to_string()));
                let message = format!(
                    "this gateway cannot get its credentials for {registry}; its log says why"
                );
                (message, None)
            }
            // Only the operator can do something about it.
            SourceError::Unreachable {
                host,
                problem: Unreachable::NotTls,
            } => {
                let message = format!(
                    "{error}; if it uses plain http, name it with --registry http://{host}"
                );
                (message, None)
            }
            _ => (error.to_string(), ErrorDetail::of(&error).map(Box::new)),
        };
        Self {
            retry_after,
            detail,
            ..Self::new(status, code, message)
        }
    }

    pub(crate) fn manifest_unknown(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN", message)
    }

    pub(crate) fn blob_unknown(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "BLOB_UNKNOWN", message)
    }

    /// The registry is not one of those that this gateway may ask.
    pub(crate) fn not_reached(registry: &str) -> Self {
        let message = format!(
            "{registry} is not an allowed registry; the operator of this gateway can add it with --registry {registry}"
        );
        Self {
            detail: Some(not_reached(registry)),
            ..Self::new(StatusCode::FORBIDDEN, "DENIED", message)
        }
    }

    /// The user may not see what has such names.
    pub(crate) fn not_for_user(registry: &str) -> Self {
        let message = format!(
            "you do not have access to {registry}; the operator of this gateway can add it to the access file"
        );
        Self {
            detail: Some(not_reached(registry)),
            ..Self::new(StatusCode::FORBIDDEN, "DENIED", message)
        }
    }

    /// There is no such list here.
    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "UNSUPPORTED", message)
    }

    /// The specification has no code for a gateway's own errors; `UNKNOWN` is what registries send.
    pub(crate) fn unreachable(status: StatusCode, message: impl Into<String>) -> Self {
        Self::new(status, "UNKNOWN", message)
    }
}

fn not_reached(registry: &str) -> Box<ErrorDetail> {
    let registry = registry.to_owned();
    Box::new(ErrorDetail::NotReached { registry })
}

fn retry_header(retry: &RetryAfter) -> Option<HeaderValue> {
    match retry {
        RetryAfter::Seconds(seconds) => Some(HeaderValue::from(*seconds)),
        RetryAfter::At(time) => HeaderValue::from_str(time).ok(),
    }
}

#[derive(Serialize)]
struct Document<'a> {
    errors: [Entry<'a>; 1],
}

#[derive(Serialize)]
struct Entry<'a> {
    code: &'a str,
    message: &'a str,
    detail: Option<&'a ErrorDetail>,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let document = Document {
            errors: [Entry {
                code: self.code,
                message: &self.message,
                detail: self.detail.as_deref(),
            }],
        };
        let mut response = (self.status, Json(document)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(when) = self.retry_after {
            headers.insert(header::RETRY_AFTER, when);
        }
        response
    }
}
