//! `onionskin packages`: what it says of an image, as the package managers themselves say it, and docs/packages.md.

mod diff;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use onionskin_fixtures::documented::packaged;
use onionskin_fixtures::write::{Generation, docker_archive};
use onionskin_fixtures::{Image, Layer, Packed, bytes, layer};
use onionskin_tests::binary::onionskin;
use onionskin_tests::command::{json, printed, stopped};
use onionskin_tests::{Ground, on_terminal};
use serde_json::{Value, json};

fn schema() -> jsonschema::Validator {
    let schema = include_str!("../../../schemas/packages.json");
    jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap()
}

/// The image in an archive, and the path of that.
fn saved(ground: &Ground, image: &Packed) -> String {
    ground.save("app.tar", "app:1.0", image);
    ground.path().join("app.tar").to_str().unwrap().to_owned()
}

fn one(layer: Layer) -> Packed {
    Image::new().layer(layer).pack()
}

#[tokio::test]
async fn json_has_each_package_and_fits_the_schema() {
    let ground = Ground::default();
    let file = saved(&ground, &packaged());
    let report = json(&["packages", &file]).await;
    let errors: Vec<_> = schema()
        .iter_errors(&report)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    let bytes = |value: &Value| value["bytes"].as_u64().unwrap();
    let packages = report["packages"].as_array().unwrap();
    let owned: u64 = packages.iter().map(bytes).sum();
    let live = report["live"].as_u64().unwrap();
    assert_eq!(owned + report["unowned"].as_u64().unwrap(), live);
    let inspected = json(&["inspect", &file]).await;
    assert_eq!(inspected["bytes"]["live"], report["live"]);
    assert_eq!(inspected["image"], report["image"]);
    let express = packages.iter().find(|package| package["name"] == "express");
    assert_eq!(
        express.unwrap(),
        &json!({
            "type": "npm", "name": "express", "version": "4.21.2", "purl": "pkg:npm/express@4.21.2",
            "license": "MIT", "bytes": 60_053, "compressedBytes": 61_952, "files": 2, "layers": [2]
        })
    );
    // What the source does not tell is null.
    ground.write(
        "saved.tar",
        docker_archive(Generation::Folders, &[("app:1.0", &packaged())]),
    );
    let file = ground.path().join("saved.tar");
    let report = json(&["packages", file.to_str().unwrap()]).await;
    assert_eq!(report["packages"][0]["compressedBytes"], Value::Null);
}

