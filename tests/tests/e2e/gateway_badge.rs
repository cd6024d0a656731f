//! Badges that the gateway serves: the command's numbers, of which images, for whom, and what is read for them.

use std::fs;
use std::path::Path;
use std::time::Duration;

use onionskin_fixtures::{Image, Packed, bytes, layer, seeded};
use onionskin_gateway::{GatewayOptions, StoreOptions, StorePlace};
use onionskin_tests::command::printed;
use onionskin_tests::odd::{Odd, holding, status};
use onionskin_tests::{Browser, Ground, Served, hosting, serving, until};
use reqwest::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, RETRY_AFTER};

fn app() -> Packed {
    Image::new()
        .layer(
            layer("COPY app /app")
                .file("/app/a", seeded(1, 9_000))
                .file("/app/b", bytes(1_000)),
        )
        .layer(layer("RUN rm /app/b").whiteout("/app/b"))
        .pack()
}

/// A gateway in front of `odd`, as `odd`, with badges of these repositories.
async fn gateway(odd: &Odd, badges: &[&str], store: Option<&Path>) -> String {
    serving(GatewayOptions {
        registries: vec![format!("odd=http://{}", odd.address).parse().unwrap()],
        badges: badges.iter().map(|name| name.parse().unwrap()).collect(),
        store: store.map(|folder| StoreOptions {
            place: StorePlace::Folder(folder.to_owned()),
            limit: 1 << 30,
            grace: Duration::ZERO,
        }),
        ..GatewayOptions::default()
    })
    .await
}

/// Status, headers and text of a badge, as a program asks for it.
async fn get(gateway: &str, path: &str, accept: &str) -> (u16, HeaderMap, String) {
    let client = reqwest::Client::builder().tls_certs_only([]).no_proxy();
    let client = client.timeout(Duration::from_secs(60)).build().unwrap();
    let request = client.get(format!("http://{gateway}/badge/{path}"));
    // As an image of another site's page.
    let request = request
        .header(ACCEPT, accept)
        .header("sec-fetch-site", "cross-site")
        .header("sec-fetch-mode", "no-cors")
        .header("sec-fetch-dest", "image");
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    (status, headers, answer.text().await.unwrap())
}

async fn badge(gateway: &str, path: &str) -> String {
    let (status, headers, svg) = get(gateway, path, "image/avif,image/*").await;
    assert_eq!(status, 200, "{svg}");
    assert_eq!(headers[CONTENT_TYPE], "image/svg+xml");
    svg
}

#[tokio::test]
async fn a_badge_is_the_one_that_the_command_makes() {
    let ground = Ground::default();
    ground.save("app.tar", "app:1", &app());
    let file = ground.path().join("app.tar").to_str().unwrap().to_owned();
    let served = Served::start_with(&[&file]);
    for (query, arguments) in [
        ("", &[][..]),
        ("?metric=size", &["--metric", "size"]),
        ("?metric=download&v=2", &["--metric", "download"]),
        (
            "?metric=efficiency&label=good+%26%20%3Cb%3E",
            &["--metric", "efficiency", "--label", "good & <b>"],
        ),
    ] {
        let made = printed(&[&["badge", &file], arguments].concat()).await;
        assert_eq!(
            badge(served.address(), &format!("saved/app:1{query}")).await,
            made,
            "{query}"
        );
    }
    let (_, headers, _) = get(served.address(), "saved/app:1", "*/*").await;
    assert_eq!(headers[CACHE_CONTROL], "public, max-age=300");
    // Demo images have badges too, and a page of another site shows them.
    let folder = tempfile::tempdir().unwrap();
    let picture = format!(
        "<img src=\"http://{}/badge/demo/webapp:1.0\">",
        served.address()
    );
    fs::write(folder.path().join("index.html"), picture).unwrap();
    let site = hosting(folder.path(), None).await;
    let browser = Browser::start().await;
    browser
        .goto_document(&site.replace("127.0.0.1", "localhost"))
        .await;
    let _: bool = browser.until("document.images[0]?.naturalWidth > 80").await;
}

#[tokio::test]
async fn a_registry_has_badges_where_they_are_allowed_and_is_read_once() {
    let image = app();
    let odd = Odd::new(holding(&image)).await;
    let gateway = gateway(&odd, &["odd/team/*"], None).await;
    let (code, _, text) = get(&gateway, "odd/app:1", "*/*").await;
    assert_eq!(code, 404);
    assert!(text.contains("--badges odd/app"), "{text}");
    let (code, headers, svg) = get(&gateway, "odd/app:1", "image/*").await;
    assert_eq!(
        (code, &headers[CACHE_CONTROL]),
        (404, &"no-store".parse().unwrap())
    );
    assert!(svg.contains("<title>wasted: not found</title>"), "{svg}");
    assert_eq!(odd.requests(), [] as [String; 0]);

    let first = badge(&gateway, "odd/team/app:1").await;
    assert!(
        first.contains("<title>wasted: 1.0 kB (10 %)</title>"),
        "{first}"
    );
    assert_eq!(odd.count("/blobs/"), 3);
    let manifests = odd.count("/manifests/");
    assert_eq!(badge(&gateway, "odd/team/app:1").await, first);
    badge(&gateway, "odd/team/app:1?metric=size").await;
    badge(&gateway, &format!("odd/team/app@{}", image.manifest.digest)).await;
    assert_eq!(odd.count("/blobs/"), 3);
    // A tag may have moved, and a right may be gone: the registry is asked each time.
    assert_eq!(odd.count("/manifests/"), manifests + 3);
}

