//! A comparison as Markdown, fit for a comment on a pull request: one line, three changes, the details folded.

use std::fmt::{self, Write as _};

use super::changed_paths::places;
use super::folders::{both, folder_rows};
use super::history::{history_counts, place};
use super::packages::{package_counts, package_rows, wasted_rows};
use super::summary::{Compared, Matter, known, what};
use crate::compare::LayerFile;
use crate::inspection::LayerFacts;
use crate::report::format::{change, size};
use crate::report::markdown::{cell, code, cut, linked};

/// Bytes of the report, below the 65,536 characters that GitHub takes, with room for what a pipeline adds.
const ROOM: usize = 58_000;
/// Bytes that the end of a folded part takes at most.
const END: usize = 120;
/// Folders and files that are listed.
const PLACES: usize = 60;
/// Folders whose download and wasted bytes are listed.
const FOLDERS: usize = 20;
/// Notes on layers that are not available.
const NOTES: usize = 5;
/// Characters of a value that is named among the first changes.
const VALUE: usize = 80;

/// The whole report.
#[must_use]
pub fn report(compared: &Compared<'_>) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, compared);
    out
}

fn write(out: &mut String, compared: &Compared<'_>) -> fmt::Result {
    let (old, new) = (&compared.report.old, &compared.report.new);
    let names = format!(
        "{} → {}",
        code(&cut(&old.reference)),
        code(&cut(&new.reference))
    );
    writeln!(out, "### Onionskin: {}\n", linked(&names, compared.link))?;
    // What is missing comes before the numbers that it is missing from.
    let notes: Vec<String> = compared.notes().collect();
    for note in notes.iter().take(NOTES) {
        writeln!(out, "{note}\n")?;
    }
    match notes.len().saturating_sub(NOTES) {
        0 => {}
        1 => writeln!(out, "1 more layer is not available.\n")?,
        rest => writeln!(out, "{rest} more layers are not available.\n")?,
    }
    let mut line: Vec<String> = Vec::new();
    for number in compared.numbers() {
        let change = number.change().map(|change| format!(" ({change})"));
        let change = change.unwrap_or_default();
        let bytes = known(number.new);
        line.push(format!("**{}** {bytes}{change}", number.name));
    }
    line.push(format!("**Files** {}", compared.counts().text()));
    if let Some(counts) = package_counts(&compared.report.package_sizes) {
        line.push(format!("**Packages** {counts}"));
    }
    line.push(format!("**Update** {}", compared.update()));
    writeln!(out, "{}", line.join(" · "))?;
    let first = compared.first();
    if !first.is_empty() {
        writeln!(out)?;
    }
    for matter in first {
        writeln!(out, "1. {}", told(compared, &matter))?;
    }
    // What one part leaves is for those after it.
    let left = |out: &String| ROOM.saturating_sub(out.len());
    let room = left(out) / 5;
    packages(out, compared, room)?;
    let room = left(out) / 5;
    wasted_packages(out, compared, room)?;
    let room = left(out) / 4;
    config(out, compared, room)?;
    let room = left(out) / 3;
    history(out, compared, room)?;
    let room = left(out) / 2;
    layer_table(out, compared, room)?;
    let room = left(out) / 4;
    folders(out, compared, room)?;
    let room = left(out);
    files(out, compared, room)
}

fn told(compared: &Compared<'_>, matter: &Matter<'_>) -> String {
    match matter {
        Matter::Runs(field) => {
            let value = |lines: &[String]| match lines {
                [] => "not set".to_owned(),
                lines => code(&lines.join(", ").chars().take(VALUE).collect::<String>()),
            };
            let name = linked(&code(&field.name), compared.new.config_link().as_deref());
            format!(
                "{name}: {} → {}",
                value(&field.removed),
                value(&field.added)
            )
        }
        Matter::Wasted { grown, most } => {
            let mut text = format!("Wasted bytes: +{}", size(*grown));
            if let Some((layer, wasted)) = most {
                let number = layer.layer;
                let link = compared.new.link(number, "/");
                let name = linked(&format!("layer {number}"), link.as_deref());
                text += &format!("; {} in {name}", size(*wasted));
                if let Some(command) = compared.new.command(layer) {
                    text += &format!(", {}", code(&cut(&command)));
                }
            }
            text
        }
        Matter::Path(place) => {
            let link = compared.link(place);
            let path = linked(
                &code(&shown(place.path, place.only.is_some())),
                link.as_deref(),
            );
            let from = place.only.and_then(|only| only.from.as_deref());
            let from = from.map(|from| format!(" from {}", code(&cut(from))));
            format!("{path}: {}{}", what(place), from.unwrap_or_default())
        }
    }
}

