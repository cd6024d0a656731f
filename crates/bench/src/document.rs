//! The places of a document that hold what was measured.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// The line at which each of them ends.
const END: &str = "<!-- to here -->";

/// Puts a text in place of what is between the line `begin` and the next end.
pub(crate) fn replace(document: &Path, begin: &str, text: &str) -> Result<()> {
    let path = document.display();
    let old = fs::read_to_string(document).with_context(|| format!("could not read {path}"))?;
    let parts = old
        .split_once(begin)
        .and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) =
        parts.with_context(|| format!("{path} has no place for what was measured"))?;
    fs::write(document, format!("{before}{begin}\n{text}\n{END}{after}"))
        .with_context(|| format!("could not write {path}"))
}
