//! What the page puts on the clipboard: links that are pinned to the digest, alone and in Markdown, of a view, a path, a
//! finding and a comparison.

use onionskin_fixtures::{Image, Packed, bytes, layer};
use onionskin_tests::command::printed;
use onionskin_tests::{Browser, Served};
use serde_json::Value;
use thirtyfour::Key;

/// A name that would be markup, end a link and mention people.
const NAME: &str = "/a/x`](<y>)\n@team #1";

fn story() -> Packed {
    Image::new()
        .layer(layer("COPY . /").file(NAME, bytes(90_000)))
        .layer(layer("RUN rm").whiteout(NAME).file("/a/kept", "kept"))
        .pack()
}

/// Clicks on a button of a page that was just loaded, waits until it says that something is copied, and pastes that.
async fn copied(browser: &Browser, button: &str, says: (&str, &str)) -> String {
    const FIELD: &str = ".header .reference input";
    browser.reload().await;
    browser.click(&format!("{button}:enabled")).await;
    browser.until_text(says.0, says.1).await;
    browser.fill(FIELD, Key::Control + "a").await;
    browser.fill(FIELD, Key::Control + "v").await;
    let field = Value::from(FIELD);
    browser
        .value(&format!("document.querySelector({field}).value"))
        .await
}

#[tokio::test]
async fn links_to_views_paths_and_findings_are_copied_alone_and_as_markdown() {
    let (_registry, served, reference) = Served::in_front_of(&story());
    let browser = Browser::start().await;
    let encoded = "/a/x%60%5D(%3Cy%3E)%0A@team%20%231";
    let place = format!("/image/{reference}?layer=2&view=changes&path={encoded}");
    browser.goto(&served.page(&place)).await;
    let done = (".copy-place [role=status]", "Copied");
    let url = copied(&browser, ".copy-place button", done).await;
    assert!(url.starts_with(&served.page("/image/")), "{url}");
    assert!(url.contains("@sha256:"), "{url}");
    assert!(url.contains("layer=2&view=changes&path=/a/x%60"), "{url}");
    let markdown = copied(&browser, ".copy-place button + button", done).await;
    let text = format!("`{reference}` `` /a/x`](<y>)\\n@team #1 ``");
    assert_eq!(markdown, format!("[{text}](<{url}>)"));
    // The command calls it the same.
    let options = ["--layer", "2", "--view", "changes", "--format", "markdown"];
    let linked = printed(&[&["link", &reference, NAME][..], &options].concat()).await;
    assert!(linked.starts_with(&format!("[{text}](<")), "{linked}");
    // So does the header, of the whole view.
    let done = (".notice", "Markdown copied");
    assert_eq!(
        copied(&browser, ".header .as-markdown", done).await,
        markdown
    );
    assert_eq!(browser.accessibility().await, Vec::<String>::new());

    browser.goto(&url).await;
    browser.until_text(".details h2", "@team").await;
    let waste = format!("/image/{reference}?view=waste");
    browser.goto(&served.page(&waste)).await;
    let done = (".copy-finding [role=status]", "Copied");
    let url = copied(&browser, ".copy-finding button", done).await;
    assert!(url.contains("@sha256:"), "{url}");
    let markdown = copied(&browser, ".copy-finding button + button", done).await;
    assert_eq!(markdown, format!("[{text}: deleted, 90.0 kB](<{url}>)"));
    browser.goto(&url).await;
    browser.until_text(".finding.selected", "@team").await;
}

#[tokio::test]
async fn each_path_of_a_card_has_a_link_of_its_own() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    let several = ".finding:has(.places):has(.more)";
    browser
        .goto(&served.page("/image/demo/webapp:1.0?view=waste"))
        .await;
    browser.click(&format!("{several} .more")).await;
    let last = ".finding.selected .places .place:nth-child(2)";
    let path = format!("{last} a");
    let _: bool = browser
        .until(&format!(
            "!!document.querySelector({})",
            Value::from(&*path)
        ))
        .await;
    let named = browser.texts(&path).await.concat();
    let done = (".places [role=status]", "Copied");
    let button = format!("{last} button + button");
    let markdown = copied(&browser, &button, done).await;
    assert!(markdown.contains(&format!("`{named}`")), "{markdown}");
    let url = markdown.split("](<").nth(1).unwrap().trim_end_matches(">)");
    browser.goto(url).await;
    browser.until_text(".place.selected a", &named).await;
}

#[tokio::test]
async fn lists_are_copied_as_what_they_are_of() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    for (place, name) in [
        ("/tags/demo/webapp", "demo/webapp"),
        ("/history/demo/webapp", "demo/webapp"),
        ("/repositories", "repositories"),
    ] {
        let list = served.page(place);
        browser.goto(&list).await;
        let done = (".notice", "Link copied");
        let url = copied(&browser, ".header .copy", done).await;
        assert!(url.starts_with(&list), "{url}");
        let done = (".notice", "Markdown copied");
        let markdown = copied(&browser, ".header .as-markdown", done).await;
        let expected = format!("[`{name}`](<{list}");
        assert!(markdown.starts_with(&expected), "{markdown}");
    }
}

#[tokio::test]
async fn a_comparison_is_copied_as_markdown() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    let place = "/compare/demo/webapp:1.0...demo/webapp:1.1";
    browser.goto(&served.page(place)).await;
    let button = ".copy-comparison-as-markdown";
    let markdown = copied(&browser, button, (".notice", "Markdown copied")).await;
    assert!(markdown.contains("demo/webapp:1.0` → `"), "{markdown}");
    assert!(
        markdown.contains("demo/webapp:1.1`](<http://"),
        "{markdown}"
    );
    assert_eq!(markdown.matches("@sha256:").count(), 2, "{markdown}");
}
