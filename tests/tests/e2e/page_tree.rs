//! The tree of the Files view: what is wasted in a filesystem, chips, ranges of layers, columns, folders, links.

use onionskin_fixtures::{Image, Packed, bytes, layer};
use onionskin_tests::{Browser, Served};
use serde_json::Value;

/// True once the image is read to its end.
const WHOLE: &str = "!!document.querySelector('.band') && !document.querySelector('.band.partial')";

/// A file of each kind: used as it was added, overwritten, stored again, deleted; and a folder that holds nothing.
fn story() -> Packed {
    Image::new()
        .layer(
            layer("COPY . /")
                .file("/app/cache", bytes(90_000))
                .file("/app/settings", bytes(1_000))
                .file("/app/tool", bytes(30_000))
                .file("/srv/data", bytes(50_000))
                .symlink("/bin", "usr/bin")
                .file("/usr/bin/sh", bytes(700))
                .symlink("/nowhere", "none")
                .dir("/proc"),
        )
        .layer(
            layer("RUN rm /app/cache")
                .whiteout("/app/cache")
                .file("/app/settings", bytes(2_000)),
        )
        .layer(
            layer("RUN chmod 700 /app/tool")
                .file("/app/tool", bytes(30_000))
                .mode(0o700)
                .file("/tmp/x", bytes(10)),
        )
        .layer(layer("RUN rm /tmp/x").whiteout("/tmp/x"))
        .pack()
}

/// The script expression for the row of a name.
fn row(name: &str) -> String {
    format!(
        "[...document.querySelectorAll('.row[data-row]')].find(r => r.querySelector('.label').textContent === {})",
        Value::from(name)
    )
}

/// Waits until the tree has these names, in this order.
async fn until_names(browser: &Browser, names: &[&str]) {
    let names = serde_json::to_string(names).unwrap();
    let _: bool = browser
        .until(&format!(
            "JSON.stringify([...document.querySelectorAll('.row[data-row] .label')].map(e => e.textContent)) === {}",
            Value::from(names)
        ))
        .await;
}

/// Chooses an option of a list.
async fn choose(browser: &Browser, select: &str, value: &str) {
    let _: bool = browser
        .until(&format!(
            "(s => {{ if (!s) return false; s.value = '{value}'; s.dispatchEvent(new Event('change', {{ bubbles: true }})); return true }})(document.querySelector('{select}'))"
        ))
        .await;
}

async fn open(rest: &str) -> (impl Sized, Served, Browser, String) {
    let (registry, served, reference) = Served::in_front_of(&story());
    let browser = Browser::start().await;
    browser
        .goto(&served.page(&format!("/image/{reference}{rest}")))
        .await;
    let _: bool = browser.until(WHOLE).await;
    (registry, served, browser, reference)
}

const ALL: [&str; 13] = [
    "app", "cache", "tool", "settings", "srv", "data", "usr", "bin", "sh", "tmp", "x", "bin",
    "nowhere",
];

#[tokio::test]
async fn the_filesystem_shows_what_is_wasted_in_it_the_largest_first() {
    let (_registry, _served, browser, _) = open("").await;
    until_names(
        &browser,
        &["app", "srv", "usr", "tmp", "bin", "nowhere", "proc"],
    )
    .await;
    choose(&browser, ".expand", "4294967295").await;
    let all = [&ALL[..], &["proc"]].concat();
    until_names(&browser, &all).await;
    let told = |name: &str, cell: &str| {
        format!(
            "{}.querySelector('.cell[data-column={cell}]').textContent",
            row(name)
        )
    };
    for (name, sign, size, wasted, layer) in [
        ("app", "", "122.0 kB", "121.0 kB", "1"),
        ("cache", "D", "90.0 kB", "90.0 kB", "1"),
        ("tool", "C", "30.0 kB", "30.0 kB", "3"),
        ("settings", "M", "2.0 kB", "1.0 kB", "2"),
        ("data", "", "50.0 kB", "", "1"),
    ] {
        let letter: String = browser
            .value(&format!(
                "{}.querySelector('.sign [aria-hidden]')?.textContent ?? ''",
                row(name)
            ))
            .await;
        assert_eq!(letter, sign, "{name}");
        for (cell, expected) in [("size", size), ("wasted", wasted), ("layer", layer)] {
            let text: String = browser.value(&told(name, cell)).await;
            assert_eq!(text, expected, "{cell} of {name}");
        }
        let download: String = browser.value(&told(name, "download")).await;
        assert!(!download.is_empty(), "{name}");
    }
    let note: String = browser.value(&told("cache", "name")).await;
    assert!(
        note.contains("deleted in layer 2, still downloaded"),
        "{note}"
    );
    let struck: String = browser
        .value(&format!(
            "getComputedStyle({}.querySelector('.label')).textDecorationLine",
            row("cache")
        ))
        .await;
    assert_eq!(struck, "line-through");
    let idle: bool = browser
        .value(&format!("{}.classList.contains('idle')", row("proc")))
        .await;
    assert!(idle);
    browser.until_text(".foot", "90.0 kB deleted").await;
    assert_eq!(browser.accessibility().await, Vec::<String>::new());
    // Folders close again.
    choose(&browser, ".expand", "0").await;
    until_names(
        &browser,
        &["app", "srv", "usr", "tmp", "bin", "nowhere", "proc"],
    )
    .await;
    choose(&browser, ".expand", "1").await;
    let _: bool = browser
        .until(&format!("!!{} && !{}", row("cache"), row("sh")))
        .await;
}

