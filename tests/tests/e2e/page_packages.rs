//! The packages of an image in the page: the numbers of `onionskin packages`, and the way to their files.

use onionskin_fixtures::{Image, Packed, bytes, layer};
use onionskin_tests::{Browser, Registry, Served, command};
use serde_json::Value;

const STATUS: &str = "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.36-9\n\n\
                      Package: tzdata\nStatus: install ok installed\nArchitecture: all\nVersion: 2025a\n";

fn app() -> Packed {
    Image::new()
        .layer(
            layer("ADD rootfs /")
                .file("/var/lib/dpkg/status", STATUS)
                .file(
                    "/var/lib/dpkg/info/libc6.list",
                    "/usr/lib/libc.so\n/usr/lib/old.so\n",
                )
                .file(
                    "/var/lib/dpkg/info/tzdata.list",
                    "/usr/share/zoneinfo/UTC\n",
                )
                .file("/usr/lib/libc.so", bytes(90_000))
                .file("/usr/lib/old.so", bytes(7_000))
                .file("/usr/share/zoneinfo/UTC", bytes(300))
                // A database of an older rpm, which is not read.
                .file("/var/lib/rpm/Packages", bytes(8_192)),
        )
        .layer(
            layer("RUN npm ci")
                .file(
                    "/app/node_modules/<b>/package.json",
                    r#"{"name":"<b>","version":"1.0.0","license":"MIT"}"#,
                )
                .file("/app/node_modules/<b>/index.js", bytes(5_000))
                .whiteout("/usr/lib/old.so"),
        )
        .pack()
}

async fn open(image: &Packed, rest: &str) -> (Registry, Served, Browser, String) {
    let (registry, served, reference) = Served::in_front_of(image);
    let browser = Browser::start().await;
    let place = format!("/image/{reference}?view=packages{rest}");
    browser.goto(&served.page(&place)).await;
    let _: bool = browser
        .until("!!document.querySelector('.packages-summary')")
        .await;
    (registry, served, browser, reference)
}

/// Names of packages with their bytes, as the page lists them.
async fn listed(browser: &Browser) -> Vec<(String, String)> {
    browser
        .value("[...document.querySelectorAll('tr[data-package]')].map(row => [row.dataset.package, row.dataset.bytes])")
        .await
}

#[tokio::test]
async fn the_page_lists_what_the_command_lists() {
    let (_registry, _served, browser, reference) = open(&app(), "").await;
    let report = command::json(&["packages", &reference]).await;
    let told: Vec<(String, String)> = report["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let text = |key: &str| package[key].as_str().unwrap().to_owned();
            let (kind, name, version) = (text("type"), text("name"), text("version"));
            (
                format!("{kind}/{name}@{version}"),
                package["bytes"].to_string(),
            )
        })
        .collect();
    assert_eq!(told.len(), 3);
    assert_eq!(listed(&browser).await, told);
    let sums: (String, String) = browser
        .value("(s => [s.live, s.unowned])(document.querySelector('.packages-summary').dataset)")
        .await;
    assert_eq!(
        sums,
        (report["live"].to_string(), report["unowned"].to_string())
    );
    let wasted: Vec<(String, String)> = browser
        .value("[...document.querySelectorAll('tr[data-wasted]')].map(row => [row.dataset.wasted, row.dataset.bytes])")
        .await;
    assert_eq!(wasted, [("libc6".to_owned(), "7000".to_owned())]);
    assert_eq!(report["wasted"][0]["bytes"], 7_000);
    // A database that is not read is named.
    assert_eq!(report["unread"][0]["path"], "/var/lib/rpm/Packages");
    browser
        .until_text(
            ".packages .remark",
            "/var/lib/rpm/Packages could not be read: its format is not supported",
        )
        .await;
    for theme in ["light", "dark"] {
        browser.emulate("prefers-color-scheme", theme).await;
        assert_eq!(browser.accessibility().await, [] as [String; 0], "{theme}");
    }
    assert_eq!(browser.console().await, [] as [String; 0]);
}

#[tokio::test]
async fn a_package_leads_to_its_files_and_each_state_has_its_address() {
    let (_registry, _served, browser, _) = open(&app(), "").await;
    browser
        .click("tr[data-package='deb/libc6@2.36-9'] button")
        .await;
    browser
        .until_text(".package-files", "/usr/lib/libc.so")
        .await;
    let files = browser.texts(".package-files li").await;
    // What a later layer deleted is not among them.
    assert_eq!(files, ["/usr/lib/libc.so90.0 kB"]);
    let _: bool = browser
        .until("location.hash.includes('package=deb/libc6@2.36-9')")
        .await;
    browser.reload().await;
    browser.until_text(".of-package", "pkg:deb/").await;
    assert_eq!(browser.accessibility().await, [] as [String; 0]);
    browser.click(".package-files a").await;
    browser.until_text(".details h2", "libc.so").await;
    browser.back().await;
    browser
        .until_text(".package-files", "/usr/lib/libc.so")
        .await;
    // Types and names.
    browser.click(".chip[data-type=npm]").await;
    let _: bool = browser.until("location.hash.includes('type=npm')").await;
    let _: bool = browser
        .until("document.querySelectorAll('tr[data-package]').length === 1")
        .await;
    assert_eq!(listed(&browser).await[0].0, "npm/<b>@1.0.0");
    browser.click(".chip[data-type=npm]").await;
    browser.fill(".find input", "TZ").await;
    let _: bool = browser.until("location.hash.includes('find=TZ')").await;
    let _: bool = browser
        .until("document.querySelectorAll('tr[data-package]').length === 1")
        .await;
    assert_eq!(listed(&browser).await[0].0, "deb/tzdata@2025a");
}

#[tokio::test]
async fn an_image_without_packages_and_a_layer_that_is_not_available_are_told() {
    let scratch = Image::new()
        .layer(layer("COPY app /").file("/app", bytes(9_000)))
        .pack();
    let (_registry, _served, browser, _) = open(&scratch, "").await;
    browser
        .until_text(
            ".packages-summary",
            "No packages were found in the final filesystem, which has 9.0 kB",
        )
        .await;
    let encrypted = Image::new()
        .layer(layer("COPY app /").file("/app", bytes(9_000)))
        .layer(
            layer("COPY secret /")
                .file("/secret", bytes(9))
                .media_type("application/vnd.oci.image.layer.v1.tar+gzip+encrypted"),
        )
        .pack();
    let (_registry, _served, browser, reference) = open(&encrypted, "").await;
    browser
        .until_text(".packages .remark", "Not available: layer 2.")
        .await;
    let report: Value = command::json(&["packages", &reference]).await;
    assert_eq!(report["notFetched"][0]["layer"], 2);
}

#[tokio::test]
async fn a_finding_of_build_packages_leads_to_the_packages() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    browser
        .goto(&served.page("/image/demo/webapp:1.0?view=waste&find=gcc"))
        .await;
    browser
        .click(".finding a[href*='view=packages&type=deb']")
        .await;
    let _: bool = browser
        .until(
            "!!document.querySelector('tr[data-package^=\"deb/gcc@\"]')
                && [...document.querySelectorAll('tr[data-package]')].every(row => row.dataset.package.startsWith('deb/'))",
        )
        .await;
    assert!(browser.address().await.ends_with("?view=packages&type=deb"));
    // Back is where the visitor left off.
    browser.back().await;
    browser.until_text(".finding.selected", "gcc").await;
}
