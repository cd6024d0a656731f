//! What whoever runs the server sees of it: logs, metrics, and how it stops.

use std::io;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use futures::{StreamExt as _, stream};
use onionskin_core::digest::Digest;
use onionskin_gateway::{Access, Gateway, GatewayOptions, Limits};
use onionskin_tests::binary::{host, onionskin, serve};
use onionskin_tests::command::stopped;
use onionskin_tests::odd::{LAYER, Odd, sound};
use onionskin_tests::raw::{self, deaf, ended};
use onionskin_tests::serving;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::sync::Notify;

fn client() -> reqwest::Client {
    let client = reqwest::Client::builder().tls_certs_only([]).no_proxy();
    client.timeout(Duration::from_secs(20)).build().unwrap()
}

async fn interrupt(child: &Child) {
    let id = child.id().unwrap().to_string();
    let done = Command::new("kill").args(["-TERM", &id]).status().await;
    assert!(done.unwrap().success());
}

#[tokio::test]
async fn a_request_is_found_in_the_log_by_the_id_of_its_answer() {
    let odd = Odd::new(|target, _| sound(target)).await;
    let registry = format!("team=http://{}", odd.address);
    let (mut child, addresses) =
        serve(&["--verbose", "--log-format", "json", "--registry", &registry]).await;
    let other = Digest::sha256(b"other");
    let mut ids = Vec::new();
    for path in [
        "v2/team/app/manifests/1?secret=hunter2".to_owned(),
        "v2/team/%0A%1B[31m/tags/list".to_owned(),
        format!("v2/team/app/blobs/{other}"),
    ] {
        let answer = client().get(format!("{}{path}", addresses[0]));
        let answer = answer
            .header("authorization", "Basic aHVudGVyMg==")
            .send()
            .await
            .unwrap();
        let id = answer.headers()["x-request-id"].to_str().unwrap();
        assert_eq!(id.len(), 16);
        ids.push(id.to_owned());
    }
    interrupt(&child).await;
    let mut log = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut log)
        .await
        .unwrap();
    assert!(!log.contains("hunter2") && !log.contains("aHVud"), "{log}");
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for (id, kind, status) in [
        (&ids[0], "/manifests/1", 200),
        (&ids[1], "/tags/list", 400),
        (&ids[2], "/blobs/", 404),
    ] {
        let found = lines.iter().find(|line| line["span"]["id"] == id.as_str());
        let found = found.unwrap_or_else(|| panic!("{id}: {log}"));
        assert_eq!(found["status"], status, "{log}");
        assert!(found["path"].as_str().unwrap().contains(kind), "{log}");
        assert_eq!(found["client"], "127.0.0.1", "{log}");
    }
}

#[tokio::test]
async fn prometheus_reads_what_was_asked_and_sent() {
    let odd = Odd::new(|target, _| sound(target)).await;
    let registry = format!("team=http://{}", odd.address);
    let (_child, addresses) = serve(&["--registry", &registry]).await;
    for path in [
        "v2/team/app/manifests/1",
        "v2/team/app/manifests/1",
        &format!("v2/team/app/blobs/{}", Digest::sha256(LAYER)),
        "v2/nowhere.example/app/manifests/1",
        "v2/demo/hello/tags/list",
        "healthz",
    ] {
        let answer = client()
            .get(format!("{}{path}", addresses[0]))
            .send()
            .await
            .unwrap();
        answer.bytes().await.unwrap();
    }
    let answer = client().get(&addresses[1]).send().await.unwrap();
    let kind = answer.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
    let text = answer.text().await.unwrap();
    for line in [
        r#"onionskin_requests_total{kind="manifest",status="200"} 2"#,
        r#"onionskin_requests_total{kind="manifest",status="403"} 1"#,
        r#"onionskin_requests_total{kind="tags",status="200"} 1"#,
        r#"onionskin_requests_total{kind="health",status="200"} 1"#,
        r#"onionskin_registry_requests_total{registry="HOST",status="200"} 3"#,
        &format!(
            r#"onionskin_registry_blob_bytes_total{{registry="HOST"}} {}"#,
            LAYER.len()
        ),
        r#"onionskin_request_duration_seconds_count{kind="blob"} 1"#,
        "onionskin_registry_requests_running 0",
        "# TYPE onionskin_connections gauge",
        r#"onionskin_build_info{version=""#,
    ] {
        let line = line.replace("HOST", &odd.address);
        assert!(text.contains(&line), "{line} in {text}");
    }
    // What strangers choose is no label.
    assert!(!text.contains("nowhere.example"), "{text}");
    // Visitors do not see it.
    let answer = client()
        .get(format!("{}metrics", addresses[0]))
        .send()
        .await
        .unwrap();
    let text = answer.text().await.unwrap();
    assert!(!text.contains("onionskin_requests_total"), "{text}");
}

