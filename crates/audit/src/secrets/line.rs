//! Lines of a file.

/// The line of a byte, from 1.
pub(super) fn line(content: &[u8], at: usize) -> u32 {
    let before = content.get(..at).unwrap_or_default();
    let ends = memchr::memchr_iter(b'\n', before).count();
    u32::try_from(ends).unwrap_or(u32::MAX).saturating_add(1)
}
