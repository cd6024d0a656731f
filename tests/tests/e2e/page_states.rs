//! What the page says and offers while an image is not whole: loading, stopped, broken, not found.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Body;
use axum::response::Response;
use futures::stream::{self, StreamExt as _};
use onionskin_fixtures::{Image, Packed, bytes, layer};
use onionskin_tests::odd::{Odd, ok, status};
use onionskin_tests::{Browser, Registry, Served};
use serde_json::{Value, json};
use thirtyfour::Key;

/// True once the image is read to its end and its numbers are those of the whole.
const WHOLE: &str = "!!document.querySelector('.band') && !document.querySelector('.band.partial')";

fn row(name: &str) -> String {
    format!(
        "[...document.querySelectorAll('.row[data-row]')].some(r => r.querySelector('.label').textContent === {})",
        Value::from(name)
    )
}

/// Two layers without any waste.
fn clean() -> Packed {
    Image::new()
        .layer(layer("COPY one /").file("/one", bytes(60_000)))
        .layer(layer("COPY two /").file("/two", bytes(90_000)))
        .pack()
}

/// A registry with `app:1` that answers for the image's last layer as `last` does until `repaired`.
async fn registry(
    image: &Packed,
    repaired: &Arc<AtomicBool>,
    last: fn(Vec<u8>) -> Response,
) -> Odd {
    let manifest = image.manifest.clone();
    let end = image.layers.last().unwrap().digest.clone();
    let blobs: Vec<_> = image.blobs().cloned().collect();
    let repaired = Arc::clone(repaired);
    Odd::new(move |target, _| {
        if target.contains("/manifests/") {
            return ok(&manifest.media_type, manifest.bytes.clone());
        }
        let Some(blob) = blobs.iter().find(|blob| target.ends_with(&blob.digest)) else {
            return status(404, &[], "{}");
        };
        if blob.digest == end && !repaired.load(Ordering::SeqCst) {
            return last(blob.bytes.clone());
        }
        ok("application/octet-stream", blob.bytes.clone())
    })
    .await
}

/// Half of it, and then nothing more for ever.
fn stalled(bytes: Vec<u8>) -> Response {
    let sent = bytes[..bytes.len() / 2].to_vec();
    let sent = stream::iter([Ok::<_, io::Error>(sent)]).chain(stream::pending());
    ok("application/octet-stream", Body::from_stream(sent))
}

/// As many bytes of something else.
fn broken(mut bytes: Vec<u8>) -> Response {
    bytes.iter_mut().skip(20).for_each(|byte| *byte ^= 0x55);
    ok("application/octet-stream", bytes)
}

async fn open(odd: &Odd, view: &str) -> (Served, Browser) {
    let served = Served::start(&[format!("http://{}", odd.address)]);
    let browser = Browser::start().await;
    browser
        .goto(&served.page(&format!("/image/{}/app:1{view}", odd.address)))
        .await;
    (served, browser)
}

/// Types the reference that is open again.
async fn open_again(browser: &Browser, odd: &Odd) {
    browser
        .fill(".header input[name=reference]", Key::Control + "a")
        .await;
    browser
        .fill(
            ".header input[name=reference]",
            format!("{}/app:1", odd.address),
        )
        .await;
    browser.press(Key::Enter).await;
}

