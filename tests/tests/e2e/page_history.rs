//! A repository's images over time on the page: the same as `onionskin history` says of them, as a chart with a table.

use onionskin_fixtures::{Image, bytes, layer};
use onionskin_tests::command::printed;
use onionskin_tests::files::saved_by;
use onionskin_tests::odd::{Odd, ok, status};
use onionskin_tests::{Browser, Served};
use serde_json::{Value, json};
use thirtyfour::Key;

use super::history::{images, registry};

struct Ground {
    odd: Odd,
    name: String,
    served: Served,
    browser: Browser,
}

impl Ground {
    async fn of(odd: Odd) -> Self {
        Self {
            name: format!("{}/app", odd.address),
            served: Served::start(&[format!("http://{}", odd.address)]),
            browser: Browser::start().await,
            odd,
        }
    }

    /// Shows the history; `rest` is what its address has behind the repository.
    async fn show(&self, rest: &str) {
        let place = format!("/history/{}{rest}", self.name);
        self.browser.goto(&self.served.page(&place)).await;
    }

    /// Waits until so many images are read, and drawn.
    async fn read(&self, images: usize) {
        let _: bool = self
            .browser
            .until(&format!(
                "document.querySelectorAll('.history-chart [role=radio]').length === {images}
                    && document.querySelectorAll('.history-table tbody tr').length === {images}
                    && !document.querySelector('.history-form .cancel')"
            ))
            .await;
    }
}

/// A script's value once the selected image of the chart has this tag.
fn chosen(tag: &str) -> String {
    format!(
        "document.querySelector('.history-chart [aria-checked=true]')?.dataset.tag === '{tag}'
            && document.querySelector('.history-card h2').textContent.split(', ')[0] === '{tag}'
            && document.querySelector('.history-table tr[aria-current]').dataset.tags.split(',')[0] === '{tag}'"
    )
}

