//! What a whole process costs: its time, its processors' time and its memory.

use std::env;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

/// Every figure is the median of so many runs.
pub(crate) const RUNS: usize = 3;

/// What a process took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Cost {
    /// Seconds from start to end.
    pub wall: f64,
    /// Seconds of all processors together.
    pub cpu: f64,
    /// Most bytes of memory at a time.
    pub memory: f64,
}

/// The medians of several runs of two commands, which take turns, so that whatever else the machine does is in both.
/// `between` is done before the first of them each time.
pub(crate) fn compared(
    first: &[&str],
    second: &[&str],
    mut between: impl FnMut() -> Result<()>,
) -> Result<(Cost, Cost)> {
    let (mut firsts, mut seconds) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        between()?;
        firsts.push(measured(first)?);
        seconds.push(measured(second)?);
    }
    Ok((median(&firsts), median(&seconds)))
}

/// The medians of several runs of a command.
pub(crate) fn alone(command: &[&str]) -> Result<Cost> {
    let costs: Vec<Cost> = (0..RUNS)
        .map(|_| measured(command))
        .collect::<Result<_>>()?;
    Ok(median(&costs))
}

fn median(costs: &[Cost]) -> Cost {
    let of = |part: fn(&Cost) -> f64| middle(costs.iter().map(part));
    Cost {
        wall: of(|cost| cost.wall),
        cpu: of(|cost| cost.cpu),
        memory: of(|cost| cost.memory),
    }
}

/// The median.
pub(crate) fn middle(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Another process of this program runs the command, so that what the system counts of children is of that one only.
fn measured(command: &[&str]) -> Result<Cost> {
    let program = env::current_exe().context("this program does not know where it is")?;
    let output = Command::new(program).arg("run").args(command).output();
    let output = output.context("could not start the process that measures")?;
    ensure!(
        output.status.success(),
        "{}: {}",
        command.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<f64> = text
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    match numbers[..] {
        [wall, cpu, memory] => Ok(Cost { wall, cpu, memory }),
        _ => anyhow::bail!("nothing was measured of {}", command.join(" ")),
    }
}

/// Runs the command, without its output, and tells what it took.
pub(crate) fn run(command: &[String]) -> Result<String> {
    let (program, arguments) = command.split_first().context("no command")?;
    let begun = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .with_context(|| format!("could not start {program}"))?;
    let wall = begun.elapsed().as_secs_f64();
    ensure!(status.success(), "it ended with {status}");
    let (cpu, memory) = of_children()?;
    Ok(format!("{wall} {cpu} {memory}"))
}

#[cfg(unix)]
fn of_children() -> Result<(f64, i64)> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike as _;

    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let time = usage.user_time() + usage.system_time();
    // Kilobytes, but bytes on macOS.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    Ok((time.num_microseconds() as f64 / 1e6, usage.max_rss() * unit))
}

#[cfg(not(unix))]
fn of_children() -> Result<(f64, i64)> {
    anyhow::bail!("this system does not tell what a process took")
}
