//! Layers with a table of contents on the page: how little is fetched to list them, what is not known then, and what comes of
//! reading them.

use onionskin_fixtures::{
    Blob, Image, Layer, Packed, estargz, estargz_with, layer, seeded, soci, zstd_chunked,
    zstd_chunked_with,
};
use onionskin_tests::counting::{Counting, Parts};
use onionskin_tests::{Browser, Served};
use serde_json::Value;

/// Files of the first layer.
const FILES: u64 = 30;
/// Bytes of each, which do not compress.
const SIZE: usize = 400_000;

/// True once all that is not listed is read.
const LISTED: &str = "!!document.querySelector('.band .state.of-tables')";
/// True once all is read.
const WHOLE: &str = "!!document.querySelector('.band') && !document.querySelector('.band.partial')";

fn app() -> Layer {
    let files = (0..FILES).fold(layer("COPY app").dir("/app"), |layer, at| {
        layer.file(format!("/app/{at:02}"), seeded(at, SIZE))
    });
    files
        .file("/etc/conf", "the configuration\n")
        .mode(0o600)
        .file("/etc/other", "another\n")
        .symlink("/conf", "etc/conf")
}

/// An image whose first layer has a table, and whose second is small: it copies a file, overwrites one and deletes one.
pub(super) fn image(form: fn(Layer) -> Layer) -> Packed {
    above(form(app()))
}

fn above(first: Layer) -> Packed {
    on(first).pack()
}

fn on(first: Layer) -> Image {
    let second = layer("RUN chmod 644 /etc/conf")
        .file("/etc/conf", "the configuration\n")
        .file("/etc/other", "something else\n")
        .whiteout("/app/03");
    Image::new().layer(first).layer(second)
}

struct Ground {
    registry: Counting,
    served: Served,
    browser: Browser,
    /// Bytes of the first layer.
    whole: u64,
}

impl Ground {
    async fn new(image: &Packed) -> Self {
        Self::beside(image, Vec::new()).await
    }

    async fn beside(image: &Packed, beside: Vec<Blob>) -> Self {
        let registry = Counting::beside(image, beside).await;
        Self {
            served: Served::start(&[format!("http://{}", registry.address)]),
            browser: Browser::start().await,
            registry,
            whole: image.layers[0].bytes.len() as u64,
        }
    }

    async fn open(&self, rest: &str, until: &str) {
        self.browser.goto("about:blank").await;
        self.go(rest).await;
        let _: bool = self.browser.until(until).await;
    }

    async fn go(&self, rest: &str) {
        let reference = format!("{}/app:1", self.registry.address);
        let page = self.served.page(&format!("/image/{reference}{rest}"));
        self.browser.goto(&page).await;
    }

    async fn text(&self, selector: &str) -> String {
        self.browser.texts(selector).await.join("; ")
    }
}

#[tokio::test]
async fn first_rows_cost_the_table_and_what_is_not_known_is_not_guessed() {
    for form in [estargz, zstd_chunked] {
        let ground = Ground::new(&image(form)).await;
        let Ground { browser, .. } = &ground;
        ground.open("", LISTED).await;
        let _: bool = browser
            .until("document.querySelectorAll('.row[data-row]').length > 2")
            .await;
        let sent = ground.registry.take();
        assert!(sent * 100 < ground.whole + 100 * 4096, "{sent}");
        let marked = ground.text(".layer .below").await;
        assert_eq!(marked, "from the table of contents");
        let state = ground.text(".band .state").await;
        assert!(state.starts_with("Layer 1 is listed from the table of contents."));
        assert!(state.contains("Read the layer ("), "{state}");
        // 12 MB stored, 400 kB deleted; what was copied and what overwritten is not known, and no cost is.
        let figures: Vec<Option<String>> = browser
            .value("[...document.querySelectorAll('.figure dd')].map(e => e.dataset.bytes ?? null)")
            .await;
        let stored = FILES * SIZE as u64;
        let small =
            "the configuration\nanother\n".len() + "the configuration\nsomething else\n".len();
        let table = figures[1]
            .as_deref()
            .map(|bytes| bytes.parse::<u64>().unwrap());
        assert!(table >= Some(stored + small as u64), "{figures:?}");
        assert_eq!(figures[4], None);
        let why: String = browser
            .value("document.querySelector('.of-download dd').title")
            .await;
        assert!(why.contains("table"), "{why}");
        let causes: Vec<(String, Option<String>)> = browser
            .value("[...document.querySelectorAll('.legend [data-cause]')].map(e => [e.dataset.cause, e.dataset.bytes ?? null])")
            .await;
        for (cause, bytes) in causes {
            let is_known = !matches!(cause.as_str(), "overwritten" | "metadata-only");
            assert_eq!(bytes.is_some(), is_known, "{cause}");
        }
        ground.go("?layer=1").await;
        browser.until_text(".details .facts", "– in").await;
        browser.look("listed-layer").await;
        for (view, title) in [
            ("waste", "Waste is not known yet"),
            ("checks", "Checks are not known yet"),
            ("packages", "Packages are not known yet"),
            ("map&by=download", "This map needs all layers"),
            ("map&by=wasted", "This map needs all layers"),
        ] {
            ground.go(&format!("?view={view}")).await;
            browser.until_text(".unread h2", title).await;
            browser.until_text(".unread .again", "Read the layer").await;
        }
        browser.look("listed-map-by-wasted").await;
        ground.go("?find=mark:metadata-only").await;
        browser
            .until_text("#find-problem", "before layer 1 is read")
            .await;
        ground.go("?layer=2&view=changes&path=/etc/conf").await;
        browser
            .until_text(".path-history", "Stored again in layer 2")
            .await;
        browser.look("listed-changes").await;
        assert_eq!(ground.registry.take(), 0);
        assert_eq!(browser.console().await, [] as [String; 0]);
    }
}

