//! Images in saved files, read where they lie: the outer tar is walked from header to header, and what its members
//! hold is read only when it is asked for.

mod docker;
mod files;
#[cfg(not(target_arch = "wasm32"))]
mod held;
mod layout;
mod members;
mod read_at;
mod spool;

use std::fmt;
#[cfg(not(target_arch = "wasm32"))]
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures::stream;

use crate::manifest::ManifestError;
use crate::platform::Platform;
use crate::source::image::{Image, Layer, Span};
use crate::source::{BlobStream, SourceError};
use files::{Files, Stored};
use members::{Members, read};

#[cfg(not(target_arch = "wasm32"))]
pub use held::{Blob, Held};
#[cfg(not(target_arch = "wasm32"))]
pub use read_at::FileBytes;
pub use read_at::ReadAt;
pub use spool::Spool;
#[cfg(not(target_arch = "wasm32"))]
pub use spool::spool;

/// Bytes of a layer read at a time.
const CHUNK: u64 = 256 << 10;

/// Bytes at a file's start that tell whether and how it is compressed.
pub const START: usize = 6;

/// How images are laid out in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// As its members say; where both forms are there, Docker's, whose names are the ones that were saved.
    #[default]
    Any,
    /// `manifest.json`, as `docker save` writes it.
    Docker,
    /// `index.json`, the OCI image layout.
    Oci,
}

/// A saved file or folder of images, and which of them is meant.
#[derive(Clone)]
pub struct Archive {
    /// What the user calls it.
    path: String,
    place: Place,
    form: Form,
    reference: Option<String>,
}

/// One of the images that an archive holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// What [`Archive::new`] takes as the reference of this image.
    pub reference: String,
    /// All its names; an image without one has none.
    pub names: Vec<String>,
}

/// Which of the two forms is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Docker,
    Layout,
}

#[derive(Clone)]
enum Place {
    /// A tar.
    Tar(Arc<dyn ReadAt>),
    /// The folder of an OCI layout.
    #[cfg(not(target_arch = "wasm32"))]
    Folder(PathBuf),
}

impl Archive {
    /// A tar whose bytes `source` gives; `path` names it in messages. Of several images, `reference` says
    /// which: one of its names, or `@N` with its place from 0. One that is compressed as a whole
    /// ([`is_compressed`]) goes through a [`Spool`] first.
    #[must_use]
    pub fn new(
        path: String,
        source: Arc<dyn ReadAt>,
        form: Form,
        reference: Option<String>,
    ) -> Self {
        Self {
            path,
            place: Place::Tar(source),
            form,
            reference,
        }
    }

