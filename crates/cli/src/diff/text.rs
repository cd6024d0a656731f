//! A comparison as text: sizes first, then the largest changes, then the configuration.

use std::cmp::Reverse;
use std::fmt::{self, Write as _};

use onionskin_core::compare::{Change, FieldChange, FileChange, PackageChange, Update, What};
use onionskin_core::inspection::{ImageFacts, LayerFacts};
use onionskin_core::report::comparison::{ComparisonReport, SideBytes};
use onionskin_core::report::words::size;
use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

use crate::terminal::{Visible, fit, folded, middle, wrapped};
use onionskin_core::report::console::summary::{self, STRONG};

/// Columns before a path, and those that one has at least.
const BEFORE_PATH: usize = 2 + 1 + 1 + 11 + 2;
const LEAST_PATH: usize = 24;
/// Between the new path of a moved file and its old one.
const MOVED: &str = " (moved from ";
/// Changes that are listed where not all are asked for.
const SHOWN: usize = 20;

/// What of both images is compared.
pub(super) struct Sides<'a> {
    /// The layers of the stacks that are compared.
    pub(super) layers: (&'a [LayerFacts], &'a [LayerFacts]),
    /// The number of layers of the images.
    pub(super) depths: (usize, usize),
}

/// The report.
pub(super) fn report(
    report: &ComparisonReport,
    sides: &Sides<'_>,
    update: &Update,
    all: bool,
    columns: usize,
) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, report, sides, update, all, columns);
    out
}

