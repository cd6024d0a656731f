//! The content of a file on the page: lines and their links, JSON, images, bytes; of deleted files too, and never as
//! anything but text.

use std::io::{self, Cursor, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use futures::{StreamExt as _, stream};
use onionskin_fixtures::{Image, Packed, bytes, layer};
use onionskin_tests::odd::{Odd, holding, ok};
use onionskin_tests::{Browser, Served};
use thirtyfour::Key;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// True once the image is read to its end.
const WHOLE: &str = "!!document.querySelector('.band') && !document.querySelector('.band.partial')";

/// A PNG of one pixel.
const PNG: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0,
    1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 0x0d, 0x49, 0x44, 0x41, 0x54,
    0x78, 0x9c, 0x63, 0xf8, 0xcf, 0xc0, 0xf0, 0x1f, 0, 5, 0, 1, 0xff, 0x56, 0xc7, 0x2f, 0x0d, 0, 0,
    0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
];

fn lines() -> String {
    (1..=5_000).map(|line| format!("line {line}\n")).collect()
}

fn story() -> Packed {
    let hostile = "<script>window.ran = 1</script>\n<img src=x onerror=\"window.ran = 2\">\n\u{202e}reversed\u{1b}[31m\n";
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"window.ran = 3\"></svg>";
    Image::new()
        .layer(
            layer("COPY . /")
                .file("/app/log.txt", lines())
                .file("/app/config.json", r#"{"b":[1.50,true],"a":{"key":"x"}}"#)
                .file("/app/hostile.html", hostile)
                .file("/app/image.svg", svg)
                .file("/app/pixel.png", PNG)
                .file("/app/empty", "")
                .file("/app/data.bin", bytes(2_000_000))
                .symlink("/app/link", "log.txt"),
        )
        .layer(layer("RUN rm /app/log.txt").whiteout("/app/log.txt"))
        .pack()
}

async fn open(rest: &str) -> (impl Sized, Browser, String) {
    let (registry, served, reference) = Served::in_front_of(&story());
    let browser = Browser::start().await;
    let image = served.page(&format!("/image/{reference}"));
    browser.goto(&format!("{image}{rest}")).await;
    let _: bool = browser.until(WHOLE).await;
    ((registry, served), browser, image)
}

#[tokio::test]
async fn a_deleted_file_is_read_and_its_lines_have_links() {
    let (_ground, browser, image) = open("?path=/app/log.txt").await;
    browser.click(".view-content").await;
    browser.until_text(".code", "line 1").await;
    browser
        .until_text(".content-tools", "stored in layer 1")
        .await;
    // A link leads to its lines, wherever they are.
    browser
        .goto(&format!(
            "{image}?view=content&path=/app/log.txt&lines=L4000-L4002"
        ))
        .await;
    browser.until_text(".code", "line 4001").await;
    let _: bool = browser
        .until("document.querySelectorAll('.code .chosen').length === 3")
        .await;
    let _: bool = browser
        .until("[...document.querySelectorAll('.code .number')].find(b => b.textContent === '3999')?.click() ?? true")
        .await;
    let _: bool = browser.until("location.hash.includes('lines=L3999')").await;
    // With Shift, all lines up to there.
    let _: bool = browser
        .until("[...document.querySelectorAll('.code .number')].find(b => b.textContent === '4001')?.dispatchEvent(new MouseEvent('click', { bubbles: true, shiftKey: true })) ?? true")
        .await;
    let _: bool = browser
        .until("location.hash.includes('lines=L3999-L4001')")
        .await;
    // Only lines in view are in the document.
    let drawn: usize = browser
        .value("document.querySelectorAll('.code .line').length")
        .await;
    assert!(drawn < 120, "{drawn}");
    assert_eq!(browser.console().await, [] as [String; 0]);
}

#[tokio::test]
async fn hostile_contents_are_text_and_nothing_runs() {
    let (_ground, browser, image) = open("?view=content&path=/app/hostile.html").await;
    browser
        .until_text(".code", "<script>window.ran = 1</script>")
        .await;
    browser
        .until_text(".code", "\\u{202e}reversed\\x1b[31m")
        .await;
    browser
        .goto(&format!("{image}?view=content&path=/app/image.svg"))
        .await;
    browser.until_text(".code", "onload=").await;
    let images: usize = browser
        .value("document.querySelectorAll('.file-content img, .file-content svg').length")
        .await;
    assert_eq!(images, 0);
    let ran: bool = browser.value("'ran' in window").await;
    assert!(!ran);
}

#[tokio::test]
async fn json_images_and_bytes_are_shown_as_what_they_are() {
    let (_ground, browser, image) = open("?view=content&path=/app/config.json").await;
    browser.until_text(".code", "{\"b\":[1.50,true]").await;
    browser
        .click(".content-tools .switch button:nth-child(2)")
        .await;
    browser.until_text(".code", "\"b\": [").await;
    let _: bool = browser.until("location.hash.includes('as=json')").await;
    browser
        .goto(&format!("{image}?view=content&path=/app/pixel.png"))
        .await;
    let _: bool = browser
        .until("document.querySelector('.picture img')?.naturalWidth === 1")
        .await;
    browser
        .goto(&format!("{image}?view=content&path=/app/data.bin"))
        .await;
    browser.until_text(".code.hex", "00000010").await;
    // The last bytes are reached as well as the first.
    let _: bool = browser
        .until("(c => { c.scrollTop = c.scrollHeight; return c.textContent.includes('001e847') })(document.querySelector('.code'))")
        .await;
    browser
        .goto(&format!("{image}?view=content&path=/app/empty"))
        .await;
    browser.until_text(".nothing", "The file is empty.").await;
    browser
        .goto(&format!("{image}?view=content&path=/app&layer=1"))
        .await;
    browser
        .until_text(".problem", "Content not available")
        .await;
    // What is saved can only be saved.
    browser
        .goto(&format!("{image}?view=content&path=/app/link&layer=1"))
        .await;
    browser.until_text(".code", "line 1").await;
    let saved: (bool, String) = browser
        .value("(a => [a.href.startsWith('blob:'), a.download])(document.querySelector('.content-tools a'))")
        .await;
    assert_eq!(saved, (true, "link".to_owned()));
    let folder = tempfile::tempdir().unwrap();
    browser.download_to(folder.path()).await;
    browser.click(".content-tools a").await;
    let file = folder.path().join("link");
    browser.downloaded(&file).await;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), lines());
}

