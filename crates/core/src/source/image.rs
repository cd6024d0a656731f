//! An opened image: its documents read, its layers named and not yet fetched.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures::stream;
use serde::{Deserialize, Serialize};

use super::{BlobStream, SourceError};
use crate::digest::Digest;
use crate::manifest::{Config, Descriptor, history, media_type};
use crate::platform::Platform;

/// Characters of an image's text that a message shows.
const SHOWN: usize = 200;

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
    /// The digest of this platform's manifest.
    pub digest: Option<Digest>,
    /// The digest of the index that it was chosen from.
    pub index_digest: Option<Digest>,
    /// The manifest's media type.
    pub media_type: Option<String>,
    /// What it runs on, as its configuration says, else its index.
    pub platform: Option<Platform>,
    /// All platforms of the index, in its order; empty where there was no index.
    pub platforms: Vec<Platform>,
    /// What the index has on how its images were built, for all of them.
    pub attestations: Vec<Attestation>,
    /// The manifest's annotations.
    pub annotations: BTreeMap<String, String>,
    /// The configuration.
    pub config: Config,
    /// The configuration as its bytes are.
    pub raw_config: String,
    /// The configuration's digest, which engines call the image ID.
    pub config_digest: Digest,
    /// The layers, base first.
    pub layers: Vec<Layer>,
    /// What is odd about the documents and was passed over.
    pub remarks: Vec<String>,
}

/// A manifest that BuildKit puts beside the image that it is about: provenance, SBOM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attestation {
    /// The manifest's digest.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// Bytes of it.
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
    /// The bytes of its blob.
    pub compressed_size: Option<u64>,
    /// The digest of its uncompressed tar.
    pub diff_id: Option<Digest>,
    /// Other places that have it. Nothing is fetched from them: they are any hosts that an image names.
    pub urls: Vec<String>,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Span {
    pub(super) offset: u64,
    pub(super) size: u64,
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
    /// A layer of which nothing is known but its number.
    pub(super) const fn unknown(number: usize) -> Self {
        Self {
            number,
            digest: None,
            media_type: None,
            compressed_size: None,
            diff_id: None,
            urls: Vec::new(),
            created_by: None,
            span: None,
            runs: Vec::new(),
            data: None,
        }
    }

    /// Bytes that are read for it: those of its blob, or of its plain tar where an archive holds that.
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
            data: descriptor.data.clone(),
            ..Self::unknown(number)
        }
    }

    /// The blob that the manifest embeds, if it does; `of` names the image.
    pub(super) fn embedded(&self, of: &str) -> Option<BlobStream> {
        let data = Bytes::from(self.data.clone()?);
        let what = format!("layer {} of {of}", self.number);
        let size = data.len() as u64;
        Some(BlobStream::new(what, Some(size), stream::iter([Ok(data)])))
    }

    /// The error for a blob that `place` does not have: a layer that may not be copied is to be had from its maker
    /// only, any other is missing.
    pub(super) fn not_held(&self, what: String, place: String, reason: String) -> SourceError {
        let kind = self.media_type.as_deref().unwrap_or_default();
        if self.urls.is_empty() && !media_type::is_foreign_layer(kind) {
            return SourceError::NotFound {
                what,
                place,
                reason,
            };
        }
        let elsewhere = match self.urls.first() {
            Some(url) => {
                let url: String = url.chars().take(SHOWN).collect();
                format!("; its manifest says that {url} has it, where nothing is fetched from")
            }
            None => String::new(),
        };
        let reason =
            format!("{place} has no copy of it, as its licence may forbid to copy it{elsewhere}");
        SourceError::NotFetched { what, reason }
    }
}

impl Image {
    /// The sum of the blobs, as a pull downloads them; `None` where one is not known.
    #[must_use]
    pub fn compressed_size(&self) -> Option<u64> {
        self.layers
            .iter()
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
