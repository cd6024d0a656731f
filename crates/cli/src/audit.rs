//! `onionskin audit`: what is wasted in an image, what is a risk, and whether it passes the rules.

mod built_with;
mod comparison;
mod formats;
mod rules;

use std::io::{self, IsTerminal as _};
use std::iter;
use std::path::PathBuf;

use anyhow::{anyhow, bail, ensure};
use futures::{StreamExt as _, stream};
use onionskin_core::audit::{Audit, AuditOptions};
use onionskin_core::ledger::Ledger;
use onionskin_core::link::Links;
use onionskin_core::report::console;
use onionskin_core::report::dive::Export;
use onionskin_core::report::map::Map;
use onionskin_core::rules::Rules;
use onionskin_core::source::Image;

use self::built_with::BuildFile;
use self::comparison::BaseArguments;
use self::formats::{Audited, Format, Reported};
use self::rules::RuleArguments;
use crate::image::{ImageArguments, with_login};
use crate::link::link_base;
use crate::output::{Inputs, Output, OutputArguments, note};
use crate::{memory, sentence};

/// Images in work at once.
const AT_ONCE: usize = 3;

/// Find wasted bytes, secrets and risks in an image, and check it against rules
///
/// The report begins with the verdict, the wasted share and the secrets, then shows the five largest findings, each with
/// the layers, their commands and what to change; --all shows all of them.
///
/// Findings are wasted bytes (deleted, overwritten or copied in a later layer), avoidable files (caches, duplicates),
/// secrets, set-id programs, files that every user can change, and settings of the configuration. Secrets are searched in
/// all layers, also in deleted files, in the configuration and in the history. This is not a full scan, and no report
/// shows a secret.
///
/// A rule is a limit that is set by a flag or in a rules file. Without rules the exit code is 0 for every image that
/// can be read. Exit codes: 0 all rules passed, 1 a rule failed, 2 the image could not be read or a rule could not be
/// evaluated.
#[derive(clap::Args)]
#[command(
    after_help = with_login!("Bytes are written as 20000000, 20MB (millions) or 19MiB; shares as 0.1 or 10%.

Examples:
  onionskin audit nginx:1.27
  onionskin audit ./app.tar --max-wasted-bytes 20MB --min-efficiency 0.95
  onionskin audit app:1.0 --max-wasted-share 5% --wasted-share-floor 1MB --json -o audit.json
  onionskin audit app:1.0 --summary                      # only the verdict
  onionskin audit app:1.0 --ci-config .dive-ci           # dive's own rules and meanings
  onionskin audit app:1.0 --own --base node:22 --max-wasted-bytes 0
  onionskin audit app:1.1 --growth-against app:1.0 --max-compressed-growth 5MB
  onionskin audit app:1.0 --forbid '*.pem' --forbid-in-layers .env --max-findings setid=0
  onionskin audit api:1.0 web:1.0                        # a table at the end
  onionskin audit app:1.0 --format markdown --link-base https://onionskin.example.com/
  onionskin audit app:1.0 --format html -o audit.html    # a page that opens without a network
  onionskin audit app:1.0 --format sarif -o audit.sarif  # for code scanning; junit for test reports")
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    image: ImageArguments,

    /// More images to audit; one that fails does not stop the others
    #[arg(value_name = "IMAGE")]
    more: Vec<String>,

    /// Show all findings, not only the five largest
    #[arg(short, long)]
    all: bool,

    /// Show only the verdict and the rules that failed; of several images only the table
    #[arg(short, long, conflicts_with = "all")]
    summary: bool,

    /// Print no report; with --output the file is written
    #[arg(short, long, conflicts_with_all = ["all", "summary"])]
    quiet: bool,

    /// The URL of the web page, for links to the findings
    #[arg(long, value_name = "URL", value_parser = link_base)]
    link_base: Option<String>,

    /// The Dockerfile of the image, in the current folder or below: findings in a SARIF report lead to its lines
    ///
    /// Its steps are found in the image's history. A finding about a step that is not found, or about the base image, leads
    /// to the file in the image.
    #[arg(long, value_name = "FILE")]
    dockerfile: Option<PathBuf>,

    #[command(flatten)]
    output: OutputArguments<Format>,

    #[command(flatten)]
    base: BaseArguments,

    #[command(flatten)]
    rules: RuleArguments,
}

/// Whether all images pass all rules.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<bool> {
    let (rules, rules_file) = arguments.rules.read()?;
    let images: Vec<&str> = iter::once(&arguments.image.image)
        .chain(&arguments.more)
        .map(String::as_str)
        .collect();
    let inputs = arguments.inputs(&rules);
    inputs.check()?;
    let format = arguments.output.format();
    ensure!(
        format == Format::Text || !(arguments.all || arguments.summary),
        "--all and --summary are for the text report; other formats have all findings"
    );
    ensure!(
        format == Format::Sarif || arguments.dockerfile.is_none(),
        "--dockerfile is for --format sarif"
    );
    let dockerfile = arguments.dockerfile.as_deref().map(BuildFile::read);
    let dockerfile = dockerfile.transpose()?;
    let output = arguments.output.open(&inputs)?;
    // Bars of several images would be drawn over each other; and where memory is limited, each image may take all of it.
    let at_once = match io::stderr().is_terminal() || memory::is_limited() {
        true => 1,
        false => AT_ONCE,
    };
    let reported: Vec<Reported> = stream::iter(&images)
        .map(
            async |image| match arguments.audit(image, &rules, dockerfile.as_ref()).await {
                Ok(audited) => Reported::Audited(Box::new(audited)),
                Err(error) => Reported::Stopped {
                    reference: (*image).to_owned(),
                    error: sentence(&error),
                },
            },
        )
        .buffered(at_once)
        .collect()
        .await;
    let options = console::audit::Options {
        screen: output.screen(),
        all: arguments.all,
        summary: arguments.summary,
        rules_file: rules_file.as_deref(),
    };
    let nothing =
        matches!(reported.as_slice(), [Reported::Stopped { .. }]) && !format.tells_errors();
    if !(nothing || arguments.quiet && output.destination().is_stdout()) {
        formats::write(format, &reported, &output, options)?;
    }
    if !arguments.quiet {
        tell_failures(&reported, &output);
    }
    let (passed, mut problems) = outcome(&reported, images.len() == 1);
    let Some(last) = problems.pop() else {
        return Ok(passed);
    };
    for problem in problems {
        note(sentence(&problem));
    }
    Err(last)
}

