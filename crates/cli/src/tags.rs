//! `onionskin tags`: what a repository's images are called.

use anyhow::bail;
use onionskin_core::source::registry::Remote;
use onionskin_core::source::{Locator, Source};

use crate::output::{Format, OutputArguments};
use crate::registry::RegistryArguments;
use crate::terminal::Visible;

/// Pages asked for at most; a registry that sends us round in circles ends here.
const PAGES: usize = 10_000;

/// List the tags of a repository, in the registry's order
#[derive(clap::Args)]
#[command(after_help = "Examples:
  onionskin tags nginx
  onionskin tags registry.example.com/team/app --format json")]
pub(crate) struct Arguments {
    /// The repository, as in nginx or registry.example.com/team/app
    repository: String,

    #[command(flatten)]
    registry: RegistryArguments,

    #[command(flatten)]
    output: OutputArguments,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let locator: Locator = arguments.repository.parse()?;
    let Locator::Registry(reference) = &locator else {
        bail!(
            "{} is a saved image; only repositories of registries have lists of tags",
            arguments.repository
        );
    };
    let tags = arguments
        .registry
        .ask(reference, async |client| {
            match Source::of(&locator, client)? {
                Source::Registry(remote) => all(&remote).await,
                // Only registries come this way.
                _ => Ok(Vec::new()),
            }
        })
        .await?;
    match arguments.output.format {
        Format::Json => arguments.output.json(&tags),
        Format::Text => {
            let lines = tags.iter().map(|tag| format!("{}\n", Visible(tag)));
            arguments.output.text(&lines.collect::<String>())
        }
    }
}

/// All tags, page by page.
async fn all(remote: &Remote) -> Result<Vec<String>, onionskin_core::source::SourceError> {
    let mut tags = Vec::new();
    let mut query = None;
    for _ in 0..PAGES {
        let page = remote.tags(query.as_deref()).await?;
        tags.extend(page.tags);
        match page.next {
            // The same page again would be the same for ever.
            Some(next) if query.as_ref() != Some(&next) => query = Some(next),
            _ => break,
        }
    }
    Ok(tags)
}
