//! The gateway's store: what is kept of registries, for whom, and what becomes of it when something breaks.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::future::join_all;
use futures::{StreamExt as _, stream};
use onionskin_core::digest::Digest;
use onionskin_core::manifest::media_type::OCI_MANIFEST;
use onionskin_gateway::{Access, GatewayOptions, StoreOptions, StorePlace};
use onionskin_tests::binary::{host, serve};
use onionskin_tests::odd::{CONFIG, LAYER, Odd, manifest, ok, sound, status};
use onionskin_tests::{serving, until};
use tokio::process::Child;
use tokio::sync::Notify;

fn kept_in(place: StorePlace) -> StoreOptions {
    StoreOptions {
        place,
        limit: 1 << 30,
        grace: Duration::from_secs(3600),
    }
}

fn folder(path: &Path) -> StoreOptions {
    kept_in(StorePlace::Folder(path.to_owned()))
}

/// A gateway in front of `odd`, as `odd`, with this store.
async fn gateway(odd: &Odd, store: StoreOptions) -> String {
    serving(GatewayOptions {
        registries: vec![format!("odd=http://{}", odd.address).parse().unwrap()],
        store: Some(store),
        ..GatewayOptions::default()
    })
    .await
}

/// What is answered for what is under `/v2/odd/`; `headers` are names and values.
async fn ask(
    method: reqwest::Method,
    gateway: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> reqwest::Response {
    ask_for(method, &format!("http://{gateway}/v2/odd/{path}"), headers).await
}

async fn ask_for(
    method: reqwest::Method,
    url: &str,
    headers: &[(&str, &str)],
) -> reqwest::Response {
    let client = reqwest::Client::builder().tls_certs_only([]).no_proxy();
    let client = client.timeout(Duration::from_secs(60)).build().unwrap();
    let mut request = client.request(method, url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

/// Status and body of what is under `/v2/odd/`.
async fn get(gateway: &str, path: &str, headers: &[(&str, &str)]) -> (u16, Bytes) {
    let answer = ask(reqwest::Method::GET, gateway, path, headers).await;
    (
        answer.status().as_u16(),
        answer.bytes().await.unwrap_or_default(),
    )
}

/// The status of the answer to HEAD. Where it is 200, its headers must be those of GET.
async fn head(gateway: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
    let head = ask(reqwest::Method::HEAD, gateway, path, headers).await;
    if head.status() == 200 {
        let whole = ask(reqwest::Method::GET, gateway, path, headers).await;
        for name in [
            "content-type",
            "content-length",
            "docker-content-digest",
            "cache-control",
            "etag",
        ] {
            let both = [&head, &whole].map(|answer| answer.headers().get(name));
            assert_eq!(both[0], both[1], "{path} {name}");
        }
    }
    head.status().as_u16()
}

fn layer() -> String {
    format!("app/blobs/{}", Digest::sha256(LAYER))
}

/// The objects of a store in a folder: their names, and their bytes. What marks the registry of each is left out.
fn objects(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true if path.ends_with("v1/through") => {}
                true => folders.push(path),
                false => drop(found.insert(path.clone(), fs::read(&path).unwrap_or_default())),
            }
        }
    }
    found
}

#[tokio::test]
async fn a_registry_sends_each_byte_once_and_is_asked_for_each_request() {
    let place = tempfile::tempdir().unwrap();
    for store in [kept_in(StorePlace::Memory), folder(place.path())] {
        let odd = Odd::new(|target, _| sound(target)).await;
        let gateway = gateway(&odd, store).await;
        for _ in 0..3 {
            let by_tag = get(&gateway, "app/manifests/1", &[]).await;
            assert_eq!(by_tag, (200, manifest().into()));
            assert_eq!(get(&gateway, &layer(), &[]).await, (200, LAYER.into()));
            // It is stored behind the answer.
            until(|| odd.count("GET /v2/app/blobs/") == 1).await;
        }
        let digest = Digest::sha256(manifest().as_bytes());
        let by_digest = format!("app/manifests/{digest}");
        assert_eq!(
            get(&gateway, &by_digest, &[]).await,
            (200, manifest().into())
        );
        let asked = odd.count("HEAD /v2/app/blobs/");
        for (range, status, body) in [
            ("bytes=2-4", 206, &LAYER[2..5]),
            ("bytes=5-", 206, &LAYER[5..]),
            ("bytes=-3", 206, &LAYER[4..]),
            ("bytes=7-", 416, b""),
        ] {
            let part = get(&gateway, &layer(), &[("range", range)]).await;
            assert_eq!(part, (status, Bytes::from_static(body)), "{range}");
        }
        assert_eq!(odd.count("HEAD /v2/app/blobs/"), asked + 4);
        assert_eq!(odd.count("GET /v2/app/blobs/"), 1);
    }
}

