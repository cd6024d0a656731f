//! The text of `onionskin inspect`.

use std::fmt::{self, Write as _};
use std::time::Duration;

use crate::inspection::{ConfigFacts, HealthcheckFacts, IndexFacts, Inspection, LayerFacts};
use crate::ledger::{Ledger, Wasted};
use crate::manifest::history;
use crate::report::format::{self, size};
use crate::stack::{Cause, Stack};

use super::summary::{self, QUIET, described};
use super::{Screen, wrapped};
use crate::report::{Visible, text};

/// Columns before what a label is of.
const LABEL: usize = 12;
/// Columns of a size and what follows it.
const SIZE: usize = 9 + 2;
/// Columns that a path has at least.
const LEAST_PATH: usize = 24;
/// Wasted paths that are listed.
const SHOWN_PATHS: usize = 10;

/// A wasted file.
#[derive(Clone, Debug)]
pub struct WastedPath {
    path: String,
    wasted: Wasted,
}

/// The largest wasted files.
pub fn largest_wasted(stack: &Stack, ledger: &Ledger) -> Vec<WastedPath> {
    let path = |wasted: Wasted| {
        let path = stack.layer(wasted.added_by)?.path(wasted.entry);
        Some(WastedPath {
            path: text(&path).into_owned(),
            wasted,
        })
    };
    let largest = ledger.largest().into_iter().take(SHOWN_PATHS);
    largest.filter_map(path).collect()
}

/// The whole text.
pub fn report(
    inspection: &Inspection,
    wasted: &[WastedPath],
    remarks: &[String],
    screen: Screen,
) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, inspection, wasted, remarks, screen);
    out
}

