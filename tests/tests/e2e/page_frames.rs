//! The embed view in frames of pages of other sites: where it is shown, what works in it, and where it is refused.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use onionskin_fixtures::{Image, bytes, layer};
use onionskin_tests::command::run;
use onionskin_tests::odd::{Odd, ok};
use onionskin_tests::{Browser, Exported, Registry, Served};
use thirtyfour::Key;

const IMAGE: &str = "/image/demo/webapp:1.0";

/// A site whose pages frame others; those below `/isolated` want that these agree.
struct Around(Odd);

impl Around {
    async fn new() -> Self {
        Self(
            Odd::new(|target, _| {
                let (place, framed) = target.split_once('?').unwrap_or((target, ""));
                let framed = String::from_utf8(BASE64.decode(framed).unwrap_or_default()).unwrap();
                let html = format!(
                    "<!DOCTYPE html><title>Around</title><iframe width=1000 height=700 onload='window.loaded = true' src='{framed}'></iframe>"
                );
                let mut answer = ok("text/html", html);
                if place == "/isolated" {
                    let name = "cross-origin-embedder-policy";
                    answer.headers_mut().insert(name, "require-corp".parse().unwrap());
                }
                answer
            })
            .await,
        )
    }

    /// Another site than that of `127.0.0.1`.
    fn origin(&self) -> String {
        self.0.address.replace("127.0.0.1", "http://localhost")
    }

    /// The page around this address.
    fn page(&self, place: &str, framed: &str) -> String {
        let framed = BASE64.encode(framed);
        format!("{}/{place}?{framed}", self.origin())
    }
}

/// True once the image is read to its end.
const WHOLE: &str = "!!document.querySelector('.band') && !document.querySelector('.band.partial')";
/// True while nothing of the page is there but one view.
const ALONE: &str = "!document.querySelector('.header, .tabs, .layers, .sides, form.reference')";

#[tokio::test]
async fn one_view_is_shown_in_a_page_that_the_operator_named() {
    let around = Around::new().await;
    let served = Served::start_with(&["--frame-ancestors", &around.origin()]);
    let browser = Browser::start().await;
    for place in ["plain", "isolated"] {
        for (fragment, shown) in [
            (IMAGE.to_owned(), ".row[data-row]"),
            (format!("{IMAGE}?layer=12&view=changes"), ".row[data-row]"),
            (format!("{IMAGE}?view=waste"), ".finding"),
            (format!("{IMAGE}?view=packages"), ".packages table"),
            (
                format!("{IMAGE}?view=content&path=/app/package.json"),
                ".code .line",
            ),
        ] {
            browser
                .goto(&around.page(place, &served.embedded(&fragment)))
                .await;
            browser.enter_frame().await;
            let _: bool = browser.until(WHOLE).await;
            let shown = format!("!!document.querySelector('{shown}') && {ALONE}");
            let _: bool = browser.until(&shown).await;
            browser.leave_frame().await;
        }
        let compared = "/compare/demo/webapp:1.0...demo/webapp:1.1";
        browser
            .goto(&around.page(place, &served.embedded(compared)))
            .await;
        browser.enter_frame().await;
        let shown = format!("!!document.querySelector('.compare .row[data-row]') && {ALONE}");
        let _: bool = browser.until(&shown).await;
        browser.leave_frame().await;
    }
    assert_eq!(browser.console().await, Vec::<String>::new());
}

#[tokio::test]
async fn no_other_page_and_no_other_view_is_framed() {
    let around = Around::new().await;
    let other = Around::new().await;
    let nobody = Served::start(&[]);
    let one = Served::start_with(&[
        "--frame-ancestors",
        &other.origin(),
        "--frame-ancestors=self",
    ]);
    let browser = Browser::start().await;
    for (around, framed) in [
        (&around, nobody.embedded(IMAGE)),
        (&around, one.embedded(IMAGE)),
        // What a frame may show is the embed view only.
        (&other, one.page(IMAGE)),
        (&other, format!("http://{}/?handover#/", one.address())),
    ] {
        browser.goto(&around.page("plain", &framed)).await;
        let _: bool = browser.until("window.loaded === true").await;
        let console = browser.console().await.join("\n");
        assert!(console.contains("frame-ancestors"), "{framed}: {console}");
        browser.enter_frame().await;
        let empty = "!document.querySelector('.embed-bar, .header, .band')";
        assert!(browser.value::<bool>(empty).await, "{framed}");
        browser.leave_frame().await;
    }
}

