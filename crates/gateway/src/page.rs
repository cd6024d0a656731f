//! The page: the bundler's files, held in this binary, with the headers that let browsers keep them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write as _;
use std::sync::OnceLock;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use onionskin_core::digest::Digest;

use crate::direct::{self, DirectHost};
use crate::frames::{FrameAncestor, Marks};
use crate::policy::{self, matches_etag};

/// A file as the build script embeds it.
struct Embedded {
    path: &'static str,
    plain: &'static [u8],
    /// In Brotli's form, where that is smaller.
    brotli: Option<&'static [u8]>,
}

// `static EMBEDDED: &[Embedded]`, the files of target/page; none where the page was not built.
include!(concat!(env!("OUT_DIR"), "/page.rs"));

const INDEX: &str = "index.html";

/// Where marks of the document go.
const CHARSET: &str = "<meta charset=\"utf-8\">";

/// Tells the page that it came from a gateway.
const MARK: &str = "<meta name=\"onionskin\" content=\"gateway\">";
/// The same, and that [`CONFIG`] says more.
const MARK_WITH_CONFIG: &str = "<meta name=\"onionskin\" content=\"gateway config\">";

/// The file beside the page that names registries which it asks itself.
const CONFIG: &str = "config.json";

/// Codings, as headers name them.
const BROTLI: &str = "br";
const GZIP: &str = "gzip";

/// Below this many bytes compression saves no packet.
const WORTH_COMPRESSING: usize = 1400;

/// What stands at `/` when the binary was built without the page.
const NO_PAGE: &str = "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>Onionskin</title>\
<h1>Onionskin is running, without its page</h1>\
<p>This binary was built by cargo alone. From the project's folder, <code>cargo xtask run</code> builds the page \
and serves it; <code>cargo xtask build</code> makes a binary that holds it.</p>\
<p>The registry API under <a href=\"/v2/\">/v2/</a> works.</p>";

/// A file of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageFile {
    /// Where it belongs, below the folder of the page.
    pub path: String,
    /// What it holds.
    pub content: Cow<'static, [u8]>,
}

/// The files of the page for a host that is no gateway, the document last; empty where this binary was built without the
/// page. Unlike a gateway's, that page may connect to other hosts (`policy` says to which).
#[must_use]
pub fn page_for_static_hosts() -> Vec<PageFile> {
    for_static_hosts(
        EMBEDDED
            .iter()
            .map(|file| (file.path.to_owned(), Cow::Borrowed(file.plain))),
    )
}

