//! What a gateway adds to its errors for clients of its own kind, so that they have the registry's error as if they had
//! asked it themselves.

use serde::{Deserialize as _, Serialize};
use serde_json::Value;

use super::one_line::plain;
use crate::manifest::ManifestError;
use crate::source::{RetryAfter, SourceError, Unreachable};

/// The `detail` of an error in a gateway's answer, which the distribution specification leaves to registries.
///
/// It holds what an error is made of beside what was asked for, which the client names in its own way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(
    tag = "error",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum ErrorDetail {
    /// The gateway does not reach the registry, or nothing has such a name there. Its message says what to do.
    NotReached { registry: String },
    /// The gateway itself has too much to do.
    Busy { retry: RetryAfter },
    /// [`SourceError::NotFound`]
    NotFound { reason: String },
    /// [`SourceError::NoAccess`]
    NoAccess { credentials: bool, reason: String },
    /// [`SourceError::NoList`]
    NoList { credentials: bool, reason: String },
    /// [`SourceError::Incomplete`]
    Incomplete { reason: String },
    /// [`SourceError::WebPage`]
    WebPage {
        host: String,
        content_type: String,
        words: String,
    },
    /// [`SourceError::Unreachable`]
    Unreachable { host: String, problem: Unreachable },
    /// [`SourceError::TooManyRequests`]
    TooManyRequests {
        retry: Option<RetryAfter>,
        limit: String,
    },
    /// [`SourceError::Unavailable`]
    Unavailable {
        registry: String,
        retry: Option<RetryAfter>,
        reason: String,
    },
    /// [`SourceError::Mismatch`]
    Mismatch { promised: String, got: String },
    /// [`SourceError::Cut`]
    Cut {
        received: u64,
        size: Option<u64>,
        reason: String,
    },
    /// [`SourceError::Document`]
    Document { problem: String },
    /// [`SourceError::Forbidden`]
    Forbidden { url: String, reason: String },
    /// [`SourceError::Answer`]
    Answer {
        registry: String,
        status: u16,
        reason: String,
    },
}

impl ErrorDetail {
    /// What there is to tell of a registry's error; `None` where its text has to do.
    #[must_use]
    pub fn of(error: &SourceError) -> Option<Self> {
        let text = String::clone;
        Some(match error {
            SourceError::NotFound { reason, .. } => Self::NotFound {
                reason: text(reason),
            },
            SourceError::NoAccess {
                credentials,
                reason,
                ..
            } => Self::NoAccess {
                credentials: *credentials,
                reason: text(reason),
            },
            SourceError::NoList {
                credentials,
                reason,
                ..
            } => Self::NoList {
                credentials: *credentials,
                reason: text(reason),
            },
            SourceError::Incomplete { reason, .. } => Self::Incomplete {
                reason: text(reason),
            },
            SourceError::WebPage {
                host,
                content_type,
                words,
                ..
            } => Self::WebPage {
                host: text(host),
                content_type: text(content_type),
                words: text(words),
            },
            SourceError::Unreachable { host, problem } => Self::Unreachable {
                host: text(host),
                problem: problem.clone(),
            },
            SourceError::TooManyRequests { retry, limit, .. } => Self::TooManyRequests {
                retry: retry.clone(),
                limit: text(limit),
            },
            SourceError::Unavailable {
                registry,
                retry,
                reason,
                ..
            } => Self::Unavailable {
                registry: text(registry),
                retry: retry.clone(),
                reason: text(reason),
            },
            SourceError::Mismatch { promised, got, .. } => Self::Mismatch {
                promised: text(promised),
                got: text(got),
            },
            SourceError::Cut {
                received,
                size,
                reason,
                ..
            } => Self::Cut {
                received: *received,
                size: *size,
                reason: text(reason),
            },
            SourceError::Document { problem, .. } => Self::Document {
                problem: problem.to_string(),
            },
            SourceError::Forbidden { url, reason, .. } => Self::Forbidden {
                url: text(url),
                reason: text(reason),
            },
            SourceError::Answer {
                registry,
                status,
                reason,
                ..
            } => Self::Answer {
                registry: text(registry),
                status: *status,
                reason: text(reason),
            },
            _ => return None,
        })
    }