/// Whether all rules of all images passed, and what stopped the work.
fn outcome(reported: &[Reported], alone: bool) -> (bool, Vec<anyhow::Error>) {
    let mut passed = true;
    let mut problems = Vec::new();
    for reported in reported {
        match reported {
            Reported::Audited(audited) => {
                problems.extend(not_evaluated(&audited.audit));
                passed &= audited.audit.passed == Some(true);
            }
            // Alone it is told as all commands tell it.
            Reported::Stopped { reference, error } if alone || error.contains(reference) => {
                problems.push(anyhow!("{error}"));
            }
            Reported::Stopped { reference, error } => {
                problems.push(anyhow!("{reference}: {error}"));
            }
        }
    }
    (passed, problems)
}

/// Where the report goes to a file, nobody would see that rules failed.
fn tell_failures(reported: &[Reported], output: &Output) {
    if output.destination().is_stdout() {
        return;
    }
    for one in reported {
        if let Reported::Audited(audited) = one
            && audited.audit.passed == Some(false)
        {
            note(format_args!(
                "{}: {}; see {}",
                audited.audit.image.reference,
                console::verdict::rules(&audited.audit),
                output.destination().name()
            ));
        }
    }
}

/// Why rules could not be evaluated, each reason once.
fn not_evaluated(audit: &Audit) -> Option<anyhow::Error> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for rule in audit.rules.iter().filter(|rule| rule.passed.is_none()) {
        let reason = rule.reason.as_deref().unwrap_or("the value is not known");
        match reasons.iter_mut().find(|(other, _)| *other == reason) {
            Some((_, names)) => names.push(&rule.name),
            None => reasons.push((reason, vec![&rule.name])),
        }
    }
    let told = reasons.iter().map(|(reason, names)| {
        let names = names.join(" and ");
        format!("cannot evaluate {names}: {reason}")
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| anyhow!("{}: {}", audit.image.reference, told.join("; ")))
}

/// Why nothing can be said of an image as a whole, if its documents do not fit together.
fn torn(image: &Image) -> Option<String> {
    image.is_torn().then(|| {
        format!(
            "its configuration lists {} layers and its manifest {}, so one of them is damaged",
            image.config.diff_ids.len(),
            image.layers.len()
        )
    })
}

impl Arguments {
    /// The files that are read.
    fn inputs(&self, rules: &Rules) -> Inputs {
        let mut inputs = Inputs::default();
        self.image.inputs(&mut inputs);
        let against = rules.growth.against.as_deref();
        let against = against.filter(|_| rules.growth.are_set());
        let more = self.more.iter().map(String::as_str);
        for image in more.chain(self.base.named()).chain(against) {
            inputs.image(image);
        }
        self.rules.inputs(&mut inputs);
        if let Some(dockerfile) = &self.dockerfile {
            inputs.file(dockerfile);
        }
        inputs
    }

    async fn audit(
        &self,
        image: &str,
        rules: &Rules,
        dockerfile: Option<&BuildFile>,
    ) -> anyhow::Result<Audited> {
        let opened = self.image.open_other(image).await?;
        // A damaged image is never a pass: a rule would judge layers that may be another image's.
        if let Some(torn) = torn(&opened.image) {
            bail!("{image} cannot be audited: {torn}");
        }
        let stack = opened.stack(&opened.image.layers).await?;
        opened.warn_of_tables(&stack).await;
        let ledger = Ledger::of(&stack);
        let links = self.link_base.as_ref();
        let file = opened.in_file();
        let links = links.and_then(|base| Links::of(base, &opened.image, file));
        let mut remarks = opened.image.remarks.clone();
        let base = self.base.of(&opened.image, &self.image, &mut remarks);
        let base = base.await?;
        let against = comparison::against(&rules.growth, &stack, &self.image).await?;
        let terms = AuditOptions {
            rules,
            base,
            against: against.as_ref(),
            today: self.rules.today(),
            links: links.as_ref(),
        };
        let audit = Audit::new(&opened.image, &stack, &ledger, &terms);
        let format = self.output.format();
        let (config, depth) = (&opened.image.config, stack.depth());
        Ok(Audited {
            built_with: dockerfile.map(|file| file.of(config, depth, audit.base.as_ref())),
            map: (format == Format::Html).then(|| Map::of(&stack)),
            dive: (format == Format::DiveJson).then(|| Export::new(&audit, &stack)),
            audit,
            remarks,
        })
    }
}
