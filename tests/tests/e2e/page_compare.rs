//! Two images compared in the page: the same as `onionskin diff` says of them, in every view, with an address for each.

mod map;
mod opening;

use std::path::PathBuf;

use onionskin_fixtures::write::{Generation, docker_archive, oci_archive};
use onionskin_fixtures::{Image, Layer, Packed, bytes, gzip, layer, seeded};
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

/// What is in the tree: path, sign, and the bytes of both sides as their titles have them.
async fn rows(browser: &Browser) -> Vec<(String, String, String, String)> {
    browser
        .value(
            "[...document.querySelectorAll('.row[data-row]')].map(row => [
                row.querySelector('.label').title,
                row.querySelector('.sign')?.title ?? '',
                row.querySelector('[data-column=before] .size')?.title ?? '',
                row.querySelector('[data-column=after] .size')?.title ?? ''])",
        )
        .await
}

fn exact(bytes: &Value) -> String {
    let Some(bytes) = bytes.as_u64() else {
        return String::new();
    };
    let digits = bytes.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{text} bytes")
}

#[tokio::test]
async fn the_page_compares_as_the_command_does() {
    let ground = Ground::open().await;
    let browser = &ground.browser;
    ground.compared("").await;
    let (old, new) = (ground.reference("1.0"), ground.reference("1.1"));
    let printed = ground.diff(&[&old, &new, "--format", "json"]).await;
    let report: Value = serde_json::from_str(&printed).unwrap();
    // Bytes, to the last of them.
    let sizes = |key: &str, name: &str| {
        let of = |side: &str| {
            report["bytes"][side][key]
                .as_u64()
                .map(|size| size.to_string())
        };
        (name.to_owned(), of("old"), of("new"))
    };
    let figures = figures(browser).await;
    assert_eq!(
        figures[..5],
        [
            sizes("compressedSize", "Download"),
            sizes("stored", "Stored in layers"),
            sizes("live", "Final filesystem"),
            sizes("wasted", "Wasted"),
            sizes("wastedCompressed", "Wasted download"),
        ]
    );
    let files = async |image: &str| {
        let listed = command::json(&["ls", image]).await;
        let listed = listed.as_array().unwrap().iter();
        listed
            .filter(|line| line["type"] != "dir")
            .count()
            .to_string()
    };
    let packages = async |image: &str| {
        let found = command::json(&["packages", image]).await;
        found["packages"].as_array().unwrap().len().to_string()
    };
    let (old_files, new_files) = (files(&old).await, files(&new).await);
    let (old_packages, new_packages) = (packages(&old).await, packages(&new).await);
    assert_eq!(
        figures[5],
        ("Files".to_owned(), Some(old_files), Some(new_files))
    );
    assert_eq!(
        figures[6],
        (
            "Packages".to_owned(),
            Some(old_packages),
            Some(new_packages)
        )
    );
    let update = report["bytes"]["update"].as_u64().unwrap().to_string();
    assert_eq!(figures[7], ("Update".to_owned(), None, Some(update)));
    browser
        .until_text(".figure.update", "layers 2, 3, 4, 5 of 5")
        .await;
    // Every path that differs is in the tree with its sizes; the other rows are folders above them.
    until_names_count(browser, 8).await;
    let shown = rows(browser).await;
    let of_files = report["files"].as_array().unwrap();
    for file in of_files {
        let path = file["path"].as_str().unwrap();
        let row = shown
            .iter()
            .find(|row| row.0 == path)
            .unwrap_or_else(|| panic!("{path}: {shown:?}"));
        let is_folder = file["oldSize"] == 0 || file["newSize"] == 0;
        assert_eq!(row.1, file["change"].as_str().unwrap());
        if !is_folder {
            assert_eq!(
                (&row.2, &row.3),
                (&exact(&file["oldSize"]), &exact(&file["newSize"])),
                "{path}"
            );
        }
    }
    let signed = shown.iter().filter(|row| !row.1.is_empty()).count();
    assert_eq!(signed, of_files.len());
    // Folders have all that is in them.
    let app = shown.iter().find(|row| row.0 == "/app").unwrap();
    assert_eq!((&*app.2, &*app.3), ("6,507 bytes", "5,815 bytes"));
    let folder = |path: &str| {
        let folders = report["folders"].as_array().unwrap().iter();
        let mut found = folders.filter(|folder| folder["path"] == path);
        found.next().unwrap_or_else(|| panic!("{path}: {printed}"))
    };
    let root = folder("/");
    for side in ["old", "new"] {
        let wasted = &report["bytes"][side]["wasted"];
        assert_eq!(&root[format!("{side}Wasted")], wasted, "{side}");
    }
    let wasted: String = browser
        .value("[...document.querySelectorAll('.row[data-row]')].find(row => row.querySelector('.label').title === '/bin').querySelector('[data-column=wasted] span').title")
        .await;
    let bin = folder("/bin");
    let told = [&bin["oldWasted"], &bin["newWasted"]].map(exact);
    assert_eq!(wasted, told.join(" → "));
    assert_eq!(bin["newWasted"], 40_000);
    for change in ["added", "removed", "changed", "moved"] {
        let told = of_files
            .iter()
            .filter(|file| file["change"] == change)
            .count();
        let chip = browser
            .texts(&format!(".chip[data-change={change}] b"))
            .await;
        assert_eq!(chip, [told.to_string()], "{change}");
    }
    browser.until_text(".rows", "moved from /app/name").await;
    browser.until_text(".rows", "mode, owner").await;
    // What is saved is what the command prints.
    assert_eq!(saved_by(browser, "Save as JSON").await, printed);
    let html = ground.diff(&[&old, &new, "--format", "html"]).await;
    assert_eq!(saved_by(browser, "Save as HTML").await, html);

    browser.click("#tab-config").await;
    browser
        .until_text("[data-field=env] .gone", "MODE=slow")
        .await;
    browser
        .until_text("[data-field=env] .came", "MODE=fast")
        .await;
    browser.until_text("[data-field=user] .gone", "app").await;
    let fields: Vec<String> = browser
        .value("[...document.querySelectorAll('.config-field')].map(e => e.dataset.field)")
        .await;
    let told = report["config"].as_array().unwrap().iter();
    let told: Vec<&str> = told.map(|field| field["field"].as_str().unwrap()).collect();
    assert_eq!(fields, told);

    // The build histories, line by line, each with the layer that it made.
    browser.click("#tab-history").await;
    browser
        .until_text(".history-lines .gone", "RUN apt-get install libold")
        .await;
    let shown: Vec<(String, String)> = browser
        .value("[...document.querySelectorAll('.history-lines li')].map(e => [e.querySelector('[aria-hidden]').textContent + e.querySelector('code').textContent, (e.querySelector('a')?.textContent ?? '').replace('layer ', '')])")
        .await;
    let told: Vec<(String, String)> = report["history"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|change| change["lines"].as_array().unwrap())
        .map(|line| {
            let sign = match line["change"].as_str().unwrap() {
                "added" => "+",
                "removed" => "-",
                _ => " ",
            };
            let layer = line["layer"].as_u64();
            let layer = layer.map(|layer| layer.to_string());
            let text = line["text"].as_str().unwrap();
            (format!("{sign}{text}"), layer.unwrap_or_default())
        })
        .collect();
    assert_eq!(shown, told);
    assert!(
        told.contains(&("+COPY data /data # <b>".to_owned(), "4".to_owned())),
        "{told:?}"
    );

    browser.click("#tab-packages").await;
    let _: bool = browser
        .until("!!document.querySelector('[data-package]')")
        .await;
    let shown: Vec<Vec<String>> = browser
        .value("[...document.querySelectorAll('[data-package]')].map(row => [row.dataset.package, ...[...row.querySelectorAll('td')].slice(0, 3).map(e => e.textContent)])")
        .await;
    let told: Vec<Vec<String>> = report["packageSizes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let text = |key: &str| package[key].as_str().unwrap_or("–").to_owned();
            ["name", "type", "old", "new"].map(text).to_vec()
        })
        .collect();
    assert_eq!(shown, told);
    assert_eq!(told.len(), 3);

    browser.click("#tab-layers").await;
    let _: bool = browser
        .until("!!document.querySelector('[data-state]')")
        .await;
    let layers: Vec<String> = browser
        .value("[...document.querySelectorAll('[data-state]')].map(row => [row.dataset.state, ...[...row.querySelectorAll('td')].slice(0, 2).map(e => e.textContent)].join(' '))")
        .await;
    assert_eq!(
        layers,
        [
            "kept 1 1",
            "removed 2 –",
            "removed 3 –",
            "added – 2",
            "added – 3",
            "added – 4",
            "added – 5",
        ]
    );
    // With the files that an update downloads, and what of each layer is wasted.
    let files: Vec<(String, Vec<String>)> = browser
        .value("[...document.querySelectorAll('[data-state=added]')].map(row => [row.querySelectorAll('td')[1].textContent, [...row.querySelectorAll('.layer-files .mono')].map(e => e.textContent)])")
        .await;
    let told: Vec<(String, Vec<String>)> = report["layers"]["new"]
        .as_array()
        .unwrap()
        .iter()
        .map(|layer| {
            let files = layer["files"].as_array().unwrap().iter();
            let paths = files.map(|file| file["path"].as_str().unwrap().to_owned());
            (layer["layer"].to_string(), paths.collect())
        })
        .collect();
    assert_eq!(files, told);
    assert_eq!(told[2].1, ["/data/<b>&x"]);
    browser
        .until_text("[data-state=kept] td:last-child", "40.0 kB was 0 B")
        .await;
    let sizes = report["layers"]["sizes"].as_array().unwrap();
    let numbers = |layer: &Value| (layer["old"].as_u64(), layer["new"].as_u64());
    assert_eq!(sizes.len(), layers.len());
    assert_eq!(numbers(&sizes[0]), (Some(1), Some(1)));
    assert_eq!(sizes[0]["oldWasted"], 0);
    assert_eq!(sizes[0]["newWasted"], 40_000);
    assert_eq!(numbers(&sizes[1]), (Some(2), None));
    assert_eq!(numbers(&sizes[6]), (None, Some(5)));

    // What a folder costs of both downloads.
    ground.compared("?path=/app").await;
    browser
        .until_text(".details [data-cost=download]", "Download: ")
        .await;
    let costs: Vec<String> = browser
        .value("[...document.querySelectorAll('.details [data-cost=download] .size')].map(e => e.title)")
        .await;
    let app = folder("/app");
    assert_eq!(costs, [&app["oldDownload"], &app["newDownload"]].map(exact));

    // The attribute that differs, with both values.
    ground.compared("?path=/app/mode").await;
    let versions = || async {
        let texts = browser.texts(".version dd.mono.differs").await;
        texts.iter().any(|text| text == "one") && texts.iter().any(|text| text == "<i>two")
    };
    browser.until_text("[data-side=new]", "user.a").await;
    assert!(versions().await);
    assert!(
        !browser
            .texts(".version dt")
            .await
            .contains(&"user.b".to_owned())
    );
    packages_of_one_version(&ground).await;
    assert_eq!(browser.console().await, [] as [String; 0]);
}

