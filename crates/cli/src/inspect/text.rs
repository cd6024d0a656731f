//! The text of `onionskin inspect`: what people should see first, first.

use std::fmt::{self, Write as _};

use anstyle::{AnsiColor, Style};
use bytesize::ByteSize;
use onionskin_core::ledger::{Dead, Ledger};
use onionskin_core::manifest::history;
use onionskin_core::report;
use onionskin_core::report::inspection::{ByteTotals, ConfigFacts, Inspection, LayerFacts};
use onionskin_core::stack::{Cause, Stack};

use crate::terminal::{Visible, fit};

/// Dead paths that are listed.
const SHOWN_PATHS: usize = 10;
/// Columns of the bar for everything.
const BAR: u64 = 40;

const STRONG: Style = Style::new().bold();
const QUIET: Style = Style::new().dimmed();
const LIVE: Style = AnsiColor::Cyan.on_default();

/// A dead file, ready to be told.
pub(super) struct DeadPath {
    path: String,
    dead: Dead,
}

/// The largest dead files.
pub(super) fn largest_dead(stack: &Stack, ledger: &Ledger) -> Vec<DeadPath> {
    let path = |dead: Dead| {
        let path = stack.layer(dead.added_by)?.path(dead.entry);
        Some(DeadPath {
            path: report::text(&path).into_owned(),
            dead,
        })
    };
    let largest = ledger.largest().into_iter().take(SHOWN_PATHS);
    largest.filter_map(path).collect()
}

/// The whole text, for a terminal of so many columns.
pub(super) fn report(
    inspection: &Inspection,
    dead: &[DeadPath],
    remarks: &[String],
    columns: Option<usize>,
) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, inspection, dead, remarks, columns);
    out
}

fn write(
    out: &mut String,
    inspection: &Inspection,
    dead: &[DeadPath],
    remarks: &[String],
    columns: Option<usize>,
) -> fmt::Result {
    let image = &inspection.image;
    write!(out, "{STRONG}{}{STRONG:#}", Visible(&image.reference))?;
    if let Some(platform) = &image.platform {
        write!(out, "  {}", Visible(platform))?;
    }
    writeln!(out)?;
    if let Some(digest) = &image.digest {
        writeln!(out, "{QUIET}{digest}{QUIET:#}")?;
    }
    writeln!(out, "\n{}\n", sentence(inspection))?;
    causes(out, &inspection.bytes)?;
    layers(out, &inspection.layers, columns)?;
    dead_paths(out, dead)?;
    config(out, &inspection.config, columns)?;
    if !remarks.is_empty() {
        writeln!(out)?;
    }
    for remark in remarks {
        writeln!(out, "note: {}", Visible(remark))?;
    }
    Ok(())
}

/// What a reader came for, in words.
fn sentence(inspection: &Inspection) -> String {
    let (image, bytes) = (&inspection.image, &inspection.bytes);
    let (layers, hold) = match inspection.layers.len() {
        1 => ("1 layer".to_owned(), "holds"),
        n => (format!("{n} layers"), "hold"),
    };
    let holds = match image.compressed_size {
        Some(compressed) => format!(
            "A pull downloads {STRONG}{}{STRONG:#} in {layers}, which {hold} {} of files.",
            size(compressed),
            size(bytes.retained)
        ),
        None => format!(
            "{layers} {hold} {STRONG}{}{STRONG:#} of files.",
            size(bytes.retained)
        ),
    };
    if bytes.dead == 0 {
        return format!("{holds}\nA container sees all of it.");
    }
    let cost = match bytes.dead_compressed {
        Some(dead) => format!(
            ";\n{STRONG}{}{STRONG:#} of every download is for nothing",
            size(dead)
        ),
        None => String::new(),
    };
    format!(
        "{holds}\n{STRONG}{}{STRONG:#} of them ({}) no container ever sees{cost}.",
        size(bytes.dead),
        share(bytes.dead, bytes.retained)
    )
}

fn causes(out: &mut String, bytes: &ByteTotals) -> fmt::Result {
    let dead = Cause::ALL.into_iter().map(|cause| {
        let (name, style, why) = told(cause);
        (name, style, bytes.causes[cause], why)
    });
    let dead = dead.into_iter().filter(|(_, _, of, _)| *of > 0);
    let all = [("live", LIVE, bytes.live, "")].into_iter().chain(dead);
    let bars: Vec<_> = all
        .map(|(name, style, of, why)| (name, style, of, bar(of, bytes.retained), why))
        .collect();
    let widest = bars
        .iter()
        .map(|(.., bar, _)| bar.chars().count())
        .max()
        .unwrap_or(0);
    for (name, style, of, bar, why) in bars {
        let gap = if why.is_empty() {
            0
        } else {
            widest + 2 - bar.chars().count()
        };
        writeln!(
            out,
            "  {name:8} {:>9} {:>7}  {style}{bar}{style:#}{:gap$}{QUIET}{why}{QUIET:#}",
            size(of),
            share(of, bytes.retained),
            "",
        )?;
    }
    Ok(())
}

