//! The tags of a repository on the page: their date, size, platforms and digest, read for the rows in view.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use onionskin_fixtures::{Image, Packed, bytes, layer};
use onionskin_tests::odd::{Odd, holding, ok, status};
use onionskin_tests::{Browser, Registry, Served};
use serde_json::json;

fn image(size: usize) -> Packed {
    Image::new()
        .layer(layer("COPY app /app").file("/app", bytes(size)))
        .pack()
}

/// The tags whose manifests were asked for.
fn asked(requests: &[String]) -> BTreeSet<String> {
    let tags = requests.iter().filter_map(|line| {
        let (_, rest) = line.split_once("/manifests/v")?;
        Some(rest.split_whitespace().next()?.to_owned())
    });
    tags.collect()
}

#[tokio::test]
async fn only_tags_in_view_are_asked_for() {
    let registry = Registry::start();
    registry.push("team/app:v1", &image(700));
    registry.push("team/app:v2", &image(90_000));
    for tag in 3..=80 {
        let first = if tag % 2 == 1 { "v1" } else { "v2" };
        registry.tag("team/app", first, &format!("v{tag}"));
    }
    let served = Served::start(&[format!("http://{}", registry.address())]);
    let browser = Browser::start().await;
    browser.resize(1440, 900).await;
    let before = registry.requests().len();
    let place = served.page(&format!("/tags/{}/team/app", registry.address()));
    browser.goto(&place).await;
    // As people count.
    browser.until_text(".tags", "v80").await;
    let names = browser.texts(".tags tbody a").await;
    assert_eq!(names[..10].join(" "), "v1 v2 v3 v4 v5 v6 v7 v8 v9 v10");
    let told = "[...document.querySelectorAll('.tags tbody tr')].filter(row => row.querySelector('.digest'))";
    let in_view = "[...document.querySelectorAll('.tags tbody tr')].filter(row => row.getBoundingClientRect().top < innerHeight)";
    let _: bool = browser
        .until(&format!("{told}.length === {in_view}.length"))
        .await;
    let count: usize = browser.value(&format!("{told}.length")).await;
    assert!((10..40).contains(&count), "{count}");
    let requests = registry.requests();
    assert_eq!(asked(&requests[before..]).len(), count);
    assert!(!asked(&requests).contains("80"));
    let first = browser.texts(".tags tbody tr:first-child").await.concat();
    assert!(
        first.contains("linux/amd64") && first.contains("same as v3, v5, v7 and"),
        "{first}"
    );
    browser.look("tags").await;

    // The others are, once they are looked at.
    let _: bool = browser
        .until("(document.querySelector('[data-tag=v80]').scrollIntoView(), true)")
        .await;
    let _: bool = browser
        .until("!!document.querySelector('[data-tag=v80] .digest')")
        .await;
    assert!(asked(&registry.requests()).contains("80"));
    assert!(!asked(&registry.requests()).contains("40"));

    // The largest first, which has its address; what is not known stands last.
    browser.click(".tags thead .size button").await;
    let _: bool = browser.until("location.hash.endsWith('?sort=size')").await;
    let _: bool = browser
        .until("document.querySelector('.tags tbody a').textContent === 'v2'")
        .await;
    browser.click(".tags thead .size button").await;
    let _: bool = browser.until("location.hash.endsWith('?sort=-size')").await;
    browser.reload().await;
    let _: bool = browser
        .until(
            "document.querySelector('.tags [aria-sort=ascending]')?.textContent.startsWith('Size')",
        )
        .await;
    for theme in ["light", "dark"] {
        browser.emulate("prefers-color-scheme", theme).await;
        assert_eq!(browser.accessibility().await, [] as [String; 0], "{theme}");
    }
    assert_eq!(browser.console().await, [] as [String; 0]);
}

#[tokio::test]
async fn a_busy_registry_is_left_alone_and_one_bad_tag_fails_alone() {
    let packed = image(700);
    let held = holding(&packed);
    let busy = Arc::new(AtomicUsize::new(0));
    let odd = Odd::new(move |target, authorization| {
        if target.contains("/tags/list") {
            let tags = json!({"name": "app", "tags": ["bad", "good", "other"]});
            return ok("application/json", tags.to_string());
        }
        if target.contains("/manifests/bad") {
            return status(404, &[], "{}");
        }
        if target.contains("/manifests/") && busy.fetch_add(1, Ordering::Relaxed) < 2 {
            return status(429, &[("retry-after", "2")], "{}");
        }
        held(target, authorization)
    })
    .await;
    let served = Served::start(&[format!("http://{}", odd.address)]);
    let browser = Browser::start().await;
    browser
        .goto(&served.page(&format!("/tags/{}/app", odd.address)))
        .await;
    browser
        .until_text(
            ".page-list [role=status]:not(.toolbar *)",
            "allows no more requests for now",
        )
        .await;
    browser
        .until_text("[data-tag=good] .digest", "sha256")
        .await;
    browser
        .until_text("[data-tag=other] .digest", "same as good")
        .await;
    browser
        .until_text("[data-tag=bad] .unknown", "not found")
        .await;
}
