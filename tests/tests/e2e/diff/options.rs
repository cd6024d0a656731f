//! What options of `diff` compare: another platform of one index, and times.

use onionskin_fixtures::{Family, Image, Packed, index, layer};
use onionskin_tests::Ground;
use onionskin_tests::command::{json, run, stopped};
use onionskin_tests::odd::{Odd, ok, status};
use serde_json::json;

fn built_for(platform: &str) -> Packed {
    Image::new()
        .platform(platform)
        .layer(layer("RUN base").file("/base", "base"))
        .layer(layer("COPY own /own").file("/own", platform))
        .pack()
}

#[tokio::test]
async fn two_platforms_of_one_index_are_compared() {
    let images = [built_for("linux/amd64"), built_for("linux/arm64")];
    let index = index(Family::Oci, &images);
    let registry = Odd::new(move |target, _| {
        let manifests = images.iter().map(|image| &image.manifest);
        let mut documents = manifests.chain([&index]);
        let wanted = target.rsplit('/').next().unwrap_or_default();
        let tagged = target.ends_with("/manifests/1");
        let found = documents.find(|document| match tagged {
            true => document.digest == index.digest,
            false => document.digest == wanted,
        });
        let mut blobs = images.iter().flat_map(Packed::blobs);
        match found.or_else(|| blobs.find(|blob| blob.digest == wanted)) {
            Some(blob) => ok(&blob.media_type, blob.bytes.clone()),
            None => status(404, &[], "{}"),
        }
    })
    .await;
    let image = format!("{}/app:1", registry.address);
    let diff = ["diff", &image, &image];
    let new = ["--new-platform", "linux/arm64"];
    let report = json(&[&diff[..], &new].concat()).await;
    let platforms = [&report["old"]["platform"], &report["new"]["platform"]];
    assert_eq!(platforms, ["linux/amd64", "linux/arm64"]);
    let files = report["files"].as_array().unwrap();
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!(files[0]["path"], "/own");
    assert_eq!(report["layers"]["shared"], 1);
    // Each side has its own.
    let swapped = [
        "--platform",
        "linux/arm64",
        "--new-platform",
        "linux/amd64",
        "--exit-code",
    ];
    let output = run(&[&diff[..], &swapped].concat()).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let report = json(&[&diff[..], &swapped[..2]].concat()).await;
    let platforms = [&report["old"]["platform"], &report["new"]["platform"]];
    assert_eq!(platforms, ["linux/arm64"; 2]);
    assert_eq!(report["files"], json!([]));
    let other = ["--new-platform", "linux/s390x"];
    let error = stopped(&[&diff[..], &other].concat()).await;
    assert!(
        error.contains("NEW: ") && error.contains("it has linux/amd64, linux/arm64"),
        "{error}"
    );
}

#[tokio::test]
async fn times_are_differences_where_that_is_asked() {
    let ground = Ground::default();
    let save = |name: &str, image: Image| {
        ground.save(name, "app:1", &image.pack());
        ground.path().join(name).to_str().unwrap().to_owned()
    };
    let copied = || layer("COPY . /app").file("/app/a", "one");
    let old = save("old.tar", Image::new().layer(copied()));
    let touched = save("touched.tar", Image::new().layer(copied().mtime(77)));
    let later = save("later.tar", Image::new().at(77).layer(copied()));
    for (new, files, fields) in [
        (&touched, json!([["mtime"]]), json!([])),
        (&later, json!([]), json!(["created"])),
    ] {
        let plain = ["diff", &old, new, "--exit-code"];
        let timed = [&plain[..], &["--mtime"]].concat();
        assert_eq!(run(&plain).await.status.code(), Some(0), "{new}");
        assert_eq!(run(&timed).await.status.code(), Some(1), "{new}");
        let report = json(&["diff", &old, new, "--mtime"]).await;
        let each = |list: &str, key: &str| -> Vec<serde_json::Value> {
            let list = report[list].as_array().unwrap().iter();
            list.map(|one| one[key].clone()).collect()
        };
        assert_eq!(json!(each("files", "what")), files, "{new}");
        assert_eq!(json!(each("config", "field")), fields, "{new}");
    }
}
