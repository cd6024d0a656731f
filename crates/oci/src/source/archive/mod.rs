//! Images in saved files, read where they lie: the outer tar is walked from header to header, and what its members
//! hold is read only when it is asked for.

mod directory;
mod docker;
mod files;
mod kind;
mod layout;
mod members;
mod raw;
mod read_at;
#[cfg(not(target_arch = "wasm32"))]
mod repository;
mod spool;

use std::fmt;
use std::ops::Range;
#[cfg(not(target_arch = "wasm32"))]
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures::stream;

use crate::compression::Format;
use crate::manifest::ManifestError;
use crate::platform::Platform;
use crate::source::image::{Image, Layer};
use crate::source::{BlobStream, Origin, SourceError};
use files::{Files, StoredFile};
use members::Members;

pub use crate::compression::START;
#[cfg(not(target_arch = "wasm32"))]
pub use read_at::FileBytes;
pub use read_at::ReadAt;
#[cfg(not(target_arch = "wasm32"))]
pub use repository::{ArchiveRepository, Blob};
pub use spool::Spool;
#[cfg(not(target_arch = "wasm32"))]
pub use spool::spool;

/// Bytes of a layer read at a time.
const CHUNK: u64 = 256 << 10;

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
    /// The files of skopeo's `dir:`, with the manifest itself as `manifest.json`.
    Directory,
}

/// A saved file or folder of images, and which of them is meant.
#[derive(Clone)]
pub struct Archive {
    /// What the user calls it.
    path: String,
    place: Backing,
    form: Form,
    reference: Option<String>,
    /// Who wrote it, for what can be done about damage.
    origin: Origin,
}

/// One of the images that an archive holds.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ListedImage {
    /// What [`Archive::new`] takes as the reference of this image.
    pub reference: String,
    /// All its names; an image without one has none.
    pub names: Vec<String>,
}

/// Which of the forms is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Docker,
    Layout,
    Directory,
}

