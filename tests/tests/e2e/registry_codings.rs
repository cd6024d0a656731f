//! Registries that send content in a coding, or say so.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use futures::{TryStreamExt as _, stream};
use onionskin_core::reference::Reference;
use onionskin_core::source::registry::{Client, ClientOptions, http_client};
use onionskin_fixtures::{Image, Packed, bytes, gzip, layer};
use onionskin_tests::odd::{Odd, holding, ok, serve, sound};
use onionskin_tests::through_gateway;

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
    let client = Client::new(http_client().build().unwrap(), ClientOptions::default());
    client.open(&reference).unwrap().image(None).await.unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(*seen, ["identity", "identity"]);
}

/// Digests decide what a registry's `Content-Encoding` means, whatever else it says: the header is right where the blob
/// was compressed on the way, and wrong where the blob is a gzip file itself.
#[tokio::test]
async fn a_blob_is_what_has_its_digest() {
    // More than what is looked at before the first bytes go out.
    let files = || layer("COPY app /app").file("/app", bytes(3_000_000));
    for (case, image, really) in [
        ("a gzip file", Image::new().layer(files()), false),
        (
            "a gzip file, compressed again",
            Image::new().layer(files()),
            true,
        ),
        (
            "a tar, compressed",
            Image::new().layer(files().plain()),
            true,
        ),
    ] {
        let image = image.pack();
        let blob = image.layers[0].clone();
        let sent = match really {
            true => gzip(&blob.bytes),
            false => blob.bytes.clone(),
        };
        for with_length in [true, false] {
            let (image, sent) = (image.clone(), sent.clone());
            let layer = blob.digest.clone();
            let odd = Odd::new(move |target, authorization| {
                if !target.ends_with(&layer) {
                    return holding(&image)(target, authorization);
                }
                let body = match with_length {
                    true => Body::from(sent.clone()),
                    false => Body::from_stream(stream::iter([Ok::<_, Infallible>(sent.clone())])),
                };
                let mut response = ok("application/octet-stream", body);
                let coding = "gzip".parse().unwrap();
                response.headers_mut().insert("content-encoding", coding);
                response
            })
            .await;
            let case = format!("{case} {with_length}");
            let (client, gateway) = through_gateway(&[format!("http://{}", odd.address)]).await;
            let reference: Reference = format!("{}/app:1", odd.address).parse().unwrap();
            let url = format!(
                "http://{gateway}/v2/{}/app/blobs/{}",
                odd.address, blob.digest
            );
            let http = http_client().build().unwrap();
            // As somebody who has the manifest from elsewhere.
            let answer = http.get(&url).send().await.unwrap();
            assert!(answer.bytes().await.unwrap() == blob.bytes, "{case}");
            for remote in [odd.remote(None), client.open(&reference).unwrap()] {
                let asked = odd.count(&blob.digest);
                let opened = remote.image(None).await.unwrap();
                let layer = &opened.layers[0];
                let stream = remote.layer(layer).await.unwrap();
                let stream = stream.verified(layer.digest.clone().unwrap());
                let chunks: Vec<_> = stream.try_collect().await.unwrap();
                assert!(chunks.concat() == blob.bytes, "{case}");
                // Whoever knows the manifest needs no second look, but for a tar that may be anything.
                if with_length || !case.starts_with("a tar") {
                    assert_eq!(odd.count(&blob.digest), asked + 1, "{case}");
                }
            }
        }
    }
}
