//! `onionskin badge`: one number of an image as a small picture.

use onionskin_core::inspection::Inspection;
use onionskin_core::ledger::Ledger;
use onionskin_core::report::badge::{self, BadgeNumbers};

use crate::image::{ImageArguments, with_login};
use crate::output::{FileArguments, Inputs};

/// What the badge tells.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Metric {
    /// Size of all layers, unpacked
    Size,
    /// What a pull downloads
    Download,
    /// Wasted bytes, and their share
    Wasted,
    /// Used bytes as a share of the stored bytes
    Efficiency,
}

impl From<Metric> for badge::Metric {
    fn from(metric: Metric) -> Self {
        match metric {
            Metric::Size => Self::Size,
            Metric::Download => Self::Download,
            Metric::Wasted => Self::Wasted,
            Metric::Efficiency => Self::Efficiency,
        }
    }
}

/// Make an SVG badge of an image: its size, download, wasted bytes or efficiency
#[derive(clap::Args)]
#[command(
    after_help = with_login!("Examples:
  onionskin badge app:1.0 --metric download -o download.svg
  onionskin badge ./app.tar --metric wasted --label \"wasted in app\"")
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    image: ImageArguments,

    /// The number that the badge shows
    #[arg(long, value_enum, default_value = "wasted")]
    metric: Metric,

    /// The text on the left [default: the name of the metric]
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,

    #[command(flatten)]
    file: FileArguments,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut inputs = Inputs::default();
    arguments.image.inputs(&mut inputs);
    inputs.check()?;
    let destination = arguments.file.open(&inputs)?;
    let opened = arguments.image.open().await?;
    let stack = opened.stack(&opened.image.layers).await?;
    let inspection = Inspection::new(&opened.image, &stack, &Ledger::of(&stack));
    let svg =
        BadgeNumbers::of(&inspection).badge(arguments.metric.into(), arguments.label.as_deref());
    Ok(destination.write(svg.as_bytes())?)
}
