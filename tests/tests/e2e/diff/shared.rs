//! Layers that two images share are read once, and are what each of the two images says of them.

use std::fs;

use onionskin_fixtures::{Image, Layer, Packed, bytes, layer};
use onionskin_tests::Ground;
use onionskin_tests::command::{run, stopped};
use serde_json::json;

fn base() -> Layer {
    layer("RUN base").file("/base", bytes(5_000))
}

fn image(own: &str) -> Image {
    let own = layer("COPY . /app").file("/app", own);
    Image::new().layer(base()).layer(own)
}

fn save(ground: &Ground, name: &str, image: &Packed) -> String {
    ground.save(name, "app:1", image);
    ground.path().join(name).to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_shared_layer_is_what_each_configuration_says() {
    let ground = Ground::default();
    let old = save(&ground, "old.tar", &image("one").pack());
    let other = image("two").edit_config(|config| {
        config["rootfs"]["diff_ids"][0] = json!(format!("sha256:{}", "0".repeat(64)));
    });
    let new = save(&ground, "new.tar", &other.pack());
    let error = stopped(&["diff", &old, &new]).await;
    assert!(
        error.contains("NEW: ")
            && error.contains("layer 1")
            && error.contains("the image's config names sha256:0000"),
        "{error}"
    );
    let growth = ["audit", &old, "--max-growth", "0", "--growth-against", &new];
    let error = stopped(&growth).await;
    assert!(
        error.contains(&format!("cannot compare with {new}")) && error.contains("layer 1"),
        "{error}"
    );
}

/// What a saved image says that it has under a digest is looked at, in each of them.
#[tokio::test]
async fn a_shared_layer_is_what_each_saved_image_holds() {
    let ground = Ground::default();
    let mut damaged = image("two").pack();
    let old = save(&ground, "old.tar", &image("one").pack());
    let new = save(&ground, "new.tar", &damaged);
    assert!(run(&["diff", &old, &new]).await.status.success());
    *damaged.layers[0].bytes.last_mut().unwrap() ^= 1;
    fs::write(
        &new,
        onionskin_fixtures::write::oci_archive(&[("app:1", &damaged)]),
    )
    .unwrap();
    let error = stopped(&["diff", &old, &new]).await;
    assert!(
        error.contains("NEW: ") && error.contains("layer 1"),
        "{error}"
    );
    let growth = ["audit", &old, "--max-growth", "0", "--growth-against", &new];
    let error = stopped(&growth).await;
    assert!(error.contains("layer 1"), "{error}");
}

/// The limit is one for each image, and all of its layers count.
#[tokio::test]
async fn shared_layers_count_in_the_limits_of_both_images() {
    let ground = Ground::default();
    let old = save(&ground, "old.tar", &Image::new().layer(base()).pack());
    let new = image("two").pack();
    let (shared, own) = (new.tars[0].len(), new.tars[1].len());
    let new = save(&ground, "new.tar", &new);
    let within = |bytes: usize| bytes.to_string();
    let whole = within(shared + own);
    let output = run(&["diff", &old, &new, "--unpacked-limit", &whole]).await;
    assert!(output.status.success(), "{output:?}");
    let less = within(shared + own - 1);
    let error = stopped(&["diff", &old, &new, "--unpacked-limit", &less]).await;
    assert!(
        error.contains("NEW: ") && error.contains("--unpacked-limit"),
        "{error}"
    );
}

/// The diff ID that another image's configuration has for a layer is no proof of what its blob holds.
#[tokio::test]
async fn growth_is_measured_by_what_the_other_image_holds() {
    let ground = Ground::default();
    let now = save(&ground, "now.tar", &image("one").pack());
    // A small layer that says to be the base of the image that is judged.
    let small = Image::new().layer(layer("RUN base").file("/base", bytes(10)));
    let lying = small.edit_config(|config| {
        let base = Image::new().layer(base()).pack();
        config["rootfs"]["diff_ids"][0] = json!(base.diff_ids[0]);
    });
    let before = save(&ground, "before.tar", &lying.pack());
    let growth = [
        "audit",
        &now,
        "--max-growth",
        "100MB",
        "--growth-against",
        &before,
    ];
    let error = stopped(&growth).await;
    assert!(error.contains("layer 1"), "{error}");
    // One whose documents do not fit together is measured by nothing at all.
    let torn = image("one").edit_config(|config| {
        let ids = config["rootfs"]["diff_ids"].as_array_mut().unwrap();
        ids.truncate(1);
    });
    let torn = save(&ground, "torn.tar", &torn.pack());
    let error = stopped(&[
        "audit",
        &now,
        "--max-compressed-growth",
        "100MB",
        "--growth-against",
        &torn,
    ])
    .await;
    assert!(
        error.contains("its configuration lists 1 layers and its manifest 2"),
        "{error}"
    );
}