#[tokio::test]
async fn cancel_keeps_what_is_read_and_offers_to_go_on() {
    let repaired = Arc::default();
    let image = clean();
    let odd = registry(&image, &repaired, stalled).await;
    let (_served, browser) = open(&odd, "").await;
    browser
        .until_text(".band .state", "1 of 2 layers read")
        .await;
    let _: bool = browser.until(&row("one")).await;
    browser.click(".cancel").await;
    browser
        .until_text(".band .state", "Stopped: 1 of 2 layers read")
        .await;
    let _: bool = browser
        .until(&format!(
            "{} && !!document.querySelector('.reference .primary')",
            row("one")
        ))
        .await;
    // What is not read is not broken.
    browser.click(".layer[data-layer='2']").await;
    browser
        .until_text(".nothing", "Layer 2 is not read: loading was stopped")
        .await;
    let text: String = browser.value("document.body.innerText").await;
    assert!(!text.contains("could not be read"), "{text}");
    // Nothing is praised before all is known.
    browser.click("#tab-waste").await;
    browser
        .until_text(".summary .missing", "cover layer 1 only")
        .await;
    assert!(browser.texts(".summary .good").await.is_empty());

    repaired.store(true, Ordering::SeqCst);
    browser.click(".summary .again").await;
    let _: bool = browser.until(WHOLE).await;
    browser
        .until_text(".summary .good", "Nothing is wasted")
        .await;
    browser.click("#tab-files").await;
    let _: bool = browser
        .until(&format!("{} && {}", row("one"), row("two")))
        .await;
    // What was read already was kept.
    assert_eq!(
        odd.count(&format!("GET /v2/app/blobs/{}", image.layers[0].digest)),
        1
    );
}

#[tokio::test]
async fn open_goes_on_with_an_image_that_was_stopped() {
    let repaired = Arc::default();
    let odd = registry(&clean(), &repaired, stalled).await;
    let (_served, browser) = open(&odd, "").await;
    browser
        .until_text(".band .state", "1 of 2 layers read")
        .await;
    browser.click(".cancel").await;
    browser.until_text(".band .state", "Stopped").await;
    repaired.store(true, Ordering::SeqCst);
    open_again(&browser, &odd).await;
    let _: bool = browser.until(WHOLE).await;
}

#[tokio::test]
async fn without_a_manifest_cancel_returns_to_what_was_before() {
    let odd = Odd::new(|_, _| {
        ok(
            "application/json",
            Body::from_stream(stream::pending::<io::Result<Vec<u8>>>()),
        )
    })
    .await;
    let served = Served::start(&[format!("http://{}", odd.address)]);
    let browser = Browser::start().await;
    browser.goto(&served.page("/image/demo/hello")).await;
    let _: bool = browser.until(WHOLE).await;
    open_again(&browser, &odd).await;
    browser.until_text(".waiting", "Opening").await;
    browser.click(".cancel").await;
    let _: bool = browser.until(&format!("{WHOLE} && {}", row("hello"))).await;
    assert!(
        browser
            .address()
            .await
            .ends_with("#/image/demo/hello:latest")
    );
}

#[tokio::test]
async fn after_a_failed_layer_open_reads_the_same_reference_again() {
    let repaired = Arc::default();
    let odd = registry(&clean(), &repaired, broken).await;
    let (_served, browser) = open(&odd, "?layer=1").await;
    browser
        .until_text(
            ".band .state",
            "Layer 2 could not be read. Only layer 1 is counted.",
        )
        .await;
    // Another try stands beside the error, wherever that is told.
    browser.until_text(".band .again", "Try again").await;
    browser.click(".layer[data-layer='2']").await;
    browser.until_text(".problem button", "Try again").await;
    browser.click("#tab-waste").await;
    browser.until_text(".summary .again", "Try again").await;
    repaired.store(true, Ordering::SeqCst);
    open_again(&browser, &odd).await;
    let _: bool = browser.until(WHOLE).await;
}

/// One bit of it is another one.
fn other(mut bytes: Vec<u8>) -> Response {
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    ok("application/octet-stream", bytes)
}

/// It is large enough that another worker hashes it, where the machine has two processors.
#[tokio::test]
async fn a_large_layer_is_shown_once_all_of_it_was_hashed() {
    let large = layer("COPY . /")
        .file("/large", bytes(9_500_000))
        .file("/small", "what is in it");
    let image = Image::new().layer(large.plain()).pack();
    let repaired = Arc::default();
    let odd = registry(&image, &repaired, other).await;
    let (served, browser) = open(&odd, "").await;
    let _: bool = browser
        .until("!!document.querySelector('.layer.broken')")
        .await;
    assert_eq!(browser.texts(".row .label").await, [] as [String; 0]);
    repaired.store(true, Ordering::SeqCst);
    open_again(&browser, &odd).await;
    let _: bool = browser.until(WHOLE).await;
    // The parts that it comes in are proved by what was hashed.
    let file = format!(
        "/image/{}/app:1?view=content&layer=1&path=/small",
        odd.address
    );
    browser.goto(&served.page(&file)).await;
    browser.until_text(".code", "what is in it").await;
}