fn write(
    out: &mut String,
    inspection: &Inspection,
    wasted: &[WastedPath],
    remarks: &[String],
    screen: Screen,
) -> fmt::Result {
    summary::image(out, &inspection.image, screen.columns)?;
    writeln!(out)?;
    summary::bytes(
        out,
        &inspection.image,
        &inspection.bytes,
        &inspection.layers,
        screen.columns,
    )?;
    layers(out, &inspection.layers, screen)?;
    wasted_paths(out, wasted, screen)?;
    config(out, &inspection.config, screen)?;
    if let Some(index) = &inspection.index {
        of_index(out, index, screen)?;
    }
    if !remarks.is_empty() {
        writeln!(out)?;
    }
    for remark in remarks {
        let remark = format!("note: {}", Visible(remark));
        for line in wrapped(&remark, screen.columns) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

fn layers(out: &mut String, layers: &[LayerFacts], screen: Screen) -> fmt::Result {
    const BEFORE_COMMAND: usize = 41;
    writeln!(
        out,
        "\n{QUIET}{:>5}  {:>10}  {:>9}  {:>9}  command{QUIET:#}",
        "layer", "compressed", "size", "wasted"
    )?;
    for layer in layers {
        let command = layer.created_by.as_deref().map(history::clean);
        let room = screen.columns.saturating_sub(BEFORE_COMMAND);
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
            screen.fit(&command.unwrap_or_default(), room),
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn wasted_paths(out: &mut String, wasted: &[WastedPath], screen: Screen) -> fmt::Result {
    if wasted.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{QUIET}largest wasted files{QUIET:#}")?;
    let width = wasted.iter().map(|one| one.wasted.cause.name().len());
    let width = width.max().unwrap_or(0);
    let before = SIZE + width + 2;
    let layers: Vec<String> = wasted.iter().map(|one| layers_of(&one.wasted)).collect();
    let longest = layers.iter().map(String::len).max().unwrap_or(0);
    // Where paths would be cut to little, the layers have lines of their own.
    let beside = screen.columns.saturating_sub(before + 2 + longest);
    for (WastedPath { path, wasted }, layers) in wasted.iter().zip(layers) {
        let (name, style, _) = described(wasted.cause);
        write!(
            out,
            "{:>9}  {style}{name:width$}{style:#}  ",
            size(wasted.bytes)
        )?;
        if beside >= LEAST_PATH {
            writeln!(
                out,
                "{}  {QUIET}{layers}{QUIET:#}",
                screen.middle(path, beside)
            )?;
        } else {
            let room = screen.columns.saturating_sub(before).max(LEAST_PATH);
            writeln!(out, "{}", screen.middle(path, room))?;
            writeln!(out, "{:SIZE$}{QUIET}{layers}{QUIET:#}", "")?;
        }
    }
    Ok(())
}

/// `added in layer 2, deleted in layer 3`.
fn layers_of(wasted: &Wasted) -> String {
    let hidden = format::hides(wasted.cause);
    match wasted.cause {
        Cause::Repeated => format!("{hidden} in layer {}", wasted.added_by),
        _ => format!(
            "added in layer {}, {hidden} in layer {}",
            wasted.added_by, wasted.hidden_by
        ),
    }
}

fn config(out: &mut String, config: &ConfigFacts, screen: Screen) -> fmt::Result {
    let words = |words: &Option<Vec<String>>| words.as_ref().map(|words| words.join(" "));
    let labels = config
        .labels
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    let one = [
        ("entrypoint", words(&config.entrypoint)),
        ("cmd", words(&config.cmd)),
        ("user", config.user.clone()),
        ("directory", config.working_dir.clone()),
        ("ports", some(config.exposed_ports.join(" "))),
        ("volumes", some(config.volumes.join(" "))),
        ("health", config.healthcheck.as_ref().map(health_check)),
        ("stop", config.stop_signal.clone()),
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
    let room = screen.columns.saturating_sub(LABEL);
    let mut before = "";
    for (name, value) in all {
        let label = if name == before { "" } else { name };
        writeln!(
            out,
            "{QUIET}{label:10}{QUIET:#}  {}",
            screen.fit(&value, room)
        )?;
        before = name;
    }
    Ok(())
}

/// `curl -f http://localhost/ (every 30s, timeout 5s, 3 retries)`.
fn health_check(check: &HealthcheckFacts) -> String {
    let words: Vec<&str> = check.test.iter().map(String::as_str).collect();
    let test = match words.as_slice() {
        ["NONE", ..] => return "disabled (NONE)".to_owned(),
        [] => "from the base image".to_owned(),
        ["CMD" | "CMD-SHELL", test @ ..] => test.join(" "),
        test => test.join(" "),
    };
    let times = [
        ("every ", check.interval),
        ("timeout ", check.timeout),
        ("start period ", check.start_period),
    ];
    let times = times.into_iter().filter_map(|(name, nanoseconds)| {
        let time = Duration::from_nanos(nanoseconds.filter(|time| *time > 0)?);
        Some(format!("{name}{time:?}"))
    });
    let retries = check.retries.filter(|retries| *retries > 0);
    let retries = retries.map(|retries| format!("{retries} retries"));
    let options: Vec<String> = times.chain(retries).collect();
    match options.is_empty() {
        true => test,
        false => format!("{test} ({})", options.join(", ")),
    }
}

fn of_index(out: &mut String, index: &IndexFacts, screen: Screen) -> fmt::Result {
    let room = screen.columns.saturating_sub(LABEL);
    let platforms = screen.fit(&index.platforms.join(" "), room);
    writeln!(out, "{QUIET}{:10}{QUIET:#}  {platforms}", "platforms")?;
    let mut label = "attested";
    for one in &index.attestations {
        let digest = one.digest.to_string();
        match LABEL + digest.len() <= screen.columns {
            true => writeln!(out, "{QUIET}{label:10}{QUIET:#}  {digest}")?,
            false if label.is_empty() => writeln!(out, "  {digest}")?,
            false => writeln!(out, "{QUIET}{label}{QUIET:#}\n  {digest}")?,
        }
        label = "";
    }
    Ok(())
}

fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}