/// A path as it is listed; that of a folder ends with a slash.
fn shown(path: &str, alone: bool) -> String {
    match alone {
        true => cut(path),
        false => format!("{}/", cut(path)),
    }
}

/// A folded part with as many rows as fit into so many bytes; nothing where none does.
fn folded(
    out: &mut String,
    (summary, head): (&str, &str),
    rows: impl Iterator<Item = String>,
    end: &str,
    room: usize,
) -> fmt::Result {
    let mut part = format!("\n<details>\n<summary>{summary}</summary>\n\n{head}");
    let start = part.len();
    let mut left_out = 0_usize;
    for row in rows {
        if left_out == 0 && part.len() + row.len() + end.len() + END <= room {
            part.push_str(&row);
        } else {
            left_out += 1;
        }
    }
    if part.len() == start {
        return Ok(());
    }
    part.push_str(end);
    if left_out > 0 {
        writeln!(part, "\nand {left_out} more")?;
    }
    out.push_str(&part);
    writeln!(out, "\n</details>")
}

fn packages(out: &mut String, compared: &Compared<'_>, room: usize) -> fmt::Result {
    let changes = &compared.report.package_sizes;
    let Some(counts) = package_counts(changes) else {
        return Ok(());
    };
    let head = "| | package | old | new | old size | new size | change |\n|---|---|---|---|---:|---:|---:|\n";
    let bytes = |bytes: Option<u64>| bytes.map_or_else(|| "–".to_owned(), size);
    let version =
        |version: Option<&str>| version.map_or_else(|| "–".to_owned(), |text| cell(&cut(text)));
    let rows = package_rows(changes, Some(changes.len()))
        .into_iter()
        .map(|row| {
            format!(
                "| {} | {} {} | {} | {} | {} | {} | {} |\n",
                row.sign,
                row.kind,
                cell(&cut(row.name)),
                version(row.old),
                match row.is_same {
                    true => "same version".to_owned(),
                    false => version(row.new),
                },
                bytes(row.old_bytes),
                bytes(row.new_bytes),
                row.bytes
            )
        });
    folded(out, (&format!("Packages: {counts}"), head), rows, "", room)
}

fn wasted_packages(out: &mut String, compared: &Compared<'_>, room: usize) -> fmt::Result {
    let changes = &compared.report.wasted_by_package;
    let summary = match changes.as_slice() {
        [] => return Ok(()),
        [_] => "Wasted by package: 1 package".to_owned(),
        many => format!("Wasted by package: {} packages", many.len()),
    };
    let head = "| package | old | new | change |\n|---|---:|---:|---:|\n";
    let rows = wasted_rows(changes, Some(changes.len()));
    let rows = rows.into_iter().map(|row| {
        format!(
            "| {} {} | {} | {} | {} |\n",
            row.kind.name(),
            cell(&cut(&row.name)),
            size(row.old_bytes),
            size(row.new_bytes),
            change(row.old_bytes, row.new_bytes)
        )
    });
    folded(out, (&summary, head), rows, "", room)
}

fn config(out: &mut String, compared: &Compared<'_>, room: usize) -> fmt::Result {
    let fields = compared.fields();
    let summary = match fields.as_slice() {
        [] => return Ok(()),
        [_] => "Configuration: 1 field".to_owned(),
        many => format!("Configuration: {} fields", many.len()),
    };
    // In a block of code, only a line of backticks could end it; each of these begins with its sign.
    let line =
        |sign: char, text: &String| format!("{sign} {}\n", crate::report::Visible(&cut(text)));
    let rows = fields.iter().flat_map(|field| {
        let gone = field.removed.iter().map(|text| line('-', text));
        let came = field.added.iter().map(|text| line('+', text));
        let name = format!("@@ {} @@\n", field.name);
        std::iter::once(name).chain(gone).chain(came)
    });
    folded(out, (&summary, "```diff\n"), rows, "```\n", room)
}