#[tokio::test]
async fn a_blob_that_is_listed_twice_is_read_once_for_a_badge() {
    let step = || layer("COPY app /app").file("/app/a", seeded(1, 9_000));
    let image = Image::new().layer(step()).layer(step()).pack();
    assert_eq!(image.layers[0].digest, image.layers[1].digest);
    let odd = Odd::new(holding(&image)).await;
    let gateway = gateway(&odd, &["odd/app"], None).await;
    badge(&gateway, "odd/app:1").await;
    let of_layer = format!("GET /v2/app/blobs/{}", image.layers[0].digest);
    assert_eq!(odd.count(&of_layer), 1);
}

/// The index of a layer is kept in the store, for those whose right on the blob the registry confirms.
#[tokio::test]
async fn gateways_share_the_indexes_of_layers_in_their_store() {
    let image = app();
    let digest = image.layers[0].digest.clone();
    let sound = holding(&image);
    let odd = Odd::new(
        move |target, range| match target.contains("/other/blobs/") {
            true if target.ends_with(&digest) => status(403, &[], "{}"),
            _ => sound(target, range),
        },
    )
    .await;
    let folder = tempfile::tempdir().unwrap();
    let one = gateway(&odd, &["odd/app"], Some(folder.path())).await;
    let made = badge(&one, "odd/app:1").await;
    let indexes = || {
        let groups = fs::read_dir(folder.path().join("v1/index"))
            .into_iter()
            .flatten();
        let files = groups.flat_map(|group| fs::read_dir(group.unwrap().path()).unwrap());
        files.map(|file| file.unwrap().path()).collect::<Vec<_>>()
    };
    until(|| indexes().len() == 2).await;
    // Blobs are gone from the store: the index is enough.
    fs::remove_dir_all(folder.path().join("v1/sha256")).unwrap();
    let layers = |method: &str| {
        let layers = image.layers.iter();
        let asked =
            layers.map(|blob| odd.count(&format!("{method} /v2/app/blobs/{}", blob.digest)));
        asked.sum::<usize>()
    };
    let fetched = layers("GET");
    let two = gateway(&odd, &["odd/app", "odd/other"], Some(folder.path())).await;
    assert_eq!(badge(&two, "odd/app:1").await, made);
    assert_eq!((layers("GET"), layers("HEAD")), (fetched, 2));
    // Another repository may name the layer, and have no right to it.
    let (code, _, svg) = get(&two, "odd/other:1", "image/*").await;
    assert!(code >= 400 && !svg.contains("kB"), "{code}: {svg}");
    // What is damaged is read again.
    for file in indexes() {
        let mut bytes = fs::read(&file).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&file, bytes).unwrap();
    }
    let three = gateway(&odd, &["odd/app"], Some(folder.path())).await;
    assert_eq!(badge(&three, "odd/app:1").await, made);
    assert!(layers("GET") > fetched);
}

#[tokio::test]
async fn an_image_that_cannot_be_read_has_no_number() {
    let image = app();
    let digest = image.layers[1].digest.clone();
    let sound = holding(&image);
    let odd = Odd::new(move |target, range| match target.ends_with(&digest) {
        true => status(503, &[("retry-after", "9")], "{}"),
        false => sound(target, range),
    })
    .await;
    let gateway = gateway(&odd, &["odd/app"], None).await;
    let (code, headers, svg) = get(&gateway, "odd/app:1?metric=size", "image/*").await;
    assert_eq!(code, 502, "{svg}");
    assert_eq!(headers[CACHE_CONTROL], "no-store");
    assert!(!headers.contains_key(RETRY_AFTER));
    assert!(
        svg.contains("<title>image size: not available</title>"),
        "{svg}"
    );
    for (path, said) in [
        ("demo/hello:latest?platform=linux/s390x", "linux/s390x"),
        ("demo/hello:9", "its tags are"),
        ("nginx:1", "names begin with the registry's host"),
    ] {
        let (code, _, text) = get(&gateway, path, "*/*").await;
        assert!(code == 404 && text.contains(said), "{code}: {text}");
    }
    let (code, _, text) = get(&gateway, "odd/app:1?metric=bytes", "*/*").await;
    assert_eq!(code, 400);
    assert!(
        text.contains("a metric is size, download, wasted or efficiency"),
        "{text}"
    );
}
