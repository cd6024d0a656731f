//! A comparison as text: sizes first, then the largest changes, then the configuration.

use std::cmp::Reverse;
use std::fmt::{self, Write as _};

use onionskin_core::compare::{Change, FileChange, Update, What};
use onionskin_core::report::comparison::{ComparisonReport, SideBytes};
use onionskin_core::report::inspection::{ImageFacts, LayerFacts};
use onionskin_core::report::words::size;
use serde_json::Value;

use crate::summary::{QUIET, STRONG};
use crate::terminal::{Visible, fit};

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
    width: Option<usize>,
) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, report, sides, update, all, width);
    out
}

fn write(
    out: &mut String,
    report: &ComparisonReport,
    sides: &Sides<'_>,
    update: &Update,
    all: bool,
    width: Option<usize>,
) -> fmt::Result {
    let (last, depths) = (report.stacks, sides.depths);
    heading(out, "old", &report.old, (last.old, depths.0))?;
    heading(out, "new", &report.new, (last.new, depths.1))?;
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
        Some(bytes) => format!("{STRONG}{}{STRONG:#}", size(bytes)),
        None => "an unknown number of bytes".to_owned(),
    };
    let whole = (last.old, last.new) == depths;
    writeln!(
        out,
        "An update {}downloads {bytes}: {} of {} ({} shared with the old {}).",
        if whole { "" } else { "between these layers " },
        update.new.len(),
        layers(total),
        update.shared.len(),
        if whole { "image" } else { "ones" },
    )?;
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
    files(out, &report.files, all, width)?;
    if !report.config.is_empty() {
        writeln!(out, "\n{STRONG}Configuration{STRONG:#}")?;
        for change in &report.config {
            field(out, &change.field, &change.old, &change.new)?;
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
) -> fmt::Result {
    write!(
        out,
        "{name}  {STRONG}{}{STRONG:#}",
        Visible(&image.reference)
    )?;
    if let Some(platform) = &image.platform {
        write!(out, "  {}", Visible(platform))?;
    }
    match last {
        last if last == depth => {}
        0 => write!(out, "  none of {}", layers(depth))?,
        1 => write!(out, "  layer 1 of {depth}")?,
        last => write!(out, "  layers 1 to {last} of {depth}")?,
    }
    writeln!(out)?;
    if let Some(digest) = &image.digest {
        writeln!(out, "     {QUIET}{digest}{QUIET:#}")?;
    }
    Ok(())
}

fn files(out: &mut String, files: &[FileChange], all: bool, width: Option<usize>) -> fmt::Result {
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
        let mut text = format!(
            "  {letter} {:>11}  {}",
            signed(old, new),
            Visible(&file.path)
        );
        if let Some(from) = &file.from {
            write!(text, " (moved from {})", Visible(from))?;
        }
        if !file.what.is_empty() {
            let what: Vec<&str> = file.what.iter().map(|what| name(*what)).collect();
            write!(text, " ({})", what.join(", "))?;
        }
        writeln!(out, "{}", fit(&text, width))?;
    }
    let rest = files.len() - rows.len();
    if rest > 0 {
        writeln!(out, "  and {rest} more; --all lists them")?;
    }
    Ok(())
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
fn field(out: &mut String, name: &str, old: &Value, new: &Value) -> fmt::Result {
    let (old, new) = (parts(old), parts(new));
    writeln!(out, "  {name}")?;
    for part in old.iter().filter(|part| !new.contains(part)) {
        writeln!(out, "    - {}", Visible(part))?;
    }
    for part in new.iter().filter(|part| !old.contains(part)) {
        writeln!(out, "    + {}", Visible(part))?;
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
