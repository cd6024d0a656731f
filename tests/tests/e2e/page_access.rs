//! The page without a mouse and with other senses: axe-core over every view in both themes and at several sizes, keys, a
//! clean console.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use futures::stream;
use onionskin_fixtures::{Image, bytes, layer};
use onionskin_tests::odd::{Odd, holding, ok};
use onionskin_tests::{Browser, Served};
use serde_json::Value;
use thirtyfour::Key;
use tokio::sync::Notify;

use super::page_contrast::{FORCED_COLOURS, MORE_CONTRAST, Setting};
use super::page_policy;
use super::page_views::{self, Ground, View};

/// The sizes at which each view is looked at, the one at which it is opened first, with the themes: a window, the same at
/// 200 % zoom, a phone.
const SIZES: [(u32, u32, &[&str]); 3] = [
    (1440, 900, &["light", "dark"]),
    (720, 450, &["light"]),
    (390, 844, &["dark"]),
];

/// Lets axe-core look at views, each opened once: under these settings, at every size; the console stays clean, and nothing
/// runs into the page's policy.
async fn look_at(ground: &Ground, views: Vec<View>, settings: &[&Setting]) {
    let Ground {
        served, browser, ..
    } = ground;
    page_policy::collect(browser).await;
    for view in views {
        let name = view.name;
        let look = async |what: &str, theme: &str| {
            let found = browser.accessibility().await;
            assert!(found.is_empty(), "{name}, {what}, {theme}: {found:#?}");
        };
        let (width, height, _) = SIZES[0];
        browser.resize(width, height).await;
        view.open(browser, served).await;
        page_policy::was_kept(browser, name).await;
        browser.look(&name.replace(' ', "-")).await;
        for setting in settings {
            let look =
                async |theme: &str| look(&format!("{width}-{}", setting.feature), theme).await;
            setting.look(browser, name, look).await;
        }
        for (width, height, themes) in SIZES {
            browser.resize(width, height).await;
            for theme in themes {
                browser.theme(theme).await;
                browser.settled().await;
                look(&width.to_string(), theme).await;
            }
        }
        let console = browser.console().await;
        assert!(console.is_empty(), "{name}: {console:?}");
    }
}

#[tokio::test]
async fn views_of_lists_and_files_pass_axe_and_the_policy() {
    let ground = Ground::open().await;
    let settings = [&MORE_CONTRAST, &FORCED_COLOURS];
    look_at(&ground, page_views::of_lists_and_files(), &settings).await;
}

#[tokio::test]
async fn views_of_findings_and_history_pass_axe_and_the_policy() {
    let ground = Ground::open().await;
    let views = page_views::of_findings_and_history(&ground);
    look_at(&ground, views, &[&FORCED_COLOURS]).await;
}

#[tokio::test]
async fn views_of_comparisons_pass_axe_and_the_policy() {
    let ground = Ground::open().await;
    let views = page_views::of_comparisons(&ground);
    look_at(&ground, views, &[&FORCED_COLOURS]).await;
}

#[tokio::test]
async fn views_of_parts_and_in_other_pages_pass_axe_and_the_policy() {
    let ground = Ground::open().await;
    let views = page_views::of_parts_and_embedded(&ground);
    look_at(&ground, views, &[&FORCED_COLOURS]).await;
}

/// Whether this part has the keyboard's focus.
fn focused(part: &str) -> String {
    format!(
        "document.activeElement === document.querySelector({})",
        Value::from(part)
    )
}

