//! Measures decoding and stacking, and prints one table of ratios from one run.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the table is what it is for"
)]

mod browser;
mod layers;
mod memory;

use std::env;
use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use flate2::{Decompress, FlushDecompress, Status};
use onionskin_bench::{PIECE, decode};
use sha2::{Digest as _, Sha256};

/// The best of so many runs counts: what the machine did beside it is not ours.
const RUNS: usize = 3;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["memory", blob] => println!("{}", memory::run(Path::new(blob))?),
        [folder] => table(Path::new(folder))?,
        _ => bail!("say the folder for layers and the wasm build: cargo xtask bench does"),
    }
    Ok(())
}

fn table(folder: &Path) -> Result<()> {
    eprintln!("making the layers (a minute the first time)");
    let large = layers::large(folder)?;
    let many = layers::many(folder)?;
    let blob = fs::read(&large).with_context(|| format!("could not read {}", large.display()))?;

    eprintln!("decoding {} MB of gzip natively", blob.len() / 1_000_000);
    let (mut native, mut inflate) = (f64::INFINITY, f64::INFINITY);
    let mut size = 0;
    for _ in 0..RUNS {
        inflate = inflate.min(time(|| to_nowhere(&blob))?.0);
        let (seconds, index) = time(|| Ok(decode(&blob)?))?;
        native = native.min(seconds);
        size = index.size;
    }
    eprintln!("decoding it in Chromium");
    let browser = browser::seconds(folder, &large);
    eprintln!("decoding and stacking {} entries", layers::MANY);
    let memory = memory::measure(&many)?;

    println!("| measured | | against | | ratio | aim |");
    println!("|---|--:|---|--:|--:|--:|");
    let rate = |seconds: f64| format!("{:.0} MB/s", size as f64 / 1e6 / seconds);
    row(
        ["decode + index + hashes, 500 MB gzip layer", &rate(native)],
        [
            "same inflate to nowhere + SHA-256 of both sides",
            &rate(inflate),
        ],
        native / inflate,
        "1.3",
    );
    match browser {
        Ok(seconds) => row(
            ["the same in headless Chromium", &rate(seconds)],
            ["native", &rate(native)],
            seconds / native,
            "3.0",
        ),
        Err(error) => println!("| the same in headless Chromium | {error:#} | | | | 3.0 |"),
    }
    let peaks = [
        ("decode of 1,000,000 entries", memory.decoded),
        ("stack and ledger of them", memory.stacked),
    ];
    for (what, peak) in peaks {
        if let Some(bytes) = peak {
            let megabytes = format!("{} MB", bytes / 1_000_000);
            let what = format!("peak memory, {what}");
            row(
                [&what, &megabytes],
                ["200 MB", ""],
                bytes as f64 / 200e6,
                "1.0",
            );
        }
    }
    row(
        [
            "time, stack and ledger of them",
            &format!("{:.2} s", memory.seconds),
        ],
        ["2 s", ""],
        memory.seconds / 2.0,
        "1.0",
    );
    Ok(())
}

fn row([what, measured]: [&str; 2], [against, reference]: [&str; 2], ratio: f64, aim: &str) {
    println!("| {what} | {measured} | {against} | {reference} | {ratio:.2} | {aim} |");
}

fn time<T>(work: impl FnOnce() -> Result<T>) -> Result<(f64, T)> {
    let begun = Instant::now();
    let result = work()?;
    Ok((begun.elapsed().as_secs_f64(), result))
}

/// What no decoder can do without: the same inflate, and SHA-256 of what goes in and comes out.
fn to_nowhere(blob: &[u8]) -> Result<[[u8; 32]; 2]> {
    /// Our own layers have a gzip header without options.
    const HEADER: usize = 10;
    let (mut stored, mut content) = (Sha256::new(), Sha256::new());
    let mut inflate = Decompress::new(false);
    let mut out = vec![0; 256 * 1024];
    stored.update(&blob[..HEADER.min(blob.len())]);
    for piece in blob.get(HEADER..).unwrap_or_default().chunks(PIECE) {
        stored.update(piece);
        let mut rest = piece;
        loop {
            let before = (inflate.total_in(), inflate.total_out());
            let status = inflate.decompress(rest, &mut out, FlushDecompress::None)?;
            let read = usize::try_from(inflate.total_in() - before.0)?;
            let written = usize::try_from(inflate.total_out() - before.1)?;
            content.update(&out[..written]);
            rest = &rest[read..];
            if status == Status::StreamEnd || (rest.is_empty() && written < out.len()) {
                break;
            }
        }
    }
    Ok([stored.finalize().into(), content.finalize().into()])
}
