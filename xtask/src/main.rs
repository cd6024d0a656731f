//! What developers run: `cargo xtask run`, `test`, `build`, `page`, `bench`, `load`, `look`, `fuzz`, `setup`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "talking to a developer is its task"
)]

mod axe;
mod bench;
mod build;
mod bundle;
mod debian;
mod firefox;
mod fuzz;
mod lint;
mod load;
mod look;
mod places;
mod programs;
mod runner;
mod serve;
mod stamp;
mod test;
mod tools;
mod trunk;
mod work;

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "\
cargo xtask run [serve's options]   build what changed, start Onionskin, print its address
cargo xtask test [PART]             all checks and tests, or a part: lint, core, gateway, cli, page, e2e
cargo xtask test e2e FILTER...      the end-to-end tests whose names hold a filter, with the page built anew where it is stale
cargo xtask build                   target/release/onionskin, one file that holds the page
cargo xtask page                    target/page, the page as files; `trunk build` and `trunk serve` run it
cargo xtask bench [OPTIONS]         one table of ratios, also in docs/performance.md; --native: without the browser,
                                    --small: on small images, not written; --uses: only what one does with the page
cargo xtask load [--small]          the server with many clients, also in docs/operations.md; --small: a tenth, not written
cargo xtask look                    screenshots of every view of the page, in target/look
cargo xtask fuzz [TARGET] [SECONDS] look for input that breaks a reader, with libFuzzer (60 seconds each)
cargo xtask setup                   only fetch the tools that the others need";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["run", options @ ..] => serve::run(options),
        ["test"] => test::run(None, &[]),
        ["test", part, filters @ ..] => test::run(Some(part), filters),
        ["page"] => trunk::page(),
        ["build"] => build::binary().map(|path| println!("{}", path.display())),
        ["bench", options @ ..] => bench::run(options),
        ["load", options @ ..] => load::run(options),
        ["look"] => look::run(),
        ["fuzz", words @ ..] => fuzz::run(words),
        ["setup"] => tools::setup()
            .and_then(|_| tools::typos().ensure())
            .and_then(|_| axe::ensure()),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        _ => bail!("no such task; there are:\n{USAGE}"),
    }
}
