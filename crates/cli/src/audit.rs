//! `onionskin audit`: what an image ships for nothing, and whether it keeps the rules.

mod beside;
mod markdown;
mod rules;
mod text;

use std::io::{self, IsTerminal as _, Write as _};
use std::iter;

use anyhow::anyhow;
use futures::{StreamExt as _, stream};
use onionskin_core::ledger::Ledger;
use onionskin_core::report::SCHEMA_VERSION;
use onionskin_core::report::audit::{Audit, Terms};
use onionskin_core::report::link::Links;
use onionskin_core::rules::Rules;
use serde::Serialize;

use self::beside::BaseArguments;
use self::rules::RuleArguments;
use crate::image::ImageArguments;
use crate::output::OutputArguments;

use crate::terminal::Visible;
use crate::{is_broken_pipe, sentence};

/// Images in work at once.
const AT_ONCE: usize = 3;

/// Find what an image ships that no container sees, what to change, and whether it keeps your rules
///
/// Dead bytes are told by what a person would mend: a folder that a later layer deleted, a tree that was stored again
/// by chown -R, a file that step after step replaces; each with the layers, their commands and what to change.
///
/// Caches and other leftovers, content that is there twice, set-id programs, what everybody may write to and facts of
/// the configuration are told too. Keys, tokens and passwords are looked for in all layers, deleted files too, in the
/// configuration and the history: a first look and no full scanner. No report shows them.
///
/// A rule is a limit, set by a flag or in a rules file; it is kept where the limit is met exactly. Without rules the
/// report is all there is. Exit codes: 0 all rules are kept, 1 a rule failed, 2 the image could not be read or a rule
/// not be judged.
#[derive(clap::Args)]
#[command(
    after_help = "Bytes are written as 20000000, 20MB (millions) or 19MiB; shares as 0.1 or 10%.

Examples:
  onionskin audit nginx:1.27
  onionskin audit ./app.tar --max-dead-bytes 20MB --min-efficiency 0.95
  onionskin audit app:1.0 --max-dead-share 5% --dead-share-floor 1MB --format json -o audit.json
  onionskin audit app:1.0 --ci-config .dive-ci           # dive's own rules and meanings
  onionskin audit app:1.0 --own --base node:22 --max-dead-bytes 0
  onionskin audit app:1.1 --growth-against app:1.0 --max-compressed-growth 5MB
  onionskin audit app:1.0 --forbid '*.pem' --forbid-in-layers .env --max-findings setid=0
  onionskin audit api:1.0 web:1.0 --format json          # a line for each image; the worst exit code wins
  onionskin audit app:1.0 --format markdown --link-base https://onionskin.example.com/"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    image: ImageArguments,

    /// Further images, audited in the same way; one that fails does not stop the others
    #[arg(value_name = "IMAGE")]
    more: Vec<String>,

    /// Where the page lives, for links to what is found
    #[arg(long, value_name = "URL")]
    link_base: Option<String>,

    #[command(flatten)]
    output: OutputArguments<Format>,

    #[command(flatten)]
    base: BaseArguments,

    #[command(flatten)]
    rules: RuleArguments,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs; of several images a line each.
    Json,
    /// For a comment in a review.
    Markdown,
}

/// What an audit of one image came to.
struct Audited {
    audit: Audit,
    remarks: Vec<String>,
}

/// The line of JSON in place of a report that there is none of.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stopped<'a> {
    schema_version: u32,
    image: Asked<'a>,
    error: String,
}

#[derive(Serialize)]
struct Asked<'a> {
    reference: &'a str,
}

