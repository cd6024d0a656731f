//! The `onionskin` command: what it understands, and how it ends.

mod audit;
mod cat;
mod decode;
mod diff;
mod image;
mod inspect;
mod kept;
mod layers;
mod limits;
mod ls;
mod memory;
mod output;
mod pages;
mod progress;
mod referrers;
mod registry;
mod repositories;
mod serve;
mod summary;
mod tags;
mod terminal;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use onionskin_core::source::SourceError;

use crate::terminal::Visible;

/// A rule failed.
const FAILED: u8 = 1;
/// What stopped the work: wrong usage, not found, no access, a damaged image.
const STOPPED: u8 = 2;

/// See what is inside a container image, and what it ships that nobody can see.
#[derive(Parser)]
#[command(
    name = "onionskin",
    version,
    max_term_width = 100,
    arg_required_else_help = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Inspect(inspect::Arguments),
    Ls(ls::Arguments),
    Cat(cat::Arguments),
    Tags(tags::Arguments),
    Repositories(repositories::Arguments),
    Referrers(referrers::Arguments),
    Audit(Box<audit::Arguments>),
    Diff(Box<diff::Arguments>),
    Serve(serve::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    let fine = |()| ExitCode::SUCCESS;
    let done = match Arguments::parse().command {
        Command::Inspect(arguments) => inspect::run(arguments).await.map(fine),
        Command::Ls(arguments) => ls::run(arguments).await.map(fine),
        Command::Cat(arguments) => cat::run(arguments).await.map(fine),
        Command::Tags(arguments) => tags::run(arguments).await.map(fine),
        Command::Repositories(arguments) => repositories::run(arguments).await.map(fine),
        Command::Referrers(arguments) => referrers::run(arguments).await.map(fine),
        Command::Audit(arguments) => audit::run(*arguments).await.map(|kept| match kept {
            true => ExitCode::SUCCESS,
            false => ExitCode::from(FAILED),
        }),
        Command::Diff(arguments) => diff::run(*arguments).await.map(|same| match same {
            true => ExitCode::SUCCESS,
            false => ExitCode::from(FAILED),
        }),
        Command::Serve(arguments) => serve::run(arguments).await.map(fine),
    };
    match done {
        Ok(code) => code,
        // Who reads our output has seen enough, as with `onionskin ls … | head`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // When even this cannot be written, the exit code is all that is left.
            let _ = writeln!(io::stderr(), "onionskin: {}", Visible(&sentence(&error)));
            ExitCode::from(STOPPED)
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// The error and its causes in one line, and what can be done; a cause that the text before it already quotes is not said
/// twice.
fn sentence(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    let mut sources = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<SourceError>());
    if let Some(advice) = sources.find_map(SourceError::advice) {
        text.push_str(". ");
        text.push_str(&advice);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Arguments::command().debug_assert();
    }

    #[test]
    fn causes_are_said_once() {
        let error = anyhow::anyhow!("no such file").context("app.tar: no such file");
        assert_eq!(sentence(&error), "app.tar: no such file");
        let error = anyhow::anyhow!("no such file").context("cannot read app.tar");
        assert_eq!(sentence(&error), "cannot read app.tar: no such file");
    }
}