#[tokio::test]
async fn what_another_view_shows_is_no_part_of_the_tree() {
    let (_registry, served, browser, reference) = open("?view=waste&find=cache").await;
    let trees = ".layers .switch button";
    browser.click(trees).await;
    until_names(
        &browser,
        &["app", "srv", "usr", "tmp", "bin", "nowhere", "proc"],
    )
    .await;
    assert!(!browser.address().await.contains("find="));
    // Bytes and lines are those of one file.
    let content = "?view=content&path=/app/tool&as=hex&lines=L2";
    browser
        .goto(&served.page(&format!("/image/{reference}{content}")))
        .await;
    browser.until_text(".code.hex", "00000010").await;
    browser.click(trees).await;
    browser.until_text(".row.selected .label", "tool").await;
    let _: bool = browser
        .until(&format!("!!{0} && ({0}.click(), true)", row("settings")))
        .await;
    browser.until_text(".details h2", "settings").await;
    browser.click(".view-content").await;
    browser.until_text(".content-head h2", "settings").await;
    let address = browser.address().await;
    assert!(
        !address.contains("as=") && !address.contains("lines="),
        "{address}"
    );
}

#[tokio::test]
async fn chips_hide_kinds_and_the_address_remembers_it() {
    let (_registry, _served, browser, _) = open("").await;
    let counts = "[...document.querySelectorAll('.toolbar .chip')].map(c => [c.dataset.kind, c.querySelector('b').textContent].join(' '))";
    let _: bool = browser.until(&format!("{counts}.length === 4")).await;
    let counts: Vec<String> = browser.value(counts).await;
    assert_eq!(
        counts,
        [
            "deleted 2",
            "metadata-only 1",
            "overwritten 1",
            "unchanged 4"
        ]
    );
    browser.click(".chip[data-kind=unchanged]").await;
    until_names(&browser, &["app", "tmp"]).await;
    browser.click(".chip[data-kind=deleted]").await;
    until_names(&browser, &["app"]).await;
    choose(&browser, ".expand", "4294967295").await;
    until_names(&browser, &["app", "tool", "settings"]).await;
    // Sums are of what is shown.
    let size: String = browser
        .value(&format!(
            "{}.querySelector('.cell[data-column=size]').textContent",
            row("app")
        ))
        .await;
    assert_eq!(size, "32.0 kB");
    let address = browser.address().await;
    assert!(address.ends_with("?hide=unchanged,deleted"), "{address}");
    browser.reload().await;
    let _: bool = browser.until(WHOLE).await;
    let _: bool = browser
        .until(&format!("!!{} && !{}", row("app"), row("srv")))
        .await;
    // Where nothing is left, the way back is offered.
    browser.click(".chip[data-kind=metadata-only]").await;
    browser.click(".chip[data-kind=overwritten]").await;
    browser.click(".nothing button").await;
    let _: bool = browser.until(&format!("!!{}", row("srv"))).await;
}

#[tokio::test]
async fn changes_of_several_layers_are_one_tree() {
    let (_registry, _served, browser, _) = open("?layer=3&view=changes").await;
    browser.until_text(".foot", "changed by layer 3").await;
    choose(&browser, ".range select", "2").await;
    browser
        .until_text(".foot", "changed by layers 2 to 3")
        .await;
    choose(&browser, ".expand", "4294967295").await;
    until_names(&browser, &["app", "cache", "tool", "settings", "tmp", "x"]).await;
    let address = browser.address().await;
    assert!(
        address.ends_with("?layer=3&from=2&view=changes"),
        "{address}"
    );
    browser.reload().await;
    browser
        .until_text(".foot", "changed by layers 2 to 3")
        .await;
    // Another layer is looked at alone.
    browser.click(".layer[data-layer='4']").await;
    browser.until_text(".foot", "changed by layer 4").await;
}