/// CVE-2026-35172: what came through one repository is not read through another.
/// As registries send it that answer in chunks.
#[tokio::test]
async fn a_blob_of_unsaid_length_is_stored_by_the_size_in_its_manifest() {
    let odd = Odd::new(|target, _| {
        if !target.ends_with(&Digest::sha256(LAYER).to_string()) {
            return sound(target);
        }
        let chunk = Ok::<_, io::Error>(Bytes::from_static(LAYER));
        let chunks = Body::from_stream(stream::iter([chunk]));
        ok("application/octet-stream", chunks)
    })
    .await;
    let gateway = gateway(&odd, kept_in(StorePlace::Memory)).await;
    assert_eq!(get(&gateway, "app/manifests/1", &[]).await.0, 200);
    for _ in 0..3 {
        assert_eq!(get(&gateway, &layer(), &[]).await, (200, LAYER.into()));
        // It is stored behind the answer.
        until(|| odd.count("GET /v2/app/blobs/") == 1).await;
    }
}

#[tokio::test]
async fn a_stored_blob_of_one_repository_is_not_served_through_another() {
    let code = Arc::new(AtomicU16::new(404));
    let other = Arc::clone(&code);
    let odd = Odd::new(move |target, _| match target.contains("/app/") {
        true => sound(target),
        false => status(other.load(Ordering::Relaxed), &[], "{}"),
    })
    .await;
    let gateway = gateway(&odd, kept_in(StorePlace::Memory)).await;
    for path in [layer(), "app/manifests/1".to_owned()] {
        assert_eq!(get(&gateway, &path, &[]).await.0, 200);
        for (upstream, here) in [(404, 404), (403, 403), (401, 403), (429, 429), (503, 503)] {
            code.store(upstream, Ordering::Relaxed);
            let path = path.replace("app/", "other/");
            let path = path.replace(
                "manifests/1",
                &format!("manifests/{}", Digest::sha256(manifest().as_bytes())),
            );
            for range in [&[][..], &[("range", "bytes=0-1")]] {
                assert_eq!(get(&gateway, &path, range).await.0, here, "{path}");
            }
        }
    }
}

/// A registry may say that it has whatever it is asked for.
#[tokio::test]
async fn what_came_through_one_registry_is_not_read_through_another() {
    let odd = Odd::new(|target, _| sound(target)).await;
    let digest = Digest::sha256(manifest().as_bytes());
    let said = digest.to_string();
    let other = Odd::new(move |target, _| {
        let kind = match target.contains("/manifests/") {
            true => OCI_MANIFEST,
            false => "application/octet-stream",
        };
        let mut response = ok(kind, "another");
        let headers = response.headers_mut();
        headers.insert("docker-content-digest", said.parse().unwrap());
        response
    })
    .await;
    let place = tempfile::tempdir().unwrap();
    let gateway = serving(GatewayOptions {
        registries: vec![
            format!("odd=http://{}", odd.address).parse().unwrap(),
            format!("other=http://{}", other.address).parse().unwrap(),
        ],
        store: Some(folder(place.path())),
        ..GatewayOptions::default()
    })
    .await;
    let by_digest = format!("app/manifests/{digest}");
    for path in [&layer(), &by_digest] {
        assert_eq!(get(&gateway, path, &[]).await.0, 200);
    }
    until(|| objects(place.path()).len() == 2).await;
    for path in [layer().as_str(), &by_digest, "app/manifests/1"] {
        let url = format!("http://{gateway}/v2/other/{path}");
        let answer = ask_for(reqwest::Method::GET, &url, &[]).await;
        assert!(answer.status().as_u16() >= 400, "{path}");
        // What the registry had is served still, and only asked for by HEAD.
        let before = odd.count("GET ");
        if path != "app/manifests/1" {
            assert_eq!(get(&gateway, path, &[]).await.0, 200, "{path}");
            assert_eq!(odd.count("GET "), before, "{path}");
        }
    }
}

