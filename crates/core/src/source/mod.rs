//! Where images come from: registries and archives, alike in what they give.
//!
//! A [`Source`] opens an [`Image`] (its documents) and streams its layers as chunks of bytes ([`BlobStream`]).

pub mod archive;
mod credentials;
mod error;
mod image;
mod locator;
mod portable;
pub mod registry;
mod stream;

pub use credentials::Credentials;
pub use error::{RetryAfter, SourceError, Unreachable};
pub use image::{Image, Layer};
pub use locator::{Locator, LocatorError};
pub use portable::{BoxFuture, MaybeSend, MaybeSync};
pub use stream::BlobStream;

use crate::platform::Platform;

/// One place that holds an image.
#[derive(Clone, Debug)]
pub enum Source {
    /// A repository of a registry, and which of its images.
    Registry(registry::Remote),
    /// An archive as `docker save` makes it.
    DockerArchive(archive::docker::DockerArchive),
}

impl Source {
    /// What `locator` names; registries are asked through `client`.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn of(locator: &Locator, client: &registry::Client) -> Result<Self, SourceError> {
        match locator {
            Locator::Registry(reference) => client.open(reference).map(Self::Registry),
            Locator::DockerArchive { path, reference } => {
                let archive = archive::docker::DockerArchive::file(path, reference.clone())?;
                Ok(Self::DockerArchive(archive))
            }
        }
    }

    /// Reads the image's documents; of an index the image for `platform`, without which it is linux/amd64, or
    /// the first there is.
    pub async fn image(&self, platform: Option<&Platform>) -> Result<Image, SourceError> {
        match self {
            Self::Registry(remote) => remote.image(platform).await,
            Self::DockerArchive(archive) => archive.image(platform).await,
        }
    }

    /// Streams a layer of an image that this source, or one like it, opened. Its digest is left to who decodes
    /// it, or to [`BlobStream::verified`].
    pub async fn layer(&self, layer: &Layer) -> Result<BlobStream, SourceError> {
        match self {
            Self::Registry(remote) => remote.layer(layer).await,
            Self::DockerArchive(archive) => archive.layer(layer),
        }
    }
}
