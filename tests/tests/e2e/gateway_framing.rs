//! Registries that lie about where a blob ends, through the gateway and without: nobody takes a part, or other bytes, for
//! the whole.

use futures::{StreamExt as _, stream};
use onionskin_core::digest::Digest;
use onionskin_fixtures::{Image, Packed, bytes, gzip, layer, seeded};
use onionskin_gateway::GatewayOptions;
use onionskin_tests::command::{printed, run, stopped};
use onionskin_tests::raw::{Answer, LAST_CHUNK, Raw, answer, ask, chunks};
use onionskin_tests::{Browser, Served, serving};

const SIZE: usize = 300_000;

fn good() -> Vec<u8> {
    (0..SIZE).map(|at| (at % 251) as u8).collect()
}

/// Other bytes of the same length: only the last one differs.
fn evil() -> Vec<u8> {
    let mut bytes = good();
    bytes[SIZE - 1] ^= 1;
    bytes
}

/// A gateway in front of a registry that answers so, as `odd`.
async fn in_front_of(answer: impl Fn(&str) -> Vec<u8> + Clone + Send + 'static) -> String {
    let registry = Raw::new(answer).await;
    serving(GatewayOptions {
        registries: vec![format!("odd=http://{}", registry.address).parse().unwrap()],
        ..GatewayOptions::default()
    })
    .await
}

/// What a client of a gateway gets of a blob for which the registry answers so.
async fn blob(method: &str, headers: &str, sent: Vec<u8>) -> Answer {
    let gateway = in_front_of(move |_| sent.clone()).await;
    let digest = Digest::sha256(&good());
    let request = format!(
        "{method} /v2/odd/app/blobs/{digest} HTTP/1.1\r\nhost: {gateway}\r\nconnection: close\r\n{headers}\r\n"
    );
    ask(&gateway, &request).await
}

/// A body has one end, and it is said once.
fn assert_framed(answer: &Answer, case: &str) {
    let lengths = answer.header("content-length").len();
    let chunked = answer.header("transfer-encoding").len();
    assert_eq!(lengths + chunked, 1, "{case}: {:?}", answer.headers);
}

fn assert_never_whole(answer: &Answer, case: &str) {
    assert_framed(answer, case);
    if answer.status == 502 {
        let says = String::from_utf8_lossy(&answer.body);
        assert!(says.contains("UNKNOWN"), "{case}: {says}");
        return;
    }
    assert!(!answer.complete, "{case}: {:?}", answer.headers);
    assert!(answer.body.len() < SIZE, "{case}");
}

const OK: &str = "HTTP/1.1 200 OK";
const CHUNKED: &str = "transfer-encoding: chunked";
const GZIP: &str = "content-encoding: gzip";

fn length(bytes: usize) -> String {
    format!("content-length: {bytes}")
}