/// Who does not read would keep the server for ever.
#[tokio::test]
async fn a_stop_has_an_end() {
    let large = vec![7; 16 << 20];
    let digest = Digest::sha256(&large);
    let odd =
        Odd::new(move |_, _| onionskin_tests::odd::ok("application/octet-stream", large.clone()))
            .await;
    let options = GatewayOptions {
        registries: vec![format!("odd=http://{}", odd.address).parse().unwrap()],
        limits: Limits {
            stop: Duration::from_millis(500),
            ..Limits::default()
        },
        ..GatewayOptions::default()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let gateway = Gateway::new(&options).unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(gateway.serve(listener, async { drop(stopped.await) }));
    let request = format!("GET /v2/odd/app/blobs/{digest} HTTP/1.1\r\nhost: {address}\r\n\r\n");
    let mut deaf = deaf([127, 0, 0, 1], &address, &request, 1).await;
    let mut first = [0; 1];
    deaf[0].read_exact(&mut first).await.unwrap();
    stop.send(()).unwrap();
    let limit = Duration::from_secs(10);
    let ends = tokio::time::timeout(limit, served).await;
    assert!(ends.unwrap().unwrap().is_ok());
    tokio::time::timeout(limit, ended(&mut deaf[0]))
        .await
        .unwrap();
}

/// Who balances the load sees it, while what was begun comes to its end.
#[tokio::test]
async fn a_server_that_stops_is_not_ready_and_finishes_transfers() {
    let (blob, go_on) = (vec![7; 4 << 20], Arc::new(Notify::new()));
    let (sent, wait) = (blob.clone(), Arc::clone(&go_on));
    let odd = Odd::new(move |_, _| {
        let (first, rest) = sent.split_at(sent.len() / 2);
        let (first, rest, wait) = (first.to_vec(), rest.to_vec(), Arc::clone(&wait));
        let rest = stream::once(async move {
            wait.notified().await;
            Ok::<_, io::Error>(rest)
        });
        let body = Body::from_stream(stream::iter([Ok(first)]).chain(rest));
        let mut response: Response = onionskin_tests::odd::ok("application/octet-stream", body);
        let length = sent.len().to_string().parse().unwrap();
        response.headers_mut().insert("content-length", length);
        response
    })
    .await;
    let registry = format!("odd=http://{}", odd.address);
    let (mut child, addresses) = serve(&["--registry", &registry, "--stop-timeout", "60"]).await;
    let ready = async |url: &str| {
        let answer = client().get(format!("http://{}/readyz", host(url))).send();
        let answer = answer.await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    for url in &addresses {
        assert_eq!(ready(url).await, (200, "ready\n".to_owned()));
    }
    let digest = Digest::sha256(&blob);
    let asked = client().get(format!("{}v2/odd/app/blobs/{digest}", addresses[0]));
    let mut answer = asked.send().await.unwrap();
    let mut came = answer.chunk().await.unwrap().unwrap().to_vec();
    interrupt(&child).await;
    let limit = Duration::from_secs(30);
    let stopping = async {
        while ready(&addresses[1]).await != (503, "stopping\n".to_owned()) {
            tokio::task::yield_now().await;
        }
        // It takes nobody new, and is there still.
        while TcpStream::connect(host(&addresses[0])).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(limit, stopping).await.unwrap();
    assert_eq!(ready(&addresses[1]).await.0, 503);
    go_on.notify_one();
    while let Some(chunk) = answer.chunk().await.unwrap() {
        came.extend_from_slice(&chunk);
    }
    assert!(came == blob);
    let ended = tokio::time::timeout(limit, child.wait()).await;
    assert!(ended.unwrap().unwrap().success());
}

/// What one request to a gateway gets, from an address of this machine; who asks on behalf of whom.
async fn ask_for(address: &str, whom: Option<&str>) -> (u16, Option<u64>) {
    let whom = whom.map(|whom| format!("x-forwarded-for: {whom}\r\n"));
    let request = format!(
        "GET /v2/ HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{}\r\n",
        whom.unwrap_or_default()
    );
    let answer = raw::ask(address, &request).await;
    let retry = answer
        .header("retry-after")
        .first()
        .map(|value| value.parse().unwrap());
    (answer.status, retry)
}

/// Tests have addresses of this machine only, which have no limit; a proxy can speak for others.
#[tokio::test]
async fn a_client_that_asks_too_often_waits_and_others_do_not() {
    let proxy = |trusted: &str| GatewayOptions {
        trusted_proxies: vec![trusted.parse().unwrap()],
        limits: Limits {
            rate: 1,
            ..Limits::default()
        },
        ..GatewayOptions::default()
    };
    let address = serving(proxy("127.0.0.1")).await;
    let greedy = Some("203.0.113.9");
    let mut answers = Vec::new();
    for _ in 0..30 {
        answers.push(ask_for(&address, greedy).await);
    }
    assert_eq!(answers[..10], [(200, None); 10]);
    let (status, retry) = answers[29];
    assert_eq!(status, 429);
    assert!(
        retry.is_some_and(|seconds| (1..=2).contains(&seconds)),
        "{retry:?}"
    );
    // Whatever the client itself writes in front.
    let forged = ask_for(&address, Some("198.51.100.1, 203.0.113.9")).await;
    assert_eq!(forged.0, 429);
    for other in [Some("203.0.113.10"), Some("2001:db8::7"), None] {
        assert_eq!(ask_for(&address, other).await.0, 200, "{other:?}");
    }
    // A header of somebody who is not trusted is nothing.
    let address = serving(proxy("192.0.2.1")).await;
    for _ in 0..30 {
        assert_eq!(ask_for(&address, greedy).await.0, 200);
    }
}

/// A certificate for this machine, and its key.
fn certificate() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

/// Whether a server answers with exactly this certificate.
async fn is_shown(certificate: &str, url: &str) -> bool {
    let known = reqwest::Certificate::from_pem(certificate.as_bytes()).unwrap();
    let client = reqwest::Client::builder()
        .tls_certs_only([known])
        .no_proxy();
    let answer = client.build().unwrap().get(url).send().await;
    answer.is_ok_and(|answer| answer.status() == 200)
}

#[tokio::test]
async fn a_certificate_is_served_and_followed_when_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    );
    let write = |(certificate, secret): &(String, String)| {
        std::fs::write(&key, secret).unwrap();
        std::fs::write(&cert, certificate).unwrap();
    };
    let [first, second, third] = [certificate(), certificate(), certificate()];
    write(&first);
    let flags = [
        "--tls-cert",
        cert.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
    ];
    let (child, addresses) = serve(&flags).await;
    let url = format!("{}v2/", addresses[0]);
    assert!(url.starts_with("https://"), "{url}");
    assert!(is_shown(&first.0, &url).await);
    assert!(!is_shown(&second.0, &url).await);
    // Who speaks no TLS gets nothing, and keeps nobody waiting.
    let plain = url.replace("https://", "http://");
    assert!(client().get(plain).send().await.is_err());
    // A half-written one changes nothing.
    std::fs::write(&cert, "no certificate").unwrap();
    assert!(is_shown(&first.0, &url).await);
    write(&second);
    let changed = async {
        while !is_shown(&second.0, &url).await {
            tokio::task::yield_now().await;
        }
    };
    let limit = Duration::from_secs(30);
    tokio::time::timeout(limit, changed).await.unwrap();
    write(&third);
    let id = child.id().unwrap().to_string();
    let told = Command::new("kill").args(["-HUP", &id]).status().await;
    assert!(told.unwrap().success());
    let changed = async {
        while !is_shown(&third.0, &url).await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(limit, changed).await.unwrap();
}

#[tokio::test]
async fn a_key_of_another_certificate_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    );
    std::fs::write(&cert, certificate().0).unwrap();
    std::fs::write(&key, certificate().1).unwrap();
    let (cert, key) = (cert.to_str().unwrap(), key.to_str().unwrap());
    let flags = ["serve", "--listen", "127.0.0.1:0", "--tls-cert"];
    let error = stopped(&[&flags[..], &[cert, "--tls-key", key]].concat()).await;
    assert!(
        error.contains("cannot be used with the certificate"),
        "{error}"
    );
    let error = stopped(&[&flags[..], &[cert, "--tls-key", cert]].concat()).await;
    assert!(error.contains("cannot read"), "{error}");
    let error = stopped(&[&flags[..], &[key, "--tls-key", key]].concat()).await;
    assert!(error.contains("no certificate in PEM form"), "{error}");
}

