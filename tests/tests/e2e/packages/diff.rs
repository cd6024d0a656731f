//! Packages of two images compared, in each form of the report.

use onionskin_fixtures::{Image, bytes, layer};
use onionskin_tests::Ground;
use onionskin_tests::command::{json, printed};
use serde_json::{Value, json};

const COUNTS: &str = "1 added, 1 removed, 1 updated, 1 changed in the same version";

fn manifest(name: &str, version: &str) -> String {
    json!({ "name": name, "version": version }).to_string()
}

/// Two images whose packages differ: by name and version, by their bytes, and by what is wasted of them.
fn saved() -> (Ground, String, String) {
    let ground = Ground::default();
    let modules = |packages: &[(&str, &str, usize)]| {
        let all = packages.iter();
        all.fold(layer("npm ci"), |layer, (name, version, size)| {
            let folder = format!("/app/node_modules/{name}");
            layer
                .file(format!("{folder}/package.json"), manifest(name, version))
                .file(format!("{folder}/index.js"), bytes(*size))
        })
    };
    let (b, c) = (("b", "1.0.0", 10), |size| ("c", "1.0.0", size));
    let old = modules(&[("a", "1.0.0", 100), b, c(1)]);
    ground.save("old.tar", "app:1", &Image::new().layer(old).pack());
    let new = modules(&[("a", "1.1.0", 400), b, c(2), ("d", "3.0.0", 50)]);
    let prune = layer("npm prune").whiteout("/app/node_modules/b");
    let new = Image::new().layer(new).layer(prune);
    ground.save("new.tar", "app:2", &new.pack());
    let path = |name: &str| ground.path().join(name).to_str().unwrap().to_owned();
    let (old, new) = (path("old.tar"), path("new.tar"));
    (ground, old, new)
}

/// A package that differs, with its versions and bytes of each image that has it.
fn package(name: &str, old: Option<(&str, usize)>, new: Option<(&str, usize)>) -> Value {
    let version = |of: Option<(&str, usize)>| json!(of.map(|(version, _)| version.to_owned()));
    let bytes = |of: Option<(&str, usize)>| of.map(|(_, bytes)| bytes as i64);
    json!({
        "type": "npm", "name": name, "old": version(old), "new": version(new),
        "bytes": bytes(new).unwrap_or(0) - bytes(old).unwrap_or(0),
        "oldBytes": bytes(old), "newBytes": bytes(new),
    })
}

#[tokio::test]
async fn packages_that_differ_are_told_with_versions_and_bytes() {
    let (_ground, old, new) = saved();
    let report = json(&["diff", &old, &new]).await;
    let all = manifest("b", "1.0.0").len();
    let expected = json!([
        package("a", Some(("1.0.0", 100 + all)), Some(("1.1.0", 400 + all))),
        package("b", Some(("1.0.0", 10 + all)), None),
        package("c", Some(("1.0.0", 1 + all)), Some(("1.0.0", 2 + all))),
        package("d", None, Some(("3.0.0", 50 + all))),
    ]);
    let mut sizes = report["packageSizes"].clone();
    for package in sizes.as_array_mut().unwrap() {
        let keys = package.as_object_mut().unwrap();
        keys.retain(|key, _| !key.ends_with("CompressedBytes"));
    }
    assert_eq!(sizes, expected);
    // What each costs is what `packages` says of its image.
    for (side, image) in [("old", &old), ("new", &new)] {
        let listed = json(&["packages", image]).await;
        let listed = listed["packages"].as_array().unwrap();
        for package in report["packageSizes"].as_array().unwrap() {
            let mut same = listed
                .iter()
                .filter(|one| one["name"] == package["name"] && one["version"] == package[side]);
            let expected = same.next().map(|one| &one["compressedBytes"]);
            let told = &package[format!("{side}CompressedBytes")];
            assert_eq!(told, expected.unwrap_or(&json!(null)), "{package}");
        }
    }
    let mut versions = expected;
    let listed = versions.as_array_mut().unwrap();
    listed.retain(|package| package["old"] != package["new"]);
    for package in listed {
        let keys = package.as_object_mut().unwrap();
        keys.retain(|key, _| !key.ends_with("Bytes"));
    }
    assert_eq!(report["packages"], versions);
    assert_eq!(
        report["wastedByPackage"],
        json!([{ "type": "npm", "name": "b", "oldBytes": 0, "newBytes": 10 + all }])
    );
}

#[tokio::test]
async fn packages_that_differ_are_in_the_text() {
    let (_ground, old, new) = saved();
    let text = printed(&["diff", &old, &new]).await;
    for expected in [
        format!("Packages: {COUNTS}\n").as_str(),
        "npm a 1.0.0 → 1.1.0 (130 B → 430 B)",
        "npm c 1.0.0 (same version, 31 B → 32 B)",
        "+40 B  npm b (0 B → 40 B)",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

#[tokio::test]
async fn packages_that_differ_are_in_markdown_and_html() {
    let (_ground, old, new) = saved();
    let markdown = printed(&["diff", &old, &new, "--format=markdown"]).await;
    for expected in [
        format!("**Packages** {COUNTS}").as_str(),
        &format!("<summary>Packages: {COUNTS}</summary>"),
        "| M | npm `a` | `1.0.0` | `1.1.0` | 130 B | 430 B | +300 B |",
        "| D | npm `b` | `1.0.0` | – | 40 B | – | -40 B |",
        "| M | npm `c` | `1.0.0` | same version | 31 B | 32 B | +1 B |",
        "<summary>Wasted by package: 1 package</summary>",
        "| npm `b` | 0 B | 40 B | +40 B |",
    ] {
        assert!(markdown.contains(expected), "{expected}: {markdown}");
    }
    let html = printed(&["diff", &old, &new, "--format=html"]).await;
    for expected in [
        "<h2>Packages</h2>",
        "<td>1.0.0</td><td>1.1.0</td><td class=\"right wide\">130 B</td><td class=\"right wide\">430 B</td><td class=\"right\">+300 B</td>",
        "<td>1.0.0</td><td><span class=\"quiet\">same version</span></td>",
        "<h2>Wasted by package</h2>",
    ] {
        assert!(html.contains(expected), "{expected}: {html}");
    }
}

#[tokio::test]
async fn packages_of_an_image_do_not_differ_from_themselves() {
    let (_ground, old, _) = saved();
    let same = json(&["diff", &old, &old]).await;
    assert_eq!(same["packages"], json!([]));
    assert_eq!(same["packageSizes"], json!([]));
    assert_eq!(same["wastedByPackage"], json!([]));
}