    /// What a gateway tells; `None` where it is of no form that is known. It is read by hand, because all of the page's workers
    /// have it, and what serde makes of a tagged enum is many times larger.
    pub(super) fn read(detail: &Value) -> Option<Self> {
        let text = |key: &str| detail.get(key)?.as_str().map(str::to_owned);
        let number = |key: &str| detail.get(key)?.as_u64();
        let credentials = || detail.get("credentials")?.as_bool();
        let retry = || RetryAfter::deserialize(detail.get("retry")?).ok();
        Some(match detail.get("error")?.as_str()? {
            "notReached" => Self::NotReached {
                registry: text("registry")?,
            },
            "busy" => Self::Busy { retry: retry()? },
            "notFound" => Self::NotFound {
                reason: text("reason")?,
            },
            "noAccess" => Self::NoAccess {
                credentials: credentials()?,
                reason: text("reason")?,
            },
            "noList" => Self::NoList {
                credentials: credentials()?,
                reason: text("reason")?,
            },
            "incomplete" => Self::Incomplete {
                reason: text("reason")?,
            },
            "webPage" => Self::WebPage {
                host: text("host")?,
                content_type: text("contentType")?,
                words: text("words")?,
            },
            "unreachable" => Self::Unreachable {
                host: text("host")?,
                problem: Unreachable::deserialize(detail.get("problem")?).ok()?,
            },
            "tooManyRequests" => Self::TooManyRequests {
                retry: retry(),
                limit: text("limit")?,
            },
            "unavailable" => Self::Unavailable {
                registry: text("registry")?,
                retry: retry(),
                reason: text("reason")?,
            },
            "mismatch" => Self::Mismatch {
                promised: text("promised")?,
                got: text("got")?,
            },
            "cut" => Self::Cut {
                received: number("received")?,
                size: number("size"),
                reason: text("reason")?,
            },
            "document" => Self::Document {
                problem: text("problem")?,
            },
            "forbidden" => Self::Forbidden {
                url: text("url")?,
                reason: text("reason")?,
            },
            "answer" => Self::Answer {
                registry: text("registry")?,
                status: number("status")?.try_into().ok()?,
                reason: text("reason")?,
            },
            _ => return None,
        })
    }

    /// The error of a client that asked `registry` for `what` through the gateway; `message` is what the gateway says.
    pub(super) fn error(self, what: String, registry: String, message: String) -> SourceError {
        match self {
            Self::NotReached { .. } => SourceError::NotReached {
                registry,
                reason: message,
            },
            Self::Busy { retry } => gateway_is_busy(retry),
            Self::NotFound { reason } => SourceError::NotFound {
                what,
                place: registry,
                reason: plain(&reason),
            },
            Self::NoAccess {
                credentials,
                reason,
            } => SourceError::NoAccess {
                what,
                registry,
                credentials,
                reason: plain(&reason),
            },
            Self::NoList {
                credentials,
                reason,
            } => SourceError::NoList {
                registry,
                credentials,
                reason: plain(&reason),
            },
            Self::Incomplete { reason } => SourceError::Incomplete {
                what,
                reason: plain(&reason),
            },
            Self::WebPage {
                host,
                content_type,
                words,
            } => SourceError::WebPage {
                what,
                host: plain(&host),
                content_type: plain(&content_type),
                words: plain(&words),
            },
            Self::Unreachable { host, problem } => not_reached(&host, problem),
            Self::TooManyRequests { retry, limit } => SourceError::TooManyRequests {
                registry,
                retry: retry.map(shown),
                limit: plain(&limit),
            },
            Self::Unavailable {
                registry,
                retry,
                reason,
            } => SourceError::Unavailable {
                what,
                registry: plain(&registry),
                retry: retry.map(shown),
                reason: plain(&reason),
            },
            Self::Mismatch { promised, got } => SourceError::Mismatch {
                what,
                promised: plain(&promised),
                got: plain(&got),
            },
            Self::Cut {
                received,
                size,
                reason,
            } => SourceError::Cut {
                what,
                received,
                size,
                reason: plain(&reason),
            },
            Self::Document { problem } => SourceError::Document {
                what,
                problem: ManifestError::Relayed(plain(&problem)),
            },
            Self::Forbidden { url, reason } => SourceError::Forbidden {
                what,
                url: plain(&url),
                reason: plain(&reason),
            },
            Self::Answer {
                registry,
                status,
                reason,
            } => SourceError::Answer {
                what,
                registry: plain(&registry),
                status,
                reason: plain(&reason),
            },
        }
    }
}

