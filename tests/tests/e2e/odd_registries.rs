//! The registry client against registries that are broken or not what they promise.

use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use futures::stream;
use onionskin_core::digest::Digest;
use onionskin_core::manifest::ManifestError;
use onionskin_core::manifest::media_type::{OCI_CONFIG, OCI_INDEX, OCI_MANIFEST};
use onionskin_core::reference::Reference;
use onionskin_core::source::SourceError;
use onionskin_core::source::registry::{Client, ClientOptions, http_client};
use onionskin_tests::command::stopped;
use onionskin_tests::odd::{LAYER, Odd, manifest, ok, sound, status};
use onionskin_tests::through_gateway;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

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
    let client = Client::new(http_client().build().unwrap(), ClientOptions::default());
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
    let error = odd.error().await;
    let SourceError::Document { problem, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(*problem, ManifestError::TooDeep, "{error}");
    // The first one, and eight inside it.
    assert_eq!(odd.count(""), 9);
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

/// It has shown that it does not speak TLS, so that its troubles are others.
#[tokio::test]
async fn a_plain_registry_that_breaks_off_is_not_told_to_speak_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            // What a TLS client sends first; who asks in plain http gets a reset, with all that it sent unread.
            if matches!(connection.read_u8().await, Ok(0x16)) {
                let bad = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
                connection.write_all(bad).await.unwrap();
            }
        }
    });
    let error = stopped(&["inspect", &format!("{address}/app:1")]).await;
    assert!(error.contains("cannot be reached"), "{error}");
    for word in ["secure connection", "TLS", "tls"] {
        assert!(!error.contains(word), "{error}");
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
