//! How much memory this process may take.

#[cfg(target_os = "linux")]
mod control_groups;
#[cfg(target_os = "linux")]
mod machine;

use std::sync::LazyLock;

use onionskin_core::layer::MemoryBudget;
use onionskin_core::memory::Memory;

/// Memory with which several images are read at once: three of a million files fit in.
const MUCH: u64 = 4 << 30;

/// Memory for what the layers of all images hold.
static MEMORY: LazyLock<Memory> = LazyLock::new(|| Memory::new(room(limit(), of_machine())));

/// Where the process has a limit (`ulimit -v`, `ulimit -d`, or that of its container), half of it, as threads and the
/// allocator reserve much of the other half. Of what the machine has, three quarters at most: what is counted before is
/// more than what is taken, and the rest is for what else runs.
fn room(limit: Option<u64>, machine: Option<u64>) -> Option<u64> {
    let of_limit = limit.map(|limit| limit / 2);
    let of_machine = machine.map(|machine| machine / 4 * 3);
    of_limit.into_iter().chain(of_machine).min()
}

/// Whether images are read one after the other, so that each may take all of the memory.
pub(crate) fn is_limited() -> bool {
    limit().is_some() || room(None, of_machine()).is_some_and(|room| room < MUCH)
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

/// What the machine has.
#[cfg(target_os = "linux")]
fn of_machine() -> Option<u64> {
    machine::total()
}

#[cfg(not(target_os = "linux"))]
const fn of_machine() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_limits_has_room_for_images_that_people_have_and_no_more_than_it_has() {
        // A million files with paths of a hundred bytes are counted as 1.5 GB.
        assert_eq!(room(None, Some(8_000_000_000)), Some(6_000_000_000));
        assert_eq!(room(Some(1 << 30), Some(8 << 30)), Some(512 << 20));
        assert_eq!(room(Some(16 << 30), Some(8 << 30)), Some(6 << 30));
        assert_eq!(room(None, None), None);
        if cfg!(target_os = "linux") {
            assert!(of_machine().is_some_and(|machine| !MEMORY.has(machine)));
        }
    }
}