fn history(out: &mut String, compared: &Compared<'_>, room: usize) -> fmt::Result {
    let mut changes = compared.history();
    let Some(counts) = history_counts(&changes) else {
        return Ok(());
    };
    let lines = changes.iter_mut().flat_map(|change| &mut change.lines);
    let mut longest = 0;
    for line in lines {
        line.text = crate::report::Visible(&cut(&line.text)).to_string();
        let runs = line.text.split(|c| c != '`').map(str::len);
        longest = runs.fold(longest, usize::max);
    }
    // A line that both have may be one of backticks, which ends a block that began with no more of them.
    let fence = "`".repeat(longest.max(2) + 1);
    let rows = changes.iter().flat_map(|change| {
        let lines = change.lines.iter();
        let lines = lines.map(|line| format!("{} {}\n", line.change.sign(), line.text));
        std::iter::once(format!("{}\n", place(change))).chain(lines)
    });
    let summary = format!("Build history: {counts}");
    let (head, end) = (format!("{fence}diff\n"), format!("{fence}\n"));
    folded(out, (&summary, &head), rows, &end, room)
}

fn layer_table(out: &mut String, compared: &Compared<'_>, room: usize) -> fmt::Result {
    let (added, removed) = (
        compared.added_layers().count(),
        compared.removed_layers().count(),
    );
    if added + removed == 0 {
        return Ok(());
    }
    let shared = compared.update.shared.len();
    let summary = format!("Layers: {added} new, {removed} removed, {shared} kept");
    let head = "| | layer | download | stored | wasted | command | largest files |\n|---|---:|---:|---:|---:|---|---|\n";
    let row =
        |word: &str, side: &super::summary::Side<'_>, layer: &LayerFacts, files: &[LayerFile]| {
            let number = linked(
                &layer.layer.to_string(),
                side.link(layer.layer, "/").as_deref(),
            );
            let command = side.command(layer);
            let command = command.map_or_else(|| "not known".to_owned(), |text| cell(&cut(&text)));
            let bytes = |bytes: Option<u64>| bytes.map_or_else(|| "–".to_owned(), size);
            let files = files
                .iter()
                .map(|file| format!("{} ({})", cell(&cut(&file.path)), size(file.cost())));
            let files = files.collect::<Vec<_>>().join(", ");
            format!(
                "| {word} | {number} | {} | {} | {} | {command} | {files} |\n",
                bytes(layer.compressed_size),
                bytes(layer.stored),
                bytes(layer.wasted),
            )
        };
    let added = compared.added_layers();
    let added = added.map(|layer| {
        let files = compared.largest_files(layer.layer);
        row("new", &compared.new, layer, files)
    });
    let removed = compared.removed_layers();
    let removed = removed.map(|layer| row("removed", &compared.old, layer, &[]));
    folded(out, (&summary, head), added.chain(removed), "", room)
}

fn folders(out: &mut String, compared: &Compared<'_>, room: usize) -> fmt::Result {
    let rows = folder_rows(&compared.report.folders, FOLDERS);
    let rows = rows.into_iter().map(|row| {
        format!(
            "| {} | {} | {} | {} |\n",
            cell(&shown(&row.path, false)),
            both(row.old_size, row.new_size),
            both(row.old_download, row.new_download),
            both(Some(row.old_wasted), Some(row.new_wasted))
        )
    });
    let head = "| folder | size | download | wasted |\n|---|---:|---:|---:|\n";
    folded(out, ("Download and waste by folder", head), rows, "", room)
}

fn files(out: &mut String, compared: &Compared<'_>, room: usize) -> fmt::Result {
    let files = &compared.report.files;
    if files.is_empty() {
        return Ok(());
    }
    let summary = format!("Files: {}", compared.counts().text());
    let head = "| path | change | |\n|---|---:|---|\n";
    let rows = places(files, PLACES).into_iter().map(|place| {
        let link = compared.link(&place);
        let path = linked(
            &cell(&shown(place.path, place.only.is_some())),
            link.as_deref(),
        );
        let from = place.only.and_then(|only| only.from.as_deref());
        let from = from.map(|from| format!(" from {}", cell(&cut(from))));
        let what = what(&place);
        let (bytes, what) = what.split_once(", ").unwrap_or((&what, ""));
        format!(
            "| {path} | {bytes} | {what}{} |\n",
            from.unwrap_or_default()
        )
    });
    folded(out, (&summary, head), rows, "", room)
}

#[cfg(test)]
mod tests;