/// Answers that are not the blob of these bytes, whatever they say.
fn lies(good: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let size = good.len();
    let mut evil = good.to_vec();
    evil[size - 1] ^= 1;
    let more = [good, b"more"].concat();
    let whole = length(size);
    let range = format!("content-range: bytes 0-{}/{size}", size - 1);
    let ended = |bytes: &[u8]| [&chunks(bytes)[..], LAST_CHUNK].concat();
    vec![
        ("other bytes", answer(&[OK, &whole], &evil)),
        (
            "other bytes in chunks",
            answer(&[OK, CHUNKED], &ended(&evil)),
        ),
        (
            "other bytes up to the end of the connection",
            answer(&[OK], &evil),
        ),
        (
            "length and chunks",
            answer(&[OK, &whole, CHUNKED], &ended(&evil)),
        ),
        (
            "length and chunks, and one chunk more",
            answer(
                &[OK, &whole, CHUNKED],
                &[&chunks(&evil)[..], &chunks(b"more"), LAST_CHUNK].concat(),
            ),
        ),
        (
            "a length that the chunks do not come to",
            answer(&[OK, &length(9), CHUNKED], &ended(good)),
        ),
        (
            "length and chunks without an end",
            answer(&[OK, &whole, CHUNKED], &chunks(&evil)),
        ),
        (
            "the length of the blob, and chunks that go on behind it",
            answer(&[OK, &whole, CHUNKED], &ended(&more)),
        ),
        (
            "a part of the chunks",
            answer(&[OK, CHUNKED], &chunks(&good[..size / 2])),
        ),
        (
            "a part as if it were all",
            answer(&[OK, CHUNKED], &ended(&good[..size / 2])),
        ),
        ("too early an end", answer(&[OK, &whole], &good[..size - 1])),
        (
            "a length that is too small",
            answer(&[OK, &length(size - 1)], good),
        ),
        (
            "a length that is too large",
            answer(&[OK, &length(size + 1)], good),
        ),
        (
            "two lengths",
            answer(&[OK, &length(size), &length(9)], good),
        ),
        ("nothing", answer(&[OK, &length(0)], b"")),
        (
            "an end of the connection that is too early",
            answer(&[OK], &good[..size - 1]),
        ),
        (
            "a part that nobody asked for",
            answer(&["HTTP/1.1 206 Partial Content", &range, &whole], &evil),
        ),
        (
            "no part that nobody asked for",
            answer(&["HTTP/1.1 416 Range Not Satisfiable", &whole], &evil),
        ),
        ("HTTP/1.0", answer(&["HTTP/1.0 200 OK"], &evil)),
        ("other bytes in gzip", answer(&[OK, GZIP], &gzip(&evil))),
        (
            "too few bytes in gzip",
            answer(&[OK, GZIP], &gzip(&good[..size - 1])),
        ),
        (
            "a coding that nobody knows",
            answer(&[OK, "content-encoding: x", &whole], &evil),
        ),
    ]
}

#[tokio::test]
async fn bytes_that_are_not_the_blob_are_never_a_whole_answer() {
    for (case, sent) in lies(&good()) {
        assert_never_whole(&blob("GET", "", sent).await, case);
    }
}

/// Answers that have all bytes of the blob, and lie about their number.
const HAVE_ALL: [&str; 2] = [
    "a length that the chunks do not come to",
    "a length that is too large",
];

/// The command asks the registry itself. Where all bytes of the layer came in spite of what was said of their number, that is
/// the layer.
#[tokio::test]
async fn the_command_believes_no_framing_either() {
    let packed = Image::new()
        .layer(layer("COPY app /app").file("/app", seeded(1, SIZE)))
        .pack();
    let layer = &packed.layers[0];
    let in_front = async |sent: Option<Vec<u8>>| {
        let (packed, digest) = (packed.clone(), layer.digest.clone());
        Raw::new(move |head| match &sent {
            Some(sent) if asked(head).ends_with(&digest) => sent.clone(),
            _ => sound(&packed, head),
        })
        .await
    };
    let honest = in_front(None).await;
    let list = printed(&["ls", "--no-cache", &format!("{}/app:1", honest.address)]).await;
    let told = lies(&layer.bytes).into_iter().map(async |(case, sent)| {
        let has_all = HAVE_ALL.contains(&case);
        let registry = in_front(Some(sent)).await;
        let output = run(&["ls", "--no-cache", &format!("{}/app:1", registry.address)]).await;
        let error = String::from_utf8(output.stderr).unwrap();
        let shown = String::from_utf8(output.stdout).unwrap();
        match output.status.code() {
            Some(0) => assert!(has_all && shown == list, "{case}: {shown}"),
            code => {
                assert_eq!((code, &*shown), (Some(2), ""), "{case}: {error}");
                assert!(error.contains("layer 1"), "{case}: {error}");
            }
        }
    });
    // Each is asked again, after a pause, in which others have their turn.
    let mut told = stream::iter(told).buffer_unordered(4);
    while told.next().await.is_some() {}
}

