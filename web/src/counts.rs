//! Counts as messages carry them.

/// A count of rows, layers or paths, which fits: nodes are numbered with 32 bits.
pub(crate) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
