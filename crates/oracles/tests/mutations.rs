//! Every target with its seeds and some hundred mutations of them: what `cargo xtask fuzz` does for long, for a moment.

use std::time::{Duration, Instant};

use onionskin_oracles::mutation::mutation;
use onionskin_oracles::target;

/// Mutations of all seeds of a target together.
const MUTATIONS: u64 = 600;
/// When a slow machine stops earlier; the seeds themselves are always tried.
const ENOUGH: Duration = Duration::from_secs(4);

fn run(name: &str) {
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
