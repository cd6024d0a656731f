//! The page's policy for browsers: it holds, views do not run into it (as the walk through all of them checks), and openers
//! are kept apart from the page.

use onionskin_tests::odd::{Odd, ok};
use onionskin_tests::{Browser, Served};

/// Keeps what the policy stops in a document.
const COLLECT: &str = "window.violations = []; document.addEventListener('securitypolicyviolation',
    event => violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));";

/// Keeps what the policy stops in each document that is loaded from now on.
pub(super) async fn collect(browser: &Browser) {
    browser.in_each_document(COLLECT).await;
}

/// The view that was opened ran into no policy, and asked no other origin.
pub(super) async fn was_kept(browser: &Browser, name: &str) {
    let violations: Vec<String> = browser.value("violations").await;
    assert!(violations.is_empty(), "{name}: {violations:?}");
    // Those of workers are told there only.
    let console = browser.console().await;
    assert!(console.is_empty(), "{name}: {console:?}");
    let elsewhere: Vec<String> = browser
        .value(
            "performance.getEntriesByType('resource').map(entry => entry.name)
                .filter(name => new URL(name).origin !== location.origin)",
        )
        .await;
    assert!(elsewhere.is_empty(), "{name}: {elsewhere:?}");
}

#[tokio::test]
async fn what_the_page_does_not_do_is_stopped() {
    let elsewhere = Odd::new(|_, _| ok("text/plain", "here")).await;
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    browser.in_each_document(COLLECT).await;
    browser.goto(&served.page("/")).await;
    let _: bool = browser.until("!!document.querySelector('.card')").await;
    for (code, directive) in [
        ("document.body.innerHTML = '<b>x</b>'", "trusted-types"),
        ("new Worker('theme.js')", "trusted-types"),
        ("trustedTypes.createPolicy('other', {})", "trusted-types"),
        (
            "document.body.appendChild(document.createElement('script')).textContent = 'window.evil = 1'",
            "trusted-types",
        ),
        (
            "Object.assign(document.body.appendChild(document.createElement('img')), { src: 'ELSEWHERE' })",
            "img-src",
        ),
        ("fetch('ELSEWHERE').catch(() => 0)", "connect-src"),
        (
            "fetch('https://example.com/').catch(() => 0)",
            "connect-src",
        ),
    ] {
        let code = code.replace("ELSEWHERE", &format!("http://{}/", elsewhere.address));
        let run = format!(
            "(() => {{ violations.length = 0; try {{ {code} }} catch (error) {{}} return true }})()"
        );
        let _: bool = browser.value(&run).await;
        let stopped = format!("violations.some(one => one.includes('{directive}'))");
        let _: bool = browser.until(&stopped).await;
    }
    assert!(browser.value::<bool>("window.evil === undefined").await);
    assert_eq!(elsewhere.count(""), 0);
}

/// Hosts of static files send no policy of ours.
#[tokio::test]
async fn the_document_has_the_policy_that_is_sent_with_it() {
    let served = Served::start(&[]);
    let client = reqwest::Client::builder().tls_certs_only([]).no_proxy();
    let page = client.build().unwrap();
    let page = page.get(format!("http://{}/", served.address()));
    let page = page.send().await.unwrap();
    let sent = page.headers()["content-security-policy"].to_str().unwrap();
    let mut sent: Vec<String> = sent.split("; ").map(str::to_owned).collect();
    let html = page.text().await.unwrap();
    let meta = "http-equiv=\"Content-Security-Policy\" content=\"";
    let (_, rest) = html.split_once(meta).unwrap();
    let (written, _) = rest.split_once('"').unwrap();
    // An element cannot say this one.
    sent.retain(|directive| !directive.starts_with("frame-ancestors"));
    assert_eq!(written.split("; ").collect::<Vec<_>>(), sent);
}

#[tokio::test]
async fn only_a_page_that_takes_a_file_keeps_its_opener() {
    let served = Served::start(&[]);
    let other = Odd::new(|_, _| ok("text/html", "<title>another site</title>")).await;
    let browser = Browser::start().await;
    for (address, keeps) in [
        (served.page("/"), false),
        (served.embedded("/image/demo/hello"), false),
        (format!("http://{}/?handover#/", served.address()), true),
    ] {
        browser.go_to_oldest_window().await;
        browser.goto(&format!("http://{}/", other.address)).await;
        let open = format!("!!(window.opened = window.open('{address}'))");
        assert!(browser.value::<bool>(&open).await);
        browser.go_to_newest_window().await;
        let _: bool = browser
            .until("!!document.querySelector('.card, .embed-bar')")
            .await;
        let kept = format!("(window.opener !== null) === {keeps}");
        assert!(browser.value::<bool>(&kept).await, "{address}");
        browser.go_to_oldest_window().await;
        // Of a window that is kept apart, its opener sees nothing but that it is gone.
        let gone = format!("window.opened.closed !== {keeps}");
        assert!(browser.value::<bool>(&gone).await, "{address}");
    }
}
