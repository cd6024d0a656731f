//! Files of large layers on the page: how many bytes are fetched for one, and what is shown where others come.

use std::sync::LazyLock;

use onionskin_fixtures::write::oci_archive;
use onionskin_fixtures::{Image, Packed, layer, seeded};
use onionskin_tests::counting::{Counting, Parts};
use onionskin_tests::{Browser, Served, files};

/// True once the image is read to its end.
const WHOLE: &str = "!!document.querySelector('.band') && !document.querySelector('.band.partial')";

/// What a small file costs at most: 4 MiB from the checkpoint, the block that it stands in, and what completes 256 KiB on
/// both sides.
const SPAN: u64 = 5 << 20;

/// Letters that a compressor halves.
fn letters(seed: u64, length: usize) -> Vec<u8> {
    let bytes = seeded(seed, length / 2);
    let letters = bytes
        .iter()
        .flat_map(|byte| [b'a' + (byte >> 4), b'a' + (byte & 15)]);
    letters.collect()
}

/// Two layers of some 36 and 12 MB.
static APP: LazyLock<Packed> = LazyLock::new(|| {
    let first = (0..15).map(|at| (format!("/app/{at:02}"), letters(at, 4_500_000)));
    let first = first.fold(
        layer("COPY app").file("/ends/first", "the first\n"),
        |layer, (path, content)| layer.file(path, content),
    );
    let second = (0..5).map(|at| (format!("/more/{at:02}"), letters(at + 50, 4_500_000)));
    let second = second.fold(layer("COPY more"), |layer, (path, content)| {
        layer.file(path, content)
    });
    Image::new()
        .layer(
            first
                .file("/ends/last", "the last\n")
                .file("/etc/app.conf", "port = 80\n"),
        )
        .layer(second.file("/etc/app.conf", "port = 8080\n"))
        .pack()
});

struct Ground {
    registry: Counting,
    served: Served,
    browser: Browser,
    /// Bytes of the layers.
    sizes: [u64; 2],
}

impl Ground {
    /// A page that shows the image, in front of a registry.
    async fn new() -> Self {
        let registry = Counting::new(&APP).await;
        let served = Served::start(&[format!("http://{}", registry.address)]);
        let size = |at: usize| APP.layers[at].bytes.len() as u64;
        let ground = Self {
            browser: Browser::start().await,
            registry,
            served,
            sizes: [size(0), size(1)],
        };
        ground.open().await;
        assert_eq!(ground.registry.take(), ground.sizes[0] + ground.sizes[1]);
        ground
    }

    fn page(&self, rest: &str) -> String {
        let reference = format!("{}/app:1", self.registry.address);
        self.served.page(&format!("/image/{reference}{rest}"))
    }

    /// Loads the page anew, as if the browser had kept nothing of its requests.
    async fn open(&self) {
        self.browser.goto("about:blank").await;
        self.browser.goto(&self.page("")).await;
        let _: bool = self.browser.until(WHOLE).await;
        self.browser.clear_http_cache().await;
    }

    /// Waits until the browser has kept checkpoints of both layers, and does this with them: `file` is one, which may become
    /// another, and `files.delete(key)` forgets it.
    async fn change(&self, how: &str) {
        let script = format!(
            "const done = arguments[arguments.length - 1], open = indexedDB.open('onionskin');
             open.onsuccess = () => {{
                 const db = open.result;
                 const look = () => {{
                     const transaction = db.transaction('files', 'readwrite'), files = transaction.objectStore('files');
                     files.getAllKeys().onsuccess = event => {{
                         const keys = event.target.result.filter(key => key.startsWith('checkpoints/'));
                         if (keys.length < 2) return setTimeout(look, 20);
                         for (const key of keys) files.get(key).onsuccess = event => {{
                             let file = event.target.result;
                             {how};
                             files.put(file, key);
                         }};
                         transaction.oncomplete = () => {{ db.close(); done(true); }};
                     }};
                 }};
                 look();
             }};"
        );
        let _: bool = self.browser.run(&script).await;
    }

    async fn kept(&self) {
        self.change("").await;
    }

    /// Shows a file of the first layer, and tells how many bytes of layers that took.
    async fn cost(&self, path: &str, text: &str) -> u64 {
        self.browser.clear_http_cache().await;
        self.browser.goto(&self.page("?path=/etc")).await;
        let _: bool = self
            .browser
            .until("!document.querySelector('.file-content')")
            .await;
        self.registry.take();
        let view = format!("?view=content&layer=1&path={path}");
        self.browser.goto(&self.page(&view)).await;
        self.browser.until_text(".code", text).await;
        self.registry.take()
    }
}

