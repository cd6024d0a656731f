//! Decoding alone, on one thread, natively and in a browser.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};
use onionskin_bench::{decode, least};

use crate::browser;
use crate::images::Images;
use crate::packed::Stored;
use crate::process::{RUNS, middle};
use crate::table::Table;

pub(crate) fn measure(images: &Images, in_browser: bool, table: &mut Table) -> Result<()> {
    let image = images.programs(Stored::Gzip)?;
    // The largest layer, and what a browser holds as well.
    let largest = image
        .layers
        .iter()
        .max_by_key(|layer| fs::metadata(layer).map_or(0, |file| file.len()));
    let largest = Path::new(largest.context("an image without layers")?);
    let blob =
        fs::read(largest).with_context(|| format!("could not read {}", largest.display()))?;
    let mut size = 0;
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        bare.push(time(|| Ok(least::gzip(&blob)?))?.0);
        let (seconds, index) = time(|| Ok(decode(&blob)?))?;
        ours.push(seconds);
        size = index.size;
    }
    let (native, bare) = (middle(ours.into_iter()), middle(bare.into_iter()));
    let rate = |seconds: f64| format!("{:.0} MB/s", size as f64 / 1e6 / seconds);
    table.ratio(
        &format!(
            "one gzip layer on one thread: decoding, hashes, index and visitors ({})",
            rate(native)
        ),
        &format!(
            "inflate to nowhere, CRC-32, SHA-256 of both sides ({})",
            rate(bare)
        ),
        native / bare,
        1.15,
    );
    if !in_browser {
        return Ok(());
    }
    match browser::seconds(&images.folder, largest) {
        Ok(seconds) => table.ratio(
            &format!(
                "the same in one worker of headless Chromium ({})",
                rate(seconds)
            ),
            "native",
            seconds / native,
            2.0,
        ),
        Err(error) => table.missing("the same in headless Chromium", &format!("{error:#}"), 2.0),
    }
    Ok(())
}

fn time<T>(work: impl FnOnce() -> Result<T>) -> Result<(f64, T)> {
    let begun = Instant::now();
    let result = work()?;
    Ok((begun.elapsed().as_secs_f64(), result))
}