#[tokio::test]
async fn while_a_registry_is_down_stored_content_goes_to_those_who_were_allowed_lately() {
    let users = tempfile::NamedTempFile::new().unwrap();
    let line = |name: &str| format!("{name} {} *\n", Digest::sha256(name.as_bytes()));
    fs::write(users.path(), [line("alice"), line("bob")].concat()).unwrap();
    let alice = &[("authorization", "Bearer alice")][..];
    let bob = &[("authorization", "Bearer bob")][..];
    for (down, grace) in [(429, 3600), (500, 3600), (503, 3600), (429, 0)] {
        let code = Arc::new(AtomicU16::new(200));
        let now = Arc::clone(&code);
        let odd = Odd::new(move |target, _| match now.load(Ordering::Relaxed) {
            200 => sound(target),
            code => status(code, &[], ""),
        })
        .await;
        let gateway = serving(GatewayOptions {
            registries: vec![format!("odd=http://{}", odd.address).parse().unwrap()],
            access: Some(Arc::new(Access::load(users.path(), None).unwrap())),
            store: Some(StoreOptions {
                grace: Duration::from_secs(grace),
                ..kept_in(StorePlace::Memory)
            }),
            ..GatewayOptions::default()
        })
        .await;
        let paths = [layer(), "app/manifests/1".to_owned()];
        for path in &paths {
            // Once it is fetched, once it comes out of the store.
            assert_eq!(get(&gateway, path, alice).await.0, 200);
            assert_eq!(get(&gateway, path, alice).await.0, 200);
        }
        code.store(down, Ordering::Relaxed);
        for path in &paths {
            let asked = async |user: &[(&str, &str)]| {
                let whole = get(&gateway, path, user).await.0;
                [whole, head(&gateway, path, user).await]
            };
            let (allowed, refused) = (asked(alice).await, asked(bob).await);
            for refused in refused {
                assert!(matches!(refused, 429 | 502 | 503), "{refused}");
            }
            match grace {
                0 => assert_eq!(allowed, refused, "{path}"),
                _ => assert_eq!(allowed, [200, 200], "{down} {path}"),
            }
        }
        // A refusal ends the right.
        for (refusal, path) in [(403, &paths[0]), (404, &paths[1])] {
            code.store(refusal, Ordering::Relaxed);
            assert_eq!(get(&gateway, path, alice).await.0, refusal);
            code.store(down, Ordering::Relaxed);
            assert!(get(&gateway, path, alice).await.0 >= 429, "{path}");
        }
    }
}

/// Bytes that no other part is like.
fn large() -> Vec<u8> {
    (0..3_000_000_u32)
        .flat_map(|at| (at.wrapping_mul(2_654_435_761)).to_le_bytes()[2..3].to_vec())
        .collect()
}

/// Tells when it is dropped.
struct Dropped(Arc<AtomicU16>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(1, Ordering::Relaxed);
    }
}

/// A registry that sends half of a blob, and the rest when it is told to. Of `forbidden/…` it has none.
async fn halting(blob: Vec<u8>, go_on: Arc<Notify>, ended: Arc<AtomicU16>) -> Odd {
    Odd::new(move |target, _| {
        if target.contains("/forbidden/") {
            return status(403, &[], "");
        }
        let half = blob.len() / 2;
        let (first, rest) = (blob[..half].to_vec(), blob[half..].to_vec());
        let (go_on, ended) = (Arc::clone(&go_on), Dropped(Arc::clone(&ended)));
        let rest = stream::once(async move {
            let _ended = ended;
            go_on.notified().await;
            Ok::<_, io::Error>(rest)
        });
        let body = Body::from_stream(stream::iter([Ok(first)]).chain(rest));
        let mut response: Response = ok("application/octet-stream", body);
        let length = blob.len().to_string().parse().unwrap();
        response.headers_mut().insert("content-length", length);
        response
    })
    .await
}

#[tokio::test]
async fn one_fetch_serves_all_who_ask_at_once_and_may() {
    one_fetch_serves_all(Some(kept_in(StorePlace::Memory))).await;
}

#[tokio::test]
async fn one_fetch_serves_all_without_a_store_too() {
    one_fetch_serves_all(None).await;
}

