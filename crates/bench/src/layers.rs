//! The layers that are measured: made once, kept in target/bench.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use onionskin_fixtures::{Layer, seeded, text};

/// Entries of the layer with many.
pub(crate) const MANY: usize = 1_000_000;
/// Bytes of content of the layer with much.
const MUCH: usize = 500_000_000;
/// Entries handed to the compressor at once.
const BATCH: usize = 500;

/// 500 MB of files as images have them: mostly small, most bytes in large ones, of which some are
/// text, some programs, and some are compressed already.
pub(crate) fn large(folder: &Path) -> Result<PathBuf> {
    make(&folder.join("large.tar.gz"), |number, bytes| {
        if bytes >= MUCH {
            return None;
        }
        let random = seeded(number as u64, 3);
        let size = usize::from(random[0]) * if random[1] < 8 { 8_000 } else { 60 };
        let content = match random[2] {
            0..100 => text(size),
            100..230 => [seeded(size as u64, size / 2), vec![random[1]; size / 2]].concat(),
            _ => seeded(number as u64, size),
        };
        Some((
            format!(
                "usr/lib/part-{}/folder-{}/file-{number}",
                number % 7,
                number % 300
            ),
            content,
        ))
    })
}

/// 1,000,000 files, a tenth of them with something in it.
pub(crate) fn many(folder: &Path) -> Result<PathBuf> {
    make(&folder.join("many.tar.gz"), |number, _| {
        let package = number / 40;
        let path = format!("app/node_modules/package-{package}/lib/module-{number}.js");
        let content = if number % 10 == 0 {
            text(number % 4_000)
        } else {
            Vec::new()
        };
        (number < MANY).then_some((path, content))
    })
}

/// Writes files, given their number and the bytes so far, until there are no more.
fn make(
    path: &Path,
    mut file: impl FnMut(usize, usize) -> Option<(String, Vec<u8>)>,
) -> Result<PathBuf> {
    if path.is_file() {
        return Ok(path.to_owned());
    }
    let partial = path.with_extension("partial");
    let writing = || format!("could not write {}", partial.display());
    let out = BufWriter::new(File::create(&partial).with_context(writing)?);
    let mut out = GzEncoder::new(out, Compression::default());
    let (mut number, mut bytes, mut more) = (0, 0, true);
    while more {
        let mut batch = Layer::new().trailer("");
        for _ in 0..BATCH {
            let Some((path, content)) = file(number, bytes) else {
                more = false;
                break;
            };
            bytes += content.len();
            number += 1;
            batch = batch.file(path, content);
        }
        out.write_all(&batch.tar()).with_context(writing)?;
    }
    out.write_all(&Layer::new().tar()).with_context(writing)?;
    out.finish()
        .and_then(|mut out| out.flush())
        .with_context(writing)?;
    fs::rename(&partial, path).with_context(writing)?;
    Ok(path.to_owned())
}
