//! The page with an image of many files open: how long finding, sorting, zooming and scrolling keep a visitor waiting, what
//! the main thread is kept from meanwhile, and the memory of the tab.

use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::{Context as _, Result, bail};
use onionskin_tests::Browser;

use crate::images::Images;
use crate::packed::{Image, Stored};
use crate::registry::Registry;
use crate::served::Page;
use crate::table::Table;

/// Bytes in a unit of the table.
const MB: f64 = 1e6;
/// What is typed, so that each key finds other files.
const QUERY: &str = "91827";
/// Milliseconds: a visitor notices longer ones.
const ANSWER: f64 = 100.0;
const PAINT: f64 = 80.0;
/// Quicker ones are not told.
const LEAST: f64 = 16.0;

/// Begins to keep the long tasks of the main thread, and how long events took until the next paint.
const WATCH: &str = "(() => {
    window.tasks = []; window.events = [];
    new PerformanceObserver(list => tasks.push(...list.getEntries().map(task => task.duration))).observe({ type: 'longtask' });
    new PerformanceObserver(list => events.push(...list.getEntries().filter(event => event.interactionId).map(event => event.duration)))
        .observe({ type: 'event', durationThreshold: 16 });
    return true;
})()";

/// Begins to keep the times from each key in the box to the answer that is told.
const TYPING: &str = "(() => {
    window.answers = [];
    let typed = null;
    document.querySelector('.find input').addEventListener('input', () => { typed = performance.now(); }, true);
    const said = () => document.querySelector('.toolbar [role=status]')?.textContent ?? '';
    let last = said();
    new MutationObserver(() => {
        if (typed === null || said() === last) return;
        last = said();
        const since = typed;
        typed = null;
        requestAnimationFrame(() => answers.push(performance.now() - since));
    }).observe(document.querySelector('.toolbar'), { childList: true, characterData: true, subtree: true });
    return true;
})()";

/// Milliseconds from a click on a column's head to the first frame with other rows.
const SORT: &str = "const done = arguments[arguments.length - 1];
    const rows = () => [...document.querySelectorAll('.scroller .row[data-row] .label')].map(label => label.textContent).join();
    const before = rows(), begun = performance.now();
    document.querySelector('[role=columnheader][data-column=name] button').click();
    (function look() {
        const now = rows();
        if ((now && now !== before && !document.querySelector('.scroller .row.pending')) || performance.now() - begun > 10000) done(performance.now() - begun);
        else requestAnimationFrame(look);
    })();";

/// Milliseconds from a click on the head of the map's largest folder to the first frame with that folder.
const ZOOM: &str = "const done = arguments[arguments.length - 1], map = document.querySelector('#map');
    const before = map.dataset.zoom, box = map.getBoundingClientRect(), begun = performance.now();
    map.dispatchEvent(new MouseEvent('click', { bubbles: true, clientX: box.left + box.width * 0.02, clientY: box.top + box.height * 0.01 }));
    (function look() {
        if (document.querySelector('#map').dataset.zoom !== before || performance.now() - begun > 10000) done(performance.now() - begun);
        else requestAnimationFrame(look);
    })();";

/// Drags the scroll bar from end to end in two seconds: frames, and those in which a row in view is missing.
const DRAG: &str = "const done = arguments[arguments.length - 1], tree = document.querySelector('#tree').closest('.scroller') ?? document.querySelector('.scroller');
    const box = tree.getBoundingClientRect(), begun = performance.now();
    let frames = 0, blank = 0;
    (function drag() {
        const part = (performance.now() - begun) / 2000;
        if (part > 1) return done([frames, blank]);
        tree.scrollTop = part * (tree.scrollHeight - tree.clientHeight);
        requestAnimationFrame(() => {
            frames += 1;
            const missing = [0.2, 0.4, 0.6, 0.8].some(down =>
                !document.elementFromPoint(box.left + 120, box.top + box.height * down)?.closest('.row[data-row]'));
            if (missing) blank += 1;
            drag();
        });
    })();";

