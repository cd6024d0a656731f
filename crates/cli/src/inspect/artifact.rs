//! `onionskin inspect` of an artifact, which is no image and has no filesystem.

use std::fmt::{self, Write as _};

use onionskin_core::report::artifact::ArtifactReport;
use onionskin_core::report::words::size;
use onionskin_core::source::Artifact;
use unicode_width::UnicodeWidthStr as _;

use crate::output::{Format, Output};
use crate::terminal::{Visible, fit, folded};
use onionskin_core::report::console::summary::{QUIET, STRONG};

/// Columns of a size and of what follows it.
const SIZE: usize = 11;

pub(super) fn report(artifact: Artifact, format: Format, output: &Output) -> anyhow::Result<()> {
    match format {
        Format::Json => output.json(&ArtifactReport::new(artifact)),
        Format::Text => Ok(output.text(&text(&artifact, output.columns()))?),
    }
}

fn text(artifact: &Artifact, columns: usize) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, artifact, columns);
    out
}

fn write(out: &mut String, artifact: &Artifact, columns: usize) -> fmt::Result {
    let Artifact {
        reference,
        digest,
        artifact_type,
        subject,
        annotations,
        files,
        ..
    } = artifact;
    writeln!(out, "{STRONG}{}{STRONG:#}", Visible(reference))?;
    writeln!(out, "{QUIET}{digest}{QUIET:#}")?;
    writeln!(
        out,
        "\nThis is not an image but an artifact of type {STRONG}{}{STRONG:#}.",
        Visible(artifact_type)
    )?;
    if let Some(subject) = subject {
        writeln!(out, "Its subject is {subject}.")?;
    }
    if !files.is_empty() {
        writeln!(out)?;
    }
    for file in files {
        let name = match &file.name {
            Some(name) => Visible(name).to_string(),
            None => file.digest.to_string(),
        };
        let kind = Visible(&file.media_type).to_string();
        let size = size(file.size);
        // A digest is never cut.
        if SIZE + name.width() + 2 + kind.width() <= columns {
            writeln!(out, "{size:>9}  {name}  {QUIET}{kind}{QUIET:#}")?;
        } else {
            writeln!(
                out,
                "{size:>9}  {QUIET}{}{QUIET:#}",
                fit(&file.media_type, columns.saturating_sub(SIZE))
            )?;
            for piece in folded(&name, columns.saturating_sub(2)) {
                writeln!(out, "  {piece}")?;
            }
        }
    }
    if !annotations.is_empty() {
        writeln!(out)?;
    }
    for (name, value) in annotations {
        let name = Visible(name).to_string();
        let room = columns.saturating_sub(name.width() + 2);
        writeln!(out, "{QUIET}{name}{QUIET:#}  {}", fit(value, room))?;
    }
    Ok(())
}
