//! The cache in the browser: a second opening reads no layer and shows the same, whatever is kept.

use onionskin_fixtures::{Image, Packed, layer, seeded};
use onionskin_tests::odd::{Odd, holding};
use onionskin_tests::{Browser, Served};
use serde_json::Value;

/// True once the image is read to its end and audited.
const WHOLE: &str = "!!document.querySelector('.band') && !document.querySelector('.band.partial') && document.querySelectorAll('.layer[data-layer]').length === 3";

/// Opens the cache's database in a script, and calls `then` with it.
fn in_cache(then: &str) -> String {
    format!(
        "const done = arguments[arguments.length - 1];
         const open = indexedDB.open('onionskin');
         open.onerror = () => done(null);
         open.onsuccess = () => {{ const db = open.result; const end = value => {{ db.close(); done(value); }}; {then} }};"
    )
}

fn app() -> Packed {
    Image::new()
        .layer(
            layer("COPY app /app")
                .file("/app/a", seeded(1, 300_000))
                .file("/app/b", seeded(2, 5_000)),
        )
        .layer(layer("RUN rm /app/a").whiteout("/app/a"))
        .layer(layer("RUN chmod /app/b").file("/app/b", seeded(2, 5_000)))
        .pack()
}

/// A page in front of a registry with [`app`], and what the page shows of it.
struct Ground {
    image: Packed,
    registry: Odd,
    served: Served,
    browser: Browser,
}

impl Ground {
    async fn new() -> Self {
        let image = app();
        let registry = Odd::new(holding(&image)).await;
        let served = Served::start(&[format!("http://{}", registry.address)]);
        Self {
            browser: Browser::start().await,
            image,
            registry,
            served,
        }
    }

    fn page(&self, rest: &str) -> String {
        let reference = format!("{}/app{rest}", self.registry.address);
        self.served.page(&format!("/image/{reference}"))
    }

    /// Opens the image as if the browser had kept nothing of its requests, and tells what is shown.
    async fn open(&self, rest: &str) -> Vec<String> {
        self.browser.clear_http_cache().await;
        self.browser.goto("about:blank").await;
        self.browser.goto(&self.page(rest)).await;
        let _: bool = self.browser.until(WHOLE).await;
        let _: bool = self
            .browser
            .until("!!document.querySelector('.row[data-row]')")
            .await;
        self.browser
            .texts(".band, .layer[data-layer], .row[data-row]")
            .await
    }

    /// How often layers were asked for.
    fn fetched(&self) -> usize {
        let layers = self.image.layers.iter();
        layers.map(|blob| self.registry.count(&blob.digest)).sum()
    }

    /// Waits until so many files are kept.
    async fn kept(&self, files: usize) {
        let count = in_cache(&format!(
            "const look = () => {{
                 const all = db.transaction('files').objectStore('files').getAllKeys();
                 all.onsuccess = () => all.result.length === {files} ? end(true) : setTimeout(look, 20);
             }};
             look();"
        ));
        let _: bool = self.browser.run(&count).await;
    }

    /// Changes every file that is kept.
    async fn change(&self, how: &str) {
        let script = in_cache(&format!(
            "const transaction = db.transaction('files', 'readwrite');
             const files = transaction.objectStore('files');
             files.openCursor().onsuccess = event => {{
                 const cursor = event.target.result;
                 if (!cursor) return;
                 let file = cursor.value;
                 {how};
                 cursor.update(file);
                 cursor.continue();
             }};
             transaction.oncomplete = () => end(true);"
        ));
        let _: bool = self.browser.run(&script).await;
    }
}

#[tokio::test]
async fn a_second_opening_fetches_no_layer_and_shows_the_same() {
    let ground = Ground::new().await;
    let first = ground.open(":1").await;
    // Three layers, the manifest and the configuration.
    ground.kept(5).await;
    assert_eq!(ground.fetched(), 3);
    let manifests = ground.registry.count("/manifests/");
    assert_eq!(ground.open(":1").await, first);
    assert_eq!(ground.fetched(), 3);
    // A tag may have moved.
    assert!(ground.registry.count("/manifests/") > manifests);
    // By its digest, nothing at all is asked of the registry.
    let requests = ground.registry.requests().len();
    let pinned = format!("@{}", ground.image.manifest.digest);
    let shown = ground.open(&pinned).await;
    assert_eq!(shown, first);
    let asked = &ground.registry.requests()[requests..];
    assert!(
        !asked
            .iter()
            .any(|line| line.contains("/blobs/") || line.contains("/manifests/sha256")),
        "{asked:?}"
    );
}

