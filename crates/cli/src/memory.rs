//! How much memory this process may take.

#[cfg(target_os = "linux")]
mod control_groups;

use std::sync::LazyLock;

use onionskin_core::layer::MemoryBudget;
use onionskin_core::memory::Memory;

/// Memory for what the layers of all images hold, where the process has a limit (`ulimit -v`, `ulimit -d`, or that of its
/// container): half of it, as threads and the allocator reserve much of the other half.
static MEMORY: LazyLock<Memory> = LazyLock::new(|| Memory::new(limit().map(|limit| limit / 2)));

/// Whether the process has a limit.
pub(crate) fn is_limited() -> bool {
    limit().is_some()
}

/// What the layers of one image may take. Those of other images that are held meanwhile are counted with them.
pub(crate) fn budget() -> MemoryBudget {
    MemoryBudget::of(MEMORY.clone())
}

/// The least limit that there is.
fn limit() -> Option<u64> {
    let limits = [of_process(), of_container()];
    limits.into_iter().flatten().min()
}

#[cfg(unix)]
fn of_process() -> Option<u64> {
    use rustix::process::{Resource, getrlimit};

    let limits = [Resource::As, Resource::Data].map(|resource| getrlimit(resource).current);
    limits.into_iter().flatten().min()
}

#[cfg(not(unix))]
const fn of_process() -> Option<u64> {
    None
}

#[cfg(target_os = "linux")]
fn of_container() -> Option<u64> {
    control_groups::limit()
}

#[cfg(not(target_os = "linux"))]
const fn of_container() -> Option<u64> {
    None
}