/// An image of which each layer but the first is told with another lie, to the page: through a gateway, and by the registry
/// itself, where nothing is between the two.
#[tokio::test]
async fn the_page_believes_no_framing_either() {
    let names: Vec<_> = lies(&good()).into_iter().map(|(case, _)| case).collect();
    let sound_one = Image::new().layer(layer("COPY first /").file("/first", seeded(1, SIZE)));
    let packed = (2..).zip(&names).fold(sound_one, |image, (number, case)| {
        let file = format!("/evil/{number}");
        image.layer(layer(&format!("COPY {case} /")).file(file, seeded(number, SIZE)))
    });
    let packed = packed.pack();
    let answers = packed.clone();
    let registry = Raw::new(move |head| {
        let told = asked(head);
        let lie = answers.layers.iter().skip(1);
        let sent = match lie
            .zip(0..)
            .find(|(layer, _)| told.ends_with(&layer.digest))
        {
            _ if head.starts_with("OPTIONS") => answer(&[OK, &length(0)], b""),
            Some((layer, at)) => lies(&layer.bytes).swap_remove(at).1,
            None => sound(&answers, head),
        };
        readable(sent)
    })
    .await;
    let through = Served::start(&[format!("http://{}", registry.address)]);
    let direct = Served::start_with(&["--direct", &registry.address]);
    for served in [through, direct] {
        let browser = Browser::start().await;
        let image = format!("/image/{}/app:1?view=files", registry.address);
        browser.goto(&served.page(&image)).await;
        let count = names.len() + 1;
        let settled = format!(
            "document.querySelectorAll('.layer').length === {count} && !document.querySelector('.layer .progress')"
        );
        let _: bool = browser.until(&settled).await;
        let broken: Vec<usize> = browser
            .value("[...document.querySelectorAll('.layer.broken')].map(at => +at.dataset.layer)")
            .await;
        for (number, case) in (2..).zip(&names) {
            let refused = broken.contains(&number);
            assert!(refused || HAVE_ALL.contains(case), "{case}: {broken:?}");
        }
        assert!(!broken.contains(&1), "{broken:?}");
        browser.until_text(".row .label", "first").await;
        assert_eq!(browser.texts(".row .label").await, ["first"]);
    }
}

/// An answer that pages of any origin may read.
fn readable(mut answer: Vec<u8>) -> Vec<u8> {
    let line = answer.windows(2).position(|two| two == b"\r\n").unwrap();
    let allowed = *b"\r\naccess-control-allow-origin: *\r\naccess-control-allow-headers: *";
    answer.splice(line..line, allowed);
    answer
}

/// The path of a request.
fn asked(head: &str) -> &str {
    head.split(' ').nth(1).unwrap_or_default()
}

/// What a registry answers that has this image.
fn sound(packed: &Packed, head: &str) -> Vec<u8> {
    let path = asked(head);
    if path.contains("/manifests/") {
        let manifest = &packed.manifest;
        let kind = format!("content-type: {}", manifest.media_type);
        return answer(&[OK, &kind, &length(manifest.bytes.len())], &manifest.bytes);
    }
    match packed.blobs().find(|blob| path.ends_with(&blob.digest)) {
        Some(blob) => answer(&[OK, &length(blob.bytes.len())], &blob.bytes),
        None => answer(&["HTTP/1.1 404 Not Found", &length(0)], b""),
    }
}

#[tokio::test]
async fn the_blob_itself_arrives_however_it_is_framed() {
    let good = good();
    let whole = length(SIZE);
    let chunked = [&chunks(&good)[..], LAST_CHUNK].concat();
    for (case, sent) in [
        ("length", answer(&[OK, &whole], &good)),
        ("chunks", answer(&[OK, CHUNKED], &chunked)),
        (
            "length and chunks",
            answer(&[OK, &whole, CHUNKED], &chunked),
        ),
        ("end of the connection", answer(&[OK], &good)),
        ("HTTP/1.0", answer(&["HTTP/1.0 200 OK", &whole], &good)),
        ("gzip", answer(&[OK, GZIP], &gzip(&good))),
        (
            "no gzip, although it says so",
            answer(&[OK, GZIP, &whole], &good),
        ),
    ] {
        let answer = blob("GET", "", sent).await;
        assert_framed(&answer, case);
        assert!(answer.header("content-encoding").is_empty(), "{case}");
        assert_eq!((answer.status, answer.complete), (200, true), "{case}");
        assert!(answer.body == good, "{case}");
        let caching = answer.header("cache-control");
        assert!(caching[0].contains("immutable"), "{case}: {caching:?}");
    }
}

