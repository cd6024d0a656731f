//! What the gateway answers on its own: the API, the demo images, refusals and what binds a browser.

use std::sync::LazyLock;

use axum::body::Body;
use http_body_util::BodyExt as _;
use onionskin_core::digest::Digest;
use tower::ServiceExt as _;

use super::*;
use crate::{Gateway, GatewayOptions};

/// One for all tests, because the system's certificates take their time.
static ROUTER: LazyLock<Router> =
    LazyLock::new(|| Gateway::new(&GatewayOptions::default()).unwrap().router());

async fn ask(method: &str, path: &str, headers: &[(HeaderName, &str)]) -> Response {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    let router = ROUTER.clone();
    router
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap()
}

async fn get(path: &str) -> Response {
    ask("GET", path, &[]).await
}

async fn body(response: Response) -> Vec<u8> {
    response
        .into_body()
        .collect()
        .await
        .unwrap()
        .to_bytes()
        .to_vec()
}

async fn json(response: Response) -> serde_json::Value {
    serde_json::from_slice(&body(response).await).unwrap()
}

async fn assert_refused(response: Response, status: u16, code: &str, says: &str) {
    assert_eq!(response.status().as_u16(), status);
    let document = json(response).await;
    assert_eq!(document["errors"][0]["code"], code, "{document}");
    let message = document["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains(says), "{message}");
}

#[tokio::test]
async fn the_api_says_its_version_on_every_answer() {
    for path in [
        "/v2/",
        "/v2",
        "/v2/_catalog",
        "/v2/nothing/tags/list",
        "/v2/x",
    ] {
        assert_eq!(
            get(path).await.headers()[API_VERSION],
            "registry/2.0",
            "{path}"
        );
    }
    assert_eq!(body(get("/v2/").await).await, b"{}");
}

#[tokio::test]
async fn pages_of_other_sites_are_refused_on_the_api() {
    for (site, path, status) in [
        ("cross-site", "/v2/", 403),
        ("cross-site", "/v2", 403),
        ("cross-site", "/v2/_catalog", 403),
        ("Cross-Site", "/v2/demo/webapp/manifests/1.0", 403),
        ("same-site", "/v2/docker.io/library/nginx/tags/list", 403),
        ("same-site", "/", 200),
        ("cross-site", "/v2/docker.io/library/nginx/tags/list", 403),
        // A link to the page may be anywhere.
        ("cross-site", "/", 200),
        ("same-origin", "/v2/_catalog", 200),
        ("none", "/v2/_catalog", 200),
    ] {
        let response = ask("GET", path, &[(SEC_FETCH_SITE, site)]).await;
        assert_eq!(response.status(), status, "{site} {path}");
    }
    let both = [
        (SEC_FETCH_SITE, "same-origin"),
        (SEC_FETCH_SITE, "cross-site"),
    ];
    let response = ask("GET", "/v2/_catalog", &both).await;
    assert_refused(response, 403, "DENIED", "other sites").await;
}

/// To a gateway on plain HTTP beyond their machine, browsers send no more than this.
#[tokio::test]
async fn pages_that_only_name_their_origin_are_refused_on_the_api() {
    let host = (header::HOST, "gateway.lan:8080");
    for (origin, status) in [
        ("https://evil.example", 403),
        ("http://gateway.lan:9090", 403),
        ("http://gateway.lan", 403),
        ("null", 403),
        ("http://gateway.lan:8080", 200),
        ("https://gateway.lan:8080", 200),
    ] {
        let headers = [host.clone(), (header::ORIGIN, origin)];
        let response = ask("GET", "/v2/demo/webapp/manifests/1.0", &headers).await;
        assert_eq!(response.status(), status, "{origin}");
    }
    // Ports that go without saying, and a browser that says that it is the same origin by whatever name.
    for headers in [
        [
            (header::HOST, "gateway.lan:443"),
            (header::ORIGIN, "https://gateway.lan"),
        ],
        [
            (SEC_FETCH_SITE, "same-origin"),
            (header::ORIGIN, "https://gateway.lan"),
        ],
    ] {
        let response = ask("GET", "/v2/_catalog", &headers).await;
        assert_eq!(response.status(), 200, "{headers:?}");
    }
    // A page that is allowed may be anywhere.
    let response = ask_of_page("GET", "/v2/_catalog", &[host, PAGE]).await;
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn every_answer_binds_the_browser() {
    for path in [
        "/",
        "/nothing",
        "/v2/",
        "/v2/_catalog",
        "/v2/demo/webapp/manifests/1.0",
    ] {
        let response = get(path).await;
        let headers = response.headers();
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer", "{path}");
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        let inert = policy.contains("sandbox");
        assert_eq!(inert, path != "/", "{path}: {policy}");
    }
}

#[tokio::test]
async fn demo_images_are_pulled_from_tag_to_blob() {
    let catalog = json(get("/v2/_catalog").await).await;
    assert_eq!(
        catalog["repositories"],
        serde_json::json!(["demo/hello", "demo/webapp"])
    );
    let tags = json(get("/v2/demo/webapp/tags/list").await).await;
    assert_eq!(tags["tags"], serde_json::json!(["1.0", "1.1"]));
    let first = get("/v2/demo/webapp/tags/list?n=1").await;
    assert_eq!(
        first.headers()[header::LINK],
        "</v2/demo/webapp/tags/list?n=1&last=1%2E0>; rel=\"next\""
    );

    let by_tag = get("/v2/demo/webapp/manifests/1.0").await;
    assert_eq!(by_tag.headers()[header::CACHE_CONTROL], "no-cache");
    let digest = by_tag.headers()["docker-content-digest"]
        .to_str()
        .unwrap()
        .to_owned();
    let manifest = body(by_tag).await;
    assert_eq!(Digest::sha256(&manifest).to_string(), digest);
    let by_digest = get(&format!("/v2/demo/webapp/manifests/{digest}")).await;
    assert!(
        by_digest.headers()[header::CACHE_CONTROL]
            .to_str()
            .unwrap()
            .contains("immutable")
    );
    assert_eq!(body(by_digest).await, manifest);

    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let layer = &manifest["layers"][0];
    let path = format!(
        "/v2/demo/webapp/blobs/{}",
        layer["digest"].as_str().unwrap()
    );
    let whole = get(&path).await;
    let caching = whole.headers()[header::CACHE_CONTROL]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        caching.contains("immutable") && caching.contains("no-transform"),
        "{caching}"
    );
    assert!(!whole.headers().contains_key(header::CONTENT_ENCODING));
    let whole = body(whole).await;
    assert_eq!(layer["digest"], Digest::sha256(&whole).to_string());

    let head = ask("HEAD", &path, &[]).await;
    assert_eq!(
        head.headers()[header::CONTENT_LENGTH],
        whole.len().to_string()
    );
    assert!(body(head).await.is_empty());
    let part = ask("GET", &path, &[(header::RANGE, "bytes=10-19")]).await;
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    let of = format!("bytes 10-19/{}", whole.len());
    assert_eq!(part.headers()[header::CONTENT_RANGE], of);
    assert_eq!(body(part).await, whole[10..20]);
    let beyond = ask("GET", &path, &[(header::RANGE, "bytes=999999999-")]).await;
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
}

#[tokio::test]
async fn a_blob_of_one_repository_is_not_served_through_another() {
    let manifest = json(get("/v2/demo/webapp/manifests/1.0").await).await;
    let digest = manifest["layers"][0]["digest"].as_str().unwrap();
    let response = get(&format!("/v2/demo/hello/blobs/{digest}")).await;
    assert_refused(response, 404, "BLOB_UNKNOWN", "demo/hello").await;
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    for (path, status, code, says) in [
        (
            "/v2/demo/webapp/manifests/9",
            404,
            "MANIFEST_UNKNOWN",
            "1.0, 1.1",
        ),
        (
            "/v2/demo/nothing/manifests/1",
            404,
            "NAME_UNKNOWN",
            "docker.io/library/nginx",
        ),
        (
            "/v2/nginx/manifests/latest",
            404,
            "NAME_UNKNOWN",
            "docker.io/library/nginx",
        ),
        (
            "/v2/registry.example.com/app/manifests/1",
            403,
            "DENIED",
            "--registry registry.example.com",
        ),
        (
            "/v2/127.0.0.1:5000/app/manifests/1",
            403,
            "DENIED",
            "--registry",
        ),
        (
            "/v2/169.254.169.254/latest/manifests/1",
            403,
            "DENIED",
            "--registry",
        ),
        ("/v2/localhost/app/tags/list", 403, "DENIED", "--registry"),
        (
            "/v2/docker.io/UPPER/tags/list",
            400,
            "NAME_INVALID",
            "lower case",
        ),
        (
            "/v2/docker.io/a//b/manifests/1",
            400,
            "NAME_INVALID",
            "empty",
        ),
        ("/v2/docker.io/a/../b/manifests/1", 400, "NAME_INVALID", ""),
        (
            "/v2/docker.io/a%3Fb/manifests/1",
            400,
            "NAME_INVALID",
            "'?'",
        ),
        ("/v2/docker.io/manifests/1", 400, "NAME_INVALID", ""),
        (
            "/v2/demo/webapp/tags/list?n=x",
            400,
            "PAGINATION_NUMBER_INVALID",
            "whole number",
        ),
    ] {
        assert_refused(get(path).await, status, code, says).await;
    }
}

#[tokio::test]
async fn nothing_can_be_written() {
    for (method, path) in [
        ("PUT", "/v2/demo/webapp/manifests/2.0"),
        ("POST", "/v2/demo/webapp/blobs/uploads/"),
        ("DELETE", "/v2/docker.io/library/nginx/manifests/latest"),
        ("PATCH", "/v2/"),
    ] {
        let response = ask(method, path, &[]).await;
        assert_refused(response, 405, "UNSUPPORTED", "read only").await;
    }
    assert_eq!(
        ask("POST", "/", &[]).await.status(),
        StatusCode::METHOD_NOT_ALLOWED
    );
}

#[tokio::test]
async fn endless_targets_are_cut_off() {
    let path = format!("/v2/{}/tags/list", "a/".repeat(URI_BYTES));
    assert_eq!(get(&path).await.status(), StatusCode::URI_TOO_LONG);
}

/// What a gateway answers that allows the pages of one origin.
async fn ask_of_page(method: &str, path: &str, headers: &[(HeaderName, &str)]) -> Response {
    static ALLOWING: LazyLock<Router> = LazyLock::new(|| {
        let options = GatewayOptions {
            allowed_origins: vec!["https://pages.example.com".parse().unwrap()],
            ..GatewayOptions::default()
        };
        Gateway::new(&options).unwrap().router()
    });
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    ALLOWING.clone().oneshot(request).await.unwrap()
}

const PAGE: (HeaderName, &str) = (header::ORIGIN, "https://pages.example.com");
const OTHER_PAGE: (HeaderName, &str) = (header::ORIGIN, "https://evil.example.com");
const CROSS: (HeaderName, &str) = (SEC_FETCH_SITE, "cross-site");

#[tokio::test]
async fn the_pages_of_an_allowed_origin_read_the_api() {
    for path in [
        "/v2/",
        "/v2/_catalog",
        "/v2/demo/webapp/manifests/1.0",
        // Errors too.
        "/v2/demo/nothing/manifests/1",
    ] {
        let answer = ask_of_page("GET", path, &[PAGE, CROSS]).await;
        let headers = answer.headers();
        assert_eq!(
            headers[header::ACCESS_CONTROL_ALLOW_ORIGIN],
            PAGE.1,
            "{path}"
        );
        assert!(
            headers
                .get_all(header::VARY)
                .iter()
                .any(|vary| vary == "origin")
        );
        let exposed = headers[header::ACCESS_CONTROL_EXPOSE_HEADERS]
            .to_str()
            .unwrap();
        for name in [
            "docker-content-digest",
            "link",
            "content-range",
            "www-authenticate",
        ] {
            assert!(exposed.contains(name), "{exposed}");
        }
        assert!(!headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
    }
    assert_eq!(
        ask_of_page("GET", "/v2/", &[PAGE, CROSS]).await.status(),
        200
    );
}

#[tokio::test]
async fn a_browser_that_asks_first_is_told_what_the_page_may() {
    let asks = (header::ACCESS_CONTROL_REQUEST_METHOD, "GET");
    let path = "/v2/docker.io/library/nginx/manifests/1";
    let answer = ask_of_page("OPTIONS", path, &[PAGE, CROSS, asks.clone()]).await;
    assert_eq!(answer.status(), 204);
    let headers = answer.headers();
    assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], PAGE.1);
    assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_METHODS], "GET, HEAD");
    let allowed = headers[header::ACCESS_CONTROL_ALLOW_HEADERS]
        .to_str()
        .unwrap();
    assert!(
        allowed.contains("accept") && allowed.contains("x-registry-auth"),
        "{allowed}"
    );
    for (origin, site) in [
        (OTHER_PAGE, CROSS),
        (OTHER_PAGE, (SEC_FETCH_SITE, "same-site")),
    ] {
        let answer = ask_of_page("OPTIONS", path, &[origin, site, asks.clone()]).await;
        assert!(answer.status().is_client_error());
        assert!(
            !answer
                .headers()
                .contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN)
        );
    }
}

#[tokio::test]
async fn pages_of_other_origins_are_refused_still() {
    let page_and_other = [PAGE, OTHER_PAGE, CROSS];
    let only_site = [CROSS];
    let null = [(header::ORIGIN, "null"), CROSS];
    let longer = [
        (header::ORIGIN, "https://pages.example.com.evil.example.com"),
        CROSS,
    ];
    let plain = [(header::ORIGIN, "http://pages.example.com"), CROSS];
    for headers in [
        &page_and_other[..],
        &only_site,
        &null,
        &longer,
        &plain,
        &[OTHER_PAGE, CROSS],
    ] {
        let answer = ask_of_page("GET", "/v2/", headers).await;
        assert!(
            !answer
                .headers()
                .contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN),
            "{headers:?}"
        );
        assert_refused(answer, 403, "DENIED", "pages of other sites").await;
    }
    // Without the flag nobody is allowed, and what is not the API never.
    let answer = ask("GET", "/v2/", &[PAGE, CROSS]).await;
    assert_refused(answer, 403, "DENIED", "pages of other sites").await;
    let page = ask_of_page("GET", "/", &[PAGE, CROSS]).await;
    assert!(
        !page
            .headers()
            .contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN)
    );
}