/// Whether all images keep all rules.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<bool> {
    let rules = arguments.rules.read()?;
    let images: Vec<&str> = iter::once(&arguments.image.image)
        .chain(&arguments.more)
        .map(String::as_str)
        .collect();
    // Bars of several images would be drawn over each other.
    let at_once = if io::stderr().is_terminal() {
        1
    } else {
        AT_ONCE
    };
    let outcomes: Vec<anyhow::Result<Audited>> = stream::iter(&images)
        .map(|image| arguments.audit(image, &rules))
        .buffered(at_once)
        .collect()
        .await;
    let mut passed = true;
    let mut reports = Vec::new();
    let mut problems = Vec::new();
    for (image, outcome) in images.iter().zip(outcomes) {
        match outcome {
            Ok(audited) => {
                problems.extend(unjudged(&audited.audit));
                passed &= audited.audit.passed == Some(true);
                reports.push(arguments.report(&audited, images.len())?);
            }
            // Alone it is told where all commands tell it.
            Err(error) if images.len() == 1 => return Err(error),
            Err(error) => {
                if arguments.output.format == Format::Json {
                    let stopped = Stopped {
                        schema_version: SCHEMA_VERSION,
                        image: Asked { reference: image },
                        error: sentence(&error),
                    };
                    reports.push(serde_json::to_string(&stopped)? + "\n");
                }
                problems.push(match sentence(&error) {
                    text if text.contains(image) => error,
                    _ => error.context((*image).to_owned()),
                });
            }
        }
    }
    let written = match arguments.output.format {
        Format::Json => arguments.output.bytes(reports.concat().as_bytes()),
        Format::Text => arguments.output.text(&reports.join("\n\n")),
        Format::Markdown => arguments.output.bytes(reports.join("\n").as_bytes()),
    };
    match written {
        // Who reads our output has seen enough; the verdict stays what it is.
        Err(error) if is_broken_pipe(&error) => {}
        written => written?,
    }
    let Some(last) = problems.pop() else {
        return Ok(passed);
    };
    for problem in problems {
        // When even this cannot be written, the exit code is all that is left.
        let _ = writeln!(io::stderr(), "onionskin: {}", Visible(&sentence(&problem)));
    }
    Err(last)
}

/// What to say of rules that could not be judged, each reason once.
fn unjudged(audit: &Audit) -> Option<anyhow::Error> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for rule in audit.rules.iter().filter(|rule| rule.passed.is_none()) {
        let reason = rule.reason.as_deref().unwrap_or("it is not known");
        match reasons.iter_mut().find(|(other, _)| *other == reason) {
            Some((_, names)) => names.push(&rule.name),
            None => reasons.push((reason, vec![&rule.name])),
        }
    }
    let told = reasons.iter().map(|(reason, names)| {
        let names = names.join(" and ");
        format!("nobody can judge {names}: {reason}")
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| anyhow!("{}: {}", audit.image.reference, told.join("; ")))
}

impl Arguments {
    async fn audit(&self, image: &str, rules: &Rules) -> anyhow::Result<Audited> {
        let opened = self.image.open_other(image).await?;
        let stack = opened.stack(&opened.image.layers).await?;
        let ledger = Ledger::of(&stack);
        let links = self.link_base.as_ref();
        let links = links.map(|base| Links::of(base, &opened.image));
        let mut remarks = opened.image.remarks.clone();
        let base = self.base.of(&opened.image, &self.image, &mut remarks);
        let base = base.await?;
        let against = beside::against(&rules.growth, &stack, &self.image).await?;
        let terms = Terms {
            rules,
            base,
            against: against.as_ref(),
            today: self.rules.today(),
            links: links.as_ref(),
        };
        let audit = Audit::new(&opened.image, &stack, &ledger, &terms);
        Ok(Audited { audit, remarks })
    }

    /// One image's part of the output, which is about so many.
    fn report(&self, audited: &Audited, images: usize) -> anyhow::Result<String> {
        let Audited { audit, remarks } = audited;
        Ok(match self.output.format {
            Format::Json if images > 1 => serde_json::to_string(audit)? + "\n",
            Format::Json => serde_json::to_string_pretty(audit)? + "\n",
            Format::Text => text::report(audit, remarks, self.output.width()),
            Format::Markdown => markdown::report(audit),
        })
    }
}