fn for_static_hosts(files: impl Iterator<Item = (String, Cow<'static, [u8]>)>) -> Vec<PageFile> {
    let mut files: Vec<PageFile> = files
        .map(|(path, content)| match path == INDEX {
            true => {
                let html = policy::for_static_hosts(&String::from_utf8_lossy(&content));
                let content = Cow::Owned(html.into_bytes());
                PageFile { path, content }
            }
            false => PageFile { path, content },
        })
        .collect();
    files.sort_by_key(|file| (file.path == INDEX, file.path.clone()));
    files
}

/// The files of the page by path, ready to send.
pub(crate) struct Page {
    files: HashMap<String, File>,
    policy: HeaderValue,
    /// The policy of the document that may be framed, where any page may frame it.
    framed: Option<HeaderValue>,
}

struct File {
    plain: Bytes,
    brotli: Option<Bytes>,
    /// Once somebody asked for it: browsers read Brotli, over https and from this machine.
    gzip: OnceLock<Option<Bytes>>,
    media_type: &'static str,
    /// Hex of the content, short: what tells one version from the next.
    tag: String,
    immutable: bool,
}

impl Page {
    /// The page in this binary; `ancestors` may frame its embed view, and it may connect to `direct`.
    pub(crate) fn embedded(ancestors: &[FrameAncestor], direct: &[DirectHost]) -> Self {
        Self::new(EMBEDDED, ancestors, direct)
    }

    fn new(files: &[Embedded], ancestors: &[FrameAncestor], direct: &[DirectHost]) -> Self {
        let mut files: HashMap<_, _> = files
            .iter()
            .map(|file| {
                let sent = File {
                    brotli: file.brotli.map(Bytes::from_static),
                    ..File::new(file.path, Bytes::from_static(file.plain))
                };
                (file.path.to_owned(), sent)
            })
            .collect();
        let index = files
            .entry(INDEX.to_owned())
            .or_insert_with(|| File::new(INDEX, Bytes::from_static(NO_PAGE.as_bytes())));
        let marked = String::from_utf8_lossy(&index.plain);
        let mark = if direct.is_empty() {
            MARK
        } else {
            MARK_WITH_CONFIG
        };
        let marked = policy::with_direct(&marked, direct);
        let marked = marked.replacen(CHARSET, &format!("{CHARSET}{mark}"), 1);
        *index = File::new(INDEX, Bytes::from(marked.into_bytes()));
        let html = String::from_utf8_lossy(&index.plain).into_owned();
        let policy = |ancestors| {
            // Base64, origins, hosts and our own words: always a header's characters.
            let policy = HeaderValue::try_from(policy::page_policy(&html, ancestors, direct));
            policy.unwrap_or(HeaderValue::from_static("sandbox"))
        };
        if !direct.is_empty() {
            let config = File::new(CONFIG, Bytes::from(direct::config(direct)));
            files.insert(CONFIG.to_owned(), config);
        }
        Self {
            policy: policy(&[]),
            framed: (!ancestors.is_empty()).then(|| policy(ancestors)),
            files,
        }
    }

    /// Answers a request for `path`, which starts with a slash; `marks` are those of its query.
    pub(crate) fn answer(&self, path: &str, marks: Marks, asked: &HeaderMap) -> Response {
        let path = match path.trim_start_matches('/') {
            "" => INDEX,
            path => path,
        };
        let Some(file) = self.files.get(path) else {
            return (
                StatusCode::NOT_FOUND,
                [(header::CACHE_CONTROL, policy::ASK_AGAIN)],
                "Not found. The page is at /, the registry API at /v2/.\n",
            )
                .into_response();
        };
        let mut response = file.answer(asked);
        let headers = response.headers_mut();
        let framed = self.framed.as_ref();
        // Its workers have to agree to what their document says.
        if framed.is_some() && (marks.embed || path != INDEX) {
            headers.insert(policy::EMBEDDER_POLICY, policy::THOSE_THAT_AGREE);
        }
        let framed = framed.filter(|_| path == INDEX && marks.embed);
        if framed.is_some() {
            headers.insert(policy::RESOURCE_POLICY, policy::ANY_PAGES);
        }
        let policy = framed.unwrap_or(&self.policy).clone();
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        if path == INDEX && marks.handover {
            headers.insert(policy::OPENER_POLICY, policy::WITH_OPENER);
        }
        response
    }
}

impl File {
    fn new(path: &str, plain: Bytes) -> Self {
        Self {
            brotli: None,
            gzip: OnceLock::new(),
            media_type: media_type(path),
            tag: Digest::sha256(&plain).short().to_owned(),
            immutable: has_hash(path),
            plain,
        }
    }

    /// The smallest form that the client reads, and the name of its coding.
    fn form(&self, asked: &HeaderMap) -> (&Bytes, Option<&'static str>) {
        if let Some(brotli) = &self.brotli
            && accepts(asked, BROTLI)
        {
            return (brotli, Some(BROTLI));
        }
        if accepts(asked, GZIP)
            && let Some(gzip) = self.gzip.get_or_init(|| gzip(&self.plain))
        {
            return (gzip, Some(GZIP));
        }
        (&self.plain, None)
    }

    fn answer(&self, asked: &HeaderMap) -> Response {
        let (content, coding) = self.form(asked);
        let etag = match coding {
            Some(coding) => format!("\"{}-{coding}\"", self.tag),
            None => format!("\"{}\"", self.tag),
        };
        let etag = HeaderValue::try_from(etag).ok();
        let cached = matches_etag(asked, etag.as_ref());
        let caching = if self.immutable {
            policy::IMMUTABLE
        } else {
            policy::ASK_AGAIN
        };
        let mut response = if cached {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let mut response = Body::from(content.clone()).into_response();
            let headers = response.headers_mut();
            headers.insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static(self.media_type),
            );
            if let Some(coding) = coding {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
            }
            response
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, caching);
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        if let Some(etag) = etag {
            headers.insert(header::ETAG, etag);
        }
        response
    }
}

/// Whether the client names the coding, with a weight that is not 0 (RFC 9110, section 12.5.3).
fn accepts(asked: &HeaderMap, coding: &str) -> bool {
    asked
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|accepted| {
            let (name, weight) = accepted.split_once(';').unwrap_or((accepted, ""));
            let weight = weight.trim().strip_prefix("q=").map(str::parse::<f32>);
            name.trim().eq_ignore_ascii_case(coding) && weight != Some(Ok(0.0))
        })
}

