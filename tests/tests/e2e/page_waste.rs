//! The page's Waste view in a real browser, beside what `onionskin audit` says of the same image.

mod many;
mod rules;

use std::fs;
use std::process::{Command, Output};

use onionskin_fixtures::{Image, Packed, bytes, layer};
use onionskin_tests::binary::onionskin;
use onionskin_tests::files::saved_by;
use onionskin_tests::{Browser, Served};
use serde_json::Value;
use tempfile::TempDir;
use thirtyfour::Key;

/// True once the findings are gathered and the first page of them is here.
const GATHERED: &str = "!!document.querySelector('.finding')";

/// Runs the command on an image, in a folder without rules of its own.
fn audit(arguments: &[&str]) -> Output {
    audit_as("json", arguments)
}

/// The same in another form.
fn audit_as(format: &str, arguments: &[&str]) -> Output {
    let nowhere = tempfile::tempdir().unwrap();
    Command::new(onionskin())
        .args(["audit", "--format", format])
        .args(arguments)
        .current_dir(nowhere.path())
        .output()
        .unwrap()
}

/// What the command prints on an image, with links to this server's page.
fn printed(served: &Served, reference: &str, more: &[&str]) -> String {
    printed_as("json", served, reference, more)
}

/// The same in another form.
fn printed_as(format: &str, served: &Served, reference: &str, more: &[&str]) -> String {
    let base = served.page("");
    let base = base.trim_end_matches('#');
    let output = audit_as(format, &[&[reference, "--link-base", base], more].concat());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() != Some(2), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

fn findings(report: &Value) -> &[Value] {
    report["findings"].as_array().unwrap()
}

/// What the cards on this page of the list say: kind, path and bytes.
async fn cards(browser: &Browser) -> Vec<(String, String, String)> {
    browser
        .value(
            "[...document.querySelectorAll('.place')].map(e =>
                [e.dataset.kind, e.querySelector('a').textContent, e.dataset.bytes])",
        )
        .await
}

/// What all cards say, each of them opened if it does not tell all of its findings.
async fn opened(browser: &Browser) -> Vec<(String, String, String)> {
    let number: usize = browser
        .value("document.querySelectorAll('.finding').length")
        .await;
    let mut all = Vec::new();
    for at in 0..number {
        let card = format!("document.querySelectorAll('.finding')[{at}]");
        let _: bool = browser
            .until(&format!(
                "!{card}.querySelector('.places > .muted') || ({card}.querySelector('.more').click(), true)"
            ))
            .await;
        let places: Vec<(String, String, String)> = browser
            .until(&format!(
                "!{card}.querySelector('.places > .muted') && [...{card}.querySelectorAll('.place')].map(e =>
                    [e.dataset.kind, e.querySelector('a').textContent, e.dataset.bytes])"
            ))
            .await;
        all.extend(places);
    }
    all
}

fn told(finding: &Value) -> (String, String, String) {
    let text = |key: &str| finding[key].as_str().unwrap().to_owned();
    (text("kind"), text("path"), finding["bytes"].to_string())
}