fn write(
    out: &mut String,
    report: &ComparisonReport,
    sides: &Sides<'_>,
    update: &Update,
    all: bool,
    columns: usize,
) -> fmt::Result {
    let (last, depths) = (report.stacks, sides.depths);
    heading(out, "old", &report.old, (last.old, depths.0), columns)?;
    heading(out, "new", &report.new, (last.new, depths.1), columns)?;
    writeln!(out)?;
    let (old, new) = (&report.bytes.old, &report.bytes.new);
    writeln!(
        out,
        "{:<18} {:>10} {:>10} {:>11}",
        "", "old", "new", "change"
    )?;
    type Row = (&'static str, fn(&SideBytes) -> Option<u64>);
    let rows: [Row; 5] = [
        ("Download", |side| side.compressed_size),
        ("Stored in layers", |side| Some(side.stored)),
        ("Final filesystem", |side| Some(side.live)),
        ("Wasted", |side| Some(side.wasted)),
        ("Wasted download", |side| side.wasted_compressed),
    ];
    for (name, of) in rows {
        let known = |bytes: Option<u64>| bytes.map_or("not known".to_owned(), size);
        let change = of(old).zip(of(new)).map(|(old, new)| signed(old, new));
        writeln!(
            out,
            "{name:<18} {:>10} {:>10} {:>11}",
            known(of(old)),
            known(of(new)),
            change.unwrap_or_default()
        )?;
    }
    writeln!(out)?;
    let total = update.shared.len() + update.new.len();
    let bytes = match update.bytes {
        Some(bytes) => size(bytes),
        None => "an unknown number of bytes".to_owned(),
    };
    let whole = (last.old, last.new) == depths;
    let update = format!(
        "An update {}downloads {bytes}: {} of {} ({} shared with the old {}).",
        if whole { "" } else { "between these layers " },
        update.new.len(),
        layers(total),
        update.shared.len(),
        if whole { "image" } else { "ones" },
    );
    for line in wrapped(&update, columns) {
        writeln!(out, "{line}")?;
    }
    for (side, facts) in [("old", sides.layers.0), ("new", sides.layers.1)] {
        for layer in facts.iter().filter(|layer| layer.not_fetched.is_some()) {
            writeln!(
                out,
                "Not compared: layer {} of the {side} image is not available.",
                layer.layer
            )?;
        }
    }
    writeln!(out)?;
    files(out, &report.files, all, columns)?;
    packages(out, &report.packages, all, columns)?;
    if !report.config.is_empty() {
        writeln!(out, "\n{STRONG}Configuration{STRONG:#}")?;
        for change in &report.config {
            field(out, change, columns)?;
        }
    }
    Ok(())
}

/// The image, and its stack that is compared: the layers up to `last` of `depth`.
fn heading(
    out: &mut String,
    name: &str,
    image: &ImageFacts,
    (last, depth): (usize, usize),
    columns: usize,
) -> fmt::Result {
    let indent = name.len() + 2;
    let room = columns.saturating_sub(indent);
    let which = match last {
        last if last == depth => None,
        0 => Some(format!("none of {}", layers(depth))),
        1 => Some(format!("layer 1 of {depth}")),
        last => Some(format!("layers 1 to {last} of {depth}")),
    };
    let mut facts = String::new();
    summary::image(&mut facts, image, room)?;
    let used = |text: &str| 2 + Visible(text).to_string().width();
    let first = used(&image.reference) + image.platform.as_deref().map_or(0, used);
    for (at, line) in facts.lines().enumerate() {
        let label = if at == 0 { name } else { "" };
        write!(out, "{label:indent$}{line}")?;
        match which.as_deref().filter(|_| at == 0) {
            Some(which) if first + which.len() <= room => write!(out, "  {which}")?,
            Some(which) => write!(out, "\n{:indent$}{which}", "")?,
            None => {}
        }
        writeln!(out)?;
    }
    Ok(())
}

fn files(out: &mut String, files: &[FileChange], all: bool, columns: usize) -> fmt::Result {
    if files.is_empty() {
        return writeln!(out, "No file differs.");
    }
    let count = |change| files.iter().filter(|file| file.change == change).count();
    let counts = [
        (Change::Added, "added"),
        (Change::Removed, "removed"),
        (Change::Changed, "changed"),
        (Change::Moved, "moved"),
    ];
    let counts: Vec<String> = (counts.into_iter())
        .map(|(change, name)| (count(change), name))
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    writeln!(out, "{STRONG}Files{STRONG:#}: {}", counts.join(", "))?;
    let mut rows: Vec<&FileChange> = files.iter().collect();
    if !all {
        // A stable sort: of equal changes the first path comes first.
        rows.sort_by_key(|file| Reverse(weight(file)));
        rows.truncate(SHOWN);
    }
    for file in &rows {
        let (old, new) = (file.old_size.unwrap_or(0), file.new_size.unwrap_or(0));
        let letter = match file.change {
            Change::Added => 'A',
            Change::Removed => 'D',
            Change::Changed => 'M',
            Change::Moved => 'R',
        };
        let what: Vec<&str> = file.what.iter().map(|what| name(*what)).collect();
        let what = match what.is_empty() {
            true => String::new(),
            false => format!(" ({})", what.join(", ")),
        };
        let room = columns
            .saturating_sub(BEFORE_PATH + what.len())
            .max(LEAST_PATH);
        let path = match &file.from {
            None => middle(&file.path, room),
            Some(from) => {
                let both = room.saturating_sub(MOVED.len() + ")".len());
                // What one of the two does not need is for the other.
                let path = middle(
                    &file.path,
                    (both / 2).max(both.saturating_sub(from.width())),
                );
                let from = middle(from, both.saturating_sub(path.width()).max(LEAST_PATH / 2));
                format!("{path}{MOVED}{from})")
            }
        };
        writeln!(out, "  {letter} {:>11}  {path}{what}", signed(old, new))?;
    }
    let rest = files.len() - rows.len();
    if rest > 0 {
        writeln!(out, "  and {rest} more; --all lists them")?;
    }
    Ok(())
}

/// Packages with both versions, the largest changes first where not all are listed.
fn packages(
    out: &mut String,
    packages: &[PackageChange],
    all: bool,
    columns: usize,
) -> fmt::Result {
    if packages.is_empty() {
        return Ok(());
    }
    let count = |added: bool, removed: bool| {
        let is = |change: &&PackageChange| {
            (change.old.is_none(), change.new.is_none()) == (added, removed)
        };
        packages.iter().filter(is).count()
    };
    let counts = [
        (count(true, false), "added"),
        (count(false, true), "removed"),
        (count(false, false), "updated"),
    ];
    let counts: Vec<String> = (counts.into_iter())
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    writeln!(out, "\n{STRONG}Packages{STRONG:#}: {}", counts.join(", "))?;
    let mut rows: Vec<&PackageChange> = packages.iter().collect();
    if !all {
        rows.sort_by_key(|change| Reverse(change.bytes.unsigned_abs()));
        rows.truncate(SHOWN);
    }
    for change in &rows {
        let letter = match (&change.old, &change.new) {
            (None, _) => 'A',
            (_, None) => 'D',
            _ => 'M',
        };
        let versions = [&change.old, &change.new].into_iter().flatten();
        let versions: Vec<&str> = versions.map(String::as_str).collect();
        let bytes = change.bytes.unsigned_abs();
        let bytes = match change.bytes < 0 {
            true => signed(bytes, 0),
            false => signed(0, bytes),
        };
        let text = format!(
            "  {letter} {bytes:>11}  {} {} {}",
            change.kind.name(),
            Visible(&change.name),
            Visible(&versions.join(" → "))
        );
        writeln!(out, "{}", fit(&text, columns))?;
    }
    match packages.len() - rows.len() {
        0 => Ok(()),
        rest => writeln!(out, "  and {rest} more; --all lists them"),
    }
}

/// What a change is worth on a short list: the bytes that came or went, else those that were stored again.
fn weight(file: &FileChange) -> u64 {
    let (old, new) = (file.old_size.unwrap_or(0), file.new_size.unwrap_or(0));
    match file.change {
        Change::Added | Change::Removed => old.max(new),
        Change::Changed if file.what.contains(&What::Content) => old.max(new),
        _ => old.abs_diff(new),
    }
}

const fn name(what: What) -> &'static str {
    match what {
        What::Content => "content",
        What::Type => "type",
        What::Mode => "mode",
        What::Owner => "owner",
        What::LinkTarget => "link target",
        What::Xattrs => "attributes",
        What::Mtime => "time",
    }
}

