//! The text of `onionskin diff`: sizes first, then the largest changes, then the configuration.

use std::cmp::Reverse;
use std::fmt::{self, Write as _};

use unicode_width::UnicodeWidthStr as _;

use super::summary::{self, STRONG};
use super::{Screen, folded, wrapped};
use crate::compare::{FileChange, PackageChange, WastedPackageChange, What};
use crate::inspection::ImageFacts;
use crate::report::Visible;
use crate::report::comparison::history::{keep, place};
use crate::report::comparison::{
    Compared, Field, history_counts, known, layers, package_counts, package_rows, wasted_rows,
    weight,
};
use crate::report::format::{self, size};

/// Columns before a path, and those that one has at least.
const BEFORE_PATH: usize = 2 + 1 + 1 + 11 + 2;
const LEAST_PATH: usize = 24;
/// Columns before a file of a layer.
const BEFORE_FILE: usize = 11 + 1 + 10 + 4;
/// Columns of a terminal for the names of extended attributes.
const ATTRIBUTES: usize = 60;
/// Between the new path of a moved file and its old one.
const MOVED: &str = " (moved from ";
/// Changes that are listed where not all are asked for.
const SHOWN: usize = 20;
/// Lines of the build histories, likewise.
const LINES: usize = 40;

/// The report; `depths` are the numbers of layers of the whole images.
#[must_use]
pub fn report(
    compared: &Compared<'_>,
    depths: (usize, usize),
    all: bool,
    screen: Screen,
) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, compared, depths, all, screen);
    out
}

