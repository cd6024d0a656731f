//! `onionskin referrers`: signatures, SBOMs and attestations that a registry keeps beside an image.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use anyhow::bail;
use onionskin_core::platform::Platform;
use onionskin_core::report::referrers::{By, ReferrersReport};
use onionskin_core::report::words::size;
use onionskin_core::source::Locator;

use crate::output::{Format, OutputArguments};
use crate::registry::RegistryArguments;
use crate::summary::{QUIET, STRONG};
use crate::terminal::Visible;

/// List what a registry keeps about an image: signatures, SBOMs, attestations
///
/// These are manifests of their own that name the image as their subject, what cosign keeps under tags made of the
/// image's digest, and attestations that BuildKit puts into the image's index. Of a registry that has no list of them the tag is read that stands in for it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  onionskin referrers ghcr.io/team/app:1.0
  onionskin referrers registry.example.com/app@sha256:… --artifact-type application/spdx+json
  onionskin referrers alpine --platform linux/arm64 --format json")]
pub(crate) struct Arguments {
    /// The image, as in ghcr.io/team/app:1.0
    image: String,

    /// Only what is of this type, as in application/spdx+json
    #[arg(long, value_name = "TYPE")]
    artifact_type: Option<String>,

    /// What is about this platform's image, and not about all of them
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    platform: Option<Platform>,

    #[command(flatten)]
    registry: RegistryArguments,

    #[command(flatten)]
    output: OutputArguments,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let locator = Locator::in_registry(&arguments.image)?;
    let Locator::Registry(reference) = &locator else {
        bail!(
            "{} is a saved image; only registries know what refers to their images",
            arguments.image
        );
    };
    let wanted = arguments.artifact_type.as_deref();
    let (report, cut) = arguments
        .registry
        .ask(reference.domain(), async |client| {
            let remote = client.open(reference)?;
            let (digest, mut attestations) = remote.subject(arguments.platform.as_ref()).await?;
            let found = remote.referrers(&digest, wanted).await?;
            if wanted.is_some() {
                // Their index does not say of which type they are.
                attestations.clear();
            }
            let cut = found.cut;
            let name = reference.to_string();
            let report = ReferrersReport::new(name, digest, found, attestations);
            Ok((report, cut))
        })
        .await?;
    if cut {
        // Whoever does not listen has the list all the same.
        let _ = writeln!(
            io::stderr(),
            "onionskin: there are more than {} referrers, which are left out",
            report.referrers.len()
        );
    }
    match arguments.output.format {
        Format::Json => arguments.output.json(&report),
        Format::Text => arguments.output.text(&text(&report)),
    }
}

fn text(report: &ReferrersReport) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, report);
    out
}

fn write(out: &mut String, report: &ReferrersReport) -> std::fmt::Result {
    let (image, digest) = (&report.image.reference, &report.image.digest);
    writeln!(out, "{STRONG}{}{STRONG:#}", Visible(image))?;
    writeln!(out, "{QUIET}{digest}{QUIET:#}")?;
    if report.referrers.is_empty() {
        return writeln!(out, "\nNothing in its registry refers to it.");
    }
    for one in &report.referrers {
        let kind = match (&one.artifact_type, one.by) {
            (Some(kind), _) => kind,
            (None, By::Index) => "attestation of the build",
            (None, _) => "of no type that its list tells",
        };
        let kind = Visible(kind);
        writeln!(out, "\n{STRONG}{kind}{STRONG:#}  {}", size(one.size))?;
        writeln!(out, "  {}", one.digest)?;
        if one.subject != *digest {
            writeln!(out, "  {QUIET}about{QUIET:#} {}", one.subject)?;
        }
        for (name, value) in &one.annotations {
            let (name, value) = (Visible(name), Visible(value));
            writeln!(out, "  {QUIET}{name}{QUIET:#} {value}")?;
        }
    }
    Ok(())
}
