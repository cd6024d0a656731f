//! The registry client against registries that are broken, busy or not what they promise.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use futures::stream;
use onionskin_core::digest::Digest;
use onionskin_core::manifest::media_type::{OCI_CONFIG, OCI_INDEX, OCI_MANIFEST};
use onionskin_core::reference::Reference;
use onionskin_core::source::registry::{Client, Options, Pages, http_client};
use onionskin_core::source::{RetryAfter, SourceError};
use onionskin_fixtures::{Image, Packed, bytes, gzip, layer};
use onionskin_tests::command::{run, stopped};
use onionskin_tests::odd::{LAYER, Odd, manifest, ok, serve, sound, status};
use onionskin_tests::through_gateway;
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
                let asked = match rest {
                    Rest::Never => [0, 0, 0],
                    _ => [0, 1_500, 3_000],
                };
                assert_eq!(starts.get(..3), Some(&asked[..]), "{rest:?}");
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
        ("text/plain", "log in".to_owned(), "not JSON"),
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

/// Whoever asks at a hotel, or through a company's proxy, gets a page to log in.
#[tokio::test]
async fn a_web_page_in_place_of_an_answer_is_named_as_that() {
    const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Guest \u{1b}[31mWiFi</title></head><body><p>Please sign in</p></body></html>";
    for part in ["/manifests/", "/blobs/", "/tags/list"] {
        let odd = Odd::new(move |target, _| match target.contains(part) {
            true => ok("text/html; charset=utf-8", PAGE),
            false => sound(target),
        })
        .await;
        let (client, _) = through_gateway(&[format!("http://{}", odd.address)]).await;
        let reference: Reference = format!("{}/app:1", odd.address).parse().unwrap();
        for remote in [odd.remote(None), client.open(&reference).unwrap()] {
            let error = match part {
                "/tags/list" => remote.tags(None).await.unwrap_err(),
                _ => remote.image(None).await.unwrap_err(),
            };
            let text = error.to_string();
            for says in [
                "web page (text/html; charset=utf-8)",
                "Guest",
                "Please sign in",
            ] {
                assert!(text.contains(says), "{part}: {text}");
            }
            assert!(!text.contains(['<', '\u{1b}']), "{text}");
            assert_eq!(text.matches("Guest").count(), 1, "{text}");
        }
    }
}

/// A registry that compresses all that it sends, or says so of what it does not.
async fn encoding(image: Packed, really: bool) -> Odd {
    Odd::new(move |target, _| {
        let blob = image.blobs().find(|blob| target.ends_with(&blob.digest));
        let body = if target.contains("/manifests/") {
            image.manifest.bytes.clone()
        } else if target.contains("/tags/list") {
            br#"{"name":"app","tags":["1"]}"#.to_vec()
        } else {
            blob.unwrap().bytes.clone()
        };
        // Object stores say so of blobs that are gzip files themselves.
        let is_layer = blob.is_some_and(|blob| blob.bytes.starts_with(&[0x1f, 0x8b]));
        let kind = match target.contains("/manifests/") {
            true => image.manifest.media_type.clone(),
            false => "application/octet-stream".to_owned(),
        };
        let mut response = match really {
            true => ok(&kind, gzip(&body)),
            false => ok(&kind, body),
        };
        if really || is_layer {
            let coding = "gzip".parse().unwrap();
            response.headers_mut().insert("content-encoding", coding);
        }
        response
    })
    .await
}

#[tokio::test]
async fn what_a_server_compressed_unasked_is_read_and_what_it_only_says_so_of_too() {
    let image = Image::new()
        .layer(layer("COPY app /app").file("/app", bytes(1_500_000)))
        .layer(layer("COPY more /more").plain().file("/more", bytes(4_000)))
        .pack();
    for really in [true, false] {
        let odd = encoding(image.clone(), really).await;
        let (client, gateway) = through_gateway(&[format!("http://{}", odd.address)]).await;
        let reference: Reference = format!("{}/app:1", odd.address).parse().unwrap();
        for remote in [odd.remote(None), client.open(&reference).unwrap()] {
            let opened = remote.image(None).await.unwrap();
            assert_eq!(remote.tags(None).await.unwrap().tags, ["1"]);
            for layer in &opened.layers {
                let digest = layer.digest.clone().unwrap();
                let mut blob = remote.layer(layer).await.unwrap().verified(digest);
                while let Some(chunk) = blob.next_chunk().await.unwrap() {
                    assert!(!chunk.is_empty());
                }
                assert_eq!(Some(blob.received()), layer.compressed_size, "{really}");
            }
        }
        let digest = &image.layers[0].digest;
        let url = format!("http://{gateway}/v2/{}/app/blobs/{digest}", odd.address);
        let http = http_client().build().unwrap();
        let part = http.get(&url).header("range", "bytes=1-2").send().await;
        let answer = part.unwrap();
        assert_eq!(answer.headers().get("content-encoding"), None);
        assert_eq!(answer.bytes().await.unwrap(), image.layers[0].bytes);
    }
}

#[tokio::test]
async fn nothing_is_asked_for_in_a_coding() {
    let seen = Arc::<Mutex<Vec<String>>>::default();
    let log = Arc::clone(&seen);
    let router = Router::new().fallback(move |request: Request| async move {
        let asked = request.headers().get("accept-encoding");
        let asked = asked.map(|value| value.to_str().unwrap().to_owned());
        log.lock().unwrap().push(asked.unwrap_or_default());
        sound(&request.uri().to_string())
    });
    let address = serve(router).await;
    let reference: Reference = format!("{address}/app:1").parse().unwrap();
    let client = Client::new(http_client().build().unwrap(), Options::default());
    client.open(&reference).unwrap().image(None).await.unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(*seen, ["identity", "identity"]);
}

/// An answer that asks to wait, as many times, and then what a sound registry says.
async fn busy(times: usize, code: u16, headers: &'static [(&'static str, &'static str)]) -> Odd {
    let answered = Arc::new(Mutex::new(0));
    Odd::new(move |target, _| {
        let mut answered = answered.lock().unwrap();
        *answered += 1;
        match *answered <= times {
            true => status(code, headers, ""),
            false => sound(target),
        }
    })
    .await
}

#[tokio::test]
async fn a_short_wait_is_waited_for_once_and_said() {
    const DATES: &[(&str, &str)] = &[
        ("date", "Sat, 28 Nov 2026 07:28:00 GMT"),
        ("retry-after", "Sat, 28 Nov 2026 07:28:01 GMT"),
    ];
    for (code, headers) in [
        (429, &[("retry-after", "1")][..]),
        (503, &[("retry-after", "1")]),
        (503, DATES),
    ] {
        let odd = busy(1, code, headers).await;
        let output = run(&["inspect", &format!("{}/app:1", odd.address)]).await;
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(odd.count("/manifests/"), 2, "{errors}");
        let said = format!("answered {code} and asks to wait; trying again in 1 second");
        assert!(errors.contains(&said), "{errors}");
        // A second time it is told.
        let odd = busy(9, code, headers).await;
        let output = run(&["inspect", &format!("{}/app:1", odd.address)]).await;
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(odd.count("/manifests/"), 2);
    }
    // Neither is a long time waited for, nor one that is not named.
    for headers in [&[("retry-after", "120")][..], &[]] {
        let odd = busy(9, 503, headers).await;
        let error = stopped(&["inspect", &format!("{}/app:1", odd.address)]).await;
        assert!(error.contains("is not available"), "{error}");
        assert_eq!(odd.count("/manifests/"), 1, "{error}");
        if !headers.is_empty() {
            assert!(error.contains("try again in 2 minutes"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_registry_that_is_not_available_says_when_to_come_back_through_a_gateway_too() {
    let odd = busy(9, 503, &[("retry-after", "7")]).await;
    let (client, gateway) = through_gateway(&[format!("team=http://{}", odd.address)]).await;
    let url = format!("http://{gateway}/v2/team/app/manifests/1");
    let answer = http_client()
        .build()
        .unwrap()
        .get(url)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "7");
    let reference: Reference = format!("{}/app:1", odd.address).parse().unwrap();
    let error = client.open(&reference).unwrap().image(None).await;
    let error = error.unwrap_err();
    let retry = Some(RetryAfter::Seconds(7));
    assert!(
        matches!(&error, SourceError::Unavailable { retry: found, .. } if *found == retry),
        "{error:?}"
    );
}

/// RFC 8288; each is how a real registry or its proxy writes it. `{list}` is the path of the list.
const LINKS: &[&[&str]] = &[
    &["<{list}?last=b>; rel=\"next\""],
    &["<{list}?last=b>;rel=next"],
    &["<{list}?last=b> ; REL = \"prev Next\""],
    &["<{list}?n=1>; rel=first, <{list}?last=b>; title=\"a, <b>; c\"; rel=next"],
    &[
        "<{list}?n=1>; rel=\"first\"",
        "<{list}?last=b>; rel=\"next\"",
    ],
    &["<https://registry.internal:8443{list}?last=b>; rel=\"next\""],
    &["<http://169.254.169.254{list}?last=b>; rel=\"next\""],
    &["<https://inner/artifactory/api/docker/team{list}?last=b>; rel=\"next\""],
];

/// A registry whose list `path` has three pages, of which the second is empty, with these `Link` fields. `prefixed` is
/// whether it knows its list under the prefix that some links have.
async fn paged(key: &'static str, links: &'static [&'static str], prefixed: bool) -> Odd {
    Odd::new(move |target, _| {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let list = path.trim_start_matches("/artifactory/api/docker/team");
        if list != path && !prefixed {
            return status(404, &[], "<html>no</html>");
        }
        let (names, next) = match query {
            "" => (r#"["a","b"]"#, Some("last=b")),
            "last=b" => ("null", Some("last=c")),
            "last=c" => (r#"["d"]"#, None),
            _ => return status(400, &[], ""),
        };
        let mut response = ok("application/json", format!(r#"{{"{key}":{names}}}"#));
        for link in next.map_or(&[][..], |_| links) {
            let link = link.replace("{list}", list);
            let link = link.replace("last=b", next.unwrap_or_default());
            response.headers_mut().append("link", link.parse().unwrap());
        }
        response
    })
    .await
}

#[tokio::test]
async fn lists_are_read_to_their_end_however_the_next_page_is_named() {
    for links in LINKS {
        for prefixed in [true, false] {
            let odd = paged("tags", links, prefixed).await;
            let repository = format!("{}/app", odd.address);
            let tags = run(&["tags", &repository]).await;
            let errors = String::from_utf8_lossy(&tags.stderr);
            assert_eq!(tags.stdout, b"a\nb\nd\n", "{links:?}: {errors}");
            assert!(tags.status.success(), "{links:?}: {errors}");
            // A gateway's client goes on at the gateway.
            let (client, _) = through_gateway(&[format!("http://{}", odd.address)]).await;
            let remote = client.open(&repository.parse().unwrap()).unwrap();
            let (mut pages, mut next, mut all) = (Pages::default(), None, Vec::new());
            loop {
                let page = remote.tags(next.as_deref()).await.unwrap();
                all.extend(page.tags);
                next = pages.follow("x", page.next).unwrap();
                if next.is_none() {
                    break;
                }
            }
            assert_eq!(all, ["a", "b", "d"], "{links:?}");

            let odd = paged("repositories", links, prefixed).await;
            let listed = run(&["repositories", &odd.address]).await;
            assert_eq!(listed.stdout, b"a\nb\nd\n", "{links:?}");
        }
    }
}

#[tokio::test]
async fn a_list_that_is_not_complete_is_no_success() {
    for link in [
        // Round and round.
        "<?last=b>; rel=\"next\"",
        "<?>; rel=\"next\"",
        // To something else.
        "</login>; rel=\"next\"",
        "<ftp://x/v2/app/tags/list?last=b>; rel=\"next\"",
    ] {
        let odd = Odd::new(move |_, _| {
            let mut response = ok("application/json", r#"{"tags":["a"]}"#);
            response.headers_mut().insert("link", link.parse().unwrap());
            response
        })
        .await;
        let repository = format!("{}/app", odd.address);
        let output = run(&["tags", &repository]).await;
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{link}: {errors}");
        assert!(errors.contains("is not complete"), "{link}: {errors}");
    }
    // A page that fails after others came.
    let odd = Odd::new(|target, _| match target.contains('?') {
        true => status(500, &[], ""),
        false => {
            let mut response = ok("application/json", r#"{"tags":["a"]}"#);
            let link = "<?last=a>; rel=next".parse().unwrap();
            response.headers_mut().insert("link", link);
            response
        }
    })
    .await;
    let output = run(&["tags", &format!("{}/app", odd.address)]).await;
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("answered 500"), "{errors}");
}

#[tokio::test]
async fn names_that_can_be_none_are_left_out_of_lists() {
    let odd = Odd::new(|_, _| ok("application/json", r#"{"tags":["a","../x","b"]}"#)).await;
    assert_eq!(odd.remote(None).tags(None).await.unwrap().tags, ["a", "b"]);
    let null = Odd::new(|_, _| ok("application/json", r#"{"name":"app","tags":null}"#)).await;
    assert_eq!(
        null.remote(None).tags(None).await.unwrap().tags,
        Vec::<String>::new()
    );
}

/// Plain registries answer a TLS greeting with an error in plain text, as Python's and Go's servers do.
#[tokio::test]
async fn what_a_plain_registry_on_this_machine_answers_is_told() {
    for (code, says) in [
        (400, "answered 400"),
        (404, "was not found"),
        (401, "log-in"),
    ] {
        let odd = Odd::new(move |_, _| status(code, &[], "{}")).await;
        let error = stopped(&["inspect", &format!("{}/app:1", odd.address)]).await;
        assert!(error.contains(says), "{error}");
        assert!(!error.contains("secure connection"), "{error}");
    }
}

/// An error says what failed, where, why and what to do, each once; a gateway in between adds nothing to it.
#[tokio::test]
async fn errors_say_each_thing_once() {
    let odd = Odd::new(|_, _| {
        let body = r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#;
        status(404, &[("content-type", "application/json")], body)
    })
    .await;
    let (name, reference) = (
        format!("{}/app", odd.address),
        format!("{}/app:9", odd.address),
    );
    let said = format!(
        "{reference} was not found in {} (manifest unknown)",
        odd.address
    );
    let error = stopped(&["inspect", &reference]).await;
    let expected = format!(
        "onionskin: {said}. Check the tag, or list the tags with `onionskin tags {name}`\n"
    );
    assert_eq!(error, expected);
    let (client, _) = through_gateway(&[format!("http://{}", odd.address)]).await;
    let through = client.open(&reference.parse().unwrap()).unwrap();
    assert_eq!(through.image(None).await.unwrap_err().to_string(), said);
}
