//! `onionskin cache`: what is in the cache, and emptying it.

use std::fmt::Write as _;

use anyhow::Context as _;
use onionskin_core::report::cache::{CacheReport, Removed};
use onionskin_core::report::format::size;
use onionskin_core::report::text;

use super::folder::{CachedFile, Folder, Part};
use super::{CacheLimit, folder};
use crate::output::{Format, Inputs, OutputArguments};
use crate::terminal::Visible;

/// Show the size of the cache on disk, or clear it
///
/// The cache stores decoded layers by digest, so that each layer is fetched and decoded once. It is in ONIONSKIN_CACHE,
/// or in the platform's cache folder. It can be deleted at any time.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  onionskin cache
  onionskin cache --clear
  onionskin cache --json")]
pub(crate) struct Arguments {
    /// Remove everything from the cache
    #[arg(long)]
    clear: bool,

    #[command(flatten)]
    limit: CacheLimit,

    #[command(flatten)]
    output: OutputArguments,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let output = arguments.output.open(&Inputs::default())?;
    let folder = folder().context("there is no cache folder; set one with ONIONSKIN_CACHE")?;
    let folder = Folder::new(folder, arguments.limit.bytes());
    let removed = match arguments.clear {
        true => Some(sum(&folder.clear()?)),
        false => None,
    };
    let (layers, bytes) = sum(&folder.list()?);
    let report = CacheReport::new(
        text(folder.root().as_os_str().as_encoded_bytes()).into_owned(),
        layers,
        bytes,
        folder.limit(),
        removed.map(|(layers, bytes)| Removed { layers, bytes }),
    );
    match arguments.output.format() {
        Format::Json => output.json(&report),
        Format::Text => Ok(output.text(&table(&report))?),
    }
}

/// The number of layers, and the bytes of all that is kept.
fn sum(kept: &[CachedFile]) -> (u64, u64) {
    let is_layer = |file: &&CachedFile| file.part == Part::Layers && file.is_whole();
    let layers = kept.iter().filter(is_layer).count();
    (layers as u64, kept.iter().map(|file| file.bytes).sum())
}

fn table(report: &CacheReport) -> String {
    let mut table = String::new();
    // Writing to a String cannot fail.
    if let Some(removed) = &report.removed {
        let _ = writeln!(
            table,
            "Removed  {} in {} layers",
            size(removed.bytes),
            removed.layers
        );
    }
    let _ = writeln!(table, "Folder   {}", Visible(&report.folder));
    let _ = writeln!(table, "Layers   {}", report.layers);
    let _ = writeln!(
        table,
        "Size     {} of at most {}",
        size(report.bytes),
        size(report.limit)
    );
    table
}