#[tokio::test]
async fn the_page_and_the_command_say_the_same_byte_for_byte() {
    let planted = onionskin_fixtures::planted::image();
    let (_registry, served, planted) = Served::in_front_of(&planted);
    let browser = Browser::start().await;
    let demo = |tag: &str| {
        (
            format!("demo/webapp:{tag}"),
            format!("{}/demo/webapp:{tag}", served.address()),
        )
    };
    for (typed, reference) in [demo("1.0"), demo("1.1"), (planted.clone(), planted)] {
        // The two lists have the findings between them.
        let mut shown = Vec::new();
        for view in ["checks", "waste"] {
            browser
                .goto(&served.page(&format!("/image/{typed}?view={view}")))
                .await;
            let _: bool = browser.until(GATHERED).await;
            shown.extend(opened(&browser).await);
        }
        let printed = printed(&served, &reference, &[]);
        assert_eq!(saved_by(&browser, "Save as JSON").await, printed, "{typed}");
        let html = printed_as("html", &served, &reference, &[]);
        assert_eq!(saved_by(&browser, "Save as HTML").await, html, "{typed}");

        // And so does what is drawn.
        let report = parsed(&printed);
        let mut all: Vec<_> = findings(&report).iter().map(told).collect();
        all.sort();
        shown.sort();
        assert_eq!(shown, all, "{typed}");
        let wasted = &report["bytes"]["wastedCompressed"];
        if *wasted != 0 {
            let headline: String = browser
                .value("document.querySelector('.summary h2 b').dataset.bytes")
                .await;
            assert_eq!(headline, wasted.to_string());
        }
        let wasted: String = browser
            .value("document.querySelector('.dive [data-bytes]').dataset.bytes")
            .await;
        assert_eq!(wasted, report["dive"]["wastedBytes"].to_string());
    }
}

#[tokio::test]
async fn every_finding_leads_to_its_place_and_back_to_where_it_was_left() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    let reference = format!("{}/demo/webapp:1.0", served.address());
    let report = parsed(&printed(&served, &reference, &[]));
    // What packages are is told by their list, and not by a path.
    let of_packages = |kind: &str, path: &str| {
        let mut findings = findings(&report).iter();
        findings.any(|finding| {
            finding["rule"] == "build-packages"
                && finding["kind"] == kind
                && finding["path"] == path
        })
    };
    let leads = |kind: &str, path: &str| match of_packages(kind, path) {
        true => "!!document.querySelector('tr[data-package^=\"deb/gcc@\"]')".to_owned(),
        false => leads(kind, path),
    };
    for view in ["waste", "checks"] {
        browser
            .goto(&served.page(&format!("/image/demo/webapp:1.0?view={view}")))
            .await;
        let _: bool = browser.until(GATHERED).await;
        let shown = cards(&browser).await;
        assert!(shown.len() > 3, "{shown:?}");
        for (at, (kind, path, _)) in shown.iter().enumerate() {
            let place = format!("document.querySelectorAll('.place')[{at}]");
            let _: bool = browser
                .until(&format!(
                    "(link => link && (link.click(), true))({place}?.querySelector('a'))"
                ))
                .await;
            let _: bool = browser.until(&leads(kind, path)).await;
            browser.back().await;
            let name = Value::from(path.as_str());
            let _: bool = browser
                .until(&format!(
                    "document.querySelector('.place.selected a')?.textContent === {name}"
                ))
                .await;
            let selected: usize = browser
                .value("document.querySelectorAll('.place.selected, .finding.selected .places').length")
                .await;
            assert!((1..=2).contains(&selected));
            // The others are told as before.
            browser.press(Key::Escape).await;
            let _: bool = browser
                .until("!document.querySelector('.place.selected')")
                .await;
        }
    }

    // So do the links of the report.
    for finding in findings(&report) {
        browser.goto(finding["link"].as_str().unwrap()).await;
        let (kind, path, _) = told(finding);
        let there = leads(&kind, &path);
        let _: bool = browser
            .until(&format!("{there} && !document.querySelector('.remarks')"))
            .await;
    }
}

/// True where the page shows what a finding is about.
fn leads(kind: &str, path: &str) -> String {
    if kind == "config" {
        return "!!document.querySelector('.pane.config')".to_owned();
    }
    let name = Value::from(path.rsplit('/').next().unwrap());
    format!(
        "document.querySelector('.row.selected .label')?.textContent === {name} && document.querySelector('.details h2').textContent === {name}"
    )
}

/// The list of a view, and what the command says of the same image.
struct List {
    _served: Served,
    browser: Browser,
    report: Value,
}