fn gzip(plain: &[u8]) -> Option<Bytes> {
    if plain.len() < WORTH_COMPRESSING {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).ok()?;
    let small = encoder.finish().ok()?;
    (small.len() < plain.len()).then(|| Bytes::from(small))
}

/// Whether the bundler put a hash of the content into the name, as in `page-0123456789abcdef_bg.wasm`.
fn has_hash(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    let stem = stem.strip_suffix("_bg").unwrap_or(stem);
    stem.rsplit_once('-').is_some_and(|(_, hash)| {
        (14..=16).contains(&hash.len()) && hash.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(files: &[(&'static str, &'static str)]) -> Page {
        framed(files, &[])
    }

    fn framed(files: &[(&'static str, &'static str)], ancestors: &[FrameAncestor]) -> Page {
        let files = files.iter().map(|&(path, content)| Embedded {
            path,
            plain: content.as_bytes(),
            brotli: path.ends_with(".wasm").then_some(b"in Brotli's form"),
        });
        Page::new(&files.collect::<Vec<_>>(), ancestors, &[])
    }

    fn asking(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::try_from(value).unwrap())])
    }

    #[test]
    fn only_names_with_a_hash_are_kept_for_ever() {
        for (path, hashed) in [
            ("page-0123456789abcdef.js", true),
            ("page-0123456789abcdef_bg.wasm", true),
            ("tokens-fedcba98765432.css", true),
            ("index.html", false),
            ("worker.js", false),
            ("worker_bg.wasm", false),
            ("read-me.txt", false),
        ] {
            assert_eq!(has_hash(path), hashed, "{path}");
        }
    }

    #[test]
    fn a_file_is_sent_once_for_each_version() {
        let page = page(&[("index.html", "<script>1</script>"), ("worker.js", "self")]);
        let first = page.answer("/worker.js", Marks::default(), &HeaderMap::new());
        assert_eq!(first.status(), StatusCode::OK);
        assert_eq!(first.headers()[header::CACHE_CONTROL], "no-cache");
        let etag = first.headers()[header::ETAG].to_str().unwrap();
        let again = page.answer(
            "/worker.js",
            Marks::default(),
            &asking(header::IF_NONE_MATCH, etag),
        );
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        let other = page.answer(
            "/worker.js",
            Marks::default(),
            &asking(header::IF_NONE_MATCH, "\"other\""),
        );
        assert_eq!(other.status(), StatusCode::OK);
    }

    #[test]
    fn files_go_out_in_the_smallest_form_that_the_client_reads() {
        let long: &'static str = "a".repeat(5000).leak();
        let page = page(&[("page_bg.wasm", long), ("page.css", long)]);
        let sent = |path, accepted| {
            let response = page.answer(
                path,
                Marks::default(),
                &asking(header::ACCEPT_ENCODING, accepted),
            );
            let headers = response.headers();
            assert_eq!(headers[header::VARY], "Accept-Encoding");
            let etag = headers[header::ETAG].to_str().unwrap().to_owned();
            let again = HeaderMap::from_iter([
                (header::ACCEPT_ENCODING, HeaderValue::from_static(accepted)),
                (header::IF_NONE_MATCH, headers[header::ETAG].clone()),
            ]);
            assert_eq!(
                page.answer(path, Marks::default(), &again).status(),
                StatusCode::NOT_MODIFIED,
                "{etag}"
            );
            let coding = headers.get(header::CONTENT_ENCODING);
            (
                coding.map(|coding| coding.to_str().unwrap().to_owned()),
                etag,
            )
        };
        let coding = |path, accepted| sent(path, accepted).0;
        assert_eq!(coding("/page_bg.wasm", "gzip, br").as_deref(), Some("br"));
        assert_eq!(coding("/page_bg.wasm", "gzip").as_deref(), Some("gzip"));
        assert_eq!(
            coding("/page_bg.wasm", "br;q=0, gzip;q=0.5").as_deref(),
            Some("gzip")
        );
        assert_eq!(coding("/page_bg.wasm", "br;q=0.0"), None);
        assert_eq!(coding("/page_bg.wasm", "identity"), None);
        assert_eq!(coding("/page.css", "br, gzip").as_deref(), Some("gzip"));
        assert_eq!(coding("/page.css", "gzip;q=0, br"), None);
        // No cache may take one form for another.
        let tags = ["br", "gzip", "identity"].map(|accepted| sent("/page_bg.wasm", accepted).1);
        assert!(tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2]);
    }

    #[test]
    fn only_the_page_of_a_gateway_says_that_it_is_one() {
        let files = || {
            [
                (
                    "index.html",
                    "<meta charset=\"utf-8\"><meta content=\"connect-src 'self'; x\">",
                ),
                ("worker.js", "self"),
            ]
        };
        let sent = page(&files()).files[INDEX].plain.clone();
        let sent = String::from_utf8_lossy(&sent).into_owned();
        assert!(
            sent.contains(MARK) && sent.contains("connect-src 'self';"),
            "{sent}"
        );
        let files = files().map(|(path, content)| (path.to_owned(), Cow::from(content.as_bytes())));
        let exported = for_static_hosts(files.into_iter());
        let names: Vec<&str> = exported.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(names, ["worker.js", "index.html"]);
        let index = String::from_utf8_lossy(&exported[1].content);
        assert!(!index.contains(MARK), "{index}");
        assert!(
            index.contains("connect-src 'self' https: http://localhost:* http://127.0.0.1:*;"),
            "{index}"
        );
    }

    #[test]
    fn a_page_that_may_ask_registries_itself_is_told_which() {
        let html = "<meta charset=\"utf-8\"><meta content=\"connect-src 'self'; x\">";
        let files = ["index.html", "worker.js"].map(|path| Embedded {
            path,
            plain: html.as_bytes(),
            brotli: None,
        });
        let hosts =
            ["registry.example.com:5000", "127.0.0.1:5000"].map(|host| host.parse().unwrap());
        let connect = "connect-src 'self' https://registry.example.com:5000 http://127.0.0.1:5000;";
        let page = Page::new(&files, &[], &hosts);
        // What its workers may do is said where their program is sent.
        for path in ["/", "/worker.js"] {
            let answer = page.answer(path, Marks::default(), &HeaderMap::new());
            let policy = answer.headers()[header::CONTENT_SECURITY_POLICY].to_str();
            let policy = policy.unwrap();
            assert!(policy.contains(connect), "{policy}");
        }
        let sent = String::from_utf8_lossy(&page.files[INDEX].plain).into_owned();
        assert!(
            sent.contains(MARK_WITH_CONFIG) && sent.contains(connect),
            "{sent}"
        );
        let config: serde_json::Value = serde_json::from_slice(&page.files[CONFIG].plain).unwrap();
        let named =
            serde_json::json!({ "direct": ["registry.example.com:5000", "127.0.0.1:5000"] });
        assert_eq!(config, named);
        assert!(!Page::new(&files, &[], &[]).files.contains_key(CONFIG));
    }

    #[test]
    fn without_a_page_the_way_to_it_is_told() {
        let response = page(&[]).answer("/", Marks::default(), &HeaderMap::new());
        assert_eq!(response.status(), StatusCode::OK);
        assert!(
            response
                .headers()
                .contains_key(header::CONTENT_SECURITY_POLICY)
        );
        let missing = page(&[]).answer("/nothing", Marks::default(), &HeaderMap::new());
        assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn only_the_embed_view_is_framed_and_only_by_those_who_are_named() {
        let files = [("index.html", "<p>"), ("worker.js", "self")];
        let named = ["self", "https://review.example.com"].map(|name| name.parse().unwrap());
        let named = framed(&files, &named);
        let nobody = page(&files);
        let sent = |page: &Page, path, query, name| {
            let answer = page.answer(path, Marks::of(query), &HeaderMap::new());
            let value = answer.headers().get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        let framing = "frame-ancestors 'self' https://review.example.com;";
        for (query, is_framed) in [
            (Some("embed"), true),
            (Some("a=b&embed=1"), true),
            (Some("handover&embed"), true),
            (Some("embedded"), false),
            (Some("handover"), false),
            (None, false),
        ] {
            let policy = |page| sent(page, "/", query, header::CONTENT_SECURITY_POLICY).unwrap();
            assert_eq!(policy(&named).contains(framing), is_framed, "{query:?}");
            assert_eq!(
                policy(&named).contains("frame-ancestors 'none'"),
                !is_framed
            );
            assert!(policy(&nobody).contains("frame-ancestors 'none'"));
            let agrees = sent(&named, "/", query, policy::EMBEDDER_POLICY);
            assert_eq!(agrees.is_some(), is_framed, "{query:?}");
        }
        assert!(sent(&named, "/worker.js", None, policy::EMBEDDER_POLICY).is_some());
        assert_eq!(sent(&nobody, "/", None, policy::EMBEDDER_POLICY), None);
    }
}
