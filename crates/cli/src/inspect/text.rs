//! The text of `onionskin inspect`: what people should see first, first.

use std::fmt::{self, Write as _};

use onionskin_core::ledger::{Ledger, Wasted};
use onionskin_core::manifest::history;
use onionskin_core::report;
use onionskin_core::report::inspection::{ConfigFacts, IndexFacts, Inspection, LayerFacts};
use onionskin_core::report::words::size;
use onionskin_core::stack::{Cause, Stack};

use crate::summary::{self, QUIET, told};
use crate::terminal::{Visible, fit};

/// Columns before what a label is of.
const LABEL: usize = 12;
/// Wasted paths that are listed.
const SHOWN_PATHS: usize = 10;

/// A wasted file, ready to be told.
pub(super) struct WastedPath {
    path: String,
    wasted: Wasted,
}

/// The largest wasted files.
pub(super) fn largest_wasted(stack: &Stack, ledger: &Ledger) -> Vec<WastedPath> {
    let path = |wasted: Wasted| {
        let path = stack.layer(wasted.added_by)?.path(wasted.entry);
        Some(WastedPath {
            path: report::text(&path).into_owned(),
            wasted,
        })
    };
    let largest = ledger.largest().into_iter().take(SHOWN_PATHS);
    largest.filter_map(path).collect()
}

/// The whole text, for a terminal of so many columns.
pub(super) fn report(
    inspection: &Inspection,
    wasted: &[WastedPath],
    remarks: &[String],
    columns: Option<usize>,
) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, inspection, wasted, remarks, columns);
    out
}

fn write(
    out: &mut String,
    inspection: &Inspection,
    wasted: &[WastedPath],
    remarks: &[String],
    columns: Option<usize>,
) -> fmt::Result {
    summary::write(
        out,
        &inspection.image,
        &inspection.bytes,
        &inspection.layers,
    )?;
    layers(out, &inspection.layers, columns)?;
    wasted_paths(out, wasted)?;
    config(out, &inspection.config, columns)?;
    if let Some(index) = &inspection.index {
        of_index(out, index, columns)?;
    }
    if !remarks.is_empty() {
        writeln!(out)?;
    }
    for remark in remarks {
        writeln!(out, "note: {}", Visible(remark))?;
    }
    Ok(())
}

fn layers(out: &mut String, layers: &[LayerFacts], columns: Option<usize>) -> fmt::Result {
    const BEFORE_COMMAND: usize = 41;
    writeln!(
        out,
        "\n{QUIET}{:>5}  {:>10}  {:>9}  {:>9}  command{QUIET:#}",
        "layer", "compressed", "size", "wasted"
    )?;
    for layer in layers {
        let command = layer.created_by.as_deref().map(history::clean);
        let room = columns.map(|columns| columns.saturating_sub(BEFORE_COMMAND));
        let wasted = match layer.wasted {
            None | Some(0) => String::new(),
            Some(wasted) => size(wasted),
        };
        let unpacked = match layer.size {
            Some(unpacked) => size(unpacked),
            None => "unknown".to_owned(),
        };
        let line = format!(
            "{:>5}  {:>10}  {:>9}  {wasted:>9}  {}",
            layer.layer,
            layer.compressed_size.map(size).unwrap_or_default(),
            unpacked,
            fit(&command.unwrap_or_default(), room),
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn wasted_paths(out: &mut String, wasted: &[WastedPath]) -> fmt::Result {
    if wasted.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\n{QUIET}largest files that no container sees{QUIET:#}"
    )?;
    for WastedPath { path, wasted } in wasted {
        let (name, style, _) = told(wasted.cause);
        let hider = match wasted.cause {
            Cause::Repeated => String::new(),
            _ => format!(", {name} by {}", wasted.hidden_by),
        };
        let story = format!("layer {}{hider}", wasted.added_by);
        let (bytes, path) = (size(wasted.bytes), Visible(path));
        writeln!(
            out,
            "{bytes:>9}  {style}{name:8}{style:#}  {path}  {QUIET}{story}{QUIET:#}"
        )?;
    }
    Ok(())
}

fn config(out: &mut String, config: &ConfigFacts, columns: Option<usize>) -> fmt::Result {
    let words = |words: &Option<Vec<String>>| words.as_ref().map(|words| words.join(" "));
    let labels = config
        .labels
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    let one = [
        ("entrypoint", words(&config.entrypoint)),
        ("cmd", words(&config.cmd)),
        ("user", config.user.clone()),
        ("folder", config.working_dir.clone()),
        ("ports", some(config.exposed_ports.join(" "))),
        ("volumes", some(config.volumes.join(" "))),
        ("created", config.created.clone()),
    ];
    let one = one
        .into_iter()
        .filter_map(|(name, value)| Some((name, some(value?)?)));
    let env = config.env.iter().map(|variable| ("env", variable.clone()));
    let all: Vec<_> = one
        .chain(env)
        .chain(labels.map(|label| ("label", label)))
        .collect();
    if !all.is_empty() {
        writeln!(out)?;
    }
    let room = columns.map(|columns| columns.saturating_sub(LABEL));
    let mut before = "";
    for (name, value) in all {
        let label = if name == before { "" } else { name };
        writeln!(out, "{QUIET}{label:10}{QUIET:#}  {}", fit(&value, room))?;
        before = name;
    }
    Ok(())
}

fn of_index(out: &mut String, index: &IndexFacts, columns: Option<usize>) -> fmt::Result {
    let room = columns.map(|columns| columns.saturating_sub(LABEL));
    let platforms = fit(&index.platforms.join(" "), room);
    writeln!(out, "{QUIET}{:10}{QUIET:#}  {platforms}", "platforms")?;
    let mut label = "attested";
    for one in &index.attestations {
        writeln!(out, "{QUIET}{label:10}{QUIET:#}  {}", one.digest)?;
        label = "";
    }
    Ok(())
}

fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}