async fn one_fetch_serves_all(store: Option<StoreOptions>) {
    let (blob, go_on) = (large(), Arc::new(Notify::new()));
    let digest = Digest::sha256(&blob);
    let ended = Arc::<AtomicU16>::default();
    let odd = halting(blob.clone(), Arc::clone(&go_on), Arc::clone(&ended)).await;
    let gateway = serving(GatewayOptions {
        registries: vec![format!("odd=http://{}", odd.address).parse().unwrap()],
        store,
        ..GatewayOptions::default()
    })
    .await;
    let path = format!("app/blobs/{digest}");
    let one = async || get(&gateway, &path, &[]).await;
    let first = tokio::spawn({
        let (gateway, path) = (gateway.clone(), path.clone());
        async move { get(&gateway, &path, &[]).await }
    });
    until(|| odd.count("GET /v2/app/") == 1).await;
    let others = join_all((0..8).map(|_| one()));
    let released = async {
        until(|| odd.count("HEAD /v2/app/") == 8).await;
        let forbidden = get(&gateway, &format!("forbidden/blobs/{digest}"), &[]).await;
        assert_eq!(forbidden.0, 403);
        // Who began it does not have to stay.
        first.abort();
        go_on.notify_one();
    };
    let (others, ()) = tokio::join!(others, released);
    for (status, bytes) in others {
        assert_eq!(status, 200);
        assert!(bytes == blob);
    }
    assert_eq!(odd.count("GET /v2/app/"), 1);
}

#[tokio::test]
async fn a_fetch_that_nobody_waits_for_ends() {
    let ended = Arc::<AtomicU16>::default();
    let blob = large();
    let path = format!("app/blobs/{}", Digest::sha256(&blob));
    let odd = halting(blob, Arc::default(), Arc::clone(&ended)).await;
    let gateway = gateway(&odd, kept_in(StorePlace::Memory)).await;
    let asked = tokio::spawn(async move { get(&gateway, &path, &[]).await });
    until(|| odd.count("GET /v2/app/") == 1).await;
    asked.abort();
    until(|| ended.load(Ordering::Relaxed) == 1).await;
}

#[tokio::test]
async fn what_is_damaged_is_found_and_replaced() {
    let place = tempfile::tempdir().unwrap();
    let odd = Odd::new(|target, _| sound(target)).await;
    let paths = [layer(), "app/manifests/1".to_owned()];
    let store = folder(place.path());
    let running = gateway(&odd, store.clone()).await;
    for path in &paths {
        get(&running, path, &[]).await;
    }
    until(|| objects(place.path()).len() == 2).await;
    let whole = objects(place.path());
    let damages: [fn(&mut Vec<u8>); 4] = [
        |bytes| bytes.truncate(3),
        |bytes| bytes[0] ^= 1,
        Vec::clear,
        |bytes| bytes.push(b'x'),
    ];
    for (at, damage) in damages.into_iter().enumerate() {
        for (path, bytes) in &whole {
            let mut bytes = bytes.clone();
            damage(&mut bytes);
            fs::write(path, bytes).unwrap();
        }
        // Another process, and one that has seen them whole.
        let fresh = gateway(&odd, store.clone()).await;
        let used = if at % 2 == 0 { &fresh } else { &running };
        assert_eq!(get(used, &paths[0], &[]).await, (200, LAYER.into()), "{at}");
        let document = get(used, &paths[1], &[]).await;
        assert_eq!(document, (200, manifest().into()), "{at}");
        until(|| objects(place.path()) == whole).await;
    }
    assert_eq!(odd.count("GET /v2/app/blobs/"), 5);
}

#[tokio::test]
async fn nothing_is_stored_that_has_another_digest() {
    let place = tempfile::tempdir().unwrap();
    let odd = Odd::new(|target, _| match target.contains("/blobs/") {
        true => ok("application/octet-stream", "another"),
        false => sound(target),
    })
    .await;
    let gateway = gateway(&odd, folder(place.path())).await;
    for _ in 0..2 {
        let (status, body) = get(&gateway, &layer(), &[]).await;
        assert_eq!(status, 502);
        let says = String::from_utf8_lossy(&body).into_owned();
        assert!(says.contains("does not match"), "{says}");
    }
    assert_eq!(objects(place.path()), BTreeMap::new());
}

