//! `onionskin index`: a saved analysis of an image.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use onionskin_core::analysis::{self, AnalyzedLayer};

use crate::decode::Decoded;
use crate::image::{ImageArguments, with_login};
use crate::output::{Destination, Inputs};

/// Save the analysis of an image in a file, without the contents of its files
///
/// The file has the image's configuration, and for each layer its list of files with sizes, owners, times, hashes,
/// packages and the locations of secrets. It has no file contents, and no secrets from files. Environment variables and
/// commands of the image's configuration are in it as they are.
///
/// The web page opens it: drop it there, or publish it on a server that sends CORS headers and link to it with
/// https://PAGE/#/index/URL. Commands open it like an image; `cat` and `extract` need the image itself.
#[derive(clap::Args)]
#[command(after_help = with_login!("Examples:
  onionskin index app:1.0 -o app.onionskin
  onionskin audit app.onionskin
  onionskin diff main.onionskin branch.onionskin"))]
pub(crate) struct Arguments {
    #[command(flatten)]
    image: ImageArguments,

    /// The file to write; - is standard output
    ///
    /// An existing file is replaced only when all of the output is written, and keeps its permissions.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut inputs = Inputs::default();
    arguments.image.inputs(&mut inputs);
    let destination = Destination::of(Some(&arguments.output), &inputs)?;
    ensure!(
        !destination.is_stdout() || !io::stdout().is_terminal(),
        "a saved analysis is not text; write it to a file with --output FILE"
    );
    let opened = arguments.image.open().await?;
    let layers: Vec<AnalyzedLayer> = opened
        .decode(&opened.image.layers)
        .await?
        .into_iter()
        .map(|decoded| match decoded {
            Decoded::Read(index) => AnalyzedLayer::Read(index),
            Decoded::NotFetched(reason) => AnalyzedLayer::NotFetched(reason),
        })
        .collect();
    let mut writing = destination.begin()?;
    let file = writing.file();
    analysis::write(&opened.image, &layers, |piece| file.write_all(piece))
        .map_err(|error| destination.failed(error))
        .context("cannot save the analysis")?;
    Ok(writing.finish()?)
}
