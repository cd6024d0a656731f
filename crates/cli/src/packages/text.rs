//! Packages as text: what they have of the final filesystem, by type, and each by size.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use onionskin_core::ownership::Packages;
use onionskin_core::packages::Unreadable;
use onionskin_core::report::packages::{PackageFacts, PackagesReport};
use onionskin_core::report::words::{share, size};

use crate::summary::{self, QUIET};
use crate::terminal::{Visible, fit};

/// Databases that could not be read and are named.
const UNREAD: usize = 5;

/// The report; `packages` are all of the image, of which the report may have a part.
pub(super) fn report(
    report: &PackagesReport,
    packages: &Packages,
    limit: Option<usize>,
    width: Option<usize>,
) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, report, packages, limit, width);
    out
}

fn write(
    out: &mut String,
    report: &PackagesReport,
    packages: &Packages,
    limit: Option<usize>,
    width: Option<usize>,
) -> fmt::Result {
    summary::image(out, &report.image)?;
    writeln!(out)?;
    let owned = report.live - report.unowned;
    let (all, live) = (packages.packages.len(), report.live);
    match all {
        0 => writeln!(
            out,
            "No packages were found. The final filesystem has {} of file data.",
            size(live)
        )?,
        _ => writeln!(
            out,
            "{} contain {} of the {} in the final filesystem ({}). {} belong to no package.",
            count(all),
            size(owned),
            size(live),
            share(owned, live),
            size(report.unowned)
        )?,
    }
    for unread in report.unread.iter().take(UNREAD) {
        let reason = match unread.reason {
            Unreadable::Format => "its format is not supported",
            Unreadable::TooLarge => "it is larger than the limit",
            Unreadable::Damaged => "it is damaged",
        };
        writeln!(
            out,
            "The package database {} could not be read: {reason}. Files of its packages are counted as belonging to none.",
            Visible(&unread.path)
        )?;
    }
    match report.unread.len().saturating_sub(UNREAD) {
        0 => {}
        rest => writeln!(out, "{rest} more could not be read; --json lists them.")?,
    }
    types(out, packages)?;
    table(out, &report.packages, limit, width)
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

fn table(
    out: &mut String,
    packages: &[PackageFacts],
    limit: Option<usize>,
    width: Option<usize>,
) -> fmt::Result {
    if packages.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\n{QUIET}{:>9}  {:>9}  {:>7}  {:<8}  package{QUIET:#}",
        "size", "download", "files", "type"
    )?;
    let shown = packages.len().min(limit.unwrap_or(usize::MAX));
    for package in packages.iter().take(shown) {
        let line = format!(
            "{:>9}  {:>9}  {:>7}  {:<8}  {} {}",
            size(package.bytes),
            package.compressed_bytes.map(size).unwrap_or_default(),
            package.files,
            package.kind.name(),
            Visible(&package.name),
            Visible(&package.version)
        );
        writeln!(out, "{}", fit(line.trim_end(), width))?;
    }
    match packages.len() - shown {
        0 => Ok(()),
        rest => writeln!(out, "and {rest} more"),
    }
}