#[tokio::test]
async fn columns_sort_both_ways_hide_and_are_remembered() {
    let (_registry, served, browser, reference) = open("").await;
    let tops = ["app", "srv", "usr", "tmp", "bin", "nowhere", "proc"];
    until_names(&browser, &tops).await;
    browser.click(".heads [data-column=name] button").await;
    until_names(
        &browser,
        &["app", "bin", "nowhere", "srv", "tmp", "usr", "proc"],
    )
    .await;
    let _: bool = browser.until("location.hash.endsWith('?sort=name')").await;
    browser.click(".heads [data-column=name] button").await;
    until_names(
        &browser,
        &["usr", "tmp", "srv", "nowhere", "bin", "app", "proc"],
    )
    .await;
    let sorted = "document.querySelector('.heads [data-column=name]').getAttribute('aria-sort')";
    let _: bool = browser.until(&format!("{sorted} === 'descending'")).await;
    browser.click(".heads [data-column=size] button").await;
    until_names(&browser, &tops).await;

    browser.click(".menu summary").await;
    browser.click(".menu-box label:nth-child(2) input").await;
    let heads = "[...document.querySelectorAll('.heads .cell')].map(e => e.dataset.column)";
    let _: bool = browser
        .until(&format!("!{heads}.includes('download')"))
        .await;
    browser.click(".menu-box label:nth-child(6) input").await;
    let _: bool = browser
        .until(&format!("{heads}.includes('modified')"))
        .await;
    browser.goto("about:blank").await;
    browser
        .goto(&served.page(&format!("/image/{reference}")))
        .await;
    let _: bool = browser.until(&format!("{heads}.length > 2")).await;
    let heads: Vec<String> = browser.value(heads).await;
    assert!(!heads.contains(&"download".to_owned()), "{heads:?}");
    assert!(heads.contains(&"modified".to_owned()), "{heads:?}");
    // Every row has the cells of the heads.
    let _: bool = browser
        .until("!!document.querySelector('.row[data-row=\"0\"] .cell')")
        .await;
    let cells: Vec<String> = browser
        .value(
            "[...document.querySelectorAll('.row[data-row=\"0\"] .cell')].map(e => e.dataset.column)",
        )
        .await;
    assert_eq!(cells, heads);
}

#[tokio::test]
async fn details_lead_to_folders_above_and_to_what_a_link_means() {
    let (_registry, _served, browser, _) = open("?path=/bin").await;
    browser.until_text(".details h2", "bin").await;
    browser.click(".details .go-to").await;
    let _: bool = browser
        .until("location.hash.includes('path=/usr/bin')")
        .await;
    browser.until_text(".row.selected .label", "bin").await;
    browser.click(".crumbs > button").await;
    browser.until_text(".row.selected .label", "usr").await;
    browser.back().await;
    browser.back().await;
    let _: bool = browser.until("location.hash.includes('path=/bin')").await;
    browser.click(".crumbs .copying button").await;
    browser.until_text(".crumbs [role=status]", "Copied").await;
    let _: bool = browser
        .until(&format!("({}?.click(), true)", row("nowhere")))
        .await;
    browser
        .until_text(".details .facts", "does not exist in the image")
        .await;
}

/// Sixteen layers fit a screen of 900 pixels; the base's are marked, and what was copied is told without its hash.
#[tokio::test]
async fn layers_have_one_line_each() {
    let hash = "b52b".repeat(16);
    let mut image = Image::new().layer(
        layer(&format!("/bin/sh -c #(nop) COPY file:{hash} in /app/ "))
            .file("/app/a", bytes(5_000)),
    );
    for number in 2..=16 {
        image =
            image.layer(layer(&format!("RUN step {number}")).file("/app/a", bytes(5_000 + number)));
    }
    let (_registry, served, reference) = Served::in_front_of(&image.pack());
    let browser = Browser::start().await;
    browser.resize(1440, 900).await;
    browser
        .goto(&served.page(&format!("/image/{reference}?layer=1")))
        .await;
    let _: bool = browser.until(WHOLE).await;
    browser.until_text(".layer .command", "COPY → /app/").await;
    let fits: bool = browser
        .value("document.querySelector('.layers ol').scrollHeight <= document.querySelector('.layers ol').clientHeight")
        .await;
    assert!(fits);
    browser
        .until_text(".details .command", &format!("COPY file:{hash} in /app/"))
        .await;
    browser.until_text(".details .sized-files", "/app/a").await;
    browser.click(".layer[data-layer='2']").await;
    browser
        .until_text(".details", "Hides 5.0 kB of lower layers")
        .await;
    browser.click(".details .sized-files button").await;
    browser.until_text(".row.selected .label", "a").await;
}
