//! Reading what a registry answers: bounded bodies, and errors in its own words.

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Response, StatusCode, Url};
use serde_json::Value;

use super::detail::ErrorDetail;
use super::encoding::{self, Coding};
use super::endpoint::host_of;
use super::one_line::plain;
use super::wait::retry_after;
use super::web_page;
use crate::source::SourceError;

/// Bytes read of an error's body.
const ERROR_BYTES: usize = 64 << 10;

/// Who was asked for what: what an error names.
#[derive(Clone, Debug)]
pub(super) struct RequestContext {
    pub(super) what: String,
    pub(super) registry: String,
    pub(super) credentials: bool,
    /// The answer is a gateway's, on behalf of the registry or for itself.
    pub(super) gateway: bool,
}

/// The whole body without what it was coded in, if it is not larger than `most` and no web page.
pub(super) async fn body(
    response: Response,
    most: usize,
    what: &str,
) -> Result<Bytes, SourceError> {
    let (host, kind) = (host_of(response.url()), content_type(response.headers()));
    let coding = encoding::coding(response.headers());
    let size = response.content_length();
    let mut chunks = encoding::document(response).await;
    let mut body = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|reason| SourceError::Cut {
            what: what.to_owned(),
            received: body.len() as u64,
            size: size.filter(|_| coding == Coding::Identity),
            reason,
        })?;
        if body.len() + chunk.len() > most {
            return Err(SourceError::Mismatch {
                what: what.to_owned(),
                promised: format!("at most {most} bytes"),
                got: "more".to_owned(),
            });
        }
        body.extend_from_slice(&chunk);
    }
    if web_page::is_page_of(kind.as_deref(), &body) {
        return Err(page(what, host, kind, &body));
    }
    match coding {
        // Documents are text; what begins otherwise is what the coding made of it.
        Coding::Other(coding) if !body.trim_ascii_start().starts_with(b"{") => {
            Err(SourceError::Mismatch {
                what: what.to_owned(),
                promised: "content without a coding".to_owned(),
                got: format!("content in the coding {}", plain(&coding)),
            })
        }
        _ => Ok(body.freeze()),
    }
}

/// The error that a web page instead of `what` is.
pub(super) fn page(
    what: &str,
    host: String,
    content_type: Option<String>,
    beginning: &[u8],
) -> SourceError {
    SourceError::WebPage {
        what: what.to_owned(),
        host,
        content_type: plain(content_type.as_deref().unwrap_or("of no type")),
        words: web_page::first_words(beginning),
    }
}

/// The `Content-Type`, as far as it is text.
pub(super) fn content_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?;
    value.to_str().ok().map(str::to_owned)
}

/// The error that an answer without what was asked for stands for.
pub(super) async fn error(response: Response, asked: &RequestContext) -> SourceError {
    let status = response.status();
    let headers = response.headers().clone();
    let host = host_of(response.url());
    let body = beginning(response).await;
    let (codes, reason) = match web_page::is_page(&body) {
        true => (Vec::new(), a_page(&body)),
        false => said(&body),
    };
    let RequestContext { what, registry, .. } = asked.clone();
    // Also where nobody said that a gateway is asked: it is a registry like any other. Who else sends such details speaks of
    // an error all the same.
    if let Some(detail) = detail(&body) {
        return detail.error(what, registry, reason);
    }
    let has = |code: &str| codes.iter().any(|found| found == code);
    match status {
        StatusCode::TOO_MANY_REQUESTS => too_many(registry, &headers, &reason),
        _ if has("TOOMANYREQUESTS") => too_many(registry, &headers, &reason),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => no_access(asked, &reason),
        _ if has("DENIED") || has("UNAUTHORIZED") => no_access(asked, &reason),
        StatusCode::NOT_FOUND | StatusCode::GONE => SourceError::NotFound {
            what,
            place: registry,
            reason,
        },
        StatusCode::SERVICE_UNAVAILABLE => SourceError::Unavailable {
            what,
            registry: answering(host, registry, asked.gateway),
            retry: retry_after(&headers),
            reason,
        },
        // The gateway has said it all.
        StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT
            if asked.gateway && !reason.is_empty() =>
        {
            SourceError::Relayed { what, reason }
        }
        _ => SourceError::Answer {
            what,
            registry: answering(host, registry, asked.gateway),
            status: status.as_u16(),
            reason,
        },
    }
}

/// Who answered: an object store that a registry sends to answers for itself.
fn answering(host: String, registry: String, gateway: bool) -> String {
    match host.is_empty() || gateway {
        true => registry,
        false => host,
    }
}

