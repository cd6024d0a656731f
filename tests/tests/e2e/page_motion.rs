//! Who asks the system for reduced motion sees none.

use axum::body::Body;
use futures::stream;
use onionskin_tests::odd::{Odd, ok};
use onionskin_tests::{Browser, Served};

#[tokio::test]
async fn nothing_moves_where_the_system_asks_for_reduced_motion() {
    // A manifest that never comes: the page shows that it waits.
    let odd = Odd::new(|_, _| {
        let never = stream::pending::<Result<Vec<u8>, std::io::Error>>();
        ok(
            "application/vnd.oci.image.manifest.v1+json",
            Body::from_stream(never),
        )
    })
    .await;
    let served = Served::start(&[format!("http://{}", odd.address)]);
    let browser = Browser::start().await;
    let place = served.page(&format!("/image/{}/app:1", odd.address));
    let moving = "document.getAnimations().length";
    browser
        .emulate("prefers-reduced-motion", "no-preference")
        .await;
    browser.goto(&place).await;
    let _: bool = browser
        .until(&format!(
            "!!document.querySelector('.spinner') && {moving} > 0"
        ))
        .await;
    // At once, and from the first paint.
    browser.emulate("prefers-reduced-motion", "reduce").await;
    let _: bool = browser.until(&format!("{moving} === 0")).await;
    browser.goto("about:blank").await;
    browser.goto(&place).await;
    let _: bool = browser.until("!!document.querySelector('.spinner')").await;
    for view in ["", "?view=waste", "?path=/app", "?view=map"] {
        browser
            .goto(&served.page(&format!("/image/demo/webapp:1.0{view}")))
            .await;
        let _: bool = browser
            .until("!!document.querySelector('.band') && !document.querySelector('.band.partial')")
            .await;
        // Whatever would begin to move under the pointer or with the focus: nothing has a time to do so in.
        let moving: Vec<String> = browser
            .value(
                "[...document.querySelectorAll('*')].flatMap(part => ['', '::before', '::after'].map(pseudo => {
                    const { transitionDuration, animationName, scrollBehavior } = getComputedStyle(part, pseudo || null);
                    const still = transitionDuration.split(', ').every(time => time === '0s') && animationName === 'none' && scrollBehavior === 'auto';
                    return still ? null : `${part.nodeName}.${part.className}${pseudo}: ${transitionDuration} ${animationName} ${scrollBehavior}`;
                })).filter(Boolean)",
            )
            .await;
        assert!(moving.is_empty(), "{view}: {moving:?}");
    }
}
