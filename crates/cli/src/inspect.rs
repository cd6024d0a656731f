//! `onionskin inspect`: an image at a glance.

mod artifact;
mod text;

use onionskin_core::ledger::Ledger;
use onionskin_core::report::inspection::Inspection;
use onionskin_core::report::text as names_text;
use onionskin_core::source::SourceError;

use crate::image::ImageArguments;
use crate::output::{Format, OutputArguments};

/// Show an image at a glance: layers, sizes, wasted bytes and their causes, configuration
///
/// Wasted bytes are stored in a layer, and so downloaded with every pull, but no container of the image sees them. What is
/// stored beside images and is none (charts, signatures, SBOMs) is told as what it is.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  onionskin inspect nginx:1.27
  onionskin inspect registry.example.com/team/app@sha256:…
  onionskin inspect ./app.tar                       # what docker save wrote
  docker save app | onionskin inspect -
  onionskin inspect oci:layout:1.0                  # a folder that umoci, skopeo or buildah wrote
  onionskin inspect alpine --platform linux/arm64 --format json")]
pub(crate) struct Arguments {
    #[command(flatten)]
    image: ImageArguments,

    #[command(flatten)]
    output: OutputArguments,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let opened = match arguments.image.open().await {
        Ok(opened) => opened,
        Err(error) => match error.downcast() {
            Ok(SourceError::Artifact(found)) => return artifact::tell(*found, &arguments.output),
            Ok(error) => return Err(error.into()),
            Err(error) => return Err(error),
        },
    };
    let stack = opened.stack(&opened.image.layers).await?;
    let ledger = Ledger::of(&stack);
    let inspection = Inspection::new(&opened.image, &stack, &ledger);
    let output = &arguments.output;
    match output.format {
        Format::Json => output.json(&inspection),
        Format::Text => {
            let wasted = text::largest_wasted(&stack, &ledger);
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
            output.text(&text::report(
                &inspection,
                &wasted,
                &remarks,
                output.width(),
            ))
        }
    }
}
