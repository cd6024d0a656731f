//! Who a request is taken for: users of the access file, which changes while the server runs, and those whom a proxy names.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use onionskin_core::digest::Digest;
use onionskin_tests::binary::serve;
use tokio::io::{AsyncBufReadExt as _, BufReader};

/// The address of the proxy that is trusted; another one of this machine is not.
const PROXY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const OTHER: Ipv4Addr = Ipv4Addr::LOCALHOST;
const HEADER: &str = "x-forwarded-user";

/// What a request from this address gets.
async fn ask(from: Ipv4Addr, url: &str, named: &[&str], token: Option<&str>) -> u16 {
    let client = reqwest::Client::builder().tls_certs_only([]).no_proxy();
    let client = client
        .local_address(IpAddr::V4(from))
        .timeout(Duration::from_secs(20));
    let mut request = client.build().unwrap().get(url);
    for name in named {
        request = request.header(HEADER, *name);
    }
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    request.send().await.unwrap().status().as_u16()
}

/// A line of the file, with the digest of a token.
fn line(name: &str, token: &str, registries: &str) -> String {
    format!("{name} {} {registries}\n", Digest::sha256(token.as_bytes()))
}

#[tokio::test]
async fn a_trusted_proxy_names_the_user_once_and_nobody_else_does() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let users = ["alice - demo\nbob - *\n", &line("ci", "ci-token", "saved")].concat();
    fs::write(file.path(), users).unwrap();
    let proxy = PROXY.to_string();
    let flags = [
        "--access-file",
        file.path().to_str().unwrap(),
        "--identity-header",
        "X-Forwarded-User",
        "--trusted-proxy",
        &proxy,
    ];
    let (_child, addresses) = serve(&flags).await;
    // Alice and Bob may see it, and the user of the token may not.
    let demo = format!("{}v2/demo/hello/tags/list", addresses[0]);
    let token = Some("ci-token");
    for (from, named, token, status) in [
        (PROXY, &["alice"][..], None, 200),
        (PROXY, &["alice"], token, 200),
        (PROXY, &["mallory"], None, 401),
        // She is known to the proxy, which counts more than what she sent.
        (PROXY, &["mallory"], token, 401),
        (PROXY, &[""], token, 401),
        (PROXY, &["alice, bob"], token, 401),
        // One of them may have come through the proxy.
        (PROXY, &["alice", "bob"], None, 401),
        (PROXY, &["alice", "alice"], None, 401),
        (PROXY, &["alice", "bob"], token, 401),
        // The proxy itself, as it checks the server.
        (PROXY, &[], None, 401),
        (PROXY, &[], token, 403),
        (OTHER, &["alice"], None, 401),
        (OTHER, &["alice", "alice"], None, 401),
        (OTHER, &["alice"], token, 403),
        (OTHER, &[], token, 403),
    ] {
        let answer = ask(from, &demo, named, token).await;
        assert_eq!(answer, status, "{from} {named:?} {token:?}");
    }
    // What each may see is told by the line.
    let root = format!("{}v2/", addresses[0]);
    assert_eq!(ask(OTHER, &root, &[], token).await, 200);
    let saved = format!("{}v2/saved/app/tags/list", addresses[0]);
    assert_eq!(ask(PROXY, &saved, &["alice"], None).await, 403);
}

#[tokio::test]
async fn the_access_file_is_followed_when_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users");
    fs::write(&path, line("ci", "first", "*")).unwrap();
    let (mut child, addresses) = serve(&["--access-file", path.to_str().unwrap()]).await;
    let url = format!("{}v2/demo/hello/tags/list", addresses[0]);
    let status = async |token: &str| ask(OTHER, &url, &[], Some(token)).await;
    assert_eq!((status("first").await, status("second").await), (200, 401));
    let limit = Duration::from_secs(30);
    // A wrong line is told, and changes nothing.
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    fs::write(&path, line("ci", "second", "")).unwrap();
    let told = tokio::time::timeout(limit, log.next_line()).await;
    let told = told.unwrap().unwrap().unwrap();
    assert!(
        told.contains("was not reloaded") && told.contains("users:1: it names no registries"),
        "{told}"
    );
    assert_eq!((status("first").await, status("second").await), (200, 401));
    let becomes = async |token: &str, wanted: u16| {
        let changed = async {
            while status(token).await != wanted {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(limit, changed).await.unwrap();
    };
    // As editors and operators write it: another file takes its name.
    let new = folder.path().join("new");
    fs::write(&new, line("ci", "second", "*")).unwrap();
    fs::rename(&new, &path).unwrap();
    becomes("second", 200).await;
    assert_eq!(status("first").await, 401);
    // A user who may see less.
    fs::write(&path, line("ci", "second", "saved")).unwrap();
    becomes("second", 403).await;
    // Without a file, nobody becomes a user.
    fs::remove_file(&path).unwrap();
    let told = tokio::time::timeout(limit, log.next_line()).await;
    assert!(told.unwrap().unwrap().unwrap().contains("was not reloaded"));
    assert_eq!((status("first").await, status("second").await), (401, 403));
}
