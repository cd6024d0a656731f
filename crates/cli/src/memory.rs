//! How much memory this process may take.

/// Bytes of memory for what the layers of an image hold, where the process has a limit (`ulimit -v`, `ulimit -d`): half of
/// it, as threads and the allocator reserve much of the other half.
pub(crate) fn left() -> Option<u64> {
    limit().map(|limit| limit / 2)
}

#[cfg(unix)]
fn limit() -> Option<u64> {
    use rustix::process::{Resource, getrlimit};

    let limits = [Resource::As, Resource::Data].map(|resource| getrlimit(resource).current);
    limits.into_iter().flatten().min()
}

#[cfg(not(unix))]
const fn limit() -> Option<u64> {
    None
}
