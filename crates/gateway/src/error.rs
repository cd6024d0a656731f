//! Refusals in the form that registry clients understand: the error document of the distribution specification.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// An answer other than success, with one of the specification's codes and a sentence for the person who reads it.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// When to try again, as the registry that refused put it.
    pub(crate) retry_after: Option<HeaderValue>,
}

impl Refused {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            retry_after: None,
        }
    }

    pub(crate) fn name_unknown(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NAME_UNKNOWN", message)
    }

    pub(crate) fn name_invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "NAME_INVALID", message)
    }

    pub(crate) fn manifest_unknown(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN", message)
    }

    pub(crate) fn blob_unknown(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "BLOB_UNKNOWN", message)
    }

    pub(crate) fn denied(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "DENIED", message)
    }

    /// The specification has no code for a gateway's own troubles; `UNKNOWN` is what registries send.
    pub(crate) fn unreachable(status: StatusCode, message: impl Into<String>) -> Self {
        Self::new(status, "UNKNOWN", message)
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
    detail: (),
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let document = Document {
            errors: [Entry {
                code: self.code,
                message: &self.message,
                detail: (),
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
