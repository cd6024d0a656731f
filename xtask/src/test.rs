//! `cargo xtask test`: every check and test, in steps with a heading, a time and one sum.

use std::env;
use std::io::{self, BufRead, BufReader, IsTerminal, Read};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use crate::lint::Outcome;
use crate::runner::{E2E, cargo_test, nextest};
use crate::work::say;
use crate::{axe, build, debian, firefox, lint, tools};

const PARTS: [&str; 6] = ["lint", "core", "gateway", "cli", "page", "e2e"];
/// The libraries below page, command and server.
const CORE: [&str; 4] = [
    "onionskin-layers",
    "onionskin-oci",
    "onionskin-audit",
    "onionskin-core",
];
const WEB: &str = "onionskin-web";
const HIGHLIGHT: &str = "onionskin-highlight";
const BENCH: &str = "onionskin-bench";

/// How many tests of all steps passed and failed, and the steps that did not succeed.
#[derive(Default)]
struct Sum {
    passed: u64,
    failed: u64,
    broken: Vec<&'static str>,
    /// Checks that could not run, and why.
    skipped: Vec<(&'static str, String)>,
}

/// Runs all parts, or one; of the end-to-end tests those whose names hold one of the filters, if there are any.
pub(crate) fn run(part: Option<&str>, filters: &[&str]) -> Result<()> {
    if let Some(part) = part
        && !PARTS.contains(&part)
    {
        bail!("no part {part:?}; there are: {}", PARTS.join(", "));
    }
    if !filters.is_empty() && part != Some("e2e") {
        bail!("only the end-to-end tests take filters: cargo xtask test e2e FILTER");
    }
    let asked = |name: &str| part.is_none_or(|part| part == name);
    let mut sum = Sum::default();
    // First what other steps wait for, and what fails quickly.
    if asked("e2e") || asked("page") || asked("core") {
        sum.step("programs of the system", debian::ensure);
        sum.step("tools", || tools::setup().map(drop));
    }
    if asked("lint") {
        sum.step("format", lint::format);
        let others = ["--workspace", "--exclude", WEB, "--all-targets"];
        sum.step("clippy, native", || lint::clippy(&others));
        let wasm = packages(&[&CORE[..], &[WEB]].concat());
        sum.step("clippy, wasm", || {
            lint::clippy(&[&wasm[..], &["--target", tools::WASM]].concat())?;
            lint::clippy(&["-p", HIGHLIGHT, "--target", tools::WASM])?;
            // Its program runs natively only.
            lint::clippy(&["-p", BENCH, "--lib", "--target", tools::WASM])
        });
        sum.step("documentation", || {
            lint::docs(&["--workspace", "--exclude", WEB, "--lib"])?;
            lint::docs(&["-p", WEB, "--lib", "--target", tools::WASM])
        });
        sum.check("dependencies", lint::dependencies);
        sum.check("advisories", lint::advisories);
        sum.check("spelling", lint::spelling);
        sum.check("oldest-rust", lint::oldest_rust);
    }
    match part {
        None => {
            // The benchmark brings what the end-to-end tests need: a library by which JSON objects keep their order in all that
            // is built along.
            let others = [WEB, E2E, BENCH].map(|other| ["--exclude", other]);
            let all = [&["--workspace"], others.as_flattened()].concat();
            sum.tests("unit tests", || nextest(&all));
            sum.tests("doc tests", || cargo_test(&[&all[..], &["--doc"]].concat()));
        }
        Some("core") => {
            let others = ["onionskin-fixtures", "onionskin-oracles"];
            let core = packages(&[&CORE[..], &others].concat());
            sum.tests("unit tests", || nextest(&core));
            sum.tests("doc tests", || {
                cargo_test(&[&core[..], &["--doc"]].concat())
            });
        }
        Some("gateway") => sum.tests("unit tests", || nextest(&["-p", "onionskin-gateway"])),
        Some("cli") => sum.tests("unit tests", || nextest(&["-p", "onionskin"])),
        _ => {}
    }
    if asked("core") {
        sum.tests_in_browser("core in wasm", || wasm(&CORE, &["--test", "*"]));
    }
    if asked("page") {
        sum.tests_in_browser("page in wasm", || wasm(&[WEB], &["--lib"]));
        sum.step("build the page", build::page);
    }
    if asked("e2e") {
        sum.step("axe-core", axe::ensure);
        // The tests build the command by themselves; a release build is only tried in a whole run.
        match filters {
            [] => sum.step("build the binary", || build::binary().map(drop)),
            _ => sum.step("build the page", build::page),
        }
        if firefox::is_asked() {
            sum.tests("end to end, in Firefox", || firefox::tests(filters));
        } else {
            sum.tests("end to end", || nextest(&[&["-p", E2E], filters].concat()));
        }
    }
    if part.is_none() {
        sum.tests("the page in Firefox", firefox::few);
        // Last, when nothing else runs.
        sum.tests("ratios", || nextest(&["-p", BENCH, "--test", "ratios"]));
    }
    sum.tell()
}

/// `-p NAME` for each package.
fn packages<'n>(names: &[&'n str]) -> Vec<&'n str> {
    names.iter().flat_map(|name| ["-p", name]).collect()
}

/// The packages' tests in headless Chromium, in a worker, as the page runs the core.
fn wasm(names: &[&str], tests: &[&str]) -> Result<Command> {
    let what = [&packages(names)[..], &["--target", tools::WASM], tests].concat();
    let mut test = cargo_test(&what)?;
    test.env(
        "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER",
        tools::test_runner()?,
    );
    test.env("WASM_BINDGEN_USE_BROWSER", "1")
        .env("WASM_BINDGEN_TEST_TIMEOUT", "300")
        // The driver's first start on a machine reads it from a disk that may be busy.
        .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60");
    Ok(test)
}

