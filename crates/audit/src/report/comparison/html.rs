//! A comparison as one HTML file that needs nothing else: numbers, what matters most, files, configuration, layers.
//!
//! It has no scripts, and its policy lets a browser fetch nothing. What comes from an image is text.

use maud::{Markup, html};

use super::changed_paths::{ChangedPath, places, weight};
use super::fields::Field;
use super::folders::{both, folder_rows};
use super::history::{history_counts, keep, place};
use super::packages::{package_counts, package_rows, wasted_rows};
use super::summary::{Compared, Matter, Number, Side, known, layers, what};
use crate::compare::{FileChange, LayerFile, LineState};
use crate::inspection::{ImageFacts, LayerFacts};
use crate::report::Visible;
use crate::report::format::{change, size};
use crate::report::html::{is_address, page};

/// Folders and files in the table of places.
const PLACES: usize = 100;
/// Folders in the table of downloads and wasted bytes.
const FOLDERS: usize = 100;
/// Paths in the list of all; a file that no browser opens tells nothing.
const FILES: usize = 5_000;
/// Packages in their table.
const PACKAGES: usize = 1_000;
/// Values of one field of the configuration.
const VALUES: usize = 1_000;
/// Lines of the build histories.
const LINES: usize = 2_000;

/// The whole file.
#[must_use]
pub fn report(compared: &Compared<'_>) -> String {
    let (old, new) = (&compared.report.old, &compared.report.new);
    let body = html! {
        h1 { (Visible(&old.reference)) " → " (Visible(&new.reference)) }
        (image("Old", old))
        (image("New", new))
        @if let Some(link) = compared.link.filter(|link| is_address(link)) {
            p { a href=(link) rel="noreferrer" { "Open this comparison in the page" } }
        }
        div.notes { @for note in compared.notes() { p { (note) } } }
        (numbers(compared))
        (first(compared))
        (by_place(compared))
        (by_folder(compared))
        (packages(compared))
        (wasted_packages(compared))
        (configuration(compared))
        (build_history(compared))
        (layer_table(compared))
        (all_files(compared))
    };
    let (old, new) = (Visible(&old.reference), Visible(&new.reference));
    let title = format!("Onionskin diff: {old} → {new}");
    let same = "The same digests give the same file.";
    page(&title, include_str!("style.css"), &body, same)
}

fn image(name: &str, image: &ImageFacts) -> Markup {
    html! {
        p.quiet.digest {
            (name)
            @if let Some(platform) = &image.platform { " " (Visible(platform)) }
            @if let Some(digest) = &image.digest { " " code { (digest) } }
        }
    }
}

fn numbers(compared: &Compared<'_>) -> Markup {
    html! {
        table.numbers {
            thead { tr { th { "" } th.right { "old" } th.right { "new" } th.right { "change" } } }
            tbody {
                @for number in compared.all_numbers() {
                    tr {
                        td { (number.name) }
                        td.right { (known(number.old)) }
                        td.right { b { (known(number.new)) } }
                        td.right.(direction(&number)) { (number.change().unwrap_or_default()) }
                    }
                }
            }
        }
        p { "Update: " b { (compared.update()) } }
    }
}

/// More is worse, for each number that is compared.
fn direction(number: &Number) -> &'static str {
    match number.old.cmp(&number.new) {
        std::cmp::Ordering::Less => "grown",
        std::cmp::Ordering::Equal => "quiet",
        std::cmp::Ordering::Greater => "shrunk",
    }
}

fn first(compared: &Compared<'_>) -> Markup {
    let first = compared.first();
    html! {
        @if !first.is_empty() {
            h2 { "Largest changes" }
            ol.first {
                @for matter in &first {
                    li {
                        @match matter {
                            Matter::Runs(field) => {
                                (linked(compared.new.config_link(), html! { code { (field.name) } }))
                                ": " (values(&field.removed)) " → " (values(&field.added))
                            }
                            Matter::Wasted { grown, most } => {
                                "Wasted bytes: +" (size(*grown))
                                @if let Some((layer, wasted)) = most {
                                    "; " (size(*wasted)) " in "
                                    (linked(compared.new.link(layer.layer, "/"), html! { "layer " (layer.layer) }))
                                    @if let Some(command) = compared.new.command(layer) { ", " code { (Visible(&command)) } }
                                }
                            }
                            Matter::Path(place) => { (path_of(compared, place)) ": " (what(place)) (moved(place.only)) }
                        }
                    }
                }
            }
        }
    }
}