#[tokio::test]
async fn nothing_that_is_kept_changes_what_is_shown() {
    let ground = Ground::new().await;
    let first = ground.open(":1").await;
    ground.kept(5).await;
    let mut fetched = ground.fetched();
    for how in [
        // Kind, format, decoder, check sum, content.
        "file[0] ^= 1",
        "file[8] ^= 1",
        "file[12] ^= 1",
        "file[28] ^= 1",
        "file[44] ^= 1",
        "file[file.length - 1] ^= 1",
        "file = file.slice(0, file.length - 1)",
        "file = file.slice(0, 20)",
        "file = new Uint8Array()",
        "file = 'text'",
        "file = {length: 5}",
        // That of another layer or document.
        "[file, window.before] = [window.before ?? file, file]",
    ] {
        ground.change(how).await;
        assert_eq!(ground.open(":1").await, first, "{how}");
        assert!(ground.fetched() > fetched, "{how}: nothing was read again");
        ground.kept(5).await;
        fetched = ground.fetched();
        // What was damaged is replaced.
        assert_eq!(ground.open(":1").await, first, "{how}");
        assert_eq!(ground.fetched(), fetched, "{how}");
    }
}

#[tokio::test]
async fn without_room_or_database_everything_is_read_again() {
    for storage in [
        // That of a later version.
        "indexedDB.open('onionskin', 99)",
        // One that is not ours.
        "indexedDB.open('onionskin', 1)",
    ] {
        let ground = Ground::new().await;
        ground.browser.goto(&ground.served.page("/")).await;
        let script = format!(
            "const done = arguments[arguments.length - 1], wipe = indexedDB.deleteDatabase('onionskin');
             wipe.onsuccess = () => {{ const open = {storage}; open.onsuccess = () => {{ open.result.close(); done(true); }}; }};"
        );
        let _: bool = ground.browser.run(&script).await;
        let first = ground.open(":1").await;
        assert_eq!(ground.open(":1").await, first);
        assert_eq!(ground.fetched(), 6, "{storage}");
        assert_eq!(ground.browser.console().await, [] as [String; 0]);
    }
    let ground = Ground::new().await;
    let origin = format!("http://{}", ground.served.address());
    ground.browser.limit_storage(&origin, 1_000).await;
    let first = ground.open(":1").await;
    assert_eq!(ground.open(":1").await, first);
    assert_eq!(ground.fetched(), 6);
}

#[tokio::test]
async fn a_database_that_answers_too_late_is_not_waited_for_and_does_no_harm() {
    let ground = Ground::new().await;
    ground.open(":1").await;
    ground.kept(5).await;
    // While this transaction goes on, the browser begins no other.
    let hold = "const files = db.transaction(['files', 'uses'], 'readwrite').objectStore('files');
        window.held = true;
        const again = () => { if (window.held) files.count().onsuccess = again; else db.close(); };
        again();
        done(true);";
    let _: bool = ground.browser.run(&in_cache(hold)).await;
    let browser = &ground.browser;
    let pinned = format!("@{}", ground.image.manifest.digest);
    browser.clear_http_cache().await;
    browser.goto(&ground.served.page("/")).await;
    let _: bool = browser.until("!document.querySelector('.band')").await;
    browser.goto(&ground.page(&pinned)).await;
    let _: bool = browser.until(WHOLE).await;
    assert_eq!(ground.fetched(), 6);
    // Then all of its answers come.
    let held: bool = browser.value("[held, window.held = false][0]").await;
    assert!(held);
    ground.kept(5).await;
    browser.click(".layer[data-layer='1']").await;
    browser.until_text(".row .label", "app").await;
    assert_eq!(browser.texts(".problem").await, [] as [String; 0]);
    assert_eq!(browser.console().await, [] as [String; 0]);
    assert_eq!(ground.open(&pinned).await, ground.open(":1").await);
    assert_eq!(ground.fetched(), 6);
}

#[tokio::test]
async fn the_cache_is_cleared_on_the_start_page() {
    let ground = Ground::new().await;
    let first = ground.open(":1").await;
    ground.kept(5).await;
    ground.browser.goto(&ground.served.page("/")).await;
    ground
        .browser
        .until_text(".cache", "other contents are not stored")
        .await;
    assert_eq!(ground.browser.accessibility().await, [] as [String; 0]);
    ground.browser.click(".cache .clear").await;
    ground.browser.until_text(".cache", "Cache cleared").await;
    ground.kept(0).await;
    assert_eq!(ground.open(":1").await, first);
    assert_eq!(ground.fetched(), 6);
}

#[tokio::test]
async fn nothing_of_a_chosen_file_is_kept() {
    let ground = Ground::new().await;
    ground.open(":1").await;
    ground.kept(5).await;
    let folder = tempfile::TempDir::new().unwrap();
    let other = Image::new()
        .layer(layer("COPY x").file("/x", "secret"))
        .pack();
    let file = folder.path().join("app.tar");
    std::fs::write(
        &file,
        onionskin_fixtures::write::oci_archive(&[("app:1", &other)]),
    )
    .unwrap();
    ground.browser.goto(&ground.served.page("/")).await;
    onionskin_tests::files::choose(&ground.browser, &file).await;
    onionskin_tests::files::whole(&ground.browser, "app.tar").await;
    // Whatever was to be kept before this is kept by now.
    ground.open(":1").await;
    ground.kept(5).await;
    let names: Value = ground
        .browser
        .run(&in_cache(
            "const all = db.transaction('files').objectStore('files').getAllKeys(); all.onsuccess = () => end(all.result);",
        ))
        .await;
    assert_eq!(names.as_array().unwrap().len(), 5);
}
