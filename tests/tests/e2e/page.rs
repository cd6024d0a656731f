//! The page in a real browser: served by the `onionskin` command, reading images of a real registry through it.

use std::process::Command;

use onionskin_fixtures::{Image, Packed, bytes, layer};
use onionskin_tests::binary::onionskin;
use onionskin_tests::odd::Odd;
use onionskin_tests::{Browser, Served};
use serde_json::Value;
use thirtyfour::Key;

/// True once the image is read to its end and its numbers are those of the whole.
const WHOLE: &str = "!!document.querySelector('.band') && !document.querySelector('.band.partial')";

/// A file that is added, one that a later layer deletes, one that it replaces.
fn story() -> Packed {
    Image::new()
        .layer(
            layer("RUN make")
                .dir("/app")
                .file("/app/core.o", bytes(100_000))
                .file("/app/settings", "debug")
                .dir("/app/bin")
                .file("/app/bin/run", bytes(2_000))
                .mode(0o755),
        )
        .layer(
            layer("RUN rm /app/core.o")
                .whiteout("/app/core.o")
                .file("/app/settings", "release"),
        )
        .pack()
}

/// The script expression for the row of a name in the tree.
fn row(name: &str) -> String {
    format!(
        "[...document.querySelectorAll('.row[data-row]')].find(r => r.querySelector('.label').textContent === {})",
        Value::from(name)
    )
}

#[tokio::test]
async fn the_demo_shows_every_cause_with_the_numbers_of_inspect() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    browser.goto(&served.page("/")).await;
    browser.until_text(".card .mono", "demo/webapp:1.0").await;
    let _: bool = browser.until("[...document.querySelectorAll('.card')].some(c => { if (c.textContent.includes('demo/webapp:1.0')) { c.click(); return true } })").await;
    let _: bool = browser.until(WHOLE).await;

    let output = Command::new(onionskin())
        .args(["inspect", "--format", "json"])
        .arg(format!("{}/demo/webapp:1.0", served.address()))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();

    for (cause, key) in [
        ("deleted", "deleted"),
        ("overwritten", "overwritten"),
        ("metadata-only", "metadataOnly"),
        ("repeated", "repeated"),
    ] {
        let shown: String = browser
            .value(&format!(
                "document.querySelector('[data-cause={cause}]').dataset.bytes"
            ))
            .await;
        assert_ne!(shown, "0", "{cause}");
        assert_eq!(shown, told["bytes"]["causes"][key].to_string(), "{cause}");
    }
    let live: String = browser
        .value("document.querySelector('[data-cause=live]').dataset.bytes")
        .await;
    assert_eq!(live, told["bytes"]["live"].to_string());
    let figures: Vec<String> = browser
        .value("[...document.querySelectorAll('.figure dd')].map(e => e.dataset.bytes)")
        .await;
    let expected = [
        &told["image"]["compressedSize"],
        &told["bytes"]["stored"],
        &told["bytes"]["live"],
        &told["bytes"]["wasted"],
        &told["bytes"]["wastedCompressed"],
    ];
    assert_eq!(figures, expected.map(Value::to_string));
    let layers = browser.texts(".layer .number").await.len();
    assert_eq!(layers, told["layers"].as_array().unwrap().len());
    // What is opened has the address that it would be given to others under.
    assert!(browser.address().await.ends_with("#/image/demo/webapp:1.0"));
}

#[tokio::test]
async fn a_visitor_walks_to_a_file_and_the_address_leads_back_there() {
    let (_registry, served, reference) = Served::in_front_of(&story());
    let browser = Browser::start().await;
    browser.goto(&served.page("/")).await;
    browser.fill(".start input", reference.as_str()).await;
    browser.press(Key::Enter).await;
    let _: bool = browser.until(WHOLE).await;
    walk_by_the_keyboard(&browser).await;
    copy_the_link(&browser).await;
    look_at_what_is_deleted(&browser).await;
    follow_the_finding(&browser).await;
    let address = browser.address().await;
    assert!(
        address.contains("layer=2&view=changes&path=/app/core.o"),
        "{address}"
    );

    // Loaded again, and opened elsewhere, the address shows the same.
    browser.reload().await;
    deleted_is_shown(&browser).await;
    assert_eq!(browser.address().await, address);

    // Back is where the finding was clicked.
    browser.back().await;
    browser.until_text(".finding.selected", "core.o").await;
}

