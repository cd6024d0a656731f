//! The HTML report opens without a network.

use onionskin_fixtures::write::oci_archive;
use onionskin_tests::Browser;

use super::RULES;
use super::ground::{HOSTILE, ground, hostile};

#[tokio::test]
async fn html_opens_without_a_network_and_runs_nothing_of_an_image() {
    let ground = ground();
    ground.write("hostile.tar", oci_archive(&[("a:1", &hostile())]));
    let images = [
        "hostile.tar",
        "oci:demo:demo/webapp:1.0",
        "./<b>missing.tar",
    ];
    ground.run(
        &[
            &images,
            &RULES[..],
            &["--format", "html", "-o", "report.html"],
        ]
        .concat(),
    );
    let browser = Browser::start().await;
    browser
        .goto(&format!(
            "file://{}",
            ground.path().join("report.html").display()
        ))
        .await;
    browser.until_text("h1", "docker.io/demo/webapp:1.0").await;
    let title: String = browser.value("document.title").await;
    assert_eq!(title, "Onionskin audit: 3 images");
    let active = "document.querySelectorAll('script,img,iframe,object,embed,link,form,b b,[onerror],[onload]').length";
    assert_eq!(browser.value::<u32>(active).await, 0);
    let fetched: u32 = browser
        .value("performance.getEntriesByType('resource').length")
        .await;
    assert_eq!(fetched, 0);
    // The favicon that a browser asks for by itself is no part of the page.
    let console = browser.console().await;
    assert!(
        console.iter().all(|line| line.contains("favicon")),
        "{console:?}"
    );
    let paths = browser.texts(".findings .path").await;
    let hostile: String = HOSTILE
        .replace('\u{1b}', "\\x1b")
        .replace('\u{202e}', "\\u{202e}")
        .replace('\n', "\\n");
    assert!(paths.contains(&hostile), "{paths:?}");
    assert_eq!(browser.texts(".error").await.len(), 1);
    let wide: bool = browser
        .value("document.documentElement.scrollWidth <= innerWidth")
        .await;
    assert!(wide, "nothing is wider than the window");
    let boxes: u32 = browser
        .value("document.querySelectorAll('#image-2 .map i.deleted').length")
        .await;
    assert!(boxes > 10, "{boxes}");
    // Every box lies in the one around it.
    let outside: u32 = browser
        .value("[...document.querySelectorAll('.map .folder, .map .leaf')].filter(e => { const a = e.getBoundingClientRect(), b = e.parentElement.getBoundingClientRect(); return a.left < b.left - 2 || a.top < b.top - 2 || a.right > b.right + 2 || a.bottom > b.bottom + 2; }).length")
        .await;
    assert_eq!(outside, 0);
}
