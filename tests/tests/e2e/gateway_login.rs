//! Visitors' own log-ins at registries, through the gateway: who gets them, what they open, and that nothing keeps them.

use std::fs;
use std::net::UdpSocket;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use onionskin_core::digest::Digest;
use onionskin_fixtures::{Image, Packed, layer};
use onionskin_gateway::{Gateway, GatewayOptions, StoreOptions, StorePlace};
use onionskin_tests::binary::{host, serve};
use onionskin_tests::odd::{LAYER, Odd, ok, sound, status};
use onionskin_tests::{PASSWORD, Registry, USER, serving};
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

/// A value of `X-Registry-Auth`.
fn login(user: &str, password: &str, registry: &str) -> String {
    let sent = serde_json::json!({
        "username": user, "password": password, "serveraddress": registry,
    });
    URL_SAFE.encode(sent.to_string())
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

fn client() -> reqwest::Client {
    let client = reqwest::Client::builder().tls_certs_only([]).no_proxy();
    client.timeout(Duration::from_secs(60)).build().unwrap()
}

/// What is under `http://ADDRESS/v2/PATH`, with a log-in.
async fn get(address: &str, path: &str, login: Option<&str>) -> (u16, String, String) {
    let mut request = client().get(format!("http://{address}/v2/{path}"));
    if let Some(login) = login {
        request = request.header("x-registry-auth", login);
    }
    let answer = request.send().await.unwrap();
    let caching = answer.headers().get("cache-control");
    let caching = caching.map_or("", |value| value.to_str().unwrap());
    let (status, caching) = (answer.status().as_u16(), caching.to_owned());
    let body = answer.bytes().await.unwrap();
    (status, caching, String::from_utf8_lossy(&body).into_owned())
}

fn app() -> Packed {
    let files = layer("COPY app /").file("/app", "x".repeat(5_000));
    Image::new().layer(files).pack()
}

fn team(registry: &str) -> GatewayOptions {
    GatewayOptions {
        registries: vec![format!("team=http://{registry}").parse().unwrap()],
        ..GatewayOptions::default()
    }
}

#[tokio::test]
async fn a_visitor_reads_what_only_its_log_in_opens_and_nobody_else_does() {
    let registry = Registry::with_password();
    let image = app();
    registry.push("team/app:1", &image);
    let gateway = serving(team(registry.address())).await;
    let right = login(USER, PASSWORD, "team");
    let paths = [
        "team/_catalog".to_owned(),
        "team/team/app/tags/list".to_owned(),
        "team/team/app/manifests/1".to_owned(),
        format!("team/team/app/manifests/{}", image.manifest.digest),
        format!("team/team/app/blobs/{}", image.layers[0].digest),
    ];
    for path in &paths {
        // By its name here and by its host.
        for registry in ["team", registry.address()] {
            let login = login(USER, PASSWORD, registry);
            let (status, caching, body) = get(&gateway, path, Some(&login)).await;
            assert_eq!(status, 200, "{path}: {body}");
            assert_eq!(caching, "private, no-store, no-transform", "{path}");
        }
        for wrong in [
            None,
            Some(login(USER, "wrong", "team")),
            Some(login("other", PASSWORD, "team")),
        ] {
            let (status, caching, body) = get(&gateway, path, wrong.as_deref()).await;
            assert!(matches!(status, 403 | 404), "{path}: {status} {body}");
            assert_eq!(caching, "no-store", "{path}");
            assert!(!body.contains(PASSWORD), "{body}");
        }
        assert_eq!(get(&gateway, path, Some(&right)).await.0, 200, "{path}");
    }
    // What the gateway has itself takes no log-in.
    let demo = get(&gateway, "demo/webapp/tags/list", Some("no log-in")).await;
    assert_eq!(demo.0, 200);
}

/// A registry that gives tokens for a password, and its blobs from another place.
async fn with_tokens(realm: Option<String>, store: String) -> Odd {
    let own = Arc::new(std::sync::OnceLock::<String>::new());
    let address = Arc::clone(&own);
    let odd = Odd::new(move |target, authorization| {
        let address = address.get().unwrap();
        let realm = realm.clone();
        let realm = realm.unwrap_or_else(|| format!("http://{address}/token"));
        let challenge = format!("Bearer realm=\"{realm}\",service=\"x\"");
        match authorization {
            Some(sent) if target.starts_with("/token") => match sent == basic("alice", "hunter2") {
                true => ok("application/json", r#"{"token":"of-alice"}"#),
                false => status(401, &[], "{}"),
            },
            Some("Bearer of-alice") if target.contains("/blobs/") => {
                status(307, &[("location", &format!("http://{store}{target}"))], "")
            }
            Some("Bearer of-alice") => sound(target),
            _ => status(401, &[("www-authenticate", &challenge)], "{}"),
        }
    })
    .await;
    own.set(odd.address.clone()).unwrap();
    odd
}

#[tokio::test]
async fn a_log_in_goes_to_its_registry_and_that_registrys_tokens_only() {
    let store = Odd::new(|target, _| sound(target)).await;
    let thief = Odd::new(|_, _| ok("application/json", r#"{"token":"t"}"#)).await;
    let odd = with_tokens(None, store.address.clone()).await;
    let elsewhere = format!("http://{}/token", thief.address);
    let hostile = with_tokens(Some(elsewhere), store.address.clone()).await;
    let options = GatewayOptions {
        registries: [("odd", &odd), ("hostile", &hostile)]
            .map(|(name, odd)| format!("{name}=http://{}", odd.address).parse().unwrap())
            .into(),
        allowed_hosts: vec![format!("http://{}", store.address).parse().unwrap()],
        ..GatewayOptions::default()
    };
    let gateway = serving(options).await;
    let blob = format!("app/blobs/{}", Digest::sha256(LAYER));
    let of_odd = login("alice", "hunter2", "odd");
    for path in ["app/manifests/1", &blob] {
        let (status, _, body) = get(&gateway, &format!("odd/{path}"), Some(&of_odd)).await;
        assert_eq!(status, 200, "{path}: {body}");
    }
    let sent = odd.authorizations();
    let expected = [basic("alice", "hunter2"), "Bearer of-alice".to_owned()];
    assert_eq!(sent, expected);
    assert_eq!(store.count("/blobs/"), 1);
    assert_eq!(store.authorizations(), Vec::<String>::new());
    // The password itself stays with the token server, and out of every address.
    assert!(!odd.requests().join(" ").contains("hunter2"));
    // One token is one visitor's.
    assert_eq!(get(&gateway, "odd/app/manifests/1", None).await.0, 403);
    let other = login("alice", "guessed", "odd");
    let other = get(&gateway, "odd/app/manifests/1", Some(&other)).await;
    assert_eq!(other.0, 403);

    // For another registry than the one that is asked.
    let before = (odd.count(""), hostile.count(""));
    let wrong = get(&gateway, "hostile/app/manifests/1", Some(&of_odd)).await;
    assert_eq!(wrong.0, 400, "{}", wrong.2);
    let of_hostile = login("alice", "hunter2", "hostile");
    let wrong = get(&gateway, "odd/app/manifests/1", Some(&of_hostile)).await;
    assert_eq!(wrong.0, 400, "{}", wrong.2);
    assert_eq!((odd.count(""), hostile.count("")), before);
    // One whose token server is another's.
    let refused = get(&gateway, "hostile/app/manifests/1", Some(&of_hostile)).await;
    assert_eq!(refused.0, 403, "{}", refused.2);
    assert_eq!(thief.count(""), 0);
    assert_eq!(hostile.authorizations(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_stored_for_one_log_in_is_not_served_to_another() {
    let code = Arc::new(AtomicU16::new(200));
    let now = Arc::clone(&code);
    let odd = Odd::new(move |target, authorization| {
        let allowed = authorization == Some(&basic("alice", "hunter2"));
        match now.load(Ordering::Relaxed) {
            200 if allowed => sound(target),
            200 => status(401, &[("www-authenticate", "Basic realm=x")], "{}"),
            code => status(code, &[], "{}"),
        }
    })
    .await;
    let gateway = serving(GatewayOptions {
        store: Some(StoreOptions {
            place: StorePlace::Memory,
            limit: 1 << 30,
            grace: Duration::from_secs(3600),
        }),
        ..team(&odd.address)
    })
    .await;
    let alice = login("alice", "hunter2", "team");
    let others = [
        None,
        Some(login("alice", "guessed", "team")),
        Some(login("bob", "hunter2", "team")),
    ];
    let manifest = Digest::sha256(onionskin_tests::odd::manifest().as_bytes());
    let paths = [
        "team/app/manifests/1".to_owned(),
        format!("team/app/manifests/{manifest}"),
        format!("team/app/blobs/{}", Digest::sha256(LAYER)),
    ];
    for path in &paths {
        for _ in 0..2 {
            assert_eq!(get(&gateway, path, Some(&alice)).await.0, 200, "{path}");
        }
        for other in &others {
            let (status, _, body) = get(&gateway, path, other.as_deref()).await;
            assert_eq!(status, 403, "{path}: {body}");
        }
    }
    // While the registry is down, what it allowed to alice stays hers.
    code.store(503, Ordering::Relaxed);
    for path in &paths {
        assert_eq!(get(&gateway, path, Some(&alice)).await.0, 200, "{path}");
        for other in &others {
            let (status, _, body) = get(&gateway, path, other.as_deref()).await;
            assert_eq!(status, 503, "{path}: {body}");
        }
    }
}

#[tokio::test]
async fn a_log_in_that_others_could_have_read_is_refused() {
    let odd = Odd::new(|target, _| sound(target)).await;
    let options = || GatewayOptions {
        hosts: vec!["onionskin.example.com".to_owned()],
        ..team(&odd.address)
    };
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let gateway = Gateway::new(&options()).unwrap();
    tokio::spawn(gateway.serve(listener, std::future::pending()));
    let login = login("alice", "hunter2", "team");
    let ask = async |address: &str, headers: &[(&str, &str)]| {
        let url = format!("http://{address}:{port}/v2/team/app/manifests/1");
        let mut request = client().get(url).header("x-registry-auth", &login);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let public = ("host", "onionskin.example.com");
    for headers in [
        &[public][..],
        &[public, ("x-forwarded-proto", "http")],
        &[("x-forwarded-for", "192.0.2.7")],
    ] {
        let (status, body) = ask("127.0.0.1", headers).await;
        assert_eq!(status, 403, "{headers:?}: {body}");
        assert!(body.contains("over HTTPS"), "{body}");
        assert!(!body.contains("hunter2"), "{body}");
    }
    // This machine's address on its network, if it is on one.
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    let routed = socket.connect("192.0.2.1:9").is_ok();
    let own = socket.local_addr().unwrap().ip();
    if routed && !own.is_loopback() && !own.is_unspecified() {
        assert_eq!(ask(&own.to_string(), &[]).await.0, 403);
    }
    assert_eq!(odd.count(""), 0);
    assert_eq!(ask("127.0.0.1", &[]).await.0, 200);
    let by_tls = [public, ("x-forwarded-proto", "https")];
    assert_eq!(ask("127.0.0.1", &by_tls).await.0, 200);
}

/// The bytes and the names of all files below a folder.
fn everything(folder: &Path, into: &mut Vec<u8>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        into.extend(path.to_str().unwrap().as_bytes());
        match path.is_dir() {
            true => everything(&path, into),
            false => into.extend(fs::read(&path).unwrap_or_default()),
        }
    }
}

#[tokio::test]
async fn no_log_no_metric_and_no_stored_object_holds_a_password() {
    let registry = Registry::with_password();
    let image = app();
    registry.push("team/app:1", &image);
    let place = tempfile::tempdir().unwrap();
    let team = format!("team=http://{}", registry.address());
    let arguments = ["--no-credentials", "--verbose", "--log-format", "json"];
    let store = ["--store", place.path().to_str().unwrap()];
    let registries = ["--registry", &team];
    let (mut child, [page, metrics]) = serve(&[&arguments[..], &store, &registries].concat()).await;
    let blob = format!("team/team/app/blobs/{}", image.layers[0].digest);
    let secrets = [PASSWORD, "another-secret", "colon:in:user"];
    let right = login(USER, PASSWORD, "team");
    let sent = [
        right.clone(),
        login(USER, "another-secret", "team"),
        login(USER, "another-secret", "elsewhere.example.com"),
        login("colon:in:user", "another-secret", "team"),
        format!("{right}{right}"),
        "another-secret".to_owned(),
    ];
    for login in &sent {
        for path in ["team/team/app/manifests/1", "team/_catalog", &blob] {
            get(host(&page), path, Some(login)).await;
        }
    }
    // The manifest and the layer are stored behind their answers.
    let mut found = Vec::new();
    loop {
        everything(place.path(), &mut found);
        let text = String::from_utf8_lossy(&found);
        if [&image.manifest, &image.layers[0]]
            .iter()
            .all(|blob| text.contains(blob.hex()))
        {
            break;
        }
        found.clear();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let metrics = client().get(&metrics);
    found.extend(metrics.send().await.unwrap().bytes().await.unwrap());
    let id = child.id().unwrap().to_string();
    let told = Command::new("kill").args(["-TERM", &id]).status().await;
    assert!(told.unwrap().success());
    let mut log = Vec::new();
    let stderr = child.stderr.as_mut().unwrap();
    stderr.read_to_end(&mut log).await.unwrap();
    assert!(String::from_utf8_lossy(&log).contains("/v2/team/team/app/manifests/1"));
    found.extend(log);
    let found = String::from_utf8_lossy(&found);
    let encoded = secrets.iter().flat_map(|secret| {
        [
            STANDARD.encode(format!("{USER}:{secret}")),
            (*secret).to_owned(),
        ]
    });
    for secret in encoded.chain(sent) {
        assert!(!found.contains(&secret), "{secret}");
    }
}
