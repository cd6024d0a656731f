//! A visitor logs in to a registry on the page.

use onionskin_fixtures::{Image, bytes, layer, seeded};
use onionskin_tests::{Browser, PASSWORD, Registry, Served, USER};

const WHOLE: &str = "!!document.querySelector('.band') && !document.querySelector('.band.partial')";

/// Fills the form, and sends it off.
async fn log_in(browser: &Browser, user: &str, password: &str) {
    let _: bool = browser.until("!!document.querySelector('.login')").await;
    browser.fill(".login input[type=text]", user).await;
    browser.fill(".login input[type=password]", password).await;
    browser.click(".login button").await;
}

#[tokio::test]
async fn a_visitor_logs_in_and_the_page_forgets_it_when_it_is_loaded_again() {
    let registry = Registry::with_password();
    let image = Image::new()
        .layer(layer("COPY one /").file("/one", bytes(60_000)))
        // Large enough for checkpoints.
        .layer(layer("COPY two /").file("/two", seeded(2, 9_000_000)))
        .pack();
    registry.push("team/app:1.0", &image);
    let served = Served::start(&[format!("team=http://{}", registry.address())]);
    let browser = Browser::start().await;
    let address = served.page("/image/team/team/app:1.0");
    browser.goto(&address).await;
    browser.until_text(".login h2", "Log in to team").await;
    for theme in ["light", "dark"] {
        browser.theme(theme).await;
        let found = browser.accessibility().await;
        assert!(found.is_empty(), "{theme}: {found:#?}");
    }
    browser.look("log-in").await;
    log_in(&browser, USER, "wrong").await;
    browser
        .until_text(".problem .advice", "the user name")
        .await;
    log_in(&browser, USER, PASSWORD).await;
    let _: bool = browser.until(WHOLE).await;
    // Lists of the same registry are open too, and the way back.
    let place = |place: &str| format!("!!(location.hash = '#{place}')");
    let _: bool = browser.value(&place("/tags/team/team/app")).await;
    browser.until_text(".names a", "1.0").await;
    let _: bool = browser.value(&place("/repositories/team")).await;
    browser.until_text(".names a", "team/app").await;
    browser
        .goto(&served.page("/image/team/team/app:1.0?view=content&path=/one"))
        .await;
    let _: bool = browser.until("!!document.querySelector('.code')").await;
    let kept: String = browser
        .value(
            "JSON.stringify([location.href, { ...localStorage }, { ...sessionStorage }, document.cookie,
                performance.getEntriesByType('resource').map(entry => entry.name),
                document.documentElement.outerHTML])",
        )
        .await;
    assert!(!kept.contains(PASSWORD), "{kept}");
    // Nothing that the log-in opened is kept either.
    let databases: Vec<String> = browser
        .run(
            "const done = arguments[arguments.length - 1];
             indexedDB.open('onionskin').onsuccess = async opened => {
                 const base = opened.target.result, names = [];
                 for (const store of base.objectStoreNames) {
                     await new Promise(next => base.transaction(store).objectStore(store).getAllKeys().onsuccess =
                         found => { names.push(...found.target.result.map(String)); next(); });
                 }
                 base.close();
                 done(names);
             };",
        )
        .await;
    assert_eq!(databases, Vec::<String>::new());
    browser.reload().await;
    let _: bool = browser.until("!!document.querySelector('.login')").await;
    // The browser has kept none of it either.
    browser.goto("about:blank").await;
    browser.goto(&address).await;
    let _: bool = browser.until("!!document.querySelector('.login')").await;
}
