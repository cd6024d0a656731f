//! The page in headless Chromium: how long images take to open, first and again, until files are seen, and with how much
//! memory.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use onionskin_tests::Browser;

use crate::images::Images;
use crate::packed::{Image, Stored};
use crate::process::{RUNS, compared, middle};
use crate::registry::Registry;
use crate::served::Page;
use crate::table::Table;

/// Between two looks at the memory.
const PAUSE: Duration = Duration::from_millis(20);
/// Bytes in a unit of the table.
const MB: f64 = 1e6;

/// What an opening took, in seconds from the click.
#[derive(Clone, Copy, Debug)]
struct Opening {
    /// Until the image is read to its end and its files are seen.
    whole: f64,
    /// Until files are seen: since the first layer was decoded, and since the last byte of a layer was sent.
    after_layer: f64,
    after_byte: f64,
    /// Most bytes of the tab.
    memory: f64,
}

pub(crate) fn measure(onionskin: &str, images: &Images, table: &mut Table) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("no runtime")?;
    let programs = images.programs(Stored::Gzip)?;
    let many = images.many(Stored::Gzip)?;
    let files = images.count();
    for (name, image) in [
        ("gzip layers", &programs),
        (&*format!("{files} files"), &many),
    ] {
        // The driver panics where the browser does not do as it is told.
        let opened = AssertUnwindSafe(|| runtime.block_on(openings(onionskin, image)));
        let openings = catch_unwind(opened).unwrap_or_else(|_| bail!("the browser failed"));
        let [first, second] = openings.with_context(|| format!("the page does not open {name}"))?;
        let of =
            |openings: &[Opening], part: fn(&Opening) -> f64| middle(openings.iter().map(part));
        let wall = of(&first, |opening| opening.whole);
        table.ratio(
            &format!("second opening of {name} in the page"),
            "the first",
            of(&second, |opening| opening.whole) / wall,
            0.03,
        );
        let registry = Registry::start(image)?;
        let reference = format!("{}/app@{}", registry.address, image.digest);
        let audit = [onionskin, "audit", &reference, "--no-cache"];
        let (native, _) = compared(&audit, &["true"], || Ok(()))?;
        let what = format!("opening {name} in the page, with its workers ({wall:.2} s)");
        table.ratio(
            &what,
            "`audit` from the same registry",
            wall / native.wall,
            2.0,
        );
        if name == "gzip layers" {
            let rows = of(&first, |opening| opening.after_layer);
            let what = format!("first rows of {name} in the page");
            table.figure(
                &what,
                "since the first layer was decoded",
                rows * 1e3,
                150.0,
                " ms",
            );
        } else {
            let rows = of(&first, |opening| opening.after_byte);
            let what = format!("first rows of {name} in the page");
            table.figure(&what, "since the layer's last byte", rows, 2.0, " s");
            let memory = of(&first, |opening| opening.memory) / MB;
            let what = format!("opening {name} in the page: most memory of the tab");
            table.figure(&what, "", memory, 400.0, " MB");
        }
    }
    Ok(())
}

/// First and second openings, each pair in a browser that has kept nothing.
async fn openings(onionskin: &str, image: &Image) -> Result<[Vec<Opening>; 2]> {
    let registry = Registry::start(image)?;
    let page = Page::start(onionskin, &registry.address)?;
    let place = format!("#/image/{}/app@{}", registry.address, image.digest);
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let browser = Browser::start().await;
        browser.goto(&page.address).await;
        first.push(opening(&browser, &place, &registry).await);
        kept(&browser, image.layers.len()).await;
        browser.goto("about:blank").await;
        browser.goto(&page.address).await;
        second.push(opening(&browser, &place, &registry).await);
    }
    Ok([first, second])
}

/// Opens an image from the start page.
async fn opening(browser: &Browser, place: &str, registry: &Registry) -> Opening {
    let _: bool = browser
        .until("!!document.querySelector('form input')")
        .await;
    let script = format!(
        "const done = arguments[arguments.length - 1], begun = performance.now();
         let decoded = null, rows = null;
         const look = () => {{
             const now = performance.now(), has = what => !!document.querySelector(what);
             if (decoded === null && has('.layer[data-layer=\"1\"]') && !has('.layer[data-layer=\"1\"] .progress')) decoded = now;
             if (rows === null && has('.row[data-row]')) rows = now;
             if (rows !== null && has('.band') && !has('.band.partial')) {{
                 watch.disconnect();
                 done([(now - begun) / 1e3, (rows - (decoded ?? rows)) / 1e3, performance.timeOrigin + rows]);
             }}
         }};
         const watch = new MutationObserver(look);
         watch.observe(document, {{ subtree: true, childList: true, attributes: true }});
         location.hash = '{place}';"
    );
    let mut most = 0;
    let opened = browser.run::<(f64, f64, f64)>(&script);
    let mut opened = std::pin::pin!(opened);
    let (whole, after_layer, rows_at) = loop {
        match tokio::time::timeout(PAUSE, &mut opened).await {
            Ok(opened) => break opened,
            Err(_) => most = most.max(browser.tab_memory()),
        }
    };
    Opening {
        whole,
        after_layer,
        after_byte: (rows_at - registry.last_byte()) / 1e3,
        memory: most.max(browser.tab_memory()) as f64,
    }
}

/// Waits until so many layers are in the browser's cache.
async fn kept(browser: &Browser, layers: usize) {
    let script = format!(
        "const done = arguments[arguments.length - 1], open = indexedDB.open('onionskin');
         open.onsuccess = () => {{
             const db = open.result;
             const look = () => {{
                 db.transaction('files').objectStore('files').getAllKeys().onsuccess = event => {{
                     const kept = event.target.result.filter(key => key.startsWith('layers/'));
                     if (kept.length < {layers}) return setTimeout(look, 50);
                     db.close();
                     done(true);
                 }};
             }};
             look();
         }};"
    );
    let _: bool = browser.run(&script).await;
}
