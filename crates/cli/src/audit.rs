//! `onionskin audit`: what an image ships for nothing, and whether it keeps the rules.

mod rules;
mod text;

use anyhow::bail;
use onionskin_core::ledger::Ledger;
use onionskin_core::report::audit::Audit;
use onionskin_core::report::link::Links;
use onionskin_core::source::Locator;

use self::rules::RuleArguments;
use crate::image::{ImageArguments, Opened};
use crate::is_broken_pipe;
use crate::output::{Format, OutputArguments};

/// Find what an image ships that no container sees, what to change, and whether it keeps your rules
///
/// Dead bytes are told by what a person would mend: a folder that a later layer deleted, a tree that was stored again
/// by chown -R, a file that step after step replaces; each with the layers, their commands and what to change.
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
  onionskin audit app:1.0 --link-base https://onionskin.example.com/"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    image: ImageArguments,

    /// Where the page lives, for links to what is found
    #[arg(long, value_name = "URL")]
    link_base: Option<String>,

    #[command(flatten)]
    output: OutputArguments,

    #[command(flatten)]
    rules: RuleArguments,
}

/// Whether the image keeps all rules.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<bool> {
    let rules = arguments.rules.read()?;
    let opened = arguments.image.open().await?;
    let stack = opened.stack(&opened.image.layers).await?;
    let ledger = Ledger::of(&stack);
    let links = arguments
        .link_base
        .as_ref()
        .map(|base| links(base, &arguments.image.image, &opened));
    let audit = Audit::new(&opened.image, &stack, &ledger, &rules, links.as_ref());
    let output = &arguments.output;
    let written = match output.format {
        Format::Json => output.json(&audit),
        Format::Text => output.text(&text::report(&audit, &opened.image.remarks, output.width())),
    };
    match written {
        // Who reads our output has seen enough; the verdict stays what it is.
        Err(error) if is_broken_pipe(&error) => {}
        written => written?,
    }
    match audit.passed {
        Some(passed) => Ok(passed),
        None => {
            let unknown = audit.rules.iter().filter(|rule| rule.passed.is_none());
            let names: Vec<&str> = unknown.map(|rule| rule.name.as_str()).collect();
            bail!(
                "{}: this source does not tell compressed sizes, so nobody can judge {}; audit the image in its registry, or leave these rules out",
                audit.image.reference,
                names.join(" and ")
            )
        }
    }
}

fn links(base: &str, image: &str, opened: &Opened) -> Links {
    let facts = &opened.image;
    let platform = facts.platform.as_ref().map(ToString::to_string);
    let platform = platform.as_deref();
    match image.parse() {
        Ok(Locator::Registry(reference)) => {
            Links::to_registry(base, &reference, facts.digest.as_ref(), platform)
        }
        // A page that can show it knows it by the same name.
        _ => Links::to(base, &facts.reference, platform),
    }
}
