//! An opened image: its documents read, its layers named and not yet fetched.

use std::collections::{BTreeMap, HashSet};

use bytes::Bytes;
use futures::stream;
use serde::{Deserialize, Serialize};

use super::{BlobStream, NotFetched, SourceError};
use crate::digest::Digest;
use crate::manifest::media_type::{self, LayerFormat};
use crate::manifest::{Config, Descriptor, history};
use crate::platform::Platform;
use onionskin_layers::layer::Expected;
use onionskin_layers::layer::table::TableLocation;

/// One image for one platform. What its source cannot know is `None`, never a guess.
///
/// It can be handed to another worker, whose own [`Source`](super::Source) then streams the layers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    /// What was opened, written out in full.
    pub reference: String,
    /// Whether the name that its source has for it says by itself in which registry it is, as all do that come from
    /// one. A saved `app:1` may never have been in any; `docker save` shortens the names of Docker Hub so too.
    pub names_registry: bool,
    /// The digest of this platform's manifest; None where the source has no manifest, as in what `docker save` wrote before
    /// version 25.
    pub digest: Option<Digest>,
    /// The digest of the index that it was chosen from.
    pub index_digest: Option<Digest>,
    /// The manifest's media type.
    pub media_type: Option<String>,
    /// What it runs on, as its configuration says, else its index.
    pub platform: Option<Platform>,
    /// All platforms of the index (OCI image specification, image-index.md), in its order; empty where there was no index.
    /// One that it does not name may be missing where it was clear without it which image to open.
    pub platforms: Vec<Platform>,
    /// What the index has on how its images were built, for all of them.
    pub attestations: Vec<Attestation>,
    /// The manifest's annotations.
    pub annotations: BTreeMap<String, String>,
    /// The configuration.
    pub config: Config,
    /// The configuration as its bytes are.
    pub raw_config: String,
    /// The configuration's digest, which engines call the image ID (OCI image specification, config.md, ImageID).
    pub config_digest: Digest,
    /// The layers, base first.
    pub layers: Vec<Layer>,
    /// What is odd about the documents and was passed over.
    pub remarks: Vec<String>,
}

/// A manifest that BuildKit puts beside the image that it is about: provenance, SBOM (BuildKit,
/// docs/attestations/attestation-storage.md).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attestation {
    /// The manifest's digest.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// Bytes of the manifest.
    pub size: u64,
    /// The manifest that it is about; `None` where the index does not say.
    pub subject: Option<Digest>,
}

impl Attestation {
    /// The attestation that `descriptor` of an index is.
    pub(super) fn of(descriptor: &Descriptor) -> Self {
        let subject = descriptor.annotations.get("vnd.docker.reference.digest");
        Self {
            digest: descriptor.digest.clone(),
            media_type: descriptor.media_type.clone(),
            size: descriptor.size,
            subject: subject.and_then(|digest| digest.parse().ok()),
        }
    }
}

/// A layer before it is fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Layer {
    /// Its number; the base is 1.
    pub number: usize,
    /// The digest of its blob.
    pub digest: Option<Digest>,
    /// The media type of its blob.
    pub media_type: Option<String>,
    /// Bytes of its blob, as a pull downloads it; None where the source has the layer in another form, as archives of
    /// engines do.
    pub compressed_size: Option<u64>,
    /// The digest of its uncompressed tar (OCI image specification, config.md, Layer DiffID).
    pub diff_id: Option<Digest>,
    /// Other places that have it. Nothing is fetched from them: they are any hosts that an image names.
    pub urls: Vec<String>,
    /// Where its table of contents is, if its descriptor names one; or if one beside it was asked for
    /// ([`Source::add_tables`](super::Source::add_tables)).
    pub table: Option<TableLocation>,
    /// The command that made it, as the builder wrote it; [`history::clean`] gives the form to show.
    pub created_by: Option<String>,
    /// The span of an archive that holds it. The size is that of the file, holes included.
    pub(super) span: Option<Span>,
    /// Where its parts lie, if it is a sparse member of the archive; empty if it lies there in one piece.
    pub(super) runs: Vec<Run>,
    /// Its blob, where the manifest embeds it.
    pub(super) data: Option<Vec<u8>>,
}

/// A run of bytes of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Span {
    pub(super) offset: u64,
    pub(super) size: u64,
}

/// What two layers have in common that are the same blob: it is fetched, decoded and counted once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BlobId(Identity);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Identity {
    Digest(Digest),
    /// A member of an archive, where the digest of what a registry holds is not known.
    Span(Span),
}

/// Bytes of a sparse file that an archive stores. Between two runs there are zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Run {
    /// Their place in the file.
    pub(super) at: u64,
    /// Their place in the archive.
    pub(super) offset: u64,
    /// Their number.
    pub(super) size: u64,
}

impl Layer {
    /// Which blob it is; `None` where nothing tells it from others.
    #[must_use]
    pub fn blob(&self) -> Option<BlobId> {
        let digest = self.digest.clone().map(Identity::Digest);
        digest.or_else(|| self.span.map(Identity::Span)).map(BlobId)
    }

    /// What has to hold of its bytes.
    #[must_use]
    pub fn expected(&self) -> Expected {
        Expected {
            layer: self.number,
            digest: self.digest.clone(),
            size: self.compressed_size,
            diff_id: self.diff_id.clone(),
        }
    }

