//! The image that a command is about: which one, how it is reached, and its layers decoded.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::{env, fs};

use anyhow::{Context as _, ensure};
use clap::ArgAction;
use onionskin_core::layer::LayerIndex;
use onionskin_core::platform::Platform;
use onionskin_core::source::registry::{Client, Options, http_client, reqwest};
use onionskin_core::source::{Image, Layer, Locator, Source, SourceError, Unreachable};
use onionskin_core::stack::Stack;

use crate::decode::decode;
use crate::progress::Progress;

/// Bytes on disk that the user should know of.
const MUCH: u64 = 256 << 20;

/// The arguments of every command about an image.
#[derive(clap::Args)]
pub(crate) struct ImageArguments {
    /// A reference such as nginx:1.27, the path of a saved image or layout, or `-` for one on standard input
    ///
    /// Prefixes say which is meant: docker://REFERENCE, docker-archive:PATH[:NAME], oci-archive:PATH[:NAME],
    /// oci:FOLDER[:NAME]. NAME is one of the names in it, or @0, @1 … by its place. Archives may be compressed.
    #[arg(value_name = "IMAGE")]
    pub(crate) image: String,

    /// Which image of a multi-platform one [default: linux/amd64, or the first there is]
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    platform: Option<Platform>,

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

    /// Read nothing from and keep nothing in a cache on disk
    #[arg(long)]
    no_cache: bool,
}

/// An image whose documents are read.
pub(crate) struct Opened {
    pub(crate) image: Image,
    source: Source,
}

impl ImageArguments {
    /// Finds the image and reads its documents.
    pub(crate) async fn open(&self) -> anyhow::Result<Opened> {
        let locator: Locator = self.image.parse()?;
        let http = self.http()?;
        let client = Client::new(http.clone(), Options::default());
        let source = match &locator {
            Locator::Input => input()?,
            _ => Source::of(&locator, &client)?,
        };
        match (source.image(self.platform.as_ref()).await, &locator) {
            // What speaks no TLS can only be asked without it, once the user has said that this is no matter.
            (
                Err(SourceError::Unreachable {
                    problem: Unreachable::Tls(_),
                    ..
                }),
                Locator::Registry(reference),
            ) if !self.tls_verify => {
                let options = Options {
                    plain_http: [reference.domain().to_owned()].into(),
                    ..Options::default()
                };
                let source = Source::of(&locator, &Client::new(http, options))?;
                let image = source.image(self.platform.as_ref()).await?;
                Ok(Opened { image, source })
            }
            (image, _) => Ok(Opened {
                image: image?,
                source,
            }),
        }
    }

    fn http(&self) -> anyhow::Result<reqwest::Client> {
        // Nothing is cached yet, so there is nothing to leave alone.
        let _ = self.no_cache;
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

/// A saved image from standard input. It is kept on disk while we run, which is said when it takes much room.
fn input() -> anyhow::Result<Source> {
    let stdin = io::stdin();
    ensure!(
        !stdin.is_terminal(),
        "standard input is a terminal; send a saved image to it, as in `docker save app | onionskin inspect -`"
    );
    let mut said = false;
    let told = |bytes| {
        if bytes >= MUCH && !said {
            said = true;
            let folder = env::temp_dir();
            // Whoever does not listen does not need to know.
            let _ = writeln!(
                io::stderr(),
                "onionskin: standard input is large; it is kept in a temporary file in {}",
                folder.display()
            );
        }
    };
    Ok(Source::input(stdin.lock(), told)?)
}

impl Opened {
    /// Decodes some of the image's layers, with a bar for each.
    pub(crate) async fn decode(&self, layers: &[Layer]) -> anyhow::Result<Vec<LayerIndex>> {
        let progress = Progress::new(self.image.layers.len());
        decode(layers, &progress, async |layer| {
            Ok(self.source.layer(layer).await?)
        })
        .await
    }

    /// Decodes the image's first layers and puts them on each other.
    pub(crate) async fn stack(&self, layers: &[Layer]) -> anyhow::Result<Stack> {
        let mut stack = Stack::new();
        for index in self.decode(layers).await? {
            stack.push(index)?;
        }
        Ok(stack)
    }
}
