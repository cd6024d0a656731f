//! Two versions of a file on the page: of two layers, or of two images; by lines where both are texts, one under the other
//! or side by side.

use onionskin_fixtures::{Image, Packed, layer, seeded};
use onionskin_tests::{Browser, Registry, Served};
use thirtyfour::Key;

/// True once the image is read to its end.
const WHOLE: &str = "!!document.querySelector('.band') && !document.querySelector('.band.partial')";

fn configuration(port: u32, last: &str) -> String {
    let before: String = (1..=200).map(|line| format!("before {line}\n")).collect();
    let after: String = (1..=50).map(|line| format!("after {line}\n")).collect();
    format!("{before}port = {port}\n{after}{last}")
}

fn story() -> Packed {
    let hostile = |end: &str| format!("<img src=x onerror=\"window.ran = 1\">\u{202e}{end}\n");
    Image::new()
        .layer(
            layer("COPY . /")
                .file("/etc/app.conf", configuration(80, "end\n"))
                .file("/app/tool", seeded(1, 5_000))
                .file("/app/large", vec![b'x'; 9_000_000])
                .file("/app/hostile", hostile("one"))
                .file("/app/owned", "same"),
        )
        .layer(
            layer("RUN configure")
                .file("/etc/app.conf", configuration(8080, "end"))
                .file("/app/tool", seeded(2, 6_000))
                .file("/app/large", vec![b'y'; 9_000_000])
                .file("/app/hostile", hostile(&"long ".repeat(2_000)))
                .file("/app/owned", "same")
                .owner(7, 7),
        )
        .layer(
            layer("RUN configure again")
                .file("/etc/app.conf", configuration(443, "end"))
                .whiteout("/app/tool"),
        )
        .pack()
}

async fn open(rest: &str) -> (impl Sized + use<>, Browser, String) {
    let (registry, served, reference) = Served::in_front_of(&story());
    let browser = Browser::start().await;
    let image = served.page(&format!("/image/{reference}"));
    browser.goto(&format!("{image}{rest}")).await;
    let _: bool = browser.until(WHOLE).await;
    ((registry, served), browser, image)
}

#[tokio::test]
async fn history_leads_to_two_versions_of_a_file() {
    let (_ground, browser, image) = open("?path=/etc/app.conf").await;
    browser
        .until_text(".compare-versions", "Compare with layer 1")
        .await;
    browser.click(".compare-versions").await;
    browser.until_text(".difference-rows", "port = 8080").await;
    let _: bool = browser
        .until("location.hash.includes('layer=2&from=1&view=diff')")
        .await;
    let shown = |class: &str| {
        format!(
            "[...document.querySelectorAll('.difference-rows .{class}')].map(row => row.textContent)"
        )
    };
    let minus: Vec<String> = browser.value(&shown("minus")).await;
    let plus: Vec<String> = browser.value(&shown("plus")).await;
    assert_eq!(minus, ["201−port = 80", "252−end"]);
    assert_eq!(plus, ["201+port = 8080", "252+endno newline at the end"]);
    // What did not change is folded until somebody wants it.
    browser
        .until_text(".fold button", "Show 197 unchanged lines")
        .await;
    let rows = "document.querySelectorAll('.difference-rows .line').length";
    let folded: usize = browser.value(rows).await;
    browser.click(".fold button").await;
    browser.until_text(".difference-rows", "before 1").await;
    let unfolded: usize = browser.value(rows).await;
    assert!(unfolded > folded);

    // Side by side, which is remembered, and has its address.
    browser
        .click(".content-tools .switch button:nth-child(2)")
        .await;
    let _: bool = browser.until("location.hash.includes('as=split')").await;
    browser.until_text(".side:nth-child(2)", "before 1").await;
    browser
        .goto(&format!(
            "{image}?layer=3&from=1&view=diff&path=/etc/app.conf"
        ))
        .await;
    browser.until_text(".side:nth-child(1)", "port = 80").await;
    browser.until_text(".side:nth-child(2)", "port = 443").await;
    browser.look("difference-split").await;

    // Any two versions.
    let _: bool = browser
        .until("(s => { s.value = '2'; s.dispatchEvent(new Event('change', { bubbles: true })); return true })(document.querySelector('.versions select'))")
        .await;
    browser
        .until_text(".side:nth-child(1)", "port = 8080")
        .await;
    let _: bool = browser
        .until("location.hash.includes('layer=3&from=2')")
        .await;
    browser.click(".content-head button").await;
    let _: bool = browser
        .until("!!document.querySelector('.tree') && !location.hash.includes('from=')")
        .await;
    assert_eq!(browser.console().await, [] as [String; 0]);
}

#[tokio::test]
async fn keys_step_through_changes_and_leave() {
    let (_ground, browser, _) =
        open("?layer=2&from=1&view=diff&path=/etc/app.conf&as=unified").await;
    browser
        .until_text(".fold button", "Show 197 unchanged lines")
        .await;
    let _: bool = browser
        .until("([...document.querySelectorAll('.content-tools button')].find(b => b.textContent === 'Show all lines').click(), true)")
        .await;
    browser.until_text(".difference-rows", "before 1").await;
    let _: bool = browser
        .until("(d => { d.focus(); return document.activeElement === d })(document.querySelector('.difference-rows'))")
        .await;
    browser.write("n").await;
    browser.until_text(".difference-rows", "port = 8080").await;
    browser.write("n").await;
    browser
        .until_text(".difference-rows", "no newline at the end")
        .await;
    browser.write("p").await;
    browser.until_text(".difference-rows", "port = 8080").await;
    browser.press(Key::Escape).await;
    let _: bool = browser.until("!!document.querySelector('.tree')").await;
}

