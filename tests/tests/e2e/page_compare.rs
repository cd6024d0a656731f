//! Two images compared in the page: the same as `onionskin diff` says of them, in every view, with an address for each.

mod command_line;
mod map;
mod opening;

use std::path::PathBuf;

use onionskin_fixtures::write::{Generation, docker_archive, oci_archive};
use onionskin_fixtures::{Image, Packed, bytes, gzip, layer, seeded};
use onionskin_tests::files::saved_by;
use onionskin_tests::odd::{Odd, ok, status};
use onionskin_tests::{Browser, Registry, Served, command};
use serde_json::Value;
use tempfile::TempDir;
use thirtyfour::Key;

/// A database of dpkg.
fn installed(packages: &[(&str, &str)]) -> String {
    packages
        .iter()
        .map(|(name, version)| {
            format!("Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n")
        })
        .collect()
}

fn base() -> Image {
    Image::new().layer(
        layer("RUN make-a-base")
            .file("/bin/tool", seeded(1, 40_000))
            .file("/usr/lib/big", seeded(2, 200_000)),
    )
}

fn old() -> Packed {
    base()
        .env("MODE=slow")
        .user("app")
        .layer(
            layer("RUN apt-get install libold")
                .file(
                    "/var/lib/dpkg/status",
                    installed(&[("libold", "1.0"), ("libc6", "2.36-9")]),
                )
                .file("/var/lib/dpkg/info/libc6.list", "/usr/lib/libc.so\n")
                .file("/usr/lib/libc.so", seeded(3, 9_000)),
        )
        .layer(
            layer("COPY app /app")
                .file("/app/run", seeded(4, 5_000))
                .file("/app/readme", "one")
                .file("/app/gone", seeded(5, 700))
                .file("/app/name", seeded(6, 800))
                .file("/app/mode", "same")
                .xattr("user.a", "one")
                .xattr("user.b", "both"),
        )
        .pack()
}

fn new() -> Packed {
    base()
        .env("MODE=fast")
        .layer(
            layer("RUN apt-get install libnew")
                .file(
                    "/var/lib/dpkg/status",
                    installed(&[("libnew", "3"), ("libc6", "2.36-10")]),
                )
                .file("/var/lib/dpkg/info/libc6.list", "/usr/lib/libc.so\n")
                .file("/usr/lib/libc.so", seeded(7, 9_500)),
        )
        .layer(
            layer("COPY app /app")
                .file("/app/run", seeded(4, 5_000))
                .file("/app/readme", "one and two")
                .file("/app/renamed", seeded(6, 800))
                .file("/app/mode", "same")
                .mode(0o600)
                .xattr("user.a", "<i>two")
                .xattr("user.b", "both")
                .owner(7, 7),
        )
        .layer(layer("COPY data /data # <b>").file("/data/<b>&x", seeded(8, 60_000)))
        .layer(layer("RUN rm").whiteout("/bin/tool"))
        .pack()
}

struct Ground {
    registry: Registry,
    served: Served,
    browser: Browser,
    name: String,
    folder: TempDir,
}

impl Ground {
    /// A registry with `team/app:1.0` and `:1.1`, and a browser that has shown nothing yet.
    async fn open() -> Self {
        let registry = Registry::start();
        registry.push("team/app:1.0", &old());
        registry.push("team/app:1.1", &new());
        let served = Served::start(&[format!("http://{}", registry.address())]);
        Self {
            name: format!("{}/team/app", registry.address()),
            registry,
            served,
            browser: Browser::start().await,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn reference(&self, tag: &str) -> String {
        format!("{}:{tag}", self.name)
    }

    /// Shows a comparison; `rest` is what the address has behind both images.
    async fn compare(&self, old: &str, new: &str, rest: &str) {
        let place = format!("/compare/{old}...{new}{rest}");
        self.browser.goto(&self.served.page(&place)).await;
    }

    /// The same of both tags, until it is there.
    async fn compared(&self, rest: &str) {
        self.compare(&self.reference("1.0"), &self.reference("1.1"), rest)
            .await;
        self.done().await;
    }

    async fn done(&self) {
        let _: bool = self
            .browser
            .until("!!document.querySelector('.compare-band')")
            .await;
    }

    /// A file in the folder.
    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// What the command says of both.
    async fn diff(&self, arguments: &[&str]) -> String {
        let base = self.served.page("");
        let base = base.trim_end_matches('#');
        let all = [&["diff"], arguments, &["--link-base", base]].concat();
        command::printed(&all).await
    }
}

/// Names of what is in the tree, in its order.
async fn names(browser: &Browser) -> Vec<String> {
    browser.texts(".row[data-row] .label").await
}

/// Waits until the tree has these rows.
async fn until_names(browser: &Browser, names: &[&str]) {
    let names = serde_json::to_string(names).unwrap();
    let _: bool = browser
        .until(&format!(
            "JSON.stringify([...document.querySelectorAll('.row[data-row] .label')].map(e => e.textContent)) === {}",
            Value::from(names)
        ))
        .await;
}

/// The figures, each with its old and new bytes.
async fn figures(browser: &Browser) -> Vec<(String, Option<String>, Option<String>)> {
    browser
        .value("[...document.querySelectorAll('.compare-band .figure')].map(e => [e.dataset.figure, e.dataset.old ?? null, e.dataset.new ?? null])")
        .await
}

#[tokio::test]
async fn an_image_differs_from_itself_in_nothing_and_swapped_sides_mirror() {
    let ground = Ground::open().await;
    let browser = &ground.browser;
    let image = ground.reference("1.1");
    ground.compare(&image, &image, "").await;
    ground.done().await;
    browser.until_text(".nothing", "No file differs.").await;
    browser.until_text(".figure.update", "no new layer").await;
    for (tab, says) in [
        ("config", "is the same"),
        ("history", "is the same"),
        ("packages", "No package differs"),
    ] {
        browser.click(&format!("#tab-{tab}")).await;
        browser.until_text(".nothing", says).await;
    }
    let counts = browser.texts("[role=tab] .beside").await;
    assert_eq!(counts, ["0", "0", "0", "0", "0"]);

    // The numbers change their places, and what was added was removed.
    ground.compared("?hide=added").await;
    let counts = async || {
        browser
            .value::<Vec<(String, String)>>("[...document.querySelectorAll('.chip[data-change]')].map(e => [e.dataset.change, e.querySelector('b').textContent])")
            .await
    };
    let (before, of_before) = (counts().await, figures(browser).await);
    browser.click(".swap").await;
    let swapped = format!(
        "#/compare/{image}...{}?hide=removed",
        ground.reference("1.0")
    );
    let _: bool = browser
        .until(&format!("location.hash === {}", Value::from(swapped)))
        .await;
    ground.done().await;
    let (after, of_after) = (counts().await, figures(browser).await);
    let mirrored: Vec<_> = before
        .iter()
        .map(|(change, count)| {
            let other = match &**change {
                "added" => "removed",
                "removed" => "added",
                change => change,
            };
            (other.to_owned(), count.clone())
        })
        .collect();
    for pair in &mirrored {
        assert!(after.contains(pair), "{after:?} {pair:?}");
    }
    for (name, old, new) in &of_before[..7] {
        assert!(
            of_after.contains(&(name.clone(), new.clone(), old.clone())),
            "{name}"
        );
    }
    browser.back().await;
    ground.done().await;
    let _: bool = browser.until("location.hash.endsWith('hide=added')").await;
}