/// A field's old and new value; of lists and maps only the values that differ.
fn field(out: &mut String, change: &FieldChange, columns: usize) -> fmt::Result {
    let (old, new) = (parts(&change.old), parts(&change.new));
    writeln!(out, "  {}", change.field)?;
    let gone = old
        .iter()
        .filter(|part| !new.contains(part))
        .map(|part| ('-', part));
    let added = new
        .iter()
        .filter(|part| !old.contains(part))
        .map(|part| ('+', part));
    for (mut sign, part) in gone.chain(added) {
        // What differs may be at the end: a value is never cut.
        for piece in folded(part, columns.saturating_sub(6)) {
            writeln!(out, "    {sign} {piece}")?;
            sign = ' ';
        }
    }
    Ok(())
}

fn parts(value: &Value) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().map(text).collect(),
        Value::Object(values) => (values.iter())
            .map(|(key, value)| format!("{key}={}", text(value)))
            .collect(),
        other => vec![text(other)],
    }
}

fn signed(old: u64, new: u64) -> String {
    match new.cmp(&old) {
        std::cmp::Ordering::Less => format!("-{}", size(old - new)),
        std::cmp::Ordering::Equal => "0 B".to_owned(),
        std::cmp::Ordering::Greater => format!("+{}", size(new - old)),
    }
}

fn layers(count: usize) -> String {
    match count {
        1 => "1 layer".to_owned(),
        count => format!("{count} layers"),
    }
}
