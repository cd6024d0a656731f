//! The page's Waste view in a real browser, beside what `onionskin audit` says of the same image.

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
    let reference = format!("{}/demo/webapp:1.0", served.address());
    let report = parsed(&printed(&served, &reference, &[]));
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

#[tokio::test]
async fn what_is_chosen_is_in_the_address_and_a_link_restores_it() {
    let served = Served::start(&[]);
    let reference = format!("{}/demo/webapp:1.0", served.address());
    let report = parsed(&printed(&served, &reference, &[]));
    let count = |of: &dyn Fn(&Value) -> bool| {
        findings(&report)
            .iter()
            .filter(|finding| of(finding))
            .count()
    };
    let checks = ["secret", "setid", "writable", "config"];
    let of_bytes = |finding: &Value| !checks.contains(&finding["kind"].as_str().unwrap());
    let browser = Browser::start().await;
    browser
        .goto(&served.page("/image/demo/webapp:1.0?view=waste"))
        .await;
    let _: bool = browser.until(GATHERED).await;
    // The number is of findings, of which a card may have several.
    let shows = |number: usize| {
        format!(
            "document.querySelector('.findings [role=status]').textContent.startsWith('{number} finding')"
        )
    };

    browser.click(".chip[data-kind=deleted]").await;
    let deleted = count(&|finding| finding["kind"] == "deleted");
    let _: bool = browser.until(&shows(deleted)).await;

    // A layer on the left, or among those that ship wasted bytes.
    browser.click(".layer[data-layer='10']").await;
    let of_layer = |finding: &Value| {
        ["addedBy", "hiddenBy"]
            .iter()
            .any(|key| finding[key].as_array().unwrap().contains(&10.into()))
    };
    let both = count(&|finding| finding["kind"] == "deleted" && of_layer(finding));
    assert!(0 < both && both < deleted);
    let _: bool = browser.until(&shows(both)).await;
    browser
        .click(".chip[data-kind=deleted] ~ .chip:last-child")
        .await;
    let _: bool = browser.until(&shows(deleted)).await;

    browser.fill(".tools .find input", "NODE_modules").await;
    let found = count(&|finding| {
        finding["kind"] == "deleted" && finding.to_string().to_lowercase().contains("node_modules")
    });
    assert!(0 < found && found < deleted);
    let _: bool = browser.until(&shows(found)).await;
    browser.fill(".tools .find input", Key::Control + "a").await;
    browser.fill(".tools .find input", "no such thing").await;
    browser.until_text(".nothing", "No finding matches").await;
    browser.click(".nothing button").await;
    let _: bool = browser.until(&shows(count(&of_bytes))).await;

    let _: bool = browser
        .until("(s => { s.value = 'path'; s.dispatchEvent(new Event('change', { bubbles: true })); return true })(document.querySelector('.sort select'))")
        .await;
    let _: bool = browser.until("location.hash.includes('sort=path')").await;
    browser.click(".chip[data-kind=deleted]").await;
    let _: bool = browser.until(&shows(deleted)).await;
    let paths: Vec<_> = cards(&browser)
        .await
        .into_iter()
        .map(|card| card.1)
        .collect();
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
    browser.goto("about:blank").await;
    browser.goto(&address).await;
    let _: bool = browser
        .until("!!document.querySelector('.finding:nth-child(3).selected')")
        .await;
    let again: Vec<_> = cards(&browser)
        .await
        .into_iter()
        .map(|card| card.1)
        .collect();
    assert_eq!(again, paths);
    assert_eq!(browser.address().await, address);
    browser.click(".finding.selected .more").await;
    let _: bool = browser
        .until(
            "!document.querySelector('.finding.selected') && !location.hash.includes('finding=')",
        )
        .await;
}

/// The rules as the page tells them: name and outcome.
async fn verdicts(browser: &Browser) -> Vec<(String, String)> {
    browser
        .value("[...document.querySelectorAll('.verdicts li')].map(e => [e.querySelector('code').textContent, e.className])")
        .await
}

fn outcome(passed: &Value) -> &'static str {
    match passed.as_bool() {
        Some(true) => "passed",
        Some(false) => "failed",
        None => "unknown",
    }
}