/// An image of two npm packages: one has so many bytes, and the other one may be deleted again.
fn modules(size: usize, is_pruned: bool) -> Packed {
    let folder = |layer: Layer, name: &str, size: usize| {
        let folder = format!("/node_modules/{name}");
        let manifest = format!(r#"{{"name":"{name}","version":"1.0.0"}}"#);
        layer
            .file(format!("{folder}/package.json"), manifest)
            .file(format!("{folder}/index.js"), bytes(size))
    };
    let installed = folder(layer("RUN npm ci"), "kept", size);
    let image = Image::new().layer(folder(installed, "gone", 1_000));
    let image = match is_pruned {
        true => image.layer(layer("RUN npm prune").whiteout("/node_modules/gone")),
        false => image,
    };
    image.pack()
}

/// A package that grew under its version is listed, and so is what is wasted of one that was deleted.
async fn packages_of_one_version(ground: &Ground) {
    let browser = &ground.browser;
    let push = |tag: &str, image: Packed| {
        let name = format!("team/modules:{tag}");
        ground.registry.push(&name, &image)
    };
    let (old, new) = (
        push("1", modules(1_000, false)),
        push("2", modules(3_000, true)),
    );
    ground.compare(&old, &new, "?view=packages").await;
    browser
        .until_text("[data-package=kept]", "same version")
        .await;
    let cells = browser.texts("[data-package=kept] td").await;
    assert_eq!(cells[1..3], ["1.0.0", "1.0.0 (same version)"]);
    assert_eq!(cells.last().unwrap(), "+2.0 kB");
    browser
        .until_text("[data-wasted-package=gone] td:last-child", "+1.0 kB")
        .await;
}

/// Waits until the tree has at least so many rows.
async fn until_names_count(browser: &Browser, least: usize) {
    let _: bool = browser
        .until(&format!(
            "document.querySelectorAll('.row[data-row] .label').length >= {least}"
        ))
        .await;
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
