//! Rules on the page: what passes and fails, and what is missing to tell.

use super::*;

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

/// The Waste view of the demo, and a folder with files of rules for it.
struct Judged {
    folder: TempDir,
    served: Served,
    browser: Browser,
    reference: String,
}

impl Judged {
    async fn open() -> Self {
        let served = Served::start(&[]);
        let browser = Browser::start().await;
        browser
            .goto(&served.page("/image/demo/webapp:1.0?view=waste"))
            .await;
        let _: bool = browser.until(GATHERED).await;
        browser
            .until_text(".rules", "The file is not uploaded")
            .await;
        Self {
            folder: tempfile::tempdir().unwrap(),
            reference: format!("{}/demo/webapp:1.0", served.address()),
            served,
            browser,
        }
    }

    /// A file of the folder.
    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    async fn choose(&self, file: &str) {
        self.browser.fill(".rules input[type=file]", file).await;
    }

    /// The page judges by this file as the command does, which fails.
    async fn fails_as_in_a_pipeline(&self, rules: &str) {
        let browser = &self.browser;
        self.choose(rules).await;
        browser.until_text(".rules .verdict", "exit code 1").await;
        let output = audit(&[&self.reference, "--rules", rules]);
        assert_eq!(output.status.code(), Some(1));
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
        assert_eq!(verdicts(browser).await, expected);
        let printed = printed(&self.served, &self.reference, &["--rules", rules]);
        assert_eq!(saved_by(browser, "Save as JSON").await, printed);
    }

    /// What [`LISTS`] ignores and forbids is told beside the rules, and at the findings.
    async fn ignored_and_forbidden_are_told(&self) {
        let browser = &self.browser;
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
    }

    /// The rules that are chosen judge the next image too: the fixed release.
    async fn the_next_image_passes(&self) {
        self.browser
            .goto(&self.served.page("/image/demo/webapp:1.1?view=waste"))
            .await;
        self.browser
            .until_text(".rules .verdict", "exit code 0")
            .await;
    }

    /// What is wrong in a file is told with its line, until the file is put away.
    async fn what_is_wrong_is_told(&self) {
        let browser = &self.browser;
        let wrong = self.file(
            "budget.yaml",
            "rules:\n  maxLayers: 40\n  maxWastedByte: 1MB\n",
        );
        self.choose(&wrong).await;
        browser.until_text(".rules .unusable", "Line 3").await;
        browser
            .until_text(".rules .unusable pre", "maxWastedByte: 1MB")
            .await;
        browser.until_text(".rules .unusable", "exit code 2").await;
        assert!(verdicts(browser).await.is_empty());
        assert_eq!(
            audit(&[&self.reference, "--rules", &wrong]).status.code(),
            Some(2)
        );
        browser.click(".rules button").await;
        browser
            .until_text(".rules", "The file is not uploaded")
            .await;
    }
}

/// Rules about lists of paths and kinds, and findings that they ignore.
const LISTS: &str = "rules:\n  forbidden: [/app/**]\n  findings:\n    secret: 0\n    deleted: 20\nignore:\n  - kind: secret\n    reason: made up for the demo\n    until: 2999-12-31\n  - kind: leftover\n    reason: was agreed\n    until: 2020-01-01\n";

/// Drops a file of rules that limit the number of layers.
async fn dropped(browser: &Browser, most: usize) {
    let _: bool = browser
        .until(&format!(
            "(() => {{ const data = new DataTransfer();
                data.items.add(new File(['rules:\\n  maxLayers: {most}\\n'], 'onionskin.yaml'));
                document.querySelector('.rules').dispatchEvent(new DragEvent('drop', {{ dataTransfer: data, bubbles: true, cancelable: true }}));
                return true }})()"
        ))
        .await;
}

#[tokio::test]
async fn a_rules_file_says_what_a_pipeline_would_say() {
    let judged = Judged::open().await;
    let strict = judged.file(
        "onionskin.yaml",
        "rules:\n  minEfficiency: 0.9\n  maxWastedBytes: 1MB\n  maxLayers: 40\n",
    );
    let lists = judged.file("onionskin.yml", LISTS);
    let dives = judged.file(".dive-ci", "rules:\n  lowestEfficiency: 0.5\n");
    for rules in [&strict, &lists, &dives] {
        judged.fails_as_in_a_pipeline(rules).await;
    }
    judged.choose(&lists).await;
    judged.ignored_and_forbidden_are_told().await;
    judged.choose(&dives).await;
    judged.the_next_image_passes().await;
    judged.what_is_wrong_is_told().await;

    // Dropped, a file does the same.
    dropped(&judged.browser, 1).await;
    judged
        .browser
        .until_text(".rules .verdict", "FAIL (exit code 1): 1 of 1 rule failed")
        .await;
    assert_eq!(
        verdicts(&judged.browser).await,
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
    dropped(&browser, 9).await;
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