#[tokio::test]
async fn a_rules_file_says_what_a_pipeline_would_say() {
    let ground: TempDir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = ground.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let strict = file(
        "onionskin.yaml",
        "rules:\n  minEfficiency: 0.9\n  maxWastedBytes: 1MB\n  maxLayers: 40\n",
    );
    let wrong = file(
        "budget.yaml",
        "rules:\n  maxLayers: 40\n  maxWastedByte: 1MB\n",
    );
    let dives = file(".dive-ci", "rules:\n  lowestEfficiency: 0.5\n");
    let served = Served::start(&[]);
    let reference = format!("{}/demo/webapp:1.0", served.address());
    let browser = Browser::start().await;
    browser
        .goto(&served.page("/image/demo/webapp:1.0?view=waste"))
        .await;
    let _: bool = browser.until(GATHERED).await;
    browser
        .until_text(".rules", "The file is not uploaded")
        .await;

    let pick = ".rules input[type=file]";
    let more = file(
        "onionskin.yml",
        "rules:\n  forbidden: [/app/**]\n  findings:\n    secret: 0\n    deleted: 20\nignore:\n  - kind: secret\n    reason: made up for the demo\n    until: 2999-12-31\n  - kind: leftover\n    reason: was agreed\n    until: 2020-01-01\n",
    );
    for (rules, code) in [(&strict, 1), (&more, 1), (&dives, 1)] {
        browser.fill(pick, rules.as_str()).await;
        browser
            .until_text(".rules .verdict", &format!("exit code {code}"))
            .await;
        let output = audit(&[&reference, "--rules", rules]);
        assert_eq!(output.status.code(), Some(code));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let expected: Vec<(String, String)> = report["rules"]
            .as_array()
            .unwrap()
            .iter()
            .map(|rule| {
                (
                    rule["name"].as_str().unwrap().to_owned(),
                    outcome(&rule["passed"]).to_owned(),
                )
            })
            .collect();
        assert!(expected.len() >= 2);
        assert_eq!(verdicts(&browser).await, expected);
        let printed = printed(&served, &reference, &["--rules", rules]);
        assert_eq!(saved_by(&browser, "Save as JSON").await, printed);
    }

    browser.fill(pick, more.as_str()).await;
    browser
        .until_text(
            ".ignores",
            "secret 2 findings: made up for the demo; until 2999-12-31",
        )
        .await;
    browser
        .until_text(".ignores", "expired after 2020-01-01")
        .await;
    browser.click("#tab-checks").await;
    browser
        .until_text(
            ".finding[data-kind=secret]",
            "Ignored by the rules file: made up for the demo",
        )
        .await;
    browser.click("#tab-waste").await;
    browser.until_text(".verdicts .met", "/app").await;
    browser.fill(pick, dives.as_str()).await;

    // The same rules judge the next image: the mended release.
    browser
        .goto(&served.page("/image/demo/webapp:1.1?view=waste"))
        .await;
    browser.until_text(".rules .verdict", "exit code 0").await;

    // What is wrong is told with its line.
    browser.fill(pick, wrong.as_str()).await;
    browser.until_text(".rules .unusable", "Line 3").await;
    browser
        .until_text(".rules .unusable pre", "maxWastedByte: 1MB")
        .await;
    browser.until_text(".rules .unusable", "exit code 2").await;
    assert!(verdicts(&browser).await.is_empty());
    assert_eq!(
        audit(&[&reference, "--rules", &wrong]).status.code(),
        Some(2)
    );
    browser.click(".rules button").await;
    browser
        .until_text(".rules", "The file is not uploaded")
        .await;

    // Dropped, it does the same.
    let _: bool = browser
        .until(
            "(() => { const data = new DataTransfer();
                data.items.add(new File(['rules:\\n  maxLayers: 1\\n'], 'onionskin.yaml'));
                document.querySelector('.rules').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
                return true })()",
        )
        .await;
    browser
        .until_text(".rules .verdict", "FAIL (exit code 1): 1 of 1 rule failed")
        .await;
    assert_eq!(
        verdicts(&browser).await,
        [("maxLayers".to_owned(), "failed".to_owned())]
    );
}