#[tokio::test]
async fn objects_and_arrays_of_json_are_collapsed_and_expanded() {
    let (_ground, browser, image) = open("?view=content&path=/app/config.json&as=json").await;
    // 1 {, 2 "b": [, 3 1.50, 4 true, 5 ], 6 "a": {, 7 "key", 8 }, 9 }
    let told =
        "[...document.querySelectorAll('.code .line')].map(line => line.textContent).join('|')";
    let until = async |text: &str| {
        let _: bool = browser.until(&format!("{told} === {text:?}")).await;
    };
    let expanded =
        "1{|2  \"b\": [|3    1.50,|4    true|5  ],|6  \"a\": {|7    \"key\": \"x\"|8  }|9}";
    until(expanded).await;
    browser.click(".code .line:nth-child(2) .fold button").await;
    until("1{|2  \"b\": [ … 2 lines ],|6  \"a\": {|7    \"key\": \"x\"|8  }|9}").await;
    let told_state: (String, bool) = browser
        .value("(b => [b.getAttribute('aria-expanded'), b === document.activeElement])(document.querySelector('.code .line:nth-child(2) .fold button'))")
        .await;
    assert_eq!(told_state, ("false".to_owned(), true));
    // By the keyboard too, and again.
    browser.press(Key::Enter).await;
    until(expanded).await;
    browser.click(".fold-all button:nth-child(1)").await;
    let collapsed = "1{|2  \"b\": [ … 2 lines ],|6  \"a\": { … 1 line }|9}";
    until(collapsed).await;
    browser.look("json-collapsed").await;
    // Another form and back: it is still collapsed, and the address of a hidden line expands what hides it.
    browser
        .click(".content-tools .switch button:nth-child(1)")
        .await;
    browser.until_text(".code", "{\"b\":[1.50,true]").await;
    browser
        .click(".content-tools .switch button:nth-child(2)")
        .await;
    until(collapsed).await;
    browser.click(".code .line:nth-child(3) .number").await;
    let _: bool = browser.until("location.hash.includes('lines=L6')").await;
    browser
        .goto(&format!(
            "{image}?view=content&path=/app/config.json&as=json&lines=L7"
        ))
        .await;
    let _: bool = browser
        .until("document.querySelector('.code .chosen')?.textContent === '7    \"key\": \"x\"'")
        .await;
    browser.click(".fold-all button:nth-child(2)").await;
    until(expanded).await;
    for theme in ["light", "dark"] {
        browser.emulate("prefers-color-scheme", theme).await;
        assert_eq!(browser.accessibility().await, [] as [String; 0], "{theme}");
    }
}

