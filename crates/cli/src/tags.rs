//! `onionskin tags`: the tags of a repository.

use anyhow::bail;
use onionskin_core::reference::Reference;
use onionskin_core::report::catalog::TagsReport;
use onionskin_core::source::Locator;
use onionskin_core::source::registry::{Client, whole_list};

use crate::image::with_login;
use crate::output::{Inputs, OutputArguments};
use crate::pages::Names;
use crate::registry::RegistryArguments;

/// List the tags of a repository, in the order of the registry
#[derive(clap::Args)]
#[command(after_help = with_login!("Examples:
  onionskin tags nginx
  onionskin tags registry.example.com/team/app --json"))]
pub(crate) struct Arguments {
    /// The repository, as in nginx or registry.example.com/team/app
    repository: String,

    #[command(flatten)]
    registry: RegistryArguments,

    #[command(flatten)]
    output: OutputArguments,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let locator = Locator::in_registry(&arguments.repository)?;
    let Locator::Registry(reference) = &locator else {
        bail!(
            "{} is a saved image; only repositories in registries have tags to list",
            arguments.repository
        );
    };
    let mut inputs = Inputs::default();
    arguments.registry.inputs(&mut inputs);
    let output = arguments.output.open(&inputs)?;
    let tags = of(reference, &arguments.registry).await?;
    tags.print(arguments.output.format(), &output, |tags| {
        TagsReport::new(reference.name(), tags)
    })
}

/// The tags of a repository.
pub(crate) async fn of(
    repository: &Reference,
    registry: &RegistryArguments,
) -> anyhow::Result<Names> {
    let question = async |client: &Client| {
        let remote = client.open(repository)?;
        let what = format!("the tag list of {}", repository.name());
        whole_list(&what, async |query| {
            let page = remote.tags(query).await?;
            Ok((page.tags, page.next))
        })
        .await
    };
    let list = registry.ask(repository.domain(), question).await?;
    Ok(list.into())
}