#[tokio::test]
async fn after_a_failed_image_open_reads_the_same_reference_again() {
    let image = clean();
    let repaired: Arc<AtomicBool> = Arc::default();
    let (there, blobs) = (
        Arc::clone(&repaired),
        image.blobs().cloned().collect::<Vec<_>>(),
    );
    let manifest = image.manifest.clone();
    let odd = Odd::new(move |target, _| {
        if !there.load(Ordering::SeqCst) {
            return status(
                404,
                &[],
                r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#,
            );
        }
        match blobs.iter().find(|blob| target.ends_with(&blob.digest)) {
            Some(blob) => ok("application/octet-stream", blob.bytes.clone()),
            None => ok(&manifest.media_type, manifest.bytes.clone()),
        }
    })
    .await;
    let (_served, browser) = open(&odd, "").await;
    browser.until_text(".problem h1", "Image not found").await;
    repaired.store(true, Ordering::SeqCst);
    open_again(&browser, &odd).await;
    let _: bool = browser.until(WHOLE).await;
}

#[tokio::test]
async fn findings_of_a_part_of_an_image_are_marked_so() {
    let wasteful = Image::new()
        .layer(layer("COPY one /").file("/one", bytes(60_000)))
        .layer(layer("RUN rm /one").whiteout("/one"))
        .layer(layer("COPY two /").file("/two", bytes(90_000)))
        .pack();
    let odd = registry(&wasteful, &Arc::default(), broken).await;
    let (_served, browser) = open(&odd, "?view=waste").await;
    browser
        .until_text(".finding[data-kind=deleted]", "/one")
        .await;
    browser.until_text(".group .partial-mark", "partial").await;
    browser.until_text("#tab-waste", "partial").await;
    browser
        .until_text(".summary h2", "in the layers that were read")
        .await;
    browser
        .until_text(
            ".summary .missing",
            "Layer 3 could not be read. Numbers and findings cover layers 1 to 2 only.",
        )
        .await;

    // Without a layer that nobody can fetch, nothing is praised either.
    let image = Image::new()
        .docker()
        .layer(
            layer("Apply image")
                .file("/system", bytes(5_000))
                .media_type("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"),
        )
        .layer(layer("COPY app /").file("/app", bytes(700)))
        .edit_manifest(|manifest| {
            manifest["layers"][0]["urls"] = json!(["https://layers.elsewhere.test/base"]);
        })
        .pack();
    let (manifest, app) = (image.manifest.clone(), image.layers[1].clone());
    let config: Vec<_> = image
        .blobs()
        .filter(|blob| blob.digest != image.layers[0].digest)
        .cloned()
        .collect();
    let odd = Odd::new(move |target, _| {
        if target.contains("/manifests/") {
            return ok(&manifest.media_type, manifest.bytes.clone());
        }
        match config
            .iter()
            .chain([&app])
            .find(|blob| target.ends_with(&blob.digest))
        {
            Some(blob) => ok("application/octet-stream", blob.bytes.clone()),
            None => status(404, &[], "{}"),
        }
    })
    .await;
    let (_served, browser) = open(&odd, "?view=waste").await;
    browser
        .until_text(
            ".summary .missing",
            "do not cover layer 1, which is not available",
        )
        .await;
    browser
        .until_text(".summary h2", "No waste found in the layers that were read")
        .await;
    assert!(browser.texts(".summary .good").await.is_empty());
}