#[tokio::test]
async fn a_layer_is_read_when_the_visitor_wants_it() {
    for form in [estargz, zstd_chunked] {
        let ground = Ground::new(&image(form)).await;
        let Ground { browser, .. } = &ground;
        ground.open("?layer=1&path=/app", LISTED).await;
        ground.registry.take();
        ground.go("?layer=1").await;
        browser.click(".read-layer").await;
        let _: bool = browser.until(WHOLE).await;
        let sent = ground.registry.take();
        assert_eq!(sent, ground.whole);
        let left: usize = browser
            .value("document.querySelectorAll('.layer .below, .read-layer, .differs').length")
            .await;
        assert_eq!(left, 0);
        let known: usize = browser
            .value("document.querySelectorAll('.legend [data-bytes]').length + document.querySelectorAll('.figure [data-bytes]').length")
            .await;
        assert_eq!(known, 10);
        ground.go("?view=waste").await;
        let _: bool = browser.until("!!document.querySelector('.finding')").await;
        ground.go("?layer=2&view=changes&path=/etc/conf").await;
        browser
            .until_text(".path-history", "Copied in layer 2")
            .await;
        // It is kept, and what was listed was not.
        ground.open("", WHOLE).await;
        assert_eq!(ground.registry.take(), 0);
        assert_eq!(browser.console().await, [] as [String; 0]);
    }
}

#[tokio::test]
async fn reading_is_cancelled_and_what_was_listed_stays() {
    let ground = Ground::new(&image(estargz)).await;
    let Ground { browser, .. } = &ground;
    ground.open("?view=waste", LISTED).await;
    ground.registry.sends(Parts::OfWholesHalf);
    browser.click(".unread .again").await;
    let _: bool = browser
        .until("!!document.querySelector(\".layer[data-layer='1'] .progress\")")
        .await;
    browser.click(".cancel").await;
    let _: bool = browser.until(LISTED).await;
    browser
        .until_text(".layer .below", "from the table of contents")
        .await;
    ground.registry.sends(Parts::Right);
    browser.click(".band .again").await;
    let _: bool = browser.until(WHOLE).await;
    let _: bool = browser.until("!!document.querySelector('.finding')").await;
}

#[tokio::test]
async fn a_table_that_lies_is_named_with_its_paths() {
    let lie = |rows: &mut Vec<Value>| {
        let row = rows.iter_mut().find(|row| row["name"] == "etc/conf");
        row.unwrap()["mode"] = 0o644.into();
        rows.retain(|row| row["name"] != "conf");
    };
    for first in [estargz_with(app(), lie), zstd_chunked_with(app(), lie)] {
        let ground = Ground::new(&above(first)).await;
        let Ground { browser, .. } = &ground;
        ground.open("?layer=1", LISTED).await;
        browser.click(".band .again").await;
        browser
            .until_text(".differs", "Layer 1 and its table of contents differ.")
            .await;
        let told = ground.text(".differs").await;
        for path in ["/conf is in the layer only", "/etc/conf has another mode"] {
            assert!(told.contains(path), "{told}");
        }
        let _: bool = browser.until(WHOLE).await;
        browser
            .until_text(".details .remarks-list", "/conf is in the layer only")
            .await;
        browser.look("table-that-lies").await;
        // The layer is right.
        ground.go("?layer=1&path=/conf").await;
        browser.until_text(".details h2", "conf").await;
        browser.until_text(".details .facts", "symbolic link").await;
    }
}

