//! What is seen has an address, and the address shows it: also where it names what is not there, after loading the page
//! again, and after a search. What the lists count is what they show.

use onionskin_fixtures::{Image, Packed, bytes, layer};
use onionskin_tests::{Browser, Served};
use serde_json::Value;
use thirtyfour::Key;

const WHOLE: &str = "!!document.querySelector('.band') && !document.querySelector('.band.partial')";

/// The row of a name in the tree.
fn row(name: &str) -> String {
    format!(
        "[...document.querySelectorAll('.row[data-row]')].find(r => r.querySelector('.label').textContent === {})",
        Value::from(name)
    )
}

/// Waits for a row and opens or closes it.
async fn toggle(browser: &Browser, name: &str) {
    let row = row(name);
    let _: bool = browser
        .until(&format!(
            "!!{row} && ({row}.querySelector('.twisty').click(), true)"
        ))
        .await;
}

fn app() -> Packed {
    let many = (0..60).fold(
        layer("COPY . /")
            .dir("/app")
            .dir("/app/lib")
            .file("/app/lib/core.so", bytes(100_000))
            .file("/app/lib/extra.so", bytes(20_000))
            .dir("/closed")
            .file("/closed/key", bytes(100))
            .dir("/srv"),
        |layer, file| layer.file(format!("/srv/file-{file:02}"), bytes(10)),
    );
    Image::new()
        .layer(many)
        .layer(layer("RUN rm -rf /app/lib").whiteout("/app/lib"))
        .layer(
            layer("RUN chmod 700 /closed && chown 7:7 /srv")
                .dir("/closed")
                .mode(0o700)
                .dir("/srv")
                .owner(7, 7),
        )
        .pack()
}

#[tokio::test]
async fn changes_count_what_they_delete_and_mark_folders_of_which_only_metadata_changed() {
    let (_registry, served, reference) = Served::in_front_of(&app());
    let browser = Browser::start().await;
    let page = |rest: &str| served.page(&format!("/image/{reference}{rest}"));
    browser.goto(&page("?layer=2&view=changes")).await;
    browser.until_text(".foot", "120.0 kB deleted").await;
    let foot = browser.texts(".foot").await.remove(0);
    assert!(!foot.contains("0 B"), "{foot}");
    // The folder on the way to it has the size of what goes.
    let size = format!(
        "{}?.querySelector('[data-column=size]').textContent",
        row("app")
    );
    let _: bool = browser.until(&format!("{size} === '120.0 kB'")).await;
    browser
        .goto(&page("?layer=2&view=changes&find=extra"))
        .await;
    browser.until_text(".foot", "1 of 4 paths").await;
    browser.until_text(".foot", "20.0 kB deleted").await;

    // Of a folder that is gone there is nothing to download, in either tree.
    for view in ["stack", "changes"] {
        browser
            .goto(&page(&format!("?layer=2&view={view}&path=/app/lib")))
            .await;
        browser
            .until_text(".path-history", "Deleted in layer 2")
            .await;
        let folder = ".details h2";
        browser.until_text(folder, "lib").await;
        let offered: bool = browser
            .value("!!document.querySelector('.folder-tar')")
            .await;
        assert!(!offered, "{view}");
    }

    browser.goto(&page("?layer=3&view=changes")).await;
    for (name, change) in [("closed", "mode 755 → 700"), ("srv", "owner 0:0 → 7:7")] {
        let _: bool = browser
            .until(&format!(
                "(row => row?.querySelector('.sign')?.textContent.startsWith('C') && row.textContent.includes('{change}'))({})",
                row(name)
            ))
            .await;
    }
    // In a tree of files, a search counts what it keeps.
    browser.goto(&page("?layer=1&find=.so")).await;
    browser.until_text(".toolbar", "2 found").await;
    browser.until_text(".foot", "2 of ").await;
    browser.until_text(".foot", "120.0 kB").await;
}

#[tokio::test]
async fn the_head_of_filtered_findings_counts_what_is_shown() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    let shows = "(() => { const groups = [...document.querySelectorAll('.group')];
        return groups.length > 0 && groups.every(group =>
            group.querySelector('h3 .beside').textContent === String(group.querySelectorAll('.place').length + [...group.querySelectorAll('.places > .muted')].reduce((sum, rest) => sum + parseInt(rest.textContent.slice(4)), 0))) })()";
    for filter in ["", "&kind=deleted", "&find=node_modules", "&of=10"] {
        browser
            .goto(&served.page(&format!("/image/demo/webapp:1.0?view=waste{filter}")))
            .await;
        let _: bool = browser.until(shows).await;
    }
}