/// What was seen, in milliseconds and bytes.
struct Uses {
    answers: Vec<f64>,
    paints: Vec<f64>,
    sort: f64,
    zooms: Vec<f64>,
    frames: f64,
    blank: f64,
    /// Long tasks of the main thread in all of that.
    tasks: Vec<f64>,
    memory: f64,
}

pub(crate) fn measure(onionskin: &str, images: &Images, table: &mut Table) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("no runtime")?;
    let many = images.many(Stored::Gzip)?;
    // The driver panics where the browser does not do as it is told.
    let used = AssertUnwindSafe(|| runtime.block_on(used(onionskin, &many)));
    let uses = catch_unwind(used).unwrap_or_else(|_| bail!("the browser failed"))?;
    let most = |all: &[f64]| all.iter().copied().fold(0.0, f64::max);
    let of = format!("{} files in the page", images.count());
    let mut row = |what: &str, how: &str, figure: f64, target: f64, unit: &str| {
        table.figure(&format!("{of}: {what}"), how, figure, target, unit);
    };
    row(
        "find, key to answer",
        "slowest of five keys",
        most(&uses.answers),
        ANSWER,
        " ms",
    );
    row(
        "find, key to next paint",
        "slowest of five keys",
        most(&uses.paints).max(LEAST),
        PAINT,
        " ms",
    );
    row(
        "sort by name, all folders open",
        "click to rows",
        uses.sort,
        ANSWER,
        " ms",
    );
    row(
        "zoom of the map",
        "slower of two clicks",
        most(&uses.zooms),
        ANSWER,
        " ms",
    );
    let blank = 100.0 * uses.blank / uses.frames.max(1.0);
    row(
        "blank frames while dragging",
        "end to end in 2 s",
        blank,
        10.0,
        " %",
    );
    row(
        "tasks of the main thread over 50 ms",
        "all of these",
        uses.tasks.len() as f64,
        0.0,
        "",
    );
    row(
        "memory of the tab after these",
        "",
        uses.memory / MB,
        400.0,
        " MB",
    );
    Ok(())
}

async fn used(onionskin: &str, image: &Image) -> Result<Uses> {
    let registry = Registry::start(image)?;
    let page = Page::start(onionskin, &registry.address)?;
    let place = format!(
        "{}#/image/{}/app@{}",
        page.address, registry.address, image.digest
    );
    let browser = Browser::start().await;
    browser.goto(&place).await;
    let _: bool = browser
        .until("!!document.querySelector('.band') && !document.querySelector('.band.partial') && !!document.querySelector('.row[data-row]')")
        .await;
    let _: bool = browser.value(WATCH).await;

    browser.click(".find input").await;
    let _: bool = browser.value(TYPING).await;
    for (key, before) in QUERY.chars().zip(0..) {
        browser.write(&key.to_string()).await;
        let _: bool = browser.until(&format!("answers.length > {before}")).await;
    }
    let answers: Vec<f64> = browser.value("answers").await;
    let _: bool = browser
        .run("requestAnimationFrame(() => setTimeout(() => arguments[0](true), 200))")
        .await;
    let paints: Vec<f64> = browser.value("events").await;

    browser.goto(&place).await;
    let all = "(select => { if (!select) return false; select.value = '4294967295'; select.dispatchEvent(new Event('change', { bubbles: true })); return true })(document.querySelector('.expand'))";
    let _: bool = browser.until(all).await;
    let _: bool = browser
        .until("document.querySelectorAll('.scroller .row[data-row]').length > 15 && !document.querySelector('.scroller .row.pending')")
        .await;
    let sort: f64 = browser.run(SORT).await;
    let (frames, blank): (f64, f64) = browser.run(DRAG).await;

    browser.goto(&format!("{place}?view=map")).await;
    let _: bool = browser
        .until("document.querySelector('#map')?.dataset.parts > 0")
        .await;
    let mut zooms = Vec::new();
    for _ in 0..2 {
        zooms.push(browser.run(ZOOM).await);
    }
    Ok(Uses {
        answers,
        paints,
        sort,
        zooms,
        frames,
        blank,
        tasks: browser.value("tasks").await,
        memory: browser.tab_memory() as f64,
    })
}