fn values(values: &[String]) -> Markup {
    html! {
        @if values.is_empty() { "not set" }
        @for (at, value) in values.iter().take(VALUES).enumerate() {
            @if at > 0 { ", " }
            code { (Visible(value)) }
        }
    }
}

fn linked(link: Option<String>, text: Markup) -> Markup {
    html! {
        @match link.filter(|link| is_address(link)) {
            Some(link) => a href=(link) rel="noreferrer" { (text) },
            None => (text),
        }
    }
}

fn path_of(compared: &Compared<'_>, place: &ChangedPath<'_>) -> Markup {
    let slash = if place.only.is_some() { "" } else { "/" };
    let text = html! { span.path { (Visible(place.path)) (slash) } };
    linked(compared.link(place), text)
}

fn moved(only: Option<&FileChange>) -> Markup {
    html! {
        @if let Some(from) = only.and_then(|only| only.from.as_deref()) {
            " from " span.path { (Visible(from)) }
        }
    }
}

fn by_place(compared: &Compared<'_>) -> Markup {
    let places = places(&compared.report.files, PLACES);
    let largest = places.iter().map(|place| place.weight).max().unwrap_or(0);
    let width = |bytes: u64| {
        let share = bytes as f64 * 100.0 / largest.max(1) as f64;
        format!("width:{:.3}%", share.min(100.0))
    };
    html! {
        h2 { "Files by folder" }
        @if places.is_empty() { p { "No file differs." } }
        @else {
            p.quiet { (compared.counts().text()) }
            table.places {
                tbody {
                    @for place in &places {
                        tr {
                            td {
                                (path_of(compared, place)) (moved(place.only))
                                div.bar {
                                    @if place.grown > 0 { i.grown style=(width(place.grown)) {} }
                                    @if place.shrunk > 0 { i.shrunk style=(width(place.shrunk)) {} }
                                }
                            }
                            td.right { (what(place)) }
                        }
                    }
                }
            }
        }
    }
}

fn by_folder(compared: &Compared<'_>) -> Markup {
    let rows = folder_rows(&compared.report.folders, FOLDERS);
    html! {
        @if !rows.is_empty() {
            h2 { "Download and waste by folder" }
            table.packages {
                thead { tr { th { "folder" } th.right.wide { "size" } th.right { "download" } th.right { "wasted" } } }
                tbody {
                    @for row in rows {
                        tr {
                            td { span.path { (Visible(&row.path)) "/" } }
                            td.right.wide { (both(row.old_size, row.new_size)) }
                            td.right { (both(row.old_download, row.new_download)) }
                            td.right { (both(Some(row.old_wasted), Some(row.new_wasted))) }
                        }
                    }
                }
            }
        }
    }
}

fn packages(compared: &Compared<'_>) -> Markup {
    let changes = &compared.report.package_sizes;
    let version = |version: Option<&str>| {
        version.map_or_else(|| "–".to_owned(), |text| Visible(text).to_string())
    };
    html! {
        @if let Some(counts) = package_counts(changes) {
            h2 { "Packages" }
            p.quiet { (counts) }
            table.packages {
                thead {
                    tr {
                        th { "" } th { "package" } th { "old" } th { "new" }
                        th.right.wide { "old size" } th.right.wide { "new size" } th.right { "change" }
                    }
                }
                tbody {
                    @for row in package_rows(changes, Some(PACKAGES)) {
                        tr {
                            td { (row.sign) }
                            td { span.quiet { (row.kind) } " " (Visible(row.name)) }
                            td { (version(row.old)) }
                            td { @if row.is_same { span.quiet { "same version" } } @else { (version(row.new)) } }
                            td.right.wide { (row.old_bytes.map_or_else(|| "–".to_owned(), size)) }
                            td.right.wide { (row.new_bytes.map_or_else(|| "–".to_owned(), size)) }
                            td.right { (row.bytes) }
                        }
                    }
                }
            }
            @if changes.len() > PACKAGES { p.quiet { "and " (changes.len() - PACKAGES) " smaller changes" } }
        }
    }
}

fn wasted_packages(compared: &Compared<'_>) -> Markup {
    let changes = &compared.report.wasted_by_package;
    html! {
        @if !changes.is_empty() {
            h2 { "Wasted by package" }
            table.packages {
                thead { tr { th { "package" } th.right { "old" } th.right { "new" } th.right { "change" } } }
                tbody {
                    @for row in wasted_rows(changes, Some(PACKAGES)) {
                        tr {
                            td { span.quiet { (row.kind.name()) } " " (Visible(&row.name)) }
                            td.right { (size(row.old_bytes)) }
                            td.right { (size(row.new_bytes)) }
                            td.right { (change(row.old_bytes, row.new_bytes)) }
                        }
                    }
                }
            }
            @if changes.len() > PACKAGES { p.quiet { "and " (changes.len() - PACKAGES) " smaller changes" } }
        }
    }
}

