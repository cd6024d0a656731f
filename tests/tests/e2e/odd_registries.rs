//! The registry client against registries that are broken, busy or not what they promise.

use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use futures::stream;
use onionskin_core::digest::Digest;
use onionskin_core::manifest::media_type::{OCI_CONFIG, OCI_INDEX, OCI_MANIFEST};
use onionskin_core::reference::Reference;
use onionskin_core::source::registry::{Client, Options, http_client};
use onionskin_core::source::{RetryAfter, SourceError};
use onionskin_tests::odd::{LAYER, Odd, manifest, ok, sound, status};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

#[tokio::test]
async fn busy_registries_say_when_to_come_back() {
    for (headers, expected, text) in [
        (
            &[("retry-after", "30")][..],
            Some(RetryAfter::Seconds(30)),
            "try again in 30 seconds",
        ),
        (
            &[
                ("retry-after", "600"),
                ("ratelimit-limit", "100;w=21600"),
                ("ratelimit-remaining", "0;w=21600"),
            ],
            Some(RetryAfter::Seconds(600)),
            "(it allows 100 pulls in 6 hours, 0 left); try again in 10 minutes",
        ),
        (
            &[("retry-after", "Wed, 25 Nov 2026 07:28:00 GMT")],
            Some(RetryAfter::At("Wed, 25 Nov 2026 07:28:00 GMT".to_owned())),
            "try again after Wed, 25 Nov 2026 07:28:00 GMT",
        ),
        (&[], None, "try again later"),
    ] {
        let odd = Odd::new(move |_, _| status(429, headers, "")).await;
        let error = odd.error().await;
        assert!(error.to_string().contains(text), "{error}");
        let SourceError::TooManyRequests { retry, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!(retry, expected);
    }
}

#[tokio::test]
async fn errors_are_quoted_and_pages_are_not() {
    for (code, content_type, body, says) in [
        (
            404,
            "application/json",
            r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#,
            "was not found in 127.0.0.1",
        ),
        (
            403,
            "application/json",
            r#"{"errors":[{"code":"DENIED","message":"no pull for you"}]}"#,
            "(no pull for you)",
        ),
        (401, "application/json", "{}", "no access"),
        (
            502,
            "text/html",
            "<html><h1>Bad \u{1b}[31mgateway</h1></html>",
            "answered 502",
        ),
        (500, "text/plain", "<b>stack trace</b>", "answered 500"),
    ] {
        let odd = Odd::new(move |_, _| status(code, &[("content-type", content_type)], body)).await;
        let error = odd.error().await;
        assert!(error.to_string().contains(says), "{error}");
        assert!(!error.to_string().contains(['<', '\u{1b}']), "{error}");
    }
}

#[tokio::test]
async fn what_is_not_what_was_promised_is_not_used() {
    // A tag whose bytes are not what its own header says.
    let other = Digest::sha256(b"other").to_string();
    let promised = other.clone();
    let odd = Odd::new(move |target, _| {
        let mut response = sound(target);
        response
            .headers_mut()
            .insert("docker-content-digest", promised.parse().unwrap());
        response
    })
    .await;
    assert!(matches!(odd.error().await, SourceError::Mismatch { .. }));

    // A digest that is answered with other bytes.
    let odd = Odd::new(|target, _| sound(target)).await;
    let pinned: Reference = format!("{}/app@{other}", odd.address).parse().unwrap();
    let client = Client::new(http_client().build().unwrap(), Options::default());
    let error = client.open(&pinned).unwrap().image(None).await.unwrap_err();
    assert!(
        matches!(&error, SourceError::Mismatch { promised, .. } if *promised == other),
        "{error:?}"
    );

    // Blobs with other bytes of the same size, and of other sizes.
    for (bytes, says) in [
        (&b"A layer"[..], "sha256"),
        (b"a layer and more", "7 bytes"),
    ] {
        let odd =
            Odd::new(
                move |target, _| match target.ends_with(&Digest::sha256(LAYER).to_string()) {
                    true => ok("application/octet-stream", bytes),
                    false => sound(target),
                },
            )
            .await;
        let remote = odd.remote(None);
        let image = remote.image(None).await.unwrap();
        let mut stream = remote
            .layer(&image.layers[0])
            .await
            .unwrap()
            .verified(Digest::sha256(LAYER));
        let error = loop {
            match stream.next_chunk().await {
                Ok(chunk) => assert!(chunk.is_some(), "the end came without an error"),
                Err(error) => break error,
            }
        };
        assert!(
            matches!(&error, SourceError::Mismatch { promised, .. } if promised.contains(says)),
            "{error:?}"
        );
        assert!(
            matches!(stream.next_chunk().await, Ok(None)),
            "nothing follows an error"
        );
    }

    // A configuration with other bytes.
    let odd = Odd::new(|target, _| match target.contains("/blobs/") {
        true => ok(
            "application/json",
            r#"{"os":"linux","architecture":"arm64"}"#,
        ),
        false => sound(target),
    })
    .await;
    assert!(matches!(odd.error().await, SourceError::Mismatch { .. }));
}

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
        let client = Client::new(http_client().build().unwrap(), Options::default());
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
            let asked = asked.map(|rest| rest.split('-').next().unwrap().parse().unwrap());
            log.lock().unwrap().push(asked.unwrap_or(0));
            let (start, head) = match (asked, rest) {
                (None, _) | (_, Rest::FromTheStart) => (0, "200 OK".to_owned()),
                (Some(start), Rest::Given) => (start, "206 Partial Content".to_owned()),
                (Some(start), Rest::Wrong) => (start + 1, "206 Partial Content".to_owned()),
            };
            // Those that begin anew get a little further each time.
            let times = log.lock().unwrap().len();
            let end = match rest {
                Rest::Given | Rest::Wrong => start + each,
                Rest::FromTheStart => each * times,
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
    for rest in [Rest::Given, Rest::FromTheStart, Rest::Wrong] {
        let (address, starts) = breaks_off(&BLOB, 1_500, rest).await;
        let reference: Reference = format!("{address}/app:1").parse().unwrap();
        let client = Client::new(http_client().build().unwrap(), Options::default());
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
                assert_eq!(starts.get(..3), Some(&[0, 1_500, 3_000][..]), "{rest:?}");
            }
        }
    }
}