#[tokio::test]
async fn what_is_missing_is_told_where_it_is_missed() {
    let image = Image::new()
        .layer(
            layer("RUN one")
                .file("/one", bytes(1_000))
                .file("/two", bytes(2_000)),
        )
        .layer(layer("RUN rm /one").whiteout("/one"))
        .layer(layer("RUN broken").stored(vec![0x1f; 4_096]))
        .layer(layer("RUN rm /two").whiteout("/two"))
        .pack();
    let (_registry, served, reference) = Served::in_front_of(&image);
    let browser = Browser::start().await;
    browser
        .goto(&served.page(&format!("/image/{reference}?view=waste")))
        .await;
    browser
        .until_text(
            ".summary .missing",
            "Layer 3 could not be read. Numbers and findings cover layers 1 to 2 only.",
        )
        .await;
    browser.until_text(".finding", "/one").await;
    let mut wasted = cards(&browser).await;
    wasted.retain(|(kind, ..)| kind == "deleted");
    assert_eq!(wasted.len(), 1);
    let _: bool = browser
        .until(
            "(() => { const data = new DataTransfer();
                data.items.add(new File(['rules:\\n  maxLayers: 9\\n'], 'onionskin.yaml'));
                document.querySelector('.rules').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
                return true })()",
        )
        .await;
    browser
        .until_text(
            ".rules",
            "layer 3 could not be read. onionskin audit ends with exit code 2",
        )
        .await;
    assert!(verdicts(&browser).await.is_empty());

    // Good news is told as such.
    let clean = Image::new()
        .layer(layer("COPY one").file("/one", bytes(1_000)))
        .pack();
    let (_registry, served, reference) = Served::in_front_of(&clean);
    browser
        .goto(&served.page(&format!("/image/{reference}?view=waste")))
        .await;
    browser
        .until_text(".summary .good", "Nothing is wasted")
        .await;
}

/// Many layers that each delete many files one by one.
fn many_findings() -> (Packed, usize) {
    const LAYERS: usize = 40;
    const FILES: usize = 60;
    let name = |layer: usize, file: usize| format!("/file-{layer}-{file}");
    let all = (0..LAYERS * FILES).fold(layer("COPY . /"), |layer, at| {
        layer.file(name(at / FILES, at % FILES), bytes(100 + at))
    });
    let image = (0..LAYERS).fold(Image::new().layer(all), |image, number| {
        let rm = layer(&format!("RUN rm some-{number}"));
        image.layer((0..FILES).fold(rm, |rm, file| rm.whiteout(name(number, file))))
    });
    (image.pack(), LAYERS * FILES)
}

#[tokio::test]
async fn thousands_of_findings_with_one_advice_are_one_card() {
    let (image, number) = many_findings();
    let (_registry, served, reference) = Served::in_front_of(&image);
    let report = parsed(&printed(&served, &reference, &[]));
    let expected: Vec<_> = findings(&report)
        .iter()
        .map(told)
        .filter(|finding| finding.0 == "deleted")
        .collect();
    assert_eq!(expected.len(), number);
    let browser = Browser::start().await;
    browser
        .goto(&served.page(&format!("/image/{reference}?view=waste&kind=deleted")))
        .await;
    browser.until_text(".finding h4", "2,400 paths").await;
    browser.click(".finding .more").await;
    browser
        .until_text(".places .muted", "and 2,300 paths more")
        .await;
    for rest in ["and 1,300 paths more", "and 300 paths more"] {
        browser.click(".places .muted button").await;
        browser.until_text(".places .muted", rest).await;
    }
    browser.click(".places .muted button").await;
    let _: bool = browser
        .until("!document.querySelector('.places > .muted')")
        .await;
    assert_eq!(cards(&browser).await, expected);
    // A finding far down is where its link shows it.
    let (_, path, _) = &expected[1_234];
    browser.goto("about:blank").await;
    browser
        .goto(&served.page(&format!(
            "/image/{reference}?view=waste&kind=deleted&path={path}"
        )))
        .await;
    browser.until_text(".place.selected", path).await;
    let _: bool = browser
        .until("(r => r.top >= 0 && r.bottom <= innerHeight)(document.querySelector('.place.selected').getBoundingClientRect())")
        .await;
}

