//! The configuration view in a real browser: the build history as a Dockerfile.

use onionskin_tests::{Browser, Served};

#[tokio::test]
async fn the_history_is_a_dockerfile_whose_lines_lead_to_their_layers() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    browser
        .goto(&served.page("/image/demo/webapp:1.0?view=config"))
        .await;
    browser
        .until_text(
            ".dockerfile .step[data-layer='9'] .instruction",
            "RUN npm ci",
        )
        .await;
    let text = browser.texts(".dockerfile .instruction").await.join("\n");
    for noise in ["/bin/sh -c", "#(nop)", "# buildkit"] {
        assert!(!text.contains(noise), "{noise} in {text}");
    }
    assert!(text.contains("# bazel build //web:assets.tar"), "{text}");
    // What each line costs is what its layer has.
    let _: bool = browser
        .until("document.querySelector('.step[data-layer=\"9\"] .number .size').textContent.endsWith('MB')")
        .await;
    let wasted: Vec<String> = browser.texts(".step[data-layer='9'] .number").await;
    assert_eq!(wasted.len(), 3);
    browser.click(".history-head button").await;
    browser
        .until_text(".history-head [role=status]", "Copied")
        .await;
    browser.click(".step[data-layer='9'] .where a").await;
    let _: bool = browser
        .until("location.hash.includes('view=changes') && location.hash.includes('layer=9')")
        .await;
}
