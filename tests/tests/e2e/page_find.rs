//! The search of the Files view: queries as one types, what is offered, what is wrong with them, their address.

use onionskin_fixtures::{Image, Packed, bytes, layer};
use onionskin_tests::{Browser, Served};
use serde_json::Value;
use thirtyfour::Key;

/// True once the image is read to its end.
const WHOLE: &str = "!!document.querySelector('.band') && !document.querySelector('.band.partial')";
const BOX: &str = ".find input";

fn story() -> Packed {
    Image::new()
        .layer(
            layer("COPY . /")
                .file("/app/cache/old.bin", bytes(90_000))
                .file("/app/settings.py", bytes(9_000))
                .file("/app/<b>x.py", bytes(10))
                .file("/usr/bin/su", bytes(30))
                .mode(0o4755),
        )
        .layer(
            layer("RUN rm -r /app/cache")
                .whiteout("/app/cache")
                .file("/app/settings.py", bytes(2_000)),
        )
        .pack()
}

async fn open(rest: &str) -> (impl Sized, Browser) {
    let (registry, served, reference) = Served::in_front_of(&story());
    let browser = Browser::start().await;
    let address = served.page(&format!("/image/{reference}{rest}"));
    browser.goto(&address).await;
    let _: bool = browser.until(WHOLE).await;
    ((registry, served), browser)
}

/// Waits until the tree has these names, in this order.
async fn until_names(browser: &Browser, names: &[&str]) {
    let names = serde_json::to_string(names).unwrap();
    let _: bool = browser
        .until(&format!(
            "JSON.stringify([...document.querySelectorAll('.row[data-row] .label')].map(e => e.textContent)) === {}",
            Value::from(names)
        ))
        .await;
}

async fn until_value(browser: &Browser, value: &str) {
    let value = Value::from(value);
    let _: bool = browser
        .until(&format!(
            "document.querySelector('{BOX}').value === {value}"
        ))
        .await;
}

#[tokio::test]
async fn a_query_finds_what_any_layer_has_and_has_its_address() {
    let (_ground, browser) = open("").await;
    browser.fill(BOX, "size:>5kB kind:file").await;
    until_names(&browser, &["app", "cache", "old.bin", "settings.py"]).await;
    browser
        .until_text(".toolbar [role=status]", "2 found")
        .await;
    // The large version is that of layer 1, whatever is there now.
    browser
        .until_text(".rows", "overwritten in layer 2, still downloaded")
        .await;
    browser.until_text(".foot", "9.0 kB, 90.0 kB deleted").await;
    let _: bool = browser
        .until("location.hash.includes('find=size:%3E5kB%20kind:file')")
        .await;
    browser.reload().await;
    until_names(&browser, &["app", "cache", "old.bin", "settings.py"]).await;
    until_value(&browser, "size:>5kB kind:file").await;
    for (query, names) in [
        ("*.py -layer:2", &["app", "settings.py", "<b>x.py"][..]),
        ("/^.usr.*su$/ mode:setuid", &["usr", "bin", "su"]),
        ("\"<b>\"", &["app", "<b>x.py"]),
        ("mark:deleted", &["app", "cache"]),
    ] {
        browser.fill(BOX, Key::Control + "a").await;
        browser.fill(BOX, query).await;
        until_names(&browser, names).await;
    }
    assert_eq!(browser.console().await, [] as [String; 0]);
}

#[tokio::test]
async fn what_is_no_query_is_said_beside_the_box_and_what_was_found_stays() {
    let (_ground, browser) = open("?find=*.py").await;
    until_names(&browser, &["app", "settings.py", "<b>x.py"]).await;
    browser.fill(BOX, " size:").await;
    browser
        .until_text("#find-problem", "size: takes a number of bytes")
        .await;
    until_names(&browser, &["app", "settings.py", "<b>x.py"]).await;
    let tied: (String, String) = browser
        .value(&format!("(i => [i.ariaInvalid, i.getAttribute('aria-describedby')])(document.querySelector('{BOX}'))"))
        .await;
    assert_eq!(tied, ("true".to_owned(), "find-problem".to_owned()));
    assert_eq!(browser.accessibility().await, [] as [String; 0]);
    browser.fill(BOX, ">5kB").await;
    let _: bool = browser
        .until("!document.querySelector('#find-problem')")
        .await;
    until_names(&browser, &["app", "settings.py"]).await;
    // A link with a text that is no query says so, and shows all.
    let (_ground, browser) = open("?find=/a(/").await;
    browser
        .until_text("#find-problem", "is not a valid regular expression")
        .await;
    until_names(&browser, &["app", "usr"]).await;
}