#[tokio::test]
async fn either_version_may_be_the_later_one() {
    let (_ground, browser, image) =
        open("?layer=1&from=2&view=diff&path=/etc/app.conf&as=unified").await;
    let shows = |minus: &str, plus: &str| {
        format!(
            "(text => text('minus').includes('{minus}') && text('plus').includes('{plus}'))(
                sign => document.querySelector('.difference-rows .' + sign)?.textContent ?? '')"
        )
    };
    let _: bool = browser.until(&shows("port = 8080", "port = 80")).await;
    assert!(browser.address().await.contains("layer=1&from=2&view=diff"));
    // A step past the old version keeps it.
    browser
        .goto(&format!(
            "{image}?layer=3&from=2&view=diff&path=/etc/app.conf&as=unified"
        ))
        .await;
    let _: bool = browser.until(&shows("port = 8080", "port = 443")).await;
    browser.write("[").await;
    browser
        .until_text(".nothing", "Both versions have the same")
        .await;
    browser.write("[").await;
    let _: bool = browser.until(&shows("port = 8080", "port = 80")).await;
    assert!(browser.address().await.contains("layer=1&from=2&view=diff"));
    browser
        .goto(&format!(
            "{image}?layer=3&from=9&view=diff&path=/etc/app.conf"
        ))
        .await;
    browser.until_text(".remarks", "There is no layer 9").await;
}

#[tokio::test]
async fn contents_and_versions_lead_back_to_the_changes_that_they_were_opened_from() {
    let range = "layer=3&from=2&view=changes&path=/etc/app.conf";
    let (_ground, browser, _) = open(&format!("?{range}")).await;
    let is_back =
        format!("location.hash.endsWith('?{range}') && !!document.querySelector('.tree')");
    for (button, view) in [
        (".compare-versions", "view=diff"),
        (".view-content", "view=content"),
    ] {
        let shown =
            format!("location.hash.includes('{view}') && document.activeElement.matches('.code')");
        browser.click(button).await;
        let _: bool = browser.until(&shown).await;
        browser.press(Key::Escape).await;
        let _: bool = browser.until(&is_back).await;
        browser.click(button).await;
        let _: bool = browser.until(&shown).await;
        browser.click(".content-head button").await;
        let _: bool = browser.until(&is_back).await;
    }
}

#[tokio::test]
async fn what_is_no_text_or_too_large_is_said() {
    let (_ground, browser, image) = open("?layer=2&from=1&view=diff&path=/app/tool").await;
    browser
        .until_text(
            ".nothing",
            "The versions differ: 5,000 bytes and 6,000 bytes.",
        )
        .await;
    for (path, text) in [
        ("/app/large", "Too large to compare"),
        ("/app/owned", "Both versions have the same 4 bytes."),
    ] {
        browser
            .goto(&format!("{image}?layer=2&from=1&view=diff&path={path}"))
            .await;
        browser.until_text(".nothing", text).await;
    }
    // Of a deleted file, what it was.
    browser
        .goto(&format!("{image}?layer=3&from=1&view=diff&path=/app/tool"))
        .await;
    browser.until_text(".nothing", "Binary file").await;
    browser
        .goto(&format!("{image}?layer=2&from=1&view=diff&path=/app"))
        .await;
    browser.until_text(".problem", "It is a folder").await;
    // Names, tags and long lines are text.
    browser
        .goto(&format!(
            "{image}?layer=2&from=1&view=diff&path=/app/hostile"
        ))
        .await;
    browser
        .until_text(".difference-rows", "<img src=x onerror=")
        .await;
    browser.until_text(".difference-rows", "\\u{202e}one").await;
    browser.until_text(".difference-rows", "more").await;
    let ran: bool = browser.value("'ran' in window").await;
    assert!(!ran);
}

#[tokio::test]
async fn a_changed_file_of_two_images_is_compared() {
    let image = |text: String, tool: u64| {
        Image::new()
            .layer(
                layer("COPY . /")
                    .file("/etc/app.conf", text)
                    .file("/app/tool", seeded(tool, 5_000)),
            )
            .pack()
    };
    let registry = Registry::start();
    registry.push("team/app:old", &image(configuration(80, ""), 1));
    registry.push("team/app:new", &image(configuration(81, ""), 2));
    let served = Served::start(&[format!("http://{}", registry.address())]);
    let browser = Browser::start().await;
    let name = format!("{}/team/app", registry.address());
    let place = served.page(&format!("/compare/{name}:old...{name}:new"));
    browser.goto(&format!("{place}?path=/etc/app.conf")).await;
    browser.click(".compare-contents").await;
    browser.until_text(".difference-rows", "port = 81").await;
    browser.until_text(".versions", "Old image, layer 1").await;
    let _: bool = browser
        .until("location.hash.includes('diff=unified')")
        .await;
    browser.look("difference-of-images").await;
    for theme in ["light", "dark"] {
        browser.emulate("prefers-color-scheme", theme).await;
        assert_eq!(browser.accessibility().await, [] as [String; 0], "{theme}");
    }
    browser
        .click(".content-tools .switch button:nth-child(2)")
        .await;
    browser.until_text(".side:nth-child(1)", "port = 80").await;
    assert_eq!(browser.accessibility().await, [] as [String; 0]);
    browser.reload().await;
    browser.until_text(".side:nth-child(2)", "port = 81").await;
    browser.press(Key::Escape).await;
    let _: bool = browser
        .until("!!document.querySelector('.tree') && location.hash.includes('path=')")
        .await;
    assert_eq!(browser.console().await, [] as [String; 0]);
}
