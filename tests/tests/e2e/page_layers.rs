//! Layers of an image: which came with its base, and the digest of each.

use onionskin_fixtures::{Image, bytes, layer};
use onionskin_tests::{Browser, Served};
use thirtyfour::Key;

#[tokio::test]
async fn layers_of_the_base_are_marked_and_the_digest_of_a_layer_is_copied() {
    let image = Image::new()
        .layer(layer("ADD rootfs /").file("/bin/sh", bytes(700)))
        .layer(layer("RUN setup").file("/etc/base", bytes(70)))
        .layer(layer("COPY app /app").file("/app/run", bytes(7_000)))
        // What BuildKit marked is the image's own.
        .edit_config(|config| {
            for step in 0..2 {
                config["history"][step]["comment"] = "debuerreotype".into();
            }
        })
        .pack();
    let (_registry, served, reference) = Served::in_front_of(&image);
    let browser = Browser::start().await;
    let place = served.page(&format!("/image/{reference}?layer=2"));
    browser.goto(&place).await;
    browser
        .until_text(".layer[data-layer='2'] .of-base", "base")
        .await;
    browser
        .until_text(".details h2", "Layer 2from the base image")
        .await;
    let marked: Vec<String> = browser
        .value("[...document.querySelectorAll('.layer:has(.of-base)')].map(layer => layer.dataset.layer)")
        .await;
    assert_eq!(marked, ["1", "2"]);
    browser.click(".layer[data-layer='3']").await;
    browser.until_text(".details h2", "Layer 3").await;
    let own = browser.texts(".details h2").await;
    assert_eq!(own, ["Layer 3"]);

    browser.click(".details .facts .copying button").await;
    browser
        .until_text(".details .facts [role=status]", "Copied")
        .await;
    let field = ".header .reference input";
    browser.fill(field, Key::Control + "a").await;
    browser.fill(field, Key::Control + "v").await;
    let digest: String = browser
        .value("document.querySelector('.header .reference input').value")
        .await;
    assert_eq!(digest, image.layers[2].digest);
}
