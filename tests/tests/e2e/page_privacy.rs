//! Nothing of a file that is given to the page leaves the browser.

use std::collections::BTreeSet;
use std::fs;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use onionskin_fixtures::write::{Generation, docker_archive, oci_archive};
use onionskin_fixtures::{Image, Packed, bytes, gzip, layer};
use onionskin_tests::files::{choose, shown, whole};
use onionskin_tests::{Browser, Served, odd};
use tempfile::TempDir;

fn app() -> Packed {
    Image::new()
        .layer(
            layer("COPY one")
                .dir("/app")
                .file("/app/run", bytes(300_000))
                .file("/app/old", bytes(1_000)),
        )
        .layer(layer("COPY two").whiteout("/app/old"))
        .pack()
}

/// A proxy that everything goes through which the browser asks for, wherever it goes; it knows only `served`.
async fn watched(served: &str) -> (String, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let client = reqwest::Client::builder()
        .tls_certs_only([])
        .no_proxy()
        .build()
        .unwrap();
    let (log, served) = (Arc::clone(&seen), served.to_owned());
    let router = Router::new().fallback(move |request: Request| {
        let (log, client, served) = (log.clone(), client.clone(), served.clone());
        async move { passed(request, &log, &client, &served).await }
    });
    (odd::serve(router).await, seen)
}

async fn passed(
    request: Request,
    log: &Mutex<Vec<String>>,
    client: &reqwest::Client,
    served: &str,
) -> Response {
    let (method, target) = (request.method().clone(), request.uri().to_string());
    let body = axum::body::to_bytes(request.into_body(), 1 << 20)
        .await
        .unwrap();
    // The browser's own errands, to its maker's hosts, are not the page's.
    let makers = ["google", "gvt1", "mozilla", "firefox"];
    if !makers.iter().any(|maker| target.contains(maker)) {
        log.lock()
            .unwrap()
            .push(format!("{method} {target} with {} bytes", body.len()));
    }
    if !target.starts_with(&format!("http://{served}/")) {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    let answer = client.request(method, target).send().await.unwrap();
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        if name != "transfer-encoding" {
            response = response.header(name, value);
        }
    }
    response
        .body(Body::from(answer.bytes().await.unwrap()))
        .unwrap()
}

#[tokio::test]
async fn nothing_of_a_file_leaves_the_browser() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let saved = docker_archive(Generation::Folders, &[("secret:1", &app())]);
    fs::write(at("plain.tar"), &saved).unwrap();
    fs::write(at("packed.tar.gz"), gzip(&saved)).unwrap();
    fs::write(at("oci.tar"), oci_archive(&[("secret:1", &app())])).unwrap();
    let served = Served::start(&[]);
    let (proxy, seen) = watched(served.address()).await;
    let browser = Browser::start_behind(Some(&proxy)).await;
    browser.goto(&served.page("/image/demo/webapp:1.0")).await;
    let _: bool = browser
        .until("!!document.querySelector('.band') && !document.querySelector('.band.partial')")
        .await;
    let before: BTreeSet<String> = seen.lock().unwrap().drain(..).collect();
    assert!(
        before.iter().any(|line| line.contains("/blobs/sha256:")),
        "what the page asks for is seen: {before:?}"
    );
    for name in ["plain.tar", "packed.tar.gz", "oci.tar"] {
        choose(&browser, &at(name)).await;
        whole(&browser, name).await;
        shown(&browser).await;
        for tab in 1..=6 {
            browser
                .click(&format!(".tabs button:nth-child({tab})"))
                .await;
        }
    }
    // New workers ask for what loads them again, and views for their parts of the programs: those are kept, and nothing else
    // is asked for.
    let host = format!("GET http://{}/", served.address());
    for line in seen.lock().unwrap().iter() {
        let asked = line.strip_prefix(&host);
        let file = asked.and_then(|asked| asked.strip_suffix(" with 0 bytes"));
        let of_program = file.is_some_and(|file| {
            file == "worker_loader.js" || file.contains("-part-") && file.ends_with(".wasm")
        });
        assert!(of_program, "{line}");
    }
}
