//! Blobs whose transfer breaks off: they go on where they were, or are an error.

use std::sync::{Arc, Mutex};

use futures::TryStreamExt as _;
use onionskin_core::digest::Digest;
use onionskin_core::reference::Reference;
use onionskin_core::source::SourceError;
use onionskin_core::source::registry::{Client, ClientOptions, http_client};
use onionskin_fixtures::{Image, bytes, layer};
use onionskin_tests::odd::LAYER;
use onionskin_tests::raw::{Raw, answer};
use onionskin_tests::through_gateway;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A server that sends these bytes to whoever comes, and hangs up.
async fn hangs_up_after(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(connection.read_u8().await.unwrap());
            }
            connection.write_all(answer).await.unwrap();
        }
    });
    address
}

#[tokio::test]
async fn a_connection_cut_in_the_middle_of_a_blob_is_an_error_that_says_where() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\na l"[..],
        // No length in the answer: only the descriptor tells that something is missing.
        b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\na l",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\na l\r\n",
    ] {
        let address = hangs_up_after(answer).await;
        let reference: Reference = format!("{address}/app:1").parse().unwrap();
        let client = Client::new(http_client().build().unwrap(), ClientOptions::default());
        let remote = client.open(&reference).unwrap();
        let mut blob = remote.blob(&Digest::sha256(LAYER), Some(7)).await.unwrap();
        let error = loop {
            match blob.next_chunk().await {
                Ok(chunk) => assert!(chunk.is_some(), "the end came without an error"),
                Err(error) => break error,
            }
        };
        let text = error.to_string();
        assert!(
            text.contains("app:1 broke off after 3 of 7 bytes"),
            "{text}"
        );
        assert!(
            matches!(
                error,
                SourceError::Cut {
                    received: 3,
                    size: Some(7),
                    ..
                }
            ),
            "{text}"
        );
    }
}

/// How a server treats a request for the rest of a blob.
#[derive(Clone, Copy, Debug)]
enum Rest {
    /// As asked.
    Given,
    /// It begins anew, which RFC 9110 allows.
    FromTheStart,
    /// It sends some other part.
    Wrong,
    /// 416 to what has no end, as some object stores answer.
    OnlyWithAnEnd,
    /// 416 to any.
    Never,
}

/// A server that hangs up after each few bytes of the blob; returns its address and the starts it was asked for.
async fn breaks_off(
    blob: &'static [u8],
    each: usize,
    rest: Rest,
) -> (String, Arc<Mutex<Vec<usize>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let starts = Arc::<Mutex<Vec<usize>>>::default();
    let log = Arc::clone(&starts);
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(connection.read_u8().await.unwrap());
            }
            let request = String::from_utf8(request).unwrap().to_lowercase();
            let asked = request.split("range: bytes=").nth(1);
            let open = asked.is_some_and(|rest| rest.split("\r\n").next().unwrap().ends_with('-'));
            let refused = match rest {
                Rest::OnlyWithAnEnd => open,
                Rest::Never => asked.is_some(),
                _ => false,
            };
            if refused {
                let answer = b"HTTP/1.1 416 Range Not Satisfiable\r\ncontent-length: 0\r\n\r\n";
                connection.write_all(answer).await.unwrap();
                continue;
            }
            let asked = asked.map(|rest| rest.split('-').next().unwrap().parse().unwrap());
            log.lock().unwrap().push(asked.unwrap_or(0));
            let (start, head) = match (asked, rest) {
                (None, _) | (_, Rest::FromTheStart | Rest::Never) => (0, "200 OK".to_owned()),
                (Some(start), Rest::Given | Rest::OnlyWithAnEnd) => {
                    (start, "206 Partial Content".to_owned())
                }
                (Some(start), Rest::Wrong) => (start + 1, "206 Partial Content".to_owned()),
            };
            // Those that begin anew get a little further each time.
            let times = log.lock().unwrap().len();
            let end = match rest {
                Rest::Given | Rest::Wrong | Rest::OnlyWithAnEnd => start + each,
                Rest::FromTheStart | Rest::Never => each * times,
            };
            let part = &blob[start..end.min(blob.len())];
            let head = format!(
                "HTTP/1.1 {head}\r\ncontent-length: {}\r\ncontent-range: bytes {start}-{}/{}\r\n\r\n",
                blob.len() - start,
                blob.len() - 1,
                blob.len()
            );
            connection.write_all(head.as_bytes()).await.unwrap();
            connection.write_all(part).await.unwrap();
        }
    });
    (address, starts)
}