#[tokio::test]
async fn without_parts_or_with_a_changed_table_the_whole_is_read() {
    for form in [estargz, zstd_chunked] {
        let ground = Ground::new(&image(form)).await;
        let Ground { browser, .. } = &ground;
        ground.registry.sends(Parts::Changed);
        ground.open("?layer=1", WHOLE).await;
        browser
            .until_text(".details .from-table", "It was not used")
            .await;
        browser.look("table-not-used").await;
        assert!(ground.registry.take() > ground.whole);
        let ground = Ground::new(&image(form)).await;
        ground.registry.sends(Parts::None);
        ground.open("?layer=1", WHOLE).await;
        let notes: usize = ground
            .browser
            .value("document.querySelectorAll('.from-table').length")
            .await;
        assert_eq!(notes, 0);
    }
}

#[tokio::test]
async fn a_file_costs_its_part_and_is_proved_or_not_shown() {
    for form in [estargz, zstd_chunked] {
        let ground = Ground::new(&image(form)).await;
        let Ground { browser, .. } = &ground;
        // A link that was opened elsewhere.
        ground
            .open("?view=content&layer=1&path=/etc/conf", LISTED)
            .await;
        browser.until_text(".code", "the configuration").await;
        let sent = ground.registry.take();
        assert!(sent * 100 < ground.whole + 100 * 4096, "{sent}");
        ground.go("?view=content&layer=1&path=/app/17").await;
        let _: bool = browser
            .until("!!document.querySelector('.code.hex .line')")
            .await;
        let sent = ground.registry.take();
        assert!(sent < SIZE as u64 + ground.whole / 100, "{sent}");
        browser.clear_http_cache().await;
        ground.registry.sends(Parts::Changed);
        ground.go("?view=content&layer=1&path=/app/18").await;
        browser
            .until_text(".problem", "Layer 1 cannot be read")
            .await;
        let shown: usize = browser
            .value("document.querySelectorAll('.code, .content-tools a').length")
            .await;
        assert_eq!(shown, 0);
    }
    let lie = |rows: &mut Vec<Value>| {
        let row = rows.iter_mut().find(|row| row["name"] == "etc/conf");
        row.unwrap()["digest"] = onionskin_fixtures::sha256(b"another").into();
    };
    for first in [estargz_with(app(), lie), zstd_chunked_with(app(), lie)] {
        let ground = Ground::new(&above(first)).await;
        let Ground { browser, .. } = &ground;
        ground
            .open("?view=content&layer=1&path=/etc/conf", LISTED)
            .await;
        browser
            .until_text(".problem", "table of contents names")
            .await;
        let shown: usize = browser
            .value("document.querySelectorAll('.code, .content-tools a').length")
            .await;
        assert_eq!(shown, 0);
    }
}

/// The tables of SOCI are blobs of their own, and do not tell where contents are.
#[tokio::test]
async fn an_image_with_a_soci_index_is_listed_and_a_file_is_shown_once_its_layer_is_read() {
    let (image, beside) = soci(on(app()));
    let ground = Ground::beside(&image, beside).await;
    let Ground { browser, .. } = &ground;
    ground.open("?layer=1", LISTED).await;
    browser.until_text(".details .facts", "– in").await;
    let small = image.layers[1].bytes.len() as u64;
    assert_eq!(ground.registry.take(), small);
    let content = "?view=content&layer=1&path=/etc/conf";
    ground.go(content).await;
    browser
        .until_text(".problem", "not enough to read this")
        .await;
    assert_eq!(ground.registry.take(), 0);
    browser.click(".band .again").await;
    let _: bool = browser.until(WHOLE).await;
    assert_eq!(ground.registry.take(), ground.whole);
    ground.go("?layer=1").await;
    ground.go(content).await;
    browser.until_text(".code", "the configuration").await;
}
