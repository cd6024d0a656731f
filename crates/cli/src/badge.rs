//! `onionskin badge`: one number of an image as a small picture.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use onionskin_core::inspection::Inspection;
use onionskin_core::ledger::Ledger;
use onionskin_core::report::badge::{BadgeNumbers, Metric};

use crate::image::{ImageArguments, with_login};
use crate::output::{FileArguments, Inputs};

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
    #[arg(long, value_parser = metrics(), default_value = Metric::default().name())]
    metric: Metric,

    /// The text on the left [default: the name of the metric]
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,

    #[command(flatten)]
    file: FileArguments,
}

/// The metrics by their names.
fn metrics() -> impl TypedValueParser<Value = Metric> {
    let names =
        Metric::ALL.map(|metric| PossibleValue::new(metric.name()).help(metric.description()));
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Metric>())
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut inputs = Inputs::default();
    arguments.image.inputs(&mut inputs);
    inputs.check()?;
    let destination = arguments.file.open(&inputs)?;
    let opened = arguments.image.open().await?;
    let stack = opened.stack(&opened.image.layers).await?;
    let inspection = Inspection::new(&opened.image, &stack, &Ledger::of(&stack));
    let svg = BadgeNumbers::of(&inspection).badge(arguments.metric, arguments.label.as_deref());
    Ok(destination.write(svg.as_bytes())?)
}