/// While a large layer is decoded, stacked and audited, nothing says that it failed.
#[tokio::test]
async fn what_is_still_decoding_is_not_said_to_have_failed() {
    const FILES: usize = 250_000;
    let flat = (0..FILES).fold(layer("COPY big /"), |layer, file| {
        layer.file(format!("/d{}/f{file}", file % 100), "")
    });
    let (_registry, served, reference) = Served::in_front_of(&Image::new().layer(flat).pack());
    let browser = Browser::start().await;
    browser.goto(&served.page("/")).await;
    let _: bool = browser
        .run(&format!(
            "window.told = new Set();
             new MutationObserver(() => {{
                 for (const place of document.querySelectorAll('.nothing, .problem, .band .state, .details, .layer'))
                     told.add(place.innerText);
             }}).observe(document.body, {{ subtree: true, childList: true, characterData: true }});
             location.hash = '#/image/{reference}?path=/d7';
             arguments[0](true);"
        ))
        .await;
    let _: bool = browser.until(&format!("{WHOLE} && {}", row("d7"))).await;
    let told: Vec<String> = browser.value("[...told]").await;
    for wrong in ["could not", "cannot", "does not exist"] {
        assert!(
            !told.iter().any(|text| text.contains(wrong)),
            "{wrong}: {told:#?}"
        );
    }
}

/// Each error and how often it may say what: once.
#[tokio::test]
async fn errors_say_each_thing_once() {
    let odd = Odd::new(|target, _| {
        let (code, body) = match target {
            target if target.contains("/denied/") => (
                403,
                r#"{"errors":[{"code":"DENIED","message":"requested access is denied"}]}"#,
            ),
            target if target.contains("/busy/") => (
                429,
                r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"you reached your limit"}]}"#,
            ),
            target if target.contains("/boom/") => (500, "internal error"),
            _ => (
                404,
                r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#,
            ),
        };
        status(code, &[], body)
    })
    .await;
    let served = Served::start(&[
        format!("http://{}", odd.address),
        "http://127.0.0.1:1".to_owned(),
    ]);
    let browser = Browser::start().await;
    let at = |name: &str| format!("{}/{name}:1", odd.address);
    for (reference, says) in [
        (
            at("app"),
            &["manifest unknown", "not found in", "the tag"][..],
        ),
        (
            at("denied"),
            &["requested access is denied", "private, log in"],
        ),
        (at("busy"), &["you reached your limit", "ry again later"]),
        (
            at("boom"),
            &["answered 500", "ry again; if it keeps failing"],
        ),
        (
            "127.0.0.1:1/app:1".to_owned(),
            &["nothing answers on that port", "cannot be reached"],
        ),
        (
            "registry.invalid/app:1".to_owned(),
            &["--registry registry.invalid"],
        ),
        (
            "demo/webapp:9".to_owned(),
            &["demo/webapp has no 9", "Check the name"],
        ),
    ] {
        browser.goto("about:blank").await;
        browser
            .goto(&served.page(&format!("/image/{reference}")))
            .await;
        browser.until_text(".problem", says[0]).await;
        let text: String = browser
            .value("[...document.querySelectorAll('.problem > :not(.actions)')].map(e => e.innerText).join('\\n')")
            .await;
        for part in says {
            assert_eq!(text.matches(part).count(), 1, "{part} in {text}");
        }
        assert!(
            text.matches(&reference).count()
                <= 1 + usize::from(reference.starts_with("registry.invalid")),
            "{text}"
        );
    }
    // A broken layer: title, place and problem.
    let image = Image::new()
        .layer(layer("RUN one").file("/one", bytes(1_000)))
        .layer(layer("RUN two").stored(vec![0x1f; 4_096]))
        .pack();
    let registry = Registry::start();
    registry.push("team/app:1", &image);
    let served = Served::start(&[format!("http://{}", registry.address())]);
    let place = format!("/image/{}/team/app:1?layer=2", registry.address());
    browser.goto(&served.page(&place)).await;
    browser
        .until_text(".problem h2", "Layer 2 cannot be read")
        .await;
    let text: String = browser
        .value("document.querySelector('.problem').innerText")
        .await;
    assert_eq!(text.to_lowercase().matches("layer 2").count(), 1, "{text}");
    assert_eq!(text.matches("of its ").count(), 1, "{text}");
}