#[tokio::test]
async fn the_content_is_for_everybody() {
    let (_ground, browser, image) = open("?view=content&path=/app/log.txt&lines=L3").await;
    for (path, shown) in [
        ("/app/log.txt&lines=L3", ".code .chosen"),
        ("/app/data.bin", ".code.hex .line"),
        ("/app/pixel.png", ".picture img"),
        ("/app", ".problem"),
    ] {
        browser
            .goto(&format!("{image}?view=content&path={path}"))
            .await;
        let _: bool = browser
            .until(&format!("!!document.querySelector('{shown}')"))
            .await;
        for theme in ["light", "dark"] {
            browser.emulate("prefers-color-scheme", theme).await;
            assert_eq!(
                browser.accessibility().await,
                [] as [String; 0],
                "{path} {theme}"
            );
        }
    }
}

/// A ZIP archive with a folder and a file.
fn zipped() -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    writer.add_directory("META-INF/", options).unwrap();
    writer.start_file("META-INF/MANIFEST.MF", options).unwrap();
    writer.write_all(b"Manifest-Version: 1.0\n").unwrap();
    writer.finish().unwrap().into_inner()
}

#[tokio::test]
async fn archives_and_programs_are_listed() {
    let packed = layer("a tar")
        .dir("/lib")
        .file("/lib/<b>one", "1234")
        .symlink("/lib/two", "one");
    let image = Image::new()
        .layer(
            layer("COPY . /")
                .file("/app/files.tar.gz", packed.gzip())
                .file("/app/cut.tar", packed.tar()[..1_026].to_vec())
                .file("/app/app.jar", zipped())
                .file("/app/README.md", "# A <b>title</b>\n")
                .file("/app/tool", std::fs::read("/bin/true").unwrap()),
        )
        .pack();
    let (_registry, served, reference) = Served::in_front_of(&image);
    let browser = Browser::start().await;
    let image = served.page(&format!("/image/{reference}"));
    browser
        .goto(&format!("{image}?view=content&path=/app/files.tar.gz"))
        .await;
    browser
        .until_text(".file-parts", "3 members, 4 B of content.")
        .await;
    let names = browser.texts(".file-parts td:first-child").await;
    assert_eq!(
        names,
        ["lib/ folder", "lib/<b>one", "lib/two → one symbolic link"]
    );
    for theme in ["light", "dark"] {
        browser.emulate("prefers-color-scheme", theme).await;
        assert_eq!(browser.accessibility().await, [] as [String; 0], "{theme}");
    }
    // The bytes are one click away, and have their address.
    browser
        .click(".content-tools .switch button:last-child")
        .await;
    browser.until_text(".code.hex", "1f 8b").await;
    let _: bool = browser.until("location.hash.includes('as=hex')").await;
    browser
        .goto(&format!("{image}?view=content&path=/app/cut.tar"))
        .await;
    browser
        .until_text(".file-parts", "The list may not be complete")
        .await;
    browser
        .goto(&format!("{image}?view=content&path=/app/app.jar"))
        .await;
    browser
        .until_text(".file-parts", "2 members, 22 B of content.")
        .await;
    let names = browser.texts(".file-parts td:first-child").await;
    assert_eq!(names, ["META-INF/ folder", "META-INF/MANIFEST.MF"]);
    // Markdown is text.
    browser
        .goto(&format!("{image}?view=content&path=/app/README.md"))
        .await;
    browser.until_text(".code", "# A <b>title</b>").await;
    browser
        .goto(&format!("{image}?view=content&path=/app/tool"))
        .await;
    browser.until_text(".file-parts", ".text").await;
    browser.until_text(".file-parts", "libc.so.6").await;
    browser.until_text(".file-parts", "stripped").await;
    assert_eq!(browser.accessibility().await, [] as [String; 0]);
    assert_eq!(browser.console().await, [] as [String; 0]);
}

#[tokio::test]
async fn a_search_finds_an_earlier_version_and_shows_it() {
    let image = Image::new()
        .layer(layer("COPY . /").file("/app/log.txt", "the first text\n"))
        .layer(layer("RUN write").file("/app/log.txt", "the second text"))
        .pack();
    let (_registry, served, reference) = Served::in_front_of(&image);
    let browser = Browser::start().await;
    browser
        .goto(&served.page(&format!(
            "/image/{reference}?find=layer:1%20log.txt&path=/app/log.txt"
        )))
        .await;
    browser
        .until_text(".view-content", "View content of layer 1")
        .await;
    browser.click(".view-content").await;
    browser.until_text(".code", "the first text").await;
    let _: bool = browser.until("location.hash.includes('layer=1')").await;
}

