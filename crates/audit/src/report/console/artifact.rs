//! The text of `onionskin inspect` for an artifact, which has no filesystem.

use std::fmt::{self, Write as _};

use unicode_width::UnicodeWidthStr as _;

use super::summary::{QUIET, STRONG};
use super::{Screen, folded};
use crate::report::Visible;
use crate::report::format::size;
use crate::source::Artifact;

/// Columns of a size and of what follows it.
const SIZE: usize = 11;

/// The report.
#[must_use]
pub fn report(artifact: &Artifact, screen: Screen) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, artifact, screen);
    out
}

fn write(out: &mut String, artifact: &Artifact, screen: Screen) -> fmt::Result {
    let columns = screen.columns;
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
                screen.fit(&file.media_type, columns.saturating_sub(SIZE))
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
        writeln!(out, "{QUIET}{name}{QUIET:#}  {}", screen.fit(value, room))?;
    }
    Ok(())
}
