//! Where images come from: registries and archives, alike in what they give.
//!
//! A [`Source`] opens an [`Image`] (its documents) and streams its layers as chunks of bytes ([`BlobStream`]).

pub mod archive;
mod artifact;
mod credentials;
mod documents;
#[cfg(not(target_arch = "wasm32"))]
pub mod engine;
mod error;
mod fetched;
mod image;
mod locator;
mod open;
mod platforms;
mod portable;
mod recorded;
pub mod registry;
mod saved;
mod soci;
mod stream;
mod table;
#[cfg(not(target_arch = "wasm32"))]
mod temporary;

pub use artifact::{Artifact, ArtifactFile};
pub use credentials::Credentials;
#[cfg(not(target_arch = "wasm32"))]
pub use credentials::{FoundCredentials, Keychain, KeychainError, stored_in};
pub use documents::Documents;
pub use error::{Origin, RetryAfter, SourceError, Unreachable};
pub use image::{Attestation, BlobId, Image, Layer};
pub use locator::{ForeignPrefix, Locator, LocatorError, MissingPart, not_in_registry};
pub use onionskin_layers::stack::NotFetched;
pub use portable::{BoxFuture, MaybeSend, MaybeSync};
pub use recorded::RecordError;
pub use stream::BlobStream;
pub use table::LISTED_FILES;
#[cfg(not(target_arch = "wasm32"))]
pub use temporary::{TemporaryFile, TemporaryLimit};

use std::ops::Range;

use crate::platform::Platform;

/// One place that holds an image.
#[derive(Clone, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "there are as many sources as images, and they are moved a few times"
)]
pub enum Source {
    /// A repository of a registry, and which of its images.
    Registry(registry::Remote),
    /// A saved file, or the folder of an OCI layout or of skopeo's `dir:`.
    Archive(std::sync::Arc<dyn Saved>),
    /// An engine on this machine.
    #[cfg(not(target_arch = "wasm32"))]
    Engine(engine::Engine),
}

/// An [`archive::Archive`], behind what keeps a program that opens none from being linked with what reads them.
pub trait Saved: std::fmt::Debug + MaybeSend + MaybeSync {
    /// See [`Source::image`].
    fn image<'s>(
        &'s self,
        platform: Option<&'s Platform>,
    ) -> BoxFuture<'s, Result<Image, SourceError>>;
    /// See [`Source::layer`].
    fn layer(&self, layer: &Layer) -> Result<BlobStream, SourceError>;
    /// See [`Source::layer_part`].
    fn layer_part(&self, layer: &Layer, part: Range<u64>, whole: u64) -> Option<BlobStream>;
    /// See [`Source::repository`].
    #[cfg(not(target_arch = "wasm32"))]
    fn repository(&self) -> BoxFuture<'_, Result<archive::ArchiveRepository, SourceError>>;
}

impl Saved for archive::Archive {
    fn image<'s>(
        &'s self,
        platform: Option<&'s Platform>,
    ) -> BoxFuture<'s, Result<Image, SourceError>> {
        Box::pin(self.image(platform))
    }

    fn layer(&self, layer: &Layer) -> Result<BlobStream, SourceError> {
        self.layer(layer)
    }

    fn layer_part(&self, layer: &Layer, part: Range<u64>, whole: u64) -> Option<BlobStream> {
        self.layer_part(layer, part, whole)
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn repository(&self) -> BoxFuture<'_, Result<archive::ArchiveRepository, SourceError>> {
        Box::pin(self.repository())
    }
}

impl From<archive::Archive> for Source {
    fn from(archive: archive::Archive) -> Self {
        #[allow(
            clippy::arc_with_non_send_sync,
            reason = "in a browser an archive stays on the thread that opened it"
        )]
        let archive = std::sync::Arc::new(archive);
        Self::Archive(archive)
    }
}

