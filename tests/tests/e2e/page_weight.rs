//! What a visitor downloads before anything can be done, and what is painted while it comes.

use std::{env, fs};

use onionskin_tests::command::printed;
use onionskin_tests::raw::ask;
use onionskin_tests::{Browser, Served, hosting};
use tempfile::TempDir;

/// Bytes of all files of the page as the gateway sends them with gzip, which all builds of it do alike; a release sends less,
/// in Brotli's form. It is what the page takes today and a twentieth, so that whoever adds to it sees that here.
const LIMIT: usize = 3_315_000;
/// Of these, the ones that are fetched until the first rows of an image are shown (`page_later` tests that no others are needed).
const FIRST: usize = 1_255_000;
/// Smaller files go out as they are, in as many packets.
const COMPRESSED: u64 = 1_400;

/// Boxes of what is drawn by the document and later by the program, at the start.
const BOXES: &str = "['.header', '.header .name', 'h1', '.lead', '.start .reference input', '.start .reference button', '.or-file'].map(part => {
    const box = [...document.querySelectorAll(part)].map(found => found.getBoundingClientRect()).find(box => box.height > 0);
    return part + [box.left, box.top, box.width, box.height].map(Math.round).join(' ');
})";

/// The texts of headings that are seen.
const HEADINGS: &str =
    "[...document.querySelectorAll('h1')].filter(h => h.checkVisibility()).map(h => h.textContent)";

#[tokio::test]
async fn the_page_as_served_stays_small() {
    if env::vars().any(|(name, _)| name.starts_with("CARGO_PROFILE_WEB_")) {
        // Built for speed of building.
        return;
    }
    let served = Served::start(&[]);
    let folder = TempDir::new().unwrap();
    let exported = folder.path().join("page");
    printed(&["export", exported.to_str().unwrap()]).await;
    let (mut sum, mut brotli) = (0, 0);
    let (mut first, mut first_brotli) = (0, 0);
    for entry in fs::read_dir(&exported).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name == "config.json" {
            // A gateway needs none.
            continue;
        }
        // It comes with the first text in a known language (`page_colours`).
        let colours = name.starts_with("highlight");
        let sent = async |coding: &str| {
            let request = format!(
                "GET /{name} HTTP/1.1\r\nHost: {}\r\nAccept-Encoding: {coding}\r\nConnection: close\r\n\r\n",
                served.address()
            );
            let answer = ask(served.address(), &request).await;
            assert!(answer.status == 200 && answer.complete, "{name}");
            (
                answer.body.len(),
                answer.header("content-encoding").concat(),
            )
        };
        let ((zipped, _), (small, coding)) = (sent("gzip").await, sent("br, gzip").await);
        println!("{zipped:>9} {small:>9} {coding:<4} {name}");
        let is_compressed = fs::metadata(exported.join(&name)).unwrap().len() >= COMPRESSED;
        if is_compressed && (name.ends_with(".wasm") || name.ends_with(".css")) {
            assert_eq!(coding, "br", "{name}");
        }
        if !colours {
            sum += zipped;
            brotli += small;
            if !name.contains("-part-") {
                first += zipped;
                first_brotli += small;
            }
        }
    }
    println!("{first:>9} {first_brotli:>9} until the first rows");
    println!("{sum:>9} {brotli:>9} in all");
    assert!(first <= FIRST, "{first} bytes until the first rows");
    assert!(sum <= LIMIT, "{sum} bytes");
    assert!(brotli < sum, "{brotli} bytes in Brotli's form");
}

#[tokio::test]
async fn the_first_paint_waits_for_no_program() {
    let folder = TempDir::new().unwrap();
    let exported = folder.path().join("page");
    printed(&["export", exported.to_str().unwrap()]).await;
    let without = folder.path().join("without");
    fs::create_dir(&without).unwrap();
    for entry in fs::read_dir(&exported).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_none_or(|extension| extension != "wasm") {
            fs::copy(&file, without.join(file.file_name().unwrap())).unwrap();
        }
    }
    let host = hosting(folder.path(), None).await;
    let browser = Browser::start().await;
    for (width, height) in [(1440, 900), (390, 844)] {
        browser.resize(width, height).await;
        browser.goto("about:blank").await;
        browser.goto_document(&format!("{host}/without/")).await;
        let _: bool = browser
            .until("performance.getEntriesByName('first-contentful-paint').length > 0")
            .await;
        let first: Vec<String> = browser.value(BOXES).await;
        let headings: Vec<String> = browser.value(HEADINGS).await;
        assert_eq!(headings, ["See what is inside a container image"]);
        assert_eq!(browser.accessibility().await, Vec::<String>::new());
        // The program draws the same at the same place.
        browser.goto(&format!("{host}/page/")).await;
        let then: Vec<String> = browser.value(BOXES).await;
        assert_eq!(first, then, "{width} by {height}");
        // For a link to an image that is not the start.
        browser.goto("about:blank").await;
        let link = format!("{host}/without/#/image/demo/webapp:1.0");
        browser.goto_document(&link).await;
        let headings: Vec<String> = browser.value(HEADINGS).await;
        assert_eq!(headings, ["Loading Onionskin…"]);
        assert_eq!(browser.accessibility().await, Vec::<String>::new());
        // A frame shows nothing but its view, and nothing else before that.
        browser.goto("about:blank").await;
        let link = format!("{host}/without/?embed#/image/demo/webapp:1.0");
        browser.goto_document(&link).await;
        let seen: (Vec<String>, bool) = browser
            .value(&format!(
                "[{HEADINGS}, [...document.querySelectorAll('.header')].some(header => header.checkVisibility())]"
            ))
            .await;
        assert_eq!(seen, (vec!["Loading Onionskin…".to_owned()], false));
    }
}
