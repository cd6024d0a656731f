//! `onionskin badge`: one number as a picture that a browser shows and a screen reader reads.

use std::fs;

use onionskin_fixtures::{Image, bytes, layer};
use onionskin_tests::command::{json, printed, run};
use onionskin_tests::{Browser, Ground};

fn saved() -> (Ground, String) {
    let ground = Ground::default();
    let image = Image::new().layer(
        layer("RUN a")
            .file("/a", bytes(9_000))
            .file("/b", bytes(1_000)),
    );
    ground.save(
        "app.tar",
        "app:1",
        &image.layer(layer("RUN rm").whiteout("/b")).pack(),
    );
    let path = ground.path().join("app.tar").to_str().unwrap().to_owned();
    (ground, path)
}

#[tokio::test]
async fn each_metric_is_the_number_that_inspect_has() {
    let (_ground, image) = saved();
    let inspected = json(&["inspect", &image]).await;
    assert_eq!(inspected["bytes"]["wasted"], 1_000);
    for (metric, text) in [
        ("wasted", "wasted: 1.0 kB (10 %)"),
        ("efficiency", "efficiency: 90 %"),
        ("size", "image size: "),
        ("download", "download: "),
    ] {
        let svg = printed(&["badge", &image, "--metric", metric]).await;
        assert!(
            svg.starts_with("<svg ") && svg.contains(&format!("<title>{text}")),
            "{svg}"
        );
    }
}

#[tokio::test]
async fn a_badge_is_drawn_and_named_and_runs_nothing() {
    let (ground, image) = saved();
    let label = "</text><script>document.title='hit'</script>\"&";
    let file = ground.path().join("badge.svg");
    let output = run(&[
        "badge",
        &image,
        "--label",
        label,
        "-o",
        file.to_str().unwrap(),
    ])
    .await;
    assert!(output.status.success() && output.stdout.is_empty());
    let svg = fs::read_to_string(&file).unwrap();
    assert!(!svg.contains("<script"), "{svg}");
    let browser = Browser::start().await;
    browser.goto(&format!("file://{}", file.display())).await;
    let name: String = browser
        .value("document.documentElement.getAttribute('aria-label')")
        .await;
    assert_eq!(name, format!("{label}: 1.0 kB (10 %)"));
    let inside: bool = browser
        .value("[...document.querySelectorAll('text')].every(text => text.getBBox().x + text.getBBox().width <= document.documentElement.width.baseVal.value)")
        .await;
    assert!(inside, "no text is wider than the badge");
}
