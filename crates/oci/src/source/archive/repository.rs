//! A saved image as a registry would serve it: documents and blobs by digest, as their bytes are.
//!
//! A layout has all of them. A docker-archive has no manifest of its own, so one is made, with its layers as they lie
//! in it: mostly plain tars.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::files::{Files, StoredFile};
use super::{Archive, CHUNK, Inside, directory, docker, layout};
use crate::compression::Format;
use crate::digest::{Algorithm, Digest, Hasher};
use crate::manifest::media_type::{OCI_CONFIG, OCI_LAYER, OCI_MANIFEST};
use crate::source::image::{BlobId, Image, Layer};
use crate::source::{BlobStream, SourceError, portable};

/// An image of an archive, reachable by digest.
pub struct ArchiveRepository {
    archive: Archive,
    files: Files,
    inside: Inside,
    reference: String,
    top: Digest,
    /// Documents that are in no file as they are: media type and content.
    made: HashMap<Digest, (String, Bytes)>,
    /// Layers that do not lie under their digest.
    layers: HashMap<Digest, HeldLayer>,
}

/// A layer of a docker-archive.
struct HeldLayer {
    number: usize,
    stored: StoredFile,
    /// What its bytes have, once they are read: that an archive says so of a file that is not called so proves nothing.
    read: Arc<OnceCell<Digest>>,
}

/// What a manifest says of such a layer.
#[derive(Clone)]
struct DescribedLayer {
    /// As the archive says, unless it was read.
    digest: Digest,
    was_read: bool,
    stored: StoredFile,
    media_type: &'static str,
}

/// A blob that lies in an archive.
pub struct Blob {
    archive: Archive,
    stored: StoredFile,
}

impl Archive {
    /// The image that is meant, with all its platforms where it has several, for reading by digest. Layers of which
    /// the digest is not known are read for it.
    pub async fn repository(&self) -> Result<ArchiveRepository, SourceError> {
        let files = self.files().await?;
        let inside = self.inside(&files).await?;
        let top = match inside {
            Inside::Layout => Some(layout::top(self, &files).await?),
            Inside::Directory => Some(directory::top(self, &files).await?),
            Inside::Docker => None,
        };
        if let Some(top) = top {
            return Ok(ArchiveRepository::of_layout(self, files, inside, top));
        }
        let image = docker::image(self, &files, None).await?;
        if let Some(digest) = image.digest.clone() {
            let top = layout::Top {
                reference: image.reference,
                digest,
                made: None,
            };
            return Ok(ArchiveRepository::of_layout(self, files, inside, top));
        }
        ArchiveRepository::of_docker(self, files, image).await
    }

    async fn digest_of(
        &self,
        stored: &StoredFile,
        algorithm: Algorithm,
    ) -> Result<Digest, SourceError> {
        let mut hasher = Hasher::new(algorithm);
        let (mut at, size) = (0, stored.span.size);
        while at < size {
            let length = CHUNK.min(size - at);
            hasher.update(&self.read(stored, at, length).await?);
            at += length;
        }
        Ok(hasher.finish())
    }
}

impl ArchiveRepository {
    fn of_layout(archive: &Archive, files: Files, inside: Inside, top: layout::Top) -> Self {
        let made = top.made.map(|made| (top.digest.clone(), made));
        Self {
            archive: archive.clone(),
            files,
            inside,
            reference: top.reference,
            top: top.digest,
            made: made.into_iter().collect(),
            layers: HashMap::new(),
        }
    }

