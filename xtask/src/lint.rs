//! `cargo xtask test lint`: what is looked at without running anything.

use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use crate::places;
use crate::tools::{self, Tool};
use crate::work::{self, say};

/// Formatting.
pub(crate) fn format() -> Result<()> {
    work::run(work::cargo().args(["fmt", "--all", "--check"]))
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

/// Licences, sources and bans of all dependencies, and the advisories on them, by cargo-deny.
pub(crate) fn dependencies() -> Result<()> {
    let Some(mut deny) = program(&tools::deny())? else {
        return Ok(());
    };
    let check = ["--offline", "check", "bans", "licenses", "sources"];
    work::run(deny.args(check))?;
    // The list of advisories comes from the network. Where there is none, that is not an error of the code.
    let Some(mut deny) = program(&tools::deny())? else {
        return Ok(());
    };
    let output = deny
        .args(["check", "advisories"])
        .stdin(Stdio::null())
        .output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() && text.contains("failed to fetch advisory database") {
        say("skipped: the advisories could not be fetched");
        return Ok(());
    }
    eprint!("{text}");
    ensure!(output.status.success(), "cargo deny: {}", output.status);
    Ok(())
}

/// Spelling, by typos; `_typos.toml` has the words that are meant so.
pub(crate) fn spelling() -> Result<()> {
    match program(&tools::typos())? {
        Some(mut typos) => work::run(&mut typos),
        None => Ok(()),
    }
}

/// The command compiles with the oldest Rust that Cargo.toml names, where rustup has it.
pub(crate) fn oldest_rust() -> Result<()> {
    let version = env!("CARGO_PKG_RUST_VERSION");
    let toolchain = ["toolchain", "install", version, "--profile", "minimal"];
    let mut rustup = work::command("rustup");
    rustup.args(toolchain).stdin(Stdio::null());
    if !work::installed("rustup") || work::run(&mut rustup).is_err() {
        say(&format!("skipped: rustup cannot get Rust {version}"));
        return Ok(());
    }
    let mut check = work::command("rustup");
    check.args(["run", version, "cargo", "check", "--locked"]);
    check.args(["--package", "onionskin"]);
    // Of its own, so that it does not build again what the other one has built.
    let target = places::target().join("oldest-rust");
    work::run(check.env("CARGO_TARGET_DIR", target))
}

/// A tool that is on PATH or in our folder, or could be fetched; it is not built, as that takes longer than all checks.
fn program(tool: &Tool) -> Result<Option<Command>> {
    let found = tool.ready()?.map(work::command);
    if found.is_none() {
        say(&format!(
            "skipped: there is no {0}; `cargo install {0} --locked` gets it",
            tool.package
        ));
    }
    Ok(found)
}
