//! A quick form of the benchmark's ratios: what makes decoding or auditing twice as slow is seen.
//!
//! Each is of processor time of this thread in one run, the least of several turns, so that what else the machine does
//! hardly counts. Limits are about twice what is measured as tests are built: the libraries that decompress and hash are
//! optimised there, our own code is not.

// Other systems do not tell the time of one thread.
#![cfg(target_os = "linux")]
// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used)]
#![allow(clippy::print_stdout, reason = "the ratios are told too")]

use std::hint::black_box;
use std::sync::Arc;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use onionskin_bench::{PIECE, decode, least};
use onionskin_core::findings::{self, Leftovers, Subject};
use onionskin_core::layer::{Expected, LayerDecoder, LayerIndex};
use onionskin_core::ledger::Ledger;
use onionskin_core::ledger::dive::Dive;
use onionskin_core::manifest::Config;
use onionskin_core::stack::Stack;
use onionskin_fixtures::{Layer, layer, seeded, text};

/// Turns of which the least counts.
const TURNS: usize = 3;
/// Turns at most: on a machine with much else to do, a few may all be slow, while a slip stays.
const MOST_TURNS: usize = 12;

/// Seconds of processor time that this thread has had.
fn now() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_THREAD).unwrap();
    let time = usage.user_time() + usage.system_time();
    time.num_microseconds() as f64 / 1e6
}

fn taken<T>(work: impl FnOnce() -> T) -> f64 {
    let begun = now();
    black_box(work());
    now() - begun
}

/// `ours` takes at most so many times as long as `theirs`.
#[track_caller]
fn at_most<A, B>(
    what: &str,
    limit: f64,
    mut ours: impl FnMut() -> A,
    mut theirs: impl FnMut() -> B,
) {
    let (mut least_ours, mut least_theirs) = (f64::INFINITY, f64::INFINITY);
    let mut ratio = f64::INFINITY;
    for turn in 1..=MOST_TURNS {
        least_ours = least_ours.min(taken(&mut ours));
        least_theirs = least_theirs.min(taken(&mut theirs));
        ratio = least_ours / least_theirs;
        if turn >= TURNS && ratio <= limit {
            break;
        }
    }
    println!("{what}: {ratio:.2}, at most {limit}");
    assert!(
        ratio <= limit,
        "{what} takes {ratio:.2} times as long, more than {limit}"
    );
}

/// Files of 8 MB together: half of each is like text, half like what is compressed already.
fn contents() -> Layer {
    (0..16).fold(layer("COPY"), |layer, n: usize| {
        let half = [seeded(n as u64, 256_000), text(256_000 + n)].concat();
        layer.file(format!("/usr/lib/{n}.so"), half)
    })
}

/// Without visitors, whose own work is not what is measured.
fn entries(blob: &[u8]) -> usize {
    let mut decoder = LayerDecoder::new(Expected::default());
    for piece in blob.chunks(PIECE) {
        decoder.push(piece).unwrap();
    }
    decoder.finish().unwrap().len()
}

#[test]
fn decoding_takes_little_beyond_decompressing_and_hashing() {
    let tar = contents().tar();
    let gzip = onionskin_fixtures::gzip(&tar);
    let zstd = zstd::stream::encode_all(tar.as_slice(), 3).unwrap();
    at_most(
        "a gzip layer ÷ inflate, CRC-32 and SHA-256",
        18.0,
        || entries(&gzip),
        || least::gzip(&gzip).unwrap(),
    );
    at_most(
        "a zstd layer ÷ C zstd and SHA-256",
        18.0,
        || entries(&zstd),
        || least::zstd(&zstd).unwrap(),
    );
    at_most(
        "a plain layer ÷ SHA-256",
        42.0,
        || entries(&tar),
        || least::plain(&tar),
    );
}

/// One layer of many small files.
fn many(count: usize) -> LayerIndex {
    let file = |layer: Layer, n: usize| {
        let content = if n.is_multiple_of(10) { "content" } else { "" };
        layer.file(
            format!("/app/package-{}/lib/module-{n}.js", n / 40),
            content,
        )
    };
    let layer = (0..count).fold(layer("RUN npm ci"), file);
    decode(&layer.tar()).unwrap()
}

fn stacked(layers: &[&Arc<LayerIndex>]) -> (Stack, Ledger) {
    let mut stack = Stack::new();
    for layer in layers {
        stack.push(Arc::clone(layer)).unwrap();
    }
    let ledger = Ledger::of(&stack);
    (stack, ledger)
}

fn audited(layers: &[&Arc<LayerIndex>]) -> (usize, Dive) {
    let (stack, ledger) = stacked(layers);
    let commands = vec![None; layers.len()];
    let found = findings::of(&Subject {
        stack: &stack,
        ledger: &ledger,
        commands: &commands,
        config: &Config::default(),
        base: None,
        leftovers: Leftovers::standard(),
    });
    (found.len(), Dive::of(&stack))
}

#[test]
fn an_audit_of_many_files_takes_little_beyond_stacking_them_and_grows_with_their_number() {
    const COUNT: usize = 5_000;
    let files = &Arc::new(many(COUNT));
    let twice = &Arc::new(many(2 * COUNT));
    let whiteouts = (0..200).fold(layer("RUN rm"), |layer, n: usize| {
        let n = n * (COUNT / 200);
        layer.whiteout(format!("/app/package-{}/lib/module-{n}.js", n / 40))
    });
    let whiteouts = &Arc::new(decode(&whiteouts.tar()).unwrap());
    at_most(
        "audit ÷ stack and ledger",
        9.0,
        || audited(&[files]),
        || stacked(&[files]),
    );
    at_most(
        "with whiteouts ÷ without",
        2.4,
        || audited(&[files, whiteouts]),
        || audited(&[files]),
    );
    at_most(
        "twice as many files ÷ once",
        4.2,
        || audited(&[twice]),
        || audited(&[files]),
    );
}
