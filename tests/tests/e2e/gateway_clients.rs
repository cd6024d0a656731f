//! Clients that hold on to the gateway: those who do not read, do not ask, or take for ever to ask. Others do not
//! notice.

use std::process::Stdio;
use std::time::{Duration, Instant};

use onionskin_core::digest::Digest;
use onionskin_gateway::{GatewayOptions, Limits};
use onionskin_tests::binary::onionskin;
use onionskin_tests::odd::{Odd, ok};
use onionskin_tests::raw::{deaf, ended};
use onionskin_tests::serving;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// More than what lies in the buffers of two connections.
const LARGE: usize = 16 << 20;

fn large() -> bytes::Bytes {
    vec![7; LARGE].into()
}

/// A registry that has one large blob, and one that has it too, with few limits of the gateway in front of both.
async fn gateway(limits: Limits) -> (String, String) {
    let large = large();
    let digest = Digest::sha256(&large);
    let sent = large.clone();
    let registry = async |sent: bytes::Bytes| {
        let odd = Odd::new(move |target, _| match target.contains("/blobs/") {
            true => ok("application/octet-stream", sent.clone()),
            false => ok("application/json", r#"{"tags":["1"]}"#),
        });
        odd.await.address
    };
    let (one, other) = (registry(sent.clone()).await, registry(sent).await);
    let address = serving(GatewayOptions {
        registries: vec![
            format!("one=http://{one}").parse().unwrap(),
            format!("other=http://{other}").parse().unwrap(),
        ],
        limits,
        ..GatewayOptions::default()
    })
    .await;
    (address, format!("/app/blobs/{digest}"))
}

fn get(address: &str, path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n")
}

fn client() -> reqwest::Client {
    let client = reqwest::Client::builder().tls_certs_only([]);
    client.timeout(Duration::from_secs(20)).build().unwrap()
}

/// Asks for something, which has to be there within a second.
async fn assert_prompt(address: &str, path: &str) {
    let start = Instant::now();
    let response = client().get(format!("http://{address}{path}")).send().await;
    let status = response.unwrap().status();
    let took = start.elapsed();
    assert!(status.is_success(), "{path}: {status}");
    assert!(took < Duration::from_secs(1), "{path} after {took:?}");
}

#[tokio::test]
async fn clients_that_do_not_read_block_nobody() {
    let (address, blob) = gateway(Limits {
        blobs: 200,
        blobs_per_registry: 100,
        ..Limits::default()
    })
    .await;
    // More than there are slots, from one address, and from as many.
    for clients in [1, 250] {
        let request = get(&address, &format!("/v2/one{blob}"));
        let mut streams = Vec::new();
        for at in 0..260_u16 {
            let from = [127, 0, 0, 1 + (at % clients) as u8];
            streams.extend(deaf(from, &address, &request, 1).await);
        }
        for path in [
            "/v2/demo/webapp/manifests/1.0",
            "/",
            "/v2/other/app/tags/list",
        ] {
            assert_prompt(&address, path).await;
        }
        // The slots of this registry are those that are held.
        assert_prompt(&address, "/v2/one/app/tags/list").await;
        // Whoever does not read leaves its slot to somebody who does.
        let whole = client().get(format!("http://{address}/v2/one{blob}"));
        assert_eq!(
            whole.send().await.unwrap().bytes().await.unwrap().len(),
            LARGE
        );
    }
}

#[tokio::test]
async fn a_client_that_reads_too_slowly_is_cut_off() {
    let (address, blob) = gateway(Limits {
        pace: Duration::from_secs(1),
        ..Limits::default()
    })
    .await;
    let request = get(&address, &format!("/v2/one{blob}"));
    let mut deaf = deaf([127, 0, 0, 1], &address, &request, 1).await.remove(0);
    // What is here was sent before; the end of the connection comes without the end of the blob.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut received = 0;
    loop {
        let mut buffer = vec![0; 64 << 10];
        match deaf.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(bytes) => received += bytes,
        }
    }
    assert!(received < LARGE, "{received}");
    // Who reads slowly but steadily is served.
    let whole = client().get(format!("http://{address}/v2/one{blob}"));
    assert_eq!(whole.send().await.unwrap().bytes().await.unwrap(), large());
}