fn configuration(compared: &Compared<'_>) -> Markup {
    let fields = compared.fields();
    html! {
        @if !fields.is_empty() {
            h2 { "Configuration" }
            @for field in &fields { (one_field(field)) }
        }
    }
}

fn one_field(field: &Field) -> Markup {
    let lines = |sign: &str, class: &str, lines: &[String]| {
        html! {
            @for line in lines.iter().take(VALUES) { li.(class) { code { (sign) " " (Visible(line)) } } }
            @if lines.len() > VALUES { li.quiet { "and " (lines.len() - VALUES) " more" } }
        }
    };
    html! {
        h3 { (field.name) }
        ul.lines { (lines("-", "removed", &field.removed)) (lines("+", "added", &field.added)) }
    }
}

fn build_history(compared: &Compared<'_>) -> Markup {
    let mut changes = compared.history();
    let Some(counts) = history_counts(&changes) else {
        return html! {};
    };
    let places: Vec<String> = changes.iter().map(place).collect();
    let rest = keep(&mut changes, LINES);
    html! {
        h2 { "Build history" }
        p.quiet { (counts) }
        @for (change, place) in changes.iter().zip(&places) {
            h3.quiet { (place) }
            ul.lines {
                @for line in &change.lines {
                    @let class = match line.change {
                        LineState::Unchanged => "quiet",
                        LineState::Removed => "removed",
                        LineState::Added => "added",
                    };
                    li.(class) { code { (line.change.sign()) " " (Visible(&line.text)) } }
                }
            }
        }
        @if rest > 0 { p.quiet { "and " (rest) " more lines" } }
    }
}

fn layer_table(compared: &Compared<'_>) -> Markup {
    let row = |word: &str, side: &Side<'_>, layer: &LayerFacts, files: &[LayerFile]| {
        let bytes = |bytes: Option<u64>| bytes.map_or_else(|| "–".to_owned(), size);
        html! {
            tr {
                td { (word) }
                td { (linked(side.link(layer.layer, "/"), html! { (layer.layer) })) }
                td {
                    code.command { @match side.command(layer) { Some(command) => (Visible(&command)), None => "not known" } }
                    @if !files.is_empty() {
                        p.quiet.largest {
                            "Largest files: "
                            @for (at, file) in files.iter().enumerate() {
                                @if at > 0 { ", " }
                                span.path { (Visible(&file.path)) } " (" (size(file.cost())) ")"
                            }
                        }
                    }
                    @if let Some(reason) = layer.not_fetched { span.quiet { "not available: " (reason.short()) } }
                }
                td.right { (bytes(layer.compressed_size)) }
                td.right.wide { (bytes(layer.stored)) }
                td.right { (bytes(layer.wasted)) }
            }
        }
    };
    let shared = compared.update.shared.len();
    html! {
        h2 { "Layers" }
        p.quiet { (layers(shared)) " of the old image kept" }
        table.layers {
            thead { tr { th { "" } th { "" } th { "made by" } th.right { "download" } th.right.wide { "stored" } th.right { "wasted" } } }
            tbody {
                @for layer in compared.added_layers() { (row("new", &compared.new, layer, compared.largest_files(layer.layer))) }
                @for layer in compared.removed_layers() { (row("removed", &compared.old, layer, &[])) }
            }
        }
    }
}

fn all_files(compared: &Compared<'_>) -> Markup {
    let files = &compared.report.files;
    let mut largest: Vec<&FileChange> = files.iter().collect();
    if files.len() > FILES {
        // A stable sort: of equal changes the first path comes first.
        largest.sort_by_key(|file| std::cmp::Reverse(weight(file)));
        largest.truncate(FILES);
    }
    html! {
        @if !files.is_empty() {
            details {
                summary { "All files: " (compared.counts().text()) }
                table.files {
                    tbody {
                        @for file in &largest {
                            @let alone = ChangedPath::alone(file);
                            tr {
                                td { (file.change.sign()) }
                                td { (path_of(compared, &alone)) (moved(Some(file))) }
                                td.right { (what(&alone)) }
                            }
                        }
                    }
                }
                @if files.len() > FILES { p.quiet { "and " (files.len() - FILES) " smaller changes" } }
            }
        }
    }
}