#[tokio::test]
async fn a_blob_without_bytes_arrives_however_it_is_framed() {
    let digest = Digest::sha256(b"");
    for (case, sent) in [
        ("length", answer(&[OK, &length(0)], b"")),
        ("chunks", answer(&[OK, CHUNKED], LAST_CHUNK)),
        ("end of the connection", answer(&[OK], b"")),
        ("gzip", answer(&[OK, GZIP], &gzip(b""))),
        ("no bytes of gzip", answer(&[OK, GZIP], b"")),
    ] {
        let gateway = in_front_of(move |_| sent.clone()).await;
        let request = format!(
            "GET /v2/odd/app/blobs/{digest} HTTP/1.1\r\nhost: {gateway}\r\nconnection: close\r\n\r\n"
        );
        let answer = ask(&gateway, &request).await;
        assert_framed(&answer, case);
        assert_eq!((answer.status, answer.complete), (200, true), "{case}");
        assert!(answer.body.is_empty(), "{case}");
    }
}

#[tokio::test]
async fn a_client_without_chunks_is_not_left_in_doubt() {
    let chunked = [&chunks(&evil())[..], LAST_CHUNK].concat();
    let gateway = in_front_of(move |_| answer(&[OK, CHUNKED], &chunked)).await;
    let digest = Digest::sha256(&good());
    let request = format!("GET /v2/odd/app/blobs/{digest} HTTP/1.0\r\nhost: {gateway}\r\n\r\n");
    // There the end of the connection is the end of the blob.
    assert_eq!(ask(&gateway, &request).await.status, 505);
}

const PARTIAL: &str = "HTTP/1.1 206 Partial Content";
/// Asks for ten bytes.
const FROM_10_TO_19: &str = "range: bytes=10-19\r\n";

fn content_range(text: &str) -> String {
    format!("content-range: bytes {text}")
}

/// Answers that are not the ten bytes from the tenth on, whatever they say.
fn other_parts(good: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let part = &good[10..20];
    let ten = length(10);
    let right = content_range("10-19/300000");
    vec![
        ("no range", answer(&[PARTIAL, &ten], part)),
        (
            "another place",
            answer(&[PARTIAL, &content_range("0-9/300000"), &ten], part),
        ),
        (
            "more",
            answer(
                &[PARTIAL, &content_range("10-20/300000"), &length(11)],
                &good[10..21],
            ),
        ),
        (
            "backwards",
            answer(&[PARTIAL, &content_range("19-10/300000"), &ten], part),
        ),
        (
            "beyond its whole",
            answer(&[PARTIAL, &content_range("10-19/15"), &ten], part),
        ),
        (
            "two ranges",
            answer(&[PARTIAL, &right, &content_range("0-9/300000"), &ten], part),
        ),
        (
            "another length",
            answer(&[PARTIAL, &right, &length(9)], &part[..9]),
        ),
        (
            "several parts",
            answer(
                &[
                    PARTIAL,
                    "content-type: multipart/byteranges; boundary=x",
                    &ten,
                ],
                part,
            ),
        ),
        (
            "a part of what is coded",
            answer(&[PARTIAL, &right, &ten, GZIP], part),
        ),
        ("an early end", answer(&[PARTIAL, &right, &ten], &part[..9])),
        (
            "fewer chunks",
            answer(
                &[PARTIAL, &right, CHUNKED],
                &[&chunks(&part[..9])[..], LAST_CHUNK].concat(),
            ),
        ),
        (
            "more chunks",
            answer(
                &[PARTIAL, &right, &ten, CHUNKED],
                &[&chunks(part)[..], &chunks(b"more"), LAST_CHUNK].concat(),
            ),
        ),
    ]
}

