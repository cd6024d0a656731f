//! The `onionskin` command: its subcommands, and how it ends.

#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::panic, clippy::string_slice)
)]

mod audit;
mod badge;
mod cache;
mod cat;
mod completions;
mod decode;
mod diff;
mod du;
mod export;
mod extract;
#[cfg(test)]
mod help_page;
mod history;
mod image;
mod index;
mod inspect;
mod kept;
mod layers;
mod limits;
mod link;
mod listed;
mod ls;
mod man;
mod memory;
mod output;
mod packages;
mod pages;
mod progress;
mod referrers;
mod registry;
mod repositories;
mod serve;
mod tables;
mod tags;
mod terminal;
mod usage;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use onionskin_core::source::SourceError;

use crate::output::OutputError;

/// A rule failed.
const FAILED: u8 = 1;
/// What stopped the work: wrong usage, not found, no access, a damaged image.
const STOPPED: u8 = 2;

/// Show what is inside a container image, layer by layer, and what is wasted in it
#[derive(Parser)]
#[command(
    name = "onionskin",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    after_help = "Examples:
  onionskin inspect nginx:1.27             # layers, sizes, wasted bytes, configuration
  onionskin audit ./app.tar                # what is wasted, what is a risk, and what to change
  onionskin ls nginx:1.27 /etc/nginx       # files
  onionskin cat nginx:1.27 /etc/nginx/nginx.conf
  docker save app | onionskin inspect -

`onionskin COMMAND --help` shows all flags of a command, with examples.
Exit codes: 0 success; 1 a rule of `audit` failed, or `diff --exit-code` found differences; 2 an error."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Inspect(inspect::Arguments),
    Ls(ls::Arguments),
    Du(du::Arguments),
    Packages(packages::Arguments),
    Cat(cat::Arguments),
    Extract(extract::Arguments),
    Audit(Box<audit::Arguments>),
    Diff(Box<diff::Arguments>),
    History(history::Arguments),
    Index(index::Arguments),
    Tags(tags::Arguments),
    Repositories(repositories::Arguments),
    Referrers(referrers::Arguments),
    Link(link::Arguments),
    Badge(badge::Arguments),
    Cache(cache::Arguments),
    Serve(serve::Arguments),
    Export(export::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = match parsed() {
        Ok(command) => command,
        Err(code) => return code,
    };
    let fine = |()| ExitCode::SUCCESS;
    let done = match command {
        Command::Inspect(arguments) => inspect::run(arguments).await.map(fine),
        Command::Ls(arguments) => ls::run(arguments).await.map(fine),
        Command::Du(arguments) => du::run(arguments).await.map(fine),
        Command::Packages(arguments) => packages::run(arguments).await.map(fine),
        Command::Cat(arguments) => cat::run(arguments).await.map(fine),
        Command::Extract(arguments) => extract::run(arguments).await.map(fine),
        Command::Audit(arguments) => audit::run(*arguments).await.map(|passed| match passed {
            true => ExitCode::SUCCESS,
            false => ExitCode::from(FAILED),
        }),
        Command::Diff(arguments) => diff::run(*arguments).await.map(|same| match same {
            true => ExitCode::SUCCESS,
            false => ExitCode::from(FAILED),
        }),
        Command::History(arguments) => history::run(arguments).await.map(fine),
        Command::Index(arguments) => index::run(arguments).await.map(fine),
        Command::Tags(arguments) => tags::run(arguments).await.map(fine),
        Command::Repositories(arguments) => repositories::run(arguments).await.map(fine),
        Command::Referrers(arguments) => referrers::run(arguments).await.map(fine),
        Command::Link(arguments) => link::run(arguments).await.map(fine),
        Command::Badge(arguments) => badge::run(arguments).await.map(fine),
        Command::Cache(arguments) => cache::run(&arguments).map(fine),
        Command::Serve(arguments) => serve::run(arguments).await.map(fine),
        Command::Export(arguments) => export::run(&arguments).map(fine),
        Command::Completions(arguments) => completions::run(&arguments).map(fine),
        Command::Man(arguments) => man::run(&arguments).map(fine),
    };
    match done {
        Ok(code) => code,
        // Whoever reads our output has seen enough, as with `onionskin ls … | head`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(sentence(&error));
            ExitCode::from(STOPPED)
        }
    }
}

/// The command line; or the exit code of one that asks for help, or is not understood.
fn parsed() -> Result<Command, ExitCode> {
    let arguments = usage::arguments(std::env::args_os());
    let mut command = Arguments::command();
    // Taken at its word, a width of 0 has a line for each word.
    if terminal::width().is_none()
        && std::env::var("COLUMNS").is_ok_and(|width| width.trim() == "0")
    {
        command = command.term_width(terminal::columns());
    }
    let matches = command.try_get_matches_from_mut(&arguments);
    let parsed = matches.and_then(|mut matches| Arguments::from_arg_matches_mut(&mut matches));
    let error = match parsed {
        Ok(parsed) => return Ok(parsed.command),
        Err(error) => error,
    };
    if !error.use_stderr() {
        return Err(match output::print(&error.render().ansi().to_string()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                output::note(error);
                ExitCode::from(STOPPED)
            }
        });
    }
    match usage::tip(&error, &command, &arguments) {
        Some(tip) => output::note(tip),
        // When even this cannot be written, the exit code is all that is left.
        None => drop(error.print()),
    }
    Err(ExitCode::from(STOPPED))
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref()
        .is_some_and(OutputError::is_broken_pipe)
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
    use onionskin_core::source::Unreachable;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn causes_are_said_once() {
        let error = anyhow::anyhow!("no such file").context("app.tar: no such file");
        assert_eq!(sentence(&error), "app.tar: no such file");
        let error = anyhow::anyhow!("no such file").context("cannot read app.tar");
        assert_eq!(sentence(&error), "cannot read app.tar: no such file");
    }

    #[test]
    fn advice_follows_the_error_once_whatever_was_said_around_it() {
        let error = || {
            anyhow::Error::new(SourceError::Unreachable {
                host: "registry.test".to_owned(),
                problem: Unreachable::Name,
            })
        };
        let expected = "registry.test cannot be reached: its name was not found. Check the name and the network";
        assert_eq!(sentence(&error()), expected);
        let quoted = format!("{} (through the proxy in HTTPS_PROXY)", error());
        let text = sentence(&error().context(quoted).context("OLD"));
        assert_eq!(text.matches("cannot be reached").count(), 1, "{text}");
        assert!(
            text.ends_with("(through the proxy in HTTPS_PROXY). Check the name and the network"),
            "{text}"
        );
    }
}