#[tokio::test]
async fn many_cards_are_turned_like_pages() {
    // More in one folder, by one layer, would be one finding.
    const LAYERS: usize = 60;
    let name = |layer: usize| format!("/built-{layer}");
    let image = [0, LAYERS].into_iter().fold(Image::new(), |image, from| {
        let all = from..from + LAYERS;
        let image = all.clone().fold(image, |image, number| {
            let run = layer(&format!("RUN make {number}")).file(name(number), bytes(100 + number));
            image.layer(run)
        });
        image.layer(all.fold(layer("RUN clean"), |layer, number| {
            layer.whiteout(name(number))
        }))
    });
    let (_registry, served, reference) = Served::in_front_of(&image.pack());
    let browser = Browser::start().await;
    browser
        .goto(&served.page(&format!("/image/{reference}?view=waste&kind=deleted")))
        .await;
    let mut seen = Vec::new();
    for range in ["1 to 50", "51 to 100", "101 to 120"] {
        browser
            .until_text(".pages", &format!("{range} of 120"))
            .await;
        seen.extend(cards(&browser).await.into_iter().map(|card| card.1));
        let _: bool = browser
            .value("(document.querySelector('.pages button:last-child').click(), true)")
            .await;
    }
    let expected: Vec<_> = (0..2 * LAYERS).rev().map(name).collect();
    assert_eq!(seen, expected);
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

/// The limits have room for a slow machine: the page is built for a tenth of them.
#[tokio::test]
async fn findings_among_120000_entries_never_stop_the_page() {
    const FILES: usize = 120_000;
    const TASK: f64 = 500.0;
    let name = |file: usize| format!("/srv/d{}/f{}", file / 200, file % 200);
    let owned = |command: &str, owner: u64| {
        (0..FILES).fold(layer(command), |layer, file| {
            layer
                .file(name(file), format!("{file}"))
                .owner(owner, owner)
        })
    };
    let image = Image::new()
        .layer(owned("COPY . /srv", 0))
        .layer(owned("RUN chown -R 1000 /srv", 1000))
        .layer(
            layer("RUN rm -rf /srv/d1*")
                .whiteout("/srv/d1")
                .whiteout("/srv/d10"),
        )
        .pack();
    let (_registry, served, reference) = Served::in_front_of(&image);
    let browser = Browser::start().await;
    browser
        .goto(&served.page(&format!("/image/{reference}?view=waste")))
        .await;
    let _: bool = browser.until(GATHERED).await;
    let (tasks, answer, judged): (Vec<f64>, f64, f64) = browser
        .run(
            "const done = arguments[0], tasks = [];
             new PerformanceObserver(list => list.getEntries().forEach(entry => tasks.push(entry.duration)))
                 .observe({ type: 'longtask', buffered: true });
             const all = document.querySelector('.chip'), one = document.querySelector('.chip[data-kind=deleted]');
             const until = seen => new Promise(then => (function look() { seen() ? then() : requestAnimationFrame(look) })());
             (async () => {
                 let longest = 0;
                 for (let step = 0; step < 20; step++) {
                     const from = performance.now();
                     (step % 2 ? all : one).click();
                     await until(() => !!document.querySelector('.finding[data-kind=metadata-only]') === (step % 2 === 1));
                     longest = Math.max(longest, performance.now() - from);
                 }
                 const data = new DataTransfer();
                 data.items.add(new File(['rules: { maxLayers: 9 }'], 'onionskin.yaml'));
                 const from = performance.now();
                 document.querySelector('.rules').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
                 await until(() => document.querySelector('.rules .verdict'));
                 done([tasks, longest, performance.now() - from]);
             })();",
        )
        .await;
    assert!(
        tasks.iter().all(|task| *task < TASK) && answer < 1_000.0,
        "{tasks:?} {answer} {judged}"
    );
}