#[tokio::test]
async fn tabs_are_walked_by_arrow_keys() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    browser.goto(&served.page("/image/demo/webapp:1.0")).await;
    browser.click("#tab-files").await;
    for (key, tab, there) in [
        (
            Key::Right,
            "#tab-waste",
            "location.hash.includes('view=waste')",
        ),
        (
            Key::Right,
            "#tab-checks",
            "location.hash.includes('view=checks')",
        ),
        (
            Key::Right,
            "#tab-packages",
            "location.hash.includes('view=packages')",
        ),
        (Key::Right, "#tab-map", "location.hash.includes('view=map')"),
        (
            Key::Right,
            "#tab-config",
            "!!document.querySelector('.config')",
        ),
        (
            Key::Right,
            "#tab-files",
            "!!document.querySelector('.tree')",
        ),
        (
            Key::Left,
            "#tab-config",
            "!!document.querySelector('.config')",
        ),
        (Key::Home, "#tab-files", "!!document.querySelector('.tree')"),
        (
            Key::End,
            "#tab-config",
            "!!document.querySelector('.config')",
        ),
    ] {
        browser.press(key).await;
        let _: bool = browser.until(&format!("{} && {there}", focused(tab))).await;
        // What the tab controls is there and named by it, and only it can be reached by Tab.
        let _: bool = browser
            .until(&format!(
                "(tab => {{ const panel = document.getElementById(tab.getAttribute('aria-controls'));
                    return panel.getAttribute('role') === 'tabpanel' && panel.getAttribute('aria-labelledby') === tab.id
                        && tab.getAttribute('aria-selected') === 'true'
                        && document.querySelectorAll('[role=tab][tabindex=\"0\"]').length === 1 }})(document.querySelector('{tab}'))"
            ))
            .await;
    }
}

#[tokio::test]
async fn escape_closes_and_the_focus_returns() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    browser.goto(&served.page("/image/demo/webapp:1.0")).await;
    let row = "[...document.querySelectorAll('.row[data-row]')].find(r => r.querySelector('.label').textContent === 'etc')";
    let closed =
        "!document.querySelector('.details:not(.none)') && !location.hash.includes('path=')";
    for close in ["escape", "button"] {
        let _: bool = browser
            .until(&format!("!!{row} && ({row}.click(), true)"))
            .await;
        browser.until_text(".details h2", "etc").await;
        if close == "escape" {
            browser.press(Key::Escape).await;
        } else {
            browser.click(".details .close").await;
        }
        let _: bool = browser
            .until(&format!("{closed} && {}", focused(".tree")))
            .await;
    }
    // The keys go on from the row that was selected.
    browser.press(Key::Down).await;
    browser.until_text(".details h2", "bin").await;
    browser.press(Key::Escape).await;
    let _: bool = browser.until(closed).await;

    // A search is cleared before anything is closed, and an open finding is closed too.
    browser
        .goto(&served.page("/image/demo/webapp:1.0?path=/etc"))
        .await;
    browser.until_text(".details h2", "etc").await;
    browser.fill(".find input", "etc").await;
    browser.press(Key::Escape).await;
    let _: bool = browser
        .until("document.querySelector('.find input').value === ''")
        .await;
    browser.until_text(".details h2", "etc").await;
    browser
        .goto(&served.page("/image/demo/webapp:1.0?view=waste"))
        .await;
    browser.click(".finding .more").await;
    let _: bool = browser
        .until("!!document.querySelector('.finding.selected')")
        .await;
    browser.press(Key::Escape).await;
    let _: bool = browser
        .until("!document.querySelector('.finding.selected')")
        .await;
}

#[tokio::test]
async fn the_keyboard_goes_with_the_view_and_comes_back() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    browser.goto(&served.page("/image/demo/webapp:1.0")).await;
    let row = "!!document.querySelector('.row[data-row]')";
    let _: bool = browser.until(row).await;
    let on_tree = focused("#tree");
    let _: bool = browser
        .until(&format!(
            "(document.querySelector('#tree').focus(), {on_tree})"
        ))
        .await;
    for (key, there) in [
        ("m", "#map"),
        ("w", ".pane.findings"),
        ("g", ".pane.config"),
        ("a", "#panel"),
        ("f", "#tree"),
    ] {
        browser.write(key).await;
        let _: bool = browser.until(&focused(there)).await;
    }
    let _: bool = browser.until(row).await;
    browser.press(Key::Down).await;
    let _: bool = browser
        .until("!!document.querySelector('.row.active')")
        .await;
    // The address follows the row a little later.
    let _: bool = browser.until("location.hash.includes('path=')").await;

    // Into a content and out of it, by click and by key.
    browser
        .goto(&served.page("/image/demo/webapp:1.0?path=/app/package.json"))
        .await;
    for close in ["escape", "button"] {
        browser.click(".view-content").await;
        let _: bool = browser.until(&focused(".code")).await;
        if close == "escape" {
            browser.press(Key::Escape).await;
        } else {
            browser.click(".content-head button").await;
        }
        let _: bool = browser.until(&on_tree).await;
    }
    browser.click(".compare-versions").await;
    let shown = "!!document.querySelector('.difference .nothing h2, .difference .code')";
    let _: bool = browser.until(shown).await;
    browser.press(Key::Escape).await;
    let _: bool = browser.until(&on_tree).await;
    assert_eq!(browser.accessibility().await, Vec::<String>::new());
}

