//! Each view of a comparison says what `onionskin diff` prints of the same images.

use onionskin_fixtures::{Image, Layer, Packed, bytes, layer};
use onionskin_tests::files::saved_by;
use onionskin_tests::{Browser, command};
use serde_json::Value;

use super::{Ground, figures};

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

/// Waits until the tree has at least so many rows.
async fn until_names_count(browser: &Browser, least: usize) {
    let _: bool = browser
        .until(&format!(
            "document.querySelectorAll('.row[data-row] .label').length >= {least}"
        ))
        .await;
}

/// Both images in the page, and what the command prints of them.
struct Compared {
    ground: Ground,
    old: String,
    new: String,
    printed: String,
    report: Value,
}

impl Compared {
    async fn open() -> Self {
        let ground = Ground::open().await;
        ground.compared("").await;
        let (old, new) = (ground.reference("1.0"), ground.reference("1.1"));
        let printed = ground.diff(&[&old, &new, "--format", "json"]).await;
        Self {
            ground,
            old,
            new,
            report: serde_json::from_str(&printed).unwrap(),
            printed,
        }
    }

    /// Bytes, to the last of them.
    async fn sizes_are_told(&self) {
        let browser = &self.ground.browser;
        let sizes = |key: &str, name: &str| {
            let of = |side: &str| {
                self.report["bytes"][side][key]
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
    }

    /// Files and packages are as many as their lists have.
    async fn counts_are_told(&self) {
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
        let (old_files, new_files) = (files(&self.old).await, files(&self.new).await);
        let (old_packages, new_packages) = (packages(&self.old).await, packages(&self.new).await);
        let figures = figures(&self.ground.browser).await;
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
    }

    /// What an update downloads.
    async fn the_update_is_told(&self) {
        let browser = &self.ground.browser;
        let update = self.report["bytes"]["update"].as_u64().unwrap().to_string();
        let figures = figures(browser).await;
        assert_eq!(figures[7], ("Update".to_owned(), None, Some(update)));
        browser
            .until_text(".figure.update", "layers 2, 3, 4, 5 of 5")
            .await;
    }

    /// Every path that differs is in the tree with its sizes; the other rows are folders above them.
    async fn the_tree_has_what_differs(&self) {
        let browser = &self.ground.browser;
        until_names_count(browser, 8).await;
        let shown = rows(browser).await;
        let of_files = self.report["files"].as_array().unwrap();
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
    }

    /// What the report tells of a folder.
    fn folder(&self, path: &str) -> &Value {
        let folders = self.report["folders"].as_array().unwrap().iter();
        let mut found = folders.filter(|folder| folder["path"] == path);
        found
            .next()
            .unwrap_or_else(|| panic!("{path}: {}", self.printed))
    }

    /// What is wasted in a folder, in all of them as much as in the images.
    async fn waste_of_folders_is_told(&self) {
        let root = self.folder("/");
        for side in ["old", "new"] {
            let wasted = &self.report["bytes"][side]["wasted"];
            assert_eq!(&root[format!("{side}Wasted")], wasted, "{side}");
        }
        let wasted: String = self
            .ground
            .browser
            .value("[...document.querySelectorAll('.row[data-row]')].find(row => row.querySelector('.label').title === '/bin').querySelector('[data-column=wasted] span').title")
            .await;
        let bin = self.folder("/bin");
        let told = [&bin["oldWasted"], &bin["newWasted"]].map(exact);
        assert_eq!(wasted, told.join(" → "));
        assert_eq!(bin["newWasted"], 40_000);
    }

    /// What a folder costs of both downloads.
    async fn the_download_of_a_folder_is_told(&self) {
        let browser = &self.ground.browser;
        self.ground.compared("?path=/app").await;
        browser
            .until_text(".details [data-cost=download]", "Download: ")
            .await;
        let costs: Vec<String> = browser
            .value("[...document.querySelectorAll('.details [data-cost=download] .size')].map(e => e.title)")
            .await;
        let app = self.folder("/app");
        assert_eq!(costs, [&app["oldDownload"], &app["newDownload"]].map(exact));
    }

    /// Each kind of change is counted, and told beside its rows.
    async fn changes_are_counted(&self) {
        let browser = &self.ground.browser;
        for change in ["added", "removed", "changed", "moved"] {
            let told = self.report["files"]
                .as_array()
                .unwrap()
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
    }

    /// What is saved is what the command prints.
    async fn it_is_saved_as_printed(&self) {
        let browser = &self.ground.browser;
        assert_eq!(saved_by(browser, "Save as JSON").await, self.printed);
        let arguments = [&*self.old, &*self.new, "--format", "html"];
        let html = self.ground.diff(&arguments).await;
        assert_eq!(saved_by(browser, "Save as HTML").await, html);
    }

    /// Each field of the configuration that differs, with both values.
    async fn the_configuration_is_told(&self) {
        let browser = &self.ground.browser;
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
        let told = self.report["config"].as_array().unwrap().iter();
        let told: Vec<&str> = told.map(|field| field["field"].as_str().unwrap()).collect();
        assert_eq!(fields, told);
    }

    /// The build histories, line by line, each with the layer that it made.
    async fn the_history_is_told(&self) {
        let browser = &self.ground.browser;
        browser.click("#tab-history").await;
        browser
            .until_text(".history-lines .gone", "RUN apt-get install libold")
            .await;
        let shown: Vec<(String, String)> = browser
            .value("[...document.querySelectorAll('.history-lines li')].map(e => [e.querySelector('[aria-hidden]').textContent + e.querySelector('code').textContent, (e.querySelector('a')?.textContent ?? '').replace('layer ', '')])")
            .await;
        let told: Vec<(String, String)> = self.report["history"]
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
    }

    /// Packages with their versions in both images.
    async fn packages_are_told(&self) {
        let browser = &self.ground.browser;
        browser.click("#tab-packages").await;
        let _: bool = browser
            .until("!!document.querySelector('[data-package]')")
            .await;
        let shown: Vec<Vec<String>> = browser
            .value("[...document.querySelectorAll('[data-package]')].map(row => [row.dataset.package, ...[...row.querySelectorAll('td')].slice(0, 3).map(e => e.textContent)])")
            .await;
        let told: Vec<Vec<String>> = self.report["packageSizes"]
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
    }

    /// The layers of both images, and which of them they share.
    async fn layers_are_told(&self) {
        let browser = &self.ground.browser;
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
    }

    /// Beside the layers are the files that an update downloads, and what of each layer is wasted.
    async fn files_of_layers_are_told(&self) {
        let browser = &self.ground.browser;
        let files: Vec<(String, Vec<String>)> = browser
            .value("[...document.querySelectorAll('[data-state=added]')].map(row => [row.querySelectorAll('td')[1].textContent, [...row.querySelectorAll('.layer-files .mono')].map(e => e.textContent)])")
            .await;
        let told: Vec<(String, Vec<String>)> = self.report["layers"]["new"]
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
    }

    /// What each layer wastes in the old image and in the new one.
    fn layers_have_their_waste(&self) {
        let sizes = self.report["layers"]["sizes"].as_array().unwrap();
        let numbers = |layer: &Value| (layer["old"].as_u64(), layer["new"].as_u64());
        assert_eq!(sizes.len(), 7);
        assert_eq!(numbers(&sizes[0]), (Some(1), Some(1)));
        assert_eq!(sizes[0]["oldWasted"], 0);
        assert_eq!(sizes[0]["newWasted"], 40_000);
        assert_eq!(numbers(&sizes[1]), (Some(2), None));
        assert_eq!(numbers(&sizes[6]), (None, Some(5)));
    }

    /// The attribute of a file that differs, with both values, and no other.
    async fn attributes_are_told(&self) {
        let browser = &self.ground.browser;
        self.ground.compared("?path=/app/mode").await;
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
    }
}

#[tokio::test]
async fn the_page_compares_as_the_command_does() {
    let compared = Compared::open().await;
    compared.sizes_are_told().await;
    compared.counts_are_told().await;
    compared.the_update_is_told().await;
    compared.the_tree_has_what_differs().await;
    compared.waste_of_folders_is_told().await;
    compared.changes_are_counted().await;
    compared.it_is_saved_as_printed().await;
    compared.the_configuration_is_told().await;
    compared.the_history_is_told().await;
    compared.packages_are_told().await;
    compared.layers_are_told().await;
    compared.files_of_layers_are_told().await;
    compared.layers_have_their_waste();
    compared.the_download_of_a_folder_is_told().await;
    compared.attributes_are_told().await;
    packages_of_one_version(&compared.ground).await;
    let console = compared.ground.browser.console().await;
    assert_eq!(console, [] as [String; 0]);
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