fn write(
    out: &mut String,
    compared: &Compared<'_>,
    depths: (usize, usize),
    all: bool,
    screen: Screen,
) -> fmt::Result {
    let columns = screen.columns;
    let (report, update) = (compared.report, compared.update);
    let last = report.stacks;
    heading(out, "old", &report.old, (last.old, depths.0), columns)?;
    heading(out, "new", &report.new, (last.new, depths.1), columns)?;
    writeln!(out)?;
    writeln!(
        out,
        "{:<18} {:>10} {:>10} {:>11}",
        "", "old", "new", "change"
    )?;
    for number in compared.all_numbers() {
        writeln!(
            out,
            "{:<18} {:>10} {:>10} {:>11}",
            number.name,
            known(number.old),
            known(number.new),
            number.bytes().unwrap_or_default()
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
    for note in compared.notes() {
        for line in wrapped(&note, columns) {
            writeln!(out, "{line}")?;
        }
    }
    new_layers(out, compared, all, screen)?;
    writeln!(out)?;
    files(out, compared, all, screen)?;
    packages(out, &report.package_sizes, all, screen)?;
    wasted_packages(out, &report.wasted_by_package, all, screen)?;
    let fields = compared.fields();
    if !fields.is_empty() {
        writeln!(out, "\n{STRONG}Configuration{STRONG:#}")?;
    }
    for changed in &fields {
        field(out, changed, columns)?;
    }
    history(out, compared, all, columns)
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

/// The layers that an update downloads, each with its largest files.
fn new_layers(out: &mut String, compared: &Compared<'_>, all: bool, screen: Screen) -> fmt::Result {
    let most = if all { usize::MAX } else { SHOWN };
    let layers: Vec<_> = compared.added_layers().collect();
    for layer in layers.iter().take(most) {
        let bytes = known(layer.compressed_size);
        let command = compared.new.command(layer).unwrap_or_default();
        let head = format!(
            "  layer {:<3} {bytes:>10}  {}",
            layer.layer,
            Visible(&command)
        );
        writeln!(out, "{}", screen.fit(&head, screen.columns).trim_end())?;
        for file in compared.largest_files(layer.layer) {
            let bytes = size(file.cost());
            let room = screen.columns.saturating_sub(BEFORE_FILE).max(LEAST_PATH);
            writeln!(
                out,
                "{:11} {bytes:>10}    {}",
                "",
                screen.middle(&file.path, room)
            )?;
        }
    }
    match layers.len().saturating_sub(most) {
        0 => Ok(()),
        rest => writeln!(out, "  and {rest} more; --all lists them"),
    }
}

fn files(out: &mut String, compared: &Compared<'_>, all: bool, screen: Screen) -> fmt::Result {
    let files = &compared.report.files;
    if files.is_empty() {
        return writeln!(out, "No file differs.");
    }
    let counts = compared.counts().text();
    writeln!(out, "{STRONG}Files{STRONG:#}: {counts}")?;
    let mut rows: Vec<&FileChange> = files.iter().collect();
    if !all {
        // A stable sort: of equal changes the first path comes first.
        rows.sort_by_key(|file| Reverse(weight(file)));
        rows.truncate(SHOWN);
    }
    let attributes = match screen == Screen::NONE {
        true => usize::MAX,
        false => ATTRIBUTES,
    };
    for file in &rows {
        let (old, new) = (file.old_size.unwrap_or(0), file.new_size.unwrap_or(0));
        let letter = file.change.sign();
        // Names of attributes come from the image, and may be many.
        let what = file.what.iter().map(|what| match what {
            What::Xattrs if !file.xattrs.is_empty() => {
                let names = screen.fit(&file.xattrs.join(" "), attributes);
                format!("{} {names}", what.name())
            }
            what => what.name().to_owned(),
        });
        let what: Vec<String> = what.collect();
        let what = match what.is_empty() {
            true => String::new(),
            false => format!(" ({})", what.join(", ")),
        };
        let room = screen
            .columns
            .saturating_sub(BEFORE_PATH + what.width())
            .max(LEAST_PATH);
        let path = match &file.from {
            None => screen.middle(&file.path, room),
            Some(from) => {
                let both = room.saturating_sub(MOVED.len() + ")".len());
                // What one of the two does not need is for the other.
                let path = screen.middle(
                    &file.path,
                    (both / 2).max(both.saturating_sub(from.width())),
                );
                let from =
                    screen.middle(from, both.saturating_sub(path.width()).max(LEAST_PATH / 2));
                format!("{path}{MOVED}{from})")
            }
        };
        writeln!(
            out,
            "  {letter} {:>11}  {path}{what}",
            format::change(old, new)
        )?;
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
    screen: Screen,
) -> fmt::Result {
    let Some(counts) = package_counts(packages) else {
        return Ok(());
    };
    writeln!(out, "\n{STRONG}Packages{STRONG:#}: {counts}")?;
    let rows = package_rows(packages, (!all).then_some(SHOWN));
    for row in &rows {
        let text = format!(
            "  {} {:>11}  {} {} {} {}",
            row.sign,
            row.bytes,
            row.kind,
            Visible(row.name),
            Visible(&row.versions()),
            row.sizes().unwrap_or_default()
        );
        writeln!(out, "{}", screen.fit(text.trim_end(), screen.columns))?;
    }
    match packages.len() - rows.len() {
        0 => Ok(()),
        rest => writeln!(out, "  and {rest} more; --all lists them"),
    }
}

/// Packages whose wasted bytes differ, with these of both images.
fn wasted_packages(
    out: &mut String,
    packages: &[WastedPackageChange],
    all: bool,
    screen: Screen,
) -> fmt::Result {
    if packages.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{STRONG}Wasted by package{STRONG:#}")?;
    let rows = wasted_rows(packages, (!all).then_some(SHOWN));
    for row in &rows {
        let text = format!(
            "    {:>11}  {} {} ({} → {})",
            format::change(row.old_bytes, row.new_bytes),
            row.kind.name(),
            Visible(&row.name),
            size(row.old_bytes),
            size(row.new_bytes)
        );
        writeln!(out, "{}", screen.fit(&text, screen.columns))?;
    }
    match packages.len() - rows.len() {
        0 => Ok(()),
        rest => writeln!(out, "  and {rest} more; --all lists them"),
    }
}

/// What went and what came of a field.
fn field(out: &mut String, field: &Field, columns: usize) -> fmt::Result {
    writeln!(out, "  {}", field.name)?;
    let gone = field.removed.iter().map(|part| ('-', part));
    let came = field.added.iter().map(|part| ('+', part));
    for (mut sign, part) in gone.chain(came) {
        // What differs may be at the end: a value is never cut.
        for piece in folded(part, columns.saturating_sub(6)) {
            writeln!(out, "    {sign} {piece}")?;
            sign = ' ';
        }
    }
    Ok(())
}

/// Lines of the build histories that differ, and those around them.
fn history(out: &mut String, compared: &Compared<'_>, all: bool, columns: usize) -> fmt::Result {
    let mut changes = compared.history();
    let Some(counts) = history_counts(&changes) else {
        return Ok(());
    };
    writeln!(out, "\n{STRONG}Build history{STRONG:#}: {counts}")?;
    let places: Vec<String> = changes.iter().map(place).collect();
    let rest = keep(&mut changes, if all { usize::MAX } else { LINES });
    for (change, place) in changes.iter().zip(places) {
        writeln!(out, "  {place}")?;
        for line in &change.lines {
            let mut sign = line.change.sign();
            for piece in folded(&line.text, columns.saturating_sub(6)) {
                writeln!(out, "    {sign} {piece}")?;
                sign = ' ';
            }
        }
    }
    match rest {
        0 => Ok(()),
        rest => writeln!(out, "  and {rest} more lines; --all lists them"),
    }
}
