//! `onionskin inspect`: layers, sizes, wasted bytes and configuration of an image.

use onionskin_core::inspection::Inspection;
use onionskin_core::ledger::Ledger;
use onionskin_core::report::artifact::ArtifactReport;
use onionskin_core::report::console::{artifact, inspection as console};
use onionskin_core::report::text as names_text;
use onionskin_core::source::SourceError;

use crate::image::{ImageArguments, with_login};
use crate::output::{Format, Inputs, OutputArguments};

/// Show the layers, sizes, wasted bytes and configuration of an image
///
/// Wasted bytes are stored in a layer, and so downloaded with every pull, but are not in the final filesystem: a later
/// layer deleted the file or stored it again. Artifacts that are not images (charts, signatures, SBOMs) are shown as what
/// they are.
#[derive(clap::Args)]
#[command(after_help = with_login!("Examples:
  onionskin inspect nginx:1.27
  onionskin inspect registry.example.com/team/app@sha256:…
  onionskin inspect ./app.tar                       # from docker save
  docker save app | onionskin inspect -
  onionskin inspect oci:layout:1.0                  # a folder from umoci, skopeo or buildah
  onionskin inspect alpine --platform arm64 --json"))]
pub(crate) struct Arguments {
    #[command(flatten)]
    image: ImageArguments,

    #[command(flatten)]
    output: OutputArguments,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut inputs = Inputs::default();
    arguments.image.inputs(&mut inputs);
    let (format, output) = (arguments.output.format(), arguments.output.open(&inputs)?);
    let opened = match arguments.image.open().await {
        Ok(opened) => opened,
        Err(error) => match error.downcast() {
            Ok(SourceError::Artifact(found)) => {
                return match format {
                    Format::Json => output.json(&ArtifactReport::new(*found)),
                    Format::Text => {
                        let text = artifact::report(&found, output.screen());
                        Ok(output.text(&text)?)
                    }
                };
            }
            Ok(error) => return Err(error.into()),
            Err(error) => return Err(error),
        },
    };
    let stack = opened.stack(&opened.image.layers).await?;
    let ledger = Ledger::of(&stack);
    let inspection = Inspection::new(&opened.image, &stack, &ledger);
    match format {
        Format::Json => output.json(&inspection),
        Format::Text => {
            let wasted = console::largest_wasted(&stack, &ledger);
            let in_layers = stack.remarks().map(|(layer, remark)| {
                let path = names_text(&remark.path);
                format!("layer {layer}, {path}: {}", remark.kind)
            });
            let remarks: Vec<String> = opened
                .image
                .remarks
                .iter()
                .cloned()
                .chain(in_layers)
                .collect();
            let report = console::report(&inspection, &wasted, &remarks, output.screen());
            Ok(output.text(&report)?)
        }
    }
}
