//! How registries are reached: whom to trust, and as whom.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use clap::ArgAction;
use onionskin_core::source::registry::{
    AllowedHost, Client, ClientOptions, Guard, KeepDocuments, Notices, PublicAddresses,
    http_client, is_loopback, proxy_hosts, proxy_variables, reqwest, through_proxies, without_port,
};
use onionskin_core::source::{Keychain, SourceError, Unreachable};

use crate::output::{self, Inputs};

/// The flags of every command that may ask a registry.
#[derive(clap::Args)]
pub(crate) struct RegistryArguments {
    /// With false, accept the image's registry without a valid certificate, or without TLS
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

    /// Certificates (PEM) to trust in addition to the system's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    /// A private host that the registry may use for tokens and blobs; can be repeated
    ///
    /// A registry that you name may have a private address. Its token server and its redirects must be the registry
    /// itself (the same host and port) or have public addresses, unless their hosts are given here. For a blob store
    /// next to a local registry: http://localhost:9000.
    #[arg(long = "allow-host", value_name = "HOST[:PORT]|URL")]
    allowed_hosts: Vec<AllowedHost>,
}

/// Who named a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NamedBy {
    /// The user did.
    User,
    /// An image did, in a registry that the user named: it is asked for without log-in.
    ImageInRegistry,
    /// An image did, and its registry: then that has to be public, and is asked without log-in.
    Image,
}

/// How a registry is spoken to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Tls,
    Plain,
}

impl RegistryArguments {
    /// The files that are read for it.
    pub(crate) fn inputs(&self, inputs: &mut Inputs) {
        self.ca_file.iter().for_each(|file| inputs.file(file));
    }

    /// Asks the registry at `domain`, which the user named, for something, as the user of this machine.
    pub(crate) async fn ask<T>(
        &self,
        domain: &str,
        question: impl AsyncFn(&Client) -> Result<T, SourceError>,
    ) -> anyhow::Result<T> {
        self.ask_named_by(NamedBy::User, domain, None, question)
            .await
    }

    /// Asks the registry at `domain` for something, but not for documents that are `kept` of one that the user named.
    ///
    /// A registry on this machine, and one whose certificate the user does not want checked, may not support TLS;
    /// plain http is tried where TLS fails. That is for registries that the user named.
    pub(crate) async fn ask_named_by<T>(
        &self,
        named_by: NamedBy,
        domain: &str,
        kept: Option<Arc<dyn KeepDocuments>>,
        question: impl AsyncFn(&Client) -> Result<T, SourceError>,
    ) -> anyhow::Result<T> {
        let may_be_plain =
            named_by != NamedBy::Image && (!self.tls_verify || is_loopback(without_port(domain)));
        // Where it is not known whether a registry supports TLS, it is asked for the documents to find out.
        let kept = kept.filter(|_| named_by == NamedBy::User && !may_be_plain);
        // A certificate that is not trusted is that of a server which supports TLS.
        let unspoken = |problem: &Unreachable| {
            may_be_plain && matches!(problem, Unreachable::NotTls | Unreachable::Other(_))
        };
        // Reading the system's certificates takes its time.
        let http = self.http(Certificates::Checked)?;
        let guard = self.guard(named_by)?;
        let client = |speech| {
            self.client(
                http.clone(),
                guard.clone(),
                named_by,
                domain,
                speech,
                kept.clone(),
            )
        };
        // An image cannot say that its registry is to be asked without TLS; the user can, in allowing it.
        if named_by == NamedBy::Image && self.allows_plain(domain) {
            return question(&client(Scheme::Plain)?).await.map_err(told);
        }
        match question(&client(Scheme::Tls)?).await {
            Err(SourceError::Unreachable { host, problem }) if unspoken(&problem) => {
                let answer = question(&client(Scheme::Plain)?).await;
                let it_is_tls = match &answer {
                    // It has shown that it does not.
                    _ if problem == Unreachable::NotTls => false,
                    Err(SourceError::Unreachable { .. }) => true,
                    // So servers answer plain http where they speak TLS.
                    Err(SourceError::Answer { status: 400, .. }) => true,
                    _ => false,
                };
                match it_is_tls {
                    true => Err(told(SourceError::Unreachable { host, problem })),
                    false => answer.map_err(told),
                }
            }
            answer => answer.map_err(told),
        }
    }