#[tokio::test]
async fn types_limits_and_stacks_choose_what_is_listed() {
    let ground = Ground::default();
    let file = saved(&ground, &packaged());
    let names = |report: &Value| -> Vec<String> {
        let packages = report["packages"].as_array().unwrap().iter();
        packages
            .map(|package| package["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let npm = json(&["packages", &file, "--type", "npm"]).await;
    assert_eq!(names(&npm), ["express", "debug"]);
    let first = json(&["packages", &file, "-n", "1"]).await;
    assert_eq!(names(&first), ["libc6"]);
    let base = json(&["packages", &file, "--stack", "1"]).await;
    assert_eq!(names(&base), ["libc6", "tzdata"]);
    let text = printed(&["packages", &file, "-n", "1"]).await;
    assert!(text.ends_with("and 3 more\n"), "{text}");
    let csv = printed(&["packages", &file, "--type", "deb", "--format", "csv"]).await;
    assert_eq!(csv.lines().count(), 3, "{csv}");
    let error = stopped(&["packages", &file, "--type", "dpkg"]).await;
    assert!(
        error.contains("--type dpkg: the types are apk, cargo"),
        "{error}"
    );
    let error = stopped(&["packages", &file, "--stack", "9"]).await;
    assert!(
        error.contains("--stack 9: the image has 2 layers"),
        "{error}"
    );
}

/// Names and versions come from the image, and are looked at in terminals, logs and spreadsheets.
#[tokio::test]
async fn nothing_in_a_name_acts() {
    let ground = Ground::default();
    let name = "=cmd|' /C calc'!A0\u{1b}[2J\u{202e}";
    let manifest = json!({ "name": name, "version": "::error::x\u{7}" });
    let image = one(layer("COPY").file("/node_modules/a/package.json", manifest.to_string()));
    let file = saved(&ground, &image);
    for format in ["text", "json", "csv"] {
        let text = printed(&["packages", &file, "--format", format]).await;
        let acts = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!text.contains(acts), "{text:?}");
        assert!(!text.contains(",=cmd"), "{text}");
    }
    let report = json(&["packages", &file]).await;
    assert_eq!(report["packages"][0]["name"], name);
}

#[tokio::test]
async fn an_image_without_packages_and_one_that_cannot_be_read_are_told() {
    let ground = Ground::default();
    let file = saved(&ground, &one(layer("COPY").file("/a", bytes(5))));
    let text = printed(&["packages", &file]).await;
    assert!(text.contains("No packages were found"), "{text}");
    let berkeley = one(layer("COPY").file("/var/lib/rpm/Packages", bytes(5)));
    let file = saved(&ground, &berkeley);
    let text = printed(&["packages", &file]).await.replace('\n', " ");
    assert!(
        text.contains("/var/lib/rpm/Packages could not be read: its format is not supported"),
        "{text}"
    );
    let report = json(&["packages", &file]).await;
    assert_eq!(
        report["unread"],
        json!([{ "path": "/var/lib/rpm/Packages", "reason": "format" }])
    );
}

/// Runs a tool, which has to end well, and returns what it prints.
fn tool(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// An image of one layer that is this folder, made by tar.
fn image_of(folder: &Path) -> Packed {
    let mut tar = Command::new("tar");
    let output = tar
        .arg("-C")
        .arg(folder)
        .args(["-c", "."])
        .output()
        .unwrap();
    assert!(output.status.success());
    one(layer("COPY / /").raw(output.stdout).trailer(""))
}

/// Bytes of a regular file, of no other.
fn size_of(path: &Path) -> u64 {
    let meta = fs::symlink_metadata(path);
    meta.ok()
        .filter(fs::Metadata::is_file)
        .map_or(0, |meta| meta.len())
}

/// Packages by name: version, bytes.
async fn told(file: &str, kind: &str) -> BTreeMap<String, (String, u64)> {
    let report = json(&["packages", file, "--type", kind]).await;
    let packages = report["packages"].as_array().unwrap().iter();
    packages
        .map(|package| {
            let text = |key: &str| package[key].as_str().unwrap().to_owned();
            let bytes = package["bytes"].as_u64().unwrap();
            (text("name"), (text("version"), bytes))
        })
        .collect()
}

/// A file system of Debian's form, into which dpkg installs packages.
struct Debian<'g> {
    ground: &'g Ground,
    root: PathBuf,
}

impl<'g> Debian<'g> {
    /// An empty one, where `/bin` is a link.
    fn new(ground: &'g Ground) -> Self {
        let root = ground.path().join("root");
        for folder in ["usr/bin", "var/lib/dpkg/info", "var/lib/dpkg/updates"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        std::os::unix::fs::symlink("usr/bin", root.join("bin")).unwrap();
        fs::write(root.join("var/lib/dpkg/status"), "").unwrap();
        Self { ground, root }
    }

    /// Builds a package of these files, each with its bytes, and installs it.
    fn install(&self, name: &str, version: &str, files: &[(&str, usize)]) {
        let built = self.ground.path().join(name);
        fs::create_dir_all(built.join("DEBIAN")).unwrap();
        let control = format!(
            "Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: a <a@example.com>\nDescription: a test\n"
        );
        fs::write(built.join("DEBIAN/control"), control).unwrap();
        for (path, size) in files {
            let file = built.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, bytes(*size)).unwrap();
        }
        let deb = self.ground.path().join(format!("{name}.deb"));
        tool(
            Command::new("dpkg-deb")
                .args(["--root-owner-group", "-b"])
                .arg(&built)
                .arg(&deb),
        );
        let mut dpkg = Command::new("dpkg");
        dpkg.arg(format!("--root={}", self.root.display()));
        dpkg.args([
            "--log=/dev/null",
            "--force-not-root",
            "--force-bad-path",
            "-i",
        ]);
        tool(dpkg.arg(&deb));
    }

    /// What dpkg-query prints.
    fn query(&self, arguments: &[&str]) -> String {
        let admin = format!("--admindir={}", self.root.join("var/lib/dpkg").display());
        tool(Command::new("dpkg-query").arg(admin).args(arguments))
    }

    /// The paths of a package, as dpkg has them.
    fn paths(&self, package: &str) -> Vec<String> {
        let listed = self.query(&["-L", package]);
        listed.lines().map(str::to_owned).collect()
    }

    /// Bytes of the files of a package.
    fn bytes(&self, package: &str) -> u64 {
        let paths = self.paths(package);
        let sizes = paths
            .iter()
            .map(|path| size_of(&self.root.join(&path[1..])));
        sizes.sum()
    }
}

/// Two packages, built by dpkg-deb and installed by dpkg into a file system where `/bin` is a link.
#[tokio::test]
async fn debian_packages_are_those_of_dpkg_query() {
    let ground = Ground::default();
    let debian = Debian::new(&ground);
    debian.install("first", "1:2.0-1", &[("bin/first", 3_000)]);
    debian.install("second", "0.9", &[("usr/share/second/data", 70_000)]);
    let mut expected = BTreeMap::new();
    for line in debian
        .query(&["-W", "-f", "${Package}\t${Version}\n"])
        .lines()
    {
        let (name, version) = line.split_once('\t').unwrap();
        expected.insert(name.to_owned(), (version.to_owned(), debian.bytes(name)));
    }
    assert_eq!(expected["first"], ("1:2.0-1".to_owned(), 3_000));
    let file = saved(&ground, &image_of(&debian.root));
    assert_eq!(told(&file, "deb").await, expected);
}

/// Two builds of an image, the second with one package more: nothing else is named, but for the database that lists it.
#[tokio::test]
async fn diff_names_the_package_that_dpkg_added_and_nothing_else() {
    let ground = Ground::default();
    let debian = Debian::new(&ground);
    debian.install("first", "1:2.0-1", &[("usr/bin/first", 3_000)]);
    debian.install("second", "0.9", &[("usr/share/second/data", 70_000)]);
    ground.save("old.tar", "app:1", &image_of(&debian.root));
    let added = [("usr/bin/third", 4_000), ("usr/share/third/data", 50_000)];
    debian.install("third", "3.0-2", &added);
    ground.save("new.tar", "app:2", &image_of(&debian.root));

    let path = |name: &str| ground.path().join(name).to_str().unwrap().to_owned();
    let (old, new) = (path("old.tar"), path("new.tar"));
    let report = json(&["diff", &old, &new]).await;
    let bytes = debian.bytes("third");
    assert_eq!(bytes, 54_000);
    assert_eq!(
        report["packages"],
        json!([{ "type": "deb", "name": "third", "old": null, "new": "3.0-2", "bytes": bytes }])
    );
    assert_eq!(report["config"], json!([]));
    // The package has the folders that the others have as well.
    let others = [debian.paths("first"), debian.paths("second")].concat();
    let owned = debian.paths("third");
    let owned: BTreeSet<&str> = (owned.iter())
        .filter(|path| !others.contains(path))
        .map(String::as_str)
        .collect();
    let text = |value: &Value, key: &str| value[key].as_str().unwrap().to_owned();
    let (database, rest): (Vec<&Value>, Vec<&Value>) = (report["files"].as_array().unwrap().iter())
        .partition(|file| text(file, "path").starts_with("/var/lib/dpkg/"));
    let rest: Vec<(String, String)> = (rest.into_iter())
        .map(|file| (text(file, "change"), text(file, "path")))
        .collect();
    let expected = owned
        .iter()
        .map(|path| ("added".to_owned(), (*path).to_owned()));
    assert_eq!(rest, expected.collect::<Vec<_>>());
    // Of the database, what tells of this package, and the lists of all.
    let of_third = |file: &Value| text(file, "path").starts_with("/var/lib/dpkg/info/third.");
    let lists = ["status", "status-old", "available"].map(|name| format!("/var/lib/dpkg/{name}"));
    for file in &database {
        assert!(
            of_third(file) || lists.contains(&text(file, "path")),
            "{file}"
        );
    }
    assert!(database.iter().any(|file| of_third(file)));
    let printed = printed(&["diff", &old, &new]).await;
    assert!(printed.contains("Packages: 1 added"), "{printed}");
    assert!(printed.contains("deb third 3.0-2"), "{printed}");
}

/// Wheels that pip installs into a folder: names, versions, and the files that pip says are theirs.
#[tokio::test]
async fn python_packages_are_those_of_pip() {
    let ground = Ground::default();
    let site = ground.path().join("root/usr/lib/python3/dist-packages");
    fs::create_dir_all(&site).unwrap();
    let python = |arguments: &[&str], folder: &Path| {
        tool(
            Command::new("python3")
                .args(arguments)
                .env("PYTHONPATH", &site)
                .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
                .env("PIP_NO_CACHE_DIR", "1")
                .current_dir(folder),
        )
    };
    for (name, module, version, size) in [
        ("First.Package", "first_package", "1.0.2", 4_000),
        ("second", "second", "2.0rc1", 90_000),
    ] {
        let built = ground.path().join(module);
        let info = format!("{module}-{version}.dist-info");
        fs::create_dir_all(built.join(module)).unwrap();
        fs::create_dir_all(built.join(&info)).unwrap();
        let files = [
            (format!("{module}/__init__.py"), "VALUE = 1\n".to_owned()),
            (format!("{module}/a, b.txt"), "x".repeat(size)),
            (
                format!("{info}/METADATA"),
                format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nLicense: MIT\n"),
            ),
            (
                format!("{info}/WHEEL"),
                "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
                    .to_owned(),
            ),
            (
                format!("{info}/RECORD"),
                format!(
                    "{module}/__init__.py,,\n\"{module}/a, b.txt\",,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n"
                ),
            ),
        ];
        for (path, content) in files {
            fs::write(built.join(path), content).unwrap();
        }
        let wheel = format!("../{module}-{version}-py3-none-any.whl");
        python(&["-m", "zipfile", "-c", &wheel, module, &info], &built);
        let target = site.to_str().unwrap();
        let install = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-index",
            "--no-deps",
            "--target",
            target,
        ];
        python(&[&install[..], &[&wheel]].concat(), &built);
    }
    let path = site.to_str().unwrap();
    let listed = python(
        &["-m", "pip", "list", "--path", path, "--format", "json"],
        &site,
    );
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let mut expected = BTreeMap::new();
    for package in listed.as_array().unwrap() {
        let (name, version) = (package["name"].as_str().unwrap(), &package["version"]);
        let shown = python(&["-m", "pip", "show", "--files", name], &site);
        let (_, files) = shown.split_once("\nFiles:\n").unwrap();
        let sizes: Vec<u64> = files
            .lines()
            .map(|line| size_of(&site.join(line.trim())))
            .collect();
        let facts = json!([version, sizes.iter().sum::<u64>(), sizes.len()]);
        expected.insert(name.to_owned(), facts);
    }
    assert_eq!(expected.len(), 2, "{expected:?}");
    let file = saved(&ground, &image_of(&ground.path().join("root")));
    let report = json(&["packages", &file, "--type", "pypi"]).await;
    let packages = report["packages"].as_array().unwrap().iter();
    let told: BTreeMap<String, Value> = packages
        .map(|package| {
            let facts = json!([package["version"], package["bytes"], package["files"]]);
            (package["name"].as_str().unwrap().to_owned(), facts)
        })
        .collect();
    assert_eq!(told, expected);
}

/// Packages that npm installs from folders, one of them inside another.
#[tokio::test]
async fn node_packages_are_those_of_npm_ls() {
    let ground = Ground::default();
    let make = |name: &str, manifest: Value, size: usize| {
        let folder = ground.path().join(name);
        fs::create_dir_all(folder.join("lib")).unwrap();
        fs::write(folder.join("package.json"), manifest.to_string()).unwrap();
        fs::write(folder.join("lib/index.js"), bytes(size)).unwrap();
    };
    let npm = |folder: &str, arguments: &[&str]| {
        tool(
            Command::new("npm")
                .args(arguments)
                .args(["--offline", "--no-audit", "--no-fund", "--loglevel=error"])
                .env("npm_config_cache", ground.path().join("cache"))
                .current_dir(ground.path().join(folder)),
        )
    };
    let inner = json!({ "name": "@s/inner", "version": "2.1.0" });
    make("outer/node_modules/@s/inner", inner, 500);
    let outer = json!({
        "name": "outer",
        "version": "1.0.0",
        "dependencies": { "@s/inner": "^2.1.0" },
        "bundleDependencies": ["@s/inner"],
    });
    make("outer", outer, 9_000);
    let packed = npm("outer", &["pack", "--pack-destination", ".."]);
    let packed = format!("file:../{}", packed.trim());
    let root = json!({ "name": "root", "version": "0.0.1", "dependencies": { "outer": packed } });
    make("root", root, 10);
    npm("root", &["install"]);
    let listed: Value = serde_json::from_str(&npm("root", &["ls", "--all", "--json"])).unwrap();
    let outer = &listed["dependencies"]["outer"];
    let inner = &outer["dependencies"]["@s/inner"];
    let file = saved(&ground, &image_of(&ground.path().join("root")));
    let told = told(&file, "npm").await;
    let version = |package: &Value| package["version"].as_str().unwrap().to_owned();
    assert_eq!(told.keys().collect::<Vec<_>>(), ["@s/inner", "outer"]);
    assert_eq!(told["outer"].0, version(outer));
    assert_eq!(told["@s/inner"].0, version(inner));
    let module = ground.path().join("root/node_modules/outer");
    let sizes = |folder: &Path| {
        size_of(&folder.join("package.json")) + size_of(&folder.join("lib/index.js"))
    };
    assert_eq!(told["outer"].1, sizes(&module));
    assert_eq!(
        told["@s/inner"].1,
        sizes(&module.join("node_modules/@s/inner"))
    );
}

#[test]
fn the_documentation_shows_what_is_printed() {
    let ground = Ground::default();
    ground.save("app.tar", "app:1.0", &packaged());
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/packages.md");
    let docs = fs::read_to_string(docs).unwrap();
    let mut examples = 0;
    for block in docs.split("\n```").skip(1).step_by(2) {
        let Some(block) = block.strip_prefix("console\n") else {
            continue;
        };
        for example in format!("\n{block}").split("\n$ ").skip(1) {
            let (command, shown) = example.split_once('\n').unwrap();
            let words: Vec<&str> = command.split_whitespace().collect();
            let ["onionskin", arguments @ ..] = words.as_slice() else {
                unreachable!("{command}")
            };
            let mut run = Command::new(onionskin());
            run.args(arguments).current_dir(ground.path());
            let output = on_terminal(run, 80);
            assert!(output.status.success(), "{command}: {output:?}");
            let printed = String::from_utf8(output.stdout).unwrap();
            assert_eq!(shown.trim(), printed.trim(), "{command}");
            examples += 1;
        }
    }
    assert_eq!(examples, 3);
}
