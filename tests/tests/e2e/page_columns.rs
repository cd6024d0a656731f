//! The columns of the tree: each sorts both ways, and each can be made wider and narrower.

use onionskin_fixtures::{Image, Packed, layer, seeded};
use onionskin_tests::{Browser, Served};
use thirtyfour::Key;

/// True once the image is read to its end.
const WHOLE: &str = "!!document.querySelector('.band') && !document.querySelector('.band.partial')";

/// Three files that each column puts in another order.
fn story() -> Packed {
    Image::new()
        .layer(
            layer("COPY a /")
                .file("/a", seeded(1, 3_000))
                .mode(0o600)
                .owner(2, 2)
                .mtime(200_000_000)
                .file("/b", seeded(2, 5_000)),
        )
        .layer(
            layer("COPY b /")
                .file("/b", seeded(3, 1_000))
                .mode(0o755)
                .owner(3, 3)
                .mtime(100_000_000)
                .file("/c", seeded(4, 400)),
        )
        .layer(
            layer("COPY c /")
                .file("/c", seeded(5, 2_000))
                .mode(0o644)
                .owner(1, 1)
                .mtime(300_000_000),
        )
        .pack()
}

/// Opens it with every column.
async fn open() -> (impl Sized, Browser, String) {
    let (registry, served, reference) = Served::in_front_of(&story());
    let browser = Browser::start().await;
    browser.resize(1920, 1080).await;
    let place = served.page(&format!("/image/{reference}"));
    browser.goto(&served.page("/")).await;
    let _: bool = browser
        .value("(localStorage.setItem('onionskin.columns', 'size,download,wasted,mode,owner,modified,layer'), true)")
        .await;
    browser.goto("about:blank").await;
    browser.goto(&place).await;
    let _: bool = browser.until(WHOLE).await;
    let _: bool = browser
        .until("document.querySelectorAll('.heads .cell').length === 8")
        .await;
    ((registry, served), browser, place)
}

#[tokio::test]
async fn each_column_sorts_both_ways() {
    let (_ground, browser, _) = open().await;
    let names =
        "[...document.querySelectorAll('.row[data-row] .label')].map(e => e.textContent).join('')";
    for (column, ascending) in [
        ("name", "abc"),
        ("size", "bca"),
        ("download", "bca"),
        ("wasted", "acb"),
        ("mode", "acb"),
        ("owner", "cab"),
        ("modified", "bac"),
        ("layer", "abc"),
    ] {
        let descending: String = ascending.chars().rev().collect();
        let head = format!(".heads .cell[data-column={column}]");
        let mut before = browser
            .value::<String>(&format!("document.querySelector('{head}').ariaSort"))
            .await;
        let mut seen = Vec::new();
        for _ in 0..2 {
            browser.click(&format!("{head} button")).await;
            before = browser
                .until(&format!(
                    "(order => !['none', '{before}'].includes(order)
                        && {names} === (order === 'ascending' ? '{ascending}' : '{descending}') && order)(document.querySelector('{head}').ariaSort)"
                ))
                .await;
            seen.push(before.clone());
        }
        seen.sort();
        assert_eq!(seen, ["ascending", "descending"], "{column}");
    }
}

#[tokio::test]
async fn columns_are_resized_by_keys_and_mouse_and_remembered() {
    let (_ground, browser, place) = open().await;
    let line = |column: &str| format!(".heads [data-column={column}] [role=separator]");
    let width = |column: &str| {
        format!(
            "document.querySelector('.heads [data-column={column}]').getBoundingClientRect().width"
        )
    };
    let now = |column: &str| {
        format!(
            "Number(document.querySelector('{}').getAttribute('aria-valuenow'))",
            line(column)
        )
    };
    // The keys move the line before the column; what it takes, the names give.
    let names: f64 = browser.value(&width("name")).await;
    let focus = format!(
        "(line => {{ line.focus(); return document.activeElement === line }})(document.querySelector('{}'))",
        line("size")
    );
    assert!(browser.value::<bool>(&focus).await);
    for (key, size) in [
        (Key::Left, 88.0),
        (Key::Left, 96.0),
        (Key::Right, 88.0),
        (Key::End, 400.0),
        (Key::Home, 40.0),
        (Key::Enter, 80.0),
        (Key::Left, 88.0),
    ] {
        browser.press(key).await;
        let _: bool = browser
            .until(&format!(
                "{} === {size} && {} === {size}",
                now("size"),
                width("size")
            ))
            .await;
        let names_now: f64 = browser.value(&width("name")).await;
        assert_eq!(names_now, (names + 80.0 - size).max(130.0), "at {size}");
    }
    // The line goes with the mouse, and only its column changes.
    let at = "document.querySelector(\".heads [data-column=owner] [role=separator]\").getBoundingClientRect().left";
    let before: f64 = browser.value(at).await;
    let mode: f64 = browser.value(&width("mode")).await;
    browser.drag(&line("owner"), -50, 0).await;
    let _: bool = browser.until(&format!("{} === 122", now("owner"))).await;
    assert_eq!(browser.value::<f64>(at).await, before - 50.0);
    assert_eq!(browser.value::<f64>(&width("mode")).await, mode);
    // Cells follow their heads, and sorting stays as it was.
    let cells: Vec<f64> = browser
        .value("['.heads', '.row[data-row]'].map(row => document.querySelector(`${row} [data-column=owner]`).getBoundingClientRect().width)")
        .await;
    assert_eq!(cells, [122.0, 122.0]);
    assert!(!browser.address().await.contains("sort="));
    assert_eq!(browser.accessibility().await, Vec::<String>::new());
    browser.look("columns").await;
    browser.resize(1920, 1080).await;

    browser.goto("about:blank").await;
    browser.goto(&place).await;
    let _: bool = browser
        .until(&format!(
            "{} === 122 && {} === 88",
            width("owner"),
            width("size")
        ))
        .await;
    browser.click(".menu summary").await;
    browser.click(".usual-widths").await;
    let _: bool = browser
        .until(&format!(
            "{} === 72 && {} === 80",
            width("owner"),
            width("size")
        ))
        .await;
    let kept: String = browser
        .value("localStorage.getItem('onionskin.widths')")
        .await;
    assert_eq!(kept, "");
}