    /// A tar on disk. One that is compressed as a whole is unpacked into a temporary file first.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn file(path: &Path, form: Form, reference: Option<String>) -> Result<Self, SourceError> {
        let name = path.display().to_string();
        let wrong = |problem: String| SourceError::Archive {
            path: name.clone(),
            problem,
        };
        let file = FileBytes::open(path)
            .map_err(|error| wrong(format!("it cannot be opened: {error}")))?;
        if file.size() == 0 {
            return Err(wrong("it is empty".to_owned()));
        }
        let file = spool::unpacked(file).map_err(wrong)?;
        Ok(Self::new(name, Arc::new(file), form, reference))
    }

    /// The folder of an OCI layout.
    #[cfg(not(target_arch = "wasm32"))]
    #[must_use]
    pub fn folder(path: &Path, reference: Option<String>) -> Self {
        Self {
            path: path.display().to_string(),
            place: Place::Folder(path.to_owned()),
            form: Form::Oci,
            reference,
        }
    }

    /// Reads the image's documents. What the archive cannot know is `None`.
    pub async fn image(&self, platform: Option<&Platform>) -> Result<Image, SourceError> {
        let files = self.files().await?;
        match self.inside(&files)? {
            Inside::Layout => layout::image(self, &files, platform).await,
            Inside::Docker => docker::image(self, &files, platform).await,
        }
    }

    /// The images that it holds, in its order; all platforms of one name count as one.
    ///
    /// # Errors
    /// It cannot be read, or is no saved image.
    pub async fn list(&self) -> Result<Vec<Listed>, SourceError> {
        let files = self.files().await?;
        match self.inside(&files)? {
            Inside::Layout => layout::list(self, &files).await,
            Inside::Docker => docker::list(self, &files).await,
        }
    }

    /// Which form is read: the one that was asked for, where it is there.
    fn inside(&self, files: &Files) -> Result<Inside, SourceError> {
        let has = |name| Ok(self.find(files, name)?.is_some());
        match self.form {
            Form::Oci => Ok(Inside::Layout),
            _ if !has("manifest.json")? && has("index.json")? => Ok(Inside::Layout),
            _ => Ok(Inside::Docker),
        }
    }

    /// Streams a layer of an image that this archive opened.
    pub fn layer(&self, layer: &Layer) -> Result<BlobStream, SourceError> {
        layer.check_readable(&self.path)?;
        if let Some(embedded) = layer.embedded(&self.path) {
            return Ok(embedded);
        }
        let what = format!("layer {} of {}", layer.number, self.path);
        let stored = match (&self.place, layer.span, &layer.digest) {
            (Place::Tar(source), Some(span), _) => Some(Stored {
                source: Arc::clone(source),
                span,
            }),
            #[cfg(not(target_arch = "wasm32"))]
            (Place::Folder(path), None, Some(digest)) => {
                let files = Files::Folder(path.clone());
                self.find(&files, &layout::blob(digest))?
            }
            _ => None,
        };
        let Some(stored) = stored else {
            let reason = "it was not saved with the image".to_owned();
            return Err(layer.not_held(what, self.path.clone(), reason));
        };
        let size = layer.compressed_size.unwrap_or(stored.span.size);
        Ok(self.stream(what, stored, size))
    }

    /// Streams what is stored, which has to have `size` bytes.
    fn stream(&self, what: String, stored: Stored, size: u64) -> BlobStream {
        let archive = self.clone();
        let chunks = stream::unfold(Some(stored), move |left| {
            let archive = archive.clone();
            async move {
                let mut left = left.filter(|left| left.span.size > 0)?;
                let size = left.span.size.min(CHUNK);
                let now = Span { size, ..left.span };
                left.span = Span {
                    offset: now.offset + size,
                    size: left.span.size - size,
                };
                match archive.read(&left, now).await {
                    Ok(chunk) => Some((Ok(chunk), Some(left))),
                    Err(error) => Some((Err(error), None)),
                }
            }
        });
        BlobStream::new(what, Some(size), chunks)
    }

    async fn files(&self) -> Result<Files, SourceError> {
        match &self.place {
            Place::Tar(source) => {
                self.refuse_compressed(&**source).await?;
                let members = Members::walk(&**source).await;
                Ok(Files::Tar {
                    source: Arc::clone(source),
                    members: members.map_err(|problem| self.wrong(problem))?,
                })
            }
            #[cfg(not(target_arch = "wasm32"))]
            Place::Folder(path) => Ok(Files::Folder(path.clone())),
        }
    }

    /// What can be unpacked was unpacked on the way here.
    async fn refuse_compressed(&self, source: &dyn ReadAt) -> Result<(), SourceError> {
        let start = source.read_at(0, START).await;
        let start = start.map_err(|error| self.wrong(format!("it cannot be read: {error}")))?;
        match compression(&start) {
            Some((name, tool)) => Err(self.wrong(format!(
                "it is compressed as a whole ({name}), which is not read here; run `{tool}` on it first"
            ))),
            None => Ok(()),
        }
    }

    fn find(&self, files: &Files, name: &str) -> Result<Option<Stored>, SourceError> {
        files.find(name).map_err(|problem| self.wrong(problem))
    }

    /// A file that is small enough to be a document.
    async fn document(&self, stored: &Stored, name: &str) -> Result<Bytes, SourceError> {
        if stored.span.size > crate::limits::DOCUMENT_BYTES as u64 {
            return Err(self.unusable(name, ManifestError::TooLarge));
        }
        self.read(stored, stored.span).await
    }

    async fn read(&self, stored: &Stored, span: Span) -> Result<Bytes, SourceError> {
        let bytes = read(&*stored.source, span.offset, span.size).await;
        bytes.map_err(|problem| self.wrong(problem))
    }

    fn wrong(&self, problem: String) -> SourceError {
        SourceError::Archive {
            path: self.path.clone(),
            problem,
        }
    }

    fn unusable(&self, what: &str, problem: ManifestError) -> SourceError {
        SourceError::Document {
            what: format!("{what} of {}", self.path),
            problem,
        }
    }

    /// The place from 0 that a reference like `@2` names.
    fn place_asked(&self) -> Option<Option<usize>> {
        let place = self.reference.as_deref()?.strip_prefix('@')?;
        Some(place.parse().ok())
    }
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive")
            .field("path", &self.path)
            .field("form", &self.form)
            .field("reference", &self.reference)
            .finish_non_exhaustive()
    }
}

/// Whether a file that starts with these bytes, [`START`] of them, is compressed as a whole.
#[must_use]
pub fn is_compressed(start: &[u8]) -> bool {
    compression(start).is_some()
}

/// How bytes that start so are compressed, and what undoes it.
fn compression(start: &[u8]) -> Option<(&'static str, &'static str)> {
    match start {
        [0x1f, 0x8b, ..] => Some(("gzip", "gunzip")),
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
            Some(("zstd", "unzstd"))
        }
        [0xfd, b'7', b'z', b'X', b'Z', ..] => Some(("xz", "unxz")),
        [b'B', b'Z', b'h', ..] => Some(("bzip2", "bunzip2")),
        _ => None,
    }
}