#[tokio::test]
async fn dribbled_heads_and_idle_connections_end() {
    let (address, _) = gateway(Limits {
        headers: Duration::from_secs(1),
        idle: Duration::from_secs(2),
        ..Limits::default()
    })
    .await;
    let mut dribbling = TcpStream::connect(&address).await.unwrap();
    let mut silent = TcpStream::connect(&address).await.unwrap();
    let mut asked = TcpStream::connect(&address).await.unwrap();
    asked
        .write_all(get(&address, "/v2/").as_bytes())
        .await
        .unwrap();
    let dribble = async {
        dribbling.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        // One byte after the other is no progress.
        while dribbling.write_all(b"a").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let all = async { tokio::join!(dribble, ended(&mut silent), ended(&mut asked)) };
    let done = tokio::time::timeout(Duration::from_secs(10), all).await;
    assert!(done.is_ok(), "connections are kept for ever");
}

#[tokio::test]
async fn connections_have_a_limit_and_new_ones_their_turn() {
    let (address, blob) = gateway(Limits {
        connections: 50,
        ..Limits::default()
    })
    .await;
    let mut idle = Vec::new();
    for _ in 0..200 {
        idle.push(TcpStream::connect(&address).await.unwrap());
    }
    assert_prompt(&address, "/v2/demo/webapp/manifests/1.0").await;
    // The oldest made room.
    let first = tokio::time::timeout(Duration::from_secs(5), ended(&mut idle[0]));
    assert!(first.await.is_ok());
    // Where all are in use, those that are stuck do.
    let request = get(&address, &format!("/v2/one{blob}"));
    let _deaf = deaf([127, 0, 0, 1], &address, &request, 50).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_prompt(&address, "/v2/demo/webapp/manifests/1.0").await;
}

#[tokio::test]
async fn a_registry_that_does_not_answer_blocks_itself_only() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = listener.local_addr().unwrap();
    let odd = Odd::new(|_, _| ok("application/json", r#"{"tags":["1"]}"#)).await;
    let address = serving(GatewayOptions {
        registries: vec![
            format!("silent=http://{silent}").parse().unwrap(),
            format!("odd=http://{}", odd.address).parse().unwrap(),
        ],
        limits: Limits {
            documents_per_registry: 8,
            turn: Duration::from_millis(200),
            ..Limits::default()
        },
        ..GatewayOptions::default()
    })
    .await;
    let request = get(&address, "/v2/silent/app/tags/list");
    let _asking = deaf([127, 0, 0, 1], &address, &request, 20).await;
    assert_prompt(&address, "/v2/odd/app/tags/list").await;
    assert_prompt(&address, "/v2/demo/webapp/tags/list").await;
    let url = format!("http://{address}/v2/silent/app/tags/list");
    let busy = client().get(url).send().await.unwrap();
    assert_eq!(busy.status(), 429);
    assert!(busy.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn a_stop_ends_idle_connections_and_finishes_answers() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (large, sent) = (large(), large());
    let odd = Odd::new(move |_, _| ok("application/octet-stream", sent.clone())).await;
    let options = GatewayOptions {
        registries: vec![format!("odd=http://{}", odd.address).parse().unwrap()],
        ..GatewayOptions::default()
    };
    let gateway = onionskin_gateway::Gateway::new(&options).unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(gateway.serve(listener, async { drop(stopped.await) }));
    let _idle = TcpStream::connect(&address).await.unwrap();
    assert_prompt(&address, "/healthz").await;
    assert_prompt(&address, "/readyz").await;
    let digest = Digest::sha256(&large);
    let url = format!("http://{address}/v2/odd/app/blobs/{digest}");
    let answer = client().get(url).send().await.unwrap();
    stop.send(()).unwrap();
    assert_eq!(answer.bytes().await.unwrap(), large);
    let ended = tokio::time::timeout(Duration::from_secs(5), served);
    assert!(ended.await.unwrap().unwrap().is_ok());
    assert!(TcpStream::connect(&address).await.is_err());
}

/// Where the system gives no more connections, those that are there make room, and the log says so.
#[tokio::test]
async fn without_file_descriptors_connections_are_taken_again_and_again() {
    let mut serving = tokio::process::Command::new("sh")
        .args(["-c", "ulimit -n 18; exec \"$0\" serve --listen 127.0.0.1:0"])
        .arg(onionskin())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(serving.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().unwrap();
    let address = line.split("http://").nth(1).unwrap();
    let address = address.split('/').next().unwrap().to_owned();
    let mut idle = Vec::new();
    for _ in 0..40 {
        idle.push(TcpStream::connect(&address).await.unwrap());
    }
    let answer = client().get(format!("http://{address}/v2/demo/webapp/manifests/1.0"));
    assert_eq!(answer.send().await.unwrap().status(), 200);
    let mut log = BufReader::new(serving.stderr.take().unwrap()).lines();
    let told = log.next_line().await.unwrap().unwrap();
    assert!(told.contains("cannot take a connection"), "{told}");
}
