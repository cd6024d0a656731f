//! What a layer of many entries takes: measured in a process of its own, so that nothing else counts.

use std::env;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use onionskin_bench::PIECE;
use onionskin_core::layer::Expected;
use onionskin_core::ledger::Ledger;
use onionskin_core::stack::Stack;
use onionskin_core::visitors;

/// What one process measured.
pub(crate) struct Measured {
    /// Peak memory in bytes once the layer was decoded; none where the system does not tell.
    pub decoded: Option<u64>,
    /// Peak memory in bytes after stack and ledger.
    pub stacked: Option<u64>,
    /// Seconds that stack and ledger took.
    pub seconds: f64,
}

/// Lets another process decode and stack the blob.
pub(crate) fn measure(blob: &Path) -> Result<Measured> {
    let program = env::current_exe().context("this program does not know where it lies")?;
    let output = Command::new(program).arg("memory").arg(blob).output();
    let output = output.context("could not start the process that is measured")?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8_lossy(&output.stdout);
    let mut words = text.split_whitespace();
    let mut peak = || words.next().and_then(|word| word.parse().ok());
    let (decoded, stacked) = (peak(), peak());
    let seconds = words.next().and_then(|word| word.parse().ok());
    Ok(Measured {
        decoded,
        stacked,
        seconds: seconds.context("no time was measured")?,
    })
}

/// The other process: decodes the blob from its file, as it would from a network.
pub(crate) fn run(blob: &Path) -> Result<String> {
    let mut file =
        File::open(blob).with_context(|| format!("could not open {}", blob.display()))?;
    let mut decoder = visitors::decoder(Expected {
        layer: 1,
        ..Expected::default()
    });
    let mut piece = vec![0; PIECE];
    loop {
        let length = file.read(&mut piece).context("could not read the layer")?;
        if length == 0 {
            break;
        }
        decoder.push(&piece[..length])?;
    }
    let index = decoder.finish()?;
    let decoded = peak();
    let begun = Instant::now();
    let mut stack = Stack::new();
    stack.push(index)?;
    let ledger = Ledger::of(&stack);
    let seconds = begun.elapsed().as_secs_f64();
    ensure!(
        ledger.total.wasted() == 0,
        "one layer of different files has no wasted bytes"
    );
    Ok(format!("{decoded} {} {seconds}", peak()))
}

/// The most memory that this process ever had, in bytes, or a dash.
fn peak() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.map_or_else(|| "-".into(), |kilobytes| (kilobytes * 1024).to_string())
}
