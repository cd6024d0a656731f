//! The gateway between real tools and real or hostile registries.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use onionskin_fixtures::{Image, Packed, bytes, index, layer};
use onionskin_gateway::{Gateway, GatewayOptions};
use onionskin_tests::Registry;
use onionskin_tests::odd::serve;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::Command;

/// A gateway that was told of `registries`; returns the root of its API.
async fn gateway(registries: &[String]) -> String {
    let registries = registries.iter().map(|r| r.parse().unwrap()).collect();
    gateway_with(GatewayOptions {
        registries,
        ..GatewayOptions::default()
    })
    .await
}

async fn gateway_with(options: GatewayOptions) -> String {
    let gateway = Gateway::new(&options).unwrap();
    format!("http://{}/v2", serve(gateway.router()).await)
}

/// A registry that answers every request with `answer`.
async fn registry(answer: impl Fn(&Uri) -> Response + Clone + Send + Sync + 'static) -> String {
    serve(Router::new().fallback(move |uri: Uri| async move { answer(&uri) })).await
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
    (serve(router).await, visits)
}

fn answer(status: u16, name: HeaderName, value: &str) -> Response {
    (
        StatusCode::from_u16(status).unwrap(),
        [(name, value.to_owned())],
        "",
    )
        .into_response()
}

/// A client for one test. It trusts nobody, because reading the system's certificates takes its time.
fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .tls_certs_only([])
        .build()
        .unwrap()
}

async fn refusal(client: &reqwest::Client, url: &str) -> (u16, String, String) {
    let response = client.get(url).send().await.unwrap();
    let status = response.status().as_u16();
    let document: Value = response.json().await.unwrap();
    let text = |key: &str| document["errors"][0][key].as_str().unwrap().to_owned();
    (status, text("code"), text("message"))
}

/// Asserts that a gateway refuses every kind of fetch from a registry that gives these answers, for the
/// repositories `0/app`, `1/app` and so on.
async fn assert_denied(answers: Vec<(u16, HeaderName, String)>) {
    let count = answers.len();
    let is_redirect = answers[0].1 == header::LOCATION;
    let odd = registry(move |uri| {
        let number = uri.path().split('/').nth(2).unwrap_or_default();
        let (status, name, value) = &answers[number.parse::<usize>().unwrap()];
        answer(*status, name.clone(), value)
    });
    let gateway = gateway(&[format!("odd=http://{}", odd.await)]).await;
    let client = client();
    for number in 0..count {
        for fetch in FETCHES {
            let url = format!("{gateway}/odd/{number}/{fetch}");
            let (status, code, message) = refusal(&client, &url).await;
            // A list of referrers that leads there is one that is not there.
            let expected = match is_redirect && fetch.contains("/referrers/") {
                true => (404, "MANIFEST_UNKNOWN"),
                false => (403, "DENIED"),
            };
            assert_eq!(
                (status, code.as_str()),
                expected,
                "{number}/{fetch}: {message}"
            );
        }
    }
}

fn image(platform: &str, content: usize) -> Packed {
    Image::new()
        .platform(platform)
        .layer(layer("COPY app /app").file("/app", bytes(content)))
        .layer(layer("RUN rm /app").whiteout("/app"))
        .pack()
}