/// Down to the folder, open it, down to the file in the folder in it.
async fn walk_by_the_keyboard(browser: &Browser) {
    let _: bool = browser
        .until(&format!(
            "!!{} && (document.querySelector('.tree').focus(), true)",
            row("app")
        ))
        .await;
    browser.press(Key::Down).await;
    browser.press(Key::Right).await;
    let _: bool = browser.until(&format!("!!{}", row("bin"))).await;
    // Past the deleted file, which is larger.
    browser.press(Key::Down).await;
    browser.press(Key::Down).await;
    browser.press(Key::Right).await;
    let _: bool = browser.until(&format!("!!{}", row("run"))).await;
    browser.press(Key::Down).await;
    browser.until_text(".details h2", "run").await;
    browser.until_text(".details .facts", "rwxr-xr-x 755").await;
    let _: bool = browser
        .until("location.hash.includes('path=/app/bin/run')")
        .await;
}

/// The link to the file is pinned to the digest.
async fn copy_the_link(browser: &Browser) {
    browser.click("button.copy").await;
    browser.until_text(".notice", "Link copied").await;
    browser.fill(".find input", Key::Control + "v").await;
    let _: bool = browser
        .until("document.querySelector('.find input').value.includes('/team/app@sha256:')")
        .await;
    browser.fill(".find input", Key::Control + "a").await;
    browser.fill(".find input", Key::Backspace + "").await;
    let _: bool = browser.until(&format!("!!{}", row("run"))).await;
}

/// The deleted file is in the changes of the layer that deleted it.
async fn look_at_what_is_deleted(browser: &Browser) {
    browser.click(".layer[data-layer='2']").await;
    browser.click(".switch button:last-child").await;
    let _: bool = browser
        .until(&format!("{}?.classList.contains('gone')", row("core.o")))
        .await;
    let gone: String = browser
        .value(&format!("{}.textContent", row("core.o")))
        .await;
    assert!(
        gone.contains("deleted in layer 2, still downloaded"),
        "{gone}"
    );
    let settings: String = browser
        .value(&format!("{}.querySelector('.sign').title", row("settings")))
        .await;
    assert_eq!(settings, "overwritten");
}

/// It leads the waste, and from there to where it was deleted.
async fn follow_the_finding(browser: &Browser) {
    browser.click("#tab-waste").await;
    browser
        .until_text(".finding[data-kind=deleted]", "core.o")
        .await;
    let finding = browser.texts(".finding[data-kind=deleted]").await.remove(0);
    for part in [
        "/app/core.o",
        "100.0 kB",
        "added in layer 1 RUN make",
        "deleted in layer 2 RUN rm /app/core.o",
    ] {
        assert!(finding.contains(part), "{part} is not in {finding}");
    }
    browser.click(".finding[data-kind=deleted] h4 a").await;
    deleted_is_shown(browser).await;
}

async fn deleted_is_shown(browser: &Browser) {
    let _: bool = browser
        .until(&format!(
            "{}?.classList.contains('selected')",
            row("core.o")
        ))
        .await;
    browser
        .until_text(".path-history", "Deleted in layer 2")
        .await;
}