/// What a gateway of ours adds to its errors.
fn detail(body: &[u8]) -> Option<ErrorDetail> {
    let document = serde_json::from_slice::<Value>(body).ok()?;
    let detail = document.pointer("/errors/0/detail")?;
    ErrorDetail::read(detail)
}

fn a_page(body: &[u8]) -> String {
    match web_page::first_words(body) {
        words if words.is_empty() => "a web page".to_owned(),
        words => format!("a web page: {words}"),
    }
}

/// The error for a registry that does not let us in.
pub(super) fn no_access(asked: &RequestContext, reason: &str) -> SourceError {
    SourceError::NoAccess {
        what: asked.what.clone(),
        registry: asked.registry.clone(),
        credentials: asked.credentials,
        reason: reason.to_owned(),
    }
}

async fn beginning(response: Response) -> Vec<u8> {
    let mut chunks = encoding::document(response).await;
    let mut body = Vec::new();
    while let Some(Ok(chunk)) = chunks.next().await {
        body.extend_from_slice(&chunk);
        if body.len() >= ERROR_BYTES {
            body.truncate(ERROR_BYTES);
            break;
        }
    }
    body
}

/// The codes and messages of `{"errors":[{"code","message"}]}`; nothing of what is anything else.
fn said(body: &[u8]) -> (Vec<String>, String) {
    let Ok(Value::Object(root)) = serde_json::from_slice(body) else {
        return (Vec::new(), String::new());
    };
    let Some(Value::Array(errors)) = root.get("errors") else {
        let text = ["details", "message", "error"]
            .iter()
            .find_map(|key| root.get(*key)?.as_str());
        return (Vec::new(), plain(text.unwrap_or_default()));
    };
    let text = |error: &Value, key: &str| error.get(key).and_then(Value::as_str).map(str::to_owned);
    let codes: Vec<String> = errors
        .iter()
        .filter_map(|error| text(error, "code"))
        .collect();
    let messages: Vec<String> = errors
        .iter()
        .filter_map(|error| {
            text(error, "message")
                .filter(|text| !text.is_empty())
                .or_else(|| text(error, "code"))
        })
        .collect();
    (codes, plain(&messages.join("; ")))
}

fn too_many(registry: String, headers: &HeaderMap, reason: &str) -> SourceError {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let limit = text("ratelimit-limit").and_then(|value| rate(value, text("ratelimit-remaining")));
    SourceError::TooManyRequests {
        registry,
        retry: retry_after(headers),
        limit: limit.unwrap_or_else(|| reason.to_owned()),
    }
}

/// Docker Hub's `100;w=21600` in words.
fn rate(limit: &str, remaining: Option<&str>) -> Option<String> {
    let (count, window) = limit.split_once(";w=")?;
    let (count, window): (u64, u64) = (count.trim().parse().ok()?, window.trim().parse().ok()?);
    let left = remaining
        .and_then(|value| value.split(';').next()?.trim().parse::<u64>().ok())
        .map_or_else(String::new, |left| format!(", {left} left"));
    let hours = window.div_ceil(3600);
    Some(format!("it allows {count} pulls in {hours} hours{left}"))
}

/// A header as text, if it was sent and is text.
pub(super) fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// An address for messages: signed addresses carry their secret in the query.
pub(super) fn without_secrets(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // These fail only for addresses that can have neither.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_are_quoted_in_one_short_line() {
        let (codes, text) =
            said(br#"{"errors":[{"code":"DENIED","message":"no\u001b[31m\nway"},{"code":"X"}]}"#);
        assert_eq!(
            (codes.as_slice(), text.as_str()),
            (&["DENIED".to_owned(), "X".to_owned()][..], "no [31m way; X")
        );
        assert_eq!(said(b"<html>no</html>"), (Vec::new(), String::new()));
        assert_eq!(
            said(br#"{"details":"incorrect username or password"}"#).1,
            "incorrect username or password"
        );
    }

    #[test]
    fn limits_are_told_in_words() {
        assert_eq!(
            rate("100;w=21600", Some("0;w=21600")).as_deref(),
            Some("it allows 100 pulls in 6 hours, 0 left")
        );
        assert_eq!(rate("many", None), None);
    }

    #[test]
    fn messages_show_no_secrets_of_addresses() {
        let url = Url::parse("https://user:pass@s3.example/blob?X-Amz-Signature=1#f").unwrap();
        assert_eq!(without_secrets(&url), "https://s3.example/blob");
    }
}