#[tokio::test]
async fn plain_http_beyond_this_machine_is_warned_of() {
    let mut child = Command::new(onionskin())
        .args(["serve", "--listen", "0.0.0.0:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().unwrap();
    assert!(line.contains("plain HTTP"), "{line}");
}

#[tokio::test]
async fn users_see_the_registries_of_their_line() {
    let odd = Odd::new(|target, _| sound(target)).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let digest = |token: &str| Digest::sha256(token.as_bytes());
    let users = format!(
        "# users\nci {} team\nroot {} *  # everything\n",
        digest("ci-token"),
        digest("root-token")
    );
    std::fs::write(file.path(), users).unwrap();
    let options = GatewayOptions {
        registries: vec![
            format!("team=http://{}", odd.address).parse().unwrap(),
            format!("other=http://{}", odd.address).parse().unwrap(),
        ],
        access: Some(Arc::new(Access::load(file.path(), None).unwrap())),
        ..GatewayOptions::default()
    };
    let address = serving(options).await;
    let ask = async |path: &str, token: Option<&str>| {
        let request = client().get(format!("http://{address}{path}"));
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        request.send().await.unwrap()
    };
    for (path, token, status) in [
        ("/v2/", None, 401),
        ("/", None, 401),
        ("/v2/team/app/manifests/1", None, 401),
        ("/v2/team/app/manifests/1", Some("wrong"), 401),
        ("/v2/team/app/manifests/1", Some("ci-token"), 200),
        ("/v2/other/app/manifests/1", Some("ci-token"), 403),
        ("/v2/other/_catalog", Some("ci-token"), 403),
        ("/v2/demo/hello/tags/list", Some("ci-token"), 403),
        ("/v2/other/app/manifests/1", Some("root-token"), 200),
        ("/v2/demo/hello/tags/list", Some("root-token"), 200),
        ("/v2/", Some("ci-token"), 200),
        ("/healthz", None, 200),
    ] {
        let answer = ask(path, token).await;
        assert_eq!(answer.status(), status, "{path} {token:?}");
        if status == 401 {
            let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
            assert!(challenge.starts_with("Basic "), "{challenge}");
        }
        let caching = answer.headers().get("cache-control");
        let caching = caching.map_or("", |value| value.to_str().unwrap());
        assert!(!caching.contains("public"), "{path}: {caching}");
    }
    let listed = ask("/v2/_catalog", Some("ci-token"))
        .await
        .text()
        .await
        .unwrap();
    assert!(!listed.contains("demo"), "{listed}");
    let digest = Digest::sha256(LAYER);
    let blob = ask(&format!("/v2/team/app/blobs/{digest}"), Some("ci-token")).await;
    let caching = blob.headers()["cache-control"].to_str().unwrap();
    assert!(caching.starts_with("private"), "{caching}");
    // As docker login sends it; the registry sees nothing of it.
    let by_password = client().get(format!("http://{address}/v2/"));
    let by_password = by_password.basic_auth("x", Some("ci-token")).send().await;
    assert_eq!(by_password.unwrap().status(), 200);
    assert_eq!(odd.authorizations(), Vec::<String>::new());
}