#[tokio::test]
async fn two_gateways_share_a_folder() {
    let place = tempfile::tempdir().unwrap();
    let odd = Odd::new(|target, _| sound(target)).await;
    let one = gateway(&odd, folder(place.path())).await;
    let two = gateway(&odd, folder(place.path())).await;
    let config = format!("app/blobs/{}", Digest::sha256(CONFIG));
    // Both at once, and each after the other.
    let (first, second) = tokio::join!(get(&one, &config, &[]), get(&two, &config, &[]));
    assert_eq!(
        (first, second),
        ((200, CONFIG.into()), (200, CONFIG.into()))
    );
    get(&one, &layer(), &[]).await;
    until(|| objects(place.path()).len() == 2).await;
    for gateway in [&two, &one] {
        assert_eq!(get(gateway, &layer(), &[]).await, (200, LAYER.into()));
        assert_eq!(get(gateway, &config, &[]).await, (200, CONFIG.into()));
    }
    let of_layer = format!("GET /v2/{}", layer());
    assert_eq!(odd.count(&of_layer), 1);
}

#[tokio::test]
async fn a_store_stays_within_its_limit() {
    let place = tempfile::tempdir().unwrap();
    let blobs: Vec<Vec<u8>> = (0..20_u8).map(|at| vec![at; 1_000]).collect();
    let held = blobs.clone();
    let odd = Odd::new(move |target, _| {
        let found = held
            .iter()
            .find(|blob| target.ends_with(&Digest::sha256(blob).to_string()));
        ok("application/octet-stream", found.unwrap().clone())
    })
    .await;
    let store = StoreOptions {
        limit: 5_000,
        ..folder(place.path())
    };
    let gateway = gateway(&odd, store).await;
    for blob in &blobs {
        let digest = Digest::sha256(blob);
        let path = format!("app/blobs/{digest}");
        assert_eq!(get(&gateway, &path, &[]).await, (200, blob.clone().into()));
        let is_here = |path: &PathBuf| path.ends_with(digest.hex());
        until(|| objects(place.path()).keys().any(is_here)).await;
    }
    until(|| objects(place.path()).values().flatten().count() <= 5_000).await;
}

/// A server as a process, with a store in this folder; its address, and that of its metrics.
async fn process(odd: &Odd, place: &Path) -> (Child, String, String) {
    let registry = format!("odd=http://{}", odd.address);
    let store = ["--store", place.to_str().unwrap(), "--store-limit", "1GiB"];
    let arguments = ["--no-credentials", "--registry", &registry];
    let (child, [page, metrics]) = serve(&[&arguments[..], &store].concat()).await;
    (child, host(&page).to_owned(), host(&metrics).to_owned())
}

#[tokio::test]
async fn a_server_that_is_killed_in_the_middle_leaves_nothing_wrong() {
    let place = tempfile::tempdir().unwrap();
    let (blob, go_on) = (large(), Arc::new(Notify::new()));
    let path = format!("app/blobs/{}", Digest::sha256(&blob));
    let ended = Arc::<AtomicU16>::default();
    let odd = halting(blob.clone(), Arc::clone(&go_on), Arc::clone(&ended)).await;
    let (mut child, address, _) = process(&odd, place.path()).await;
    let came = Arc::<Mutex<usize>>::default();
    let asked = tokio::spawn({
        let (url, came) = (format!("http://{address}/v2/odd/{path}"), Arc::clone(&came));
        async move {
            let client = reqwest::Client::builder().tls_certs_only([]).no_proxy();
            let answer = client.build().unwrap().get(url).send().await.unwrap();
            let mut chunks = answer.bytes_stream();
            while let Some(Ok(chunk)) = chunks.next().await {
                *came.lock().unwrap() += chunk.len();
            }
        }
    });
    until(|| *came.lock().unwrap() > 0).await;
    child.kill().await.unwrap();
    asked.await.unwrap();
    assert!(*came.lock().unwrap() < blob.len());
    assert_eq!(objects(place.path()), BTreeMap::new());

    until(|| ended.load(Ordering::Relaxed) == 1).await;
    go_on.notify_one();
    let (_child, address, metrics) = process(&odd, place.path()).await;
    assert!(get(&address, &path, &[]).await == (200, blob.clone().into()));
    until(|| objects(place.path()).values().eq([&blob])).await;
    let fetched = odd.count("GET ");
    assert!(get(&address, &path, &[]).await == (200, blob.clone().into()));
    assert_eq!(odd.count("GET "), fetched);
    let client = reqwest::Client::builder().tls_certs_only([]).no_proxy();
    let answer = client
        .build()
        .unwrap()
        .get(format!("http://{metrics}/metrics"));
    let text = answer.send().await.unwrap().text().await.unwrap();
    for line in [
        r#"onionskin_store_requests_total{result="miss"} 1"#,
        r#"onionskin_store_requests_total{result="hit"} 1"#,
        "onionskin_store_bytes 3000000",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
}
