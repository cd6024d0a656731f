//! `cargo xtask bench`: one table of ratios from one run, native and in the browser, in docs/performance.md.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::work::{self, say};
use crate::{build, debian, places, tools};

/// `--native` leaves the browser out. `--uses` measures only what one does with the page, and changes no document. `--scale` measures only images that grow. `--small` measures a sixteenth of everything, quickly, and changes no document.
pub(crate) fn run(options: &[&str]) -> Result<()> {
    let (mut browser, mut small, mut uses, mut scale) = (true, false, false, false);
    for option in options {
        match *option {
            "--native" => browser = false,
            "--small" => small = true,
            "--uses" => uses = true,
            "--scale" => (scale, browser) = (true, false),
            _ => bail!("unknown option {option}; there are --native, --small, --uses and --scale"),
        }
    }
    let folder = places::target().join("bench");
    fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
    if browser {
        for_browser(&folder)?;
        // Its weight is measured too.
        build::page()?;
    }
    say("building the command and the benchmark for this machine");
    let build = [
        "build",
        "--locked",
        "--release",
        "--package",
        "onionskin",
        "--package",
        "onionskin-bench",
    ];
    work::run(work::cargo().args(build))?;
    let built = |name: &str| {
        let file = format!("release/{name}{}", std::env::consts::EXE_SUFFIX);
        places::target().join(file)
    };
    say("measuring");
    let mut bench = work::command(built("onionskin-bench"));
    bench
        .arg("--folder")
        .arg(&folder)
        .arg("--command")
        .arg(built("onionskin"));
    if browser {
        bench.arg("--browser");
    }
    if small {
        bench.arg("--small");
    }
    if scale {
        bench.arg("--scale");
    }
    match (small, uses) {
        (_, true) => bench.arg("--uses"),
        (true, _) => &mut bench,
        _ => bench
            .arg("--document")
            .arg(places::root().join("docs/performance.md")),
    };
    work::run(&mut bench)
}

/// The page, and its decoder alone for WebAssembly, as the page is built.
fn for_browser(folder: &Path) -> Result<()> {
    let folders = tools::setup()?;
    debian::ensure()?;
    // The command holds it.
    build::page()?;
    say("building the decoder for WebAssembly, as the page is built");
    let build = [
        "build",
        "--locked",
        "--package",
        "onionskin-bench",
        "--lib",
        "--profile",
        "web",
        "--target",
        tools::WASM,
    ];
    work::run(work::cargo().args(build))?;
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
    bindgen
        .arg(folder)
        .arg(built)
        .env("PATH", work::path_with(&folders)?);
    work::run(&mut bindgen)
}
