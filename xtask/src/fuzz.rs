//! `cargo xtask fuzz`: the targets of `crates/oracles` under libFuzzer, one after the other.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::places;
use crate::work::{self, say};

/// Seconds for each target where nobody says otherwise.
const SECONDS: u64 = 60;
/// Bytes of an input, at most: enough for an archive of a few blocks.
const INPUT: u32 = 16 << 10;
/// MiB of memory that a target may take, of which the library and what it learnt take some.
const MEMORY: u32 = 1024;
/// The compiler that libFuzzer's instrumentation needs.
const TOOLCHAIN: &str = "+nightly";

pub(crate) fn run(words: &[&str]) -> Result<()> {
    let (asked, seconds) = match words {
        [] => (None, SECONDS),
        [word] => match word.parse() {
            Ok(seconds) => (None, seconds),
            Err(_) => (Some(*word), SECONDS),
        },
        [target, seconds] => {
            let seconds = seconds.parse();
            (Some(*target), seconds.context("SECONDS is a number")?)
        }
        _ => bail!("cargo xtask fuzz [TARGET] [SECONDS]"),
    };
    ensure!(
        work::installed("cargo-fuzz"),
        "cargo-fuzz is not installed: `cargo install cargo-fuzz --locked`, \
         and `rustup toolchain install nightly`, which it needs"
    );
    let folder = places::root().join("fuzz");
    let targets = targets(&folder)?;
    if let Some(asked) = asked {
        let there = targets.iter().any(|target| target == asked);
        ensure!(
            there,
            "no target {asked:?}; there are: {}",
            targets.join(", ")
        );
    }
    let work_folder = places::target().join("fuzz");
    let seeds = work_folder.join("seeds");
    let example = [
        "run",
        "--quiet",
        "-p",
        "onionskin-oracles",
        "--example",
        "seeds",
    ];
    work::run(work::cargo().args(example).arg(&seeds))?;
    for target in &targets {
        if asked.is_none_or(|asked| asked == target) {
            fuzz(&folder, &work_folder, target, seconds)?;
        }
    }
    Ok(())
}

/// Its programs, as its manifest names them.
fn targets(folder: &Path) -> Result<Vec<String>> {
    let sources = work::files(&folder.join("fuzz_targets"))?;
    let names = sources.iter().filter_map(|file| file.file_stem()?.to_str());
    Ok(names.map(str::to_owned).collect())
}

/// What it found in earlier runs stays in the target folder, and is where the next run begins.
fn fuzz(folder: &Path, work_folder: &Path, target: &str, seconds: u64) -> Result<()> {
    say(&format!("{target}, for {seconds} seconds"));
    let corpus = work_folder.join("corpus").join(target);
    std::fs::create_dir_all(&corpus)
        .with_context(|| format!("could not make {}", corpus.display()))?;
    // By its name on PATH, where rustup's takes a toolchain; the one that runs us does not.
    let mut fuzz = work::command("cargo");
    fuzz.args([TOOLCHAIN, "fuzz", "run", "--fuzz-dir"])
        .arg(folder);
    // What debug builds check, `fuzz/Cargo.toml` says for each package; else it would be all of them. The project's own code
    // has no unsafe part; without a sanitizer there are twice as many runs.
    fuzz.args(["--release", "--sanitizer", "none", "--target-dir"])
        .arg(work_folder);
    fuzz.arg(target)
        .arg(&corpus)
        .arg(work_folder.join("seeds").join(target));
    fuzz.arg("--").args([
        format!("-max_total_time={seconds}"),
        format!("-max_len={INPUT}"),
        "-timeout=20".to_owned(),
        // An input that takes more memory than any image of its size may is a finding too.
        format!("-rss_limit_mb={MEMORY}"),
        "-print_final_stats=1".to_owned(),
    ]);
    work::run(&mut fuzz).with_context(|| {
        format!("{target} found something; its input is in fuzz/artifacts/{target}")
    })
}
