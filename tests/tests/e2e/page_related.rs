//! What the details of a path lead to: hard links, files with the same content, findings; and the digest of its content.

use onionskin_fixtures::{Image, Packed, bytes, layer, sha256};
use onionskin_tests::{Browser, Served};
use thirtyfour::Key;

/// True once the image is read to its end.
const WHOLE: &str = "!!document.querySelector('.band') && !document.querySelector('.band.partial')";

/// A name that is text, whatever it says.
const ODD: &str = "/app/<b>odd\n";

fn story() -> Packed {
    Image::new()
        .layer(
            layer("COPY . /")
                .file("/app/tool", bytes(30_000))
                .mode(0o4755)
                .hardlink("/app/link", "/app/tool")
                .file("/app/copy", bytes(30_000))
                .file(ODD, bytes(30_000))
                .file("/srv/gone", bytes(90_000)),
        )
        .layer(
            layer("RUN rm /srv/gone /app/copy")
                .whiteout("/srv/gone")
                .whiteout("/app/copy"),
        )
        .pack()
}

async fn open(browser: &Browser, served: &Served, reference: &str, rest: &str) {
    browser
        .goto(&served.page(&format!("/image/{reference}{rest}")))
        .await;
    let _: bool = browser.until(WHOLE).await;
}

#[tokio::test]
async fn details_lead_to_hard_links_to_copies_and_to_findings() {
    let (_registry, served, reference) = Served::in_front_of(&story());
    let browser = Browser::start().await;
    open(&browser, &served, &reference, "?layer=1&path=/app/tool").await;
    browser.until_text(".related h3", "Same content2").await;
    browser.until_text(".related h3", "Hard links1").await;
    assert_eq!(
        browser.texts(".related li .mono").await,
        ["/app/link", "/app/<b>odd\\n", "/app/copy"]
    );
    // The findings come last, once the image is audited.
    browser.until_text(".on-path .finding-link", "setid").await;
    assert_eq!(browser.accessibility().await, Vec::<String>::new());
    browser.look("details").await;

    // Each leads to its path, from which these are the others.
    browser
        .click(".related li:last-child a.mono[href$='/app/copy']")
        .await;
    browser.until_text(".details h2", "copy").await;
    browser.until_text(".related li .mono", "/app/tool").await;
    browser.until_text(".related h3", "Same content3").await;
    // What a later layer deleted is in its filesystem no more.
    open(&browser, &served, &reference, "?layer=2&path=/app/tool").await;
    browser.until_text(".related h3", "Same content1").await;
    assert_eq!(
        browser.texts(".related li .mono").await,
        ["/app/link", "/app/<b>odd\\n"]
    );

    // A finding leads to its list.
    browser.until_text(".on-path .finding-link", "setid").await;
    browser
        .click(".on-path .finding-link[href*='view=checks']")
        .await;
    browser.until_text(".finding.selected", "/app/tool").await;
    let checks: bool = browser.value("location.hash.includes('view=checks')").await;
    assert!(checks);
    let gone = "?layer=2&view=changes&path=/srv/gone";
    open(&browser, &served, &reference, gone).await;
    browser.until_text(".on-path li", "deleted 90.0 kB").await;
    browser.click(".on-path .finding-link").await;
    browser.until_text(".finding.selected", "/srv/gone").await;
    let waste: bool = browser.value("location.hash.includes('view=waste')").await;
    assert!(waste);
}

#[tokio::test]
async fn a_finding_on_a_folder_is_told_of_what_is_in_it() {
    let image = Image::new()
        .layer(
            layer("COPY . /")
                .file("/srv/cache/deep/one", bytes(90_000))
                .file("/srv/cache/two", bytes(60_000))
                .file("/srv/cached", bytes(500)),
        )
        .layer(layer("RUN rm -rf /srv/cache").whiteout("/srv/cache"))
        .pack();
    let (_registry, served, reference) = Served::in_front_of(&image);
    let browser = Browser::start().await;
    let deep = "?layer=2&view=changes&path=/srv/cache/deep/one";
    open(&browser, &served, &reference, deep).await;
    browser
        .until_text(".on-path li", "deleted 150.0 kB in /srv/cache")
        .await;
    assert_eq!(browser.accessibility().await, Vec::<String>::new());
    browser.look("folder-above").await;
    browser.click(".on-path .finding-link").await;
    browser.until_text(".finding.selected", "/srv/cache").await;
    // The folder itself has it as its own, and a name that only begins so has not.
    open(
        &browser,
        &served,
        &reference,
        "?layer=2&view=changes&path=/srv/cache",
    )
    .await;
    browser.until_text(".on-path li", "deleted 150.0 kB").await;
    assert!(browser.texts(".on-path .of-folder").await.is_empty());
    open(&browser, &served, &reference, "?path=/srv/cached").await;
    browser
        .until_text(".details .path-history", "Added in layer 1")
        .await;
    let _: bool = browser
        .until(
            "!!document.querySelector('#tab-waste .beside') && !document.querySelector('.on-path')",
        )
        .await;
}

#[tokio::test]
async fn the_digest_of_a_content_is_copied() {
    let (_registry, served, reference) = Served::in_front_of(&story());
    let browser = Browser::start().await;
    let content = "?view=content&path=/app/link";
    open(&browser, &served, &reference, content).await;
    browser.click(".content-tools .copying button").await;
    browser
        .until_text(".content-tools [role=status]", "Copied")
        .await;
    let field = ".header .reference input";
    browser.fill(field, Key::Control + "a").await;
    browser.fill(field, Key::Control + "v").await;
    let digest: String = browser
        .value("document.querySelector('.header .reference input').value")
        .await;
    assert_eq!(digest, sha256(&bytes(30_000)));
}