#[tokio::test]
async fn documents_that_are_no_image_are_refused_by_name() {
    let both = manifest().replace(r#""layers""#, r#""manifests":[],"layers""#);
    let helm = manifest().replace(OCI_CONFIG, "application/vnd.cncf.helm.config.v1+json");
    for (content_type, body, says) in [
        (OCI_INDEX, manifest(), "it was sent as"),
        (OCI_MANIFEST, both, "both `manifests` and `layers`"),
        (
            "application/vnd.docker.distribution.manifest.v1+prettyjws",
            "{}".to_owned(),
            "schema 1",
        ),
        (
            OCI_MANIFEST,
            helm,
            "artifact of type application/vnd.cncf.helm.config.v1+json",
        ),
        ("text/html", "<html>log in</html>".to_owned(), "no JSON"),
    ] {
        let odd = Odd::new(move |_, _| ok(content_type, body.clone())).await;
        let error = odd.error().await;
        let refused = matches!(
            error,
            SourceError::Document { .. } | SourceError::Artifact(_)
        );
        assert!(refused, "{error:?}");
        assert!(error.to_string().contains(says), "{error}");
        assert!(!error.to_string().contains("<html>"), "{error}");
    }
}

#[tokio::test]
async fn an_endless_document_is_given_up() {
    let odd = Odd::new(|_, _| {
        let zeros =
            stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 65536])));
        ok(OCI_MANIFEST, Body::from_stream(zeros))
    })
    .await;
    assert!(matches!(odd.error().await, SourceError::Mismatch { .. }));
}

#[tokio::test]
async fn indexes_that_nest_without_end_are_given_up() {
    let own = Arc::new(Mutex::new(String::new()));
    // Each level is known by the digest of the one inside it.
    let mut levels = vec![r#"{"schemaVersion":2,"manifests":[]}"#.to_owned()];
    for _ in 0..20 {
        let inner = levels.last().unwrap();
        let (digest, size) = (Digest::sha256(inner.as_bytes()), inner.len());
        levels.push(format!(
            r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"{OCI_INDEX}","digest":"{digest}","size":{size}}}]}}"#
        ));
    }
    own.lock().unwrap().clone_from(levels.last().unwrap());
    let odd = Odd::new(move |target, _| {
        let wanted = target.rsplit('/').next().unwrap();
        let by_digest = levels
            .iter()
            .find(|level| Digest::sha256(level.as_bytes()).to_string() == wanted);
        ok(
            OCI_INDEX,
            by_digest
                .cloned()
                .unwrap_or_else(|| own.lock().unwrap().clone()),
        )
    })
    .await;
    assert!(matches!(odd.error().await, SourceError::NoPlatform { .. }));
    assert!(odd.count("") <= 9);
}

#[tokio::test]
async fn a_list_of_tags_goes_on_at_the_same_place_only() {
    for (link, next) in [
        (
            "</v2/app/tags/list?last=b&n=2>; rel=\"next\"",
            Some("last=b&n=2"),
        ),
        (
            "<http://169.254.169.254/v2/app/tags/list?last=b>; rel=\"next\"",
            None,
        ),
    ] {
        let odd = Odd::new(move |_, _| {
            let mut response = ok(
                "application/json",
                r#"{"name":"app","tags":["a","../x","b"]}"#,
            );
            response.headers_mut().insert("link", link.parse().unwrap());
            response
        })
        .await;
        let page = odd.remote(None).tags(None).await.unwrap();
        assert_eq!(
            (page.tags, page.next.as_deref()),
            (vec!["a".to_owned(), "b".to_owned()], next)
        );
    }
    let null = Odd::new(|_, _| ok("application/json", r#"{"name":"app","tags":null}"#)).await;
    assert_eq!(
        null.remote(None).tags(None).await.unwrap().tags,
        Vec::<String>::new()
    );
}