#[tokio::test]
async fn a_link_to_what_is_not_there_says_so_and_shows_the_nearest() {
    let (_registry, served, reference) = Served::in_front_of(&app());
    let browser = Browser::start().await;
    let goto = async |rest: &str| {
        browser.goto("about:blank").await;
        browser
            .goto(&served.page(&format!("/image/{reference}{rest}")))
            .await;
    };
    goto("?layer=1&path=/app/lib/none/deeper").await;
    browser
        .until_text(
            ".details .absent",
            "/app/lib/none/deeper does not exist in this image. The nearest folder is shown.",
        )
        .await;
    let _: bool = browser.until(&format!("!!{}", row("core.so"))).await;
    // Deleted at this layer, there in another: its history is still shown.
    goto("?layer=3&path=/app/lib/core.so").await;
    browser
        .until_text(".details .absent", "Not in the filesystem at layer 3")
        .await;
    browser
        .until_text(".path-history", "Deleted in layer 2")
        .await;
    goto("?layer=8").await;
    browser
        .until_text(
            ".remarks",
            "There is no layer 8: this image has 3 layers. The last one is shown.",
        )
        .await;
    let _: bool = browser
        .until("document.querySelector('.layer[aria-selected=true]').dataset.layer === '3' && !location.hash.includes('layer=')")
        .await;
    goto("?view=waste&of=9").await;
    browser.until_text(".remarks", "There is no layer 9").await;
    let _: bool = browser.until("!!document.querySelector('.finding')").await;
    goto("?view=waste&path=/none&finding=deleted.2").await;
    browser
        .until_text(".findings .absent", "a finding of /none")
        .await;
    let _: bool = browser.until("!!document.querySelector('.finding')").await;
}

#[tokio::test]
async fn open_folders_outlive_loading_again_and_a_search() {
    let (_registry, served, reference) = Served::in_front_of(&app());
    let browser = Browser::start().await;
    browser
        .goto(&served.page(&format!("/image/{reference}?layer=1")))
        .await;
    let _: bool = browser.until(WHOLE).await;
    toggle(&browser, "app").await;
    toggle(&browser, "lib").await;
    toggle(&browser, "srv").await;
    let _: bool = browser
        .until(&format!("!!{} && !!{}", row("core.so"), row("file-00")))
        .await;
    toggle(&browser, "srv").await;
    let open = format!(
        "!!{} && !{} && !!{}",
        row("core.so"),
        row("file-00"),
        row("srv")
    );
    let _: bool = browser.until(&open).await;
    browser.reload().await;
    let _: bool = browser.until(&open).await;

    // A search shows other folders open; without it, what was open is again, where it was.
    toggle(&browser, "srv").await;
    let _: bool = browser.until(&format!("!!{}", row("file-00"))).await;
    let _: bool = browser
        .until("(s => { s.scrollTop = 600; return s.scrollTop === 600 })(document.querySelector('.scroller'))")
        .await;
    browser.fill(".find input", "key").await;
    let _: bool = browser
        .until(&format!("!!{} && !{}", row("key"), row("core.so")))
        .await;
    browser.fill(".find input", Key::Escape + "").await;
    let _: bool = browser
        .until("document.querySelector('.scroller').scrollTop === 600 && !document.querySelector('.row.pending')")
        .await;
    let _: bool = browser.until(&format!("!!{}", row("file-30"))).await;
    let _: bool = browser
        .until("!!(document.querySelector('.scroller').scrollTop = 0, true)")
        .await;
    let _: bool = browser
        .until(&format!("!!{} && !{}", row("core.so"), row("key")))
        .await;
}

#[tokio::test]
async fn the_selected_layer_is_scrolled_into_view() {
    let image = (0..60).fold(Image::new(), |image, number| {
        image.layer(layer(&format!("RUN step {number}")).file(format!("/f{number}"), bytes(10)))
    });
    let (_registry, served, reference) = Served::in_front_of(&image.pack());
    let browser = Browser::start().await;
    for (place, layer, width) in [
        ("", 60, 1440),
        ("?layer=35", 35, 1440),
        ("?layer=35", 35, 390),
    ] {
        browser.resize(width, 844).await;
        browser.goto("about:blank").await;
        browser
            .goto(&served.page(&format!("/image/{reference}{place}")))
            .await;
        let _: bool = browser
            .until(&format!(
                "{WHOLE} && (layer => {{ const box = layer.getBoundingClientRect(), list = layer.parentElement.getBoundingClientRect();
                    return layer.dataset.layer === '{layer}' && box.top >= list.top - 1 && box.bottom <= list.bottom + 1
                        && box.left >= list.left - 1 && box.right <= list.right + 1 }})(document.querySelector('.layer[aria-selected=true]'))"
            ))
            .await;
    }
}

#[tokio::test]
async fn recent_images_are_forgotten_one_by_one_and_all() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    for image in ["demo/hello", "demo/webapp:1.1", "demo/webapp:1.0"] {
        browser.goto(&served.page(&format!("/image/{image}"))).await;
        let _: bool = browser.until("!!document.querySelector('.band')").await;
    }
    browser.goto(&served.page("/")).await;
    let _: bool = browser
        .until("document.querySelectorAll('.recent li').length === 3")
        .await;
    browser.click(".recent li:nth-child(2) .forget").await;
    let _: bool = browser
        .until("document.querySelectorAll('.recent li').length === 2")
        .await;
    // It stays forgotten.
    browser.reload().await;
    let _: bool = browser
        .until("document.querySelectorAll('.recent li').length === 2")
        .await;
    let recent = browser.texts(".recent li").await.concat();
    assert!(
        recent.contains("webapp:1.0") && recent.contains("hello") && !recent.contains("1.1"),
        "{recent}"
    );
    browser.click(".forget-all").await;
    let _: bool = browser.until("!document.querySelector('.recent')").await;
    browser.reload().await;
    let _: bool = browser.until("!!document.querySelector('.card')").await;
    assert_eq!(browser.texts(".recent li").await, [] as [String; 0]);
}