impl List {
    async fn open() -> Self {
        let served = Served::start(&[]);
        let reference = format!("{}/demo/webapp:1.0", served.address());
        let report = parsed(&printed(&served, &reference, &[]));
        let browser = Browser::start().await;
        browser
            .goto(&served.page("/image/demo/webapp:1.0?view=waste"))
            .await;
        let _: bool = browser.until(GATHERED).await;
        Self {
            _served: served,
            browser,
            report,
        }
    }

    fn count(&self, of: impl Fn(&Value) -> bool) -> usize {
        let findings = findings(&self.report).iter();
        findings.filter(|finding| of(finding)).count()
    }

    fn deleted(&self) -> usize {
        self.count(|finding| finding["kind"] == "deleted")
    }

    /// Waits until the list is of so many findings, of which a card may have several.
    async fn shows(&self, number: usize) {
        let _: bool = self
            .browser
            .until(&format!(
                "document.querySelector('.findings [role=status]').textContent.startsWith('{number} finding')"
            ))
            .await;
    }

    async fn paths(&self) -> Vec<String> {
        let cards = cards(&self.browser).await.into_iter();
        cards.map(|card| card.1).collect()
    }

    /// A kind, and with it a layer on the left, or among those that store wasted bytes.
    async fn kind_and_layer_are_chosen(&self) {
        let browser = &self.browser;
        let deleted = self.deleted();
        browser.click(".chip[data-kind=deleted]").await;
        self.shows(deleted).await;
        browser.click(".layer[data-layer='10']").await;
        let of_layer = |finding: &Value| {
            ["addedBy", "hiddenBy"]
                .iter()
                .any(|key| finding[key].as_array().unwrap().contains(&10.into()))
        };
        let both = self.count(|finding| finding["kind"] == "deleted" && of_layer(finding));
        assert!(0 < both && both < deleted);
        self.shows(both).await;
        browser
            .click(".chip[data-kind=deleted] ~ .chip:last-child")
            .await;
        self.shows(deleted).await;
    }

    /// What holds a word, and what nothing holds; from there all are shown again.
    async fn words_are_found(&self) {
        let browser = &self.browser;
        browser.fill(".tools .find input", "NODE_modules").await;
        let found = self.count(|finding| {
            finding["kind"] == "deleted"
                && finding.to_string().to_lowercase().contains("node_modules")
        });
        assert!(0 < found && found < self.deleted());
        self.shows(found).await;
        browser.fill(".tools .find input", Key::Control + "a").await;
        browser.fill(".tools .find input", "no such thing").await;
        browser.until_text(".nothing", "No finding matches").await;
        browser.click(".nothing button").await;
        let checks = ["secret", "setid", "writable", "config"];
        let of_bytes = self.count(|finding| !checks.contains(&finding["kind"].as_str().unwrap()));
        self.shows(of_bytes).await;
    }

    async fn are_sorted_by_path(&self) {
        let _: bool = self
            .browser
            .until("(s => { s.value = 'path'; s.dispatchEvent(new Event('change', { bubbles: true })); return true })(document.querySelector('.sort select'))")
            .await;
        let _: bool = self
            .browser
            .until("location.hash.includes('sort=path')")
            .await;
    }

    /// Goes to an address as if it came from elsewhere.
    async fn restored_from(&self, address: &str) {
        let browser = &self.browser;
        browser.goto("about:blank").await;
        browser.goto(address).await;
        let _: bool = browser
            .until("!!document.querySelector('.finding:nth-child(3).selected')")
            .await;
        assert_eq!(browser.address().await, address);
    }
}