impl Sum {
    fn step(&mut self, name: &'static str, work: impl FnOnce() -> Result<()>) {
        self.check(name, || work().map(|()| Outcome::Passed));
    }

    fn check(&mut self, name: &'static str, work: impl FnOnce() -> Result<Outcome>) {
        say(name);
        let begun = Instant::now();
        let outcome = work();
        let seconds = begun.elapsed().as_secs();
        match outcome {
            Ok(Outcome::Passed) => say(&format!("{name}: fine after {seconds} s")),
            Ok(Outcome::Skipped(reason)) => {
                say(&format!("{name}: SKIPPED: {reason}"));
                self.skipped.push((name, reason));
            }
            Err(error) => {
                say(&format!("{name}: FAILED after {seconds} s: {error:#}"));
                self.broken.push(name);
            }
        }
    }

    fn tests(&mut self, name: &'static str, command: impl Fn() -> Result<Command>) {
        self.tests_with(name, || count(&mut command()?));
    }

    /// Each file of tests starts a driver and a browser of its own. Where one of these ends or does not come up, no test has
    /// failed, and all are run once more.
    fn tests_in_browser(&mut self, name: &'static str, command: impl Fn() -> Result<Command>) {
        self.tests_with(name, || match count(&mut command()?)? {
            (false, _, 0) => {
                say(&format!(
                    "{name}: no test failed, and the run did: once more"
                ));
                count(&mut command()?)
            }
            counted => Ok(counted),
        });
    }

    fn tests_with(&mut self, name: &'static str, run: impl FnOnce() -> Result<(bool, u64, u64)>) {
        let mut counted = (0, 0);
        self.step(name, || {
            let (success, passed, failed) = run()?;
            counted = (passed, failed);
            ensure!(success, "{failed} tests failed");
            Ok(())
        });
        self.passed += counted.0;
        self.failed += counted.1;
    }

    /// The last line is the one that machines read.
    fn tell(self) -> Result<()> {
        for (name, reason) in &self.skipped {
            say(&format!("skipped: {name}: {reason}"));
        }
        if !self.broken.is_empty() {
            say(&format!("these steps failed: {}", self.broken.join(", ")));
        }
        println!("{} passed, {} failed", self.passed, self.failed);
        ensure!(self.broken.is_empty(), "{} steps failed", self.broken.len());
        Ok(())
    }
}

/// Runs tests, shows what they print and counts what they say: success, passed, failed.
fn count(command: &mut Command) -> Result<(bool, u64, u64)> {
    if io::stderr().is_terminal() && env::var_os("NO_COLOR").is_none() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("could not start the tests")?;
    let sum = Mutex::new((0, 0));
    let show = |stream: &mut dyn Read| {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            eprintln!("{line}");
            let (passed, failed) = counts(&line);
            if let Ok(mut sum) = sum.lock() {
                *sum = (sum.0 + passed, sum.1 + failed);
            }
        }
    };
    let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
    thread::scope(|scope| {
        if let Some(out) = &mut out {
            scope.spawn(|| show(out));
        }
        if let Some(err) = &mut err {
            show(err);
        }
    });
    let success = child
        .wait()
        .context("could not wait for the tests")?
        .success();
    let (passed, failed) = sum.into_inner().unwrap_or_default();
    Ok((success, passed, failed))
}

/// What a closing line of nextest (`Summary [ 1s] 3 tests run: 2 passed, 1 failed`) or of Cargo's
/// runner (`test result: FAILED. 2 passed; 1 failed; …`) counts; zeros for any other line.
fn counts(line: &str) -> (u64, u64) {
    let line = without_colour(line);
    // Under nextest, a failed test's own `test result` is shown too, indented.
    if !line.trim_start().starts_with("Summary [") && !line.starts_with("test result: ") {
        return (0, 0);
    }
    let words: Vec<_> = line.split_whitespace().collect();
    let before = |name: &str| {
        words
            .windows(2)
            .filter(|pair| pair[1].trim_matches([',', ';', '.', '(']) == name)
            .find_map(|pair| pair[0].trim_start_matches('(').parse().ok())
            .unwrap_or(0)
    };
    (before("passed"), before("failed"))
}

fn without_colour(line: &str) -> String {
    let mut parts = line.split('\x1b');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + part.split_once('m').map_or("", |(_, rest)| rest)
    })
}

#[cfg(test)]
mod tests {
    use super::counts;

    #[test]
    fn closing_lines_are_counted_and_nothing_else() {
        let nextest =
            "     Summary [   1.607s] 12 tests run: 10 passed (1 slow), 2 failed, 3 skipped";
        assert_eq!(counts(nextest), (10, 2));
        let coloured = "\x1b[32;1m     Summary\x1b[0m [ 1s] \x1b[1m2\x1b[0m tests run: \x1b[1m2\x1b[0m \x1b[32;1mpassed\x1b[0m, 0 skipped";
        assert_eq!(counts(coloured), (2, 0));
        assert_eq!(
            counts("test result: FAILED. 7 passed; 1 failed; 0 ignored; finished"),
            (7, 1)
        );
        assert_eq!(
            counts("    test result: FAILED. 0 passed; 1 failed; 0 ignored"),
            (0, 0)
        );
        assert_eq!(counts("test says 3 passed, 4 failed"), (0, 0));
    }
}
