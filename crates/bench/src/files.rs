//! The tars that are measured, before they are compressed: made once, kept in target/bench.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use onionskin_fixtures::{Layer, layer, text};

/// Entries of made-up layers that are in memory at once.
const BATCH: usize = 500;
/// Files that the layer of whiteouts deletes.
const WHITEOUTS: usize = 1_000;

/// The first files of a folder of this machine as a layer of at most `limit` bytes, but for the last file.
pub(crate) fn of_machine(to: &Path, folder: &str, without: &[&str], limit: u64) -> Result<PathBuf> {
    once(to, |out| {
        let mut tar = Command::new("tar")
            .args(["--create", "--file=-", "--directory=/", "--sort=name"])
            .args(without.iter().map(|without| format!("--exclude={without}")))
            .arg(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("could not start tar")?;
        let from = tar.stdout.take().context("tar has no output")?;
        cut(from, out, limit)?;
        // It was cut off, unless the folder was small.
        let _ = tar.kill();
        let _ = tar.wait();
        Ok(())
    })
}

/// Copies entries of a tar until there are enough bytes.
fn cut(mut from: impl Read, out: &mut dyn Write, limit: u64) -> Result<()> {
    const BLOCK: u64 = 512;
    let mut written = 0;
    let mut header = [0; BLOCK as usize];
    // A long name is an entry of its own before the one that has it.
    while (written < limit || b"LKxg".contains(&header[156]))
        && from.read_exact(&mut header).is_ok()
    {
        let size = String::from_utf8_lossy(&header[124..135]);
        let size = u64::from_str_radix(size.trim_matches(['\0', ' ']), 8).unwrap_or(0);
        let size = size.next_multiple_of(BLOCK);
        out.write_all(&header)?;
        let copied = io::copy(&mut Read::take(&mut from, size), out)?;
        ensure!(copied == size, "tar ended early");
        written += BLOCK + size;
    }
    Ok(out.write_all(&[0; 2 * BLOCK as usize])?)
}

/// A layer of so many files, a tenth of them with something in it.
pub(crate) fn many(to: &Path, count: usize) -> Result<PathBuf> {
    once(to, |out| {
        for first in (0..count).step_by(BATCH) {
            let last = count.min(first + BATCH);
            let file = |layer: Layer, number: usize| {
                let length = if number.is_multiple_of(10) {
                    number % 4_000
                } else {
                    0
                };
                layer.file(many_path(number), text(length))
            };
            let batch = (first..last).fold(Layer::new().trailer(""), file);
            out.write_all(&batch.tar())?;
        }
        Ok(out.write_all(&Layer::new().tar())?)
    })
}

fn many_path(number: usize) -> String {
    format!(
        "app/node_modules/package-{}/lib/module-{number}.js",
        number / 40
    )
}

/// A layer that deletes some of so many files.
pub(crate) fn whiteouts(to: &Path, count: usize) -> Result<PathBuf> {
    once(to, |out| {
        let apart = count / WHITEOUTS;
        let paths = (0..WHITEOUTS).map(|number| many_path(number * apart));
        let whiteouts = paths.fold(layer("RUN rm"), |layer, path| layer.whiteout(path));
        Ok(out.write_all(&whiteouts.tar())?)
    })
}

/// The layer `number` of many, each with files of which every other one is overwritten by the next layer.
pub(crate) fn one_of_many(to: &Path, number: usize, count: usize) -> Result<PathBuf> {
    once(to, |out| {
        let first = number * count / 2;
        let paths = (first..first + count).map(|file| format!("srv/data/file-{file}"));
        let layer = paths.fold(Layer::new(), |layer, path| layer.file(path, text(1_000)));
        Ok(out.write_all(&layer.tar())?)
    })
}

/// A layer of so many bytes, in files of 1 MB that cannot be compressed.
pub(crate) fn large(to: &Path, bytes: u64) -> Result<PathBuf> {
    const FILE: usize = 1_000_000;
    once(to, |out| {
        // xorshift: the next eight bytes from the last.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        for number in 0..bytes / FILE as u64 {
            let mut content = Vec::with_capacity(FILE);
            while content.len() < FILE {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                content.extend_from_slice(&state.to_le_bytes());
            }
            let path = format!("data/{}/{number}.bin", number / 100);
            out.write_all(&Layer::new().trailer("").file(path, content).tar())?;
        }
        Ok(out.write_all(&Layer::new().tar())?)
    })
}

/// Writes a file if it is not there, under its name when it is whole.
pub(crate) fn once(to: &Path, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<PathBuf> {
    if to.is_file() {
        return Ok(to.to_owned());
    }
    let writing = || format!("could not write {}", to.display());
    let partial = to.with_extension("partial");
    let mut out = BufWriter::new(File::create(&partial).with_context(writing)?);
    write(&mut out)
        .and_then(|()| Ok(out.flush()?))
        .with_context(writing)?;
    fs::rename(&partial, to).with_context(writing)?;
    Ok(to.to_owned())
}
