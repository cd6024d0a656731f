//! How registries are reached: whom to trust, and as whom.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::ArgAction;
use onionskin_core::source::registry::{Client, Options, http_client, reqwest};
use onionskin_core::source::{Keychain, SourceError, Unreachable};

/// The flags of every command that may ask a registry.
#[derive(clap::Args)]
pub(crate) struct RegistryArguments {
    /// With =false, accept a registry without a valid certificate, or without TLS
    #[arg(
        long,
        value_name = "true|false",
        default_value_t = true,
        default_missing_value = "true",
        num_args = 0..=1,
        require_equals = true,
        hide_default_value = true,
        action = ArgAction::Set
    )]
    tls_verify: bool,

    /// Certificates (PEM) to trust beside the system's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

/// As the user of this machine.
fn options() -> Options {
    Options {
        keychain: Some(Keychain::of_user()),
        ..Options::default()
    }
}

impl RegistryArguments {
    /// Asks the registry at `domain` for something. What speaks no TLS can only be asked without it, which is
    /// done once the user has said that this is no matter.
    pub(crate) async fn ask<T>(
        &self,
        domain: &str,
        question: impl AsyncFn(&Client) -> Result<T, SourceError>,
    ) -> anyhow::Result<T> {
        match question(&self.client()?).await {
            Err(SourceError::Unreachable {
                problem: Unreachable::Tls(_),
                ..
            }) if !self.tls_verify => {
                let options = Options {
                    plain_http: [domain.to_owned()].into(),
                    ..options()
                };
                let client = Client::new(self.http()?, options);
                Ok(question(&client).await?)
            }
            answer => Ok(answer?),
        }
    }

    /// A client for registries, over TLS.
    pub(crate) fn client(&self) -> anyhow::Result<Client> {
        Ok(Client::new(self.http()?, options()))
    }

    fn http(&self) -> anyhow::Result<reqwest::Client> {
        let mut certificates = Vec::new();
        if let Some(path) = &self.ca_file {
            let unusable = || format!("cannot take certificates from {}", path.display());
            let pem = fs::read(path).with_context(unusable)?;
            certificates = reqwest::Certificate::from_pem_bundle(&pem).with_context(unusable)?;
        }
        let client = || http_client().tls_danger_accept_invalid_certs(!self.tls_verify);
        // Where the system has no certificates, only those given are trusted; archives need none.
        client()
            .tls_certs_merge(certificates.clone())
            .build()
            .or_else(|_| client().tls_certs_only(certificates).build())
            .context("cannot set up TLS for connections to registries")
    }
}