#[tokio::test]
async fn the_keys_stay_on_their_row_while_layers_come() {
    let image = Image::new()
        .layer(
            layer("COPY small /")
                .file("/three", bytes(3_000))
                .file("/two", bytes(2_000))
                .file("/one", bytes(1_000)),
        )
        .layer(layer("COPY large /").file("/ten", bytes(10_000)))
        .pack();
    let (held, last) = (holding(&image), image.layers[1].clone());
    let go_on = Arc::new(Notify::new());
    let awaited = Arc::clone(&go_on);
    let odd = Odd::new(move |target, authorization| {
        if !target.ends_with(&last.digest) {
            return held(target, authorization);
        }
        let (awaited, bytes) = (Arc::clone(&awaited), last.bytes.clone());
        let sent = stream::once(async move {
            awaited.notified().await;
            Ok::<_, io::Error>(bytes)
        });
        ok("application/octet-stream", Body::from_stream(sent))
    })
    .await;
    let served = Served::start(&[format!("http://{}", odd.address)]);
    let browser = Browser::start().await;
    let place = served.page(&format!("/image/{}/app:1", odd.address));
    browser.goto(&place).await;
    let row = |name: &str| {
        format!(
            "[...document.querySelectorAll('.row[data-row]')].find(r => r.querySelector('.label').textContent === '{name}')"
        )
    };
    let two = row("two");
    let _: bool = browser
        .until(&format!("!!{two} && ({two}.click(), true)"))
        .await;
    browser.until_text(".details h2", "two").await;
    browser.press(Key::Escape).await;
    let closed =
        "!document.querySelector('.details:not(.none)') && !location.hash.includes('path=')";
    let _: bool = browser.until(closed).await;
    // The larger file comes to stand above it.
    go_on.notify_one();
    let active = format!("{}?.matches('.active') === true", two);
    let _: bool = browser
        .until(&format!("!!{} && {active}", row("ten")))
        .await;
    browser.press(Key::Down).await;
    browser.until_text(".details h2", "one").await;
}

#[tokio::test]
async fn the_list_of_keys_takes_the_focus_and_gives_it_back() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    browser.goto(&served.page("/image/demo/webapp:1.0")).await;
    let _: bool = browser
        .until("!!document.querySelector('.row[data-row]')")
        .await;
    let _: bool = browser
        .until("(t => { t.focus(); return document.activeElement === t })(document.getElementById('tree'))")
        .await;
    browser.resize(1024, 500).await;
    browser.write("?").await;
    let _: bool = browser
        .until("document.activeElement.closest('[role=dialog]') !== null")
        .await;
    // It begins at its top, where it does not fit.
    let _: bool = browser
        .until("(list => list.scrollHeight > list.clientHeight && list.scrollTop === 0)(document.querySelector('[role=dialog]'))")
        .await;
    // What is behind it stays as it is.
    for key in ["w", "m", "[", "/"] {
        browser.write(key).await;
    }
    browser.settled().await;
    let kept =
        "document.activeElement.closest('[role=dialog]') !== null && !location.hash.includes('?')";
    assert!(browser.value::<bool>(kept).await);
    browser.look("keys").await;
    browser.press(Key::Escape).await;
    let _: bool = browser
        .until("!document.querySelector('[role=dialog]') && document.activeElement.id === 'tree'")
        .await;
}
