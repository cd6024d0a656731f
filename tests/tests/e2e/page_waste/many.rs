//! Very many findings: one card for one advice, cards in pages, and a page that never stops.

use super::*;

/// Many layers that each delete many files one by one.
fn many_findings() -> (Packed, usize) {
    const LAYERS: usize = 40;
    const FILES: usize = 60;
    let name = |layer: usize, file: usize| format!("/file-{layer}-{file}");
    let all = (0..LAYERS * FILES).fold(layer("COPY . /"), |layer, at| {
        layer.file(name(at / FILES, at % FILES), bytes(100 + at))
    });
    let image = (0..LAYERS).fold(Image::new().layer(all), |image, number| {
        let rm = layer(&format!("RUN rm some-{number}"));
        image.layer((0..FILES).fold(rm, |rm, file| rm.whiteout(name(number, file))))
    });
    (image.pack(), LAYERS * FILES)
}

#[tokio::test]
async fn thousands_of_findings_with_one_advice_are_one_card() {
    let (image, number) = many_findings();
    let (_registry, served, reference) = Served::in_front_of(&image);
    let report = parsed(&printed(&served, &reference, &[]));
    let expected: Vec<_> = findings(&report)
        .iter()
        .map(told)
        .filter(|finding| finding.0 == "deleted")
        .collect();
    assert_eq!(expected.len(), number);
    let browser = Browser::start().await;
    browser
        .goto(&served.page(&format!("/image/{reference}?view=waste&kind=deleted")))
        .await;
    browser.until_text(".finding h4", "2,400 paths").await;
    browser.click(".finding .more").await;
    browser
        .until_text(".places .muted", "and 2,300 paths more")
        .await;
    for rest in ["and 1,300 paths more", "and 300 paths more"] {
        browser.click(".places .muted button").await;
        browser.until_text(".places .muted", rest).await;
    }
    browser.click(".places .muted button").await;
    let _: bool = browser
        .until("!document.querySelector('.places > .muted')")
        .await;
    assert_eq!(cards(&browser).await, expected);
    // A finding far down is where its link shows it.
    let (_, path, _) = &expected[1_234];
    browser.goto("about:blank").await;
    browser
        .goto(&served.page(&format!(
            "/image/{reference}?view=waste&kind=deleted&path={path}"
        )))
        .await;
    browser.until_text(".place.selected", path).await;
    let _: bool = browser
        .until("(r => r.top >= 0 && r.bottom <= innerHeight)(document.querySelector('.place.selected').getBoundingClientRect())")
        .await;
}

#[tokio::test]
async fn many_cards_are_turned_like_pages() {
    // More in one folder, by one layer, would be one finding.
    const LAYERS: usize = 60;
    let name = |layer: usize| format!("/built-{layer}");
    let image = [0, LAYERS].into_iter().fold(Image::new(), |image, from| {
        let all = from..from + LAYERS;
        let image = all.clone().fold(image, |image, number| {
            let run = layer(&format!("RUN make {number}")).file(name(number), bytes(100 + number));
            image.layer(run)
        });
        image.layer(all.fold(layer("RUN clean"), |layer, number| {
            layer.whiteout(name(number))
        }))
    });
    let (_registry, served, reference) = Served::in_front_of(&image.pack());
    let browser = Browser::start().await;
    browser
        .goto(&served.page(&format!("/image/{reference}?view=waste&kind=deleted")))
        .await;
    let mut seen = Vec::new();
    for range in ["1 to 50", "51 to 100", "101 to 120"] {
        browser
            .until_text(".pages", &format!("{range} of 120"))
            .await;
        seen.extend(cards(&browser).await.into_iter().map(|card| card.1));
        let _: bool = browser
            .value("(document.querySelector('.pages button:last-child').click(), true)")
            .await;
    }
    let expected: Vec<_> = (0..2 * LAYERS).rev().map(name).collect();
    assert_eq!(seen, expected);
    // A finding that is closed leaves its page as it was, by the button and by the key.
    for close in ["button", "key"] {
        browser.click(".finding .more").await;
        let _: bool = browser
            .until("location.hash.includes('finding=') && !!document.querySelector('.finding.selected')")
            .await;
        match close {
            "key" => browser.press(Key::Escape).await,
            _ => browser.click(".finding.selected .more").await,
        }
        let _: bool = browser
            .until(
                "location.hash.includes('page=3') && !document.querySelector('.finding.selected')",
            )
            .await;
        browser.until_text(".pages", "101 to 120 of 120").await;
    }
}

/// The limits have room for a slow machine: the page is built for a tenth of them.
#[tokio::test]
async fn findings_among_120000_entries_never_stop_the_page() {
    const FILES: usize = 120_000;
    const TASK: f64 = 500.0;
    let name = |file: usize| format!("/srv/d{}/f{}", file / 200, file % 200);
    let owned = |command: &str, owner: u64| {
        (0..FILES).fold(layer(command), |layer, file| {
            layer
                .file(name(file), format!("{file}"))
                .owner(owner, owner)
        })
    };
    let image = Image::new()
        .layer(owned("COPY . /srv", 0))
        .layer(owned("RUN chown -R 1000 /srv", 1000))
        .layer(
            layer("RUN rm -rf /srv/d1*")
                .whiteout("/srv/d1")
                .whiteout("/srv/d10"),
        )
        .pack();
    let (_registry, served, reference) = Served::in_front_of(&image);
    let browser = Browser::start().await;
    browser
        .goto(&served.page(&format!("/image/{reference}?view=waste")))
        .await;
    let _: bool = browser.until(GATHERED).await;
    let (tasks, answer, judged): (Vec<f64>, f64, f64) = browser
        .run(
            "const done = arguments[0], tasks = [];
             new PerformanceObserver(list => list.getEntries().forEach(entry => tasks.push(entry.duration)))
                 .observe({ type: 'longtask', buffered: true });
             const all = document.querySelector('.chip'), one = document.querySelector('.chip[data-kind=deleted]');
             const until = seen => new Promise(then => (function look() { seen() ? then() : requestAnimationFrame(look) })());
             (async () => {
                 let longest = 0;
                 for (let step = 0; step < 20; step++) {
                     const from = performance.now();
                     (step % 2 ? all : one).click();
                     await until(() => !!document.querySelector('.finding[data-kind=metadata-only]') === (step % 2 === 1));
                     longest = Math.max(longest, performance.now() - from);
                 }
                 const data = new DataTransfer();
                 data.items.add(new File(['rules: { maxLayers: 9 }'], 'onionskin.yaml'));
                 const from = performance.now();
                 document.querySelector('.rules').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
                 await until(() => document.querySelector('.rules .verdict'));
                 done([tasks, longest, performance.now() - from]);
             })();",
        )
        .await;
    assert!(
        tasks.iter().all(|task| *task < TASK) && answer < 1_000.0,
        "{tasks:?} {answer} {judged}"
    );
}
