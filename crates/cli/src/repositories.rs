//! `onionskin repositories`: what a registry has, where it says so.

use onionskin_core::source::registry;

use crate::output::OutputArguments;
use crate::pages;
use crate::registry::RegistryArguments;

/// List the repositories of a registry, in its order
///
/// Registries need not have such a list; public ones, Docker Hub among them, have none for anybody.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  onionskin repositories registry.example.com
  onionskin repositories localhost:5000 --format json")]
pub(crate) struct Arguments {
    /// The registry's host, as in registry.example.com:5000
    #[arg(value_name = "REGISTRY")]
    host: String,

    #[command(flatten)]
    registry: RegistryArguments,

    #[command(flatten)]
    output: OutputArguments,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let domain = registry::domain(&arguments.host)?;
    let repositories = arguments
        .registry
        .ask(&domain, async |client| {
            let registry = client.registry(&domain)?;
            let what = format!("the list of repositories of {domain}");
            pages::all(&what, async |query| {
                let page = registry.repositories(query).await?;
                Ok((page.repositories, page.next))
            })
            .await
        })
        .await?;
    repositories.print(&arguments.output)
}