    /// The digest under which a cache may have its index: that of its blob, else that of its tar, which an archive may hold
    /// as it is. `None` where its index is not all that decides what is shown: where its source may have no copy of it, where its
    /// media type leaves open what it is, and where its manifest embeds it.
    #[must_use]
    pub fn kept_as(&self) -> Option<&Digest> {
        let media_type = self.media_type.as_deref().unwrap_or_default();
        let is_plain_layer = LayerFormat::of(media_type) == LayerFormat::Tar
            && !media_type::is_foreign_layer(media_type)
            && self.urls.is_empty()
            && self.data.is_none();
        let digest = self.digest.as_ref().or(self.diff_id.as_ref());
        digest.filter(|_| is_plain_layer)
    }

    /// Why it cannot be read, as far as its media type says so.
    #[must_use]
    pub fn not_readable(&self) -> Option<NotFetched> {
        match LayerFormat::of(self.media_type.as_deref().unwrap_or_default()) {
            LayerFormat::Encrypted => Some(NotFetched::Encrypted),
            LayerFormat::Other => Some(NotFetched::NotTar),
            LayerFormat::Tar | LayerFormat::Unknown => None,
        }
    }

    /// Whether its media type leaves open what it is, so that its bytes may turn out to be no tar.
    #[must_use]
    pub fn may_be_other(&self) -> bool {
        let media_type = self.media_type.as_deref().unwrap_or_default();
        LayerFormat::of(media_type) == LayerFormat::Unknown
    }

    /// The error for a layer that cannot be read, as its media type says; `of` names the image.
    pub(super) fn check_readable(&self, of: &str) -> Result<(), SourceError> {
        match self.not_readable() {
            Some(reason) => Err(SourceError::NotFetched {
                what: format!("layer {} of {of}", self.number),
                reason,
                urls: Vec::new(),
            }),
            None => Ok(()),
        }
    }

    /// A layer of which nothing is known but its number.
    pub(super) const fn unknown(number: usize) -> Self {
        Self {
            number,
            digest: None,
            media_type: None,
            compressed_size: None,
            diff_id: None,
            urls: Vec::new(),
            table: None,
            created_by: None,
            span: None,
            runs: Vec::new(),
            data: None,
        }
    }

    /// Bytes that are read for it: those of its blob, or of its uncompressed tar where an archive holds that; None where the
    /// source does not tell.
    #[must_use]
    pub fn stored_size(&self) -> Option<u64> {
        self.compressed_size
            .or_else(|| self.span.map(|span| span.size))
    }

    /// The layer that `descriptor` promises.
    pub(super) fn of(number: usize, descriptor: &Descriptor) -> Self {
        Self {
            digest: Some(descriptor.digest.clone()),
            media_type: Some(descriptor.media_type.clone()).filter(|text| !text.is_empty()),
            compressed_size: Some(descriptor.size),
            urls: descriptor.urls.clone(),
            table: TableLocation::of(&descriptor.annotations, descriptor.size),
            data: descriptor.data.clone(),
            ..Self::unknown(number)
        }
    }

    /// The blob that the manifest embeds, if it does; `of` names the image.
    #[must_use]
    pub fn embedded(&self, of: &str) -> Option<BlobStream> {
        let data = Bytes::from(self.data.clone()?);
        let what = format!("layer {} of {of}", self.number);
        let size = data.len() as u64;
        Some(BlobStream::new(what, Some(size), stream::iter([Ok(data)])))
    }

    /// The error for a blob that `place` does not have: a layer that may not be copied is to be had from its maker
    /// only, any other is missing.
    #[must_use]
    pub fn not_held(&self, what: String, place: String, reason: String) -> SourceError {
        let kind = self.media_type.as_deref().unwrap_or_default();
        if self.urls.is_empty() && !media_type::is_foreign_layer(kind) {
            return SourceError::NotFound {
                what,
                place,
                reason,
            };
        }
        SourceError::NotFetched {
            what,
            reason: NotFetched::Foreign,
            urls: self.urls.clone(),
        }
    }
}

impl Image {
    /// Bytes of the blobs together, as a pull downloads them: one that is listed several times comes once. `None` where one
    /// is not known.
    #[must_use]
    pub fn compressed_size(&self) -> Option<u64> {
        self.compressed_size_above(0)
    }

    /// The sum of the blobs that the layers above the first `below` list, and those do not.
    #[must_use]
    pub fn compressed_size_above(&self, below: usize) -> Option<u64> {
        let (base, own) = self.layers.split_at_checked(below)?;
        let mut known: HashSet<BlobId> = base.iter().filter_map(Layer::blob).collect();
        own.iter()
            .filter(|layer| layer.blob().is_none_or(|blob| known.insert(blob)))
            .try_fold(0_u64, |sum, layer| sum.checked_add(layer.compressed_size?))
    }

    /// The configuration speaks of other layers than the manifest has: one of them is not this image's.
    /// What there is can be shown, but nothing be said of it as a whole.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        let ids = self.config.diff_ids.len();
        ids != 0 && ids != self.layers.len()
    }

    /// Gives the layers what the configuration knows of them, and remarks on what does not fit together.
    pub(super) fn join_config(&mut self) {
        let depth = self.layers.len();
        let steps = history::steps(&self.config.history, depth);
        for (at, (layer, step)) in self.layers.iter_mut().zip(steps).enumerate() {
            layer.diff_id = self.config.diff_ids.get(at).cloned().flatten();
            layer.created_by = step.and_then(|step| step.created_by.clone());
        }
        let ids = self.config.diff_ids.len();
        if ids != depth {
            self.remarks.push(format!(
                "the configuration names {ids} diff IDs for {depth} layers; those missing are not checked"
            ));
        }
        let made = self
            .config
            .history
            .iter()
            .filter(|step| !step.empty_layer)
            .count();
        if made != depth && !self.config.history.is_empty() {
            self.remarks.push(format!(
                "the history has {made} steps that made layers, but there are {depth} layers; commands may stand at the wrong ones"
            ));
        }
    }
}