/// What skopeo pulls, as `FILE: bytes` of a folder: manifest, config and layers.
async fn pulled(reference: &str, options: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("skopeo")
        .args(["copy", "--quiet", "--src-tls-verify=false"])
        .args(options)
        .arg(format!("docker://{reference}"))
        .arg(format!("dir:{}", folder.path().display()))
        .output()
        .await
        .expect("skopeo is installed");
    assert!(
        output.status.success(),
        "{reference}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let files = fs::read_dir(folder.path())
        .unwrap()
        .map(|file| file.unwrap());
    files
        .map(|file| {
            (
                file.file_name().into_string().unwrap(),
                fs::read(file.path()).unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn skopeo_gets_the_same_through_the_gateway_and_from_the_registry() {
    let registry = Registry::start();
    registry.push("some/app:1", &image("linux/amd64", 300_000));
    let images = [image("linux/amd64", 1000), image("linux/arm64", 2000)];
    registry.push_index("multi:1", &index(images[0].family, &images), &images);
    let gateway = gateway(&[format!("team=http://{}", registry.address())]).await;
    let gateway = gateway
        .trim_start_matches("http://")
        .trim_end_matches("/v2");
    for (name, options) in [("some/app:1", &[][..]), ("multi:1", &["--all"])] {
        let straight = pulled(&format!("{}/{name}", registry.address()), options).await;
        let through = pulled(&format!("{gateway}/team/{name}"), options).await;
        assert!(straight.len() > 4, "{:?}", straight.keys());
        assert_eq!(straight, through);
    }
}

#[tokio::test]
async fn a_registry_answers_under_its_name_and_its_address() {
    let registry = Registry::start();
    registry.push("app:1", &image("linux/amd64", 1000));
    registry.push("app:2", &image("linux/amd64", 1001));
    let address = registry.address();
    let gateway = gateway(&[format!("team=http://{address}")]).await;
    for name in [
        "team".to_owned(),
        address.to_owned(),
        address.replace(':', "%3A"),
    ] {
        let head = client()
            .head(format!("{gateway}/{name}/app/manifests/1"))
            .send()
            .await
            .unwrap();
        assert_eq!(head.status(), 200, "{name}");
        let digest = head.headers()["docker-content-digest"].clone();
        let manifest = client()
            .get(format!("{gateway}/{name}/app/manifests/1"))
            .send()
            .await
            .unwrap();
        assert_eq!(manifest.headers()["docker-content-digest"], digest);
        assert_eq!(manifest.headers()[header::CACHE_CONTROL], "no-cache");

        let tags = client()
            .get(format!("{gateway}/{name}/app/tags/list"))
            .send();
        let tags: Value = tags.await.unwrap().json().await.unwrap();
        assert_eq!(tags["tags"].as_array().map(Vec::len), Some(2), "{tags}");
    }
}

#[tokio::test]
async fn parts_of_a_blob_are_passed_on_as_they_are() {
    let registry = Registry::start();
    let image = image("linux/amd64", 50_000);
    registry.push("app:1", &image);
    let gateway = gateway(&[format!("team=http://{}", registry.address())]).await;
    let layer = &image.layers[0];
    let url = format!("{gateway}/team/app/blobs/{}", layer.digest);
    // What a browser sends, which must not make anybody touch the bytes.
    let ask = client()
        .get(&url)
        .header(header::ACCEPT_ENCODING, "gzip, br, zstd");
    let whole = ask.send().await.unwrap();
    assert!(!whole.headers().contains_key(header::CONTENT_ENCODING));
    assert_eq!(
        whole.headers()[header::CONTENT_LENGTH],
        layer.bytes.len().to_string()
    );
    assert!(
        whole.headers()[header::CACHE_CONTROL]
            .to_str()
            .unwrap()
            .contains("no-transform")
    );
    assert_eq!(whole.bytes().await.unwrap(), layer.bytes);

    let ask = client().get(&url).header(header::RANGE, "bytes=10-19");
    let part = ask.send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.bytes().await.unwrap(), layer.bytes[10..20]);
    let head = client().head(&url).send().await.unwrap();
    assert_eq!(
        head.headers()[header::CONTENT_LENGTH],
        layer.bytes.len().to_string()
    );
    assert_eq!(
        head.headers()[header::CACHE_CONTROL],
        "no-cache, no-transform"
    );
}

/// Each kind of request that leads to a fetch.
const FETCHES: [&str; 5] = [
    "app/manifests/latest",
    "app/manifests/sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "app/blobs/sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "app/tags/list",
    "app/referrers/sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
];

/// CVE-2026-33990: a guard on one path only.
#[tokio::test]
async fn a_registry_cannot_send_the_gateway_inside_by_a_redirect() {
    let (secret, visits) = secret_place().await;
    let port = secret.rsplit(':').next().unwrap().to_owned();
    let targets = [
        format!("http://{secret}/"),
        format!("http://localhost:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("https://{secret}/"),
        "https://localhost/".to_owned(),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "https://169.254.169.254/latest/meta-data/".to_owned(),
        "file:///etc/passwd".to_owned(),
    ];
    assert_denied(targets.map(|target| (307, header::LOCATION, target)).into()).await;
    assert_eq!(visits.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_list_of_repositories_leads_nowhere_else_either() {
    let (secret, visits) = secret_place().await;
    let inside = format!("http://{secret}/");
    let realm = format!("Bearer realm=\"{inside}token\",service=\"odd\"");
    for (status, name, value) in [
        (307, header::LOCATION, inside),
        (401, header::WWW_AUTHENTICATE, realm),
    ] {
        let odd = registry(move |_| answer(status, name.clone(), &value)).await;
        let gateway = gateway(&[format!("odd=http://{odd}")]).await;
        let url = format!("{gateway}/odd/_catalog");
        let (status, code, message) = refusal(&client(), &url).await;
        assert_eq!((status, code.as_str()), (403, "DENIED"), "{message}");
    }
    assert_eq!(visits.load(Ordering::SeqCst), 0);
    let gateway = gateway(&[]).await;
    let url = format!("{gateway}/169.254.169.254/_catalog");
    let (status, code, _) = refusal(&client(), &url).await;
    assert_eq!((status, code.as_str()), (403, "DENIED"));
}

/// CVE-2026-48978: a realm on an address or a metadata host.
#[tokio::test]
async fn a_registry_cannot_send_the_gateway_inside_by_a_realm() {
    let (secret, visits) = secret_place().await;
    let realms = [
        "http://169.254.169.254/latest/meta-data/iam".to_owned(),
        "https://169.254.169.254/token".to_owned(),
        "https://localhost/token".to_owned(),
        format!("http://{secret}/token"),
    ];
    let challenge = |realm| format!("Bearer realm=\"{realm}\",service=\"odd\"");
    let answers = realms.map(|realm| (401, header::WWW_AUTHENTICATE, challenge(realm)));
    assert_denied(answers.into()).await;
    assert_eq!(visits.load(Ordering::SeqCst), 0);
}

/// go-containerregistry#2440: a guard that looks at IP literals and lets names pass.
#[tokio::test]
async fn a_name_that_leads_inside_is_refused_unless_it_was_named() {
    // `localhost` resolves to loopback addresses; as an https registry on 443 only its address speaks against it.
    let odd = registry(|_| answer(302, header::LOCATION, "https://localhost/v2/")).await;
    let gateway = gateway(&[format!("odd=http://{odd}")]).await;
    let (_, _, message) = refusal(&client(), &format!("{gateway}/odd/app/manifests/1")).await;
    assert!(message.contains("not on the public internet"), "{message}");
}

/// One registry that the operator named leads the gateway to another, which has its own visitors and log-in.
#[tokio::test]
async fn a_registry_cannot_send_the_gateway_to_another_named_one() {
    let visits = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&visits);
    let other = registry(move |uri| {
        count.fetch_add(1, Ordering::SeqCst);
        match uri.path() {
            "/token" => r#"{"token":"t"}"#.into_response(),
            _ => r#"{"tags":["a"]}"#.into_response(),
        }
    })
    .await;
    let redirect = format!("http://{other}/any/path");
    let realm = format!("Bearer realm=\"http://{other}/token\",service=\"odd\"");
    let odd = registry(move |uri| match uri.path().split('/').nth(2) {
        Some("redirect") => answer(307, header::LOCATION, &redirect),
        _ => answer(401, header::WWW_AUTHENTICATE, &realm),
    })
    .await;
    let named = [format!("odd=http://{odd}"), format!("other=http://{other}")];
    let root = gateway(&named).await;
    for repository in ["redirect", "realm"] {
        for fetch in FETCHES {
            let url = format!("{root}/odd/{repository}/{fetch}");
            let (status, _, message) = refusal(&client(), &url).await;
            let is_list = repository == "redirect" && fetch.contains("/referrers/");
            let expected = if is_list { 404 } else { 403 };
            assert_eq!(status, expected, "{url}: {message}");
        }
    }
    assert_eq!(visits.load(Ordering::SeqCst), 0);
    let own = client().get(format!("{root}/other/app/tags/list")).send();
    assert_eq!(own.await.unwrap().status(), 200);
    assert_eq!(visits.load(Ordering::SeqCst), 1);

    // A token server and a store that the operator allowed are others.
    let allowed = gateway_with(GatewayOptions {
        registries: vec![named[0].parse().unwrap()],
        allowed_hosts: vec![format!("http://{other}").parse().unwrap()],
        ..GatewayOptions::default()
    })
    .await;
    let list = format!("{allowed}/odd/redirect/app/tags/list");
    assert_eq!(client().get(list).send().await.unwrap().status(), 200);
    let list = format!("{allowed}/odd/realm/app/tags/list");
    client().get(list).send().await.unwrap();
    assert_eq!(visits.load(Ordering::SeqCst), 3);
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
        let (got, said, message) = refusal(&client(), &format!("{gateway}/{path}")).await;
        assert_eq!((got, said.as_str()), (status, code), "{path}: {message}");
    }
    let busy = client()
        .get(format!("{gateway}/odd/busy/manifests/1"))
        .send()
        .await
        .unwrap();
    assert_eq!(busy.status(), 429);
    assert_eq!(busy.headers()[header::RETRY_AFTER], "17");
}

#[tokio::test]
async fn the_next_page_of_tags_is_asked_from_the_gateway() {
    let odd = registry(|uri| {
        let link = match (uri.path(), uri.query()) {
            ("/v2/app/tags/list", None) => "</v2/app/tags/list?last=b&n=2>; rel=\"next\"",
            ("/v2/app/tags/list", Some("last=b&n=2")) => "",
            _ => "<http://169.254.169.254/v2/evil/tags/list?last=b>; rel=\"next\"",
        };
        let tags = if link.is_empty() {
            r#"{"tags":["c"]}"#
        } else {
            r#"{"tags":["a","b"]}"#
        };
        ([(header::LINK, link)], tags).into_response()
    })
    .await;
    let gateway = gateway(&[format!("odd=http://{odd}")]).await;
    let first = client()
        .get(format!("{gateway}/odd/app/tags/list"))
        .send()
        .await
        .unwrap();
    let link = first.headers()[header::LINK].to_str().unwrap().to_owned();
    let tags: Value = first.json().await.unwrap();
    assert_eq!(tags["name"], "odd/app");
    let next = link.trim_start_matches("</v2").split('>').next().unwrap();
    let next = client()
        .get(format!("{gateway}{next}"))
        .send()
        .await
        .unwrap();
    let tags: Value = next.json().await.unwrap();
    assert_eq!(tags["tags"], serde_json::json!(["c"]));

    let evil = client()
        .get(format!("{gateway}/odd/evil/tags/list"))
        .send()
        .await
        .unwrap();
    // Whatever host a registry names, its next page is its own, and asked for here.
    assert_eq!(
        evil.headers()[header::LINK],
        "</v2/odd/evil/tags/list?last=b>; rel=\"next\""
    );
}

#[tokio::test]
async fn a_blob_that_is_not_what_its_digest_says_never_ends_well() {
    for bytes in [10, 10_000_000] {
        let odd = registry(move |_| vec![b'x'; bytes].into_response()).await;
        let gateway = gateway(&[format!("odd=http://{odd}")]).await;
        let url = format!("{gateway}/odd/{}", FETCHES[2]);
        let response = client().get(url).send().await.unwrap();
        let status = response.status().as_u16();
        let whole = response.bytes().await;
        // What is small is judged before the answer; of what is large the last bytes never come.
        assert!(status == 502 || whole.is_err(), "{bytes}: {status}");
    }
}

/// DNS rebinding: a page of somebody else's whose name leads to this machine.
#[tokio::test]
async fn a_name_of_somebody_elses_is_not_answered_on_any_listener() {
    for listen in ["127.0.0.1:0", "0.0.0.0:0"] {
        let options = GatewayOptions {
            hosts: vec!["onionskin.example.com".to_owned()],
            ..GatewayOptions::default()
        };
        let listener = tokio::net::TcpListener::bind(listen).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let gateway = Gateway::new(&options).unwrap();
        let numbers = tokio::net::TcpListener::bind(listen).await.unwrap();
        let metrics = numbers.local_addr().unwrap().port();
        tokio::spawn(gateway.metrics().serve(numbers, std::future::pending()));
        tokio::spawn(gateway.serve(listener, std::future::pending()));
        let status = async |port: u16, target: &str, hosts: &[&str]| {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let hosts: String = hosts
                .iter()
                .map(|host| format!("Host: {host}\r\n"))
                .collect();
            let request = format!("GET {target} HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            let status = answer.split(' ').nth(1).unwrap_or_default();
            status.parse::<u16>().unwrap_or_else(|_| panic!("{answer}"))
        };
        let local = format!("127.0.0.1:{port}");
        for (target, hosts, expected) in [
            ("/v2/_catalog", &[local.as_str()][..], 200),
            ("/v2/_catalog", &["onionskin.example.com"], 200),
            ("/v2/_catalog", &["evil.example.com"], 421),
            ("/", &["evil.example.com"], 421),
            ("/v2/_catalog", &["203.0.113.9"], 421),
            ("/v2/_catalog", &["0.0.0.0"], 421),
            ("/v2/_catalog", &[], 400),
            ("/v2/_catalog", &[&local, &local], 400),
            ("/v2/_catalog", &[&local, "evil.example.com"], 400),
            ("http://evil.example.com/v2/_catalog", &[&local], 421),
        ] {
            let got = status(port, target, hosts).await;
            assert_eq!(got, expected, "{listen}: {target} {hosts:?}");
        }
        let local = format!("localhost:{metrics}");
        for (target, hosts, expected) in [
            ("/metrics", &[local.as_str()][..], 200),
            ("/metrics", &["onionskin.example.com"], 200),
            ("/metrics", &["evil.example.com"], 421),
            ("/healthz", &["evil.example.com"], 421),
            ("/metrics", &[], 400),
        ] {
            let got = status(metrics, target, hosts).await;
            assert_eq!(got, expected, "{listen}: {target} {hosts:?}");
        }
    }
}