#[tokio::test]
async fn qualifiers_are_offered_and_taken_with_the_keyboard_or_the_mouse() {
    let (_ground, browser) = open("").await;
    browser.fill(BOX, "py m").await;
    browser.until_text("#find-offers", "mark:").await;
    let words = browser.texts("#find-offers .mono").await;
    assert_eq!(words, ["mark:", "mode:", "modified:"]);
    let state: (String, String) = browser
        .value(&format!(
            "(i => [i.role, i.ariaExpanded])(document.querySelector('{BOX}'))"
        ))
        .await;
    assert_eq!(state, ("combobox".to_owned(), "true".to_owned()));
    browser.press(Key::Down).await;
    let active = format!(
        "document.getElementById(document.querySelector('{BOX}').getAttribute('aria-activedescendant'))?.ariaSelected === 'true'"
    );
    let _: bool = browser.until(&active).await;
    browser.look("search-qualifiers").await;
    for theme in ["light", "dark"] {
        browser.emulate("prefers-color-scheme", theme).await;
        assert_eq!(browser.accessibility().await, [] as [String; 0], "{theme}");
    }
    browser.press(Key::Enter).await;
    until_value(&browser, "py mark:").await;
    browser.until_text("#find-offers", "mark:overwritten").await;
    let _: bool = browser
        .until("(o => { const event = new MouseEvent('mousedown', { bubbles: true, cancelable: true }); o.dispatchEvent(event); return event.defaultPrevented })([...document.querySelectorAll('#find-offers li')].find(o => o.textContent === 'mark:overwritten'))")
        .await;
    until_value(&browser, "py mark:overwritten ").await;
    until_names(&browser, &["app", "settings.py"]).await;
    // Escape closes the list, and then clears the box.
    browser.fill(BOX, "k").await;
    browser.until_text("#find-offers", "kind:").await;
    browser.press(Key::Escape).await;
    let _: bool = browser
        .until("!document.querySelector('#find-offers')")
        .await;
    until_value(&browser, "py mark:overwritten k").await;
    browser.press(Key::Escape).await;
    until_value(&browser, "").await;
    // An arrow opens the list of all qualifiers.
    browser.press(Key::Down).await;
    browser.until_text("#find-offers", "sha256:").await;
}

#[tokio::test]
async fn regular_expressions_and_ranges_of_layers_are_found_and_have_their_address() {
    let image = (1..=5).fold(Image::new(), |image, at| {
        let file = format!("/srv/step{at}.log");
        image.layer(layer(&format!("RUN step {at}")).file(file, bytes(1_000 * at)))
    });
    let (_registry, served, reference) = Served::in_front_of(&image.pack());
    let browser = Browser::start().await;
    let place = served.page(&format!("/image/{reference}"));
    browser.goto(&place).await;
    let _: bool = browser.until(WHOLE).await;
    for (query, found) in [
        ("re:step[24]", &["step4.log", "step2.log"][..]),
        ("layer:3..5", &["step5.log", "step4.log", "step3.log"]),
        ("layer:..2 re:log$", &["step2.log", "step1.log"]),
    ] {
        browser.fill(BOX, Key::Control + "a").await;
        browser.fill(BOX, query).await;
        let names = [&["srv"][..], found].concat();
        until_names(&browser, &names).await;
        let at = Value::from(format!("find={query}"));
        let at = format!("decodeURIComponent(location.hash).endsWith({at})");
        let _: bool = browser.until(&at).await;
        // The address leads there by itself.
        let address = browser.address().await;
        browser.goto("about:blank").await;
        browser.goto(&address).await;
        until_names(&browser, &names).await;
        until_value(&browser, query).await;
    }
}

#[tokio::test]
async fn the_other_qualifiers_find_what_they_say() {
    let image = Image::new()
        .layer(
            layer("COPY . /srv")
                .file("/srv/tool.py", bytes(3_000))
                .mtime(1_500_000_000)
                .file("/srv/data.bin", bytes(2_000))
                .owner(1234, 0)
                .symlink("/srv/link", "data.bin"),
        )
        .layer(layer("COPY note /srv").file("/srv/note", "note"))
        .pack();
    let digest = image.layers[1].digest.get(..15).unwrap().to_owned();
    let (_registry, served, reference) = Served::in_front_of(&image);
    let browser = Browser::start().await;
    browser
        .goto(&served.page(&format!("/image/{reference}")))
        .await;
    let _: bool = browser.until(WHOLE).await;
    for (query, found) in [
        ("ext:py", "tool.py"),
        ("kind:symlink", "link"),
        ("owner:1234", "data.bin"),
        ("modified:<2018", "tool.py"),
        (digest.as_str(), "note"),
    ] {
        browser.fill(BOX, Key::Control + "a").await;
        browser.fill(BOX, query).await;
        until_names(&browser, &["srv", found]).await;
    }
}

/// Each view has a query of its own, which is there again for whoever comes back.
#[tokio::test]
async fn a_query_is_there_again_after_another_view() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    browser
        .goto(&served.page("/image/demo/webapp:1.0?find=*.js"))
        .await;
    let _: bool = browser.until(WHOLE).await;
    let finds = |view: &str, find: &str| {
        format!(
            "(hash => hash.includes('{view}') && hash.includes('{find}') && document.querySelector('{BOX}')?.value === '{}')(location.hash)",
            find.trim_start_matches("find=")
        )
    };
    browser.click("#tab-waste").await;
    let _: bool = browser
        .until("location.hash.includes('view=waste') && !location.hash.includes('find=') && !!document.querySelector('.finding')")
        .await;
    browser.fill(BOX, "npm").await;
    let _: bool = browser.until(&finds("view=waste", "find=npm")).await;
    // The key works outside of the box.
    browser.click("#tab-waste").await;
    browser.write("m").await;
    let _: bool = browser.until(&finds("view=map", "find=*.js")).await;
    browser.click("#tab-files").await;
    let _: bool = browser.until(&finds("?find=", "find=*.js")).await;
    browser.click("#tab-waste").await;
    let _: bool = browser.until(&finds("view=waste", "find=npm")).await;
    // So it is after a step back in the browser's history.
    browser.back().await;
    let _: bool = browser.until(&finds("?find=", "find=*.js")).await;
    browser.click("#tab-waste").await;
    let _: bool = browser.until(&finds("view=waste", "find=npm")).await;
}
