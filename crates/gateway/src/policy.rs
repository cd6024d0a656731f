//! The headers that bind browsers and caches: what the page may load and reach, that nothing from a registry runs,
//! and how long each answer is good.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest as _, Sha256};

use crate::direct::{self, DirectHost};
use crate::frames::{self, FrameAncestor};

/// On every answer, whatever it holds.
const ALWAYS: [(HeaderName, &str); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()",
    ),
];

/// Which pages may use an answer as a part of themselves.
pub(crate) const RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");
const OWN_PAGES: HeaderValue = HeaderValue::from_static("same-origin");
/// For the document that may be framed: a page that asks this of its frames can have it in one.
pub(crate) const ANY_PAGES: HeaderValue = HeaderValue::from_static("cross-origin");

/// Which answers of others a document may use.
pub(crate) const EMBEDDER_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-embedder-policy");
/// Those that agree. The page uses none of others, and some pages frame only documents that say so.
pub(crate) const THOSE_THAT_AGREE: HeaderValue = HeaderValue::from_static("require-corp");

/// What a page of another origin that opened an answer in a window may do with that window.
pub(crate) const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// For the document that takes a file from its opener: both windows keep each other, so that messages can be sent. Every
/// other value that browsers know ends that (`same-origin-allow-popups` is one for the opener), and they ignore
/// `restrict-properties`.
pub(crate) const WITH_OPENER: HeaderValue = HeaderValue::from_static("unsafe-none");

/// For all else.
const NO_OPENER: HeaderValue = HeaderValue::from_static("same-origin");

/// For what comes from images and registries: shown as a document it can do nothing at all.
const INERT: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// What can be asked of an answer that never changes: a year is what caches take for ever.
pub(crate) const IMMUTABLE: HeaderValue =
    HeaderValue::from_static("public, max-age=31536000, immutable");

/// The same, for bytes that nothing on the way may recompress.
pub(crate) const IMMUTABLE_AS_IS: HeaderValue =
    HeaderValue::from_static("public, max-age=31536000, immutable, no-transform");

/// For parts of blobs, which nobody can check: one that a cache kept could damage the whole.
pub(crate) const UNVERIFIED: HeaderValue = HeaderValue::from_static("no-store, no-transform");

/// Keeps caches that people share from keeping an answer; the asker's own still may.
pub(crate) fn only_for_the_asker(response: &mut Response) {
    let caching = response.headers().get(header::CACHE_CONTROL);
    let rest = caching
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("public"));
    if let Some(Ok(private)) = rest.map(|rest| HeaderValue::try_from(format!("private{rest}"))) {
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, private);
    }
}

/// Keeps every cache from keeping an answer: without the log-in that it was given for, nobody is to have it.
pub(crate) fn not_kept(response: &mut Response) {
    let caching = HeaderValue::from_static("private, no-store, no-transform");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, caching);
}

/// For what may be another thing tomorrow: kept, but asked after before each use.
pub(crate) const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// The same, of bytes that nothing on the way may recompress.
pub(crate) const ASK_AGAIN_AS_IS: HeaderValue = HeaderValue::from_static("no-cache, no-transform");

/// Whether the client has the version that `etag` names.
pub(crate) fn matches_etag(asked: &HeaderMap, etag: Option<&HeaderValue>) -> bool {
    let known = asked
        .get(header::IF_NONE_MATCH)
        .and_then(|tags| tags.to_str().ok());
    let etag = etag.and_then(|etag| etag.to_str().ok());
    let (Some(known), Some(etag)) = (known, etag) else {
        return false;
    };
    known
        .split(',')
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == etag || tag == "*")
}

/// The policy of the page whose document is `html`: its own files, WebAssembly, and the inline scripts that stand
/// in it now (the bundler writes one that starts the page), each by its hash. It connects to its own origin and to `direct`
/// only. Where browsers know Trusted Types, text becomes neither markup nor code; the one policy there is, the default one,
/// lets the URL of the workers' program through (`static/script_urls.js`). `ancestors` may frame it.
pub(crate) fn page_policy(
    html: &str,
    ancestors: &[FrameAncestor],
    direct: &[DirectHost],
) -> String {
    let mut scripts = String::from("'self' 'wasm-unsafe-eval'");
    for script in inline_scripts(html) {
        let hash = BASE64.encode(Sha256::digest(script.as_bytes()));
        scripts.push_str(&format!(" 'sha256-{hash}'"));
    }
    let ancestors = frames::directive(ancestors);
    let connect = direct::directive(direct);
    format!(
        "default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self' blob: data:; \
         {connect}; worker-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors {ancestors}; require-trusted-types-for 'script'; trusted-types default"
    )
}

/// Where the page of a static host may connect to beside its own origin: registries, gateways and saved analyses may be
/// anywhere, over https or on this machine.
const ANYWHERE: &str = "connect-src 'self' https: http://localhost:* http://127.0.0.1:*";

/// The document of the page for a host that sends no headers of ours. The policy in its `meta` element is all that binds
/// it: the same as the header, but for where it may connect to.
pub(crate) fn for_static_hosts(html: &str) -> String {
    connecting(html, ANYWHERE)
}

/// The document of the page that may connect to these hosts. The policy in its `meta` element binds it beside the header.
pub(crate) fn with_direct(html: &str, direct: &[DirectHost]) -> String {
    connecting(html, &direct::directive(direct))
}

fn connecting(html: &str, directive: &str) -> String {
    html.replacen("connect-src 'self'", directive, 1)
}

/// The contents of `<script>` elements without `src`, in a document of our own making.
fn inline_scripts(html: &str) -> impl Iterator<Item = &str> {
    html.split("<script").skip(1).filter_map(|rest| {
        let (attributes, rest) = rest.split_once('>')?;
        let (content, _) = rest.split_once("</script")?;
        (!attributes.contains(" src=")).then_some(content)
    })
}

/// Puts the headers on every answer; one that brings no policy for its content gets the strictest.
pub(crate) async fn bind(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(RESOURCE_POLICY).or_insert(OWN_PAGES);
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(INERT));
    headers.entry(OPENER_POLICY).or_insert(NO_OPENER);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_inline_scripts_by_hash_and_allows_no_other_inline_code() {
        let html = "<html><script src=\"/a.js\"></script><script type=\"module\">alert('Hello, world.');</script>";
        let policy = page_policy(html, &[], &[]);
        // The example hash of the CSP specification.
        assert!(
            policy.contains("'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"),
            "{policy}"
        );
        assert_eq!(policy.matches("sha256-").count(), 1, "{policy}");
        assert!(!policy.contains("unsafe-inline"), "{policy}");
        assert!(!policy.contains("'unsafe-eval'"), "{policy}");
        let directives: Vec<&str> = policy.split("; ").collect();
        for directive in [
            "connect-src 'self'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types default",
        ] {
            assert!(directives.contains(&directive), "{policy}");
        }
    }

    #[test]
    fn a_document_without_scripts_has_no_hashes() {
        assert!(!page_policy("<p>plain</p><script>never closed", &[], &[]).contains("sha256-"));
    }
}
