//! `onionskin du`: the folders of an image by size.

use std::ffi::OsString;
use std::fmt::Write as _;

use anyhow::ensure;
use clap::ArgAction;
use onionskin_core::report::format::size;
use onionskin_core::report::usage::{Folder, folders};

use crate::image::{ImageArguments, with_login};
use crate::layers::LayerArguments;
use crate::listed;
use crate::output::{Format, Inputs, OutputArguments};
use crate::terminal::Visible;

/// List folders by size: of the final filesystem, or of one layer
///
/// The largest come first, with the number of bytes in the files below them. A file with several names counts once.
#[derive(clap::Args)]
#[command(
    disable_help_flag = true,
    after_help = with_login!("Examples:
  onionskin du debian:12 -h                    # the folders below /
  onionskin du debian:12 /usr --depth 2        # two levels below /usr
  onionskin du app.tar --layer 3 --json        # what layer 3 itself contains")
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    image: ImageArguments,

    /// The folder to look into
    #[arg(default_value = "/")]
    path: OsString,

    #[command(flatten)]
    layers: LayerArguments,

    /// Levels of folders below PATH
    #[arg(
        short,
        long,
        value_name = "N",
        default_value_t = 1,
        alias = "max-depth"
    )]
    depth: usize,

    /// List only the first N folders
    #[arg(short = 'n', long, value_name = "N")]
    limit: Option<usize>,

    /// Sizes in kB, MB and GB, in the text format
    #[arg(short, long)]
    human_readable: bool,

    #[command(flatten)]
    output: OutputArguments,

    /// Print help
    #[arg(long, action = ArgAction::Help)]
    help: Option<bool>,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut inputs = Inputs::default();
    arguments.image.inputs(&mut inputs);
    let output = arguments.output.open(&inputs)?;
    let opened = arguments.image.open().await?;
    let (path, image) = (arguments.path.as_encoded_bytes(), &arguments.image.image);
    let listed = listed::list(&opened, &arguments.layers, path, image).await?;
    let is_file =
        matches!(listed.lines.as_slice(), [one] if one.path == listed.top && one.kind != "dir");
    ensure!(
        !is_file,
        "{} is not a folder; `onionskin ls {image} {}` shows it",
        listed.top,
        listed.top
    );
    let mut folders = folders(&listed.lines, &listed.top, arguments.depth);
    folders.truncate(arguments.limit.unwrap_or(usize::MAX));
    match arguments.output.format() {
        Format::Json => output.json(&folders),
        Format::Text => Ok(output.list(&table(&folders, arguments.human_readable))?),
    }
}

fn table(folders: &[Folder], human_readable: bool) -> String {
    let shown = |folder: &Folder| match human_readable {
        true => size(folder.size),
        false => folder.size.to_string(),
    };
    let width = folders.iter().map(|folder| shown(folder).len());
    let width = width.max().unwrap_or(0);
    let mut table = String::new();
    for folder in folders {
        // Writing to a String cannot fail.
        let _ = writeln!(
            table,
            "{:>width$}  {}",
            shown(folder),
            Visible(&folder.path)
        );
    }
    table
}
