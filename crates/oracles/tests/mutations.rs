//! Every target with its seeds and some hundred mutations of them: what `cargo xtask fuzz` does for long, for a moment.

use std::time::{Duration, Instant};

use onionskin_oracles::mutation::mutation;
use onionskin_oracles::target;

/// Mutations of all seeds of a target together.
const MUTATIONS: u64 = 600;
/// When a slow machine stops earlier; the seeds themselves are always tried.
const ENOUGH: Duration = Duration::from_secs(4);

/// Bytes of addresses that the process of one target may use, its programs and stacks among them.
#[cfg(target_os = "linux")]
const MEMORY: u64 = 2 << 30;

/// Lets a target that takes more memory than any image of its size may fail, where nextest gives it a process of its own. The
/// allocator then says how much it was and aborts.
#[cfg(target_os = "linux")]
fn limit_memory() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    if std::env::var_os("NEXTEST").is_some() {
        let limit = Rlimit {
            current: Some(MEMORY),
            maximum: getrlimit(Resource::As).maximum,
        };
        let limited = setrlimit(Resource::As, limit);
        assert!(limited.is_ok(), "{limited:?}");
    }
}

#[cfg(not(target_os = "linux"))]
const fn limit_memory() {}

fn run(name: &str) {
    limit_memory();
    let target = target(name).unwrap_or_else(|| panic!("no target {name}"));
    let seeds = (target.seeds)();
    assert!(!seeds.is_empty());
    let begun = Instant::now();
    for seed in &seeds {
        (target.check)(seed);
    }
    for (number, seed) in (0..MUTATIONS).zip(seeds.iter().cycle()) {
        if begun.elapsed() > ENOUGH {
            break;
        }
        (target.check)(&mutation(seed, number));
    }
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            run(stringify!($name));
        })*

        #[test]
        fn none_is_left_out() {
            let tested = [$(stringify!($name)),*];
            assert!(onionskin_oracles::TARGETS.iter().map(|target| target.name).eq(tested));
        }
    };
}

targets!(reference manifest config rules secrets packages gzip zstd tar pax layer table index analysis stack archive challenge link realm guard credentials route badge report);

/// Else the targets above could take any amount.
#[cfg(target_os = "linux")]
#[test]
fn memory_is_limited() {
    limit_memory();
    if std::env::var_os("NEXTEST").is_some() {
        let mut bytes: Vec<u8> = Vec::new();
        let most = usize::try_from(MEMORY).unwrap_or(usize::MAX);
        assert!(bytes.try_reserve_exact(most).is_err());
    }
}