/// For pages that link here and know no fragments.
#[tokio::test]
async fn the_query_of_an_address_names_an_image_and_becomes_the_fragment() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    let page = format!("http://{}/", served.address());
    for (query, shown, address) in [
        (
            "?image=demo%2Fwebapp:1.0",
            ".row[data-row]",
            "#/image/demo/webapp:1.0",
        ),
        (
            "?from=review&image=docker+pull+demo/webapp:1.0",
            ".row[data-row]",
            "?from=review#/image/demo/webapp:1.0",
        ),
        // The policy of this page lets it read no other origin.
        (
            "?url=https://ci.example.com/app.onionskin",
            ".problem",
            "#/index/https://ci.example.com/app.onionskin",
        ),
    ] {
        browser.goto("about:blank").await;
        browser.goto(&format!("{page}{query}")).await;
        let _: bool = browser
            .until(&format!("!!document.querySelector('{shown}')"))
            .await;
        assert_eq!(browser.address().await, format!("{page}{address}"));
    }
}

#[tokio::test]
async fn a_digest_is_looked_for_in_the_repository_that_is_shown() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    let digest = format!("sha256:{}", "9f".repeat(32));
    let typed = async |digest: &str| {
        // In the place of what stands there.
        let all = Key::Control + "a";
        browser.fill("form.reference input", all).await;
        browser.fill("form.reference input", digest).await;
        browser.click("form.reference button.primary").await;
    };
    browser.goto(&served.page("/")).await;
    typed(&digest).await;
    browser
        .until_text(".remarks", "A digest alone names no image")
        .await;
    browser.goto(&served.page("/image/demo/webapp:1.0")).await;
    let _: bool = browser.until(WHOLE).await;
    typed(&format!(" {digest} ")).await;
    browser.until_text(".problem h1", "Image not found").await;
    let address = browser.address().await;
    assert!(
        address.ends_with(&format!("#/image/demo/webapp@{digest}")),
        "{address}"
    );
}

#[tokio::test]
async fn names_are_text_whatever_they_say() {
    let names: [&[u8]; 6] = [
        b"<img src=x onerror=\"document.title='owned'\">",
        b"a\nb",
        b"\x1b[31mred\x1b[0m",
        b"caf\xe9",
        "txt.\u{202e}gpj".as_bytes(),
        b"javascript:alert(1)",
    ];
    let shown = [
        "<img src=x onerror=\"document.title='owned'\">",
        "a\\nb",
        "\\x1b[31mred\\x1b[0m",
        "caf\\xe9",
        "txt.\\u{202e}gpj",
        "javascript:alert(1)",
    ];
    let hostile = names.iter().fold(
        layer("<script>document.title='owned'</script>\u{202e}"),
        |layer, name| layer.file([b"/", *name].concat(), "x"),
    );
    let image = Image::new()
        .layer(hostile)
        .label("<b>bold</b>", "\u{1b}[2J")
        .pack();
    let (_registry, served, reference) = Served::in_front_of(&image);
    let browser = Browser::start().await;
    browser
        .goto(&served.page(&format!("/image/{reference}")))
        .await;
    let _: bool = browser.until(WHOLE).await;
    for name in shown {
        let _: bool = browser.until(&format!("!!{}", row(name))).await;
    }
    let _: bool = browser
        .until("!document.querySelector('main img, main script, main b b')")
        .await;
    let title: String = browser.value("document.title").await;
    assert_ne!(title, "owned");
    // A path of any bytes has an address.
    let _: bool = browser
        .until(&format!("({}.click(), true)", row("caf\\xe9")))
        .await;
    let _: bool = browser
        .until("location.hash.includes('path=/caf%E9')")
        .await;
    browser.reload().await;
    let _: bool = browser
        .until(&format!(
            "{}?.classList.contains('selected')",
            row("caf\\xe9")
        ))
        .await;
    // Numbers on the tabs before it come with the audit.
    let _: bool = browser
        .until("!!document.querySelector('#tab-waste .beside')")
        .await;
    browser.click("#tab-config").await;
    browser.until_text(".config dt", "<b>bold</b>").await;
    browser.until_text(".config dd", "\\x1b[2J").await;
}

