//! The text of `onionskin diff --reproducible`: why two builds differ.

use std::fmt::{self, Write as _};

use super::summary::STRONG;
use crate::report::Visible;
use crate::report::comparison::reproducible::ReproducibilityReport;

/// Layers that are named for a reason.
const SHOWN: usize = 12;

/// The report.
#[must_use]
pub fn report(report: &ReproducibilityReport) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, report);
    out
}

fn write(out: &mut String, report: &ReproducibilityReport) -> fmt::Result {
    writeln!(
        out,
        "old  {STRONG}{}{STRONG:#}",
        Visible(&report.old.reference)
    )?;
    writeln!(
        out,
        "new  {STRONG}{}{STRONG:#}\n",
        Visible(&report.new.reference)
    )?;
    if report.reproducible {
        let whole = report.old.digest.is_some() && report.new.digest.is_some();
        let same = match whole {
            true => "manifest, configuration and all layers are the same",
            // Engines' archives have no manifests.
            false => "all layers and the configuration are the same",
        };
        return writeln!(out, "Reproducible: {same}.");
    }
    writeln!(out, "Not reproducible. These differ:")?;
    for advised in &report.differences {
        let found = &advised.difference;
        write!(out, "\n  {STRONG}{}{STRONG:#}", found.reason.meaning())?;
        if !found.layers.is_empty() {
            let shown = found.layers.iter().take(SHOWN).map(ToString::to_string);
            let more = (found.layers.len() > SHOWN).then(|| "…".to_owned());
            let numbers: Vec<String> = shown.chain(more).collect();
            let plural = if found.layers.len() == 1 { "" } else { "s" };
            write!(out, ", layer{plural} {}", numbers.join(", "))?;
        }
        if found.count > 1 {
            write!(out, " ({} times)", found.count)?;
        }
        writeln!(out)?;
        let first = found.first.as_deref();
        let values = match (&found.old, &found.new) {
            (None, None) => None,
            (old, new) => {
                let value = |value: &Option<String>| value.clone().unwrap_or("nothing".to_owned());
                Some(format!("{} → {}", value(old), value(new)))
            }
        };
        match (first, values) {
            (Some(first), Some(values)) => {
                writeln!(out, "    {}: {}", Visible(first), Visible(&values))?;
            }
            (Some(first), None) => writeln!(out, "    {}", Visible(first))?,
            (None, Some(values)) => writeln!(out, "    {}", Visible(&values))?,
            (None, None) => {}
        }
        if !advised.advice.is_empty() {
            writeln!(out, "    {}", advised.advice)?;
        }
    }
    Ok(())
}
