//! `onionskin man`: the manual page of the command, or of one of its commands.

use anyhow::Context as _;
use clap::CommandFactory as _;

use crate::output::{FileArguments, Inputs};

/// Print a manual page, in roff
///
/// Without COMMAND, print the page of onionskin itself.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  onionskin man | man -l -
  onionskin man audit -o onionskin-audit.1")]
pub(crate) struct Arguments {
    /// A command, such as inspect
    command: Option<String>,

    #[command(flatten)]
    file: FileArguments,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let output = arguments.file.open(&Inputs::default())?;
    let mut all = crate::Arguments::command();
    // Gives every command its full name.
    all.build();
    let command = match &arguments.command {
        None => &all,
        Some(name) => {
            let command = all.find_subcommand(name);
            command.with_context(|| format!("there is no command {name:?}"))?
        }
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone())
        .render(&mut page)
        .context("cannot create the manual page")?;
    Ok(output.write(&page)?)
}
