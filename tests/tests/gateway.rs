//! The gateway between real tools and real or hostile registries.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use onionskin_gateway::{Gateway, Options};
use serde_json::Value;
use tokio::net::TcpListener;

/// Serves `router` on a free port for the rest of the test; returns `127.0.0.1:PORT`.
async fn listen(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

/// A gateway that was told of `registries`; returns the root of its API.
async fn gateway(registries: &[String]) -> String {
    let registries = registries.iter().map(|r| r.parse().unwrap()).collect();
    let gateway = Gateway::new(&Options { registries }).unwrap();
    format!("http://{}/v2", listen(gateway.router()).await)
}

/// A registry that answers every request with `answer`.
async fn registry(answer: impl Fn(&Uri) -> Response + Clone + Send + Sync + 'static) -> String {
    listen(Router::new().fallback(move |uri: Uri| async move { answer(&uri) })).await
}

/// A place that nobody should come to, and how often somebody did.
async fn secret_place() -> (String, Arc<AtomicUsize>) {
    let visits = Arc::new(AtomicUsize::new(0));
    let count = async |State(visits): State<Arc<AtomicUsize>>| {
        visits.fetch_add(1, Ordering::SeqCst);
        "secret"
    };
    let router = Router::new()
        .fallback(count)
        .with_state(Arc::clone(&visits));
    (listen(router).await, visits)
}

fn answer(status: u16, name: HeaderName, value: &str) -> Response {
    (
        StatusCode::from_u16(status).unwrap(),
        [(name, value.to_owned())],
        "",
    )
        .into_response()
}

async fn refusal(url: &str) -> (u16, String, String) {
    let response = reqwest::get(url).await.unwrap();
    let status = response.status().as_u16();
    let document: Value = response.json().await.unwrap();
    let text = |key: &str| document["errors"][0][key].as_str().unwrap().to_owned();
    (status, text("code"), text("message"))
}

/// Each kind of request that leads to a fetch.
const FETCHES: [&str; 4] = [
    "app/manifests/latest",
    "app/manifests/sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "app/blobs/sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "app/tags/list",
];

#[tokio::test]
async fn a_registry_cannot_send_the_gateway_inside_by_a_redirect() {
    let (secret, visits) = secret_place().await;
    let port = secret.rsplit(':').next().unwrap().to_owned();
    for target in [
        format!("http://{secret}/"),
        format!("http://localhost:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("https://{secret}/"),
        "https://localhost/".to_owned(),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "https://169.254.169.254/latest/meta-data/".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        let to = target.clone();
        let odd = registry(move |_| answer(307, header::LOCATION, &to)).await;
        let gateway = gateway(&[format!("odd=http://{odd}")]).await;
        for fetch in FETCHES {
            let (status, code, message) = refusal(&format!("{gateway}/odd/{fetch}")).await;
            assert_eq!(
                (status, code.as_str()),
                (403, "DENIED"),
                "{target} {fetch}: {message}"
            );
        }
    }
    assert_eq!(visits.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_registry_cannot_send_the_gateway_inside_by_a_realm() {
    let (secret, visits) = secret_place().await;
    for realm in [
        "http://169.254.169.254/latest/meta-data/iam".to_owned(),
        "https://169.254.169.254/token".to_owned(),
        "https://localhost/token".to_owned(),
        format!("http://{secret}/token"),
    ] {
        let challenge = format!("Bearer realm=\"{realm}\",service=\"odd\"");
        let odd = registry(move |_| answer(401, header::WWW_AUTHENTICATE, &challenge)).await;
        let gateway = gateway(&[format!("odd=http://{odd}")]).await;
        for fetch in FETCHES {
            let (status, code, message) = refusal(&format!("{gateway}/odd/{fetch}")).await;
            assert_eq!(
                (status, code.as_str()),
                (403, "DENIED"),
                "{realm} {fetch}: {message}"
            );
        }
    }
    assert_eq!(visits.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_unless_it_was_named() {
    // `localhost` resolves to loopback addresses; as an https registry on 443 only its address speaks against it.
    let odd = registry(|_| answer(302, header::LOCATION, "https://localhost/v2/")).await;
    let gateway = gateway(&[format!("odd=http://{odd}")]).await;
    let (_, _, message) = refusal(&format!("{gateway}/odd/app/manifests/1")).await;
    assert!(message.contains("not on the public internet"), "{message}");
}

#[tokio::test]
async fn troubles_of_a_registry_are_told_apart() {
    let odd = registry(|uri| match uri.path() {
        "/v2/busy/manifests/1" => answer(429, header::RETRY_AFTER, "17"),
        "/v2/none/manifests/1" => answer(404, header::CONTENT_TYPE, "text/html"),
        "/v2/closed/manifests/1" => answer(403, header::CONTENT_TYPE, "text/html"),
        "/v2/broken/manifests/1" => answer(500, header::CONTENT_TYPE, "text/html"),
        _ => answer(200, header::CONTENT_TYPE, "text/html"),
    })
    .await;
    let gateway = gateway(&[
        format!("odd=http://{odd}"),
        "down=http://127.0.0.1:1".to_owned(),
    ])
    .await;
    for (path, status, code) in [
        ("odd/none/manifests/1", 404, "MANIFEST_UNKNOWN"),
        ("odd/closed/manifests/1", 403, "DENIED"),
        ("odd/broken/manifests/1", 502, "UNKNOWN"),
        ("odd/html/manifests/1", 502, "UNKNOWN"),
        ("down/app/manifests/1", 502, "UNKNOWN"),
        ("down/app/tags/list", 502, "UNKNOWN"),
    ] {
        let (got, said, message) = refusal(&format!("{gateway}/{path}")).await;
        assert_eq!((got, said.as_str()), (status, code), "{path}: {message}");
    }
    let busy = reqwest::get(format!("{gateway}/odd/busy/manifests/1"))
        .await
        .unwrap();
    assert_eq!(busy.status(), 429);
    assert_eq!(busy.headers()[header::RETRY_AFTER], "17");
}

#[tokio::test]
async fn the_next_page_of_tags_is_asked_from_the_gateway() {
    let odd = registry(|uri| match uri.query() {
        None => (
            [(
                header::LINK,
                "<http://169.254.169.254/steal?last=b&n=2>; rel=\"next\"",
            )],
            r#"{"name":"app","tags":["a","b"]}"#,
        )
            .into_response(),
        Some(_) => r#"{"name":"app","tags":["c"]}"#.into_response(),
    })
    .await;
    let gateway = gateway(&[format!("odd=http://{odd}")]).await;
    let first = reqwest::get(format!("{gateway}/odd/app/tags/list"))
        .await
        .unwrap();
    let link = first
        .headers()
        .get(header::LINK)
        .map(|link| link.to_str().unwrap().to_owned());
    assert!(
        !link.clone().unwrap_or_default().contains("169.254"),
        "{link:?}"
    );
    let tags: Value = first.json().await.unwrap();
    assert_eq!(tags["name"], "odd/app");
}

#[tokio::test]
async fn a_blob_that_is_not_what_its_digest_says_never_ends_well() {
    for bytes in [10, 10_000_000] {
        let odd = registry(move |_| vec![b'x'; bytes].into_response()).await;
        let gateway = gateway(&[format!("odd=http://{odd}")]).await;
        let url = format!("{gateway}/odd/{}", FETCHES[2]);
        let response = reqwest::get(url).await.unwrap();
        let status = response.status().as_u16();
        let whole = response.bytes().await;
        // What is small is judged before the answer; of what is large the last bytes never come.
        assert!(status == 502 || whole.is_err(), "{bytes}: {status}");
    }
}
