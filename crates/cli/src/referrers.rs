//! `onionskin referrers`: the signatures, SBOMs and attestations of an image in a registry.

use std::fmt::Write as _;

use anyhow::bail;
use onionskin_core::platform::Platform;
use onionskin_core::report::format::size;
use onionskin_core::report::referrers::{ReferrerList, ReferrersReport};
use onionskin_core::source::Locator;
use unicode_width::UnicodeWidthStr as _;

use crate::image::with_login;
use crate::output::{Format, Inputs, OutputArguments, note};
use crate::registry::RegistryArguments;
use crate::terminal::Visible;
use onionskin_core::report::console::Screen;
use onionskin_core::report::console::summary::{QUIET, STRONG};

/// List the signatures, SBOMs and attestations of an image in a registry
///
/// These are manifests that name the image as their subject, signatures that cosign stores under tags made from the
/// image's digest, and attestations that BuildKit stores in the image's index. If the registry has no referrers API, the
/// fallback tag of the OCI distribution specification is read.
#[derive(clap::Args)]
#[command(after_help = with_login!("Examples:
  onionskin referrers ghcr.io/team/app:1.0
  onionskin referrers registry.example.com/app@sha256:… --artifact-type application/spdx+json
  onionskin referrers alpine --platform linux/arm64 --json"))]
pub(crate) struct Arguments {
    /// The image, such as ghcr.io/team/app:1.0
    image: String,

    /// Only referrers of this type, such as application/spdx+json
    #[arg(long, value_name = "TYPE")]
    artifact_type: Option<String>,

    /// The referrers of this platform's image instead of those of the whole index
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
            "{} is a saved image; only registries have referrers",
            arguments.image
        );
    };
    let mut inputs = Inputs::default();
    arguments.registry.inputs(&mut inputs);
    let output = arguments.output.open(&inputs)?;
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
        note(format_args!(
            "the list is incomplete: only the first {} referrers are listed",
            report.referrers.len()
        ));
    }
    match arguments.output.format() {
        Format::Json => output.json(&report),
        Format::Text => Ok(output.text(&text(&report, output.screen()))?),
    }
}

fn text(report: &ReferrersReport, screen: Screen) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, report, screen);
    out
}

fn write(out: &mut String, report: &ReferrersReport, screen: Screen) -> std::fmt::Result {
    let (image, digest) = (&report.image.reference, &report.image.digest);
    writeln!(out, "{STRONG}{}{STRONG:#}", Visible(image))?;
    writeln!(out, "{QUIET}{digest}{QUIET:#}")?;
    if report.referrers.is_empty() {
        return writeln!(out, "\nNo referrers.");
    }
    for one in &report.referrers {
        let kind = match (&one.artifact_type, one.by) {
            (Some(kind), _) => kind,
            (None, ReferrerList::Index) => "build attestation",
            (None, _) => "unknown type",
        };
        let kind = Visible(kind);
        writeln!(out, "\n{STRONG}{kind}{STRONG:#}  {}", size(one.size))?;
        writeln!(out, "  {}", one.digest)?;
        if one.subject != *digest {
            writeln!(out, "  {QUIET}about{QUIET:#} {}", one.subject)?;
        }
        for (name, value) in &one.annotations {
            let name = Visible(name).to_string();
            let room = screen.columns.saturating_sub(2 + name.width() + 1);
            writeln!(out, "  {QUIET}{name}{QUIET:#} {}", screen.fit(value, room))?;
        }
    }
    Ok(())
}
