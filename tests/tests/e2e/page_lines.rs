//! Lines of a content by the keyboard, and how much of a large file is shown.

use onionskin_fixtures::{Image, layer};
use onionskin_tests::{Browser, Served};
use thirtyfour::Key;

/// Bytes of a line of the long text, with its end.
const LINE: usize = 100;
/// Whole lines in the first 16 MiB of it.
const SHOWN: usize = (16 << 20) / LINE;

/// Puts the keyboard on the tab stop among the numbers.
async fn enter(browser: &Browser) {
    let _: bool = browser
        .until("(n => { n?.focus(); return !!n && document.activeElement === n })(document.querySelector('.code .number[tabindex=\"0\"]'))")
        .await;
}

/// Waits until the keyboard is on the number of this line.
async fn until_on(browser: &Browser, line: usize) {
    let _: bool = browser
        .until(&format!(
            "document.activeElement.matches('.code .number:focus-visible') && document.activeElement.textContent === '{line}'"
        ))
        .await;
}

#[tokio::test]
async fn numbers_of_lines_are_one_tab_stop_and_keep_the_keyboard() {
    let lines: String = (1..=5_000).map(|line| format!("line {line}\n")).collect();
    let image = Image::new().layer(layer("COPY . /").file("/log.txt", lines));
    let (_registry, served, reference) = Served::in_front_of(&image.pack());
    let browser = Browser::start().await;
    let place = format!("/image/{reference}?view=content&path=/log.txt");
    browser.goto(&served.page(&place)).await;
    enter(&browser).await;
    browser.press(Key::End).await;
    until_on(&browser, 5_000).await;
    let stops: usize = browser
        .value("document.querySelectorAll('.file-content .code[tabindex=\"0\"], .code [tabindex=\"0\"]').length")
        .await;
    assert_eq!(stops, 1);
    browser.press(Key::Enter).await;
    let _: bool = browser
        .until("location.hash.includes('lines=L5000') && document.activeElement.getAttribute('aria-current') === 'true'")
        .await;
    // The number leaves the document, and the keyboard stays with the lines.
    let _: bool = browser
        .value("(document.querySelector('.code').scrollTop = 0, true)")
        .await;
    let _: bool = browser
        .until("document.querySelector('.code .number').textContent === '1' && document.activeElement.matches('.code')")
        .await;
    browser.press(Key::Up).await;
    until_on(&browser, 4_999).await;
    // What is chosen far from the range does not lead away from where it was chosen.
    browser.press(Key::Home).await;
    until_on(&browser, 1).await;
    let extend = format!(
        "{}{}{}",
        Key::Shift.value(),
        Key::Enter.value(),
        Key::Null.value()
    );
    browser.write(&extend).await;
    let _: bool = browser
        .until("location.hash.includes('lines=L1-L5000')")
        .await;
    browser.press(Key::Down).await;
    until_on(&browser, 2).await;
    assert_eq!(browser.accessibility().await, [] as [String; 0]);
}

#[tokio::test]
async fn of_a_long_text_the_start_is_shown_and_a_larger_file_says_why_it_is_not() {
    let line = format!("{}\n", "x".repeat(LINE - 1));
    let image = Image::new().layer(
        layer("COPY . /")
            .file("/long.txt", line.repeat(180_000))
            .sparse("/huge", 5 << 30, &[(0, &b"start"[..])]),
    );
    let (_registry, served, reference) = Served::in_front_of(&image.pack());
    let browser = Browser::start().await;
    let image = served.page(&format!("/image/{reference}"));
    browser
        .goto(&format!("{image}?view=content&path=/long.txt"))
        .await;
    browser
        .until_text(".content-cut", "The first 16.8 MB of 18.0 MB as text.")
        .await;
    enter(&browser).await;
    browser.press(Key::End).await;
    until_on(&browser, SHOWN).await;
    let last: usize = browser
        .value("document.activeElement.parentElement.querySelector('code').textContent.length")
        .await;
    assert_eq!(last, LINE - 1);
    browser.goto(&format!("{image}?path=/huge")).await;
    browser
        .until_text(
            "#too-large",
            "Files of up to 4.3 GB can be shown and downloaded.",
        )
        .await;
    let is_off: bool = browser
        .value("document.querySelector('.view-content').disabled")
        .await;
    assert!(is_off);
    assert_eq!(browser.accessibility().await, [] as [String; 0]);
}
