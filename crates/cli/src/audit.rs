//! `onionskin audit`: what an image ships for nothing, and whether it keeps the rules.

mod beside;
mod formats;
mod markdown;
mod rules;
mod text;

use std::io::{self, IsTerminal as _, Write as _};
use std::iter;

use anyhow::anyhow;
use futures::{StreamExt as _, stream};
use onionskin_core::ledger::Ledger;
use onionskin_core::report::audit::{Audit, Terms};
use onionskin_core::report::dive::Export;
use onionskin_core::report::link::Links;
use onionskin_core::report::map::Map;
use onionskin_core::rules::Rules;

use self::beside::BaseArguments;
use self::formats::{Audited, Format, Reported};
use self::rules::RuleArguments;
use crate::image::ImageArguments;
use crate::output::OutputArguments;
use crate::terminal::Visible;
use crate::{is_broken_pipe, sentence};

/// Images in work at once.
const AT_ONCE: usize = 3;

/// Find what an image ships that no container sees, what to change, and whether it keeps your rules
///
/// Wasted bytes are told by what a person would mend: a folder that a later layer deleted, a tree that was stored again
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
  onionskin audit ./app.tar --max-wasted-bytes 20MB --min-efficiency 0.95
  onionskin audit app:1.0 --max-wasted-share 5% --wasted-share-floor 1MB --format json -o audit.json
  onionskin audit app:1.0 --ci-config .dive-ci           # dive's own rules and meanings
  onionskin audit app:1.0 --own --base node:22 --max-wasted-bytes 0
  onionskin audit app:1.1 --growth-against app:1.0 --max-compressed-growth 5MB
  onionskin audit app:1.0 --forbid '*.pem' --forbid-in-layers .env --max-findings setid=0
  onionskin audit api:1.0 web:1.0 --format ndjson        # a line for each image; the worst exit code wins
  onionskin audit app:1.0 --format markdown --link-base https://onionskin.example.com/
  onionskin audit app:1.0 --format html -o audit.html    # a page that opens without a network
  onionskin audit app:1.0 --format sarif -o audit.sarif  # for code scanning; junit for pipelines that show tests"
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
    let reported: Vec<Reported> = stream::iter(&images)
        .map(async |image| match arguments.audit(image, &rules).await {
            Ok(audited) => Reported::Audited(Box::new(audited)),
            Err(error) => Reported::Stopped {
                reference: (*image).to_owned(),
                error: sentence(&error),
            },
        })
        .buffered(at_once)
        .collect()
        .await;
    let alone = images.len() == 1;
    let mut passed = true;
    let mut problems = Vec::new();
    for reported in &reported {
        match reported {
            Reported::Audited(audited) => {
                problems.extend(unjudged(&audited.audit));
                passed &= audited.audit.passed == Some(true);
            }
            // Alone it is told as all commands tell it.
            Reported::Stopped { reference, error } if alone || error.contains(reference) => {
                problems.push(anyhow!("{error}"));
            }
            Reported::Stopped { reference, error } => {
                problems.push(anyhow!("{reference}: {error}"))
            }
        }
    }
    let format = arguments.output.format;
    let nothing =
        matches!(reported.as_slice(), [Reported::Stopped { .. }]) && !format.tells_errors();
    let written = match nothing {
        true => Ok(()),
        false => formats::write(format, &reported, &arguments.output),
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
        // A damaged image is never a pass: a rule would judge layers that may be another image's.
        anyhow::ensure!(
            !opened.image.is_torn(),
            "{image} cannot be audited: its configuration names {} layers and its manifest {}, so one of them \
             is damaged",
            opened.image.config.diff_ids.len(),
            opened.image.layers.len(),
        );
        let stack = opened.stack(&opened.image.layers).await?;
        let ledger = Ledger::of(&stack);
        let links = self.link_base.as_ref();
        let file = opened.in_file();
        let links = links.and_then(|base| Links::of(base, &opened.image, file));
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
        let format = self.output.format;
        Ok(Audited {
            map: (format == Format::Html).then(|| Map::of(&stack)),
            dive: (format == Format::DiveJson).then(|| Export::new(&audit, &stack)),
            audit,
            remarks,
        })
    }
}