#[tokio::test]
async fn a_part_is_the_one_that_was_asked_for() {
    for (case, sent) in other_parts(&good()) {
        let answer = blob("GET", FROM_10_TO_19, sent).await;
        assert_never_whole(&answer, case);
    }
}

#[tokio::test]
async fn a_part_arrives_and_no_cache_may_keep_it() {
    let good = good();
    let part = &good[10..20];
    let right = content_range("10-19/300000");
    let sent = answer(&[PARTIAL, &right, &length(10)], part);
    let answer = blob("GET", FROM_10_TO_19, sent).await;
    assert_eq!((answer.status, answer.complete), (206, true));
    assert_eq!(answer.body, part);
    assert_eq!(answer.header("content-range"), ["bytes 10-19/300000"]);
    // Nobody can check a part.
    assert_eq!(answer.header("cache-control"), ["no-store, no-transform"]);
}

#[tokio::test]
async fn a_part_that_is_not_there_has_no_body() {
    let none = answer(
        &[
            "HTTP/1.1 416 No",
            "content-range: bytes */300000",
            &length(4),
        ],
        b"evil",
    );
    let none = blob("GET", "range: bytes=300000-\r\n", none).await;
    assert_eq!((none.status, &none.body[..]), (416, &b""[..]));
    assert_eq!(none.header("content-range"), ["bytes */300000"]);
}

#[tokio::test]
async fn all_that_was_asked_for_or_sent_is_checked() {
    let (good, evil) = (good(), evil());
    let range = content_range("0-299999/300000");
    let all = answer(&[PARTIAL, &range, &length(SIZE)], &evil);
    assert_never_whole(&blob("GET", "range: bytes=0-\r\n", all).await, "all");
    let whole = answer(&[OK, &length(SIZE)], &good);
    let whole = blob("GET", FROM_10_TO_19, whole).await;
    assert_eq!((whole.status, whole.complete), (200, true));
    let whole = answer(&[OK, &length(SIZE)], &evil);
    assert_never_whole(&blob("GET", FROM_10_TO_19, whole).await, "whole");
}

#[tokio::test]
async fn what_head_says_is_not_kept() {
    let said = blob("HEAD", "", answer(&[OK, &length(SIZE)], b"")).await;
    assert_eq!(said.header("content-length"), ["300000"]);
    let caching = said.header("cache-control");
    assert!(!caching[0].contains("immutable"), "{caching:?}");
    for unclear in [
        &["content-length: +9"][..],
        &["content-length: 9", "content-length: 8"],
    ] {
        let sent = answer(&[&[OK][..], unclear].concat(), b"");
        let said = blob("HEAD", "", sent).await;
        assert!(
            said.status == 502 || said.header("content-length").is_empty(),
            "{said:?}"
        );
    }
}

/// Whoever pulls through the gateway learns that the registry is at fault, and gets no file.
#[tokio::test]
async fn the_command_shows_nothing_of_a_layer_that_is_cut() {
    for (size, says) in [
        (1_000, "got more; the registry"),
        (3_000_000, "got more; the registry"),
    ] {
        let packed = Image::new()
            .layer(layer("COPY app /app").file("/app", bytes(size)))
            .pack();
        let bad = packed.layers[0].clone();
        let gateway = in_front_of(move |head| {
            if !asked(head).ends_with(&bad.digest) {
                return sound(&packed, head);
            }
            let mut bytes = bad.bytes.to_vec();
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            let chunked = [&chunks(&bytes)[..], &chunks(b"more"), LAST_CHUNK].concat();
            answer(&[OK, &length(bytes.len()), CHUNKED], &chunked)
        })
        .await;
        let reference = format!("{gateway}/odd/app:1");
        for arguments in [&["ls", &reference][..], &["cat", &reference, "/app"]] {
            let error = stopped(arguments).await;
            assert!(error.contains("layer 1 of"), "{error}");
            assert!(error.contains(says), "{error}");
        }
    }
}
