//! `onionskin link`: addresses that the page opens, pinned to digests.

use onionskin_fixtures::write::oci_archive;
use onionskin_fixtures::{Image, bytes, layer};
use onionskin_tests::Ground;
use onionskin_tests::command::{json, printed, stopped};
use onionskin_tests::odd::{Odd, holding};
use serde_json::json;

fn schema() -> jsonschema::Validator {
    let schema = include_str!("../../../schemas/link.json");
    jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap()
}

fn image() -> Image {
    Image::new()
        .layer(layer("RUN base").file("/etc/a b", bytes(9)))
        .layer(layer("COPY . /app").file("/app/x", "x"))
}

#[tokio::test]
async fn an_image_of_a_registry_is_pinned_to_its_digest() {
    let packed = image().pack();
    let registry = Odd::new(holding(&packed)).await;
    let name = format!("{}/app", registry.address);
    let (image, digest) = (format!("{name}:1"), &packed.manifest.digest);
    let start =
        format!("https://onionskin.example.com/#/image/{name}@{digest}?platform=linux/amd64");
    let base = "--link-base=https://onionskin.example.com";
    let link = async |arguments: &[&str]| {
        let all = [&["link", &image, base][..], arguments].concat();
        printed(&all).await.trim_end().to_owned()
    };
    assert_eq!(link(&[]).await, start);
    assert_eq!(
        link(&["/etc/a b", "--layer", "1", "--view", "changes"]).await,
        format!("{start}&layer=1&view=changes&path=/etc/a%20b")
    );
    assert_eq!(
        link(&["etc", "--layer=1"]).await,
        format!("{start}&layer=1&path=/etc")
    );
    assert_eq!(
        link(&["/\\xff", "--view=stack"]).await,
        format!("{start}&path=/%FF")
    );
    // Names are given as `ls` prints them.
    assert_eq!(
        link(&[r"/caf\xc3\xa9/tab\there"]).await,
        format!("{start}&path=/caf%C3%A9/tab%09here")
    );
    assert_eq!(
        link(&["--view", "waste"]).await,
        format!("{start}&view=waste")
    );
    let embedded = start.replace("/#/", "/?embed#/");
    assert_eq!(
        link(&["--embed", "--view", "waste"]).await,
        format!("{embedded}&view=waste")
    );
    assert_eq!(
        link(&["/a`|b", "--format", "markdown"]).await,
        format!("[`{name}:1` `` /a`|b ``](<{start}&path=/a%60%7Cb>)")
    );
    let address = format!(
        "https://onionskin.example.com/#/compare/{name}@{digest}...{name}@{digest}?platform=linux/amd64"
    );
    assert_eq!(link(&["--compare-with", &image]).await, address);
    assert_eq!(
        link(&["--compare-with", &image, "--embed"]).await,
        address.replace("/#/", "/?embed#/")
    );
    assert_eq!(
        link(&["--compare-with", &image, "--format", "markdown"]).await,
        format!("[`{name}:1` → `{name}:1`](<{address}>)")
    );
    let report = json(&["link", &image, base, "--view", "waste"]).await;
    assert!(schema().is_valid(&report), "{report:#}");
    let facts = json!({ "reference": image, "digest": digest, "platform": "linux/amd64" });
    assert_eq!(
        report,
        json!({
            "schemaVersion": 1,
            "url": format!("{start}&view=waste"),
            "markdown": format!("[`{name}:1`](<{start}&view=waste>)"),
            "image": facts,
            "old": null,
        })
    );
    let report = json(&["link", &image, base, "--compare-with", &image]).await;
    assert!(schema().is_valid(&report), "{report:#}");
    assert_eq!((&report["url"], &report["old"]), (&json!(address), &facts));
    assert_eq!(link(&["--format", "text"]).await, start);
    assert_eq!(link(&["--format", "url"]).await, start);
    // Only the documents are read.
    assert_eq!(registry.count(&packed.layers[0].digest), 0);
    for layer in ["0", "3"] {
        let error = stopped(&["link", &image, "--layer", layer]).await;
        assert!(
            error.contains(&format!("there is no layer {layer}; the image has 2")),
            "{error}"
        );
    }
}

#[tokio::test]
async fn each_view_of_an_image_has_an_address() {
    let ground = Ground::default();
    ground.save("app.tar", "app:1", &image().pack());
    let path = ground.path().join("app.tar");
    let path = path.to_str().unwrap();
    let start = "http://127.0.0.1:8080/#/file/app.tar?platform=linux/amd64";
    for view in ["changes", "waste", "checks", "packages", "map", "config"] {
        let link = printed(&["link", path, "--view", view]).await;
        assert_eq!(link, format!("{start}&view={view}\n"));
    }
    let link = printed(&["link", path, "/etc", "--layer=1", "--view=map"]).await;
    assert_eq!(link, format!("{start}&layer=1&view=map&path=/etc\n"));
}

#[tokio::test]
async fn an_image_in_a_file_is_asked_for_by_its_name() {
    let ground = Ground::default();
    ground.save("app.tar", "app:1", &image().pack());
    let path = ground.path().join("app.tar");
    let path = path.to_str().unwrap();
    let link = printed(&["link", path, "--view", "config"]).await;
    assert_eq!(
        link,
        "http://127.0.0.1:8080/#/file/app.tar?platform=linux/amd64&view=config\n"
    );
    // Both sides of a comparison may be files, called as the command calls them.
    ground.write(
        "both.tar",
        oci_archive(&[("app:1", &image().pack()), ("app:2", &image().pack())]),
    );
    let both = ground.path().join("both.tar");
    let second = format!("oci-archive:{}:@1", both.display());
    let link = printed(&["link", &second, "--compare-with", path]).await;
    assert_eq!(
        link,
        "http://127.0.0.1:8080/#/compare/./app.tar..../both.tar?new-image=@1&platform=linux/amd64\n"
    );
}