#[tokio::test]
async fn a_broken_layer_leaves_the_others_to_look_at() {
    let image = Image::new()
        .layer(layer("RUN one").file("/one", bytes(1_000)))
        .layer(layer("RUN two").stored(vec![0x1f; 4_096]))
        .layer(layer("RUN three").file("/three", bytes(3_000)))
        .pack();
    let (_registry, served, reference) = Served::in_front_of(&image);
    let browser = Browser::start().await;
    browser
        .goto(&served.page(&format!("/image/{reference}")))
        .await;
    browser
        .until_text(
            ".band .state.missing",
            "Layer 2 could not be read. Only layer 1 is counted.",
        )
        .await;
    let _: bool = browser.until(&format!("!!{}", row("one"))).await;
    browser.click(".layer[data-layer='2']").await;
    browser
        .until_text(".problem", "Layer 2 cannot be read")
        .await;
    browser.until_text(".problem button", "Try again").await;
    browser.click(".layer[data-layer='3']").await;
    let _: bool = browser
        .until(&format!("!!{} && !{}", row("three"), row("one")))
        .await;
    browser.until_text(".foot", "in layer 3 only").await;
}

#[tokio::test]
async fn what_is_not_there_is_told_where_the_visitor_looks() {
    let (_registry, served, reference) = Served::in_front_of(&story());
    let browser = Browser::start().await;
    let missing = reference.replace(":1.0", ":9");
    browser
        .goto(&served.page(&format!("/image/{missing}")))
        .await;
    browser.until_text(".problem h1", "Image not found").await;
    browser
        .goto(&served.page("/image/registry.invalid/app:1"))
        .await;
    browser
        .until_text(".problem", "can add it with --registry registry.invalid")
        .await;
    browser.goto(&served.page("/image/team/APP")).await;
    browser
        .until_text(".problem h1", "Invalid image reference")
        .await;
    // A link whose parts are unknown shows the nearest view, and says so.
    browser
        .goto(&served.page(&format!(
            "/image/{reference}?layer=7&view=atlas&path=/app/none"
        )))
        .await;
    browser
        .until_text(".remarks", "There is no layer 7: this image has 2 layers")
        .await;
    browser
        .until_text(".remarks", "There is no view called “atlas”")
        .await;
    browser
        .until_text(".details", "/app/none does not exist in this image")
        .await;
    let _: bool = browser.until(&format!("!!{}", row("bin"))).await;
}

#[tokio::test]
async fn what_is_here_can_be_looked_at_while_the_rest_comes() {
    let odd = Odd::stalling(&story()).await;
    let served = Served::start(&[format!("http://{}", odd.address)]);
    let browser = Browser::start().await;
    browser
        .goto(&served.page(&format!("/image/{}/app:1", odd.address)))
        .await;
    // The first layer is here, the second never will be.
    browser
        .until_text(".band .state", "1 of 2 layers read")
        .await;
    let _: bool = browser.until(&format!("!!{}", row("app"))).await;
    let _: bool = browser
        .until("!!document.querySelector('.layer[data-layer=\"2\"] [role=progressbar]')")
        .await;
}

#[tokio::test]
async fn platforms_can_be_chosen_where_there_are_several() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    browser
        .goto(&served.page("/image/demo/hello?view=content&path=/hello"))
        .await;
    let _: bool = browser.until(WHOLE).await;
    let first: String = browser
        .value("document.querySelector('select.platform').value")
        .await;
    assert_eq!(first, "linux/amd64");
    let _: bool = browser
        .until("(s => { s.value = 'linux/arm64'; s.dispatchEvent(new Event('change', { bubbles: true })); return true })(document.querySelector('select.platform'))")
        .await;
    let _: bool = browser
        .until("location.hash.includes('platform=linux/arm64')")
        .await;
    let _: bool = browser
        .until(&format!(
            "{WHOLE} && document.querySelector('select.platform').value === 'linux/arm64'"
        ))
        .await;
    // It is the same file that is shown.
    browser.until_text(".content-head h2", "hello").await;
    browser
        .until_text(".content-tools", "stored in layer 1")
        .await;
    browser.click("#tab-config").await;
    browser.until_text(".config dd", "linux/arm64").await;
}

