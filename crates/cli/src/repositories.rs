//! `onionskin repositories`: the repositories of a registry.

use onionskin_core::report::catalog::RepositoriesReport;
use onionskin_core::source::registry::{self, whole_list};

use crate::image::with_login;
use crate::output::{Inputs, OutputArguments};
use crate::pages::Names;
use crate::registry::RegistryArguments;

/// List the repositories of a registry, in the order of the registry
///
/// Not every registry supports this; public ones such as Docker Hub do not.
#[derive(clap::Args)]
#[command(after_help = with_login!("Examples:
  onionskin repositories registry.example.com
  onionskin repositories localhost:5000 --json"))]
pub(crate) struct Arguments {
    /// The registry's host, such as registry.example.com:5000
    #[arg(value_name = "REGISTRY")]
    host: String,

    #[command(flatten)]
    registry: RegistryArguments,

    #[command(flatten)]
    output: OutputArguments,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let domain = registry::domain(&arguments.host)?;
    let mut inputs = Inputs::default();
    arguments.registry.inputs(&mut inputs);
    let output = arguments.output.open(&inputs)?;
    let repositories = arguments
        .registry
        .ask(&domain, async |client| {
            let registry = client.registry(&domain)?;
            let what = format!("the list of repositories of {domain}");
            whole_list(&what, async |query| {
                let page = registry.repositories(query).await?;
                Ok((page.repositories, page.next))
            })
            .await
        })
        .await?;
    Names::from(repositories).print(arguments.output.format(), &output, |repositories| {
        RepositoriesReport::new(domain, repositories)
    })
}
