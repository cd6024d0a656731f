//! The memory of the machine.

use std::fs;

/// Its bytes; None where the kernel does not say.
pub(super) fn total() -> Option<u64> {
    bytes(&fs::read_to_string("/proc/meminfo").ok()?)
}

/// What `/proc/meminfo` says (proc_meminfo(5)): its kB are 1,024 bytes.
fn bytes(meminfo: &str) -> Option<u64> {
    let mut lines = meminfo.lines();
    let total = lines.find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = total.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_counts_in_units_of_1024_bytes() {
        let text = "MemTotal:        8000000 kB\nMemFree:          100000 kB\n";
        assert_eq!(bytes(text), Some(8_192_000_000));
        assert_eq!(bytes("MemFree: 1 kB\n"), None);
        assert_eq!(bytes("MemTotal: much kB\n"), None);
    }
}
