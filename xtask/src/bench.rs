//! `cargo xtask bench`: one table of ratios from one run, native and in the browser.

use std::fs;

use anyhow::{Context, Result};

use crate::work::{self, say};
use crate::{debian, places, tools};

pub(crate) fn run() -> Result<()> {
    let folder = places::target().join("bench");
    fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
    let folders = tools::setup()?;
    debian::ensure()?;

    say("building the benchmark for WebAssembly, as the page is built");
    let build = [
        "build",
        "--locked",
        "--package",
        "onionskin-bench",
        "--lib",
        "--profile",
        "web",
    ];
    work::run(work::cargo().args(build).args(["--target", tools::WASM]))?;
    let built = places::target()
        .join(tools::WASM)
        .join("web/onionskin_bench.wasm");
    let mut bindgen = work::command("wasm-bindgen");
    bindgen.args([
        "--target",
        "web",
        "--no-typescript",
        "--out-name",
        "bench",
        "--out-dir",
    ]);
    work::run(
        bindgen
            .arg(&folder)
            .arg(built)
            .env("PATH", work::path_with(&folders)?),
    )?;

    say("building it for this machine, and measuring");
    let native = [
        "run",
        "--locked",
        "--release",
        "--package",
        "onionskin-bench",
        "--",
    ];
    work::run(work::cargo().args(native).arg(folder))
}
