//! What runs tests: cargo-nextest, or Cargo itself.

use std::process::Command;

use anyhow::Result;

use crate::work;

/// The package of the end-to-end tests.
pub(crate) const E2E: &str = "onionskin-tests";

/// cargo-nextest where it is installed, else what Cargo has.
pub(crate) fn nextest(what: &[&str]) -> Result<Command> {
    if !work::installed("cargo-nextest") {
        return cargo_test(&[what, &["--all-targets"]].concat());
    }
    let mut nextest = work::cargo();
    nextest
        .args([
            "nextest",
            "run",
            "--locked",
            "--no-fail-fast",
            "--no-tests=pass",
        ])
        .args(what);
    Ok(nextest)
}

/// Cargo's own runner, which runs doc tests too, and tests in a browser.
pub(crate) fn cargo_test(what: &[&str]) -> Result<Command> {
    let mut test = work::cargo();
    test.args(["test", "--locked", "--no-fail-fast"]).args(what);
    Ok(test)
}
