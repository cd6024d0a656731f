//! The history of a repository as text: a line for each image, and below it what changed.

use std::fmt::{self, Write as _};

use super::Screen;
use super::summary::{QUIET, STRONG};
use crate::report::Visible;
use crate::report::format::{change, size};
use crate::report::history::{HistoryReport, TaggedImage};

/// Columns before the tags.
const BEFORE_TAGS: usize = 2 + 10 + 3 * 12 + 10 + 2;
/// Columns that tags have at least.
const LEAST_TAGS: usize = 16;

/// The report.
#[must_use]
pub fn report(report: &HistoryReport, screen: Screen) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, report, screen);
    out
}

fn write(out: &mut String, report: &HistoryReport, screen: Screen) -> fmt::Result {
    write!(out, "{STRONG}{}{STRONG:#}", Visible(&report.repository))?;
    let mut platforms: Vec<&str> = (report.images.iter())
        .filter_map(|image| image.platform.as_deref())
        .collect();
    platforms.dedup();
    if let [platform] = platforms[..] {
        write!(out, "  {}", Visible(platform))?;
    }
    let read: usize = report.images.iter().map(|image| image.tags.len()).sum();
    writeln!(
        out,
        "\n{} with {} of {}\n",
        counted(report.images.len(), "image"),
        read,
        counted(report.matching, "tag")
    )?;
    writeln!(
        out,
        "{QUIET}  {:<10}{:>12}{:>12}{:>12}{:>10}  tags{QUIET:#}",
        "created", "download", "stored", "wasted", "packages"
    )?;
    let mut before: Option<&TaggedImage> = None;
    for image in &report.images {
        line(out, image, screen)?;
        if let Some(before) = before {
            changes(out, before, image, screen)?;
        }
        before = Some(image);
    }
    Ok(())
}

fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    }
}

fn line(out: &mut String, image: &TaggedImage, screen: Screen) -> fmt::Result {
    let day = image
        .created
        .as_deref()
        .and_then(|created| created.get(..10));
    let download = image.compressed_size.map_or("not known".to_owned(), size);
    let room = screen.columns.saturating_sub(BEFORE_TAGS).max(LEAST_TAGS);
    writeln!(
        out,
        "  {:<10}{download:>12}{:>12}{:>12}{:>10}  {}",
        Visible(day.unwrap_or("no date")).to_string(),
        size(image.stored),
        size(image.wasted),
        image.packages,
        screen.fit(&image.tags.join(", "), room)
    )?;
    for missing in &image.not_fetched {
        let reason = missing.reason.short();
        writeln!(
            out,
            "            layer {} is not available ({reason})",
            missing.layer
        )?;
    }
    Ok(())
}

/// What changed since the image before; nothing where nothing did.
fn changes(
    out: &mut String,
    before: &TaggedImage,
    image: &TaggedImage,
    screen: Screen,
) -> fmt::Result {
    let bytes = |old: Option<u64>, new: Option<u64>| match old.zip(new) {
        Some((old, new)) if old != new => change(old, new),
        _ => String::new(),
    };
    let packages = match image.packages.cmp(&before.packages) {
        std::cmp::Ordering::Equal => String::new(),
        std::cmp::Ordering::Less => format!("-{}", before.packages - image.packages),
        std::cmp::Ordering::Greater => format!("+{}", image.packages - before.packages),
    };
    let numbers = format!(
        "  {:<10}{:>12}{:>12}{:>12}{packages:>10}",
        "",
        bytes(before.compressed_size, image.compressed_size),
        bytes(Some(before.stored), Some(image.stored)),
        bytes(Some(before.wasted), Some(image.wasted)),
    );
    if !numbers.trim().is_empty() {
        writeln!(out, "{QUIET}{}{QUIET:#}", numbers.trim_end())?;
    }
    let Some(cause) = &image.cause else {
        return Ok(());
    };
    let told = match &cause.created_by {
        Some(command) => format!("{cause} · {command}"),
        None => cause.to_string(),
    };
    let room = screen.columns.saturating_sub(12).max(LEAST_TAGS);
    writeln!(
        out,
        "            {QUIET}{}{QUIET:#}",
        screen.fit(&told, room)
    )
}
