//! The formats in which `onionskin audit` reports, about one image or several.

use onionskin_core::audit::Audit;
use onionskin_core::inspection::SCHEMA_VERSION;
use onionskin_core::report::dive::Export;
use onionskin_core::report::map::Map;
use onionskin_core::report::outcome::{BuiltWith, Outcome};
use onionskin_core::report::{comment, console, html, json, junit, sarif};
use serde::Serialize;

use crate::output::{Formats, Output};

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs; of several images a line each
    Json,
    /// JSON in one line for each image
    Ndjson,
    /// For a comment in a review
    Markdown,
    /// SARIF 2.1.0, for code scanning; a run for each image
    Sarif,
    /// JUnit XML, for test reports; a suite for each image
    Junit,
    /// One file that opens in a browser, without a network
    Html,
    /// What dive's own --json writes; of several images a line each
    DiveJson,
}

impl Formats for Format {
    const JSON: Self = Self::Json;
}

impl Format {
    /// Whether it has a place for an image that could not be read, also where that is the only one:
    /// whoever collects such reports would miss one that is not there.
    pub(super) const fn tells_errors(self) -> bool {
        matches!(self, Self::Sarif | Self::Junit)
    }
}

/// What an audit of one image came to, where it could be read.
pub(super) struct Audited {
    pub(super) audit: Audit,
    pub(super) remarks: Vec<String>,
    /// For the forms that draw it.
    pub(super) map: Option<Map>,
    /// For the one that leads to lines of the repository.
    pub(super) built_with: Option<BuiltWith>,
    /// For the one that dive has.
    pub(super) dive: Option<Export>,
}

/// What is reported of one image.
pub(super) enum Reported {
    Audited(Box<Audited>),
    Stopped { reference: String, error: String },
}

/// The line of JSON in place of a report that there is none of.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stopped<'a> {
    schema_version: u32,
    image: ImageName<'a>,
    error: &'a str,
}

#[derive(Serialize)]
struct ImageName<'a> {
    reference: &'a str,
}

/// Writes the report where it should go.
pub(super) fn write(
    format: Format,
    reported: &[Reported],
    output: &Output,
    options: console::audit::Options<'_>,
) -> anyhow::Result<()> {
    let outcomes: Vec<Outcome<'_>> = reported.iter().map(Reported::outcome).collect();
    let report = match format {
        Format::Text => {
            let texts = audited(reported).map(|Audited { audit, remarks, .. }| {
                console::audit::report(audit, remarks, options)
            });
            let several = reported.len() > 1;
            let texts = texts.filter(|_| !(several && options.summary));
            let table = several.then(|| console::verdict::table(&outcomes, options.screen));
            let parts: Vec<String> = texts.chain(table).collect();
            return Ok(output.text(&parts.join("\n"))?);
        }
        Format::Json | Format::DiveJson => match reported {
            [Reported::Audited(one)] if format == Format::Json => return output.json(&one.audit),
            [Reported::Audited(one)] => return output.json(&one.dive),
            all => lines(all, format)?,
        },
        Format::Ndjson => lines(reported, format)?,
        Format::Markdown => comment::report(&outcomes),
        Format::Sarif => sarif::report(&outcomes)?,
        Format::Junit => junit::report(&outcomes)?,
        Format::Html => html::report(&outcomes),
    };
    Ok(output.bytes(report.as_bytes())?)
}

fn audited(reported: &[Reported]) -> impl Iterator<Item = &Audited> {
    reported.iter().filter_map(|reported| match reported {
        Reported::Audited(audited) => Some(&**audited),
        Reported::Stopped { .. } => None,
    })
}

/// A line of JSON for each image.
fn lines(reported: &[Reported], format: Format) -> serde_json::Result<String> {
    reported
        .iter()
        .map(|reported| {
            let line = match reported {
                Reported::Audited(audited) if format == Format::DiveJson => {
                    json::compact(&audited.dive)
                }
                Reported::Audited(audited) => json::compact(&audited.audit),
                Reported::Stopped { reference, error } => json::compact(&Stopped {
                    schema_version: SCHEMA_VERSION,
                    image: ImageName { reference },
                    error,
                }),
            };
            Ok(line? + "\n")
        })
        .collect()
}

impl Reported {
    fn outcome(&self) -> Outcome<'_> {
        match self {
            Self::Audited(audited) => Outcome::Audited {
                audit: &audited.audit,
                remarks: &audited.remarks,
                map: audited.map.as_ref(),
                built_with: audited.built_with.as_ref(),
            },
            Self::Stopped { reference, error } => Outcome::Stopped { reference, error },
        }
    }
}
