//! How much memory this process may take.

use std::sync::LazyLock;

use onionskin_core::layer::MemoryBudget;
use onionskin_core::memory::Memory;

/// Memory for what the layers of all images hold, where the process has a limit (`ulimit -v`, `ulimit -d`): half of it, as
/// threads and the allocator reserve much of the other half.
static MEMORY: LazyLock<Memory> = LazyLock::new(|| Memory::new(limit().map(|limit| limit / 2)));

/// Whether the process has a limit.
pub(crate) fn is_limited() -> bool {
    limit().is_some()
}

/// What the layers of one image may take. Those of other images that are held meanwhile are counted with them.
pub(crate) fn budget() -> MemoryBudget {
    MemoryBudget::of(MEMORY.clone())
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