#[tokio::test]
async fn keys_and_clicks_work_in_a_frame_and_a_link_leads_to_the_whole_page() {
    let around = Around::new().await;
    let served = Served::start_with(&["--frame-ancestors", &around.origin()]);
    let browser = Browser::start().await;
    browser
        .goto(&around.page("plain", &served.embedded(IMAGE)))
        .await;
    browser.enter_frame().await;
    let _: bool = browser.until(WHOLE).await;
    let etc = "[...document.querySelectorAll('.row[data-row]')].find(r => r.querySelector('.label').textContent === 'etc')";
    let _: bool = browser
        .until(&format!("!!{etc} && ({etc}.click(), true)"))
        .await;
    browser.until_text(".details h2", "etc").await;
    let on_tree = "(t => { t.focus(); return document.activeElement === t })(document.getElementById('tree'))";
    let _: bool = browser.until(on_tree).await;
    browser.press(Key::Down).await;
    let _: bool = browser.until("!location.hash.includes('path=/etc')").await;
    browser.press(Key::Escape).await;
    let closed =
        "!location.hash.includes('path=') && !document.querySelector('.details:not(.none)')";
    let _: bool = browser.until(closed).await;
    let _: bool = browser.until(on_tree).await;
    browser.write("[").await;
    browser.until_text(".foot", "at layer 15").await;
    let _: bool = browser.until("location.hash.includes('layer=15')").await;
    browser.write("w").await;
    let _: bool = browser.until("!!document.querySelector('.finding')").await;
    // The frame's own step back: that of the browser may leave the page around it.
    let _: bool = browser.value("(history.back(), true)").await;
    browser.until_text(".foot", "at layer 15").await;
    let _: bool = browser.until(on_tree).await;
    browser.write("/").await;
    browser.write("package.json").await;
    browser.until_text(".toolbar [role=status]", "found").await;
    assert!(browser.value::<bool>(ALONE).await);
    // What another page shows was not opened by the visitor.
    let recent = "localStorage.getItem('onionskin.recent')";
    assert_eq!(browser.value::<Option<String>>(recent).await, None);

    let link = "document.querySelector('.embed-bar a')";
    let href: String = browser
        .until(&format!("{link}.href.includes('find=') && {link}.href"))
        .await;
    let whole = served.page("");
    assert!(href.starts_with(&whole), "{href}");
    assert!(
        browser
            .value::<bool>(&format!("{link}.rel === 'noopener'"))
            .await
    );
    browser.click(".embed-bar a").await;
    browser.go_to_newest_window().await;
    let _: bool = browser
        .until("!!document.querySelector('.header') && !!document.querySelector('.tabs')")
        .await;
    browser.until_text(".foot", "at layer 15").await;
    assert!(browser.value::<bool>("window.opener === null").await);
    assert_eq!(browser.address().await, href);
}

/// The host of an exported page sends no headers of ours.
#[tokio::test]
async fn an_exported_page_embeds_a_saved_analysis() {
    let image = Image::new()
        .layer(layer("COPY a /").file("/app/data", bytes(9_000)))
        .pack();
    let exported = Exported::new(&image).await;
    let host = &exported.origin;
    let around = Around::new().await;
    let browser = Browser::start().await;
    let embedded = format!("{host}/?embed#/index/app.onionskin?view=stack&path=/app");
    browser.goto(&around.page("plain", &embedded)).await;
    browser.enter_frame().await;
    let _: bool = browser.until(WHOLE).await;
    browser.until_text(".details h2", "app").await;
    assert!(browser.value::<bool>(ALONE).await);
    let href: String = browser
        .value("document.querySelector('.embed-bar a').href")
        .await;
    assert_eq!(href, format!("{host}/#/index/app.onionskin?path=/app"));
}

#[tokio::test]
async fn an_embed_view_without_an_image_says_so() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    for fragment in ["/", "/tags/demo/webapp", "/compare/demo/webapp:1.0"] {
        browser.goto("about:blank").await;
        browser.goto(&served.embedded(fragment)).await;
        browser.until_text("h1", "No image to show").await;
        assert!(browser.value::<bool>(ALONE).await);
    }
    browser.goto("about:blank").await;
    browser.goto(&served.embedded("/image/demo/webapp:9")).await;
    browser.until_text(".problem h1", "not found").await;
    assert!(
        browser
            .value::<bool>("!document.querySelector('.actions a')")
            .await
    );
}

#[tokio::test]
async fn a_frame_asks_for_no_password() {
    let registry = Registry::with_password();
    let image = Image::new().layer(layer("COPY a /").file("/a", "a")).pack();
    registry.push("team/app:1.0", &image);
    let named = format!("team=http://{}", registry.address());
    let served = Served::start(&[named]);
    let browser = Browser::start().await;
    browser
        .goto(&served.embedded("/image/team/team/app:1.0"))
        .await;
    browser
        .until_text(".problem .advice", "Open the image in Onionskin to log in")
        .await;
    assert!(
        browser
            .value::<bool>("!document.querySelector('input')")
            .await
    );
}

#[tokio::test]
async fn who_may_frame_is_an_origin() {
    for (origin, says) in [
        ("*", "would allow every page"),
        ("https://*.example.com", "an origin is written as"),
        ("https://review.example.com/path", "an origin has no path"),
        ("review.example.com", "an origin is written as"),
        ("https://a.example.com; script-src *", "an origin"),
        ("none", "an origin is written as"),
    ] {
        let ended = run(&["serve", "--frame-ancestors", origin]).await;
        let error = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "{origin}: {error}");
        assert!(error.contains(says), "{origin}: {error}");
    }
}
