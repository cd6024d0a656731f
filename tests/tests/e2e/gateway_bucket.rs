//! A store in a bucket, with a server of S3's protocol that keeps objects as files: shared, damaged, interrupted, away.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::error_handling::HandleError;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use futures::{StreamExt as _, stream};
use onionskin_core::digest::Digest;
use onionskin_tests::binary::onionskin;
use onionskin_tests::odd::{CONFIG, LAYER, Odd, manifest, ok, serve, sound, status};
use onionskin_tests::until;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Notify;

const KEY: &str = "key-of-tests";
const SECRET: &str = "secret-of-tests";

/// A server with an empty bucket `bucket`.
struct S3 {
    address: String,
    folder: TempDir,
}

impl S3 {
    async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("bucket")).unwrap();
        let mut service = S3ServiceBuilder::new(FileSystem::new(folder.path()).unwrap());
        service.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let failed =
            async |error: s3s::HttpError| (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:?}"));
        let service = HandleError::new(service.build(), failed);
        let address = serve(Router::new().fallback_service(service)).await;
        Self { address, folder }
    }

    /// The objects below the prefix: their names, and their bytes. What marks the registry of each is left out.
    fn objects(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        collect(&self.folder.path().join("bucket/team"), &mut found);
        found
    }
}

fn collect(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true if path.ends_with("v1/through") => {}
            true => collect(&path, found),
            false => drop(found.insert(path.clone(), fs::read(&path).unwrap_or_default())),
        }
    }
}

/// A gateway in front of `odd`, as `odd`, with a store in the bucket of the server at `s3`; and its address.
async fn process(odd: &Odd, s3: &str) -> (Child, String) {
    let mut child = Command::new(onionskin())
        .args(["serve", "--listen", "127.0.0.1:0", "--no-credentials"])
        .args(["--registry", &format!("odd=http://{}", odd.address)])
        .args(["--store", "s3://bucket/team/onionskin"])
        .env("AWS_ENDPOINT", format!("http://{s3}"))
        .env("AWS_ALLOW_HTTP", "true")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().unwrap();
    let address = line
        .split_whitespace()
        .find_map(|word| word.strip_prefix("http://"));
    let address = address.unwrap().split('/').next().unwrap().to_owned();
    (child, address)
}

fn client() -> reqwest::Client {
    let client = reqwest::Client::builder().tls_certs_only([]).no_proxy();
    client.timeout(Duration::from_secs(60)).build().unwrap()
}

/// Status and body of what is under `/v2/odd/`, all or a range.
async fn get(gateway: &str, path: &str, range: Option<&str>) -> (u16, Vec<u8>) {
    let mut request = client().get(format!("http://{gateway}/v2/odd/{path}"));
    if let Some(range) = range {
        request = request.header("range", range);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.bytes().await.unwrap_or_default().to_vec())
}

fn layer() -> String {
    format!("app/blobs/{}", Digest::sha256(LAYER))
}

#[tokio::test]
async fn two_gateways_share_a_bucket_and_replace_what_is_damaged() {
    let s3 = S3::start().await;
    let odd = Odd::new(|target, _| sound(target)).await;
    let (_one, one) = process(&odd, &s3.address).await;
    let (_two, two) = process(&odd, &s3.address).await;
    let config = format!("app/blobs/{}", Digest::sha256(CONFIG));
    let first = tokio::join!(get(&one, &config, None), get(&two, &config, None));
    assert_eq!(first, ((200, CONFIG.into()), (200, CONFIG.into())));
    assert_eq!(get(&one, &layer(), None).await, (200, LAYER.into()));
    let by_tag = get(&one, "app/manifests/1", None).await;
    assert_eq!(by_tag, (200, manifest().into()));
    until(|| s3.objects().len() == 3).await;
    let whole = s3.objects();
    for path in whole.keys() {
        let path = path.to_str().unwrap();
        assert!(path.contains("/bucket/team/onionskin/v1/sha256/"), "{path}");
    }
    for gateway in [&two, &one] {
        assert_eq!(get(gateway, &layer(), None).await, (200, LAYER.into()));
        let part = get(gateway, &layer(), Some("bytes=2-4")).await;
        assert_eq!(part, (206, LAYER[2..5].into()));
        let by_tag = get(gateway, "app/manifests/1", None).await;
        assert_eq!(by_tag, (200, manifest().into()));
    }
    assert_eq!(odd.count(&format!("GET /v2/{}", layer())), 1);

    for (path, bytes) in &whole {
        let mut bytes = bytes.clone();
        bytes[0] ^= 1;
        fs::write(path, bytes).unwrap();
    }
    let (_fresh, fresh) = process(&odd, &s3.address).await;
    assert_eq!(get(&fresh, &layer(), None).await, (200, LAYER.into()));
    assert_eq!(get(&fresh, &config, None).await, (200, CONFIG.into()));
    let by_tag = get(&fresh, "app/manifests/1", None).await;
    assert_eq!(by_tag, (200, manifest().into()));
    until(|| s3.objects() == whole).await;
}