    fn allows_plain(&self, domain: &str) -> bool {
        let plain = format!("http://{domain}").parse();
        plain.is_ok_and(|plain| self.allowed_hosts.contains(&plain))
    }

    fn client(
        &self,
        http: reqwest::Client,
        guard: Guard,
        named_by: NamedBy,
        domain: &str,
        speech: Scheme,
        kept: Option<Arc<dyn KeepDocuments>>,
    ) -> anyhow::Result<Client> {
        let mut options = ClientOptions {
            keychain: (named_by == NamedBy::User).then(Keychain::of_user),
            guard: Some(guard),
            tls_on_loopback: true,
            notices: Some(Arc::new(OnStandardError)),
            kept,
            ..ClientOptions::default()
        };
        if speech == Scheme::Plain {
            options.plain_http.insert(domain.to_owned());
        } else if !self.tls_verify && named_by != NamedBy::Image {
            let domains = [domain.to_owned()].into();
            options.unchecked = Some((domains, self.http(Certificates::Any)?));
        }
        Ok(Client::new(http, options))
    }

    /// The hosts that may be contacted, and the client for those that nobody named.
    fn guard(&self, named_by: NamedBy) -> anyhow::Result<Guard> {
        let proxies = proxy_hosts();
        let addresses = PublicAddresses::behind_proxies(&proxies);
        let public = self.built(|| http_client().dns_resolver(addresses.clone()))?;
        let allowed = self.allowed_hosts.clone();
        let guard = match named_by {
            NamedBy::User | NamedBy::ImageInRegistry => Guard::of_user(allowed, public),
            NamedBy::Image => Guard::of_image(allowed, public),
        };
        Ok(guard.behind_proxies(proxies).looking_up())
    }

    fn http(&self, certificates: Certificates) -> anyhow::Result<reqwest::Client> {
        let any = certificates == Certificates::Any;
        self.built(|| http_client().tls_danger_accept_invalid_certs(any))
    }

    /// The client, through the proxies of the environment and with the certificates to trust.
    fn built(
        &self,
        client: impl Fn() -> reqwest::ClientBuilder,
    ) -> anyhow::Result<reqwest::Client> {
        let given = match &self.ca_file {
            Some(path) => certificates_in(path)?,
            None => Vec::new(),
        };
        let client = || through_proxies(client());
        let without_system = client()?;
        // Where the system has no certificates, only those given are trusted; archives need none.
        client()?
            .tls_certs_merge(given.clone())
            .build()
            .or_else(|_| without_system.tls_certs_only(given).build())
            .context("cannot set up TLS for connections to registries")
    }
}

/// Says what happens on the way to an answer, and waits where a registry asks for it.
struct OnStandardError;

impl Notices for OnStandardError {
    fn warning(&self, text: &str) {
        output::note(format_args!("warning: {text}"));
    }

    fn wait(&self, host: &str, status: u16, seconds: u64) -> bool {
        let when = match seconds {
            0 => String::new(),
            1 => " in 1 second".to_owned(),
            more => format!(" in {more} seconds"),
        };
        output::note(format_args!(
            "{host} answered {status} and asks to wait; trying again{when}"
        ));
        true
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
    let unusable = || format!("cannot read certificates from {}", path.display());
    let pem = fs::read(path).with_context(unusable)?;
    let found = reqwest::Certificate::from_pem_bundle(&pem).with_context(unusable)?;
    ensure!(
        !found.is_empty(),
        "{}: no certificate in PEM format",
        path.display()
    );
    Ok(found)
}

/// Where a proxy stands between, it may be what does not answer.
fn told(error: SourceError) -> anyhow::Error {
    let variables = proxy_variables();
    match error {
        SourceError::Unreachable { .. } if !variables.is_empty() => {
            let through = format!(
                "{error} (through the proxy in {}, unless NO_PROXY excludes it)",
                variables.join(" or ")
            );
            // The error stays a cause, so that its advice is given.
            anyhow::Error::new(error).context(through)
        }
        error => error.into(),
    }
}
