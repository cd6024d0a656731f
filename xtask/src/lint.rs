//! `cargo xtask test lint`: what is looked at without running anything.

use std::env;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::places;
use crate::tools::{self, Tool};
use crate::work;

/// Checks that CI may skip, by name, separated by spaces: its machines cannot get what these need.
const MAY_SKIP: &str = "ONIONSKIN_MAY_SKIP";

/// What came of a check that needs more than the sources.
pub(crate) enum Outcome {
    Passed,
    /// It could not run, and why.
    Skipped(String),
}

/// Formatting, also of the workspace that is fuzzed.
pub(crate) fn format() -> Result<()> {
    work::run(work::cargo().args(["fmt", "--all", "--check"]))?;
    let fuzz = ["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"];
    work::run(work::cargo().args(fuzz))
}

/// Clippy, with warnings denied.
pub(crate) fn clippy(what: &[&str]) -> Result<()> {
    work::run(
        work::cargo()
            .args(["clippy", "--locked"])
            .args(what)
            .args(["--", "-D", "warnings"]),
    )
}

/// The documentation of the libraries, with warnings denied.
pub(crate) fn docs(what: &[&str]) -> Result<()> {
    work::run(
        work::cargo()
            .args(["doc", "--locked", "--no-deps"])
            .args(what)
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}

/// Licences, sources and bans of all dependencies, by cargo-deny.
pub(crate) fn dependencies() -> Result<Outcome> {
    let Some(mut deny) = ready(&tools::deny())? else {
        return skipped("dependencies", not_installed(&tools::deny()));
    };
    let check = ["--offline", "check", "bans", "licenses", "sources"];
    work::run(deny.args(check))?;
    Ok(Outcome::Passed)
}

/// The advisories on all dependencies, by cargo-deny; their list comes from the network.
pub(crate) fn advisories() -> Result<Outcome> {
    let (Some(mut fetch), Some(mut check)) = (ready(&tools::deny())?, ready(&tools::deny())?)
    else {
        return skipped("advisories", not_installed(&tools::deny()));
    };
    if work::run(fetch.args(["fetch", "db"])).is_err() {
        return skipped("advisories", "their list could not be fetched".to_owned());
    }
    work::run(check.args(["check", "--disable-fetch", "advisories"]))?;
    Ok(Outcome::Passed)
}

/// Spelling, by typos; `_typos.toml` has the words that are meant so.
pub(crate) fn spelling() -> Result<Outcome> {
    let Some(mut typos) = program(&tools::typos())? else {
        return skipped("spelling", not_installed(&tools::typos()));
    };
    work::run(&mut typos)?;
    Ok(Outcome::Passed)
}

/// The command compiles with the oldest Rust that Cargo.toml names, where rustup has it.
pub(crate) fn oldest_rust() -> Result<Outcome> {
    let version = env!("CARGO_PKG_RUST_VERSION");
    let toolchain = ["toolchain", "install", version, "--profile", "minimal"];
    let mut rustup = work::command("rustup");
    rustup.args(toolchain).stdin(Stdio::null());
    if !work::installed("rustup") || work::run(&mut rustup).is_err() {
        return skipped("oldest-rust", format!("rustup cannot get Rust {version}"));
    }
    let mut check = work::command("rustup");
    check.args(["run", version, "cargo", "check", "--locked"]);
    check.args(["--package", "onionskin"]);
    // Of its own, so that it does not build again what the other one has built.
    let target = places::target().join("oldest-rust");
    work::run(check.env("CARGO_TARGET_DIR", target))?;
    Ok(Outcome::Passed)
}

/// A tool that is on PATH or in our folder, or could be fetched.
fn ready(tool: &Tool) -> Result<Option<Command>> {
    Ok(tool.ready()?.map(work::command))
}

/// The same; CI builds it otherwise, which takes a minute.
fn program(tool: &Tool) -> Result<Option<Command>> {
    match ready(tool)? {
        None if in_ci() => Ok(Some(work::command(tool.program()?))),
        ready => Ok(ready),
    }
}

fn not_installed(tool: &Tool) -> String {
    let package = tool.package;
    format!("{package} is not installed; `cargo install {package} --locked` installs it")
}

/// A check that cannot run: in CI an error, unless [`MAY_SKIP`] has its name.
fn skipped(check: &str, reason: String) -> Result<Outcome> {
    let may_skip = env::var(MAY_SKIP).unwrap_or_default();
    if is_error(in_ci(), check, &may_skip) {
        bail!("{reason}; in CI that is an error, unless {MAY_SKIP} has {check:?}");
    }
    Ok(Outcome::Skipped(reason))
}

fn is_error(in_ci: bool, check: &str, may_skip: &str) -> bool {
    in_ci && !may_skip.split_whitespace().any(|name| name == check)
}

/// Services that run pipelines set this variable.
fn in_ci() -> bool {
    env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}

#[cfg(test)]
mod tests {
    use super::is_error;

    #[test]
    fn in_ci_only_what_is_named_may_be_skipped() {
        assert!(is_error(true, "spelling", ""));
        assert!(is_error(true, "spelling", "advisories oldest-rust"));
        assert!(!is_error(true, "advisories", "advisories oldest-rust"));
        assert!(!is_error(false, "spelling", ""));
    }
}