fn told(cause: Cause) -> (&'static str, Style, &'static str) {
    let style = |color: AnsiColor| color.on_default();
    match cause {
        Cause::Deleted => ("deleted", style(AnsiColor::Red), "removed by a later layer"),
        Cause::Replaced => (
            "replaced",
            style(AnsiColor::Yellow),
            "stored again with other content",
        ),
        Cause::Restated => (
            "restated",
            style(AnsiColor::Magenta),
            "stored again, only mode, owner or time changed",
        ),
        Cause::Repeated => (
            "repeated",
            style(AnsiColor::Blue),
            "stored twice in one layer",
        ),
    }
}

fn layers(out: &mut String, layers: &[LayerFacts], columns: Option<usize>) -> fmt::Result {
    const BEFORE_COMMAND: usize = 41;
    writeln!(
        out,
        "\n{QUIET}{:>5}  {:>10}  {:>9}  {:>9}  command{QUIET:#}",
        "layer", "compressed", "size", "dead"
    )?;
    for layer in layers {
        let command = layer.created_by.as_deref().map(history::clean);
        let room = columns.map(|columns| columns.saturating_sub(BEFORE_COMMAND));
        let dead = match layer.dead {
            0 => String::new(),
            dead => size(dead),
        };
        let line = format!(
            "{:>5}  {:>10}  {:>9}  {dead:>9}  {}",
            layer.layer,
            layer.compressed_size.map(size).unwrap_or_default(),
            size(layer.size),
            fit(&command.unwrap_or_default(), room),
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn dead_paths(out: &mut String, dead: &[DeadPath]) -> fmt::Result {
    if dead.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\n{QUIET}largest files that no container sees{QUIET:#}"
    )?;
    for DeadPath { path, dead } in dead {
        let (name, style, _) = told(dead.cause);
        let killer = match dead.cause {
            Cause::Repeated => String::new(),
            _ => format!(", {name} by {}", dead.killed_by),
        };
        let story = format!("layer {}{killer}", dead.added_by);
        let (bytes, path) = (size(dead.bytes), Visible(path));
        writeln!(
            out,
            "{bytes:>9}  {style}{name:8}{style:#}  {path}  {QUIET}{story}{QUIET:#}"
        )?;
    }
    Ok(())
}

fn config(out: &mut String, config: &ConfigFacts, columns: Option<usize>) -> fmt::Result {
    const LABEL: usize = 12;
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

fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// Bytes as people read them: 1 kB is 1000 B.
fn size(bytes: u64) -> String {
    ByteSize::b(bytes).display().si().to_string()
}

/// A share in per cent; nothing that is there is 0 %, and nothing less than all is 100 %.
fn share(part: u64, whole: u64) -> String {
    let percent = part as f64 * 100.0 / whole.max(1) as f64;
    match percent {
        _ if part > 0 && percent < 0.1 => "<0.1 %".to_owned(),
        _ if part < whole && percent > 99.9 => ">99.9 %".to_owned(),
        _ => format!("{percent:.1} %"),
    }
}

/// A bar as long as the part is of the whole; a part that is there shows.
fn bar(part: u64, whole: u64) -> String {
    let length = u128::from(part) * u128::from(BAR) / u128::from(whole.max(1));
    let least = usize::from(part > 0);
    "█".repeat(usize::try_from(length).unwrap_or(0).max(least))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_never_round_something_to_nothing() {
        for (part, whole, text) in [
            (0, 100, "0.0 %"),
            (1, 1_000_000, "<0.1 %"),
            (1, 3, "33.3 %"),
            (999_999, 1_000_000, ">99.9 %"),
            (5, 5, "100.0 %"),
            (0, 0, "0.0 %"),
        ] {
            assert_eq!(share(part, whole), text);
        }
        assert_eq!(bar(1, u64::MAX), "█");
        assert_eq!(bar(0, 0), "");
        assert_eq!(bar(u64::MAX, u64::MAX).chars().count(), 40);
    }

    #[test]
    fn sizes_are_decimal() {
        assert_eq!(size(999), "999 B");
        assert_eq!(size(1_000), "1.0 kB");
        assert_eq!(size(31_400_000), "31.4 MB");
    }
}
