//! Where things stand on screens of all sizes, and that they stay there while an image is read.

use onionskin_fixtures::{Image, bytes, layer};
use onionskin_tests::odd::Odd;
use onionskin_tests::{Browser, Served};

const WHOLE: &str = "!!document.querySelector('.band') && !document.querySelector('.band.partial')";

/// How many rows of the tree can be seen: none is covered by anything.
const ROWS_SEEN: &str = "[...document.querySelectorAll('.row[data-row]')].filter(row => {
    const box = row.getBoundingClientRect(), x = box.left + 60;
    return [box.top + 4, box.bottom - 4].every(y => row.contains(document.elementFromPoint(x, y)));
}).length";

/// Whether each tab can be clicked.
const TABS_SEEN: &str = "[...document.querySelectorAll('.tabs button')].every(tab => {
    const box = tab.getBoundingClientRect();
    return tab.contains(document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2));
})";

#[tokio::test]
async fn at_200_percent_zoom_the_tree_has_rows_and_the_details_leave_the_tabs() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    // 1440 by 900 at 200 %; the same screen at 175 %; a phone held upright and across.
    for (width, height) in [(720, 450), (823, 514), (390, 844), (844, 390)] {
        browser.resize(width, height).await;
        browser.goto("about:blank").await;
        browser.goto(&served.page("/image/demo/webapp:1.0")).await;
        let _: bool = browser.until(&format!("{WHOLE} && {ROWS_SEEN} >= 3")).await;
        browser
            .goto(&served.page("/image/demo/webapp:1.0?path=/app"))
            .await;
        let _: bool = browser
            .until(&format!(
                "!!document.querySelector('.details .facts') && {TABS_SEEN} && {ROWS_SEEN} >= 1"
            ))
            .await;
        let wide: bool = browser
            .value("document.documentElement.scrollWidth <= innerWidth")
            .await;
        assert!(wide, "{width} by {height} scrolls sideways");
    }
}

#[tokio::test]
async fn on_wide_screens_sizes_stand_near_the_names() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    for (width, height) in [(1920, 1080), (2560, 1440)] {
        browser.resize(width, height).await;
        browser.goto("about:blank").await;
        browser.goto(&served.page("/image/demo/webapp:1.0")).await;
        let _: bool = browser.until(&format!("{WHOLE} && {ROWS_SEEN} > 10")).await;
        let gap: f64 = browser
            .value(
                "(() => { const row = document.querySelector('.row[data-row]'), of = part => row.querySelector(part).getBoundingClientRect();
                    return of('.size').left - of('.label').right })()",
            )
            .await;
        assert!(gap < 600.0, "{gap} at {width}");
    }
}

/// Two layers, the last of which never comes whole.
async fn stalling() -> Odd {
    let image = Image::new()
        .layer(layer("COPY one /").file("/one", bytes(60_000)))
        .layer(layer("COPY two /").file("/two", bytes(90_000)))
        .pack();
    Odd::stalling(&image).await
}

#[tokio::test]
async fn nothing_moves_while_an_image_is_read() {
    let odd = stalling().await;
    let served = Served::start(&[format!("http://{}", odd.address)]);
    let browser = Browser::start().await;
    let height = "document.querySelector('.band').getBoundingClientRect().height";
    for (width, high) in [(1440, 900), (1024, 768), (390, 844)] {
        browser.resize(width, high).await;
        browser.goto("about:blank").await;
        browser
            .goto(&served.page(&format!("/image/{}/app:1", odd.address)))
            .await;
        browser
            .until_text(".band .state", "1 of 2 layers read")
            .await;
        let loading: f64 = browser.value(height).await;
        browser.goto("about:blank").await;
        browser.goto(&served.page("/image/demo/webapp:1.0")).await;
        let _: bool = browser.until("!!document.querySelector('.band')").await;
        let _: bool = browser.until(WHOLE).await;
        let _: bool = browser
            .until("!!document.querySelector('#tab-waste .beside')")
            .await;
        let read: f64 = browser.value(height).await;
        assert_eq!(loading, read, "the band's height at {width}");
        let (shift, moved): (f64, Vec<String>) = browser
            .run(
                "const done = arguments[0], moved = []; let sum = 0;
                 const at = box => [box.left, box.top, box.width, box.height].map(Math.round).join(' ');
                 new PerformanceObserver(list => list.getEntries().forEach(entry => {
                     sum += entry.value;
                     entry.sources.forEach(({ node, previousRect, currentRect }) => moved.push(
                         `${node?.className ?? node?.nodeName}: ${at(previousRect)} -> ${at(currentRect)}`));
                 })).observe({ type: 'layout-shift', buffered: true });
                 requestAnimationFrame(() => requestAnimationFrame(() => done([sum, moved])));",
            )
            .await;
        assert!(shift < 0.05, "{shift} at {width}: {moved:#?}");
    }
}

#[tokio::test]
async fn forced_colours_show_what_is_chosen() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    browser.emulate("forced-colors", "active").await;
    browser
        .goto(&served.page("/image/demo/webapp:1.0?path=/app"))
        .await;
    let _: bool = browser
        .until("!!document.querySelector('.row.selected')")
        .await;
    let active: bool = browser
        .value("matchMedia('(forced-colors: active)').matches")
        .await;
    assert!(active);
    for (chosen, other) in [
        (".tabs [aria-selected=true]", ".tabs [aria-selected=false]"),
        (
            ".switch [aria-pressed=true]",
            ".switch [aria-pressed=false]",
        ),
        (".layer[aria-selected=true]", ".layer[aria-selected=false]"),
        (".row.selected", ".row[data-row]:not(.selected)"),
    ] {
        let differ: bool = browser
            .value(&format!(
                "(look => look('{chosen}') !== look('{other}'))(part => getComputedStyle(document.querySelector(part)).backgroundColor)"
            ))
            .await;
        assert!(differ, "{chosen}");
    }
    // The causes keep their colours, and the reference is drawn once.
    let colours: usize = browser
        .value("new Set([...document.querySelectorAll('.legend .dot')].map(dot => getComputedStyle(dot).backgroundColor)).size")
        .await;
    assert_eq!(colours, 5);
    let pretty: String = browser
        .value("getComputedStyle(document.querySelector('.pretty')).display")
        .await;
    assert_eq!(pretty, "none");
}