#[tokio::test]
async fn what_is_chosen_is_in_the_address_and_a_link_restores_it() {
    let list = List::open().await;
    let browser = &list.browser;
    list.kind_and_layer_are_chosen().await;
    list.words_are_found().await;
    list.are_sorted_by_path().await;
    browser.click(".chip[data-kind=deleted]").await;
    list.shows(list.deleted()).await;
    let paths = list.paths().await;
    assert!(!paths.is_empty());

    browser.click(".finding:nth-child(3) .more").await;
    let _: bool = browser
        .until(
            "!!document.querySelector('.finding:nth-child(3).selected .more[aria-expanded=true]')",
        )
        .await;
    let address = browser.address().await;
    for part in [
        "view=waste",
        "kind=deleted",
        "sort=path",
        "finding=deleted.",
    ] {
        assert!(address.contains(part), "{part} is not in {address}");
    }
    list.restored_from(&address).await;
    assert_eq!(list.paths().await, paths);
    browser.click(".finding.selected .more").await;
    let _: bool = browser
        .until(
            "!document.querySelector('.finding.selected') && !location.hash.includes('finding=')",
        )
        .await;
}

#[tokio::test]
async fn the_image_is_weighed_without_the_findings_that_are_chosen() {
    let served = Served::start(&[]);
    let reference = format!("{}/demo/webapp:1.0", served.address());
    let report = parsed(&printed(&served, &reference, &[]));
    let browser = Browser::start().await;
    browser
        .goto(&served.page("/image/demo/webapp:1.0?view=waste&kind=deleted"))
        .await;
    let _: bool = browser.until(GATHERED).await;
    let number: usize = browser
        .value("document.querySelectorAll('.choice input').length")
        .await;
    for at in 0..number {
        let _: bool = browser
            .until(&format!(
                "(box => box.checked || (box.click(), true))(document.querySelectorAll('.choice input')[{at}])"
            ))
            .await;
        let _: bool = browser
            .until(&format!(
                "document.querySelectorAll('.choice input:checked').length === {} && !!document.querySelector('.without')",
                at + 1
            ))
            .await;
    }
    let deleted = findings(&report).iter();
    let deleted = deleted.filter(|finding| finding["kind"] == "deleted");
    let sum = |key: &str| -> u64 {
        deleted
            .clone()
            .map(|finding| finding[key].as_u64().unwrap())
            .sum()
    };
    let stored = report["bytes"]["stored"].as_u64().unwrap();
    let download = report["image"]["compressedSize"].as_u64().unwrap();
    let weights = [
        ("Size", stored - sum("bytes")),
        ("Download", download - sum("compressedBytes")),
    ];
    let told = weights.map(|(name, bytes)| {
        format!("document.querySelector('.weight[data-name={name}]').dataset.bytes === '{bytes}'")
    });
    let told = told.join(" && ");
    let _: bool = browser.until(&told).await;
    // The address has it.
    let address = browser.address().await;
    assert!(address.contains("without="), "{address}");
    browser.goto("about:blank").await;
    browser.goto(&address).await;
    let _: bool = browser.until(&told).await;
    browser.click(".without button").await;
    let _: bool = browser
        .until("!document.querySelector('.without') && !location.hash.includes('without')")
        .await;
}

#[tokio::test]
async fn the_largest_waste_is_on_the_first_screen_with_the_lines_to_change() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    browser
        .goto(&served.page("/image/demo/webapp:1.0?view=waste"))
        .await;
    let _: bool = browser.until(GATHERED).await;
    let _: bool = browser
        .until("(e => e.getBoundingClientRect().bottom < innerHeight && ['deleted', 'overwritten', 'metadata-only', 'repeated'].includes(e.dataset.kind))(document.querySelector('.finding'))")
        .await;
    browser.until_text(".changes del", "- RUN npm ci").await;
    browser
        .until_text(
            ".changes ins",
            "+ RUN --mount=type=cache,target=/root/.npm npm ci",
        )
        .await;
    // Old links to risks lead to the checks.
    browser
        .goto(&served.page("/image/demo/webapp:1.0?view=waste&kind=secret"))
        .await;
    let _: bool = browser
        .until("location.hash.includes('view=checks') && !!document.querySelector('.finding[data-kind=secret]') && document.getElementById('tab-checks').ariaSelected === 'true'")
        .await;
}