#[tokio::test]
async fn reading_is_cancelled_even_where_nothing_comes() {
    let image = Image::new()
        .layer(layer("COPY . /").file("/app/data", bytes(60_000)))
        .pack();
    let held = holding(&image);
    let blob = image.layers[0].clone();
    let requests = Arc::new(AtomicUsize::new(0));
    let odd = Odd::new(move |target, authorization| {
        let again = target.ends_with(&blob.digest) && requests.fetch_add(1, Ordering::Relaxed) > 0;
        if !again {
            return held(target, authorization);
        }
        let half = blob.bytes[..blob.bytes.len() / 2].to_vec();
        let half = stream::iter([Ok::<_, io::Error>(half)]).chain(stream::pending());
        ok("application/octet-stream", Body::from_stream(half))
    })
    .await;
    let served = Served::start(&[format!("http://{}", odd.address)]);
    let browser = Browser::start().await;
    let image = served.page(&format!("/image/{}/app:1", odd.address));
    browser.goto(&format!("{image}?path=/app/data")).await;
    let _: bool = browser.until(WHOLE).await;
    browser.clear_http_cache().await;
    browser.click(".view-content").await;
    browser.click(".cancel-content").await;
    browser.until_text(".problem", "stopped").await;
    // A folder is cancelled as well, and can be asked for again.
    browser.goto(&format!("{image}?path=/app")).await;
    browser.click(".folder-tar").await;
    browser.click(".cancel-tar").await;
    let _: bool = browser
        .until("!!document.querySelector('.folder-tar')")
        .await;
}

#[tokio::test]
async fn a_folder_is_saved_as_a_tar() {
    let image = Image::new()
        .layer(
            layer("COPY . /")
                .file("/app/one", "1111")
                .mode(0o640)
                .owner(7, 8)
                .file("/app/gone", "x")
                .file("/app/empty", "")
                .symlink("/app/link", "one"),
        )
        .layer(
            layer("COPY . /")
                .file("/app/deep/two", bytes(70_000))
                .hardlink("/app/second", "/app/deep/two")
                .whiteout("/app/gone"),
        )
        .pack();
    let (_registry, served, reference) = Served::in_front_of(&image);
    let browser = Browser::start().await;
    browser
        .goto(&served.page(&format!("/image/{reference}?path=/app")))
        .await;
    let _: bool = browser.until(WHOLE).await;
    let folder = tempfile::tempdir().unwrap();
    browser.download_to(folder.path()).await;
    browser.click(".folder-tar").await;
    browser
        .until_text(".folder-download .button", "Save app.tar")
        .await;
    browser.until_text(".folder-download", "7 paths").await;
    let file = folder.path().join("app.tar");
    browser.downloaded(&file).await;
    let listed = std::process::Command::new("tar")
        .args(["--list", "--verbose", "--numeric-owner", "--file"])
        .arg(&file)
        .output()
        .unwrap();
    assert!(listed.status.success(), "{listed:?}");
    let listed = String::from_utf8(listed.stdout).unwrap();
    for line in [
        "-rw-r----- 7/8               4",
        "app/link -> one",
        "app/empty",
        "70000",
    ] {
        assert!(listed.contains(line), "{line}: {listed}");
    }
    assert!(listed.contains(" link to app/"), "{listed}");
    assert!(!listed.contains("gone"), "{listed}");
    for theme in ["light", "dark"] {
        browser.emulate("prefers-color-scheme", theme).await;
        assert_eq!(browser.accessibility().await, [] as [String; 0], "{theme}");
    }
}

#[tokio::test]
async fn owners_have_the_names_that_the_image_gives_them() {
    let image = Image::new()
        .layer(
            layer("FROM base")
                .file("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
                .file("/etc/group", "root:x:0:\napp:x:1000:\n"),
        )
        .layer(
            layer("RUN adduser")
                .file(
                    "/etc/passwd",
                    "root:x:0:0::/:\napp\u{202e}:x:1000:1000::/:\n",
                )
                .file("/srv/data", "x")
                .owner(1_000, 1_000)
                .file("/srv/other", "x")
                .owner(77, 77),
        )
        .pack();
    let (_registry, served, reference) = Served::in_front_of(&image);
    let browser = Browser::start().await;
    browser.resize(1920, 1080).await;
    browser
        .goto(&served.page(&format!("/image/{reference}?path=/srv/data")))
        .await;
    let _: bool = browser.until(WHOLE).await;
    browser
        .until_text(".details .facts", "app\\u{202e}:app 1000:1000")
        .await;
    browser.until_text(".row", "root:root").await;
    browser.until_text(".row", "77:77").await;
    browser
        .goto(&served.page(&format!("/image/{reference}?find=owner:root%20kind:file")))
        .await;
    browser.until_text(".toolbar", "2 found").await;
}