fn shown(retry: RetryAfter) -> RetryAfter {
    match retry {
        RetryAfter::At(time) => RetryAfter::At(plain(&time)),
        seconds @ RetryAfter::Seconds(_) => seconds,
    }
}

fn gateway_is_busy(retry: RetryAfter) -> SourceError {
    SourceError::TooManyRequests {
        registry: "this gateway".to_owned(),
        retry: Some(shown(retry)),
        limit: String::new(),
    }
}

fn not_reached(host: &str, problem: Unreachable) -> SourceError {
    SourceError::Unreachable {
        host: plain(host),
        problem: match problem {
            Unreachable::Tls(text) => Unreachable::Tls(plain(&text)),
            Unreachable::Other(text) => Unreachable::Other(plain(&text)),
            other => other,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_read_as_it_is_written() {
        let text = str::to_owned;
        let retry = RetryAfter::Seconds(7);
        let (registry, reason) = (text("registry.example"), text("a reason"));
        let no_text = ErrorDetail::Unavailable {
            registry: registry.clone(),
            retry: None,
            reason: String::new(),
        };
        for detail in [
            ErrorDetail::NotReached {
                registry: registry.clone(),
            },
            ErrorDetail::Busy {
                retry: retry.clone(),
            },
            ErrorDetail::NotFound {
                reason: reason.clone(),
            },
            ErrorDetail::NoAccess {
                credentials: true,
                reason: reason.clone(),
            },
            ErrorDetail::NoList {
                credentials: false,
                reason: reason.clone(),
            },
            ErrorDetail::Incomplete {
                reason: reason.clone(),
            },
            ErrorDetail::WebPage {
                host: text("host"),
                content_type: text("text/html"),
                words: text("words"),
            },
            ErrorDetail::Unreachable {
                host: text("host"),
                problem: Unreachable::Tls(text("expired")),
            },
            ErrorDetail::Unreachable {
                host: text("host"),
                problem: Unreachable::Name,
            },
            ErrorDetail::TooManyRequests {
                retry: Some(RetryAfter::At(text("later"))),
                limit: text("100"),
            },
            ErrorDetail::Unavailable {
                registry: registry.clone(),
                retry: Some(retry),
                reason: reason.clone(),
            },
            no_text,
            ErrorDetail::Mismatch {
                promised: text("sha256:1"),
                got: text("sha256:2"),
            },
            ErrorDetail::Cut {
                received: 5,
                size: Some(9),
                reason: reason.clone(),
            },
            ErrorDetail::Document {
                problem: text("empty"),
            },
            ErrorDetail::Forbidden {
                url: text("https://host/"),
                reason: reason.clone(),
            },
            ErrorDetail::Answer {
                registry,
                status: 418,
                reason,
            },
        ] {
            let written = serde_json::to_value(&detail).unwrap();
            assert_eq!(ErrorDetail::read(&written), Some(detail), "{written}");
        }
        let other = serde_json::json!({ "error": "another", "reason": "a reason" });
        assert_eq!(ErrorDetail::read(&other), None);
    }
}
