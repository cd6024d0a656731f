//! `cargo xtask load`: the server with many clients, in docs/operations.md.

use anyhow::{Result, bail};

use crate::places;
use crate::work::{self, say};

/// `--small` loads it a tenth as much for two seconds, and changes no document.
pub(crate) fn run(options: &[&str]) -> Result<()> {
    let small = match options {
        [] => false,
        ["--small"] => true,
        _ => bail!("unknown options {options:?}; there is --small"),
    };
    say("building the command and the program that asks");
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
    say("loading the server");
    let mut load = work::command(built("onionskin-bench"));
    load.arg("--load").arg("--command").arg(built("onionskin"));
    match small {
        true => load.arg("--small"),
        false => load
            .arg("--document")
            .arg(places::root().join("docs/operations.md")),
    };
    work::run(&mut load)
}