/// A link to a next page that says more than the API knows is good at every gateway.
#[tokio::test]
async fn gateways_share_the_key_of_next_pages_in_a_bucket() {
    let s3 = S3::start().await;
    let odd = Odd::new(|target, _| match target {
        "/v2/app/tags/list" => {
            let link = ("link", "</v2/app/tags/list?page=x>; rel=\"next\"");
            status(200, &[link], r#"{"tags":["a"]}"#)
        }
        _ => ok("application/json", r#"{"tags":["b"]}"#),
    })
    .await;
    let (_one, one) = process(&odd, &s3.address).await;
    let (_two, two) = process(&odd, &s3.address).await;
    let link = async |gateway: &str| {
        let first = client().get(format!("http://{gateway}/v2/odd/app/tags/list"));
        let first = first.send().await.unwrap();
        let link = first.headers()["link"].to_str().unwrap();
        let link = link.trim_start_matches("</v2/odd/");
        link.split('>').next().unwrap().to_owned()
    };
    let links = tokio::join!(link(&one), link(&two));
    assert_eq!(links.0, links.1);
    for gateway in [&one, &two] {
        assert_eq!(get(gateway, &links.0, None).await.0, 200);
    }
    let objects = s3.objects();
    let [key] = objects.keys().collect::<Vec<_>>()[..] else {
        panic!("{:?}", objects.keys());
    };
    assert!(key.ends_with("bucket/team/onionskin/keys/pages"), "{key:?}");
}

/// Larger than what is written in one part.
fn large() -> Vec<u8> {
    (0..20_000_000_u32)
        .map(|at| at.wrapping_mul(2_654_435_761).to_le_bytes()[2])
        .collect()
}

#[tokio::test]
async fn a_gateway_that_is_killed_in_the_middle_leaves_the_bucket_right() {
    let s3 = S3::start().await;
    let blob = large();
    let digest = Digest::sha256(&blob);
    let path = format!("app/blobs/{digest}");
    let (go_on, is_whole) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
    let (notified, whole, sent) = (Arc::clone(&go_on), Arc::clone(&is_whole), blob.clone());
    let odd = Odd::new(move |_, _| {
        let half = sent.len() / 2;
        let (first, rest) = (sent[..half].to_vec(), sent[half..].to_vec());
        let (notified, whole) = (Arc::clone(&notified), whole.load(Ordering::Relaxed));
        let rest = stream::once(async move {
            if !whole {
                notified.notified().await;
            }
            Ok::<_, std::io::Error>(rest)
        });
        let body = Body::from_stream(stream::iter([Ok(first)]).chain(rest));
        let mut response = ok("application/octet-stream", body);
        let length = sent.len().to_string().parse().unwrap();
        response.headers_mut().insert("content-length", length);
        response
    })
    .await;
    let (mut child, address) = process(&odd, &s3.address).await;
    let url = format!("http://{address}/v2/odd/{path}");
    let answer = client().get(url).send().await.unwrap();
    let mut chunks = answer.bytes_stream();
    assert!(chunks.next().await.unwrap().is_ok());
    child.kill().await.unwrap();
    while let Some(Ok(_)) = chunks.next().await {}
    assert_eq!(s3.objects(), BTreeMap::new());

    // While it is written, in parts.
    is_whole.store(true, Ordering::Relaxed);
    let (mut child, address) = process(&odd, &s3.address).await;
    assert!(get(&address, &path, None).await == (200, blob.clone()));
    child.kill().await.unwrap();
    let left = s3.objects();
    assert!(left.values().all(|stored| *stored == blob) && left.len() <= 1);

    let (_child, address) = process(&odd, &s3.address).await;
    assert!(get(&address, &path, None).await == (200, blob.clone()));
    until(|| s3.objects().values().eq([&blob])).await;
    let fetched = odd.count("GET ");
    assert!(get(&address, &path, None).await == (200, blob));
    assert_eq!(odd.count("GET "), fetched);
}

#[tokio::test]
async fn without_its_bucket_a_gateway_still_serves() {
    let odd = Odd::new(|target, _| sound(target)).await;
    // A port that nobody listens on.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap().to_string();
    drop(closed);
    let (_child, gateway) = process(&odd, &address).await;
    assert_eq!(get(&gateway, &layer(), None).await, (200, LAYER.into()));
    let by_tag = get(&gateway, "app/manifests/1", None).await;
    assert_eq!(by_tag, (200, manifest().into()));
}

#[tokio::test]
async fn a_bucket_that_fails_is_left_alone_for_a_while() {
    let odd = Odd::new(|target, _| sound(target)).await;
    let failing = Odd::new(|_, _| StatusCode::INTERNAL_SERVER_ERROR.into_response()).await;
    let (_child, gateway) = process(&odd, &failing.address).await;
    assert_eq!(get(&gateway, &layer(), None).await, (200, LAYER.into()));
    // It was asked for the layer, some times, and is not sent it.
    let asked = failing.requests();
    assert!(!asked.is_empty() && asked.iter().all(|line| line.starts_with("HEAD ")));
    let by_tag = get(&gateway, "app/manifests/1", None).await;
    assert_eq!(by_tag, (200, manifest().into()));
    assert_eq!(get(&gateway, &layer(), None).await, (200, LAYER.into()));
    assert_eq!(failing.requests(), asked);
}