#[tokio::test]
async fn a_file_costs_a_span_and_itself_after_a_reload_too() {
    let ground = Ground::new().await;
    ground.kept().await;
    for reloaded in [false, true] {
        if reloaded {
            ground.open().await;
            assert_eq!(ground.registry.take(), 0);
        }
        let sent = ground.cost("/ends/last", "the last").await;
        assert!((1..SPAN).contains(&sent), "{reloaded}: {sent}");
        let sent = ground.cost("/app/13", "a").await;
        assert!((1..SPAN + 2_300_000).contains(&sent), "{reloaded}: {sent}");
        // Two versions, each of its layer.
        let view = "?layer=2&from=1&view=diff&path=/etc/app.conf";
        ground.browser.goto(&ground.page(view)).await;
        ground.browser.until_text(".difference-rows", "8080").await;
        let sent = ground.registry.take();
        assert!((1..2 * SPAN).contains(&sent), "{reloaded}: {sent}");
    }
    assert_eq!(ground.browser.console().await, [] as [String; 0]);
}

#[tokio::test]
async fn a_folder_costs_the_spans_of_its_files() {
    let ground = Ground::new().await;
    ground.browser.goto(&ground.page("?path=/ends")).await;
    let folder = tempfile::tempdir().unwrap();
    ground.browser.download_to(folder.path()).await;
    ground.browser.click(".folder-tar").await;
    ground
        .browser
        .until_text(".folder-download .button", "Save ends.tar")
        .await;
    let sent = ground.registry.take();
    assert!((1..2 * SPAN).contains(&sent), "{sent}");
    let file = folder.path().join("ends.tar");
    ground.browser.downloaded(&file).await;
    let mut listed = std::process::Command::new("tar");
    listed
        .args(["--extract", "--to-stdout", "--file"])
        .arg(&file);
    let contents = String::from_utf8(listed.output().unwrap().stdout).unwrap();
    assert_eq!(contents, "the first\nthe last\n");
}

#[tokio::test]
async fn without_checkpoints_or_ranges_the_whole_layer_is_read() {
    let ground = Ground::new().await;
    ground.registry.sends(Parts::None);
    let sent = ground.cost("/ends/last", "the last").await;
    // A whole comes for the part too, as far as it is read.
    assert!(sent >= ground.sizes[0], "{sent}");
    ground.registry.sends(Parts::Right);
    // What breaks off goes on where it was.
    ground.registry.sends(Parts::Cut);
    let sent = ground.cost("/ends/last", "the last").await;
    assert!((1..SPAN).contains(&sent), "{sent}");
    for how in [
        "file[0] ^= 1",
        "file[8] ^= 1",
        "file[28] ^= 1",
        "file[file.length >> 1] ^= 1",
        "file = file.slice(0, 20)",
        "file = 'text'",
    ] {
        ground.change(how).await;
        ground.open().await;
        assert_eq!(ground.registry.take(), 0, "{how}");
        let sent = ground.cost("/ends/last", "the last").await;
        assert_eq!(sent, ground.sizes[0], "{how}");
    }
}

#[tokio::test]
async fn other_bytes_than_those_that_were_read_show_nothing() {
    let ground = Ground::new().await;
    ground.registry.sends(Parts::Changed);
    let view = "?view=content&layer=1&path=/ends/last";
    ground.browser.goto(&ground.page(view)).await;
    ground
        .browser
        .until_text(".problem", "Layer 1 cannot be read")
        .await;
    ground.browser.until_text(".problem", "changed").await;
    let shown: usize = ground
        .browser
        .value("document.querySelectorAll('.code, .content-tools a').length")
        .await;
    assert_eq!(shown, 0);
    // Reading a part is cancelled like all else.
    ground.registry.sends(Parts::Stalled);
    ground.browser.goto(&ground.page("?path=/ends/first")).await;
    ground.browser.click(".view-content").await;
    ground.browser.click(".cancel-content").await;
    ground.browser.until_text(".problem", "stopped").await;
    ground.registry.sends(Parts::Right);
    ground.cost("/ends/first", "the first").await;
}

#[tokio::test]
async fn files_of_a_dropped_archive_come_from_parts_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.tar");
    std::fs::write(&file, oci_archive(&[("app:1", &APP)])).unwrap();
    let (_served, browser) = files::at_start().await;
    files::choose(&browser, &file).await;
    files::whole(&browser, "app.tar").await;
    let place: String = browser.value("location.hash").await;
    for (path, text) in [("/ends/last", "the last"), ("/ends/first", "the first")] {
        let there = format!("{place}?view=content&layer=1&path={path}");
        let _: bool = browser
            .value(&format!("!!(location.hash = '{there}')"))
            .await;
        browser.until_text(".code", text).await;
    }
}
