//! The image that a command is about: which one, how it is reached, and its layers decoded.

use std::env;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use onionskin_core::layer::{Budget, LayerIndex};
use onionskin_core::platform::Platform;
use onionskin_core::reference::Reference;
use onionskin_core::report::link::InFile;
use onionskin_core::source::registry::Client;
use onionskin_core::source::{BlobStream, Image, Layer, Locator, Source};
use onionskin_core::stack::Stack;

use crate::decode::{Decoded, decode};
use crate::limits::LimitArguments;
use crate::progress::Progress;
use crate::registry::{NamedBy, RegistryArguments};

/// Bytes on disk that the user should know of.
const MUCH: u64 = 256 << 20;

/// The arguments of every command about an image.
#[derive(clap::Args)]
pub(crate) struct ImageArguments {
    /// A reference such as nginx:1.27, the path of a saved image or layout, or `-` for one on standard input
    ///
    /// Prefixes say which is meant: docker://REFERENCE, docker-archive:PATH[:NAME], oci-archive:PATH[:NAME],
    /// oci:FOLDER[:NAME], dir:FOLDER, docker-daemon:REFERENCE, podman:REFERENCE. NAME is one of the names in it, or @0, @1 … by
    /// its place; PATH may be - for standard input, and archives may be compressed.
    #[arg(value_name = "IMAGE")]
    pub(crate) image: String,

    /// Which image of a multi-platform one [default: linux/amd64, or the first there is]
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    platform: Option<Platform>,

    #[command(flatten)]
    registry: RegistryArguments,

    #[command(flatten)]
    limits: LimitArguments,

    /// Read nothing from and keep nothing in a cache on disk
    #[arg(long)]
    no_cache: bool,
}

/// An image whose documents are read.
pub(crate) struct Opened {
    pub(crate) image: Image,
    source: Source,
    locator: Locator,
    budget: Arc<Budget>,
}

impl ImageArguments {
    /// Finds the image and reads its documents.
    pub(crate) async fn open(&self) -> anyhow::Result<Opened> {
        self.open_other(&self.image).await
    }

    /// The same for another image that the user named.
    pub(crate) async fn open_other(&self, image: &str) -> anyhow::Result<Opened> {
        self.open_at(image, None).await
    }

    /// The same for another image, with a platform of its own where it has one.
    pub(crate) async fn open_at(
        &self,
        image: &str,
        platform: Option<&Platform>,
    ) -> anyhow::Result<Opened> {
        self.open_named_by(NamedBy::User, image, platform).await
    }

    /// The same for an image of a registry that the image names, by its reference.
    pub(crate) async fn open_base(&self, base: &Reference) -> anyhow::Result<Opened> {
        let own = self.image.parse();
        let named_by = match &own {
            // The user named this registry.
            Ok(Locator::Registry(own)) if own.domain() == base.domain() => NamedBy::User,
            _ => NamedBy::Image,
        };
        let base = format!("docker://{base}");
        self.open_named_by(named_by, &base, None).await
    }

    async fn open_named_by(
        &self,
        named_by: NamedBy,
        image: &str,
        platform: Option<&Platform>,
    ) -> anyhow::Result<Opened> {
        // Nothing is cached yet, so there is nothing to leave alone.
        let _ = self.no_cache;
        let budget = self.limits.begin();
        let locator: Locator = image.parse()?;
        let platform = platform.or(self.platform.as_ref());
        if let Locator::Registry(reference) = &locator {
            let open = async |client: &Client| {
                let source = Source::of(&locator, client)?;
                let image = source.image(platform).await?;
                let locator = locator.clone();
                Ok(Opened {
                    image,
                    source,
                    locator,
                    budget: Arc::clone(&budget),
                })
            };
            let domain = reference.domain();
            return self.registry.ask_named_by(named_by, domain, open).await;
        }
        let source = saved(&locator)?;
        let image = source.image(platform).await?;
        Ok(Opened {
            image,
            source,
            locator,
            budget,
        })
    }
}

/// The source of an image that is in no registry.
pub(crate) fn saved(locator: &Locator) -> anyhow::Result<Source> {
    match locator {
        Locator::Input(reference) => input(reference.clone()),
        _ => Ok(Source::saved(locator)?),
    }
}

/// A saved image from standard input. It is kept on disk while we run, which is said when it takes much room.
fn input(reference: Option<String>) -> anyhow::Result<Source> {
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
    Ok(Source::input(stdin.lock(), reference, told)?)
}

impl Opened {
    /// The file or the folder that it is in, where it is in one that has a name.
    pub(crate) fn in_file(&self) -> Option<InFile<'_>> {
        let (path, reference) = match &self.locator {
            Locator::Archive {
                path, reference, ..
            }
            | Locator::Layout { path, reference } => (path, reference.as_deref()),
            Locator::Directory { path } => (path, None),
            _ => return None,
        };
        Some(InFile {
            name: path.file_name()?.to_str()?,
            image: reference,
        })
    }

    /// Decodes some of the image's layers, with a bar for each.
    pub(crate) async fn decode(&self, layers: &[Layer]) -> anyhow::Result<Vec<Decoded>> {
        let progress = Progress::new(self.image.layers.len());
        let open = |layer| self.source.layer(layer);
        decode(layers, &progress, &self.budget, open).await
    }

    /// Streams the blob of a layer, counted from 1.
    pub(crate) async fn layer(&self, number: usize) -> anyhow::Result<BlobStream> {
        Ok(self.source.layer(self.numbered(number)?).await?)
    }

    /// Decodes some of the image's layers and puts them on each other.
    pub(crate) async fn stack(&self, layers: &[Layer]) -> anyhow::Result<Stack> {
        let mut stack = Stack::new();
        for decoded in self.decode(layers).await? {
            match decoded {
                Decoded::Read(index) => stack.push(index)?,
                Decoded::NotFetched(reason) => stack.push_not_fetched(reason)?,
            }
        }
        Ok(stack)
    }

    /// Decodes one layer, counted from 1, which has to be there.
    pub(crate) async fn decode_one(&self, number: usize) -> anyhow::Result<Arc<LayerIndex>> {
        let layer = self.numbered(number)?;
        match self.decode(std::slice::from_ref(layer)).await?.pop() {
            Some(Decoded::Read(index)) => Ok(index),
            Some(Decoded::NotFetched(reason)) => {
                bail!("layer {number} is not available ({reason})")
            }
            None => bail!("there is no layer {number}"),
        }
    }

    fn numbered(&self, number: usize) -> anyhow::Result<&Layer> {
        let layer = number
            .checked_sub(1)
            .and_then(|at| self.image.layers.get(at));
        layer.with_context(|| format!("there is no layer {number}"))
    }
}