#[derive(Clone)]
enum Backing {
    /// A tar.
    Tar(Arc<dyn ReadAt>),
    /// The folder of an OCI layout, or of skopeo's `dir:`.
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
            place: Backing::Tar(source),
            form,
            reference,
            origin: Origin::File,
        }
    }

    /// The same archive, as an engine on this machine wrote it just now.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn by_engine(self) -> Self {
        Self {
            origin: Origin::Engine,
            ..self
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
        let cannot_open = |error| wrong(format!("it cannot be opened: {error}"));
        let kind = std::fs::metadata(path).map_err(cannot_open)?.file_type();
        if kind.is_dir() {
            return Err(wrong(
                "it is a folder; write oci:FOLDER for an OCI layout, or dir:FOLDER for what skopeo copied there".to_owned(),
            ));
        }
        if !kind.is_file() {
            // A pipe or a device, such as `<(docker save app)`.
            let pipe = std::fs::File::open(path).map_err(cannot_open)?;
            let file = spool::spool(pipe, |_| {}).map_err(wrong)?;
            if file.size() == 0 {
                return Err(wrong("it is empty".to_owned()));
            }
            return Ok(Self::new(name.clone(), Arc::new(file), form, reference));
        }
        let file = FileBytes::open(path).map_err(cannot_open)?;
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
            place: Backing::Folder(path.to_owned()),
            form: Form::Oci,
            reference,
            origin: Origin::File,
        }
    }

    /// A folder that `skopeo copy … dir:` wrote.
    #[cfg(not(target_arch = "wasm32"))]
    #[must_use]
    pub fn directory(path: &Path) -> Self {
        Self {
            form: Form::Directory,
            ..Self::folder(path, None)
        }
    }

    /// Reads the image's documents. What the archive cannot know is `None`.
    pub async fn image(&self, platform: Option<&Platform>) -> Result<Image, SourceError> {
        let files = self.files().await?;
        match self.inside(&files).await? {
            Inside::Layout => layout::image(self, &files, platform).await,
            Inside::Directory => directory::image(self, &files, platform).await,
            Inside::Docker => docker::image(self, &files, platform).await,
        }
    }

    /// The images that it holds, in its order; all platforms of one name count as one.
    ///
    /// # Errors
    /// It cannot be read, or is no saved image.
    pub async fn list(&self) -> Result<Vec<ListedImage>, SourceError> {
        let files = self.files().await?;
        match self.inside(&files).await? {
            Inside::Layout => layout::list(self, &files).await,
            Inside::Directory => directory::list(self, &files).await,
            Inside::Docker => docker::list(self, &files).await,
        }
    }

    /// Which form is read: the one that was asked for, where it is there.
    async fn inside(&self, files: &Files) -> Result<Inside, SourceError> {
        match self.form {
            Form::Oci => return Ok(Inside::Layout),
            Form::Directory => return Ok(Inside::Directory),
            Form::Any | Form::Docker => {}
        }
        let manifest = self.find(files, "manifest.json")?;
        let index = self.find(files, "index.json")?;
        match (manifest, index) {
            (None, Some(_)) => Ok(Inside::Layout),
            // The folder of a `dir:` that was packed.
            (Some(manifest), None) if self.form == Form::Any => {
                let manifest = self.document(&manifest, "manifest.json").await?;
                Ok(match directory::is_manifest(&manifest) {
                    true => Inside::Directory,
                    false => Inside::Docker,
                })
            }
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
        let stored = self.stored(layer)?;
        let Some(stored) = stored else {
            return Err(
                match layer.not_held(what, self.path.clone(), String::new()) {
                    SourceError::NotFound { what, .. } => SourceError::Missing {
                        what,
                        reason: match &layer.digest {
                            Some(digest) => format!("{digest} was not saved with the image"),
                            None => "it was not saved with the image".to_owned(),
                        },
                        origin: self.origin,
                    },
                    other => other,
                },
            );
        };
        let stored_size = stored.span.size;
        match layer.compressed_size {
            Some(size) if size != stored_size => Err(self.origin.mismatch(
                what,
                format!("{size} bytes"),
                format!("{stored_size} bytes"),
            )),
            _ => Ok(self.stream(what, stored, 0..stored_size)),
        }
    }

    /// Streams a part of a layer's blob, which has `whole` bytes; None where it is not there, or of another size.
    #[must_use]
    pub fn layer_part(&self, layer: &Layer, part: Range<u64>, whole: u64) -> Option<BlobStream> {
        layer.check_readable(&self.path).ok()?;
        if layer.embedded(&self.path).is_some() {
            return None;
        }
        let stored = self.stored(layer).ok()??;
        let what = format!("a part of layer {} of {}", layer.number, self.path);
        let is_inside = stored.span.size == whole && part.start <= part.end && part.end <= whole;
        is_inside.then(|| self.stream(what, stored, part))
    }

    /// Where a layer is.
    fn stored(&self, layer: &Layer) -> Result<Option<StoredFile>, SourceError> {
        Ok(match (&self.place, layer.span, &layer.digest) {
            (Backing::Tar(source), Some(span), _) => Some(StoredFile {
                source: Arc::clone(source),
                span,
                runs: layer.runs.clone(),
            }),
            #[cfg(not(target_arch = "wasm32"))]
            (Backing::Folder(path), None, Some(digest)) => {
                let files = Files::Folder(path.clone());
                let inside = match self.form {
                    Form::Directory => Inside::Directory,
                    _ => Inside::Layout,
                };
                layout::find(self, &files, inside, digest)?.map(|(_, stored)| stored)
            }
            _ => None,
        })
    }

    /// Streams a part of what is stored.
    fn stream(&self, what: String, stored: StoredFile, part: Range<u64>) -> BlobStream {
        let size = part.end - part.start;
        let archive = self.clone();
        let chunks = stream::unfold(Some((stored, part.start)), move |left| {
            let archive = archive.clone();
            async move {
                let (stored, at) = left.filter(|(_, at)| *at < part.end)?;
                let length = CHUNK.min(part.end - at);
                match archive.read(&stored, at, length).await {
                    Ok(chunk) => Some((Ok(chunk), Some((stored, at + length)))),
                    Err(error) => Some((Err(error), None)),
                }
            }
        });
        BlobStream::new(what, Some(size), chunks).read_from(self.origin)
    }

    async fn files(&self) -> Result<Files, SourceError> {
        match &self.place {
            Backing::Tar(source) => {
                self.refuse_compressed(&**source).await?;
                let members = Members::walk(&**source).await;
                Ok(Files::Tar {
                    source: Arc::clone(source),
                    members: members.map_err(|problem| self.wrong(problem))?,
                })
            }
            #[cfg(not(target_arch = "wasm32"))]
            Backing::Folder(path) if path.is_dir() => Ok(Files::Folder(path.clone())),
            #[cfg(not(target_arch = "wasm32"))]
            Backing::Folder(path) if path.exists() => Err(self.wrong(
                "not a folder; for an archive write oci-archive:PATH or docker-archive:PATH"
                    .to_owned(),
            )),
            #[cfg(not(target_arch = "wasm32"))]
            Backing::Folder(_) => Err(self.wrong("no such folder".to_owned())),
        }
    }

    /// What can be unpacked was unpacked on the way here.
    async fn refuse_compressed(&self, source: &dyn ReadAt) -> Result<(), SourceError> {
        let start = source.read_at(0, START).await;
        let start = start.map_err(|error| self.wrong(format!("it cannot be read: {error}")))?;
        match Format::of(&start) {
            Some(format) => Err(self.wrong(kind::not_supported(&format!(
                "{} inside another compression",
                format.name()
            )))),
            None => Ok(()),
        }
    }

    fn find(&self, files: &Files, name: &str) -> Result<Option<StoredFile>, SourceError> {
        files.find(name).map_err(|problem| self.wrong(problem))
    }

    /// A file that is small enough to be a document.
    async fn document(&self, stored: &StoredFile, name: &str) -> Result<Bytes, SourceError> {
        if stored.span.size > crate::limits::DOCUMENT_BYTES as u64 {
            return Err(self.unusable(name, ManifestError::TooLarge));
        }
        self.read(stored, 0, stored.span.size).await
    }

    /// The `size` bytes of a file from `at` on.
    async fn read(&self, stored: &StoredFile, at: u64, size: u64) -> Result<Bytes, SourceError> {
        let bytes = stored.read(at, size).await;
        bytes.map_err(|problem| self.wrong(problem))
    }

    /// How a file is compressed, by its first bytes.
    async fn format(&self, stored: &StoredFile) -> Result<Option<Format>, SourceError> {
        let size = stored.span.size.min(START as u64);
        Ok(Format::of(&self.read(stored, 0, size).await?))
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
    Format::of(start).is_some()
}
