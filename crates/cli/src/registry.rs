//! How registries are reached: whom to trust, and as whom.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, ensure};
use clap::ArgAction;
use onionskin_core::source::registry::{
    Client, Options, http_client, is_loopback, proxy_variables, reqwest, through_proxies,
    without_port,
};
use onionskin_core::source::{Keychain, SourceError, Unreachable};

/// The flags of every command that may ask a registry.
#[derive(clap::Args)]
pub(crate) struct RegistryArguments {
    /// With =false, accept the image's registry without a valid certificate, or without TLS
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

/// How a registry is spoken to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Speech {
    Tls,
    Plain,
}

impl RegistryArguments {
    /// Asks the registry at `domain` for something, as the user of this machine.
    ///
    /// A registry on this machine, and one that the user trusts without proof, may speak no TLS; that is tried where
    /// TLS fails.
    pub(crate) async fn ask<T>(
        &self,
        domain: &str,
        question: impl AsyncFn(&Client) -> Result<T, SourceError>,
    ) -> anyhow::Result<T> {
        let may_be_plain = !self.tls_verify || is_loopback(without_port(domain));
        let unspoken = |problem: &Unreachable| {
            may_be_plain && matches!(problem, Unreachable::Tls(_) | Unreachable::Other(_))
        };
        // Reading the system's certificates takes its time.
        let http = self.http(Certificates::Checked)?;
        match question(&self.client(http.clone(), domain, Speech::Tls)?).await {
            Err(SourceError::Unreachable { host, problem }) if unspoken(&problem) => {
                match question(&self.client(http, domain, Speech::Plain)?).await {
                    // Then it was TLS that failed. 400 is what servers say to http where they speak TLS.
                    Err(
                        SourceError::Unreachable { .. } | SourceError::Answer { status: 400, .. },
                    ) => Err(told(SourceError::Unreachable { host, problem })),
                    answer => Ok(answer?),
                }
            }
            answer => answer.map_err(told),
        }
    }

    fn client(
        &self,
        http: reqwest::Client,
        domain: &str,
        speech: Speech,
    ) -> anyhow::Result<Client> {
        let mut options = Options {
            keychain: Some(Keychain::of_user()),
            tls_on_loopback: true,
            ..Options::default()
        };
        if speech == Speech::Plain {
            options.plain_http.insert(domain.to_owned());
        } else if !self.tls_verify {
            let domains = [domain.to_owned()].into();
            options.unchecked = Some((domains, self.http(Certificates::Any)?));
        }
        Ok(Client::new(http, options))
    }

    fn http(&self, certificates: Certificates) -> anyhow::Result<reqwest::Client> {
        let given = match &self.ca_file {
            Some(path) => certificates_in(path)?,
            None => Vec::new(),
        };
        let client = || {
            let any = certificates == Certificates::Any;
            through_proxies(http_client().tls_danger_accept_invalid_certs(any))
        };
        let without_system = client()?;
        // Where the system has no certificates, only those given are trusted; archives need none.
        client()?
            .tls_certs_merge(given.clone())
            .build()
            .or_else(|_| without_system.tls_certs_only(given).build())
            .context("cannot set up TLS for connections to registries")
    }
}

/// Which certificates of servers are taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Certificates {
    Checked,
    Any,
}

/// The certificates (PEM) in a file.
pub(crate) fn certificates_in(path: &Path) -> anyhow::Result<Vec<reqwest::Certificate>> {
    let unusable = || format!("cannot take certificates from {}", path.display());
    let pem = fs::read(path).with_context(unusable)?;
    let found = reqwest::Certificate::from_pem_bundle(&pem).with_context(unusable)?;
    ensure!(
        !found.is_empty(),
        "{}: there is no certificate in PEM form in it",
        path.display()
    );
    Ok(found)
}

/// Where a proxy stands between, it may be what does not answer.
fn told(error: SourceError) -> anyhow::Error {
    let variables = proxy_variables();
    match error {
        SourceError::Unreachable { .. } if !variables.is_empty() => anyhow!(
            "{error}; it is asked through the proxy in {}, unless NO_PROXY excepts it",
            variables.join(" or ")
        ),
        error => error.into(),
    }
}