impl Source {
    /// What `locator` names; registries are asked through `client`. Standard input is read to its end, and an
    /// archive that is compressed as a whole unpacked, before this returns.
    ///
    /// # Errors
    /// The file cannot be read or is no saved image, or the registry's host may not be contacted.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn of(locator: &Locator, client: &registry::Client) -> Result<Self, SourceError> {
        match locator {
            Locator::Registry(reference) => client.open(reference).map(Self::Registry),
            _ => Self::saved(locator),
        }
    }

    /// What `locator` names, if it is no registry.
    ///
    /// # Errors
    /// It is in a registry, or the file cannot be read or is no saved image.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn saved(locator: &Locator) -> Result<Self, SourceError> {
        use archive::Archive;
        match locator {
            Locator::Registry(reference) => Err(SourceError::Archive {
                path: reference.to_string(),
                problem: "it is in a registry, not a saved image".to_owned(),
            }),
            Locator::Archive {
                path,
                form,
                reference,
            } => Archive::file(path, *form, reference.clone()).map(Self::from),
            Locator::Layout { path, reference } => {
                Ok(Archive::folder(path, reference.clone()).into())
            }
            Locator::Directory { path } => Ok(Archive::directory(path).into()),
            Locator::Engine { kind, image } => {
                Ok(Self::Engine(engine::Engine::new(*kind, image.clone())))
            }
            Locator::Input { form, reference } => {
                Self::input(std::io::stdin().lock(), *form, reference.clone(), |_| {})
            }
        }
    }

    /// A saved image from a stream, which is copied to a temporary file; `told` is told how many bytes are there. Of
    /// several images `reference` says which.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn input(
        from: impl std::io::Read,
        form: archive::Form,
        reference: Option<String>,
        told: impl FnMut(u64),
    ) -> Result<Self, SourceError> {
        let path = "standard input".to_owned();
        match archive::spool(from, told) {
            Ok(file) if archive::ReadAt::size(&file) == 0 => Err(SourceError::Archive {
                path,
                problem: "it is empty; look at what the command before this one says".to_owned(),
            }),
            Ok(file) => {
                let file = std::sync::Arc::new(file);
                let archive = archive::Archive::new(path, file, form, reference);
                Ok(archive.into())
            }
            Err(problem) => Err(SourceError::Archive { path, problem }),
        }
    }

    /// Reads the image's documents; of an index the image for `platform`, without which it is linux/amd64, or
    /// the first there is.
    ///
    /// # Errors
    /// The image is not found, may not be read, has no such platform, is an artifact that is no image, or a document of it is
    /// damaged.
    pub async fn image(&self, platform: Option<&Platform>) -> Result<Image, SourceError> {
        match self {
            Self::Registry(remote) => remote.image(platform).await,
            Self::Archive(archive) => archive.image(platform).await,
            #[cfg(not(target_arch = "wasm32"))]
            Self::Engine(engine) => engine.archive().await?.image(platform).await,
        }
    }

    /// The image for reading by digest, if it is no registry's.
    ///
    /// # Errors
    /// As of [`Self::image`].
    #[cfg(not(target_arch = "wasm32"))]
    pub async fn repository(&self) -> Result<Option<archive::ArchiveRepository>, SourceError> {
        match self {
            Self::Registry(_) => Ok(None),
            Self::Archive(archive) => archive.repository().await.map(Some),
            Self::Engine(engine) => engine.archive().await?.repository().await.map(Some),
        }
    }

    /// Streams a layer of an image that this source, or one like it, opened. Its digest is left to who decodes
    /// it, or to [`BlobStream::verified`].
    ///
    /// # Errors
    /// The source does not have the blob or does not give it out, or it is no layer of a kind that is read
    /// ([`SourceError::NotFetched`]).
    pub async fn layer(&self, layer: &Layer) -> Result<BlobStream, SourceError> {
        match self {
            Self::Registry(remote) => remote.layer(layer).await,
            Self::Archive(archive) => archive.layer(layer),
            #[cfg(not(target_arch = "wasm32"))]
            Self::Engine(engine) => engine.archive().await?.layer(layer),
        }
    }

    /// Streams a part of a layer's blob, which has `whole` bytes; None where only the whole is to be had. Whether the bytes
    /// are right is left to who knows that of a part.
    pub async fn layer_part(
        &self,
        layer: &Layer,
        part: Range<u64>,
        whole: u64,
    ) -> Option<BlobStream> {
        match self {
            Self::Registry(remote) => remote.layer_part(layer, part, whole).await,
            Self::Archive(archive) => archive.layer_part(layer, part, whole),
            #[cfg(not(target_arch = "wasm32"))]
            Self::Engine(engine) => {
                let archive = engine.archive().await.ok()?;
                archive.layer_part(layer, part, whole)
            }
        }
    }
}
