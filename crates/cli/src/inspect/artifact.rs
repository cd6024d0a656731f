//! `onionskin inspect` of an artifact, which is no image and has no filesystem.

use std::fmt::{self, Write as _};

use onionskin_core::report::artifact::ArtifactReport;
use onionskin_core::report::words::size;
use onionskin_core::source::Artifact;

use crate::output::{Format, Output};
use crate::summary::{QUIET, STRONG};
use crate::terminal::Visible;

pub(super) fn report(artifact: Artifact, format: Format, output: &Output) -> anyhow::Result<()> {
    match format {
        Format::Json => output.json(&ArtifactReport::new(artifact)),
        Format::Text => Ok(output.text(&text(&artifact))?),
    }
}

fn text(artifact: &Artifact) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, artifact);
    out
}

fn write(out: &mut String, artifact: &Artifact) -> fmt::Result {
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
        let kind = Visible(&file.media_type);
        writeln!(
            out,
            "{:>9}  {name}  {QUIET}{kind}{QUIET:#}",
            size(file.size)
        )?;
    }
    if !annotations.is_empty() {
        writeln!(out)?;
    }
    for (name, value) in annotations {
        let (name, value) = (Visible(name), Visible(value));
        writeln!(out, "{QUIET}{name}{QUIET:#}  {value}")?;
    }
    Ok(())
}
