//! The text of `onionskin packages`: what packages have of a filesystem, by type, and each by size.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use super::summary::{self, QUIET};
use super::wrapped;
use crate::ownership::Packages;
use crate::packages::Unreadable;
use crate::report::Visible;
use crate::report::format::{share, size};
use crate::report::packages::{PackageFacts, PackagesReport, WastedFacts};

/// Packages with wasted bytes that are named.
const WASTED: usize = 10;

/// How it is shown.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'s> {
    /// What of the image is looked at.
    pub place: &'s str,
    /// Packages that are listed at most.
    pub limit: Option<usize>,
    /// Columns that sentences are wrapped to.
    pub columns: usize,
}

/// Databases that could not be read and are named.
const UNREAD: usize = 5;

/// The report; `packages` are all of the image, of which the report may have a part.
#[must_use]
pub fn report(report: &PackagesReport, packages: &Packages, shown: Shown<'_>) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, report, packages, shown);
    out
}

fn write(
    out: &mut String,
    report: &PackagesReport,
    packages: &Packages,
    shown: Shown<'_>,
) -> fmt::Result {
    summary::image(out, &report.image, shown.columns)?;
    writeln!(out)?;
    let owned = report.live - report.unowned;
    let (all, live) = (packages.packages.len(), report.live);
    let sentence = match all {
        0 => format!(
            "No packages were found in {}, which has {} of file data.",
            shown.place,
            size(live)
        ),
        _ => format!(
            "{} contain {} of the {} in {} ({}). {} belong to no package.",
            count(all),
            size(owned),
            size(live),
            shown.place,
            share(owned, live),
            size(report.unowned)
        ),
    };
    let unread = report.unread.iter().take(UNREAD).map(|unread| {
        let reason = match unread.reason {
            Unreadable::Format => "its format is not supported",
            Unreadable::TooLarge => "it is larger than the limit",
            Unreadable::Damaged => "it is damaged",
        };
        format!(
            "The package database {} could not be read: {reason}. Files of its packages are counted as belonging to none.",
            Visible(&unread.path)
        )
    });
    let missing = report.not_fetched.iter().map(|missing| {
        let (layer, reason) = (missing.layer, missing.reason.short());
        format!("Not available: layer {layer} ({reason}). Its packages and files are not counted.")
    });
    for sentence in missing.chain([sentence]).chain(unread) {
        for line in wrapped(&sentence, shown.columns) {
            writeln!(out, "{line}")?;
        }
    }
    match report.unread.len().saturating_sub(UNREAD) {
        0 => {}
        rest => writeln!(out, "{rest} more could not be read; --json lists them.")?,
    }
    types(out, packages)?;
    table(out, &report.packages, shown.limit)?;
    wasted(out, &report.wasted)
}

fn count(packages: usize) -> String {
    match packages {
        1 => "1 package".to_owned(),
        packages => format!("{packages} packages"),
    }
}

/// The types by size, where there are several.
fn types(out: &mut String, packages: &Packages) -> fmt::Result {
    let mut types: BTreeMap<&str, (u64, usize)> = BTreeMap::new();
    for package in &packages.packages {
        let of = types.entry(package.kind.name()).or_default();
        *of = (of.0 + package.bytes, of.1 + 1);
    }
    if types.len() < 2 {
        return Ok(());
    }
    let mut types: Vec<_> = types.into_iter().collect();
    types.sort_by_key(|(name, (bytes, _))| (std::cmp::Reverse(*bytes), *name));
    writeln!(out)?;
    for (name, (bytes, packages)) in types {
        writeln!(out, "  {name:<8} {:>9}  {}", size(bytes), count(packages))?;
    }
    Ok(())
}

fn table(out: &mut String, packages: &[PackageFacts], limit: Option<usize>) -> fmt::Result {
    if packages.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\n{QUIET}{:>9}  {:>9}  {:>7}  {:<8}  package{QUIET:#}",
        "size", "download", "files", "type"
    )?;
    let listed = packages.len().min(limit.unwrap_or(usize::MAX));
    for package in packages.iter().take(listed) {
        let line = format!(
            "{:>9}  {:>9}  {:>7}  {:<8}  {} {}",
            size(package.bytes),
            package.compressed_bytes.map(size).unwrap_or_default(),
            package.files,
            package.kind.name(),
            Visible(&package.name),
            Visible(&package.version)
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    match packages.len() - listed {
        0 => Ok(()),
        rest => writeln!(out, "and {rest} more"),
    }
}

/// The packages that most is wasted of.
fn wasted(out: &mut String, packages: &[WastedFacts]) -> fmt::Result {
    if packages.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\n{QUIET}files of packages that a later layer deletes or stores again{QUIET:#}"
    )?;
    for package in packages.iter().take(WASTED) {
        let layers = |layers: &[usize]| {
            let layers: Vec<String> = layers.iter().map(usize::to_string).collect();
            layers.join(", ")
        };
        writeln!(
            out,
            "{:>9}  {:>9}  {:<8}  {} {}, added in layer {}, hidden in layer {}",
            size(package.bytes),
            package.compressed_bytes.map(size).unwrap_or_default(),
            package.kind.name(),
            Visible(&package.name),
            Visible(&package.version),
            layers(&package.added_by),
            layers(&package.hidden_by)
        )?;
    }
    match packages.len().saturating_sub(WASTED) {
        0 => Ok(()),
        rest => writeln!(out, "and {rest} more; --json lists them"),
    }
}