#[tokio::test]
async fn a_blob_goes_on_where_it_broke_off() {
    // No part is like another.
    static BLOB: [u8; 10_000] = {
        let mut blob = [0; 10_000];
        let mut at = 0;
        while at < blob.len() {
            blob[at] = (at % 251) as u8;
            at += 1;
        }
        blob
    };
    let whole = Digest::sha256(&BLOB);
    for rest in [
        Rest::Given,
        Rest::FromTheStart,
        Rest::Wrong,
        Rest::OnlyWithAnEnd,
        Rest::Never,
    ] {
        let (address, starts) = breaks_off(&BLOB, 1_500, rest).await;
        let reference: Reference = format!("{address}/app:1").parse().unwrap();
        let client = Client::new(http_client().build().unwrap(), ClientOptions::default());
        let remote = client.open(&reference).unwrap();
        let blob = remote.blob(&whole, Some(BLOB.len() as u64)).await.unwrap();
        let mut blob = blob.verified(whole.clone());
        let mut came = 0;
        let end = loop {
            match blob.next_chunk().await {
                Ok(Some(chunk)) => came += chunk.len(),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        let starts = starts.lock().unwrap().clone();
        match rest {
            Rest::Wrong => {
                // Nothing of another part is taken, and it is not asked for without an end.
                let cut = matches!(
                    end,
                    Err(SourceError::Cut {
                        received: 1_500,
                        ..
                    })
                );
                assert!(cut, "{end:?}");
                assert!(starts.len() < 10, "{starts:?}");
            }
            _ => {
                assert!(end.is_ok(), "{rest:?}: {end:?}");
                assert_eq!(came, BLOB.len(), "{rest:?}");
                let asked = match rest {
                    Rest::Never => [0, 0, 0],
                    _ => [0, 1_500, 3_000],
                };
                assert_eq!(starts.get(..3), Some(&asked[..]), "{rest:?}");
            }
        }
    }
}

/// A registry that breaks off its first whole blob, and answers requests for the rest so; the next whole one comes.
async fn without_parts(
    blob: &'static [u8],
    rest: impl Fn() -> Vec<u8> + Clone + Send + 'static,
) -> Raw {
    let first = Arc::new(Mutex::new(true));
    Raw::new(move |head| {
        if head.to_lowercase().contains("range: bytes=") {
            return rest();
        }
        let cut = std::mem::replace(&mut *first.lock().unwrap(), false);
        let sent = if cut { blob.len() / 2 } else { blob.len() };
        let length = format!("content-length: {}", blob.len());
        answer(&["HTTP/1.1 200 OK", &length], &blob[..sent])
    })
    .await
}

/// What a registry does not understand, or understands wrongly, is asked for in another way, through a gateway too.
#[tokio::test]
async fn the_whole_blob_is_taken_where_its_rest_is_not_to_be_had() {
    static BLOB: [u8; 300_000] = [7; 300_000];
    let digest = Digest::sha256(&BLOB);
    const PARTIAL: &str = "HTTP/1.1 206 Partial Content";
    for (case, rest) in [
        (
            "another part",
            answer(
                &[
                    PARTIAL,
                    "content-range: bytes 1-9/300000",
                    "content-length: 9",
                ],
                &BLOB[1..10],
            ),
        ),
        (
            "no range that can be",
            answer(
                &[PARTIAL, "content-range: bytes x-9/3", "content-length: 9"],
                &BLOB[1..10],
            ),
        ),
        (
            "no Content-Range",
            answer(&[PARTIAL, "content-length: 9"], &BLOB[1..10]),
        ),
        (
            "416",
            answer(&["HTTP/1.1 416 No", "content-length: 0"], b""),
        ),
        (
            "400",
            answer(&["HTTP/1.1 400 Bad Request", "content-length: 0"], b""),
        ),
        (
            "501",
            answer(&["HTTP/1.1 501 Not Implemented", "content-length: 0"], b""),
        ),
    ] {
        for through in [false, true] {
            let sent = rest.clone();
            let raw = without_parts(&BLOB, move || sent.clone()).await;
            let reference: Reference = format!("{}/app:1", raw.address).parse().unwrap();
            let client = match through {
                true => {
                    through_gateway(&[format!("http://{}", raw.address)])
                        .await
                        .0
                }
                false => Client::new(http_client().build().unwrap(), ClientOptions::default()),
            };
            let remote = client.open(&reference).unwrap();
            let blob = remote.blob(&digest, Some(BLOB.len() as u64)).await.unwrap();
            let chunks: Vec<_> = blob.verified(digest.clone()).try_collect().await.unwrap();
            assert!(chunks.concat() == BLOB, "{case} {through}");
        }
    }
}

/// A proxy or a registry closes a connection that is used again just then, or gives up a request before it answers.
#[tokio::test]
async fn a_request_is_sent_once_more_where_its_connection_closes_before_an_answer() {
    let image = Image::new().layer(layer("COPY app /app").file("/app", bytes(1_000)));
    let image = image.pack();
    for closes in [1, 2] {
        for through in [false, true] {
            let seen = Arc::<Mutex<Vec<String>>>::default();
            let (log, blobs) = (Arc::clone(&seen), image.clone());
            let raw = Raw::new(move |head| {
                let line = head.lines().next().unwrap().to_owned();
                let mut log = log.lock().unwrap();
                log.push(line.clone());
                if log.iter().filter(|seen| **seen == line).count() <= closes {
                    return Vec::new();
                }
                let path = line.split(' ').nth(1).unwrap();
                let blob = blobs.blobs().find(|blob| path.ends_with(&blob.digest));
                let blob = blob.unwrap_or(&blobs.manifest);
                let kind = format!("content-type: {}", blob.media_type);
                let length = format!("content-length: {}", blob.bytes.len());
                answer(&["HTTP/1.1 200 OK", &kind, &length], &blob.bytes)
            })
            .await;
            let registry = format!("http://{}", raw.address);
            let client = match through {
                true => through_gateway(&[registry]).await.0,
                false => Client::new(http_client().build().unwrap(), ClientOptions::default()),
            };
            let reference: Reference = format!("{}/app:1", raw.address).parse().unwrap();
            let remote = client.open(&reference).unwrap();
            let opened = remote.image(None).await;
            if closes == 2 {
                let text = opened.unwrap_err().to_string();
                assert!(text.contains("cannot be reached: "), "{text}");
                assert_eq!(seen.lock().unwrap().len(), 2, "{through}");
                continue;
            }
            let opened = opened.unwrap();
            let blob = remote.layer(&opened.layers[0]).await.unwrap();
            let chunks: Vec<_> = blob.try_collect().await.unwrap();
            assert_eq!(chunks.concat(), image.layers[0].bytes, "{through}");
            assert_eq!(seen.lock().unwrap().len(), 6, "{through}");
        }
    }
}

/// A gateway goes on by itself, so that nobody notices.
#[tokio::test]
async fn a_gateway_asks_again_where_nothing_was_sent() {
    static BLOB: [u8; 2_000] = [7; 2_000];
    let digest = Digest::sha256(&BLOB);
    let raw = without_parts(&BLOB, Vec::new).await;
    let (_, gateway) = through_gateway(&[format!("http://{}", raw.address)]).await;
    let url = format!("http://{gateway}/v2/{}/app/blobs/{digest}", raw.address);
    let answer = http_client()
        .build()
        .unwrap()
        .get(url)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.bytes().await.unwrap(), BLOB[..]);
}
