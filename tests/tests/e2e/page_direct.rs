//! Registries that the page of a server asks itself, because the operator named them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use onionskin_fixtures::{Image, bytes, layer};
use onionskin_tests::odd::{Odd, holding, ok};
use onionskin_tests::{Browser, Registry, Served};

const WHOLE: &str = "!!document.querySelector('.band') && !document.querySelector('.band.partial')";

#[tokio::test]
async fn a_registry_that_the_operator_names_is_asked_by_the_page_itself() {
    let image = Image::new()
        .layer(layer("COPY one /").file("/one", bytes(300_000)))
        .pack();
    let allowing = Registry::for_pages("*");
    let reference = allowing.push("team/app:1.0", &image);
    let silent = Registry::start();
    let unreadable = silent.push("team/app:1.0", &image);
    let (allowed, named) = (allowing.address(), silent.address());
    let served = Served::start_with(&["--direct", allowed, "--direct", named]);
    // The server itself may not reach them.
    let client = reqwest::Client::builder().tls_certs_only([]).no_proxy();
    let client = client.build().unwrap();
    let through = format!(
        "http://{}/v2/{allowed}/team/app/tags/list",
        served.address()
    );
    assert_eq!(client.get(through).send().await.unwrap().status(), 403);
    let page = client.get(format!("http://{}/", served.address()));
    let page = page.send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    let connect = format!("connect-src 'self' http://{allowed} http://{named};");
    assert!(policy.contains(&connect), "{policy}");

    let browser = Browser::start().await;
    browser
        .goto(&served.page(&format!("/image/{reference}")))
        .await;
    let _: bool = browser.until(WHOLE).await;
    browser
        .goto(&served.page(&format!("/tags/{allowed}/team/app")))
        .await;
    browser.until_text("main", "1.0").await;
    // What the server has itself is still asked of it.
    browser.goto(&served.page("/image/demo/webapp:1.1")).await;
    let _: bool = browser.until(WHOLE).await;
    assert_eq!(browser.console().await, Vec::<String>::new());
    // One that sends no CORS headers is told.
    browser
        .goto(&served.page(&format!("/image/{unreadable}")))
        .await;
    browser
        .until_text(
            ".problem",
            &format!("CORS headers for http://{}", served.address()),
        )
        .await;
}

/// There is nothing between registry and page that would check it.
#[tokio::test]
async fn other_bytes_in_a_second_answer_are_neither_shown_nor_saved() {
    let image = |text: &str| {
        Image::new()
            .layer(layer("COPY . /app").file("/app/notes", text))
            .pack()
    };
    let (read, other) = (image("what was read"), image("something else"));
    let held = holding(&read);
    let (layer, evil) = (read.layers[0].clone(), other.layers[0].bytes.clone());
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let registry = Odd::new(move |target, authorization| {
        let is_layer = target.ends_with(&layer.digest);
        let mut answer = match is_layer && count.fetch_add(1, Ordering::Relaxed) > 0 {
            true => ok("application/octet-stream", evil.clone()),
            false => held(target, authorization),
        };
        for what in ["allow-origin", "allow-headers", "expose-headers"] {
            let name: axum::http::HeaderName = format!("access-control-{what}").parse().unwrap();
            answer.headers_mut().insert(name, "*".parse().unwrap());
        }
        answer
    })
    .await;
    let served = Served::start_with(&["--direct", &registry.address]);
    let browser = Browser::start().await;
    let page = |rest: &str| served.page(&format!("/image/{}/app:1{rest}", registry.address));
    browser.goto(&page("")).await;
    let _: bool = browser.until(WHOLE).await;
    assert_eq!(sent.load(Ordering::Relaxed), 1);
    browser
        .goto(&page("?view=content&layer=1&path=/app/notes"))
        .await;
    browser.until_text(".problem", "Layer 1").await;
    let given: usize = browser
        .value("document.querySelectorAll('.code, .content-tools a').length")
        .await;
    assert_eq!(given, 0);
    browser.goto(&page("?path=/app")).await;
    browser.click(".folder-tar").await;
    let _: bool = browser
        .until("!!document.querySelector('.folder-download [role=alert]')")
        .await;
    let given: usize = browser
        .value("document.querySelectorAll('.folder-download a').length")
        .await;
    assert_eq!(given, 0);
    assert!(sent.load(Ordering::Relaxed) > 2);
}