    async fn of_docker(archive: &Archive, files: Files, image: Image) -> Result<Self, SourceError> {
        let mut layers = HashMap::new();
        let mut descriptors = Vec::new();
        // A layer that is listed again is not read again.
        let mut known: HashMap<BlobId, DescribedLayer> = HashMap::new();
        for layer in &image.layers {
            let blob = layer.blob();
            let again = blob.as_ref().and_then(|blob| known.get(blob)).cloned();
            let described = match again {
                Some(described) => described,
                None => described(archive, &files, layer).await?,
            };
            if let Some(blob) = blob {
                known.insert(blob, described.clone());
            }
            let DescribedLayer {
                digest,
                was_read,
                stored,
                media_type,
            } = described;
            descriptors.push(descriptor(media_type, &digest, stored.span.size));
            let held = HeldLayer {
                number: layer.number,
                stored,
                read: Arc::new(OnceCell::new_with(was_read.then(|| digest.clone()))),
            };
            layers.insert(digest, held);
        }
        let config = Bytes::from(image.raw_config.into_bytes());
        if Digest::sha256(&config) != image.config_digest {
            return Err(
                archive.wrong("its configuration is not text, so it cannot be served".to_owned())
            );
        }
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": descriptor(OCI_CONFIG, &image.config_digest, config.len() as u64),
            "layers": descriptors,
        });
        let manifest = Bytes::from(manifest.to_string().into_bytes());
        let top = Digest::sha256(&manifest);
        let made = [
            (image.config_digest, (OCI_CONFIG.to_owned(), config)),
            (top.clone(), (OCI_MANIFEST.to_owned(), manifest)),
        ];
        Ok(Self {
            archive: archive.clone(),
            files,
            inside: Inside::Docker,
            reference: image.reference,
            top,
            made: made.into(),
            layers,
        })
    }

    /// What the image is called in the archive: a whole reference, a tag, or where it has no name its digest.
    #[must_use]
    pub fn reference(&self) -> &str {
        &self.reference
    }

    /// The digest of its manifest, or of the index of its platforms.
    #[must_use]
    pub const fn digest(&self) -> &Digest {
        &self.top
    }

    /// The manifest or index with this digest, and its media type.
    ///
    /// # Errors
    /// The archive cannot be read, or the file is not what its name says.
    pub async fn manifest(&self, digest: &Digest) -> Result<Option<(String, Bytes)>, SourceError> {
        match self.made.get(digest) {
            Some((media_type, _)) if media_type == OCI_CONFIG => Ok(None),
            Some(made) => Ok(Some(made.clone())),
            None => layout::document(&self.archive, &self.files, self.inside, digest).await,
        }
    }

    /// The configuration that was read out of an archive.
    #[must_use]
    pub fn config(&self, digest: &Digest) -> Option<Bytes> {
        let (media_type, bytes) = self.made.get(digest)?;
        (media_type == OCI_CONFIG).then(|| bytes.clone())
    }

    /// The blob that should have this digest. One that a link outside the folder stands for has to have it, lest a layout
    /// gives out any file of this machine; and so has a layer that only the archive's documents say it of, which is read
    /// when it is first asked for. Of others nobody knows before they are read: [`Blob::checked`].
    ///
    /// # Errors
    /// The archive cannot be read, or a layer is not what its documents say.
    pub async fn blob(&self, digest: &Digest) -> Result<Option<Blob>, SourceError> {
        let blob = |stored: StoredFile| Blob {
            archive: self.archive.clone(),
            stored,
        };
        if let Some(layer) = self.layers.get(digest) {
            let (read, archive) = (Arc::clone(&layer.read), self.archive.clone());
            let (stored, algorithm) = (layer.stored.clone(), digest.algorithm());
            // A large one may take longer than somebody waits.
            let got = portable::to_its_end(async move {
                let read = read.get_or_try_init(|| archive.digest_of(&stored, algorithm));
                read.await.cloned()
            });
            let got = got.await?;
            if got != *digest {
                return Err(self.archive.origin.mismatch(
                    format!("layer {} of {}", layer.number, self.archive.path),
                    digest.to_string(),
                    got.to_string(),
                ));
            }
            return Ok(Some(blob(layer.stored.clone())));
        }
        let found = layout::find(&self.archive, &self.files, self.inside, digest)?;
        if let Some((name, stored)) = &found
            && self.files.is_outside(name)
            && self.archive.digest_of(stored, digest.algorithm()).await? != *digest
        {
            return Ok(None);
        }
        Ok(found.map(|(_, stored)| blob(stored)))
    }
}

impl Blob {
    /// Bytes of it.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.stored.span.size
    }

    /// Streams all of it; what has not this digest ends in an error after its last byte.
    #[must_use]
    pub fn checked(self, digest: Digest) -> BlobStream {
        let size = self.size();
        self.stream(0..size).verified(digest)
    }

    /// Streams these bytes of it, which nothing proves.
    #[must_use]
    pub fn stream(self, part: Range<u64>) -> BlobStream {
        let end = part.end.min(self.size());
        let start = part.start.min(end);
        let what = format!("a blob of {}", self.archive.path);
        self.archive.stream(what, self.stored, start..end)
    }
}

/// What a manifest says of a docker-archive's layer.
async fn described(
    archive: &Archive,
    files: &Files,
    layer: &Layer,
) -> Result<DescribedLayer, SourceError> {
    let (Files::Tar { source, .. }, Some(span)) = (files, layer.span) else {
        return Err(archive.wrong(format!("layer {} is not in it", layer.number)));
    };
    let stored = StoredFile {
        source: source.clone(),
        span,
        runs: layer.runs.clone(),
    };
    let format = archive.format(&stored).await?;
    let (digest, was_read) = match (format, &layer.digest, &layer.diff_id) {
        (Some(_), Some(digest), _) | (None, _, Some(digest)) => (digest.clone(), false),
        _ => (archive.digest_of(&stored, Algorithm::Sha256).await?, true),
    };
    let media_type = match format {
        Some(Format::Gzip) => "application/vnd.oci.image.layer.v1.tar+gzip",
        Some(Format::Zstd) => "application/vnd.oci.image.layer.v1.tar+zstd",
        _ => OCI_LAYER,
    };
    Ok(DescribedLayer {
        digest,
        was_read,
        stored,
        media_type,
    })
}

fn descriptor(media_type: &str, digest: &Digest, size: u64) -> Value {
    json!({"mediaType": media_type, "digest": digest.to_string(), "size": size})
}
