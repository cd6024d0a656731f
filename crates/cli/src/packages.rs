//! `onionskin packages`: what each package takes of an image.

use anyhow::{Context as _, bail};
use onionskin_core::inspection::Inspection;
use onionskin_core::ledger::Ledger;
use onionskin_core::ownership::{self, Packages};
use onionskin_core::packages::Type;
use onionskin_core::report::console;
use onionskin_core::report::packages::PackagesReport;

use crate::image::{ImageArguments, with_login};
use crate::layers::{Wanted, not_fetched};
use crate::output::{Formats, Inputs, OutputArguments, note};

/// List the packages of an image by size
///
/// Packages of the operating system (deb, apk, rpm) and of languages (pypi, npm, gem, composer, golang, cargo, maven,
/// conda), as their databases in the image list them. Each file of the final filesystem belongs to one package or to none.
#[derive(clap::Args)]
#[command(after_help = with_login!("Examples:
  onionskin packages debian:12
  onionskin packages app.tar --type npm -n 20      # the 20 largest npm packages
  onionskin packages app.tar --json                # with package URLs and licences
  onionskin packages app.tar --format csv -o packages.csv"))]
pub(crate) struct Arguments {
    #[command(flatten)]
    image: ImageArguments,

    /// The filesystem up to layer N [default: all layers]
    #[arg(long, value_name = "N")]
    stack: Option<usize>,

    /// List only packages of a type, such as deb or npm; can be repeated
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,

    /// List only the first N packages
    #[arg(short = 'n', long, value_name = "N")]
    limit: Option<usize>,

    #[command(flatten)]
    output: OutputArguments<Format>,
}

/// How packages are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// For programs: versioned, and stable in order
    Json,
    /// For spreadsheets
    Csv,
}

impl Formats for Format {
    const JSON: Self = Self::Json;
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut inputs = Inputs::default();
    arguments.image.inputs(&mut inputs);
    let output = arguments.output.open(&inputs)?;
    let types: Vec<&str> = arguments.types.iter().map(String::as_str).collect();
    let known = Type::ALL.map(Type::name);
    if let Some(unknown) = types.iter().find(|name| !known.contains(name)) {
        bail!("--type {unknown}: the types are {}", known.join(", "));
    }
    let opened = arguments.image.open().await?;
    let depth = opened.image.layers.len();
    let last = arguments.stack.unwrap_or(depth);
    let Some(layers) = opened.image.layers.get(..last) else {
        bail!("--stack {last}: the image has {depth} layers, numbered from 1");
    };
    let stack = opened.stack(layers).await?;
    let ledger = Ledger::of(&stack);
    let packages = Packages::of(&stack, last, &ledger);
    let inspection = Inspection::new(&opened.image, &stack, &ledger);
    let wasted = ownership::wasted(&stack, &ledger);
    let mut report = PackagesReport::new(inspection, &packages, &wasted);
    // Of an image that is not read to its end the size is not known.
    report.image.size = report.image.size.filter(|_| last == depth);
    let all = report.packages.len();
    if !types.is_empty() {
        report
            .packages
            .retain(|package| types.contains(&package.kind.name()));
        let wasted = &mut report.wasted;
        wasted.retain(|package| types.contains(&package.kind.name()));
    }
    match arguments.output.format() {
        Format::Json => {
            report.packages.truncate(arguments.limit.unwrap_or(all));
            output.json(&report)
        }
        Format::Csv => {
            // A table has no place for it.
            if let Some(without) = not_fetched(&stack) {
                note(format_args!("the list is incomplete, without {without}"));
            }
            report.packages.truncate(arguments.limit.unwrap_or(all));
            let csv = report.csv().context("cannot write the report as CSV")?;
            Ok(output.bytes(csv.as_bytes())?)
        }
        Format::Text => {
            let place = match last == depth {
                true => "the final filesystem".to_owned(),
                false => Wanted::Stack(last).name(),
            };
            let shown = console::packages::Shown {
                place: &place,
                limit: arguments.limit,
                columns: output.screen().columns,
            };
            let text = console::packages::report(&report, &packages, shown);
            Ok(output.text(&text)?)
        }
    }
}
