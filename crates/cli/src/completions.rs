//! `onionskin completions`: a script that completes the command line in a shell.

use clap::CommandFactory as _;
use clap_complete::{Shell, generate};

use crate::output::{FileArguments, Inputs};

/// Print a completion script for a shell
#[derive(clap::Args)]
#[command(after_help = "Examples:
  onionskin completions bash -o ~/.local/share/bash-completion/completions/onionskin
  onionskin completions zsh -o ~/.zfunc/_onionskin        # a folder of $fpath
  onionskin completions fish -o ~/.config/fish/completions/onionskin.fish")]
pub(crate) struct Arguments {
    /// The shell
    shell: Shell,

    #[command(flatten)]
    file: FileArguments,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let output = arguments.file.open(&Inputs::default())?;
    let mut script = Vec::new();
    generate(
        arguments.shell,
        &mut crate::Arguments::command(),
        "onionskin",
        &mut script,
    );
    Ok(output.write(&script)?)
}
