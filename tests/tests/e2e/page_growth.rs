//! Rules of growth in the page: another image is read and compared with, as the command does it.

use std::fs;

use onionskin_fixtures::{Image, Packed, bytes, layer, seeded};
use onionskin_tests::files::saved_by;
use onionskin_tests::odd::Odd;
use onionskin_tests::{Browser, Registry, Served, command};
use serde_json::Value;
use tempfile::TempDir;

fn base() -> Image {
    Image::new()
        .layer(layer("RUN make-a-base").file("/bin/tool", seeded(1, 40_000)))
        .layer(layer("COPY old /app").file("/app/old", seeded(2, 30_000)))
}

/// It shares a layer with the other one, and has a larger one in place of the second.
fn app() -> Packed {
    Image::new()
        .layer(layer("RUN make-a-base").file("/bin/tool", seeded(1, 40_000)))
        .layer(
            layer("COPY new /app")
                .file("/app/new", seeded(3, 90_000))
                .file("/app/.git/HEAD", "ref"),
        )
        .pack()
}

struct Ground {
    folder: TempDir,
    served: Served,
    registry: Registry,
    browser: Browser,
}

const PICK: &str = ".rules input[type=file]";

impl Ground {
    /// The page with `team/app:1.0`, beside which there is `team/app:0.9`.
    async fn open(others: &[String]) -> Self {
        let registry = Registry::start();
        registry.push("team/app:1.0", &app());
        registry.push("team/app:0.9", &base().pack());
        let here = format!("http://{}", registry.address());
        let served = Served::start(&[&[here], others].concat());
        let browser = Browser::start().await;
        let ground = Self {
            folder: tempfile::tempdir().unwrap(),
            served,
            registry,
            browser,
        };
        let page = format!("/image/{}?view=waste", ground.reference("1.0"));
        ground.browser.goto(&ground.served.page(&page)).await;
        let _: bool = ground
            .browser
            .until("!!document.querySelector('.finding')")
            .await;
        ground
    }

    fn reference(&self, tag: &str) -> String {
        format!("{}/team/app:{tag}", self.registry.address())
    }

    fn file(&self, rules: &str) -> String {
        let path = self.folder.path().join("onionskin.yaml");
        fs::write(&path, rules).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Judges by rules of growth.
    async fn judge(&self, against: &str, limits: &str) -> String {
        let file = self.file(&format!("growth:\n  against: {against}\n{limits}"));
        self.browser.fill(PICK, file.as_str()).await;
        file
    }
}

async fn outcomes(browser: &Browser) -> Vec<(String, String)> {
    browser
        .value("[...document.querySelectorAll('.verdicts li')].map(e => [e.querySelector('code').textContent, e.className])")
        .await
}

#[tokio::test]
async fn growth_is_judged_in_the_page_as_the_command_judges_it() {
    let ground = Ground::open(&[]).await;
    let browser = &ground.browser;
    let old = ground.reference("0.9");
    for (limits, code) in [
        ("  maxBytes: 1MB\n  maxCompressedBytes: 1MB\n", 0),
        ("  maxBytes: 1kB\n  maxShare: 100%\n", 1),
        ("  maxCompressedShare: 1%\n", 1),
        (
            "  paths: [{ path: /app, maxBytes: 60kB }, { path: /bin, maxBytes: 0 }]\n",
            1,
        ),
        (
            "  paths: [{ path: /app, maxBytes: 61kB }]\n  packages: [{ package: '*', maxBytes: 0 }]\n",
            0,
        ),
    ] {
        let file = ground.judge(&old, limits).await;
        browser
            .until_text(".rules .verdict", &format!("exit code {code}"))
            .await;
        let page = ground.served.page("");
        let arguments = [
            "audit",
            &ground.reference("1.0"),
            "--rules",
            &file,
            "--link-base",
            page.trim_end_matches('#'),
            "--format",
            "json",
        ];
        let output = command::run(&arguments).await;
        assert_eq!(output.status.code(), Some(code), "{limits}");
        let printed = String::from_utf8(output.stdout).unwrap();
        let report: Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(report["against"]["reference"], old.as_str());
        let saved = saved_by(browser, "Save as JSON").await;
        assert_eq!(saved, printed, "{limits}");
    }
}

#[tokio::test]
async fn an_image_that_is_not_to_be_had_is_no_verdict_and_says_why() {
    let ground = Ground::open(&[]).await;
    let browser = &ground.browser;
    for (against, says) in [
        (ground.reference("0.8"), "0.8"),
        (
            "docker-archive:old.tar".to_owned(),
            "is not an image in a registry",
        ),
        ("\"\"".to_owned(), "against"),
    ] {
        ground.judge(&against, "  maxBytes: 1MB\n").await;
        browser.until_text(".rules .verdict", "exit code 2").await;
        browser.until_text(".verdicts .unknown", says).await;
        assert_eq!(
            outcomes(browser).await,
            [("growth.maxBytes".to_owned(), "unknown".to_owned())]
        );
    }
}

#[tokio::test]
async fn a_comparison_shows_how_far_it_is_and_ends_with_the_rules() {
    // A layer that the page has not read already.
    let other = Image::new().layer(layer("COPY other /").file("/other", bytes(40_000)));
    let odd = Odd::stalling(&other.pack()).await;
    let ground = Ground::open(&[format!("http://{}", odd.address)]).await;
    let browser = &ground.browser;
    let never = format!("{}/app:1", odd.address);
    ground.judge(&never, "  maxBytes: 1MB\n").await;
    browser.until_text(".comparing", &never).await;
    browser.until_text(".comparing", " of ").await;
    // Nothing is said before it is known, and nothing can be saved that would say it.
    let said: bool = browser
        .value("!!document.querySelector('.verdict, .report')")
        .await;
    assert!(!said);
    // Other rules end it.
    ground
        .judge(&ground.reference("0.9"), "  maxBytes: 1MB\n")
        .await;
    browser.until_text(".rules .verdict", "exit code 0").await;
    ground.judge(&never, "  maxBytes: 1MB\n").await;
    browser.until_text(".comparing", &never).await;
    browser.click(".rules .actions button").await;
    browser
        .until_text(".rules", "The file is not uploaded")
        .await;
    let gone: bool = browser
        .until("!document.querySelector('.comparing') && !!document.querySelector('.report')")
        .await;
    assert!(gone);
}
