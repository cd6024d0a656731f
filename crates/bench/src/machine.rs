//! The machine that measures.

use std::fs;
use std::thread;

/// Its processor, memory and system in a line.
pub(crate) fn machine() -> String {
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned());
    let memory = field("/proc/meminfo", "MemTotal").and_then(|memory| {
        let kilobytes: f64 = memory.split_whitespace().next()?.parse().ok()?;
        Some(format!(", {:.0} GB of memory", kilobytes / 1e6))
    });
    let system = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let flags = field("/proc/cpuinfo", "flags").unwrap_or_default();
    let has = |flag: &str| flags.split_whitespace().any(|known| known == flag);
    let missing: Vec<&str> = [("sha_ni", "SHA"), ("avx2", "AVX2"), ("avx512f", "AVX-512")]
        .iter()
        .filter(|(flag, _)| !has(flag))
        .map(|(_, name)| *name)
        .collect();
    let without = match missing.as_slice() {
        [] => String::new(),
        missing => format!(", without {} instructions", missing.join(" and ")),
    };
    format!(
        "{processor}, {cores} cores{without}{}; {} {}, {}",
        memory.unwrap_or_default(),
        std::env::consts::OS,
        system.trim(),
        std::env::consts::ARCH,
    )
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