/// Counts frames while a script scrolls and clicks; `frames.most()` is the longest since the last time.
const FRAMES: &str = "
    const done = arguments[arguments.length - 1];
    let last = performance.now(), longest = 0, on = true;
    (function frame(now) { longest = Math.max(longest, now - last); last = now; if (on) requestAnimationFrame(frame) })(last);
    const most = () => { const most = longest; longest = 0; return most };
    const next = () => new Promise(next => requestAnimationFrame(next));
    const until = async seen => { while (!seen()) await next() };
    const scroller = document.querySelector('.scroller'), space = document.querySelector('.space');
    const box = scroller.getBoundingClientRect();
    const filled = () => [0.2, 0.4, 0.6, 0.8].every(down =>
        document.elementFromPoint(box.left + 120, box.top + box.height * down)?.closest('.row[data-row]'));
    const at = row => document.querySelector(`[data-row='${Math.floor(row)}']`);
    const row = name => [...document.querySelectorAll('.row[data-row]')].find(r => r.querySelector('.label').textContent === name);
";

/// The limits have room for a slow machine: ten times what the page is built for.
#[tokio::test]
async fn a_tree_of_120000_rows_never_stops_the_page() {
    const FILES: usize = 120_000;
    const FRAME: f64 = 1_000.0;
    const TASK: f64 = 500.0;
    let flat = (0..FILES).fold(layer("COPY big").dir("/big"), |layer, file| {
        layer.file(format!("/big/file-{file:06}"), "")
    });
    let (_registry, served, reference) = Served::in_front_of(&Image::new().layer(flat).pack());
    let browser = Browser::start().await;
    browser
        .goto(&served.page(&format!("/image/{reference}")))
        .await;
    let _: bool = browser.until(&format!("{WHOLE} && !!{}", row("big"))).await;
    let tasks: Vec<f64> = browser
        .run(
            "const done = arguments[0], tasks = [];
             new PerformanceObserver(list => list.getEntries().forEach(entry => tasks.push(entry.duration)))
                 .observe({ type: 'longtask', buffered: true });
             // What is buffered comes before the next frames.
             requestAnimationFrame(() => requestAnimationFrame(() => done(tasks)));",
        )
        .await;
    assert!(
        tasks.iter().all(|task| *task < TASK),
        "long tasks while loading, in ms: {tasks:?}"
    );

    let measured: Vec<f64> = browser
        .run(&format!(
            "{FRAMES}
            (async () => {{
                row('big').querySelector('.twisty').click();
                await until(() => space.offsetHeight >= {FILES} * 28 && row('file-000000'));
                const opened = most(), far = scroller.scrollHeight - scroller.clientHeight;
                for (let step = 0; step <= 240; step++) {{ scroller.scrollTop = far * step / 240; await next(); }}
                await until(() => row('file-{:06}'));
                const scrolled = most(), drawn = document.querySelectorAll('.row').length;
                let empty = 0;
                for (let leap = 1; leap <= 20; leap++) {{
                    scroller.scrollTop = far * ((leap * 7) % 20 + 0.5) / 20;
                    await next();
                    if (!filled()) empty++;
                    // Then the rows come that belong there.
                    await until(() => at(scroller.scrollTop / 28 + 5) && filled());
                }}
                scroller.scrollTop = 0;
                await until(() => row('big'));
                most();
                row('big').querySelector('.twisty').click();
                await until(() => space.offsetHeight < 100 * 28);
                on = false;
                done([opened, scrolled, most(), drawn, empty]);
            }})();",
            FILES - 1
        ))
        .await;
    let [opened, scrolled, closed, drawn, empty] = measured[..] else {
        panic!("{measured:?}")
    };
    assert!(
        opened < FRAME && scrolled < FRAME && closed < FRAME,
        "{measured:?}"
    );
    assert!(drawn < 100.0, "{drawn} rows are in the document");
    // Fewer than one in ten: a machine that does something else may miss a frame.
    assert!(empty < 2.0, "empty after {empty} of 20 leaps");
}