/// `60.0 kB`, as the page and the command have it.
fn cells(row: &Value) -> Vec<String> {
    let cells = row.as_array().unwrap().iter();
    cells
        .map(|cell| cell.as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_page_tells_what_the_command_tells() {
    let ground = Ground::of(registry(&[]).await).await;
    let (browser, name) = (&ground.browser, &ground.name);
    browser
        .goto(&ground.served.page(&format!("/tags/{name}")))
        .await;
    browser.click(".history-of").await;
    ground.read(4).await;
    browser
        .until_text(".history-state", "4 images with 5 of 5 tags")
        .await;
    // Each layer was asked for once, though four images list the first.
    for (_, image) in images() {
        for layer in &image.layers {
            let asked = ground.odd.count(&layer.digest);
            assert_eq!(asked, 1, "{:#?}", ground.odd.requests());
        }
    }
    let saved = saved_by(browser, "Save as JSON").await;
    assert_eq!(saved, printed(&["history", name, "--json"]).await);
    let report: Value = serde_json::from_str(&saved).unwrap();
    let rows: Vec<Value> = browser
        .value(
            "[...document.querySelectorAll('.history-table tbody tr')].map(row =>
                [row.dataset.tags, ...[...row.querySelectorAll('.at-right')].map(cell => cell.querySelector('.size')?.title ?? cell.firstChild.textContent)])",
        )
        .await;
    for (row, image) in rows.iter().zip(report["images"].as_array().unwrap()) {
        let tags = image["tags"].as_array().unwrap();
        let tags: Vec<&str> = tags.iter().map(|tag| tag.as_str().unwrap()).collect();
        let digits = |text: &str| {
            text.chars()
                .filter(char::is_ascii_digit)
                .collect::<String>()
        };
        let row = cells(row);
        assert_eq!(row[0], tags.join(","));
        for (cell, key) in [
            (1, "compressedSize"),
            (2, "stored"),
            (3, "wasted"),
            (4, "packages"),
        ] {
            assert_eq!(
                digits(&row[cell]),
                image[key].to_string(),
                "{key} of {row:?}"
            );
        }
    }
    // What caused each jump stands in its row and above its bar, and leads to its place.
    for (tag, said) in [
        ("1.10", "/app/data added in layer 2, +60.0 kB"),
        ("1.11", "wasted, most by /app/data/a of layer 2, +60.0 kB"),
        ("2.0,latest", "/app removed; it was in layer 3, -69.0 kB"),
    ] {
        let selector = format!(".history-table tr[data-tags='{tag}'] .what-changed");
        browser.until_text(&selector, said).await;
    }
    let jumps = browser.texts(".history-chart .jumps .path").await;
    assert_eq!(jumps, ["/app/data", "wasted /app/data/a", "/app"]);
    let links: Vec<String> = browser
        .value("[...document.querySelectorAll('.history-table .cause a')].map(link => link.hash)")
        .await;
    assert_eq!(
        links,
        [
            format!("#/image/{name}:1.10?layer=2&view=changes&path=/app/data"),
            format!("#/image/{name}:1.11?layer=2&view=changes&path=/app/data/a"),
            // What is removed was in the image before.
            format!("#/image/{name}:1.11?layer=3&view=changes&path=/app"),
        ]
    );
    browser
        .click(".history-table tr[data-tags='1.10'] td:last-child a")
        .await;
    let _: bool = browser
        .until(&format!(
            "location.hash === '#/compare/{name}:1.9...{name}:1.10' && !!document.querySelector('.compare-band')"
        ))
        .await;
    // Back is without another look.
    let asked = ground.odd.requests().len();
    browser.back().await;
    ground.read(4).await;
    assert_eq!(ground.odd.requests().len(), asked);
}

#[tokio::test]
async fn images_are_walked_by_keys_and_the_address_keeps_the_selected_one() {
    let ground = Ground::of(registry(&[]).await).await;
    let browser = &ground.browser;
    ground.show("").await;
    ground.read(4).await;
    let _: bool = browser.until(&chosen("2.0")).await;
    let _: bool = browser
        .value("(document.querySelector('.history-chart [tabindex=\"0\"]').focus(), true)")
        .await;
    for (key, tag) in [
        (Key::Left, "1.11"),
        (Key::Left, "1.10"),
        (Key::Home, "1.9"),
        (Key::Left, "1.9"),
        (Key::Right, "1.10"),
    ] {
        browser.press(key).await;
        let _: bool = browser.until(&chosen(tag)).await;
        let focused = format!("document.activeElement.dataset.tag === '{tag}'");
        let _: bool = browser.until(&focused).await;
    }
    browser.until_text(".history-card", "COPY app /app").await;
    let label: String = browser
        .value("document.activeElement.getAttribute('aria-label')")
        .await;
    for part in [
        "1.10",
        "109.0 kB stored",
        "+60.0 kB against 1.9",
        "/app/data added in layer 2",
    ] {
        assert!(label.contains(part), "{label}");
    }
    let _: bool = browser.until("location.hash.endsWith('?at=1.10')").await;
    browser.reload().await;
    ground.read(4).await;
    let _: bool = browser.until(&chosen("1.10")).await;
    // The pointer shows another one for as long as it is there, and selects by a click.
    let over = |kind: &str| {
        format!(
            "(e => (e.dispatchEvent(new MouseEvent('{kind}', {{ bubbles: true }})), true))(document.querySelector('[data-tag=\"1.9\"]'))"
        )
    };
    let _: bool = browser.value(&over("mouseenter")).await;
    browser.until_text(".history-card h2", "1.9").await;
    let _: bool = browser.value(&over("click")).await;
    let _: bool = browser.until(&chosen("1.9")).await;
    assert!(browser.address().await.ends_with("?at=1.9"));
}

#[tokio::test]
async fn the_form_chooses_tags_and_how_many_images() {
    let ground = Ground::of(registry(&[]).await).await;
    let browser = &ground.browser;
    ground.show("").await;
    ground.read(4).await;
    let _: bool = browser
        .value("(document.querySelector('.history-form input').value = '1.1?', true)")
        .await;
    browser.click(".history-form .primary").await;
    ground.read(2).await;
    let _: bool = browser.until("location.hash.endsWith('?tags=1.1?')").await;
    ground.show("?tags=*&limit=1").await;
    ground.read(1).await;
    let _: bool = browser.until(&chosen("2.0")).await;
    ground.show("?tags=3.*").await;
    browser
        .until_text("main.history", "No tag matches 3.*.")
        .await;
    ground.show("?tags=%5B").await;
    browser.until_text(".problem", "Invalid glob").await;
    ground.show("?limit=0").await;
    browser.until_text(".remarks", "from 1 to 500").await;
}

/// A registry with so many tags of one image.
async fn with_tags(count: usize) -> Odd {
    let image = Image::new()
        .layer(layer("COPY app /app").file("/app", bytes(700)))
        .pack();
    let tags: Vec<String> = (0..count).map(|tag| format!("v{tag}")).collect();
    let list = json!({"name": "app", "tags": tags}).to_string();
    Odd::new(move |target, _| {
        if target.contains("/tags/list") {
            return ok("application/json", list.clone());
        }
        if target.contains("/manifests/") {
            return ok(&image.manifest.media_type, image.manifest.bytes.clone());
        }
        let mut blobs = image.blobs();
        match blobs.find(|blob| target.ends_with(&blob.digest)) {
            Some(blob) => ok("application/octet-stream", blob.bytes.clone()),
            None => status(404, &[], "{}"),
        }
    })
    .await
}

#[tokio::test]
async fn many_tags_are_read_only_when_that_is_asked_for() {
    let ground = Ground::of(with_tags(30).await).await;
    let browser = &ground.browser;
    ground.show("").await;
    browser
        .until_text("main.history .nothing", "This repository has 30 tags")
        .await;
    assert_eq!(
        ground.odd.count("/manifests/"),
        0,
        "{:?}",
        ground.odd.requests()
    );
    browser.click(".history .nothing button").await;
    // All of them are one image.
    ground.read(1).await;
    browser
        .until_text(".history-state", "1 image with 30 of 30 tags")
        .await;
    let ground = Ground::of(with_tags(501).await).await;
    ground.show("?tags=*").await;
    ground
        .browser
        .until_text("main.history .nothing", "at most 500 are read")
        .await;
    assert_eq!(ground.odd.count("/manifests/"), 0);
}

#[tokio::test]
async fn tags_that_cannot_be_read_are_named_and_the_others_shown() {
    let ground = Ground::of(registry(&["0.1", "0.2"]).await).await;
    ground.show("").await;
    ground.read(4).await;
    let browser = &ground.browser;
    browser
        .until_text(".history-unread summary", "2 tags could not be read")
        .await;
    browser.click(".history-unread summary").await;
    let unread = browser.texts(".history-unread li").await;
    assert!(
        unread[0].starts_with("0.1 ") && unread[1].starts_with("0.2 "),
        "{unread:?}"
    );
}

#[tokio::test]
async fn reading_is_cancelled_and_begun_again() {
    let image = Image::new()
        .layer(layer("COPY one /").file("/one", bytes(60_000)))
        .layer(layer("COPY two /").file("/two", bytes(70_000)))
        .pack();
    let odd = Odd::stalling(&image).await;
    let ground = Ground::of(odd).await;
    let browser = &ground.browser;
    ground.show("").await;
    browser
        .until_text(".history-state", "0 of 1 image read, now 1")
        .await;
    browser.click(".history-form .cancel").await;
    browser
        .until_text(".history-state", "Stopped: 0 images read.")
        .await;
    browser.click(".history-state button").await;
    browser
        .until_text(".history-state", "0 of 1 image read, now 1")
        .await;
}

#[tokio::test]
async fn on_a_phone_only_the_table_scrolls_sideways() {
    let ground = Ground::of(registry(&[]).await).await;
    ground.browser.resize(390, 844).await;
    ground.show("").await;
    ground.read(4).await;
    let wider = "['html', '.history', '.history-table'].map(part => document.querySelector(part)).map(part => part.scrollWidth > part.clientWidth)";
    let wider: [bool; 3] = ground.browser.value(wider).await;
    assert_eq!(wider, [false, false, true]);
}
